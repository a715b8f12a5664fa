//! Why a request is where it is: the whole story of a failed one, by the API.

use edge::ports::{Clock, SystemClock};
use harness::Story;
use harness::story::webhook_id;
use serde_json::{Value, json};

fn kinds(explained: &Value) -> Vec<String> {
    let kind = |moment: &Value| moment["kind"].as_str().unwrap().to_owned();
    explained["timeline"].as_array().unwrap().iter().map(kind).collect()
}

fn of_kind<'a>(explained: &'a Value, kind: &str) -> Vec<&'a Value> {
    explained["timeline"].as_array().unwrap().iter().filter(|m| m["kind"] == kind).collect()
}

async fn explain(story: &Story, id: u64) -> Value {
    story.admin().get(&format!("/v1/provisioning-requests/{id}/explain")).await.expect(200)
}

/// A ladder of two attempts of one second each, both of which time out; then a plan is edited, the
/// request retried, reported to have failed, once more, and to have been completed.
async fn failed(story: &Story) -> u64 {
    let admin = story.admin();
    let path = format!("/v1/methods/{}", story.method);
    let body = json!({"name": "Slow farm", "type": "CALLOUT", "endpointUrl": story.provider.url,
        "timeout": "PT1S", "retryLadder": ["PT0S", "PT0.02S"]});
    admin.put(&path, &body).await.expect(200);
    story.provider.hold();
    let id = story.activate(3).await;
    story.until_status(id, "DISPATCH_FAILED").await;
    story.provider.release();
    let path = format!("/v1/plans/{}", story.plan);
    let body = json!({"name": "Pods", "definition": {"pods": "6"}});
    admin.put(&path, &body).await.expect(200);
    let path = format!("/v1/provisioning-requests/{id}");
    admin.post(&format!("{path}/retry"), &json!({})).await.expect(200);
    story.until_status(id, "REQUEST_SENT").await;
    let broken = json!({"status": "FAILED", "errorCode": "E-7", "errorDescription": "No room."});
    for _ in 0..2 {
        story.report(id, &webhook_id("broken"), &broken).await.expect(200);
    }
    let done = json!({"status": "COMPLETED", "comments": "Or is it?"});
    story.report(id, &webhook_id("done"), &done).await.refused(409, "STATUS_CONFLICT");
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_request_is_explained_in_full() {
    let story = Story::begin().await;
    let id = failed(&story).await;
    let told = explain(&story, id).await;
    let expected = [
        "CREATED",
        "RENDERED",
        "ATTEMPT",
        "MOVED",
        "ATTEMPT",
        "MOVED",
        "ACT",
        "RENDERED",
        "ATTEMPT",
        "MOVED",
        "CALLBACK",
        "REPEATED_CALLBACK",
        "CONFLICTING_CALLBACK",
    ];
    assert_eq!(kinds(&told), expected, "{told:#}");
    assert_eq!((&told["id"], &told["status"]), (&json!(id), &json!("FAILED")));
    assert_eq!(told["why"], "It failed: the provider said E-7. No room.");

    let request = story.request(id).await;
    let created = of_kind(&told, "CREATED")[0];
    assert!(created["summary"].as_str().unwrap().contains(request["aid"].as_str().unwrap()));
    assert_eq!(created["by"]["name"], "Administrator");
    let rendered = of_kind(&told, "RENDERED");
    let versions: Vec<&Value> = rendered.iter().map(|moment| &moment["plan"]["version"]).collect();
    assert_eq!(versions, [&json!(1), &json!(2)], "the edited plan was read by the retry");
    for moment in &rendered {
        assert_eq!(moment["method"]["version"], 2);
        assert_eq!(moment["documentHash"].as_str().unwrap().len(), 64);
        assert_eq!(moment["payloadSha256"].as_str().unwrap().len(), 64);
    }
    assert_eq!(rendered[1]["payload"], r#"{"pods":"6"}"#);
    assert_eq!(rendered[1]["payload"], request["payload"]);
    let sent = story.provider.sent();
    assert_eq!(rendered[0]["payload"], json!(sent[0].body));

    let attempts = of_kind(&told, "ATTEMPT");
    for attempt in &attempts[..2] {
        assert_eq!(attempt["outcome"], "RETRYABLE");
        assert!(attempt["error"].as_str().unwrap().starts_with("DISPATCH_TIMEOUT"), "{attempt}");
        assert!(attempt["latencyMs"].as_i64().unwrap() >= 1000, "{attempt}");
    }
    assert_eq!((&attempts[2]["httpStatus"], &attempts[2]["outcome"]), (&json!(202), &json!("OK")));
    let retried = of_kind(&told, "ACT")[0];
    assert_eq!((&retried["row"], &retried["by"]["name"]), (&json!("P18"), &json!("Administrator")));
    assert!(
        retried["note"].as_str().unwrap().starts_with("Generation 1 ended with DISPATCH_TIMEOUT")
    );
    for (kind, name) in
        [("CALLBACK", "broken"), ("REPEATED_CALLBACK", "broken"), ("CONFLICTING_CALLBACK", "done")]
    {
        assert_eq!(of_kind(&told, kind)[0]["webhookId"], webhook_id(name));
    }
    assert_eq!(of_kind(&told, "CONFLICTING_CALLBACK")[0]["note"], "Or is it?");
    assert_eq!(told["next"]["what"], "NOTHING");
    let actions: Vec<(&Value, &Value)> = told["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (&line["action"], &line["allowed"]))
        .collect();
    let yes_no = [("UPDATE_STATUS", true), ("RETRY", true), ("CANCEL", false)];
    for ((action, allowed), (name, yes)) in actions.iter().zip(yes_no) {
        assert_eq!((*action, *allowed), (&json!(name), &json!(yes)));
    }
    assert_eq!(told["actions"][2]["why"], "It needs Request Queued; the request is Failed.");
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_and_the_next_step_are_told() {
    let story = Story::begin().await;
    let id = story.activate(1).await;
    story.until_status(id, "REQUEST_SENT").await;
    let path = format!("/v1/provisioning-requests/{id}");
    let body = json!({"comments": "Ask Ana."}).to_string().into_bytes();
    let headers = [("if-match", "*"), ("audit-reason", "Called by the customer")];
    story.admin().call(reqwest::Method::PATCH, &path, &headers, Some(body)).await.expect(200);
    let told = explain(&story, id).await;
    let said = of_kind(&told, "ACT")[0];
    assert_eq!(said["summary"], "commentRequest: comments from null to \"Ask Ana.\".");
    assert_eq!(said["note"], "Called by the customer");
    assert_eq!(told["next"]["what"], "CALLBACK");
    assert_eq!(told["next"]["at"], story.request(id).await["deadline"]);
    let why = told["actions"][1]["why"].as_str().unwrap();
    assert_eq!(why, "It needs Dispatch Failed or Failed; the request is Request Sent.");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_look_is_told_what_is_missing() {
    let story = Story::begin().await;
    let id = story.activate(1).await;
    story.until_status(id, "REQUEST_SENT").await;
    let role = json!({"name": "Viewer", "permissions": [{"area": "activation", "acts": ["view"]}]});
    let role = story.admin().post("/v1/roles", &role).await.expect(201);
    let body = json!({"name": "Viewer", "roleId": role["id"]});
    let key = story.admin().post("/v1/api-keys", &body).await.expect(201);
    let viewer = story.admin().with_key(key["secret"].as_str().unwrap());
    let path = format!("/v1/provisioning-requests/{id}/explain");
    let told = viewer.get(&path).await.expect(200);
    assert_eq!(told["actions"][0]["allowed"], false);
    let why = "The key's role lacks entitlement.view and entitlement.edit.";
    assert_eq!(told["actions"][0]["why"], why);
}

/// Whatever else an operator does, and however often: comments are told, and who acted long ago.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_behind_many_acts() {
    let story = Story::begin().await;
    let id = story.activate(1).await;
    story.until_status(id, "REQUEST_SENT").await;
    let path = format!("/v1/provisioning-requests/{id}");
    let body = Some(b"{\"comments\": \"Early.\"}".to_vec());
    let headers = [("if-match", "*")];
    story.admin().call(reqwest::Method::PATCH, &path, &headers, body).await.expect(200);
    for n in 0..101 {
        let status = if n % 2 == 0 { "FAILED" } else { "IN_PROGRESS" };
        story.admin().post(&format!("{path}/status"), &json!({"status": status})).await.expect(200);
    }
    let told = explain(&story, id).await;
    let acts = of_kind(&told, "ACT");
    assert_eq!(acts.len(), 102);
    assert_eq!(acts[0]["summary"], "commentRequest: comments from null to \"Early.\".");
    assert!(acts.iter().all(|act| act["by"]["name"] == "Administrator"));
}

/// The history does not say of which generation a callback spoke: none is made up.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_callback_is_not_told_as_one_of_the_present_generation() {
    let story = Story::begin().await;
    story.provider.answer(&[(400, "no")]);
    let id = story.activate(1).await;
    story.until_status(id, "FAILED").await;
    let path = format!("/v1/provisioning-requests/{id}/retry");
    story.admin().post(&path, &json!({})).await.expect(200);
    story.until_status(id, "REQUEST_SENT").await;
    let (now, done) = (SystemClock.now(), json!({"status": "COMPLETED"}));
    let query = "?generation=1";
    story.report_with(id, "late", &done, now, &story.secret, query).await.expect(200);
    let told = explain(&story, id).await;
    let late = of_kind(&told, "CALLBACK")[0];
    assert_eq!((&late["webhookId"], &late["generation"]), (&json!("late"), &Value::Null));
}
