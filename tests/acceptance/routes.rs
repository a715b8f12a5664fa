//! Every route of the table: no key, no permission, another tenant.

use domain::access::Needs;
use edge::http::routes::{Dialect, Route};
use edge::http::table::ROUTES;
use harness::{Client, Reply, Story};
use serde_json::{Value, json};

/// The route's path with ids that exist in the story's tenant.
fn path(route: &Route, story: &Story, ids: &Ids) -> String {
    let id = match route.path.split('/').nth(2) {
        Some("api-keys") => ids.key,
        Some("roles") => ids.role,
        Some("namespaces") => ids.namespace,
        Some("products") => story.product,
        Some("customers") => story.customer,
        Some("plans") => story.plan,
        Some("methods") => story.method,
        _ => ids.request,
    };
    let path = match route.dialect {
        Dialect::Crm => format!("{}?provisioning_request_identifier=number={id}", route.path),
        _ => route.path.to_owned(),
    };
    path.replace("{id}", &id.to_string())
        .replace("{eId}", &story.e_id)
        .replace("{pkId}", &story.pk_id)
        .replace("{aid}", &ids.aid)
        .replace("{entId}", &ids.entitlement.to_string())
        .replace("{methodId}", &story.method.to_string())
        .replace("{code}", "NOT_FOUND")
}

struct Ids {
    key: u64,
    role: u64,
    namespace: u64,
    request: u64,
    entitlement: u64,
    aid: String,
}

async fn ids(story: &Story) -> Ids {
    let request = story.activate(1).await;
    let row = story.until_status(request, "REQUEST_SENT").await;
    let first = async |path: &str| {
        let list = story.admin().get(path).await.expect(200);
        harness::story::id(&list["data"][0])
    };
    Ids {
        key: first("/v1/api-keys").await,
        role: first("/v1/roles").await,
        namespace: first("/v1/namespaces").await,
        request,
        entitlement: first("/v1/entitlements").await,
        aid: row["aid"].as_str().unwrap().to_owned(),
    }
}

async fn call(client: &Client, route: &Route, path: &str) -> Reply {
    let (kind, body) = if route.dialect == Dialect::Ldk {
        ("application/xml", "<entitlement><action>DISABLE</action></entitlement>")
    } else {
        ("application/json", "{}")
    };
    let body = matches!(route.verb, "POST" | "PUT" | "PATCH").then(|| body.as_bytes().to_vec());
    let headers = [("if-match", "*"), ("content-type", kind)];
    client.call(route.method(), path, &headers, body).await
}

/// Holds a refusal against its status, and its code where it has one: XML routes answer in words.
fn refused(route: &Route, reply: &Reply, status: u16, code: &str) {
    match route.dialect {
        Dialect::Own => reply.refused(status, code),
        Dialect::Ldk => {
            assert_eq!(reply.status, status, "{}: {}", route.operation, reply.text);
            assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
        }
        Dialect::Crm => {
            let code = if status == 401 { "INVALID_TOKEN" } else { code };
            assert_eq!((reply.status, &reply.json["data"]), (status, &Value::Null));
            assert_eq!(reply.json["status"]["code"], code);
        }
    }
}

