//! Dispatching: every class of answer, the ladder, poison messages, and one attempt at a time.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use futures::future::join_all;
use harness::Story;
use harness::story::days_ahead;
use serde_json::{Value, json};

async fn attempts(story: &Story, id: u64) -> Vec<Value> {
    let path = format!("/v1/provisioning-requests/{id}/attempts");
    story.admin().get(&path).await.expect(200)["data"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_provider_is_tried_again_with_the_same_bytes() {
    let story = Story::begin().await;
    story.provider.answer(&[(503, "busy"), (429, "slow down")]);
    let id = story.activate(1).await;
    let request = story.until_status(id, "REQUEST_SENT").await;
    assert_eq!(request["attemptCount"], 3);
    let sent = story.provider.sent();
    assert_eq!(sent.len(), 3);
    for call in &sent {
        assert_eq!(call.body, sent[0].body);
        assert_eq!(call.header("webhook-id"), format!("pr_{id}_g1"));
    }
    let attempts = attempts(&story, id).await;
    let told: Vec<_> =
        attempts.iter().map(|a| (&a["no"], &a["outcome"], &a["httpStatus"])).collect();
    assert_eq!(json!(told), json!([[1, "RETRYABLE", 503], [2, "RETRYABLE", 429], [3, "OK", 202]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ladder_that_ends_is_dispatch_failed_and_can_be_retried() {
    let story = Story::begin().await;
    story.provider.answer(&[(500, "a"), (500, "b"), (500, "c")]);
    let id = story.activate(1).await;
    let failed = story.until_status(id, "DISPATCH_FAILED").await;
    assert_eq!(failed["errorCode"], "DISPATCH_HTTP_500");
    assert_eq!(failed["delivery"], "MAYBE");
    assert_eq!(failed["nextAttemptAt"], Value::Null);
    assert_eq!(failed["allowedActions"], json!(["UPDATE_STATUS", "RETRY"]));
    let body = json!({"name": "Pods", "definition": {"mended": true}});
    story.admin().put(&format!("/v1/plans/{}", story.plan), &body).await.expect(200);
    let retry = format!("/v1/provisioning-requests/{id}/retry");
    story.admin().post(&retry, &json!({})).await.expect(200);
    let sent = story.until_status(id, "REQUEST_SENT").await;
    assert_eq!((&sent["generation"], &sent["attemptCount"]), (&json!(2), &json!(1)));
    let last = story.provider.sent().pop().unwrap();
    assert_eq!(last.body, r#"{"mended":true}"#);
    assert_eq!(last.header("webhook-id"), format!("pr_{id}_g2"));
    assert_eq!(sent["errorCode"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_callback_wins_over_dispatch_failed() {
    let story = Story::begin().await;
    story.provider.answer(&[(500, "a"), (500, "b"), (500, "c")]);
    let id = story.activate(1).await;
    story.until_status(id, "DISPATCH_FAILED").await;
    story.report(id, "m1", &json!({"status": "COMPLETED"})).await.expect(200);
    assert_eq!(story.request(id).await["status"], "COMPLETED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_final() {
    for status in [302, 400, 404, 422] {
        let story = Story::begin().await;
        story.provider.answer(&[(status, "no")]);
        let id = story.activate(1).await;
        let failed = story.until_status(id, "FAILED").await;
        assert_eq!(failed["errorCode"], format!("PROVIDER_HTTP_{status}"));
        assert_eq!(failed["response"], "no");
        assert_eq!(story.provider.sent().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listening_is_never_delivered() {
    let story = Story::begin().await;
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let body = json!({"name": "Pod farm", "endpointUrl": format!("http://{free}/"),
        "retryLadder": harness::story::LADDER});
    story.admin().put(&format!("/v1/methods/{}", story.method), &body).await.expect(200);
    let id = story.activate(1).await;
    let failed = story.until_status(id, "DISPATCH_FAILED").await;
    assert_eq!(failed["errorCode"], "DISPATCH_CONNECT");
    assert_eq!(failed["delivery"], "NEVER");
    let late = story.report(id, "m1", &json!({"status": "COMPLETED"})).await;
    late.refused(409, "STATUS_CONFLICT");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_2xx_completes_at_once_with_the_providers_number() {
    let story = Story::begin().await;
    let body = json!({"name": "Pod farm", "endpointUrl": story.provider.url,
        "completion": "ON_2XX"});
    story.admin().put(&format!("/v1/methods/{}", story.method), &body).await.expect(200);
    story.provider.answer(&[(200, r#"["815"]"#), (200, r#"{"referenceNumber": 815}"#)]);
    let listed = story.activate(1).await;
    let listed = story.until_status(listed, "COMPLETED").await;
    assert_eq!(listed["referenceNumber"], Value::Null);
    let id = story.activate(1).await;
    let done = story.until_status(id, "COMPLETED").await;
    assert_eq!(done["referenceNumber"], "815");
    assert_eq!(done["history"][1]["row"], "P5");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_not_sent_before_its_date() {
    let story = Story::begin().await;
    let body = |date: &str| {
        json!({"pkId": story.pk_id, "activationQuantity": 1,
        "scheduledDate": date})
    };
    for late in [days_ahead(367), "9998-12-31T00:00:00Z".to_owned()] {
        let refused = story.admin().post("/v1/activations", &body(&late)).await;
        refused.refused(400, "VALIDATION_FAILED");
        assert_eq!(refused.pointer(), "/scheduledDate");
    }
    let date = days_ahead(365);
    let body = body(&date);
    let made = story.admin().post("/v1/activations", &body).await.expect(201);
    let id = harness::story::id(&made["provisioningRequests"][0]);
    let waiting = story.request(id).await;
    assert_eq!(waiting["nextAttemptAt"], date);
    let message = message(&story, id).await;
    assert!(handle(&story, vec![message]).await.is_empty());
    assert_eq!(story.request(id).await["attemptCount"], 0);
    assert!(story.provider.sent().is_empty());
}

async fn message(story: &Story, id: u64) -> String {
    let me = story.admin().get("/v1/me").await.expect(200);
    json!({"v": 1, "tenant": me["tenantId"], "request": id, "method": story.method}).to_string()
}

/// Hands a batch to the dispatcher; gives the positions that it reports.
async fn handle(story: &Story, bodies: Vec<String>) -> Vec<usize> {
    let mut lambda_event = SqsEvent::default();
    for (i, body) in bodies.into_iter().enumerate() {
        let mut record = SqsMessage::default();
        record.message_id = Some(i.to_string());
        record.body = Some(body);
        lambda_event.records.push(record);
    }
    let answer = dispatch::handle(Arc::clone(&story.service.running.app), lambda_event).await;
    answer.batch_item_failures.iter().map(|f| f.item_identifier.parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_harms_only_itself() {
    let story = Story::begin().await;
    let id = story.activate(1).await;
    story.until_status(id, "REQUEST_SENT").await;
    let good = message(&story, id).await;
    let unknown = message(&story, 5).await;
    let foreign = json!({"v": 1, "tenant": 5, "request": id, "method": 1}).to_string();
    let future = json!({"v": 9, "tenant": 5, "request": id, "method": 1}).to_string();
    let bodies = vec![
        good.clone(),
        "not json".to_owned(),
        good.clone(),
        unknown,
        foreign,
        future,
        "x".repeat(1024 * 1024),
        String::new(),
        "{}".to_owned(),
        good,
    ];
    assert_eq!(handle(&story, bodies).await, [1, 3, 4, 5, 6, 7, 8]);
    assert_eq!(story.provider.sent().len(), 1, "a request that was sent is not sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_to_many_workers_is_one_attempt() {
    let story = &Story::begin().await;
    let id = story.activate(1).await;
    let message = message(story, id).await;
    join_all((0..8).map(|_| handle(story, vec![message.clone(), message.clone()]))).await;
    story.until_status(id, "REQUEST_SENT").await;
    assert_eq!(story.provider.sent().len(), 1);
    assert_eq!(attempts(story, id).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_in_the_queue_does_not_stop_it() {
    let story = Story::begin().await;
    for _ in 0..9 {
        story.service.running.queue.push(None, "poison".to_owned(), Duration::ZERO);
    }
    let id = story.activate(1).await;
    story.until_status(id, "REQUEST_SENT").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ladder_may_begin_with_a_wait() {
    let story = Story::begin().await;
    let method = |ladder: &[&str]| {
        let url = &story.provider.url;
        json!({"name": "Pod farm", "endpointUrl": url, "retryLadder": ladder})
    };
    let path = format!("/v1/methods/{}", story.method);
    story.admin().put(&path, &method(&["PT1H"])).await.expect(200);
    let id = story.activate(1).await;
    let message = message(&story, id).await;
    assert!(handle(&story, vec![message]).await.is_empty());
    let waiting = story.request(id).await;
    assert_eq!((&waiting["attemptCount"], &waiting["payload"]), (&json!(0), &Value::Null));
    assert!(story.provider.sent().is_empty());
    story.admin().put(&path, &method(&["PT0.05S"])).await.expect(200);
    let quick = story.activate(1).await;
    story.until_status(quick, "REQUEST_SENT").await;
}

/// The provider holds the first generation's answer until the second has been sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_belongs_to_its_own_generation() {
    let story = Story::begin().await;
    let body = json!({"name": "Pod farm", "endpointUrl": story.provider.url,
        "completion": "ON_2XX", "retryLadder": ["PT0S"]});
    story.admin().put(&format!("/v1/methods/{}", story.method), &body).await.expect(200);
    story.provider.hold();
    let id = story.activate(1).await;
    story.provider.nth(1).await;
    let path = format!("/v1/provisioning-requests/{id}");
    let failed = json!({"status": "FAILED", "comments": "Not this way."});
    story.admin().post(&format!("{path}/status"), &failed).await.expect(200);
    story.admin().post(&format!("{path}/retry"), &json!({})).await.expect(200);
    story.provider.nth(2).await;
    story.provider.release();
    story.until_status(id, "COMPLETED").await;
    let told = harness::until("both attempts", || async {
        let attempts = attempts(&story, id).await;
        (attempts.len() == 2).then_some(attempts)
    })
    .await;
    let told: Vec<_> = told
        .iter()
        .map(|a| json!([a["generation"], a["no"], a["outcome"], a["superseded"]]))
        .collect();
    assert_eq!(told, [json!([1, 1, "OK", true]), json!([2, 1, "OK", false])]);
}
