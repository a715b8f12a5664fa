//! Taking back overtakes nothing: what a provider may still be providing, or provides late, is
//! taken back after it.

use harness::Story;
use harness::story::id;
use serde_json::json;

use crate::revoking::{activate, path_of, revoke, sell, with_deprovisioning};

/// No request takes back while the provider may still be providing: whatever brings the first one
/// to rest makes the second one, or ends the revocation.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_still_being_provided_is_taken_back_afterwards() {
    let story = Story::begin().await;
    let admin = story.admin();
    with_deprovisioning(&story).await;
    let (_, pk_id) = sell(&story, 9, |_| {}).await;
    let pending = async || {
        let body = json!({"pkId": pk_id, "activationQuantity": 1});
        let made = activate(admin, body).await.expect(201);
        let first = id(&made["provisioningRequests"][0]);
        story.until_status(first, "REQUEST_SENT").await;
        let shown = revoke(admin, &path_of(&made), json!({})).await.expect(200);
        assert_eq!(shown["state"], "REVOCATION_PENDING");
        assert_eq!(shown["provisioningRequests"].as_array().unwrap().len(), 1, "none yet");
        (path_of(&made), first)
    };
    let requests = async |at: &str| {
        let shown = admin.get(at).await.expect(200);
        shown["provisioningRequests"].as_array().unwrap().clone()
    };
    let (done, failed) = (json!({"status": "COMPLETED"}), json!({"status": "FAILED"}));

    let (at, first) = pending().await;
    story.report(first, "a", &done).await.expect(200);
    let back = id(&requests(&at).await[1]);
    story.until_status(back, "REQUEST_SENT").await;
    story.report(back, "b", &done).await.expect(200);
    assert_eq!(admin.get(&at).await.expect(200)["state"], "REVOKED");

    let (at, first) = pending().await;
    story.report(first, "a", &failed).await.expect(200);
    assert_eq!(admin.get(&at).await.expect(200)["state"], "REVOKED", "nothing is there");
    let retry = admin.post(&format!("/v1/provisioning-requests/{first}/retry"), &json!({})).await;
    retry.refused(409, "ILLEGAL_TRANSITION");
    assert_eq!(retry.json["allowedActions"], json!(["UPDATE_STATUS"]));

    // By an operator; and by him what nobody knows is taken back, too.
    for (status, count) in [("COMPLETED", 2), ("FAILED", 2)] {
        let (at, first) = pending().await;
        let set = format!("/v1/provisioning-requests/{first}/status");
        admin.post(&set, &json!({"status": status})).await.expect(200);
        assert_eq!(requests(&at).await.len(), count, "{status}");
    }

    // Not waited for: what then turns out to be there is taken back all the same.
    let (at, first) = pending().await;
    let body = json!({"immediately": true, "comments": "Now."});
    assert_eq!(revoke(admin, &at, body).await.expect(200)["state"], "REVOKED");
    story.report(first, "a", &done).await.expect(200);
    let all = requests(&at).await;
    assert_eq!((all.len(), &all[1]["type"]), (2, &json!("DEPROVISION")));
    let back = id(&all[1]);
    story.until_status(back, "REQUEST_SENT").await;
    story.report(back, "b", &done).await.expect(200);
    let key = admin.get(&format!("/v1/product-keys/{pk_id}")).await.expect(200);
    assert_eq!(key["availableQuantity"], 9 - 2, "two still wait; none is credited twice");
}

/// A late COMPLETED of what could not be sent for sure: it was provided after it was taken back.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_provided_after_it_was_taken_back_is_taken_back_again() {
    let story = Story::begin().await;
    let admin = story.admin();
    with_deprovisioning(&story).await;
    story.provider.answer(&[(500, "a"), (500, "b"), (500, "c")]);
    let body = json!({"pkId": story.pk_id, "activationQuantity": 1});
    let made = activate(admin, body).await.expect(201);
    let (at, first) = (path_of(&made), id(&made["provisioningRequests"][0]));
    story.until_status(first, "DISPATCH_FAILED").await;
    let shown = revoke(admin, &at, json!({})).await.expect(200);
    let back = id(&shown["provisioningRequests"][1]);
    story.until_status(back, "REQUEST_SENT").await;
    let done = json!({"status": "COMPLETED"});
    story.report(first, "late", &done).await.expect(200);
    let count = async || {
        let shown = admin.get(&at).await.expect(200);
        (shown["state"].clone(), shown["provisioningRequests"].as_array().unwrap().len())
    };
    assert_eq!(count().await, (json!("REVOCATION_PENDING"), 2), "one at a time");
    story.report(back, "b", &done).await.expect(200);
    assert_eq!(count().await, (json!("REVOCATION_PENDING"), 3));
    let shown = admin.get(&at).await.expect(200);
    let again = id(&shown["provisioningRequests"][2]);
    story.until_status(again, "REQUEST_SENT").await;
    story.report(again, "c", &done).await.expect(200);
    assert_eq!(count().await, (json!("REVOKED"), 3));
}
