//! The audit: what API keys did to which thing, when, from what, to what and why.

use std::collections::BTreeSet;

use edge::http::table::ROUTES;
use harness::Story;
use reqwest::Method;
use serde_json::{Value, json};

use crate::permissions::visit;

#[tokio::test(flavor = "multi_thread")]
async fn every_route_that_changes_something_leaves_an_entry() {
    let mut town = visit().await;
    let (mut acts, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = town.get(&format!("/v1/audit?limit=100{cursor}")).await;
        let told = page["data"].as_array().unwrap().iter().map(|entry| entry["act"].clone());
        acts.extend(told.map(|act| act.as_str().unwrap().to_owned()));
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let audited = ROUTES.iter().filter(|route| route.audits.is_some());
    // An activation that registers its customer tells so of the entitlement.
    let all = audited.map(|route| route.operation).chain(["activateMany"]);
    let expected: BTreeSet<String> = all.map(str::to_owned).collect();
    assert_eq!(acts, expected);
    let unaudited = ROUTES.iter().filter(|route| route.verb != "GET" && route.audits.is_none());
    assert_eq!(unaudited.count(), 9, "births with a history, and what keeps nothing");
}

async fn entries(story: &Story, query: &str) -> Vec<Value> {
    let list = story.admin().get(&format!("/v1/audit?{query}")).await.expect(200);
    list["data"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_is_told_with_who_from_to_and_why() {
    let story = Story::begin().await;
    let path = format!("/v1/plans/{}", story.plan);
    let body = json!({"name": "Pods", "description": "Six", "definition": {"a": "1"}});
    let headers = [("if-match", "*"), ("audit-reason", "Ticket 7: größer")];
    let body = Some(body.to_string().into_bytes());
    let reply = story.admin().call(Method::PUT, &path, &headers, body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let found = entries(&story, &format!("entity=PLAN&id={}", story.plan)).await;
    let acts: Vec<&Value> = found.iter().map(|entry| &entry["act"]).collect();
    assert_eq!(acts, [&json!("updatePlan"), &json!("createPlan")], "newest first");
    let me = story.admin().get("/v1/me").await.expect(200);
    let entry = &found[0];
    assert_eq!(entry["actor"], me["key"]["id"]);
    assert_eq!(entry["actorName"], me["key"]["name"]);
    assert_eq!(entry["reason"], "Ticket 7: größer");
    assert_eq!(entry["requestId"], reply.header("x-request-id"));
    let of = |member: &str| {
        let diff = entry["diff"].as_array().unwrap();
        diff.iter().find(|line| line["member"] == member).unwrap().clone()
    };
    assert_eq!(of("description"), json!({"member": "description", "from": null, "to": "Six"}));
    assert!(of("definition")["to"].as_str().unwrap().contains("\"a\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_and_pages_find_acts() {
    let story = Story::begin().await;
    let all = entries(&story, "limit=100").await;
    assert!(all.len() >= 6, "{all:#?}");
    assert!(all.iter().all(|entry| entry["entity"] != "ENTITLEMENT"), "its history says so");
    assert_eq!(entries(&story, "entity=CUSTOMER").await.len(), 1);
    assert_eq!(entries(&story, "actor=97").await, Vec::<Value>::new());
    assert_eq!(entries(&story, "after=2100-01-01T00:00:00Z").await, Vec::<Value>::new());
    story.admin().get("/v1/audit?entity=NOTHING").await.refused(400, "VALIDATION_FAILED");
    let (mut seen, mut cursor) = (0, String::new());
    loop {
        let path = format!("/v1/audit?id={}&limit=1{cursor}", story.product);
        let page = story.admin().get(&path).await.expect(200);
        seen += page["data"].as_array().unwrap().len();
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, 3, "made, completed, associated");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_and_private_data_are_never_in_it() {
    let story = Story::begin().await;
    let admin = story.admin();
    let auth = json!({"type": "BASIC", "username": "farm", "password": "canary-password"});
    let body = json!({"name": "Other", "type": "CALLOUT", "endpointUrl": story.provider.url,
        "authProfile": auth});
    let method = admin.post("/v1/methods", &body).await.expect(201);
    let path = format!("/v1/methods/{}/rotate-secret", method["id"]);
    let rotated = admin.post(&path, &json!({"overlap": "PT0S"})).await.expect(200);
    let role = admin.get("/v1/me").await.expect(200)["role"]["id"].clone();
    let key = admin.post("/v1/api-keys", &json!({"name": "K", "roleId": role})).await.expect(201);
    let profile = json!({"demographics": {"passportNumber": "canary-passport"}});
    let body = json!({"name": "Ana", "profile": profile});
    let customer = admin.post("/v1/customers", &body).await.expect(201);
    let told = admin.get("/v1/audit?limit=100").await.text;
    for secret in [&method["callbackSecret"], &rotated["callbackSecret"], &key["secret"]] {
        assert!(!told.contains(secret.as_str().unwrap()));
    }
    for canary in ["canary", "hash", admin.key.as_str()] {
        assert!(!told.contains(canary), "{canary}");
    }
    let made = entries(&story, &format!("id={}", customer["id"])).await;
    assert!(made[0]["diff"].to_string().contains("sealed "), "that there is one is told: {made:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_acts_are_there_and_refused_ones_are_not() {
    let story = Story::begin().await;
    let id = story.activate(1).await;
    story.until_status(id, "REQUEST_SENT").await;
    let path = format!("/v1/provisioning-requests/{id}");
    let admin = story.admin();
    let body = json!({"status": "COMPLETED", "comments": "Seen running."});
    admin.post(&format!("{path}/status"), &body).await.expect(200);
    admin.post(&format!("{path}/retry"), &json!({})).await.refused(409, "ILLEGAL_TRANSITION");
    let found = entries(&story, &format!("id={id}")).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["act"], "updateStatus");
    assert_eq!(found[0]["reason"], "Seen running.");
    let status = json!({"member": "status", "from": "REQUEST_SENT", "to": "COMPLETED"});
    assert_eq!(found[0]["diff"][0], status);
    let act = json!({"action": "DISABLE"});
    admin.post(&format!("/v1/entitlements/{}/actions", story.e_id), &act).await.expect(200);
    let found = entries(&story, &format!("entity=ENTITLEMENT&id={}", story.e_id)).await;
    assert_eq!(found[0]["diff"], json!([{"member": "enabled", "from": true, "to": false}]));
    admin.post(&format!("/v1/product-keys/{}/actions", story.pk_id), &act).await.expect(200);
    let found = entries(&story, &format!("entity=PRODUCT_KEY&id={}", story.pk_id)).await;
    let state = json!({"member": "state", "from": "ENABLED", "to": "DISABLED"});
    assert_eq!(found[0]["diff"], json!([state]));
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_are_hidden_from_who_may_not_see_them() {
    let story = Story::begin().await;
    let grants = json!([{"area": "admin", "acts": ["view"]}]);
    let role = json!({"name": "Auditor", "permissions": grants});
    let role = story.admin().post("/v1/roles", &role).await.expect(201);
    let body = json!({"name": "Auditor", "roleId": role["id"]});
    let key = story.admin().post("/v1/api-keys", &body).await.expect(201);
    let auditor = story.admin().with_key(key["secret"].as_str().unwrap());
    for query in ["entity=CUSTOMER".to_owned(), format!("id={}", story.customer)] {
        let told = auditor.get(&format!("/v1/audit?{query}")).await;
        assert!(told.text.contains("hidden") && !told.text.contains("Tucano"), "{}", told.text);
    }
    assert!(story.admin().get("/v1/audit?entity=CUSTOMER").await.text.contains("Tucano"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_change_of_the_tenant_is_told_as_it_was() {
    let story = Story::begin().await;
    let body = Some(b"{\"description\": \"A vendor\"}".to_vec());
    let headers = [("if-match", "*")];
    let reply = story.admin().call(Method::PATCH, "/v1/tenant", &headers, body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let found = entries(&story, "entity=TENANT").await;
    let told = json!([{"member": "description", "from": null, "to": "A vendor"}]);
    assert_eq!(found[0]["diff"], told);
}
