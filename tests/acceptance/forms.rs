//! Rows of both forms, on every store: each version reads what the other wrote, writes its own, and
//! what is migrated in the middle is the same afterwards.
//!
//! Neighbours: `contract` holds the port, `migrated` a folder that 0.1.0 wrote.

use std::sync::Arc;

use domain::request::dispatched::{Answer, Heard};
use serde_json::{Value, json};
use simulator::api::{Call, Sale, Terms, text};
use simulator::check::has_form;
use simulator::memory::MemoryStore;
use simulator::stage::Stage;
use store::Store;
use store::keys::{Index, Table};
use store::phase::Phase;
use store::port::{Condition, Item, Write};

use crate::turns::{Turns, key_of};

/// What is sold, and where.
struct Shop {
    turns: Arc<Turns>,
    stage: Stage,
    sale: Sale,
    e_id: String,
    pk_id: String,
}

impl Shop {
    /// An entitlement of so many line items of two keys, three units each; the last key of all is
    /// the one that is activated.
    async fn open(rows: Arc<dyn Store>, phase: Phase, lines: usize) -> Self {
        let turns = Arc::new(Turns::new(rows, phase));
        let stage = Stage::over(turns.clone());
        let sale = Sale::open(&stage.app, &stage.api, &Terms::default()).await;
        let line = json!({"lineItemType": "Product_Key", "numProductKeys": 2,
            "numActivationPerProductKey": 3, "itemProducts": [{"productId": sale.product}]});
        let mut shop = Self { turns, stage, sale, e_id: String::new(), pk_id: String::new() };
        let customer = shop.call("POST", "/v1/customers", json!({"name": "Acme"})).await;
        let body = json!({"action": "PRODUCE", "entitlementItems": vec![line; lines],
            "customerId": customer["id"]});
        shop.e_id = text(&shop.call("POST", "/v1/entitlements", body).await["eId"]);
        let path = format!("/v1/entitlements/{}/product-keys?limit=100", shop.e_id);
        let keys = shop.show(&path).await;
        shop.pk_id = text(&keys["data"][2 * lines - 1]["pkId"]);
        shop
    }

    async fn call(&self, verb: &'static str, path: &str, body: Value) -> Value {
        let reply = self.stage.api.call(&Call::new(verb, path, &self.sale.key, &body)).await;
        assert!(reply.status < 300, "{verb} {path}: {}", reply.json);
        reply.json
    }

    async fn show(&self, path: &str) -> Value {
        self.call("GET", path, Value::Null).await
    }

    fn store(&self) -> &(dyn Store + 'static) {
        &*self.turns
    }

    fn take_turns(&self, phase: Phase) {
        *self.turns.phase.lock().unwrap() = phase;
    }

    /// Activates one; the activation, or the code of the refusal.
    async fn activate(&self) -> Result<Value, String> {
        let body = json!({"pkId": self.pk_id, "activationQuantity": 1});
        let call = Call::new("POST", "/v1/activations", &self.sale.key, &body);
        let reply = self.stage.api.call(&call).await;
        if reply.status == 201 { Ok(reply.json) } else { Err(reply.code().to_owned()) }
    }

    async fn left(&self) -> Value {
        let key = self.show(&format!("/v1/product-keys/{}", self.pk_id)).await;
        key["availableQuantity"].clone()
    }

    /// All that the API shows, by lists and by one.
    async fn all(&self) -> Vec<Value> {
        let mut seen = Vec::new();
        for path in [
            format!("/v1/entitlements/{}", self.e_id),
            format!("/v1/entitlements/{}/product-keys?limit=100", self.e_id),
            format!("/v1/activations?eId={}", self.e_id),
            "/v1/entitlements".to_owned(),
            "/v1/activations".to_owned(),
            "/v1/provisioning-requests".to_owned(),
            "/v1/provisioning-requests?status=FAILED,DISPATCH_FAILED".to_owned(),
        ] {
            seen.push(self.show(&path).await);
        }
        for list in [4, 5] {
            for row in seen[list]["data"].as_array().unwrap().clone() {
                let path = match row["aid"].as_str().filter(|_| list == 4) {
                    Some(aid) => format!("/v1/activations/{aid}"),
                    None => format!("/v1/provisioning-requests/{}", row["id"]),
                };
                seen.push(self.show(&path).await);
            }
        }
        seen
    }

    /// The row of the key.
    async fn key_row(&self) -> Item {
        let mut after = None;
        loop {
            let rows = self.turns.rows.scan(Table::Core, after, 100).await.unwrap();
            if let Some(row) = rows.iter().find(|row| key_of(row).sk.starts_with("K#")) {
                return row.clone();
            }
            after = Some(key_of(rows.last().expect("a key has a row")));
        }
    }
}