fn needs_key(route: &Route) -> bool {
    !matches!(route.needs, Needs::Nothing | Needs::Signature)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_every_route_that_needs_one_is_401() {
    let story = Story::begin().await;
    let ids = ids(&story).await;
    let nobody = story.admin().with_key("");
    for route in ROUTES {
        let reply = call(&nobody, route, &path(route, &story, &ids)).await;
        match route.needs {
            Needs::Nothing => assert_eq!(reply.status, 200, "{}", route.operation),
            Needs::Signature => reply.refused(401, "BAD_SIGNATURE"),
            _ => refused(route, &reply, 401, "UNAUTHENTICATED"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_permission_every_route_is_403() {
    let story = Story::begin().await;
    let ids = ids(&story).await;
    let admin = story.admin();
    let role = admin.post("/v1/roles", &json!({"name": "Nothing"})).await.expect(201);
    let body = json!({"name": "Weak", "roleId": role["id"]});
    let key = admin.post("/v1/api-keys", &body).await.expect(201);
    let weak = admin.with_key(key["secret"].as_str().unwrap());
    for route in ROUTES.iter().filter(|route| needs_key(route)) {
        let reply = call(&weak, route, &path(route, &story, &ids)).await;
        match route.needs {
            Needs::AnyKey => assert_eq!(reply.status, 200, "{}", route.operation),
            _ => refused(route, &reply, 403, "FORBIDDEN"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_things_are_404() {
    let story = Story::begin().await;
    let ids = ids(&story).await;
    let other = story.service.another_tenant().await;
    let before = story.request(ids.request).await;
    let of_one = |r: &&Route| r.path.contains('{') || r.dialect == Dialect::Crm;
    for route in ROUTES.iter().filter(|r| needs_key(r) && of_one(r)) {
        let reply = call(&other, route, &path(route, &story, &ids)).await;
        assert_eq!(reply.status, 404, "{}: {}", route.operation, reply.text);
    }
    for route in ROUTES.iter().filter(|r| needs_key(r) && r.verb == "GET" && !of_one(r)) {
        let reply = call(&other, route, route.path).await;
        assert_eq!(reply.status, 200, "{}: {}", route.operation, reply.text);
        for theirs in [story.product, story.plan, story.customer, story.method, ids.request] {
            assert!(!reply.text.contains(&theirs.to_string()), "{}", route.operation);
        }
    }
    let body = json!({"pkId": story.pk_id, "activationQuantity": 1});
    other.post("/v1/activations", &body).await.refused(422, "PRODUCT_KEY_UNKNOWN");
    assert_eq!(story.request(ids.request).await, before);
}

#[test]
fn operations_have_one_name_each() {
    let mut names: Vec<&str> = ROUTES.iter().map(|route| route.operation).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ROUTES.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_grant_opens_that_namespace_only() {
    let story = Story::begin().await;
    let admin = story.admin();
    let space =
        harness::story::id(&admin.post("/v1/namespaces", &json!({"name": "B"})).await.expect(201));
    let role = json!({"name": "B only", "permissions": [
        {"area": "catalog", "namespaceId": space, "acts": ["view", "add", "edit", "delete"]}]});
    let role = admin.post("/v1/roles", &role).await.expect(201);
    let body = json!({"name": "B key", "roleId": role["id"]});
    let key = admin.post("/v1/api-keys", &body).await.expect(201);
    let only_b = admin.with_key(key["secret"].as_str().unwrap());
    let body = json!({"name": "Mine", "namespaceId": space});
    let mine = only_b.post("/v1/plans", &body).await.expect(201);
    only_b.post("/v1/plans", &json!({"name": "Yours"})).await.refused(422, "REFERENCE_NOT_FOUND");
    only_b.get(&format!("/v1/plans/{}", story.plan)).await.refused(404, "NOT_FOUND");
    let body = json!({"nameVersion": {"name": "B", "version": "1"}, "namespaceId": space});
    let product = harness::story::id(&only_b.post("/v1/products", &body).await.expect(201));
    let hidden = json!({"planId": story.plan, "methodId": story.method});
    let reply = only_b.put(&format!("/v1/products/{product}/association"), &hidden).await;
    reply.refused(422, "REFERENCE_NOT_FOUND");
    assert_eq!(reply.json["errors"].as_array().unwrap().len(), 2, "both are told");
    let list = only_b.get("/v1/plans").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(list["data"][0]["id"], mine["id"]);
    assert_eq!(only_b.get("/v1/methods").await.expect(200)["data"], json!([]));
    assert_eq!(only_b.get("/v1/associations").await.expect(200)["data"], json!([]));
}
