//! `Idempotency-Key`: the same call again has one effect and one answer.

use futures::future::join_all;
use harness::{Service, Story};
use serde_json::{Value, json};

async fn post(client: &harness::Client, path: &str, key: &str, body: &Value) -> harness::Reply {
    client.post_with(path, &[("idempotency-key", key)], body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn twice_is_once_byte_for_byte() {
    let story = Story::begin().await;
    let body = json!({"pkId": story.pk_id, "activationQuantity": 7});
    let first = post(story.admin(), "/v1/activations", "k1", &body).await;
    let again = post(story.admin(), "/v1/activations", "k1", &body).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.text, again.text);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(first.header("idempotent-replayed"), "");
    for header in ["location", "etag", "content-type"] {
        assert_eq!(first.header(header), again.header(header), "{header}");
    }
    let key = story.admin().get(&format!("/v1/product-keys/{}", story.pk_id)).await.expect(200);
    assert_eq!(key["availableQuantity"], 3);
    let other = json!({"pkId": story.pk_id, "activationQuantity": 1});
    let reused = post(story.admin(), "/v1/activations", "k1", &other).await;
    reused.refused(422, "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn twice_at_once_is_once() {
    let story = &Story::begin().await;
    let body = &json!({"pkId": story.pk_id, "activationQuantity": 7});
    let one = |_| async move { post(story.admin(), "/v1/activations", "k1", body).await };
    let replies = join_all((0..8).map(one)).await;
    for reply in &replies {
        assert_eq!(reply.status, 201, "{}", reply.text);
        assert_eq!(reply.text, replies[0].text);
    }
    let fresh = replies.iter().filter(|r| r.header("idempotent-replayed").is_empty()).count();
    assert_eq!(fresh, 1);
    let list = story.admin().get("/v1/provisioning-requests").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_its_path_and_tenant() {
    let service = Service::start().await;
    let plan = post(&service.admin, "/v1/plans", "k1", &json!({"name": "Same"})).await.expect(201);
    let role = post(&service.admin, "/v1/roles", "k1", &json!({"name": "Same"})).await.expect(201);
    assert_ne!(plan["id"], role["id"]);
    let other = service.another_tenant().await;
    let theirs = post(&other, "/v1/plans", "k1", &json!({"name": "Same"})).await.expect(201);
    assert_ne!(plan["id"], theirs["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_not_kept_and_a_secret_is_not_replayed() {
    let service = Service::start().await;
    let admin = &service.admin;
    post(admin, "/v1/plans", "k1", &json!({"name": ""})).await.refused(400, "VALIDATION_FAILED");
    post(admin, "/v1/plans", "k1", &json!({"name": "Good"})).await.expect(201);
    post(admin, "/v1/plans", "k2", &json!({"name": "Good"})).await.refused(409, "NAME_TAKEN");
    let body = json!({"name": "M", "endpointUrl": "https://pods.example/"});
    let first = post(admin, "/v1/methods", "k3", &body).await.expect(201);
    let mut again = post(admin, "/v1/methods", "k3", &body).await.expect(201);
    assert_eq!(again["callbackSecret"], Value::Null);
    again["callbackSecret"] = first["callbackSecret"].clone();
    assert_eq!(first, again);
    for key in ["", "a b", &"x".repeat(256)] {
        let reply = post(admin, "/v1/plans", key, &json!({"name": "Key"})).await;
        reply.refused(400, "VALIDATION_FAILED");
    }
}
