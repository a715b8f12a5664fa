//! A stage with something to sell, for the tests that hold the clock themselves.

use std::sync::Arc;

use simulator::CALLBACK_TIMEOUT;
use simulator::api::{Sale, Terms};
use simulator::memory::MemoryStore;
use simulator::stage::Stage;

/// Over an empty store in memory.
pub(crate) async fn stage() -> (Arc<MemoryStore>, Stage, Sale) {
    let rows = Arc::new(MemoryStore::default());
    let stage = Stage::over(rows.clone());
    let terms = Terms { quantity: 1_000, callback_timeout: CALLBACK_TIMEOUT, ..Terms::default() };
    let sale = Sale::open(&stage.app, &stage.api, &terms).await;
    (rows, stage, sale)
}

/// A request of a new activation.
pub(crate) async fn activated(stage: &Stage, sale: &Sale) -> u64 {
    let made = stage.api.call(&sale.activation(0, 1)).await.expect(201);
    made["provisioningRequests"][0]["id"].as_u64().unwrap()
}
