//! API keys after their making: shown, listed, changed, rotated; and sessions.

use edge::ports::{Clock, SystemClock};
use harness::story::{days_ahead, id};
use harness::{Client, Service};
use reqwest::Method;
use serde_json::{Value, json};

use crate::roles::{named, patch, with_key};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_listed_and_changed() {
    let service = Service::start().await;
    let admin = &service.admin;
    let (desk, looks) =
        (id(&named(admin, "Order desk").await), id(&named(admin, "Read only").await));
    let body = json!({"name": "Till", "roleId": desk, "username": "ada", "email": "a@l.example"});
    let (made, till) = with_key(admin, body).await;
    let path = format!("/v1/api-keys/{}", made["id"]);
    let shown = admin.get(&path).await.expect(200);
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(shown["prefix"], secret[..8]);
    assert_eq!((&shown["lastUsedDate"], &shown["version"]), (&Value::Null, &json!(1)));
    assert!(shown.get("secret").is_none() && !shown.to_string().contains(&secret[8..]));
    till.get("/v1/me").await.expect(200);
    till.get("/v1/me").await.expect(200);
    let used = admin.get(&path).await.expect(200);
    assert_eq!(used["lastUsedDate"], json!(SystemClock.now().day()));
    assert_eq!(used["version"], 1, "a call is no change");
    for (role, count) in [(desk, 1), (looks, 0), (97, 0)] {
        let list = admin.get(&format!("/v1/api-keys?roleId={role}")).await.expect(200);
        assert_eq!(list["data"].as_array().unwrap().len(), count, "{role}");
    }
    let body = json!({"name": "Till 2", "roleId": looks, "username": "", "personName": "Ada"});
    let changed = patch(admin, &path, &body).await.expect(200);
    let of = |member: &str| changed[member].clone();
    assert_eq!((of("name"), of("roleId")), (json!("Till 2"), json!(looks)));
    assert_eq!((of("username"), of("personName")), (Value::Null, json!("Ada")));
    assert_eq!((of("email"), of("version")), (json!("a@l.example"), json!(2)));
    till.post("/v1/customers", &json!({"name": "C"})).await.refused(403, "FORBIDDEN");
    till.get("/v1/customers").await.expect(200);
    for (body, at) in [
        (json!({"name": ""}), "/name"),
        (json!({"email": "nobody"}), "/email"),
        (json!({"expires": "2020-01-01T00:00:00Z"}), "/expires"),
        (json!({"secret": "pvk_0"}), "/secret"),
        (json!({"customerId": 5}), "/customerId"),
        (json!({"hash": "0"}), "/hash"),
    ] {
        let reply = patch(admin, &path, &body).await;
        assert_eq!((reply.status, reply.pointer()), (400, at), "{}", reply.text);
    }
    let unknown = patch(admin, &path, &json!({"roleId": 97})).await;
    unknown.refused(422, "REFERENCE_NOT_FOUND");
    let stale = Some(b"{}".to_vec());
    admin.call(Method::PATCH, &path, &[], stale.clone()).await.refused(428, "IF_MATCH_REQUIRED");
    let reply = admin.call(Method::PATCH, &path, &[("if-match", "\"1\"")], stale).await;
    reply.refused(412, "VERSION_MISMATCH");
    assert_eq!(admin.delete(&path).await.status, 204);
    patch(admin, &path, &json!({"name": "X"})).await.refused(409, "ILLEGAL_TRANSITION");
    let rotate = format!("{path}/rotate");
    admin.post(&rotate, &json!({})).await.refused(409, "ILLEGAL_TRANSITION");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_has_two_secrets_for_the_overlap() {
    let service = Service::start().await;
    let admin = &service.admin;
    let looks = id(&named(admin, "Read only").await);
    let (made, first) = with_key(admin, json!({"name": "Till", "roleId": looks})).await;
    let path = format!("/v1/api-keys/{}/rotate", made["id"]);
    let next = async |body: Value| {
        let rotated = admin.post(&path, &body).await.expect(200);
        assert_eq!(rotated["id"], made["id"]);
        let client = admin.with_key(rotated["secret"].as_str().unwrap());
        (rotated, client)
    };
    let good = async |client: &Client| client.get("/v1/me").await.status;
    for body in [json!({"overlap": "P8D"}), json!({"overlap": "-PT1S"}), json!({"overlap": 5})] {
        assert_eq!(admin.post(&path, &body).await.status, 400, "{body}");
    }
    let (rotated, second) = next(json!({"overlap": "PT1H"})).await;
    assert!(rotated["oldSecretExpires"].is_string(), "{rotated}");
    assert_eq!((good(&first).await, good(&second).await), (200, 200));
    // A third one would end the first early, unless that is meant.
    let reply = admin.post(&path, &json!({"overlap": "PT2H"})).await;
    reply.refused(409, "IN_USE");
    let (rotated, third) = next(json!({"overlap": "PT0S"})).await;
    assert_eq!(rotated["oldSecretExpires"], Value::Null);
    assert_eq!((good(&first).await, good(&second).await, good(&third).await), (401, 401, 200));
    let (_, fourth) = next(json!({"overlap": "PT1H"})).await;
    assert_eq!((good(&third).await, good(&fourth).await), (200, 200));
    // It is one key, under any of its secrets, and it ends as one.
    let list = admin.get(&format!("/v1/api-keys?roleId={looks}")).await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1, "{list}");
    let key = format!("/v1/api-keys/{}", made["id"]);
    assert_eq!(admin.delete(&key).await.status, 204);
    assert_eq!((good(&third).await, good(&fourth).await), (401, 401));
    let audit = admin.get(&format!("/v1/audit?id={}", made["id"])).await.expect(200);
    let acts: Vec<&str> =
        audit["data"].as_array().unwrap().iter().map(|e| e["act"].as_str().unwrap()).collect();
    assert_eq!(
        acts,
        ["revokeApiKey", "rotateApiKey", "rotateApiKey", "rotateApiKey", "createApiKey"]
    );
    let diff = audit["data"][1]["diff"].as_array().unwrap();
    let told: Vec<&str> = diff.iter().map(|d| d["member"].as_str().unwrap()).collect();
    assert_eq!(told, ["prefix", "oldSecretExpires"], "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rotations_at_once_leave_two_secrets() {
    let service = Service::start().await;
    let admin = &service.admin;
    let looks = id(&named(admin, "Read only").await);
    let (made, _) = with_key(admin, json!({"name": "Till", "roleId": looks})).await;
    let path = format!("/v1/api-keys/{}/rotate", made["id"]);
    let body = json!({"overlap": "PT1H"});
    let (a, b) = tokio::join!(admin.post(&path, &body), admin.post(&path, &body));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", a.text, b.text);
    let list = admin.get(&format!("/v1/api-keys?roleId={looks}")).await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_acts_for_its_key_and_ends_with_it() {
    let service = Service::start().await;
    let admin = &service.admin;
    let looks = id(&named(admin, "Read only").await);
    let (key, till) = with_key(admin, json!({"name": "Till", "roleId": looks})).await;
    let begin = async |client: &Client| {
        let session = client.post("/v1/sessions", &json!({})).await.expect(201);
        assert_eq!(session["keyId"], key["id"]);
        client.with_key(session["secret"].as_str().unwrap())
    };
    let (one, two) = (begin(&till).await, begin(&till).await);
    assert!(one.key.starts_with("pvs_"));
    let me = one.get("/v1/me").await.expect(200);
    assert_eq!((&me["key"]["id"], &me["role"]["id"]), (&key["id"], &json!(looks)));
    one.post("/v1/sessions", &json!({})).await.refused(403, "FORBIDDEN");
    one.post("/v1/customers", &json!({"name": "C"})).await.refused(403, "FORBIDDEN");
    till.delete("/v1/sessions/current").await.refused(409, "ILLEGAL_TRANSITION");
    assert_eq!(one.delete("/v1/sessions/current").await.status, 204);
    one.get("/v1/me").await.refused(401, "UNAUTHENTICATED");
    two.get("/v1/me").await.expect(200);
    // One of the secret before a rotation lives as long as that.
    let path = format!("/v1/api-keys/{}", key["id"]);
    let rotate = async |overlap: &str| {
        let body = json!({"overlap": overlap});
        let key = admin.post(&format!("{path}/rotate"), &body).await.expect(200);
        admin.with_key(key["secret"].as_str().unwrap())
    };
    let till = rotate("PT1H").await;
    two.get("/v1/me").await.expect(200);
    let three = begin(&till).await;
    let till = rotate("PT0S").await;
    two.get("/v1/me").await.refused(401, "UNAUTHENTICATED");
    three.get("/v1/me").await.refused(401, "UNAUTHENTICATED");
    let four = begin(&till).await;
    assert_eq!(admin.delete(&path).await.status, 204);
    four.get("/v1/me").await.refused(401, "UNAUTHENTICATED");
    let audit = admin.get("/v1/audit?entity=SESSION&limit=100").await.expect(200);
    let acts = audit["data"].as_array().unwrap();
    assert_eq!(acts.iter().filter(|entry| entry["act"] == "createSession").count(), 4);
    assert_eq!(acts.iter().filter(|entry| entry["act"] == "endSession").count(), 1);
    assert!(!audit.to_string().contains("pvs_"));
}

/// A session is no longer than its key; each call begins another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_no_longer_than_its_key() {
    let service = Service::start().await;
    let admin = &service.admin;
    let looks = id(&named(admin, "Read only").await);
    let ends = SystemClock.now().after(domain::time::Period::from_secs(3600)).to_string();
    let body = json!({"name": "Till", "roleId": looks, "expires": ends});
    let (_, till) = with_key(admin, body).await;
    let headers = [("idempotency-key", "one")];
    let first = till.post_with("/v1/sessions", &headers, &json!({})).await;
    let again = till.post_with("/v1/sessions", &headers, &json!({})).await;
    assert_eq!(first.json["expires"], ends);
    assert_ne!(again.json["secret"], first.json["secret"]);
    let later = json!({"name": "Later", "roleId": looks, "expires": days_ahead(9)});
    let (_, later) = with_key(admin, later).await;
    let session = later.post("/v1/sessions", &json!({})).await.expect(201);
    assert!(session["expires"].as_str().unwrap() < days_ahead(1).as_str());
}
