//! Activations: how they are acknowledged, revoked and taken back, and many at once
//! (rows A2 to A6, N12 to N14). What they may take stands in `guards`.

use domain::limits::BULK;
use harness::story::{id, product};
use harness::{Client, Reply, Story, until};
use serde_json::{Value, json};

use crate::entitlements::body_of;

/// Sells so much of the story's product under one key, changed as `change` says.
pub(crate) async fn sell(
    story: &Story,
    quantity: u32,
    change: impl Fn(&mut Value),
) -> (String, String) {
    let mut body = body_of("PRODUCE", &json!({"productId": story.product}));
    body["entitlementItems"][0]["numActivationPerProductKey"] = quantity.into();
    change(&mut body);
    let made = story.admin().post("/v1/entitlements", &body).await.expect(201);
    let path = format!("/v1/entitlements/{}", made["eId"].as_str().unwrap());
    let keys = story.admin().get(&format!("{path}/product-keys")).await.expect(200);
    (path, keys["data"][0]["pkId"].as_str().unwrap().to_owned())
}

pub(crate) async fn activate(client: &Client, body: Value) -> Reply {
    client.post("/v1/activations", &body).await
}

pub(crate) fn path_of(activation: &Value) -> String {
    format!("/v1/activations/{}", activation["aid"].as_str().unwrap())
}

pub(crate) async fn revoke(client: &Client, path: &str, body: Value) -> Reply {
    client.post(&format!("{path}/revoke"), &body).await
}

fn asks(body: &mut Value) {
    body["entitlementItems"][0]["activationAttributes"] =
        json!([{"attributeName": "ACKNOWLEDGEMENT_REQUEST", "attributeValue": "true"}]);
}

