//! Taking back overtakes nothing: what a provider may still be providing, or provides late, is
//! taken back after it.

use domain::ids::Id;
use domain::limits::TIMEOUT_DEFAULT;
use domain::time::Time;
use edge::ports::{Clock, SystemClock};
use harness::Story;
use harness::story::id;
use reqwest::Method;
use serde_json::json;
use store::keys;
use store::port::{Condition, Write};

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

    // What the provider calls its failure is its own word, also where we have the same one.
    for code in ["CANCELLED", "OPERATOR", "CALLBACK_TIMEOUT"] {
        let (at, first) = pending().await;
        let said = json!({"status": "FAILED", "errorCode": code, "errorDescription": "No."});
        story.report(first, "a", &said).await.expect(200);
        assert_eq!(admin.get(&at).await.expect(200)["state"], "REVOKED", "{code}");
        assert_eq!(requests(&at).await.len(), 1, "{code}: nothing is there");
        let shown = story.request(first).await;
        assert_eq!((&shown["errorCode"], &shown["errorBy"]), (&json!(code), &json!("PROVIDER")));
    }

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

    // A comment brings nothing to rest, and changes nothing but itself.
    for request in [first, back, again] {
        let path = format!("/v1/provisioning-requests/{request}");
        let body = json!({"comments": "Seen."}).to_string().into_bytes();
        let headers = [("if-match", "*")];
        admin.call(Method::PATCH, &path, &headers, Some(body)).await.expect(200);
        assert_eq!(count().await, (json!("REVOKED"), 3), "{request}");
    }
}

/// A COMPLETED of what FAILED contradicts, and is news once, however often it comes and whatever
/// comes between: before the revocation it is known then, after it something is taken back.
#[tokio::test(flavor = "multi_thread")]
async fn what_failed_and_was_provided_after_all_is_taken_back_once() {
    let story = Story::begin().await;
    let admin = story.admin();
    with_deprovisioning(&story).await;
    let (_, pk_id) = sell(&story, 9, |_| {}).await;
    let (done, failed) = (json!({"status": "COMPLETED"}), json!({"status": "FAILED"}));
    let made = async || {
        let body = json!({"pkId": pk_id, "activationQuantity": 1});
        let made = activate(admin, body).await.expect(201);
        let first = id(&made["provisioningRequests"][0]);
        story.until_status(first, "REQUEST_SENT").await;
        story.report(first, "f", &failed).await.expect(200);
        (path_of(&made), first)
    };
    let count = async |at: &str| {
        let shown = admin.get(at).await.expect(200);
        shown["provisioningRequests"].as_array().unwrap().len()
    };
    let (at, first) = made().await;
    story.report(first, "c", &done).await.refused(409, "STATUS_CONFLICT");
    let shown = revoke(admin, &at, json!({})).await.expect(200);
    assert_eq!((&shown["state"], count(&at).await), (&json!("REVOCATION_PENDING"), 2));

    let (at, first) = made().await;
    assert_eq!(revoke(admin, &at, json!({})).await.expect(200)["state"], "REVOKED");
    // What speaks of another request, or of no generation of this one, says nothing of it.
    for (query, of) in [("", first + 1), ("?generation=2", first)] {
        let body = json!({"status": "COMPLETED", "id": of});
        let (now, secret) = (SystemClock.now(), &story.secret);
        let reply = story.report_with(first, "x", &body, now, secret, query).await;
        reply.refused(409, "STATUS_CONFLICT");
        assert_eq!(count(&at).await, 1, "{body}");
    }
    story.report(first, "c", &done).await.refused(409, "STATUS_CONFLICT");
    assert_eq!(count(&at).await, 2);
    for number in 0..20 {
        let busy = json!({"status": "IN_PROGRESS"});
        story.report(first, &format!("b{number}"), &busy).await.refused(409, "STATUS_CONFLICT");
    }
    story.report(first, "c", &done).await.refused(409, "STATUS_CONFLICT");
    assert_eq!(count(&at).await, 2, "it was known");
}

