//! What is offered to a caller is what that caller may do, and what is not refused; the rules by
//! themselves are tried in the domain, for every state and guard.

use domain::access::{Act, Area, Grant, Role};
use domain::activation::Activation;
use domain::catalog::Product;
use domain::entitlement::Entitlement;
use domain::entitlement::product_key::ProductKey;
use domain::machine::{Row, Stateful};
use domain::request::Request;
use domain::rev::Rev;
use edge::http::table::ROUTES;
use harness::story::id;
use harness::{Client, Story};
use serde_json::{Value, json};
use strum::IntoEnumIterator;

use crate::entitlements::{act, body_of, create, e_id};

fn role(permissions: Vec<Grant>) -> Role {
    let at = "2027-01-15T08:00:00.000Z";
    let blank = json!({"id": 1, "name": "R", "enabled": true, "permissions": [], "version": 1,
        "createdDate": at, "createdBy": "1", "updatedDate": at, "updatedBy": "1"});
    Role { permissions, rev: Rev::default(), ..serde_json::from_value(blank).unwrap() }
}

/// Each action is offered to the roles that the route lets in which carries it out.
fn check<T: Stateful>(routes: &[(&str, &str)]) {
    let grants: Vec<Grant> = Area::iter()
        .flat_map(|area| Act::iter().map(move |act| (area, act)))
        .map(|(area, act)| Grant { area, acts: vec![act], namespace_id: None })
        .collect();
    for action in T::MACHINE.actions {
        let action: &str = (*action).into();
        let route = routes.iter().find(|(of, _)| *of == action).expect(action).1;
        let route = ROUTES.iter().find(|known| known.operation == route).expect(route);
        let all = T::MACHINE.table.iter().chain(T::MACHINE.acts);
        let ordered = |row: &&Row<T>| row.event.into() == action && !row.from.is_empty();
        let rows: Vec<_> = all.filter(ordered).collect();
        assert!(!rows.is_empty(), "{action}");
        for row in rows {
            for one in &grants {
                for other in &grants {
                    let role = role(vec![one.clone(), other.clone()]);
                    let offered = row.who.is(&role, None);
                    assert_eq!(offered, role.meets(route.needs), "{action} {one:?} {other:?}");
                }
            }
        }
    }
}

#[test]
fn every_action_is_offered_to_those_whom_its_route_lets_in() {
    let acts = "actOnEntitlement";
    check::<Entitlement>(&[
        ("UPDATE", "updateEntitlement"),
        ("QUEUE", acts),
        ("PRODUCE", acts),
        ("REOPEN", acts),
        ("ENABLE", acts),
        ("DISABLE", acts),
        ("DELETE", "deleteEntitlement"),
        ("ACTIVATE", "createActivation"),
    ]);
    check::<ProductKey>(&[
        ("ENABLE", "actOnProductKey"),
        ("DISABLE", "actOnProductKey"),
        ("ACTIVATE", "createActivation"),
    ]);
    check::<Activation>(&[
        ("REVOKE", "revokeActivation"),
        ("ACKNOWLEDGE", "acknowledgeActivation"),
    ]);
    check::<Request>(&[
        ("UPDATE_STATUS", "updateStatus"),
        ("RETRY", "retryRequest"),
        ("CANCEL", "cancelRequest"),
    ]);
    check::<Product>(&[("COMPLETE", "completeProduct"), ("RETIRE", "retireProduct")]);
}

/// A key of a role with these permissions.
async fn caller(story: &Story, area: &str, acts: &[&str]) -> Client {
    let admin = story.admin();
    let name = format!("{area} {}", acts.join(" "));
    let permissions = json!([{"area": area, "acts": acts}]);
    let body = json!({"name": name, "permissions": permissions});
    let role = id(&admin.post("/v1/roles", &body).await.expect(201));
    let body = json!({"name": name, "roleId": role});
    let key = admin.post("/v1/api-keys", &body).await.expect(201);
    admin.with_key(key["secret"].as_str().unwrap())
}