/// One version sells, the other goes on, the first comes back; then all is migrated.
async fn check(rows: Arc<dyn Store>, first: Phase, second: Phase, lines: usize) {
    let case = format!("{first:?}, {second:?}, {lines} line items");
    let shop = Shop::open(rows, first, lines).await;
    let activated = shop.activate().await.unwrap();
    shop.take_turns(second);
    assert_eq!(shop.left().await, 2, "{case}");
    shop.activate().await.unwrap();
    assert_eq!(shop.left().await, 1, "{case}");
    shop.take_turns(first);
    shop.activate().await.unwrap();
    assert_eq!(shop.activate().await, Err("QUANTITY_EXCEEDED".to_owned()), "{case}");
    shop.take_turns(second);
    let revoke = format!("/v1/activations/{}/revoke", text(&activated["aid"]));
    shop.call("POST", &revoke, json!({})).await;
    assert_eq!(shop.left().await, 1, "{case}");
    let row = shop.key_row().await;
    assert_eq!(row.contains_key("remaining"), second == Phase::First, "{case}");
    assert_eq!(row.contains_key("activated"), second != Phase::First, "{case}");

    // One of the two that are still to be sent fails, and is retried by the other version.
    let refused = Answer::Http { status: 400, body: String::new(), heard: Heard::default() };
    shop.stage.provider.answer(refused);
    shop.stage.dispatch().await;
    let failed = "/v1/provisioning-requests?status=DISPATCH_FAILED,FAILED";
    let seen = shop.all().await;
    let failures = shop.show(failed).await;
    let of_another = |row: &&Value| row["aid"] != activated["aid"];
    let failed_row = failures["data"].as_array().unwrap().iter().find(of_another);
    let id = failed_row.expect("one was refused")["id"].clone();
    shop.take_turns(first);
    assert_eq!(shop.all().await, seen, "{case}: another version sees something else");

    // What is in between is neither: rows that no version of one form wrote.
    shop.take_turns(Phase::Mixed);
    while !shop.store().migrate().await.unwrap().done {}
    shop.take_turns(Phase::Whole);
    assert_eq!(shop.all().await, seen, "{case}: the migration changed something");
    let mut after = None;
    loop {
        let rows = shop.turns.rows.scan(Table::Core, after, 100).await.unwrap();
        let Some(last) = rows.last() else { break };
        after = Some(key_of(last));
        for row in rows {
            let key = key_of(&row);
            assert!(!has_form(&key) || row.contains_key("f"), "{case}: {row:?}");
            let bytes = store::compact::size_of(&row);
            assert!(key.sk != "E" || bytes < 1024, "{case}: {bytes} bytes");
        }
    }
    shop.call("POST", &format!("/v1/provisioning-requests/{id}/retry"), json!({})).await;
    let listed = shop.show(failed).await;
    let left = listed["data"].as_array().unwrap().iter().filter(|row| row["id"] == id).count();
    assert_eq!(left, 0, "{case}");
    shop.activate().await.unwrap();
    assert_eq!(shop.left().await, 0, "{case}");
}

/// A migration that dies after each so many writes comes to its end, whatever it had written; also
/// where 0.1.0 goes on behind it.
#[tokio::test]
async fn a_migration_that_dies_again_and_again_ends() {
    let rows = Arc::new(MemoryStore::default());
    let shop = Shop::open(rows.clone(), Phase::First, 25).await;
    shop.activate().await.unwrap();
    shop.stage.dispatch().await;
    shop.activate().await.unwrap();
    let first = rows.rows().clone();
    let seen = shop.all().await;
    for writes in 1..6 {
        *rows.rows() = first.clone();
        shop.take_turns(Phase::Mixed);
        let mut dead = 0;
        loop {
            *shop.turns.fuse.lock().unwrap() = Some(writes);
            match shop.store().migrate().await {
                Ok(migrated) if migrated.done => break,
                Ok(_) => {}
                Err(_) => dead += 1,
            }
        }
        *shop.turns.fuse.lock().unwrap() = None;
        assert!(dead > 0, "it never died");
        shop.take_turns(Phase::Whole);
        assert_eq!(shop.all().await, seen, "after each {writes} writes");
        assert!(rows.rows().iter().all(|(key, row)| !has_form(key) || row.contains_key("f")));
    }
    // One that was written behind a pass is found by the next.
    *rows.rows() = first;
    shop.take_turns(Phase::Mixed);
    assert!(!shop.store().migrate().await.unwrap().done);
    shop.take_turns(Phase::First);
    shop.activate().await.unwrap();
    shop.take_turns(Phase::Mixed);
    while !shop.store().migrate().await.unwrap().done {}
    assert!(rows.rows().iter().all(|(key, row)| !has_form(key) || row.contains_key("f")));
}

/// Takes the form from every row that has one: a migration writes these anew. How many there are.
pub(crate) async fn without_form(store: &dyn Store) -> usize {
    let (mut rows, mut after) = (0, None);
    loop {
        let page = store.scan(Table::Core, after, 100).await.unwrap();
        let Some(last) = page.last() else { return rows };
        after = Some(key_of(last));
        for mut row in page {
            let key = key_of(&row);
            if has_form(&key) && row.remove("f").is_some() {
                store.write(&[Write::Put(key, row, Condition::Free)]).await.unwrap();
                rows += 1;
            }
        }
    }
}

const FORMS: [Phase; 3] = [Phase::First, Phase::Mixed, Phase::Whole];

#[tokio::test(flavor = "multi_thread")]
async fn each_form_is_read_and_written_beside_the_other() {
    for (first, second) in FORMS.iter().flat_map(|first| FORMS.map(|second| (*first, second))) {
        for lines in [1, 25] {
            check(Arc::new(MemoryStore::default()), first, second, lines).await;
            let client = harness::engine().client();
            let store = crate::contract::over(client.clone()).await;
            store::tables::add(&client, "core", Index::List).await.unwrap();
            check(Arc::new(store), first, second, lines).await;
        }
    }
}
