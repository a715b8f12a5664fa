//! What an operator does: Update Status, cancel, comments; and the sweeper.

use harness::Story;
use harness::story::{LADDER, id};
use reqwest::Method;
use serde_json::{Value, json};

/// A request that waits an hour for its second attempt.
async fn waiting(story: &Story) -> u64 {
    let body = json!({"name": "Pod farm", "endpointUrl": story.provider.url,
        "retryLadder": ["PT0S", "PT1H"]});
    story.admin().put(&format!("/v1/methods/{}", story.method), &body).await.expect(200);
    story.provider.answer(&[(503, "busy")]);
    let id = story.activate(1).await;
    harness::until("the first attempt", || async {
        (story.request(id).await["version"] == 2).then_some(())
    })
    .await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn update_status_moves_any_state_by_hand() {
    let story = Story::begin().await;
    let id = waiting(&story).await;
    let path = format!("/v1/provisioning-requests/{id}/status");
    let set = async |status: &str, comments: Option<&str>| {
        let body = json!({"status": status, "comments": comments});
        story.admin().post(&path, &body).await
    };
    set("REQUEST_SENT", None).await.refused(400, "VALIDATION_FAILED");
    let moved = set("IN_PROGRESS", Some("By phone.")).await.expect(200);
    assert_eq!(
        (&moved["status"], &moved["comments"]),
        (&json!("IN_PROGRESS"), &json!("By phone."))
    );
    set("IN_PROGRESS", None).await.refused(409, "STATUS_CONFLICT");
    set("COMPLETED", None).await.expect(200);
    set("FAILED", None).await.refused(400, "COMMENT_REQUIRED");
    let failed = set("FAILED", Some("Wrong rack.")).await.expect(200);
    assert_eq!(failed["errorCode"], "OPERATOR");
    let cleared = set("COMPLETED", None).await.expect(200);
    assert_eq!(cleared["errorCode"], Value::Null);
    assert_eq!(cleared["history"].as_array().unwrap().len(), 6);
    assert_eq!(story.provider.sent().len(), 1, "the pending attempt is cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_and_comments() {
    let story = Story::begin().await;
    let id = waiting(&story).await;
    let path = format!("/v1/provisioning-requests/{id}");
    let comment = async |text: &str, tag: &str| {
        let body = Some(json!({"comments": text}).to_string().into_bytes());
        story.admin().call(Method::PATCH, &path, &[("if-match", tag)], body).await
    };
    let commented = comment("Ask Ada.", "\"2\"").await.expect(200);
    assert_eq!((&commented["comments"], &commented["version"]), (&json!("Ask Ada."), &json!(2)));
    comment("x", "\"9\"").await.refused(412, "VERSION_MISMATCH");
    comment(&"x".repeat(501), "*").await.refused(400, "VALIDATION_FAILED");
    assert_eq!(comment("", "*").await.expect(200)["comments"], Value::Null);
    let cancel = format!("{path}/cancel");
    let cancelled = story.admin().post(&cancel, &json!({})).await.expect(200);
    assert_eq!(
        (&cancelled["status"], &cancelled["errorCode"]),
        (&json!("FAILED"), &json!("CANCELLED"))
    );
    let again = story.admin().post(&cancel, &json!({})).await;
    again.refused(409, "ILLEGAL_TRANSITION");
    assert_eq!(again.json["allowedActions"], json!(["UPDATE_STATUS", "RETRY"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_is_for_what_failed() {
    let story = Story::begin().await;
    let id = story.activate(1).await;
    story.until_status(id, "REQUEST_SENT").await;
    let retry = format!("/v1/provisioning-requests/{id}/retry");
    let reply = story.admin().post(&retry, &json!({})).await;
    reply.refused(409, "ILLEGAL_TRANSITION");
    assert_eq!(reply.json["state"], "REQUEST_SENT");
    assert_eq!(story.request(id).await["generation"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_is_gone_fails_the_request_with_its_reason() {
    let story = Story::begin().await;
    let path = format!("/v1/products/{}/association", story.product);
    let request = waiting(&story).await;
    assert_eq!(story.admin().delete(&path).await.status, 204);
    assert_eq!(story.admin().delete(&format!("/v1/methods/{}", story.method)).await.status, 204);
    let cancel = format!("/v1/provisioning-requests/{request}/cancel");
    story.admin().post(&cancel, &json!({})).await.expect(200);
    let retry = format!("/v1/provisioning-requests/{request}/retry");
    story.admin().post(&retry, &json!({})).await.expect(200);
    let failed = story.until_status(request, "FAILED").await;
    assert_eq!(failed["errorCode"], "PLAN_MISSING");
    let body =
        json!({"name": "New farm", "endpointUrl": story.provider.url, "retryLadder": LADDER});
    let method = id(&story.admin().post("/v1/methods", &body).await.expect(201));
    harness::story::associate(story.admin(), story.product, story.plan, method).await;
    story.admin().post(&retry, &json!({})).await.expect(200);
    let sent = story.until_status(request, "REQUEST_SENT").await;
    assert_eq!(sent["method"]["id"], method, "a mended method is used");
}