fn offered(shown: &Value) -> Vec<&str> {
    shown["allowedActions"].as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_or_is_used_up_is_not_offered() {
    let story = Story::begin().await;
    let admin = story.admin();
    let mut body = body_of("PRODUCE", &json!({"productId": story.product}));
    body["endDate"] = "2020-01-01".into();
    let expired = create(admin, &body).await.expect(201);
    assert_eq!(offered(&expired), ["REOPEN", "DISABLE"]);
    let keys = format!("/v1/entitlements/{}/product-keys", e_id(&expired));
    let keys = admin.get(&keys).await.expect(200);
    assert_eq!(offered(&keys["data"][0]), ["DISABLE"]);
    let body = json!({"pkId": keys["data"][0]["pkId"], "activationQuantity": 1});
    admin.post("/v1/activations", &body).await.refused(409, "ENTITLEMENT_EXPIRED");

    story.activate(10).await;
    let used = admin.get(&format!("/v1/entitlements/{}", story.e_id)).await.expect(200);
    assert_eq!((used["state"].as_str(), offered(&used)), (Some("COMPLETED"), vec!["DISABLE"]));
    let body = json!({"entitlementItems": []});
    let path = format!("/v1/entitlements/{}", story.e_id);
    let refused = admin.put(&path, &body).await;
    refused.refused(409, "ILLEGAL_TRANSITION");
    let detail = "UPDATE is not possible in state COMPLETED. Possible: DISABLE.";
    assert_eq!(refused.json["detail"], detail);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_draft_lacks_is_not_offered() {
    let story = Story::begin().await;
    let admin = story.admin();
    let empty = create(admin, &json!({"action": "SAVE"})).await.expect(201);
    assert_eq!(offered(&empty), ["UPDATE", "DISABLE", "DELETE"]);
    for action in ["QUEUE", "PRODUCE"] {
        let refused = act(admin, &e_id(&empty), action).await;
        refused.refused(409, "ILLEGAL_TRANSITION");
        assert_eq!(offered(&refused.json), ["UPDATE", "DISABLE", "DELETE"], "{action}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_offers_what_its_caller_may_do() {
    let story = Story::begin().await;
    let path = format!("/v1/entitlements/{}", story.e_id);
    let editor = caller(&story, "entitlement", &["view", "edit"]).await;
    assert_eq!(offered(&editor.get(&path).await.expect(200)), ["REOPEN", "DISABLE"]);
    let refused = act(&editor, &story.e_id, "ENABLE").await;
    refused.refused(409, "ILLEGAL_TRANSITION");
    assert_eq!(offered(&refused.json), ["REOPEN", "DISABLE"]);
    let remover = caller(&story, "entitlement", &["delete"]).await;
    let refused = remover.delete(&path).await;
    refused.refused(409, "ILLEGAL_TRANSITION");
    assert_eq!(refused.json["allowedActions"], json!([]));
    let detail = refused.json["detail"].as_str().unwrap();
    assert!(detail.ends_with("Possible: nothing."), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_revoked_is_not_offered() {
    let story = Story::begin().await;
    let admin = story.admin();
    let mut body = body_of("PRODUCE", &json!({"productId": story.product}));
    body["revocationAllowed"] = false.into();
    let made = create(admin, &body).await.expect(201);
    let keys = format!("/v1/entitlements/{}/product-keys", e_id(&made));
    let keys = admin.get(&keys).await.expect(200);
    let body = json!({"pkId": keys["data"][0]["pkId"], "activationQuantity": 1});
    let active = admin.post("/v1/activations", &body).await.expect(201);
    assert_eq!(active["allowedActions"], json!([]));
    let path = format!("/v1/activations/{}/revoke", active["aid"].as_str().unwrap());
    let refused = admin.post(&path, &json!({})).await;
    refused.refused(409, "ILLEGAL_TRANSITION");
    assert_eq!(refused.json["allowedActions"], json!([]));
}