/// The story's association, with a plan that takes back what was provisioned.
pub(crate) async fn with_deprovisioning(story: &Story) {
    let body = json!({"planId": story.plan, "methodId": story.method,
        "deprovisionPlanId": story.plan});
    let path = format!("/v1/products/{}/association", story.product);
    story.admin().put(&path, &body).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_acknowledgement_acknowledges_the_entitlement() {
    let story = Story::begin().await;
    let admin = story.admin();
    let (path, pk_id) = sell(&story, 3, asks).await;
    let mut made = Vec::new();
    for _ in 0..3 {
        let body = json!({"pkId": pk_id, "activationQuantity": 1});
        let one = activate(admin, body).await.expect(201);
        assert_eq!(one["allowedActions"], json!(["REVOKE", "ACKNOWLEDGE"]));
        made.push(path_of(&one));
    }
    assert_eq!(admin.get(&path).await.expect(200)["state"], "COMPLETED");
    for (i, activation) in made.iter().enumerate() {
        let at = format!("{activation}/acknowledge");
        let done = admin.post(&at, &json!({})).await.expect(200);
        assert_eq!(done["allowedActions"], json!(["REVOKE"]));
        let again = admin.post(&at, &json!({})).await;
        again.refused(409, "ILLEGAL_TRANSITION");
        assert_eq!(again.json["allowedActions"], json!(["REVOKE"]));
        let shown = admin.get(&path).await.expect(200);
        let wanted = if i == 2 { "ACKNOWLEDGED" } else { "COMPLETED" };
        assert_eq!((&shown["state"], &shown["unacknowledged"]), (&json!(wanted), &json!(2 - i)));
    }
    // N13: what is revoked is credited, and the entitlement is open again.
    let revoked = revoke(admin, &made[0], json!({"comments": "Sent back"})).await.expect(200);
    assert_eq!((&revoked["state"], &revoked["allowedActions"]), (&json!("REVOKED"), &json!([])));
    let shown = admin.get(&path).await.expect(200);
    assert_eq!((&shown["state"], &shown["activeActivations"]), (&json!("PRODUCED"), &json!(2)));
    let refused = admin.post(&format!("{}/acknowledge", made[0]), &json!({})).await;
    refused.refused(409, "ILLEGAL_TRANSITION");
    revoke(admin, &made[0], json!({})).await.refused(409, "ILLEGAL_TRANSITION");
    let body = json!({"pkId": pk_id, "activationQuantity": 1});
    let one = activate(admin, body).await.expect(201);
    assert_eq!(admin.get(&path).await.expect(200)["state"], "COMPLETED");
    admin.post(&format!("{}/acknowledge", path_of(&one)), &json!({})).await.expect(200);
    assert_eq!(admin.get(&path).await.expect(200)["state"], "ACKNOWLEDGED");
    // Nobody asked for one here.
    let plain = activate(admin, json!({"pkId": story.pk_id, "activationQuantity": 1})).await;
    let at = format!("{}/acknowledge", path_of(&plain.expect(201)));
    admin.post(&at, &json!({})).await.refused(409, "ILLEGAL_TRANSITION");
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_before_the_last_activation_it_is_acknowledged_with_it() {
    let story = Story::begin().await;
    let admin = story.admin();
    // The first item asks, the second does not: its activation is the last one.
    let (path, pk_id) = sell(&story, 1, |body| {
        let plain = body["entitlementItems"][0].clone();
        asks(body);
        body["entitlementItems"].as_array_mut().unwrap().push(plain);
    })
    .await;
    let one = activate(admin, json!({"pkId": pk_id, "activationQuantity": 1})).await.expect(201);
    admin.post(&format!("{}/acknowledge", path_of(&one)), &json!({})).await.expect(200);
    let keys = admin.get(&format!("{path}/product-keys")).await.expect(200);
    let body = json!({"pkId": keys["data"][1]["pkId"], "activationQuantity": 1});
    activate(admin, body).await.expect(201);
    let shown = admin.get(&path).await.expect(200);
    let rows: Vec<_> = shown["history"].as_array().unwrap().iter().map(|s| &s["row"]).collect();
    assert_eq!(json!(rows), json!(["N3", "N8", "N12", "N14"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_provisioned_is_taken_back_before_it_is_credited() {
    let story = Story::begin().await;
    let admin = story.admin();
    with_deprovisioning(&story).await;
    let (path, pk_id) = sell(&story, 4, |_| {}).await;
    let made = activate(admin, json!({"pkId": pk_id, "activationQuantity": 4})).await.expect(201);
    let first = id(&made["provisioningRequests"][0]);
    story.until_status(first, "REQUEST_SENT").await;
    story.report(first, "f1", &json!({"status": "COMPLETED"})).await.expect(200);
    let at = path_of(&made);
    let early = revoke(admin, &at, json!({"immediately": true, "comments": "Now"})).await;
    early.refused(409, "ILLEGAL_TRANSITION");
    let pending = revoke(admin, &at, json!({})).await.expect(200);
    assert_eq!(pending["state"], "REVOCATION_PENDING");
    assert_eq!(pending["allowedActions"], json!(["REVOKE"]));
    let back = &pending["provisioningRequests"][1];
    assert_eq!(back["type"], "DEPROVISION");
    let back = id(back);
    for act in ["revoke", "acknowledge"] {
        let refused = admin.post(&format!("{at}/{act}"), &json!({})).await;
        refused.refused(409, "ILLEGAL_TRANSITION");
        assert_eq!(refused.json["state"], "REVOCATION_PENDING");
    }
    assert_eq!(admin.get(&path).await.expect(200)["state"], "COMPLETED", "not credited yet");
    let request = story.until_status(back, "REQUEST_SENT").await;
    assert_eq!((&request["type"], &request["aid"]), (&json!("DEPROVISION"), &made["aid"]));
    // The provider fails, is asked again, and succeeds.
    story.report(back, "b1", &json!({"status": "FAILED"})).await.expect(200);
    assert_eq!(admin.get(&at).await.expect(200)["state"], "REVOCATION_PENDING");
    admin.post(&format!("/v1/provisioning-requests/{back}/retry"), &json!({})).await.expect(200);
    story.until_status(back, "REQUEST_SENT").await;
    story.report(back, "b2", &json!({"status": "COMPLETED"})).await.expect(200);
    let done = admin.get(&at).await.expect(200);
    assert_eq!(done["state"], "REVOKED");
    let rows: Vec<_> = done["history"].as_array().unwrap().iter().map(|s| &s["row"]).collect();
    assert_eq!(json!(rows), json!(["A1", "A4", "A5"]));
    let key = admin.get(&format!("/v1/product-keys/{pk_id}")).await.expect(200);
    assert_eq!(key["availableQuantity"], 4);
    assert_eq!(admin.get(&path).await.expect(200)["state"], "PRODUCED");
    story.report(back, "b3", &json!({"status": "COMPLETED"})).await.expect(200);
    let key = admin.get(&format!("/v1/product-keys/{pk_id}")).await.expect(200);
    assert_eq!(key["availableQuantity"], 4, "credited once");
}

/// Two products: both are taken back, in any order, by the provider or by an operator.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_product_taken_back_ends_the_revocation() {
    let story = Story::begin().await;
    let admin = story.admin();
    with_deprovisioning(&story).await;
    let other = product(admin, "Fax").await;
    let body = json!({"planId": story.plan, "methodId": story.method,
        "deprovisionPlanId": story.plan});
    admin.put(&format!("/v1/products/{other}/association"), &body).await.expect(200);
    let (_, pk_id) = sell(&story, 5, |body| {
        body["entitlementItems"][0]["itemProducts"] =
            json!([{"productId": story.product}, {"productId": other}]);
    })
    .await;
    let pending = async || {
        let body = json!({"pkId": pk_id, "activationQuantity": 1});
        let made = activate(admin, body).await.expect(201);
        let requests = made["provisioningRequests"].as_array().unwrap();
        assert_eq!(requests.len(), 2, "a request each");
        for request in requests.iter().map(id) {
            story.until_status(request, "REQUEST_SENT").await;
            story.report(request, "p", &json!({"status": "COMPLETED"})).await.expect(200);
        }
        let at = path_of(&made);
        let shown = revoke(admin, &at, json!({})).await.expect(200);
        let back = |i: usize| id(&shown["provisioningRequests"][i]);
        (at, back(2), back(3))
    };
    // Both at once: each sees the other's row, none is lost.
    let (at, one, two) = pending().await;
    story.until_status(one, "REQUEST_SENT").await;
    story.until_status(two, "REQUEST_SENT").await;
    let done = json!({"status": "COMPLETED"});
    let (a, b) = tokio::join!(story.report(one, "a", &done), story.report(two, "b", &done));
    assert_eq!((a.status, b.status), (200, 200));
    assert_eq!(admin.get(&at).await.expect(200)["state"], "REVOKED");
    // One by an operator; the other not waited for.
    let (at, one, _) = pending().await;
    let set = format!("/v1/provisioning-requests/{one}/status");
    admin.post(&set, &json!({"status": "COMPLETED"})).await.expect(200);
    assert_eq!(admin.get(&at).await.expect(200)["state"], "REVOCATION_PENDING");
    revoke(admin, &at, json!({"immediately": true})).await.refused(400, "COMMENT_REQUIRED");
    let body = json!({"immediately": true, "comments": "The provider is gone."});
    let now = revoke(admin, &at, body).await.expect(200);
    assert_eq!(now["state"], "REVOKED");
    assert_eq!(now["history"][2]["note"], "The provider is gone.");
    let key = admin.get(&format!("/v1/product-keys/{pk_id}")).await.expect(200);
    assert_eq!(key["availableQuantity"], 5);
}

/// Nothing reached the provider: what waits is cancelled, and there is nothing to take back.
/// What is taken back is named by the number that the provider gave it.
#[tokio::test(flavor = "multi_thread")]
async fn what_takes_back_has_the_reference_number_of_what_provided() {
    let story = Story::begin().await;
    let client = story.admin();
    let definition = json!({"number": "$.provisioningRequest.referenceNumber",
        "type": "$.provisioningRequest.type"});
    let body = json!({"name": "Back", "definition": definition});
    let back = id(&client.post("/v1/plans", &body).await.expect(201));
    let body = json!({"planId": story.plan, "methodId": story.method, "deprovisionPlanId": back});
    let path = format!("/v1/products/{}/association", story.product);
    client.put(&path, &body).await.expect(200);
    let body = json!({"pkId": story.pk_id, "activationQuantity": 1});
    let made = activate(client, body).await.expect(201);
    let request = id(&made["provisioningRequests"][0]);
    story.until_status(request, "REQUEST_SENT").await;
    let done = json!({"status": "COMPLETED", "referenceNumber": "POD-77"});
    story.report(request, "m1", &done).await.expect(200);
    revoke(client, &path_of(&made), json!({})).await.expect(200);
    let sent = story.provider.nth(2).await;
    assert_eq!(sent.body, r#"{"number":"POD-77","type":"DEPROVISION"}"#);
}

/// What a provider is working on stays, where no plan takes it back: that is told.
#[tokio::test(flavor = "multi_thread")]
async fn what_will_stay_is_told() {
    let story = Story::begin().await;
    let client = story.admin();
    let mut told = Vec::new();
    for status in ["REQUEST_SENT", "COMPLETED"] {
        let body = json!({"pkId": story.pk_id, "activationQuantity": 1});
        let made = activate(client, body).await.expect(201);
        let request = harness::story::id(&made["provisioningRequests"][0]);
        story.until_status(request, "REQUEST_SENT").await;
        if status == "COMPLETED" {
            story.report(request, status, &json!({"status": status})).await.expect(200);
        }
        let revoked = revoke(client, &path_of(&made), json!({})).await.expect(200);
        told.push(revoked["warnings"].clone());
        assert_eq!(revoked["history"][0]["byName"], revoked["history"][1]["byName"]);
        assert!(revoked["history"][0]["byName"].is_string(), "{revoked}");
    }
    assert_eq!(told[0][0]["code"], "NOT_TAKEN_BACK", "{told:?}");
    assert_eq!(told[1], json!([]));
    with_deprovisioning(&story).await;
    let body = json!({"pkId": story.pk_id, "activationQuantity": 1});
    let made = activate(client, body).await.expect(201);
    let request = harness::story::id(&made["provisioningRequests"][0]);
    story.until_status(request, "REQUEST_SENT").await;
    let revoked = revoke(client, &path_of(&made), json!({})).await.expect(200);
    assert_eq!(revoked["warnings"], json!([]), "it is taken back");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_sent_is_cancelled() {
    let story = Story::begin().await;
    let admin = story.admin();
    with_deprovisioning(&story).await;
    let body = json!({"pkId": story.pk_id, "activationQuantity": 2,
        "scheduledDate": harness::story::days_ahead(9)});
    let made = activate(admin, body).await.expect(201);
    let revoked = revoke(admin, &path_of(&made), json!({})).await.expect(200);
    assert_eq!(revoked["state"], "REVOKED");
    let request = story.request(id(&made["provisioningRequests"][0])).await;
    assert_eq!(
        (&request["status"], &request["errorCode"]),
        (&json!("FAILED"), &json!("CANCELLED"))
    );
    let (_, pk_id) = sell(&story, 1, |body| body["revocationAllowed"] = false.into()).await;
    let made = activate(admin, json!({"pkId": pk_id, "activationQuantity": 1})).await.expect(201);
    assert_eq!(made["allowedActions"], json!([]));
    let refused = revoke(admin, &path_of(&made), json!({})).await;
    refused.refused(409, "ILLEGAL_TRANSITION");
}

/// Ten revocations at once credit once.
#[tokio::test(flavor = "multi_thread")]
async fn revocations_at_once_credit_once() {
    let story = Story::begin().await;
    let admin = story.admin();
    let body = json!({"pkId": story.pk_id, "activationQuantity": 7});
    let made = activate(admin, body).await.expect(201);
    let at = path_of(&made);
    let each = (0..10).map(|_| revoke(admin, &at, json!({})));
    let replies = futures::future::join_all(each).await;
    let done = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(done, 1);
    let key = admin.get(&format!("/v1/product-keys/{}", story.pk_id)).await.expect(200);
    assert_eq!(key["availableQuantity"], 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_does_what_it_can_and_tells_the_rest_and_repeats_nothing() {
    let story = Story::begin().await;
    let admin = story.admin();
    let (_, pk_id) = sell(&story, 90, |_| {}).await;
    let good = json!({"pkId": pk_id, "activationQuantity": 1});
    let bad = [
        (json!({"pkId": pk_id, "activationQuantity": 91}), 422, "QUANTITY_EXCEEDED"),
        (json!({"pkId": pk_id, "activationQuantity": 0}), 422, "QUANTITY_NOT_ALLOWED"),
        (json!({"pkId": "nothing", "activationQuantity": 1}), 422, "PRODUCT_KEY_UNKNOWN"),
        (json!({"pkId": pk_id, "activationQuantity": "x"}), 400, "VALIDATION_FAILED"),
        (json!({"pkId": pk_id, "quantity": 1}), 400, "UNKNOWN_MEMBER"),
        (json!({"activationQuantity": 1}), 400, "VALIDATION_FAILED"),
        (json!(7), 400, "VALIDATION_FAILED"),
        (
            json!({"pkId": pk_id, "activationQuantity": 1, "customerId": 5}),
            422,
            "REFERENCE_NOT_FOUND",
        ),
        (json!({"pkId": pk_id, "activationQuantity": 1, "inputs": {}}), 400, "VALIDATION_FAILED"),
        (json!(null), 400, "VALIDATION_FAILED"),
    ];
    let mut list = vec![good; BULK];
    for (i, (body, ..)) in bad.iter().enumerate() {
        list[i * 10 + 3] = body.clone();
    }
    let body = json!({"activations": list});
    let bulk = async |body: &Value, key: &str| {
        admin.post_with("/v1/activations/bulk", &[("idempotency-key", key)], body).await
    };
    let first = bulk(&body, "k1").await;
    let data = first.json["data"].as_array().unwrap().clone();
    assert_eq!((first.status, data.len()), (200, BULK), "{}", first.text);
    for (i, line) in data.iter().enumerate() {
        match bad.iter().enumerate().find(|(n, _)| n * 10 + 3 == i) {
            None => {
                assert_eq!(line["status"], 201, "{i}: {line}");
                assert!(line["activation"]["aid"].is_string());
            }
            Some((_, (_, status, code))) => {
                assert_eq!(
                    (&line["status"], &line["problem"]["code"]),
                    (&json!(status), &json!(code))
                );
                assert_eq!(line["problem"]["requestId"], first.header("x-request-id"));
            }
        }
    }
    let again = bulk(&body, "k1").await;
    assert_eq!((&again.text, again.header("idempotent-replayed")), (&first.text, "true"));
    let key = admin.get(&format!("/v1/product-keys/{pk_id}")).await.expect(200);
    assert_eq!(key["availableQuantity"], 0, "90 done, and nothing twice");
    let other = json!({"activations": [{"pkId": pk_id, "activationQuantity": 1}]});
    bulk(&other, "k1").await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    for wrong in [json!({}), json!({"activations": []}), json!({"activations": vec![7; 101]})] {
        bulk(&wrong, "k2").await.refused(400, "VALIDATION_FAILED");
    }
    bulk(&json!({"activation": []}), "k3").await.refused(400, "UNKNOWN_MEMBER");
    bulk(&json!({"activations": 7}), "k4").await.refused(400, "VALIDATION_FAILED");
    until("a request for each", async || {
        let sent = story.provider.sent().len();
        (sent >= 90).then_some(())
    })
    .await;
}

/// Otherwise one of two calls with the same key could refuse a part that the other grants.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_under_a_key_stays_refused() {
    let story = Story::begin().await;
    let admin = story.admin();
    let (_, pk_id) = sell(&story, 9, |body| {
        body["action"] = "QUEUE".into();
        body["entitlementItems"][0]["lineItemType"] = "Hardware_Key".into();
    })
    .await;
    // So long an answer is not kept whole: its parts are.
    let one =
        json!({"pkId": pk_id, "activationQuantity": 1, "inputs": {"c2v": "x".repeat(32_000)}});
    let body = json!({"activations": vec![one; 10]});
    let bulk = async || {
        let key = [("idempotency-key", "k")];
        let answer = admin.post_with("/v1/activations/bulk", &key, &body).await.expect(200);
        let lines = answer["data"].as_array().unwrap().clone();
        let made = |line: &Value| line["activation"]["aid"].clone();
        (lines.iter().map(made).collect::<Vec<_>>(), lines[9]["problem"].clone(), lines)
    };
    let (made, refused, lines) = bulk().await;
    assert_eq!((&lines[9]["status"], &refused["code"]), (&json!(422), &json!("QUANTITY_EXCEEDED")));
    revoke(admin, &path_of(&lines[0]["activation"]), json!({})).await.expect(200);
    let (again, still, lines) = bulk().await;
    assert_eq!((again, still, &lines[9]["status"]), (made, refused, &json!(422)));
    let key = admin.get(&format!("/v1/product-keys/{pk_id}")).await.expect(200);
    assert_eq!(key["availableQuantity"], 1);
}
