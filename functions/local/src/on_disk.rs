//! The store of a data folder: DynamoDB's, whose file this process looks after.
//!
//! Neighbours: `engine` is underneath. Guarantee: what was removed before `compact` is in no file
//! of the database after it.

use async_trait::async_trait;
use store::dynamo::DynamoStore;
use store::keys::{Key, Table};
use store::phase::Phase;
use store::port::{CommitError, Found, Item, Range, Write};
use store::{Store, StoreError};

use crate::engine::Engine;

/// A store over an engine on disk.
#[derive(Debug)]
pub struct OnDisk {
    store: DynamoStore,
    engine: Engine,
}

impl OnDisk {
    /// Over an engine.
    pub fn new(engine: &Engine) -> Self {
        Self { store: engine.store(), engine: engine.clone() }
    }
}

#[async_trait]
impl Store for OnDisk {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
        self.store.get(keys).await
    }

    async fn glance(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
        self.store.glance(keys).await
    }

    async fn range(&self, range: &Range) -> Result<Found, StoreError> {
        self.store.range(range).await
    }

    async fn write(&self, writes: &[Write]) -> Result<(), CommitError> {
        self.store.write(writes).await
    }

    async fn scan(
        &self,
        table: Table,
        after: Option<Key>,
        limit: usize,
    ) -> Result<Vec<Item>, StoreError> {
        self.store.scan(table, after, limit).await
    }

    fn phase(&self) -> Phase {
        self.store.phase()
    }

    async fn compact(&self) -> Result<(), StoreError> {
        self.engine.compact().await.map_err(StoreError::Unavailable)
    }

    async fn lacks(&self) -> Result<Vec<String>, StoreError> {
        self.store.lacks().await
    }
}
