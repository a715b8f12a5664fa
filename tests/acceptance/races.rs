//! 64 clients race 10,000 activations for what there is, over DynamoDB.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use simulator::api::{Call, Sale, Terms};
use simulator::stage::Stage;
use tokio::task::JoinSet;

use crate::contract::dynamo;

const CLIENTS: u32 = 64;
const CALLS: u32 = 10_000;
const UNITS: u32 = 500;

/// So often each answer was heard.
type Heard = BTreeMap<(u16, String), u32>;

async fn client(stage: Arc<Stage>, sale: Arc<Sale>, calls: u32) -> Heard {
    let mut heard = Heard::new();
    for _ in 0..calls {
        let reply = stage.api.call(&sale.activation(0, 1)).await;
        let code = reply.code().to_owned();
        *heard.entry((reply.status, code)).or_default() += 1;
    }
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_what_there_is_is_granted() {
    let store = Arc::new(dynamo().await);
    let stage = Arc::new(Stage::over(store.clone()));
    let terms = Terms { quantity: UNITS, ..Terms::default() };
    let sale = Arc::new(Sale::open(&stage.app, &stage.api, &terms).await);
    let mut clients = JoinSet::new();
    for n in 0..CLIENTS {
        let calls = CALLS / CLIENTS + u32::from(n < CALLS % CLIENTS);
        clients.spawn(client(Arc::clone(&stage), Arc::clone(&sale), calls));
    }
    let mut heard = Heard::new();
    for one in clients.join_all().await {
        for (answer, count) in one {
            *heard.entry(answer).or_default() += count;
        }
    }
    let exceeded = (422, "QUANTITY_EXCEEDED".to_owned());
    let expected = Heard::from([((201, String::new()), UNITS), (exceeded, CALLS - UNITS)]);
    assert_eq!(heard, expected);
    let path = format!("/v1/entitlements/{}", sale.e_id);
    let call = Call::new("GET", path, &sale.key, &Value::Null);
    let entitlement = stage.api.call(&call).await.expect(200);
    assert_eq!(entitlement["state"], "COMPLETED");
    assert_eq!(entitlement["activeActivations"], json!(UNITS));
}
