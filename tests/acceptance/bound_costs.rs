//! What a customer's and a partner's lists cost beside the vendor's: read units, counted.

use serde_json::{Value, json};
use simulator::api::{Call, Sale, Terms, number, text};
use simulator::stage::Stage;

use crate::counts::{Counter, stage};

/// Entitlements: a page. Each costs half a unit where its activations are looked for.
const SOLD: u32 = 50;

async fn call(stage: &Stage, verb: &'static str, path: &str, key: &str, body: &Value) -> Value {
    let reply = stage.api.call(&Call::new(verb, path, key, body)).await;
    assert!(reply.status < 300, "{verb} {path}: {}", reply.json);
    reply.json
}

/// The read units of a list of 50.
async fn cost(stage: &Stage, counter: &Counter, key: &str, list: &str) -> f64 {
    counter.take(0);
    let path = format!("/v1/{list}?limit=50");
    let page = call(stage, "GET", &path, key, &Value::Null).await;
    assert_eq!(page["data"].as_array().unwrap().len(), 50);
    counter.take(0).read
}

#[tokio::test(flavor = "multi_thread")]
async fn their_lists_cost_little_more_than_the_vendors() {
    let (stage, counter) = stage().await;
    let terms = Terms { quantity: 1000, ..Terms::default() };
    let sale = Sale::open(&stage.app, &stage.api, &terms).await;
    let post = async |path: &str, body: Value| call(&stage, "POST", path, &sale.key, &body).await;
    let customer = number(&post("/v1/customers", json!({"name": "C"})).await["id"]);
    let partner = number(&post("/v1/partners", json!({"name": "P"})).await["id"]);
    for n in 0..SOLD {
        let body = json!({"customerId": customer, "partnerId": partner, "action": "PRODUCE",
            "entitlementItems": [{"lineItemType": "Product_Key", "numProductKeys": 1,
            "numActivationPerProductKey": 10, "itemProducts": [{"productId": sale.product}]}]});
        let e_id = text(&post("/v1/entitlements", body).await["eId"]);
        let path = format!("/v1/entitlements/{e_id}/product-keys");
        let keys = call(&stage, "GET", &path, &sale.key, &Value::Null).await;
        // Half of them are of ten entitlements, as an order of many activations has it.
        let times = if n < 10 { 3 } else { 1 };
        for _ in 0..times {
            let body = json!({"pkId": keys["data"][0]["pkId"], "activationQuantity": 1});
            post("/v1/activations", body).await;
        }
    }
    let role = call(&stage, "GET", "/v1/me", &sale.key, &Value::Null).await["role"]["id"].clone();
    for (member, id) in [("customerId", customer), ("partnerId", partner)] {
        let body = json!({"name": member, "roleId": role, member: id});
        let key = text(&post("/v1/api-keys", body).await["secret"]);
        // The first call of a day notes the day.
        call(&stage, "GET", "/v1/me", &key, &Value::Null).await;
        // A partner's entitlements are found by look-up rows, which are larger than an index.
        let touched = f64::from(SOLD);
        let by_name = if member == "partnerId" { 1.0 } else { 0.0 };
        for (list, more) in
            [("entitlements", 3.0), ("activations", 3.0 + touched), ("provisioning-requests", 50.0)]
        {
            let vendors = cost(&stage, &counter, &sale.key, list).await;
            let theirs = cost(&stage, &counter, &key, list).await;
            println!("{member}, {list}: {vendors} and {theirs} read units");
            assert!(theirs <= vendors + more + by_name, "{member}, {list}: {vendors}, {theirs}");
        }
    }
}
