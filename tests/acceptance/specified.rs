//! What is specified of a product at entitlement time: values, features, memory data (source 004,
//! steps 2 to 4, 004-H15, 004-H16).

use harness::story::id;
use harness::{Client, Service};
use reqwest::Method;
use serde_json::{Value, json};

use crate::entitlements::{act, body_of, create, e_id};

/// A product with two features: one counted and concurrent at entitlement time, one perpetual.
pub(crate) async fn licensed(client: &Client) -> (u64, [u64; 2]) {
    let mut features = Vec::new();
    for name in ["Print", "Scan"] {
        let body = json!({"nameVersion": {"name": name, "version": "1"}});
        features.push(id(&client.post("/v1/features", &body).await.expect(201)));
    }
    let body = json!({"nameVersion": {"name": "Suite", "version": "2"}, "features": [
        {"featureId": features[0], "licenseModelId": 1, "attributes": [
            {"attributeId": 2, "saot": true},
            {"attributeId": 5, "saot": true, "value": "FALSE"},
            {"attributeId": 6, "saot": true},
            {"attributeId": 9, "value": "TRUE"},
            {"attributeId": 34, "saot": true, "value": "old"}]},
        {"featureId": features[1], "licenseModelId": 4}]});
    let made = id(&client.post("/v1/products", &body).await.expect(201));
    client.post(&format!("/v1/products/{made}/complete"), &json!({})).await.expect(200);
    (made, [features[0], features[1]])
}

/// The product with the counted feature alone, and these changes of its attributes.
fn counted(product: u64, feature: u64, attributes: &Value) -> Value {
    json!({"productId": product, "features": [{"featureId": feature, "attributes": attributes}]})
}

/// What is given of the counted feature, and what is kept of it.
fn accepted() -> Vec<(Value, Value)> {
    let count = |value: &str| json!({"attributeId": 2, "value": value});
    vec![
        (json!([count("10")]), json!([{"attributeId": 2, "value": "10"}])),
        (
            json!([{"attributeId": 2, "action": "ADD", "value": "5"}]),
            json!([{"attributeId": 2, "value": "5"}]),
        ),
        (
            json!([count("1"), {"attributeId": 34, "action": "NONE"}]),
            json!([{"attributeId": 2, "value": "1"}]),
        ),
        (
            json!([count("1"), {"attributeId": 5, "value": "TRUE"},
                {"attributeId": 6, "value": "10000000"}]),
            json!([{"attributeId": 2, "value": "1"}, {"attributeId": 5, "value": "TRUE"},
                {"attributeId": 6, "value": "10000000"}]),
        ),
    ]
}

