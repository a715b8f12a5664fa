//! Rules of source 001 on real requests, as far as no other story tells them.

use harness::story::{self, id};
use harness::{Client, Story};
use serde_json::{Value, json};

const PR: &str = "$.provisioningRequest";

/// Saves this as the story's plan.
async fn plan(story: &Story, definition: &Value) {
    let body = json!({"name": "Pods", "definition": definition});
    story.admin().put(&format!("/v1/plans/{}", story.plan), &body).await.expect(200);
}

async fn activate(client: &Client, body: &Value) -> Value {
    client.post("/v1/activations", body).await.expect(201)
}

/// A produced entitlement of these line items, a product list each; its keys.
async fn entitled(story: &Story, items: &[&[u64]], more: &Value) -> Vec<String> {
    let line = |products: &&[u64]| {
        let each = products.iter().map(|id| json!({"productId": id})).collect::<Vec<_>>();
        json!({"lineItemType": "Product_Key", "numProductKeys": 1,
            "numActivationPerProductKey": 10, "itemProducts": each})
    };
    let items: Vec<Value> = items.iter().map(line).collect();
    let mut body = json!({"customerId": story.customer, "action": "PRODUCE",
        "entitlementItems": items});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = story.admin().post("/v1/entitlements", &body).await.expect(201);
    let path = format!("/v1/entitlements/{}/product-keys", made["eId"].as_str().unwrap());
    let keys = story.admin().get(&path).await.expect(200);
    let keys = keys["data"].as_array().unwrap().iter();
    keys.map(|key| key["pkId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_enabled_product_is_provisioned_and_each_by_a_request_of_its_own() {
    let story = Story::begin().await;
    let admin = story.admin();
    let second = story::product(admin, "Second").await;
    story::associate(admin, second, story.plan, story.method).await;
    let body = json!({"nameVersion": {"name": "Manual", "version": "1"}});
    let manual = id(&admin.post("/v1/products", &body).await.expect(201));
    admin.post(&format!("/v1/products/{manual}/complete"), &json!({})).await.expect(200);
    story::associate(admin, manual, story.plan, story.method).await;
    let keys = entitled(&story, &[&[story.product, second, manual]], &json!({})).await;
    let product = format!(
        "{PR}.activationRef.activation.activationProductKey.activationItem\
        .activationProduct.product.id"
    );
    plan(&story, &json!({"p": product})).await;
    let made = activate(admin, &json!({"pkId": keys[0], "activationQuantity": 1})).await;
    assert_eq!(made["provisioningRequests"].as_array().unwrap().len(), 2, "001-R1, 001-H6");
    story.provider.nth(2).await;
    let mut told: Vec<u64> =
        story.provider.sent().iter().map(|sent| sent.json()["p"].as_u64().unwrap()).collect();
    told.sort_unstable();
    let mut both = [story.product, second];
    both.sort_unstable();
    assert_eq!(told, both);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_activated_line_item_comes_first() {
    let story = Story::begin().await;
    let admin = story.admin();
    let second = story::product(admin, "Second").await;
    let third = story::product(admin, "Third").await;
    story::associate(admin, second, story.plan, story.method).await;
    let items: [&[u64]; 3] = [&[story.product], &[second], &[third]];
    let keys = entitled(&story, &items, &json!({})).await;
    let key = format!("{PR}.entitlement.productKeys.productKey");
    plan(
        &story,
        &json!({
            "Product Key ID": format!("{key}[0].pkId"),
            "Product": format!("{key}[0].item.itemProduct.product.nameVersion.name"),
            "all": format!("{key}[*].item.itemProduct.product.id"),
            "others": format!("{key}[1:].pkId"),
            "eighth": format!("{key}[7].pkId"),
        }),
    )
    .await;
    activate(admin, &json!({"pkId": keys[1], "activationQuantity": 1})).await;
    let sent = story.provider.nth(1).await.json();
    let expected = json!({"Product Key ID": keys[1], "Product": "Second",
        "all": [second, story.product, third], "others": [null, null], "eighth": ""});
    assert_eq!(sent, expected, "001-H7");
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_and_custom_attributes_at_every_level() {
    let story = Story::begin().await;
    let admin = story.admin();
    let attribute =
        |name: &str, value: &str| json!({"customAttribute": [{"name": name, "value": value}]});
    let body = json!({"name": "Branch", "customAttributes": attribute("Tier", "gold")});
    let branch = id(&admin.post("/v1/customers", &body).await.expect(201));
    let more = json!({"customAttributes": attribute("Region", "EMEA")});
    let keys = entitled(&story, &[&[story.product]], &more).await;
    let named = |path: &str, name: &str| {
        format!("{PR}.{path}.customAttributes.customAttribute[?(@.name == \"{name}\")].value")
    };
    let activation = "activationRef.activation";
    plan(
        &story,
        &json!({
            "first": format!("{PR}.customer.name"),
            "second": format!("{PR}.entitlement.customer.name"),
            "third": format!("{PR}.{activation}.customer.name"),
            "entitlement": named("entitlement", "Region"),
            "below": named(&format!("{activation}.entitlement"), "Region"),
            "activation": named(activation, "Lab"),
            "customer": named(&format!("{activation}.customer"), "Tier"),
            "missing": named("customer", "Tier"),
        }),
    )
    .await;
    let body = json!({"pkId": keys[0], "activationQuantity": 1, "customerId": branch,
        "customAttributes": attribute("Lab", "3")});
    activate(admin, &body).await;
    let sent = story.provider.nth(1).await.json();
    assert_eq!(
        sent,
        json!({"first": "Tucano Ltd", "second": "Tucano Ltd", "third": "Branch",
        "entitlement": "EMEA", "below": "EMEA", "activation": "3", "customer": "gold",
        "missing": ""}),
        "001-H8, 001-R8, 001-R9, 001-H9"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_with_quotes_cannot_break_the_payload() {
    let story = Story::begin().await;
    let name = "Say \"hi\\\u{1F600}</x>,{[";
    let body = json!({"name": name});
    let body = Some(body.to_string().into_bytes());
    let path = format!("/v1/customers/{}", story.customer);
    let headers = [("if-match", "*")];
    story.admin().call(reqwest::Method::PATCH, &path, &headers, body).await.expect(200);
    plan(
        &story,
        &json!({"n": format!("{PR}.customer.name"), "ids": format!("{PR}.ids"),
        "c": format!("{PR}.comments")}),
    )
    .await;
    story.activate(1).await;
    let sent = story.provider.nth(1).await.json();
    assert_eq!(sent, json!({"n": name, "c": ""}), "001-R10 to 001-R12");
}

#[tokio::test(flavor = "multi_thread")]
async fn automatic_retries_keep_the_bytes_and_a_manual_one_reads_anew() {
    let story = Story::begin().await;
    let body = json!({"name": "Pod farm", "endpointUrl": story.provider.url,
        "retryLadder": ["PT0S", "PT1S"]});
    story.admin().put(&format!("/v1/methods/{}", story.method), &body).await.expect(200);
    plan(&story, &json!({"v": 1})).await;
    story.provider.answer(&[(503, ""), (503, "")]);
    let request = story.activate(1).await;
    story.provider.nth(1).await;
    plan(&story, &json!({"v": 2})).await;
    story.until_status(request, "DISPATCH_FAILED").await;
    let retry = format!("/v1/provisioning-requests/{request}/retry");
    story.admin().post(&retry, &json!({})).await.expect(200);
    story.provider.nth(3).await;
    let bodies: Vec<String> = story.provider.sent().into_iter().map(|sent| sent.body).collect();
    assert_eq!(bodies, [r#"{"v":1}"#, r#"{"v":1}"#, r#"{"v":2}"#], "001-R6, 001-R13, 001-H4");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sources_fragments_are_no_json() {
    let story = Story::begin().await;
    for fragment in [
        r#"{"No. of Pods": "5",}"#,
        r#"{"Entitlement ID": "$.provisioningRequest.entitlement.eId",}"#,
        r#"{"Correct": "$.provisioningRequest.activationRef.activation.entitlement.eId}"#,
        r#""No. of Pods": "5","#,
    ] {
        let body = json!({"name": "Fragment", "definition": fragment});
        let reply = story.admin().post("/v1/plans", &body).await;
        reply.refused(400, "DEFINITION_NOT_JSON");
        assert!(reply.json["errors"][0]["line"].is_u64(), "001-H10: {}", reply.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_a_plan_needs_add_in_the_catalog() {
    let story = Story::begin().await;
    let admin = story.admin();
    for (acts, status) in [(json!(["view"]), 403), (json!(["view", "add"]), 201)] {
        let name = format!("Role {status}");
        let role = json!({"name": name, "permissions": [{"area": "catalog", "acts": acts}]});
        let role = admin.post("/v1/roles", &role).await.expect(201);
        let body = json!({"name": name, "roleId": role["id"]});
        let key = admin.post("/v1/api-keys", &body).await.expect(201);
        let client = admin.with_key(key["secret"].as_str().unwrap());
        let made = client.post("/v1/plans", &json!({"name": name})).await;
        assert_eq!(made.status, status);
        let copied = client.post(&format!("/v1/plans/{}/copy", story.plan), &json!({})).await;
        assert_eq!(copied.status, status, "a copy is an addition");
    }
}
