//! A large entitlement is in two rows: who reads them while somebody writes both sees one of the
//! two, and never a part of each.
//!
//! Neighbours: `store::content` has both rows; `forms` holds what is written.

use std::sync::Arc;

use serde_json::{Value, json};
use simulator::api::{Call, Sale, Terms, text};
use simulator::memory::MemoryStore;
use simulator::stage::Stage;
use store::Store;
use store::phase::Phase;
use store::port::Write;

use crate::turns::Turns;

/// The draft is replaced by one of so many line items while it is read.
async fn check(lines: usize) {
    let rows = Arc::new(MemoryStore::default());
    let turns = Arc::new(Turns::new(rows.clone(), Phase::Whole));
    let stage = Stage::over(turns.clone());
    let sale = Sale::open(&stage.app, &stage.api, &Terms::default()).await;
    let call = async |verb, path: &str, body: Value| {
        let reply = stage.api.call(&Call::new(verb, path, &sale.key, &body)).await;
        assert!(reply.status < 300, "{path}: {}", reply.json);
        reply.json
    };
    let body = |lines: usize| {
        let line = json!({"lineItemType": "Product_Key", "numProductKeys": lines,
            "itemProducts": [{"productId": sale.product}]});
        json!({"action": "SAVE", "refId1": format!("of {lines}"),
            "entitlementItems": vec![line; lines]})
    };
    let made = call("POST", "/v1/entitlements", body(25)).await;
    let path = format!("/v1/entitlements/{}", text(&made["eId"]));
    let before = rows.rows().clone();
    call("PUT", &path, body(lines)).await;
    let after = std::mem::replace(&mut *rows.rows(), before);
    let swap = move || *rows.rows() = after;
    *turns.between.lock().unwrap() = Some(Box::new(swap));
    let seen = call("GET", &path, Value::Null).await;
    assert!(turns.between.lock().unwrap().is_none(), "it was swapped");
    assert_eq!(seen["refId1"], format!("of {lines}"));
    assert_eq!(seen["entitlementItems"].as_array().unwrap().len(), lines);
    assert_eq!(seen["version"], 2);
}

#[tokio::test]
async fn an_entitlement_is_read_whole_while_it_is_replaced() {
    for lines in [24, 10, 1] {
        check(lines).await;
    }
}

/// What is lost of it is told by the doctor, and by its list.
#[tokio::test]
async fn a_second_row_that_is_lost_is_named() {
    let rows = Arc::new(MemoryStore::default());
    let stage = Stage::over(rows.clone());
    let sale = Sale::open(&stage.app, &stage.api, &Terms::default()).await;
    let line =
        json!({"lineItemType": "Product_Key", "itemProducts": [{"productId": sale.product}]});
    let body = json!({"action": "SAVE", "entitlementItems": vec![line; 25]});
    let call = Call::new("POST", "/v1/entitlements", &sale.key, &body);
    let made = stage.api.call(&call).await.expect(201);
    let second = rows.rows().iter().find(|(key, _)| key.sk == "L").unwrap().0.clone();
    let store: &dyn Store = &*rows;
    let tenant = domain::ids::Id::try_from(sale.tenant).unwrap();
    assert!(store.sample(tenant).await.unwrap().unreadable.is_empty());
    store.write(&[Write::Delete(second, store::port::Condition::Free)]).await.unwrap();
    let sample = store.sample(tenant).await.unwrap();
    assert_eq!(sample.unreadable.len(), 1, "{:?}", sample.unreadable);
    assert!(sample.unreadable[0].contains(&made["id"].to_string()));
}
