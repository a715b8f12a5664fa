//! Many failed requests, retried by filter, page by page.

use harness::Story;
use harness::story::id;
use serde_json::{Value, json};

/// So many requests that the provider refused.
async fn refused(story: &Story, many: usize) -> Vec<u64> {
    story.provider.answer(&vec![(400, "{}"); many]);
    let mut ids = Vec::new();
    for _ in 0..many {
        ids.push(story.activate(1).await);
    }
    for id in &ids {
        story.until_status(*id, "FAILED").await;
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_failed_are_retried_page_by_page() {
    let story = Story::begin().await;
    let failed = refused(&story, 5).await;
    let fine = story.activate(1).await;
    story.until_status(fine, "REQUEST_SENT").await;
    let (mut retried, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/provisioning-requests/retry?limit=2{cursor}");
        let page = story.admin().post(&path, &json!({})).await.expect(200);
        for line in page["data"].as_array().unwrap() {
            assert_eq!(line["status"], 200, "{line}");
            assert_eq!(line["provisioningRequest"]["id"], line["id"]);
            retried.push(id(line));
        }
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    retried.sort_unstable();
    assert_eq!(retried, failed);
    for id in failed {
        assert_eq!(story.until_status(id, "REQUEST_SENT").await["generation"], 2);
    }
    assert_eq!(story.request(fine).await["generation"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_choose_and_what_cannot_be_is_reported() {
    let story = Story::begin().await;
    let failed = refused(&story, 3).await;
    let admin = story.admin();
    let row = story.request(failed[0]).await;
    let path = format!("/v1/activations/{}/revoke", row["aid"].as_str().unwrap());
    admin.post(&path, &json!({})).await.expect(200);
    let retry = "/v1/provisioning-requests/retry";
    let none = admin.post(&format!("{retry}?methodId=97"), &json!({})).await.expect(200);
    assert_eq!(none, json!({"data": [], "nextCursor": null, "unreadable": []}));
    admin.post(&format!("{retry}?status=NO"), &json!({})).await.refused(400, "VALIDATION_FAILED");
    let key = [("idempotency-key", "once")];
    let path = format!("{retry}?methodId={}&status=FAILED&order=asc", story.method);
    let first = admin.post_with(&path, &key, &json!({})).await;
    let done = first.json["data"].as_array().unwrap();
    let statuses: Vec<&Value> = done.iter().map(|line| &line["status"]).collect();
    assert_eq!(statuses, [&json!(409), &json!(200), &json!(200)]);
    assert_eq!(done[0]["id"], failed[0]);
    assert_eq!(done[0]["problem"]["code"], "ILLEGAL_TRANSITION");
    let again = admin.post_with(&path, &key, &json!({})).await;
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("idempotent-replayed"), "true");
    let other = admin.post_with(retry, &key, &json!({})).await;
    other.refused(422, "IDEMPOTENCY_KEY_REUSED");
}

/// What was done is not found again; a repeated call has the same parts all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_broke_off_is_repeated_for_the_same_requests() {
    let story = Story::begin().await;
    let failed = refused(&story, 4).await;
    let app = &story.service.running.app;
    let path = "/v1/provisioning-requests/retry?limit=2&order=asc";
    let key = [("idempotency-key", "broken")];
    let first = story.admin().post_with(path, &key, &json!({})).await.expect(200);
    // The answer of the whole call is gone, as after a death in the middle; its parts are not.
    let tenant = domain::ids::Id::FIRST_TENANT;
    let name = "POST /v1/provisioning-requests/retry broken";
    let hash = domain::ids::sha256_hex(name.as_bytes());
    let whole = store::keys::idempotency(tenant, &hash);
    let free = store::port::Condition::Free;
    app.store.write(&[store::port::Write::Delete(whole, free)]).await.unwrap();
    let again = story.admin().post_with(path, &key, &json!({})).await.expect(200);
    assert_eq!(again, first);
    for (number, id) in failed.iter().enumerate() {
        let generation = if number < 2 { 2 } else { 1 };
        assert_eq!(story.request(*id).await["generation"], generation);
    }
}
