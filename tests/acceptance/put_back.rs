//! What was read can be sent back as it is: members that the service decides are passed over where
//! they say the same, and refused where they do not.

use harness::story::{associate, id};
use harness::{Client, Story};
use reqwest::Method;
use serde_json::{Value, json};

/// Reads, sends back, and holds the answer to what was read; then with another value of a member
/// that only answers have.
async fn check(admin: &Client, path: &str, member: &str) {
    let read = admin.get(path).await.expect(200);
    let written = admin.put(path, &read).await.expect(200);
    let changes = [
        "version",
        "updatedDate",
        "updatedBy",
        "lastAssociationDate",
        "warnings",
        "history",
        "documentVersion",
    ];
    for (name, value) in read.as_object().unwrap() {
        if !changes.contains(&name.as_str()) {
            assert_eq!(&written[name], value, "{path}: {name}");
        }
    }
    let mut other = admin.get(path).await.expect(200);
    other[member] = json!("something else");
    let refused = admin.put(path, &other).await;
    refused.refused(400, "READ_ONLY");
    let fault = &refused.json["errors"][0];
    assert_eq!(fault["pointer"], json!(format!("/{member}")), "{fault}");
    other[member] = Value::Null;
    other.as_object_mut().unwrap().insert("colour".to_owned(), json!("red"));
    admin.put(path, &other).await.refused(400, "UNKNOWN_MEMBER");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_is_put_back() {
    let story = Story::begin().await;
    let admin = story.admin();
    let back = json!({"name": "Back", "definition": {"x": [1.50, "$.provisioningRequest.id"]},
        "payloadSchema": {"type": "object"}, "values": "TEXT", "description": "takes back"});
    let back = id(&admin.post("/v1/plans", &back).await.expect(201));
    let association = format!("/v1/products/{}/association", story.product);
    associate(admin, story.product, story.plan, story.method).await;
    check(admin, &format!("/v1/plans/{back}"), "createdDate").await;
    check(admin, &format!("/v1/plans/{}", story.plan), "format").await;
    check(admin, &format!("/v1/methods/{}", story.method), "createdBy").await;
    check(admin, &association, "productId").await;
    let body = json!({"customerId": story.customer, "refId1": "R-1", "entitlementItems": [{
        "lineItemType": "Product_Key", "numProductKeys": 2, "itemProducts": [
            {"productId": story.product, "memoryData": "00"}],
        "activationAttributes": [
            {"attributeName": "ACKNOWLEDGEMENT_REQUEST", "attributeValue": "true"}]}]});
    let draft = admin.post("/v1/entitlements", &body).await.expect(201);
    let path = format!("/v1/entitlements/{}", draft["eId"].as_str().unwrap());
    check(admin, &path, "state").await;
}

/// A body that was read from an older version is a version mismatch, whatever else it says.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_too_early_is_a_version_mismatch() {
    let story = Story::begin().await;
    let admin = story.admin();
    let path = format!("/v1/plans/{}", story.plan);
    let read = admin.get(&path).await;
    let tag = read.header("etag").to_owned();
    let body = json!({"name": "Pods", "definition": {}});
    admin.put(&path, &body).await.expect(200);
    let put = async |headers: &[(&str, &str)]| {
        let body = Some(read.text.clone().into_bytes());
        admin.call(Method::PUT, &path, headers, body).await
    };
    put(&[("if-match", tag.as_str())]).await.refused(412, "VERSION_MISMATCH");
    put(&[]).await.refused(428, "IF_MATCH_REQUIRED");
    put(&[("if-match", "*")]).await.refused(400, "READ_ONLY");
}

/// An association names its plan and method as they are called now, and warns where no activation
/// will come to them.
#[tokio::test(flavor = "multi_thread")]
async fn an_association_tells_the_names_of_now() {
    let story = Story::begin().await;
    let admin = story.admin();
    let association = format!("/v1/products/{}/association", story.product);
    let read = admin.get(&association).await.expect(200);
    let plan = json!({"name": "Renamed", "definition": {}});
    admin.put(&format!("/v1/plans/{}", story.plan), &plan).await.expect(200);
    let method = json!({"name": "Moved", "type": "CALLOUT", "endpointUrl": story.provider.url});
    admin.put(&format!("/v1/methods/{}", story.method), &method).await.expect(200);
    let shown = admin.get(&association).await.expect(200);
    assert_eq!((&shown["planName"], &shown["methodName"]), (&json!("Renamed"), &json!("Moved")));
    // What was read before it was renamed is no other choice.
    admin.put(&association, &read).await.expect(200);
    let list = admin.get("/v1/associations").await.expect(200);
    assert_eq!(list["data"][0]["planName"], "Renamed");
    let body = json!({"planId": story.plan, "methodId": story.method});
    assert_eq!(admin.put(&association, &body).await.expect(200)["warnings"], json!([]));
    let idle = json!({"nameVersion": {"name": "Idle", "version": "1"}});
    let idle = id(&admin.post("/v1/products", &idle).await.expect(201));
    let path = format!("/v1/products/{idle}/association");
    let mut other = body.clone();
    other["planNames"] = json!("Pods");
    admin.put(&path, &other).await.refused(400, "UNKNOWN_MEMBER");
    let told = admin.put(&path, &body).await.expect(200);
    assert_eq!(told["warnings"][0]["code"], "NOT_PROVISIONING_ENABLED", "{told}");
}
