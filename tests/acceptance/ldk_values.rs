//! Source 004 by XML: what its values mean, and of which kind they must be.

use harness::story::id;
use serde_json::{Value, json};

use crate::ldk::{Vendor, told};

/// A state without an action asks for the action that leads there.
#[tokio::test(flavor = "multi_thread")]
async fn a_state_means_its_action() {
    let vendor = Vendor::open().await;
    let document = vendor.document("step-1");
    let (before, after) = document.split_once("<action>{ACTION}</action>").unwrap();
    for state in ["DRAFT", "QUEUED", "PRODUCED"] {
        let with_state = format!("{before}<entState>{state}</entState>{after}");
        assert_eq!(vendor.json(&vendor.made(&with_state).await).await["state"], state);
    }
    let draft = vendor.made(&format!("{before}{after}")).await;
    assert_eq!(vendor.json(&draft).await["state"], "DRAFT");
    let alone = "<entitlement><entState>QUEUED</entState></entitlement>";
    assert_eq!(vendor.post(&draft, alone).await.status, 200);
    assert_eq!(vendor.json(&draft).await["state"], "QUEUED");
    let ended = format!("{before}<entState>COMPLETED</entState>{after}");
    told(
        &vendor.put(&ended).await,
        400,
        "No action leads to entState COMPLETED: send DRAFT, QUEUED or PRODUCED.",
    );
}

/// The values of attributes have the kinds of `/v1/attributes`.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_another_kind_is_told_with_its_place() {
    let vendor = Vendor::open().await;
    let admin = vendor.admin();
    let feature = id(&admin
        .post("/v1/features", &json!({"nameVersion": {"name": "Dated", "version": "1"}}))
        .await
        .expect(201));
    let with = |value: Value| {
        json!({"nameVersion": {"name": "Dated", "version": "1"}, "features": [{
            "featureId": feature, "licenseModelId": 2,
            "attributes": [{"attributeId": 3, "saot": true, "value": value}]}]})
    };
    let refused = admin.post("/v1/products", &with(json!("2030-13-01"))).await;
    refused.refused(400, "VALIDATION_FAILED");
    let fault = &refused.json["errors"][0];
    assert_eq!(fault["pointer"], "/features/0/attributes/0/value");
    assert_eq!(fault["detail"], "EXPIRATION_DATE is a day, YYYY-MM-DD, of the years 0001 to 9999");
    let product = id(&admin.post("/v1/products", &with(Value::Null)).await.expect(201));
    admin.post(&format!("/v1/products/{product}/complete"), &json!({})).await.expect(200);
    let sale = |value: &str| {
        format!(
            "<entitlement><action>PRODUCE</action><entitlementItem>\
             <lineItemType>Product_Key</lineItemType><itemProduct><productId>{product}</productId>\
             <product><productFeatureRef><featureId>{feature}</featureId><attribute>\
             <attributeId>3</attributeId><attributeValue>{value}</attributeValue></attribute>\
             </productFeatureRef></product></itemProduct></entitlementItem></entitlement>"
        )
    };
    let at = "entitlementItem[1]/itemProduct[1]/product/productFeatureRef[1]/attribute[1]";
    let text = format!(
        "{at}/attributeValue: EXPIRATION_DATE is a day, YYYY-MM-DD, of the years 0001 to 9999."
    );
    told(&vendor.put(&sale("not a date")).await, 400, &text);
    vendor.made(&sale("2030-12-31")).await;
    let item = json!({"lineItemType": "Product_Key", "itemProducts": [{"productId": product,
        "features": [{"featureId": feature, "attributes": [
            {"attributeId": 3, "value": "not a date"}]}]}]});
    let body = json!({"action": "PRODUCE", "entitlementItems": [item]});
    let refused = admin.post("/v1/entitlements", &body).await;
    refused.refused(400, "VALIDATION_FAILED");
    assert_eq!(
        refused.json["errors"][0]["detail"],
        "EXPIRATION_DATE is a day, YYYY-MM-DD, of the years 0001 to 9999"
    );
    // What excludes the model's own term is no attribute of it.
    let mut other = with(Value::Null);
    other["features"][0]["attributes"][0]["attributeId"] = json!(2);
    let refused = admin.post("/v1/products", &other).await;
    refused.refused(400, "VALIDATION_FAILED");
    let told = refused.json["errors"][0]["detail"].as_str().unwrap();
    assert!(told.starts_with("the license model Expiration Date (2) takes no EXECUTION_COUNT (2)"));
    let models = admin.get("/v1/license-models").await.expect(200);
    let taken = models["data"][1]["attributeIds"].as_array().unwrap();
    assert!(taken.contains(&json!(3)) && !taken.contains(&json!(2)), "{taken:?}");
    let attributes = admin.get("/v1/attributes").await.expect(200);
    let (instances, criteria) = (&attributes["data"][5], &attributes["data"][6]);
    assert_eq!(
        (&instances["type"], &instances["maximum"]),
        (&json!("INTEGER"), &json!(10_000_000))
    );
    assert_eq!(criteria["values"], json!(["Per Login", "Per Process", "Per Station"]));
}