/// What is refused, with the status and words of the answer.
fn refused(product: u64, [print, scan]: [u64; 2]) -> Vec<(Value, u16, &'static str)> {
    let of = |attributes: Value| counted(product, print, &attributes);
    let count = |value: &str| json!({"attributeId": 2, "value": value});
    vec![
        (of(json!([])), 400, "EXECUTION_COUNT (2) must be specified"),
        (json!({"productId": product}), 400, "EXECUTION_COUNT (2) must be specified"),
        (of(json!([count("ten")])), 400, "EXECUTION_COUNT is a whole number from 0 to"),
        (of(json!([count("")])), 400, "must have 1 to 255 characters"),
        (of(json!([{"attributeId": 2}])), 400, "SET needs a value"),
        (of(json!([{"attributeId": 35, "value": "1"}])), 400, "there is no attribute 35"),
        (of(json!([count("1"), count("2")])), 400, "named twice"),
        (
            of(json!([{"attributeId": 2, "action": "SUB", "value": "1"}])),
            400,
            "SUB 1 is not possible: EXECUTION_COUNT is 0",
        ),
        (
            of(json!([{"attributeId": 34, "action": "ADD", "value": "1"}])),
            400,
            "ADD is for numbers; VENDOR_ATTRIBUTE is none",
        ),
        (
            of(json!([{"attributeId": 2, "action": "ADD", "value": "x"}])),
            400,
            "ADD needs a whole number",
        ),
        (
            of(json!([{"attributeId": 2, "action": "MULTIPLY", "value": "1"}])),
            400,
            "is no value of this; known are NONE, SET",
        ),
        (
            of(json!([count("1"), {"attributeId": 9, "value": "FALSE"}])),
            422,
            "is not specified at entitlement time",
        ),
        (
            of(json!([count("1"), {"attributeId": 5, "value": "TRUE"}])),
            400,
            "concurrency needs ENABLE_CONCURRENCY TRUE and CONCURRENT_INSTANCES",
        ),
        (
            of(json!([count("1"), {"attributeId": 6, "value": "5"}])),
            400,
            "concurrency needs ENABLE_CONCURRENCY TRUE and CONCURRENT_INSTANCES",
        ),
        (
            of(json!([count("1"), {"attributeId": 5, "value": "TRUE"},
                {"attributeId": 6, "value": "10000001"}])),
            400,
            "CONCURRENT_INSTANCES is a whole number from 1 to 10000000",
        ),
        (
            json!({"productId": product, "features": [{"featureId": 77}]}),
            422,
            "Cannot find a Feature corresponding to ID 77",
        ),
        (
            json!({"productId": product, "features": [{"featureId": scan, "licenseModelId": 3}]}),
            422,
            "has license model 4 here",
        ),
        (
            json!({"productId": product, "features": [{"featureId": scan, "licenseModelId": 7}]}),
            400,
            "there is no license model 7",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_product_leaves_open_is_specified() {
    let service = Service::start().await;
    let admin = &service.admin;
    let (product, [print, scan]) = licensed(admin).await;
    for (attributes, wanted) in accepted() {
        let body = body_of("PRODUCE", &counted(product, print, &attributes));
        let made = create(admin, &body).await.expect(201);
        let kept = &made["entitlementItems"][0]["itemProducts"][0]["features"][0];
        assert_eq!(kept["attributes"], wanted, "{attributes}");
    }
    for (given, status, words) in refused(product, [print, scan]) {
        let reply = create(admin, &body_of("PRODUCE", &given)).await;
        assert_eq!(reply.status, status, "{given}: {}", reply.text);
        assert!(reply.text.contains(words), "{given}: {}", reply.text);
    }
    // A feature that is not named is not sold; a deprecated attribute is warned of (004-H7).
    let only = json!({"productId": product, "memoryData": "00FF",
        "features": [{"featureId": scan}]});
    let made = create(admin, &body_of("PRODUCE", &only)).await.expect(201);
    let sold = &made["entitlementItems"][0]["itemProducts"][0];
    assert_eq!(sold["features"].as_array().unwrap().len(), 1);
    assert_eq!(sold["memoryData"], "00FF");
    let old = json!([{"attributeId": 2, "value": "1"}, {"attributeId": 34, "value": "x"}]);
    let made = create(admin, &body_of("SAVE", &counted(product, print, &old))).await.expect(201);
    assert_eq!(made["warnings"][0]["code"], "DEPRECATED_ATTRIBUTE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_changes_relative_to_what_it_was() {
    let service = Service::start().await;
    let admin = &service.admin;
    let (product, [print, _]) = licensed(admin).await;
    let of = |attribute: Value| counted(product, print, &json!([attribute]));
    let set = of(json!({"attributeId": 2, "value": "10"}));
    let made = create(admin, &body_of("SAVE", &set)).await;
    assert_eq!(made.header("etag"), "\"1\"");
    let path = format!("/v1/entitlements/{}", e_id(&made.json));
    for (action, value, now) in
        [("ADD", "5", "15"), ("SUB", "15", "0"), ("ADD", "7", "7"), ("NONE", "9", "7")]
    {
        let change = of(json!({"attributeId": 2, "action": action, "value": value}));
        let changed = admin.put(&path, &body_of("SAVE", &change)).await.expect(200);
        let kept = &changed["entitlementItems"][0]["itemProducts"][0]["features"][0];
        assert_eq!(kept["attributes"][0]["value"], now, "{action} {value}");
    }
    let sub = of(json!({"attributeId": 2, "action": "SUB", "value": "8"}));
    let refused = admin.put(&path, &body_of("SAVE", &sub)).await;
    refused.refused(400, "VALIDATION_FAILED");
    let at = "/entitlementItems/0/itemProducts/0/features/0/attributes/0/value";
    assert_eq!(refused.pointer(), at);
    let cancel = of(json!({"attributeId": 2, "action": "CANCEL"}));
    let changed = admin.put(&path, &body_of("SAVE", &cancel)).await.expect(200);
    assert_eq!(changed["entitlementItems"][0]["itemProducts"], json!([]));
    act(admin, &e_id(&changed), "QUEUE").await.refused(409, "ILLEGAL_TRANSITION");
    // Without If-Match it is refused, with a stale one, too; QUEUE ends the draft.
    let body = body_of("QUEUE", &set);
    let bytes = Some(body.to_string().into_bytes());
    admin.call(Method::PUT, &path, &[], bytes.clone()).await.refused(428, "IF_MATCH_REQUIRED");
    let stale = admin.call(Method::PUT, &path, &[("if-match", "\"1\"")], bytes).await;
    stale.refused(412, "VERSION_MISMATCH");
    let queued = admin.put(&path, &body).await.expect(200);
    assert_eq!(queued["state"], "QUEUED");
    let refused = admin.put(&path, &body).await;
    refused.refused(409, "ILLEGAL_TRANSITION");
    assert_eq!(refused.json["allowedActions"], json!(["PRODUCE", "REOPEN", "DISABLE"]));
    admin.delete(&path).await.refused(409, "ILLEGAL_TRANSITION");
    act(admin, &e_id(&queued), "REOPEN").await.expect(200);
    assert_eq!(admin.delete(&path).await.status, 204);
    admin.get(&path).await.refused(404, "NOT_FOUND");
}
