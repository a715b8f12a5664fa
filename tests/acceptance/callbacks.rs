//! Status callbacks: authentic ones count once, all others change nothing.

use domain::time::Time;
use edge::ports::{Clock, SystemClock};
use harness::Story;
use harness::story::other_secret;
use reqwest::Method;
use serde_json::{Value, json};

async fn sent(story: &Story) -> u64 {
    let id = story.activate(1).await;
    story.until_status(id, "REQUEST_SENT").await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_or_stale_signature_is_401_and_changes_nothing() {
    let story = Story::begin().await;
    let id = sent(&story).await;
    let body = json!({"status": "COMPLETED"});
    let now = SystemClock.now();
    let apart = |secs: i64| Time::from_millis(now.millis() + secs * 1000);
    let check = async |webhook_id: &str, at: Time, secret: &str| {
        let reply = story.report_with(id, webhook_id, &body, at, secret, "").await;
        reply.refused(401, "BAD_SIGNATURE");
        reply.json["detail"].clone()
    };
    let wrong = check("a", now, &other_secret()).await;
    assert_eq!(wrong, check("b", apart(-310), &story.secret).await);
    assert_eq!(wrong, check("c", apart(310), &story.secret).await);
    assert_eq!(wrong, check("pr_1_g1", now, &story.secret).await, "no reflection");
    assert_eq!(wrong, check("with.dot", now, &story.secret).await);
    let nobody = story.admin().with_key("");
    let path = format!("/v1/callbacks/{}/provisioning-requests/{id}", story.method);
    let unsigned = nobody.post(&path, &body).await;
    unsigned.refused(401, "BAD_SIGNATURE");
    let path = format!("/v1/callbacks/12345/provisioning-requests/{id}");
    let unknown = nobody.post(&path, &body).await;
    unknown.refused(401, "BAD_SIGNATURE");
    assert_eq!(unsigned.json["detail"], unknown.json["detail"], "the same 401");
    let request = story.request(id).await;
    assert_eq!((&request["status"], &request["version"]), (&json!("REQUEST_SENT"), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_callback_is_a_duplicate() {
    let story = Story::begin().await;
    let id = sent(&story).await;
    let (progress, done) = (json!({"status": "IN_PROGRESS"}), json!({"status": "COMPLETED"}));
    story.report(id, "m1", &progress).await.expect(200);
    let again = story.report(id, "m1", &progress).await.expect(200);
    assert_eq!(again, json!({"id": id, "status": "IN_PROGRESS", "outcome": "DUPLICATE"}));
    story.report(id, "m1", &done).await.refused(409, "WEBHOOK_ID_REUSED");
    story.report(id, "m2", &done).await.expect(200);
    let before = story.request(id).await;
    for webhook_id in ["m2", "m3"] {
        let again = story.report(id, webhook_id, &done).await.expect(200);
        assert_eq!(again["outcome"], "DUPLICATE");
    }
    assert_eq!(story.request(id).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contradiction_is_409_and_kept() {
    let story = Story::begin().await;
    let id = sent(&story).await;
    story.report(id, "m1", &json!({"status": "COMPLETED"})).await.expect(200);
    let late = json!({"status": "FAILED", "comments": "too late"});
    for _ in 0..2 {
        let reply = story.report(id, "m2", &late).await;
        reply.refused(409, "STATUS_CONFLICT");
        assert_eq!(reply.json["state"], "COMPLETED");
    }
    let request = story.request(id).await;
    assert_eq!(request["status"], "COMPLETED");
    assert_eq!(request["version"], 3);
    let [conflict] = request["conflicts"].as_array().unwrap().as_slice() else {
        panic!("{request}")
    };
    assert_eq!(conflict["webhookId"], "m2");
    assert_eq!(conflict["status"], "FAILED");
    assert_eq!(conflict["against"], "COMPLETED");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authentic_callback_for_no_request_is_404_and_a_bad_body_400() {
    let story = Story::begin().await;
    let id = sent(&story).await;
    let body = json!({"status": "COMPLETED"});
    story.report(4711, "m1", &body).await.refused(404, "NOT_FOUND");
    let reply = story.report(id, "m2", &json!({"status": "REQUEST_SENT"})).await;
    reply.refused(400, "VALIDATION_FAILED");
    assert_eq!(reply.pointer(), "/status");
    story.report(id, "m3", &json!({})).await.refused(400, "VALIDATION_FAILED");
    let path = format!("/v1/callbacks/{}/provisioning-requests/{id}", story.method);
    let huge = Some(vec![b' '; 64 * 1024 + 1]);
    let reply = story.admin().with_key("").call(Method::POST, &path, &[], huge).await;
    reply.refused(413, "BODY_TOO_LARGE");
    let shown = story.request(id).await;
    assert_eq!(shown["status"], "REQUEST_SENT");
    // What was authentic is noted with its reason, so that nobody wonders where a report went.
    let noted = shown["conflicts"].as_array().unwrap();
    assert_eq!(noted.len(), 2);
    let must = "/status must be IN_PROGRESS, COMPLETED or FAILED";
    assert_eq!((&noted[0]["status"], &noted[0]["reason"]), (&json!(null), &json!(must)));
    let path = format!("/v1/provisioning-requests/{id}/explain");
    let told = story.admin().get(&path).await.expect(200).to_string();
    assert!(told.contains("reported something that cannot be read"), "{told}");
}

/// A report that said what was known is known when it comes again, also where an operator has
/// taken back since what it said.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_known_is_no_news_when_it_comes_again() {
    let story = Story::begin().await;
    let id = sent(&story).await;
    let said = async |webhook_id: &str| {
        let reply = story.report(id, webhook_id, &json!({"status": "COMPLETED"})).await;
        reply.expect(200)["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!((said("m1").await.as_str(), said("m2").await.as_str()), ("ACCEPTED", "DUPLICATE"));
    let body = json!({"status": "IN_PROGRESS", "comments": "There is no pod."});
    let path = format!("/v1/provisioning-requests/{id}");
    story.admin().post(&format!("{path}/status"), &body).await.expect(200);
    assert_eq!((said("m2").await.as_str(), said("m1").await.as_str()), ("DUPLICATE", "DUPLICATE"));
    assert_eq!(story.request(id).await["status"], "IN_PROGRESS");
    assert_eq!((said("m3").await.as_str(), said("m2").await.as_str()), ("ACCEPTED", "DUPLICATE"));
    let told = story.admin().get(&format!("{path}/explain")).await.expect(200);
    let moments = told["timeline"].as_array().unwrap().iter();
    let accepted = moments.filter(|moment| moment["kind"] == "CALLBACK");
    let ids: Vec<&str> = accepted.map(|moment| moment["webhookId"].as_str().unwrap()).collect();
    assert_eq!(ids, ["m1", "m3"], "{told:#}");
}

/// The first reference number is kept, also when it comes with a second completion.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_completion_brings_the_first_reference_number() {
    let story = Story::begin().await;
    let id = sent(&story).await;
    let said = async |webhook_id: &str, number: Option<&str>| {
        let body = json!({"status": "COMPLETED", "referenceNumber": number});
        let reply = story.report(id, webhook_id, &body).await.expect(200);
        (reply["outcome"].clone(), story.request(id).await["referenceNumber"].clone())
    };
    assert_eq!(said("m1", None).await, (json!("ACCEPTED"), Value::Null));
    assert_eq!(said("m2", Some("R-1")).await, (json!("DUPLICATE"), json!("R-1")));
    assert_eq!(said("m3", Some("R-2")).await, (json!("DUPLICATE"), json!("R-1")));
}

/// The main fact of a report is its status: no text beside it can lose it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_beside_the_status_is_cut_and_never_refused() {
    let story = Story::begin().await;
    let id = sent(&story).await;
    let body = json!({"status": "FAILED", "errorCode": 17, "errorDescription": "x".repeat(1_014),
        "comments": "y".repeat(5_000), "referenceNumber": {"a": [1]}});
    story.report(id, "m1", &body).await.expect(200);
    let failed = story.request(id).await;
    let cut = |c: &str| format!("{}…", c.repeat(499));
    let told = ["status", "errorCode", "errorDescription", "comments", "referenceNumber"];
    let told = told.map(|member| failed[member].clone());
    assert_eq!(json!(told), json!(["FAILED", "17", cut("x"), cut("y"), "{\"a\":[1]}"]));
}

/// The same signed bytes are no report of another request.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_one_request_is_no_report_of_another() {
    let story = Story::begin().await;
    let (one, other) = (sent(&story).await, sent(&story).await);
    let stolen = json!({"status": "COMPLETED", "id": one});
    story.report(other, "m1", &stolen).await.refused(409, "STATUS_CONFLICT");
    let nameless = json!({"status": "COMPLETED", "id": null});
    let refused = story.report(other, "m2", &nameless).await;
    refused.refused(400, "VALIDATION_FAILED");
    assert_eq!(refused.pointer(), "/id");
    assert_eq!(story.request(other).await["status"], "REQUEST_SENT");
    story.report(one, "m1", &stolen).await.expect(200);
    // A provider that cannot name it must be let in by its method.
    let path = format!("/v1/methods/{}", story.method);
    let shown = story.admin().get(&path).await.expect(200);
    assert_eq!(shown["callbackId"], "REQUIRED");
    let body = json!({"name": shown["name"], "endpointUrl": shown["endpointUrl"],
        "callbackId": "OPTIONAL"});
    story.admin().put(&path, &body).await.expect(200);
    story.report(other, "m3", &nameless).await.expect(200);
    let body = json!({"name": shown["name"], "endpointUrl": shown["endpointUrl"]});
    let kept = story.admin().put(&path, &body).await.expect(200);
    assert_eq!(kept["callbackId"], "OPTIONAL", "what is not said stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_keeps_the_providers_reason() {
    let story = Story::begin().await;
    let id = sent(&story).await;
    let body = json!({"status": "FAILED", "errorCode": "E42", "errorDescription": "No rack."});
    story.report(id, "m1", &body).await.expect(200);
    let failed = story.request(id).await;
    assert_eq!(
        (&failed["errorCode"], &failed["errorDescription"]),
        (&json!("E42"), &json!("No rack."))
    );
    let other = sent(&story).await;
    story.report(other, "m1", &json!({"status": "Failed"})).await.expect(200);
    assert_eq!(story.request(other).await["errorCode"], "UNSPECIFIED");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_generation_may_only_report_success() {
    let story = Story::begin().await;
    story.provider.answer(&[(400, "no"), (202, "{}")]);
    let id = story.activate(1).await;
    story.until_status(id, "FAILED").await;
    let retry = format!("/v1/provisioning-requests/{id}/retry");
    story.admin().post(&retry, &json!({})).await.expect(200);
    story.until_status(id, "REQUEST_SENT").await;
    let now = SystemClock.now();
    let report = async |webhook_id: &str, status: &str, query: &str| {
        let body = json!({"status": status});
        story.report_with(id, webhook_id, &body, now, &story.secret, query).await
    };
    report("m1", "FAILED", "?generation=1").await.refused(409, "STATUS_CONFLICT");
    report("m2", "COMPLETED", "?generation=3").await.refused(409, "STATUS_CONFLICT");
    report("m3", "COMPLETED", "?generation=x").await.refused(400, "VALIDATION_FAILED");
    report("m4", "COMPLETED", "?generation=1").await.expect(200);
    assert_eq!(story.request(id).await["status"], "COMPLETED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_response_is_shown_whole() {
    let story = Story::begin().await;
    let id = sent(&story).await;
    let response = json!({"log": "x".repeat(5000)});
    story.report(id, "m1", &json!({"status": "COMPLETED", "response": response})).await.expect(200);
    assert_eq!(story.request(id).await["response"], json!(response.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_overtakes_the_answer_counts() {
    let story = Story::begin().await;
    story.provider.answer(&[(503, "busy")]);
    let method = format!("/v1/methods/{}", story.method);
    let body = json!({"name": "Pod farm", "endpointUrl": story.provider.url,
        "retryLadder": ["PT0S", "PT1H"]});
    story.admin().put(&method, &body).await.expect(200);
    let id = story.activate(1).await;
    harness::until("the retry", || async {
        (story.request(id).await["version"] == 2).then_some(())
    })
    .await;
    let waiting = story.request(id).await;
    assert_eq!(
        (&waiting["status"], &waiting["delivery"]),
        (&json!("REQUEST_QUEUED"), &json!("MAYBE"))
    );
    story.report(id, "m1", &json!({"status": "COMPLETED"})).await.expect(200);
    let done = story.request(id).await;
    assert_eq!(done["status"], "COMPLETED");
    assert_eq!(done["nextAttemptAt"], json!(null), "the pending retry is cancelled");
}
