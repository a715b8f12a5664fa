//! A list of 10,000 requests: every row once while new ones come, every page within its bound.
//!
//! Neighbours: `counts` counts what the pages cost.

use std::collections::BTreeSet;

use domain::time::Period;
use serde_json::{Value, json};
use simulator::api::{Call, Sale, Terms, number, text};
use simulator::stage::Stage;

use crate::counts::stage;

/// What makes ten requests at once: a key of ten products, far more activations than are needed.
async fn ten_products(stage: &Stage, sale: &Sale) -> Call {
    let call = async |verb, path: &str, body: Value| {
        let reply = stage.api.call(&Call::new(verb, path, &sale.key, &body)).await;
        assert!(reply.status < 300, "{path}: {}", reply.json);
        reply.json
    };
    let mut products = Vec::new();
    for n in 0..10 {
        // Two products of one millisecond could derive the same identifier.
        stage.clock.pass(Period::from_millis(5));
        let name = json!({"name": format!("Part {n}"), "version": "1"});
        let body = json!({"nameVersion": name, "provisioningEnabled": true});
        let made = call("POST", "/v1/products", body).await["id"].clone();
        call("POST", &format!("/v1/products/{made}/complete"), json!({})).await;
        let body = json!({"planId": sale.plan, "methodId": sale.door.method});
        call("PUT", &format!("/v1/products/{made}/association"), body).await;
        products.push(json!({"productId": made}));
    }
    let body = json!({"action": "PRODUCE", "entitlementItems": [{
        "lineItemType": "Product_Key", "numActivationPerProductKey": 10_000,
        "itemProducts": products}]});
    let e_id = text(&call("POST", "/v1/entitlements", body).await["eId"]);
    let keys = call("GET", &format!("/v1/entitlements/{e_id}/product-keys"), Value::Null).await;
    let body = json!({"pkId": keys["data"][0]["pkId"], "activationQuantity": 1});
    Call::new("POST", "/v1/activations", &sale.key, &body)
}

/// The ids of ten new requests. Time passes: a millisecond has 4,096 ids.
async fn ten(stage: &Stage, activation: &Call) -> Vec<u64> {
    stage.clock.pass(Period::from_millis(5));
    let made = stage.api.call(activation).await.expect(201);
    stage.queue.take();
    made["provisioningRequests"].as_array().unwrap().iter().map(|r| number(&r["id"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_are_listed_once_each_while_new_ones_come() {
    let (stage, counter) = stage().await;
    let sale = Sale::open(&stage.app, &stage.api, &Terms::default()).await;
    let activation = ten_products(&stage, &sale).await;
    let mut made = BTreeSet::new();
    for _ in 0..1000 {
        made.extend(ten(&stage, &activation).await);
    }
    assert_eq!(made.len(), 10_000);
    for order in ["desc", "asc"] {
        let (mut listed, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/provisioning-requests?limit=50&order={order}{cursor}");
            counter.take(0);
            let reply = stage.api.call(&Call::new("GET", path, &sale.key, &Value::Null)).await;
            let cost = counter.take(0);
            assert!(cost.calls == 2 && cost.read <= 27.0, "{cost:?} after {}", listed.len());
            let page = reply.expect(200);
            listed.extend(page["data"].as_array().unwrap().iter().map(|row| number(&row["id"])));
            let Some(next) = page["nextCursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
            if listed.len() % 1000 == 0 {
                ten(&stage, &activation).await;
            }
        }
        let distinct: BTreeSet<u64> = listed.iter().copied().collect();
        assert_eq!(distinct.len(), listed.len(), "none twice");
        assert!(made.is_subset(&distinct), "none left out");
    }
}
