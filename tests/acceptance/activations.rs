//! Activations: the guards in their order, and quantities that are exact under races.

use futures::future::join_all;
use harness::Story;
use harness::story::{entitle, id};
use serde_json::{Value, json};

async fn activate(story: &Story, body: Value) -> harness::Reply {
    story.admin().post("/v1/activations", &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_remains_is_refused_and_nothing_is_taken() {
    let story = Story::begin().await;
    let body = |quantity: u32| json!({"pkId": story.pk_id, "activationQuantity": quantity});
    activate(&story, body(11)).await.refused(422, "QUANTITY_EXCEEDED");
    activate(&story, body(0)).await.refused(422, "QUANTITY_NOT_ALLOWED");
    activate(&story, body(4)).await.expect(201);
    let reply = activate(&story, body(7)).await;
    reply.refused(422, "QUANTITY_EXCEEDED");
    assert_eq!(reply.pointer(), "/activationQuantity");
    let key = story.admin().get(&format!("/v1/product-keys/{}", story.pk_id)).await.expect(200);
    assert_eq!(key["availableQuantity"], 6);
    activate(&story, body(6)).await.expect(201);
    let path = format!("/v1/entitlements/{}", story.e_id);
    let spent = story.admin().get(&path).await.expect(200);
    assert_eq!(spent["state"], "COMPLETED");
    assert_eq!(spent["activeActivations"], 2);
    activate(&story, body(1)).await.refused(422, "QUANTITY_EXCEEDED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_or_draft_entitlement_is_not_activated() {
    let story = Story::begin().await;
    let actions = format!("/v1/entitlements/{}/actions", story.e_id);
    let act = async |action: &str| story.admin().post(&actions, &json!({"action": action})).await;
    let body = json!({"pkId": story.pk_id, "activationQuantity": 1});
    act("DISABLE").await.expect(200);
    act("DISABLE").await.refused(409, "ILLEGAL_TRANSITION");
    activate(&story, body.clone()).await.refused(409, "ENTITLEMENT_DISABLED");
    act("ENABLE").await.expect(200);
    act("REOPEN").await.expect(200);
    let reply = activate(&story, body).await;
    reply.refused(409, "ILLEGAL_TRANSITION");
    assert_eq!(reply.json["state"], "DRAFT");
    let allowed = json!(["UPDATE", "QUEUE", "PRODUCE", "DISABLE", "DELETE"]);
    assert_eq!(reply.json["allowedActions"], allowed);
    let shown = story.admin().get(&format!("/v1/entitlements/{}", story.e_id)).await.expect(200);
    let rows: Vec<_> = shown["history"].as_array().unwrap().iter().map(|s| &s["row"]).collect();
    assert_eq!(json!(rows), json!(["N3", "N8", "N16", "N15", "N11"]));
    assert_eq!(shown["activeActivations"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_void_and_foreign_references_are_told() {
    let story = Story::begin().await;
    let unknown = "0aa09362-2447-8000-8000-2b535dca9af3";
    for pk_id in [unknown, "x", ""] {
        let body = json!({"pkId": pk_id, "activationQuantity": 1});
        let reply = activate(&story, body).await;
        let status = if pk_id.is_empty() { 400 } else { 422 };
        let code = if pk_id.is_empty() { "VALIDATION_FAILED" } else { "PRODUCT_KEY_UNKNOWN" };
        reply.refused(status, code);
    }
    let body = json!({"pkId": story.pk_id, "activationQuantity": 1, "customerId": 5});
    activate(&story, body).await.refused(422, "REFERENCE_NOT_FOUND");
    let body = json!({"pkId": story.pk_id, "activationQuantity": 1, "activatee": {"emailId": "x"}});
    assert_eq!(activate(&story, body).await.pointer(), "/activatee/emailId");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_grants_exactly_what_there_is() {
    let story = &Story::begin().await;
    let one = |_| async move {
        let body = json!({"pkId": story.pk_id, "activationQuantity": 1});
        activate(story, body).await
    };
    let replies = join_all((0..40).map(one)).await;
    let granted = replies.iter().filter(|reply| reply.status == 201).count();
    let told: Vec<_> = replies.iter().filter(|reply| reply.status != 201).collect();
    assert_eq!(granted, 10);
    told.iter().for_each(|reply| reply.refused(422, "QUANTITY_EXCEEDED"));
    let list = story.admin().get("/v1/provisioning-requests?limit=100").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 10, "one request for each activation");
}

fn item(product: u64) -> Value {
    json!({"lineItemType": "Product_Key", "itemProducts": [{"productId": product}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn entitlements_are_checked_before_anything_is_written() {
    let story = Story::begin().await;
    let create = async |body: Value| story.admin().post("/v1/entitlements", &body).await;
    let reply = create(json!({"action": "PRODUCE", "entitlementItems": [item(55)]})).await;
    reply.refused(422, "REFERENCE_NOT_FOUND");
    assert!(reply.text.contains("Cannot find a Product corresponding to ID 55."));
    assert_eq!(reply.pointer(), "/entitlementItems/0/itemProducts/0/productId");
    create(json!({"action": "PRODUCE"})).await.refused(400, "VALIDATION_FAILED");
    create(json!({"customerId": 1})).await.refused(422, "REFERENCE_NOT_FOUND");
    create(json!({"action": "ENABLE"})).await.refused(400, "VALIDATION_FAILED");
    let body = json!({"nameVersion": {"name": "Unready", "version": "1"}});
    let draft = id(&story.admin().post("/v1/products", &body).await.expect(201));
    let body = json!({"entitlementItems": [item(draft)]});
    let saved = create(body).await.expect(201);
    assert_eq!(saved["warnings"][0]["code"], "PRODUCT_NOT_COMPLETE");
    let actions = format!("/v1/entitlements/{}/actions", saved["eId"].as_str().unwrap());
    let queue = story.admin().post(&actions, &json!({"action": "QUEUE"})).await;
    queue.refused(422, "PRODUCT_NOT_COMPLETE");
    let body = json!({"action": "QUEUE", "entitlementItems": [item(draft)]});
    create(body).await.refused(422, "PRODUCT_NOT_COMPLETE");
    let mut hardware = item(story.product);
    hardware["lineItemType"] = "Hardware_Key".into();
    let body = json!({"action": "PRODUCE", "entitlementItems": [hardware]});
    create(body).await.refused(409, "ILLEGAL_TRANSITION");
    let mut many = item(story.product);
    many["numProductKeys"] = 10_001.into();
    create(json!({"entitlementItems": [many]})).await.refused(400, "VALIDATION_FAILED");
    let list = story.admin().get("/v1/entitlements").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 2, "the story's own and the draft");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_keys_are_listed_page_by_page_and_one_is_used() {
    let story = Story::begin().await;
    let (e_id, _) = entitle(story.admin(), story.product, story.customer).await;
    assert_ne!(e_id, story.e_id);
    let body = json!({"action": "PRODUCE", "entitlementItems": [{
        "lineItemType": "Product_Key", "numProductKeys": 10_000, "numActivationPerProductKey": 1,
        "itemProducts": [{"productId": story.product}]}]});
    let made = story.admin().post("/v1/entitlements", &body).await.expect(201);
    let keys = format!("/v1/entitlements/{}/product-keys?limit=100", made["eId"].as_str().unwrap());
    let first = story.admin().get(&keys).await.expect(200);
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = story.admin().get(&format!("{keys}&cursor={cursor}")).await.expect(200);
    let pk_id = second["data"][50]["pkId"].clone();
    let body = json!({"pkId": pk_id, "activationQuantity": 1});
    activate(&story, body.clone()).await.expect(201);
    activate(&story, body).await.refused(422, "QUANTITY_EXCEEDED");
    let again = story.admin().get(&format!("{keys}&cursor={cursor}")).await.expect(200);
    assert_eq!(again["data"][50]["exhausted"], true);
    assert_eq!(again["data"][49]["exhausted"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn hardware_keys_are_activated_from_queued() {
    let story = Story::begin().await;
    let body = json!({"action": "QUEUE", "entitlementItems": [{
        "lineItemType": "Hardware_Key", "numActivationPerProductKey": 2,
        "itemProducts": [{"productId": story.product}]}]});
    let made = story.admin().post("/v1/entitlements", &body).await.expect(201);
    let path = format!("/v1/entitlements/{}", made["eId"].as_str().unwrap());
    let keys = story.admin().get(&format!("{path}/product-keys")).await.expect(200);
    let body = json!({"pkId": keys["data"][0]["pkId"], "activationQuantity": 1});
    activate(&story, body.clone()).await.expect(201);
    assert_eq!(story.admin().get(&path).await.expect(200)["state"], "PRODUCED");
    activate(&story, body).await.expect(201);
    let done = story.admin().get(&path).await.expect(200);
    assert_eq!(done["state"], "COMPLETED");
    let rows: Vec<_> = done["history"].as_array().unwrap().iter().map(|s| &s["row"]).collect();
    assert_eq!(json!(rows), json!(["N2", "N9", "N12"]));
}
