//! Roles: those that every tenant has, those of its own, and that nobody gives more than they have.

use domain::access::built_in::BUILT_IN;
use domain::time::Period;
use edge::ports::{Clock, SystemClock};
use harness::story::{days_ahead, id};
use harness::{Client, Reply, Service, until};
use reqwest::Method;
use serde_json::{Value, json};
use store::keys::{Key, Table};
use store::port::{Condition, Item, Write};

/// All permissions of these areas.
pub(crate) fn all(areas: &[&str]) -> Value {
    let acts = json!(["view", "add", "edit", "delete"]);
    areas.iter().map(|area| json!({"area": area, "acts": acts})).collect()
}

/// A client with a new key in a new role.
pub(crate) async fn with_role(admin: &Client, name: &str, permissions: &Value) -> Client {
    let body = json!({"name": name, "permissions": permissions});
    let role = id(&admin.post("/v1/roles", &body).await.expect(201));
    with_key(admin, json!({"name": name, "roleId": role})).await.1
}

/// A new key, and a client with it.
pub(crate) async fn with_key(admin: &Client, body: Value) -> (Value, Client) {
    let key = admin.post("/v1/api-keys", &body).await.expect(201);
    let client = admin.with_key(key["secret"].as_str().unwrap());
    (key, client)
}

/// PATCH of JSON, whatever the version.
pub(crate) async fn patch(client: &Client, path: &str, body: &Value) -> Reply {
    let body = Some(body.to_string().into_bytes());
    client.call(Method::PATCH, path, &[("if-match", "*")], body).await
}

