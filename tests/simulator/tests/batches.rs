//! A batch of ten, and every subset of it poisoned: exactly the poison is reported, and every good
//! record is posted once.

use std::sync::Arc;

use async_trait::async_trait;
use simulator::api::{Sale, Terms};
use simulator::memory::MemoryStore;
use simulator::runtime;
use simulator::stage::{Stage, body_of};
use store::keys::{Key, Table};
use store::phase::Phase;
use store::port::{CommitError, Found, Item, Range, Write};
use store::{Store, StoreError};

/// A store whose code panics at some requests.
struct Trap {
    rows: MemoryStore,
    requests: std::sync::Mutex<Vec<String>>,
}

#[async_trait]
impl Store for Trap {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
        let trapped = self.requests.lock().unwrap().clone();
        if keys.iter().any(|key| trapped.iter().any(|id| key.pk.ends_with(id))) {
            std::panic::resume_unwind(Box::new("trapped"));
        }
        self.rows.get(keys).await
    }

    async fn glance(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
        self.get(keys).await
    }

    async fn scan(
        &self,
        table: Table,
        after: Option<Key>,
        limit: usize,
    ) -> Result<Vec<Item>, StoreError> {
        self.rows.scan(table, after, limit).await
    }

    fn phase(&self) -> Phase {
        self.rows.phase()
    }

    async fn range(&self, range: &Range) -> Result<Found, StoreError> {
        self.rows.range(range).await
    }

    async fn write(&self, writes: &[Write]) -> Result<(), CommitError> {
        self.rows.write(writes).await
    }
}

#[test]
fn exactly_the_poison_is_reported() {
    runtime().block_on(async {
        let rows = MemoryStore::default();
        let trap = Arc::new(Trap { rows, requests: std::sync::Mutex::default() });
        let stage = Stage::over(trap.clone());
        let sale = Sale::open(&stage.app, &stage.api, &Terms::default()).await;
        for _ in 0..10 {
            stage.api.call(&sale.activation(0, 1)).await.expect(201);
        }
        let messages = stage.queue.take();
        let begin = trap.rows.rows().clone();
        for subset in 0..1_024_u32 {
            *trap.rows.rows() = begin.clone();
            trap.requests.lock().unwrap().clear();
            let before = stage.provider.posts().len();
            let mut poisoned = Vec::new();
            let mut bodies: Vec<String> = messages.iter().map(body_of).collect();
            for (place, body) in bodies.iter_mut().enumerate() {
                if subset & (1 << place) == 0 {
                    continue;
                }
                poisoned.push(place.to_string());
                match (place + subset as usize) % 3 {
                    0 => "not json".clone_into(body),
                    1 => *body = body.replace(&messages[place].task.id.to_string(), "5"),
                    _ => {
                        let id = format!("#R#{}", messages[place].task.id);
                        trap.requests.lock().unwrap().push(id);
                    }
                }
            }
            assert_eq!(stage.handle(bodies).await, poisoned, "subset {subset:010b}");
            let good = 10 - poisoned.len();
            assert_eq!(stage.provider.posts().len() - before, good, "subset {subset:010b}");
        }
    });
}
