//! A store in a test's hand: its phase, its writes, and the moment between two reads.
//!
//! Neighbours: `forms` and `torn` tell their stories on it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use store::keys::{Key, Table};
use store::phase::Phase;
use store::port::{CommitError, Found, Item, Range, Write};
use store::{Store, StoreError};

/// A store on which versions take turns, and which fails or changes when a test wants it.
pub(crate) struct Turns {
    pub(crate) rows: Arc<dyn Store>,
    pub(crate) phase: Mutex<Phase>,
    /// So many writes are left before none is possible; none: all are.
    pub(crate) fuse: Mutex<Option<u32>>,
    /// Happens before a second row of an entitlement is read, once.
    pub(crate) between: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

#[async_trait]
impl Store for Turns {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
        let between =
            self.between.lock().unwrap().take_if(|_| keys.iter().any(|key| key.sk == "L"));
        if let Some(between) = between {
            between();
        }
        self.rows.get(keys).await
    }

    async fn glance(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
        self.rows.glance(keys).await
    }

    async fn range(&self, range: &Range) -> Result<Found, StoreError> {
        self.rows.range(range).await
    }

    async fn scan(
        &self,
        table: Table,
        after: Option<Key>,
        limit: usize,
    ) -> Result<Vec<Item>, StoreError> {
        self.rows.scan(table, after, limit).await
    }

    async fn write(&self, writes: &[Write]) -> Result<(), CommitError> {
        {
            let mut fuse = self.fuse.lock().unwrap();
            if *fuse == Some(0) {
                return Err(CommitError::Unavailable("it died".to_owned()));
            }
            *fuse = fuse.map(|left| left - 1);
        }
        self.rows.write(writes).await
    }

    fn phase(&self) -> Phase {
        *self.phase.lock().unwrap()
    }
}

impl Turns {
    /// Over these rows, in a phase.
    pub(crate) fn new(rows: Arc<dyn Store>, phase: Phase) -> Self {
        let (fuse, between) = (Mutex::default(), Mutex::default());
        Self { rows, phase: Mutex::new(phase), fuse, between }
    }
}

/// The key of a row of the table `core`.
pub(crate) fn key_of(row: &Item) -> Key {
    let text = |name: &str| row[name].as_s().unwrap().clone();
    Key { table: Table::Core, pk: text("pk"), sk: text("sk") }
}