/// The role of a name.
pub(crate) async fn named(admin: &Client, name: &str) -> Value {
    let roles = admin.get("/v1/roles?limit=100").await.expect(200);
    let found = roles["data"].as_array().unwrap().iter().find(|role| role["name"] == name);
    found.unwrap_or_else(|| panic!("no role {name}")).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tenant_has_the_built_in_roles() {
    let service = Service::start().await;
    for admin in [service.admin.clone(), service.another_tenant().await] {
        let roles = admin.get("/v1/roles?order=asc").await.expect(200);
        let told: Vec<&str> =
            roles["data"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect();
        let expected: Vec<&str> = BUILT_IN.iter().map(|role| role.name).collect();
        assert_eq!(told, expected);
        let desk = named(&admin, "Order desk").await;
        let path = format!("/v1/roles/{}", desk["id"]);
        admin.delete(&path).await.refused(409, "IN_USE");
        for (member, value) in [("name", json!("Till")), ("permissions", json!([]))] {
            let mut body = desk.clone();
            body[member] = value;
            let reply = admin.put(&path, &body).await;
            reply.refused(400, "READ_ONLY");
            assert_eq!(reply.pointer(), format!("/{member}"));
        }
        let mut body = desk.clone();
        body["enabled"] = json!(false);
        let off = admin.put(&path, &body).await.expect(200);
        assert_eq!((&off["enabled"], &off["version"]), (&json!(false), &json!(2)));
    }
}

/// A tenant of before has one role, not marked as built in, and perhaps one of its own of a name
/// that is built in by now: the next start completes the others, and leaves that alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_of_before_gets_them_at_the_first_start() {
    let service = Service::start().await;
    let app = &service.running.app;
    let rows = app.store.scan(Table::Catalog, None, 1000).await.unwrap();
    let text = |row: &Item, name: &str| row[name].as_s().unwrap().clone();
    let mut gone = Vec::new();
    for mut row in rows.into_iter().filter(|row| text(row, "pk").contains("#ROLE#")) {
        let key = Key { table: Table::Catalog, pk: text(&row, "pk"), sk: text(&row, "sk") };
        let has_name = row.get("name").is_some_and(|name| name.as_s().unwrap() == "Administrator");
        if has_name {
            row.retain(|name, _| !["pk", "sk", "builtIn"].contains(&name.as_str()));
            gone.push(Write::Put(key, row, Condition::Free));
        } else if !key.pk.ends_with("#administrator") {
            gone.push(Write::Delete(key, Condition::Free));
        }
    }
    assert_eq!(gone.len(), 2 * BUILT_IN.len() - 1);
    app.store.write(&gone).await.unwrap();
    let own = all(&["catalog"]);
    let body = json!({"name": "Support", "permissions": own});
    service.admin.post("/v1/roles", &body).await.expect(201);
    let service = service.restart().await;
    let admin = &service.admin;
    for role in BUILT_IN {
        let found = named(admin, role.name).await;
        let ours = role.name != "Support";
        assert_eq!(found["builtIn"], ours, "{found}");
        let wanted = if ours { json!(role.permissions()) } else { Value::Null };
        assert!(!ours || found["permissions"] == wanted, "{found}");
    }
    assert_eq!(named(admin, "Support").await["permissions"][0]["area"], "catalog");
    let again = service.restart().await;
    let roles = again.admin.get("/v1/roles?limit=100").await.expect(200);
    assert_eq!(roles["data"].as_array().unwrap().len(), BUILT_IN.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_lives_from_its_making_to_its_deletion() {
    let service = Service::start().await;
    let admin = &service.admin;
    let body = json!({"name": "Till", "permissions": all(&["entitlement"])});
    let role = admin.post("/v1/roles", &body).await.expect(201);
    let path = format!("/v1/roles/{}", role["id"]);
    let (key, till) = with_key(admin, json!({"name": "Till 1", "roleId": role["id"]})).await;
    till.get("/v1/entitlements").await.expect(200);
    // What it may changes with the role, at once.
    let mut body = role.clone();
    body["permissions"] = all(&["activation"]);
    let changed = admin.put(&path, &body).await.expect(200);
    assert_eq!(changed["version"], 2);
    till.get("/v1/entitlements").await.refused(403, "FORBIDDEN");
    till.get("/v1/activations").await.expect(200);
    body = changed;
    body["enabled"] = json!(false);
    body["name"] = json!("Tills");
    let read_only = admin.put(&path, &json!({"name": "T", "version": 9})).await;
    read_only.refused(400, "READ_ONLY");
    admin.put(&path, &body).await.expect(200);
    let reply = admin.put(&path, &json!({"name": "Tills", "enabled": false})).await.expect(200);
    assert_eq!((&reply["name"], &reply["permissions"]), (&json!("Tills"), &json!([])));
    till.get("/v1/activations").await.refused(403, "FORBIDDEN");
    assert_eq!(till.get("/v1/me").await.expect(200)["role"]["enabled"], false);
    // Names.
    let other = json!({"name": "tills"});
    admin.post("/v1/roles", &other).await.refused(409, "NAME_TAKEN");
    admin.post("/v1/roles", &json!({"name": "Till"})).await.expect(201);
    admin.put(&path, &json!({"name": "Till"})).await.refused(409, "NAME_TAKEN");
    // It stays as long as a living key has it.
    admin.delete(&path).await.refused(409, "IN_USE");
    let key = format!("/v1/api-keys/{}", key["id"]);
    assert_eq!(admin.delete(&key).await.status, 204);
    assert_eq!(admin.delete(&path).await.status, 204);
    admin.get(&path).await.refused(404, "NOT_FOUND");
    // The key that is gone is shown still, and can be revoked again.
    assert!(admin.get(&key).await.expect(200)["revokedDate"].is_string());
    assert_eq!(admin.delete(&key).await.status, 204);
    let reply = patch(admin, &key, &json!({"name": "Till 2"})).await;
    reply.refused(422, "REFERENCE_NOT_FOUND");
    assert_eq!(reply.pointer(), "/roleId");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_names_a_namespace_that_is_there() {
    let service = Service::start().await;
    let (admin, other) = (&service.admin, service.another_tenant().await);
    let theirs = id(&other.get("/v1/namespaces").await.expect(200)["data"][0]);
    for unknown in [theirs, 97] {
        let grant = json!({"area": "catalog", "acts": ["view"], "namespaceId": unknown});
        let body = json!({"name": "N", "permissions": [{"area": "admin", "acts": []}, grant]});
        let reply = admin.post("/v1/roles", &body).await;
        reply.refused(422, "REFERENCE_NOT_FOUND");
        assert_eq!(reply.pointer(), "/permissions/1/namespaceId");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_more_than_they_have() {
    let service = Service::start().await;
    let admin = &service.admin;
    let space = id(&admin.post("/v1/namespaces", &json!({"name": "B"})).await.expect(201));
    let here = json!({"area": "catalog", "acts": ["view", "edit"], "namespaceId": space});
    let mut has = all(&["admin"]);
    has.as_array_mut().unwrap().push(here.clone());
    let clerk = with_role(admin, "Clerk", &has).await;
    let strong = admin.get("/v1/me").await.expect(200);
    let lacking = [
        json!([{"area": "entitlement", "acts": ["view"]}]),
        json!([{"area": "catalog", "acts": ["view"]}]),
        json!([{"area": "catalog", "acts": ["delete"], "namespaceId": space}]),
        json!([here, {"area": "customer", "acts": ["edit", "view"]}]),
    ];
    for permissions in &lacking {
        let body = json!({"name": "More", "permissions": permissions});
        let reply = clerk.post("/v1/roles", &body).await;
        reply.refused(403, "FORBIDDEN");
        // A role of their own cannot grow, nor one that is more be given on.
        let own = clerk.get("/v1/me").await.expect(200)["role"]["id"].clone();
        let body = json!({"name": "Clerk", "permissions": permissions});
        clerk.put(&format!("/v1/roles/{own}"), &body).await.refused(403, "FORBIDDEN");
        // Also one that is disabled: enabling it comes later.
        let body = json!({"name": "More", "enabled": false, "permissions": permissions});
        clerk.post("/v1/roles", &body).await.refused(403, "FORBIDDEN");
    }
    let told = clerk.post("/v1/roles", &json!({"name": "M", "permissions": lacking[3]})).await;
    assert!(told.text.contains("customer.edit, customer.view"), "{}", told.text);
    let body = json!({"name": "Mine", "roleId": strong["role"]["id"]});
    clerk.post("/v1/api-keys", &body).await.refused(403, "FORBIDDEN");
    let strong_key = format!("/v1/api-keys/{}", strong["key"]["id"]);
    clerk.post(&format!("{strong_key}/rotate"), &json!({})).await.refused(403, "FORBIDDEN");
    let mine = format!("/v1/api-keys/{}", clerk.get("/v1/me").await.expect(200)["key"]["id"]);
    let body = json!({"roleId": strong["role"]["id"]});
    patch(&clerk, &mine, &body).await.refused(403, "FORBIDDEN");
    let body = json!({"expires": days_ahead(9)});
    patch(&clerk, &strong_key, &body).await.refused(403, "FORBIDDEN");
    // Nor may who is more be weakened: their secret could be had meanwhile, until they are mended.
    let nothing = id(&clerk.post("/v1/roles", &json!({"name": "0"})).await.expect(201));
    patch(&clerk, &strong_key, &json!({"roleId": nothing})).await.refused(403, "FORBIDDEN");
    let desk = named(admin, "Order desk").await;
    let path = format!("/v1/roles/{}", desk["id"]);
    clerk.put(&path, &desk).await.refused(403, "FORBIDDEN");
    let twice = json!({"name": "T", "permissions": [{"area": "admin", "acts": ["view", "view"]}]});
    let reply = admin.post("/v1/roles", &twice).await;
    assert_eq!((reply.status, reply.pointer()), (400, "/permissions/0/acts"), "{}", reply.text);
    // What they have they may give.
    let body = json!({"name": "Less", "permissions": [here, {"area": "admin", "acts": ["edit"]}]});
    let less = id(&clerk.post("/v1/roles", &body).await.expect(201));
    with_key(&clerk, json!({"name": "Less", "roleId": less})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_administers_always() {
    let service = Service::start().await;
    let admin = &service.admin;
    let me = admin.get("/v1/me").await.expect(200);
    let (role, key) = (&me["role"]["id"], &me["key"]["id"]);
    let (role_path, key_path) = (format!("/v1/roles/{role}"), format!("/v1/api-keys/{key}"));
    let looks = id(&named(admin, "Read only").await);
    let mut off = named(admin, "Administrator").await;
    off["enabled"] = json!(false);
    let last = async |path: &str, body: &Value| {
        patch(admin, path, body).await.refused(409, "LAST_ADMINISTRATOR");
    };
    let refused = async || {
        last(&key_path, &json!({"roleId": looks})).await;
        last(&key_path, &json!({"expires": days_ahead(1)})).await;
        admin.put(&role_path, &off).await.refused(409, "LAST_ADMINISTRATOR");
        admin.delete(&key_path).await.refused(409, "LAST_ADMINISTRATOR");
    };
    refused().await;
    // Neither who lasts shorter, nor a bound one, nor one that may only look, takes their place.
    let body = json!({"name": "For a day", "roleId": role, "expires": days_ahead(1)});
    with_key(admin, body).await;
    with_key(admin, json!({"name": "Looks", "roleId": looks})).await;
    let customer = id(&admin.post("/v1/customers", &json!({"name": "C"})).await.expect(201));
    let body = json!({"name": "Bound", "roleId": role, "customerId": customer});
    with_key(admin, body).await;
    refused().await;
    // Another one in the same role lets the key go, and not the role.
    let (other, _) = with_key(admin, json!({"name": "Other", "roleId": role})).await;
    patch(admin, &key_path, &json!({"expires": days_ahead(1)})).await.expect(200);
    admin.put(&role_path, &off).await.refused(409, "LAST_ADMINISTRATOR");
    // One in another role does.
    let body = json!({"name": "Keeper", "permissions": all(&["admin"])});
    let keeper = admin.post("/v1/roles", &body).await.expect(201);
    let (_, keeps) = with_key(admin, json!({"name": "Keeper", "roleId": keeper["id"]})).await;
    let off = admin.put(&role_path, &off).await.expect(200);
    assert_eq!(off["enabled"], false);
    admin.get("/v1/roles").await.refused(403, "FORBIDDEN");
    let mut body = keeper.clone();
    body["permissions"] = json!([{"area": "admin", "acts": ["view"]}]);
    let path = format!("/v1/roles/{}", keeper["id"]);
    keeps.put(&path, &body).await.refused(409, "LAST_ADMINISTRATOR");
    let path = format!("/v1/api-keys/{}", other["id"]);
    assert_eq!(
        keeps.delete(&path).await.status,
        204,
        "its role is disabled: it administers nothing"
    );
    // The operator's way back enables the role.
    let app = &service.running.app;
    let tenant = domain::ids::Id::FIRST_TENANT;
    let key = bootstrap::administrator(app, tenant).await.unwrap();
    admin.with_key(&key).get("/v1/roles").await.expect(200);
}

/// The only administrator changes to a role that is disabled at the same moment.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_moves_into_a_role_that_closes() {
    let service = Service::start().await;
    let admin = &service.admin;
    for round in 0..12 {
        let me = admin.get("/v1/me").await.expect(200);
        let key = format!("/v1/api-keys/{}", me["key"]["id"]);
        let body = json!({"name": format!("Next {round}"),
            "permissions": named(admin, "Administrator").await["permissions"]});
        let next = admin.post("/v1/roles", &body).await.expect(201);
        let role = format!("/v1/roles/{}", next["id"]);
        let mut off = next.clone();
        off["enabled"] = json!(false);
        let into = json!({"roleId": next["id"]});
        let (moved, closed) = tokio::join!(patch(admin, &key, &into), admin.put(&role, &off));
        let done = (moved.status, closed.status);
        assert!(done != (200, 200), "{} {}", moved.text, closed.text);
        admin.get("/v1/roles").await.expect(200);
    }
}

/// An expired key is revived while its role is deleted: it never lives without one.
#[tokio::test(flavor = "multi_thread")]
async fn a_living_key_has_its_role() {
    let service = Service::start().await;
    let admin = &service.admin;
    for round in 0..4 {
        let role = json!({"name": format!("Till {round}")});
        let role = id(&admin.post("/v1/roles", &role).await.expect(201));
        let soon = SystemClock.now().after(Period::from_secs(2)).to_string();
        let body = json!({"name": "K", "roleId": role, "expires": soon});
        let (key, client) = with_key(admin, body).await;
        until("its end", async || (client.get("/v1/me").await.status == 401).then_some(())).await;
        let (path, revive) =
            (format!("/v1/api-keys/{}", key["id"]), json!({"expires": days_ahead(1)}));
        let role = format!("/v1/roles/{role}");
        let (revived, gone) = tokio::join!(patch(admin, &path, &revive), admin.delete(&role));
        let good = client.get("/v1/me").await.status == 200;
        assert_eq!(good, revived.status == 200, "{} {}", revived.text, gone.text);
        assert_eq!(good, gone.status == 409, "{} {}", revived.text, gone.text);
    }
}

/// Two acts, each of which counts on the other's administrator: one of them is refused.
#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_do_not_end_both() {
    let service = Service::start().await;
    let admin = &service.admin;
    for round in 0..8 {
        let name = format!("Keeper {round}");
        let body = json!({"name": name, "permissions": all(&["admin"])});
        let keeper = admin.post("/v1/roles", &body).await.expect(201);
        let (_, keeps) = with_key(admin, json!({"name": name, "roleId": keeper["id"]})).await;
        let mut off = named(admin, "Administrator").await;
        off["enabled"] = json!(false);
        let mut strip = keeper.clone();
        strip["permissions"] = json!([]);
        let (administrators, keepers) =
            (format!("/v1/roles/{}", off["id"]), format!("/v1/roles/{}", keeper["id"]));
        let (a, b) = tokio::join!(keeps.put(&administrators, &off), admin.put(&keepers, &strip));
        let done = [a.status, b.status].iter().filter(|status| **status == 200).count();
        assert_eq!(done, 1, "{} {}", a.text, b.text);
        if a.status == 200 {
            let mut on = keeps.get(&administrators).await.expect(200);
            on["enabled"] = json!(true);
            keeps.put(&administrators, &on).await.refused(403, "FORBIDDEN");
            let app = &service.running.app;
            bootstrap::administrator(app, domain::ids::Id::FIRST_TENANT).await.unwrap();
            let mut body = keeper;
            body["permissions"] = json!([]);
            admin.put(&keepers, &body).await.expect(200);
        }
    }
}