/// What an operator says of a request that takes back, or of what it took back.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_corrects_what_was_taken_back() {
    let story = Story::begin().await;
    let admin = story.admin();
    with_deprovisioning(&story).await;
    let body = json!({"pkId": story.pk_id, "activationQuantity": 1});
    let made = activate(admin, body).await.expect(201);
    let (at, first) = (path_of(&made), id(&made["provisioningRequests"][0]));
    story.until_status(first, "REQUEST_SENT").await;
    let done = json!({"status": "COMPLETED"});
    story.report(first, "a", &done).await.expect(200);
    let shown = revoke(admin, &at, json!({})).await.expect(200);
    let back = id(&shown["provisioningRequests"][1]);
    story.until_status(back, "REQUEST_SENT").await;
    let set = async |request: u64, status: &str| {
        let path = format!("/v1/provisioning-requests/{request}/status");
        let body = json!({"status": status, "comments": "By hand."});
        admin.post(&path, &body).await.expect(200);
        let shown = admin.get(&at).await.expect(200);
        (shown["state"].clone(), shown["provisioningRequests"].as_array().unwrap().len())
    };
    let (pending, revoked) = (json!("REVOCATION_PENDING"), json!("REVOKED"));
    // It is provided once more while it is taken back: that is taken back after it. The plan that
    // takes back is gone by then: the request fails, and an operator decides.
    assert_eq!(set(first, "IN_PROGRESS").await, (pending.clone(), 2));
    assert_eq!(set(first, "COMPLETED").await, (pending.clone(), 2));
    let body = json!({"planId": story.plan, "methodId": story.method});
    let path = format!("/v1/products/{}/association", story.product);
    admin.put(&path, &body).await.expect(200);
    assert_eq!(set(back, "COMPLETED").await, (pending.clone(), 3));
    let shown = admin.get(&at).await.expect(200);
    let last = id(&shown["provisioningRequests"][2]);
    assert_eq!(story.request(last).await["errorCode"], "PLAN_MISSING");
    // The first one did not take back after all: it is waited for again.
    assert_eq!(set(back, "FAILED").await, (pending.clone(), 3));
    assert_eq!(set(last, "COMPLETED").await, (pending, 3));
    assert_eq!(set(back, "COMPLETED").await, (revoked.clone(), 3));
    // That what was taken back had failed takes back nothing.
    assert_eq!(set(first, "FAILED").await, (revoked, 3));
}

/// An attempt that an operator's word overtook may still be under way: what takes back waits for
/// its end.
#[tokio::test(flavor = "multi_thread")]
async fn what_takes_back_waits_for_an_attempt_under_way() {
    let story = Story::begin().await;
    let admin = story.admin();
    with_deprovisioning(&story).await;
    story.provider.hold();
    let body = json!({"pkId": story.pk_id, "activationQuantity": 1});
    let made = activate(admin, body).await.expect(201);
    let (at, first) = (path_of(&made), id(&made["provisioningRequests"][0]));
    story.provider.nth(1).await;
    let set = format!("/v1/provisioning-requests/{first}/status");
    admin.post(&set, &json!({"status": "FAILED", "comments": "By hand."})).await.expect(200);
    let shown = revoke(admin, &at, json!({})).await.expect(200);
    let back = story.request(id(&shown["provisioningRequests"][1])).await;
    let first = story.request(first).await;
    let (begun, due): (Time, Time) = (
        serde_json::from_value(first["executedDate"].clone()).unwrap(),
        serde_json::from_value(back["nextAttemptAt"].clone()).unwrap(),
    );
    assert!(due > begun.after(TIMEOUT_DEFAULT), "{begun:?} {due:?}");
    story.provider.release();
}

/// The entitlement was deleted at the moment at which a report came: nothing is left to credit,
/// and the report counts all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_counts_although_its_entitlement_is_gone() {
    let story = Story::begin().await;
    let admin = story.admin();
    let (sold, pk_id) = sell(&story, 9, |_| {}).await;
    let body = json!({"pkId": pk_id, "activationQuantity": 1});
    let made = activate(admin, body).await.expect(201);
    let request = id(&made["provisioningRequests"][0]);
    story.until_status(request, "REQUEST_SENT").await;
    revoke(admin, &path_of(&made), json!({})).await.expect(200);

    let sold = id(&admin.get(&sold).await.expect(200));
    let row = keys::entitlement(Id::FIRST_TENANT, sold.to_string().parse().unwrap());
    let gone = [Write::Delete(row, Condition::Free)];
    story.service.running.app.store.write(&gone).await.unwrap();

    let done = json!({"status": "COMPLETED"});
    story.report(request, "a", &done).await.expect(200);
    assert_eq!(story.request(request).await["status"], "COMPLETED");
}
