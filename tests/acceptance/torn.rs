//! A large entitlement is in two rows: who reads them while somebody writes both sees one of the
//! two, and never a part of each.
//!
//! Neighbours: `store::content` has both rows; `forms` holds what is written.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};
use simulator::api::{Call, Sale, Terms, text};
use simulator::memory::{MemoryStore, Rows};
use simulator::stage::Stage;
use store::keys::Key;
use store::phase::Phase;
use store::port::{CommitError, Found, Item, Range, Write};
use store::{Store, StoreError};

/// A store whose rows become others at the moment before a second row is read.
struct Swapped {
    rows: MemoryStore,
    next: Mutex<Option<Rows>>,
}

#[async_trait]
impl Store for Swapped {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
        if keys.iter().any(|key| key.sk == "L")
            && let Some(next) = self.next.lock().unwrap().take()
        {
            *self.rows.rows() = next;
        }
        self.rows.get(keys).await
    }

    async fn glance(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
        self.rows.glance(keys).await
    }

    async fn range(&self, range: &Range) -> Result<Found, StoreError> {
        self.rows.range(range).await
    }

    async fn scan(&self, after: Option<Key>, limit: usize) -> Result<Vec<Item>, StoreError> {
        self.rows.scan(after, limit).await
    }

    async fn write(&self, writes: &[Write]) -> Result<(), CommitError> {
        self.rows.write(writes).await
    }

    fn phase(&self) -> Phase {
        self.rows.phase()
    }
}

/// The draft is replaced by one of so many line items while it is read.
async fn check(lines: usize) {
    let store = Arc::new(Swapped { rows: MemoryStore::default(), next: Mutex::default() });
    let stage = Stage::over(store.clone());
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
    let before = store.rows.rows().clone();
    call("PUT", &path, body(lines)).await;
    let after = std::mem::replace(&mut *store.rows.rows(), before);
    *store.next.lock().unwrap() = Some(after);
    let seen = call("GET", &path, Value::Null).await;
    assert!(store.next.lock().unwrap().is_none(), "it was swapped");
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
