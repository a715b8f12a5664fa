//! A process's place in the simulated world: its own view of the ports.
//!
//! Neighbours: `gate` decides what becomes of every call, `memory` keeps the rows.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::cause::Silence;
use domain::ids::{Entropy, Purpose};
use domain::request::dispatched::Answer;
use domain::task::Message;
use domain::time::{Period, Time};
use edge::App;
use edge::ports::{Clock, Ids, Post, Provider, Queue, QueueError};
use edge::provider::egress::Policy;
use store::keys::{ATTEMPTS, Index, Key, Table};
use store::phase::Phase;
use store::port::{CommitError, Found, Item, Range, Write};
use store::{Store, StoreError};

use crate::gate::{Act, Fate, Gate};
use crate::memory::MemoryStore;
use crate::plant::PlantedFault;
use crate::vault::Kept;
use crate::world::{DISPATCH, SWEEP};

/// A row that was written.
pub struct Written {
    /// Who wrote it.
    pub slot: usize,
    /// Its key.
    pub key: Key,
    /// What is there now.
    pub after: Option<Arc<Item>>,
}

/// What all processes share.
#[derive(Default)]
pub struct Shared {
    /// The rows.
    pub store: MemoryStore,
    /// The master keys.
    pub vault: Arc<Kept>,
    /// The gate.
    pub gate: Gate,
    /// The true time, milliseconds since 1970.
    pub now: AtomicI64,
    /// How far the instants of two processes of this run may lie apart, milliseconds.
    pub apart: AtomicI64,
    /// The seed of all ids.
    pub seed: AtomicU64,
    made: AtomicU64,
    /// Messages that the queue took and the world has not yet.
    pub sent: Mutex<Vec<Message>>,
    /// Rows that were written and the world has not checked yet.
    pub written: Mutex<Vec<Written>>,
    /// What each shard of the index `due` last showed.
    stale: Mutex<BTreeMap<String, Vec<Item>>>,
    plant: Mutex<PlantedFault>,
}

/// Takes a lock; whoever panicked in it left whole values.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Begins anew.
    pub fn begin(&self, seed: u64, now: i64, plant: PlantedFault) {
        self.gate.clear();
        self.now.store(now, Relaxed);
        self.apart.store(0, Relaxed);
        self.seed.store(seed, Relaxed);
        self.made.store(0, Relaxed);
        self.vault.begin();
        lock(&self.sent).clear();
        lock(&self.written).clear();
        lock(&self.stale).clear();
        *lock(&self.plant) = plant;
    }

    /// Whether all that is at work in a run has the present form.
    pub fn is_whole(&self) -> bool {
        self.seed.load(Relaxed).is_multiple_of(4)
    }

    /// Whether a run begins with rows of form 1.
    pub fn begins_with_first(&self) -> bool {
        self.seed.load(Relaxed) % 8 >= 4
    }

    /// Whether a run brings them to form 2.
    pub fn migrates(&self) -> bool {
        self.begins_with_first() && self.form(SWEEP) != Phase::First
    }

    /// The form in which a process writes: in most runs two versions are at work, as during an
    /// upgrade, or rows of form 1 are brought to form 2.
    pub fn form(&self, slot: usize) -> Phase {
        let odd = slot % 2 == 1;
        match self.seed.load(Relaxed) % 4 {
            0 => Phase::Whole,
            1 => Phase::First,
            2 if odd => Phase::First,
            3 if odd => Phase::Whole,
            _ => Phase::Mixed,
        }
    }

    fn commit(&self, slot: usize, writes: &[Write]) -> Result<(), CommitError> {
        let planted = lock(&self.plant).planted(writes);
        let writes = planted.as_deref().unwrap_or(writes);
        let mut rows = self.store.rows();
        rows.write(writes)?;
        let mut written = lock(&self.written);
        for write in writes {
            let after = rows.find(write.key());
            written.push(Written { slot, key: write.key().clone(), after });
        }
        Ok(())
    }

    fn read(&self, slot: usize, keys: &[Key]) -> Vec<Option<Item>> {
        let rows = self.store.rows();
        let forgotten = *lock(&self.plant) == PlantedFault::Frozen && DISPATCH.contains(&slot);
        let hidden = |key: &Key| forgotten && key.sk.starts_with("P#");
        keys.iter().map(|key| if hidden(key) { None } else { rows.get(key) }).collect()
    }
}

/// A process's place.
pub struct Seat {
    /// Its number.
    pub slot: usize,
    /// What it shares.
    pub shared: Arc<Shared>,
    /// How wrong its clock is, milliseconds.
    pub skew: AtomicI64,
}

impl Seat {
    /// Sets its clock wrong.
    pub fn err(&self, by: i64) {
        self.skew.store(by, Relaxed);
        self.shared.apart.fetch_max(2 * by.abs(), Relaxed);
    }

    async fn pass(&self, act: Act, about: impl std::fmt::Debug, post: Option<Post>) -> Fate {
        let fate = self.shared.gate.pass(self.slot, act, about, post).await;
        if fate == Fate::Panic {
            // Without the hook's noise: it is caught where a record is worked on alone.
            std::panic::resume_unwind(Box::new("planted"));
        }
        fate
    }

    /// After something that was done by a process that is dead by now.
    async fn end<T>(&self, fate: &Fate, value: T) -> T {
        if *fate == Fate::DieAfter {
            std::future::pending::<()>().await;
        }
        value
    }
}

pub(crate) fn kind(writes: &[Write]) -> Act {
    let rows = || writes.iter().map(Write::key);
    if rows().any(|key| key.sk == "A" && key.pk.contains("#A#")) {
        return Act::Activate;
    }
    match writes {
        [Write::Put(key, ..)] if key.sk.starts_with("P#") => Act::Freeze,
        [Write::Put(key, item, _)] if key.sk == "R" && item.contains_key("lease") => Act::Claim,
        [Write::Put(key, ..)] if key.sk.starts_with(ATTEMPTS) => Act::Attempt,
        _ if rows().any(|key| key.sk == "R") => Act::Move,
        _ => Act::Write,
    }
}

fn unavailable() -> String {
    "simulated".to_owned()
}

#[async_trait]
impl Store for Seat {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
        let fate = self.pass(Act::Read, keys, None).await;
        if matches!(fate, Fate::Fail | Fate::Lost) {
            return Err(StoreError::Unavailable(unavailable()));
        }
        self.end(&fate, Ok(self.shared.read(self.slot, keys))).await
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
        let fate = self.pass(Act::Read, &after, None).await;
        if matches!(fate, Fate::Fail | Fate::Lost) {
            return Err(StoreError::Unavailable(unavailable()));
        }
        let found = self.shared.store.rows().scan(table, after, limit);
        self.end(&fate, Ok(found)).await
    }

    fn phase(&self) -> Phase {
        self.shared.form(self.slot)
    }

    async fn range(&self, range: &Range) -> Result<Found, StoreError> {
        let due = range.index == Some(Index::Due);
        let act = if due { Act::Due } else { Act::Read };
        let fate = self.pass(act, &range.pk, None).await;
        if matches!(fate, Fate::Fail | Fate::Lost) {
            return Err(StoreError::Unavailable(unavailable()));
        }
        let mut found = self.shared.store.rows().range(range);
        if due {
            let mut stale = lock(&self.shared.stale);
            let before = stale.insert(range.pk.clone(), found.items.clone());
            if fate == Fate::Stale {
                found.items = before.unwrap_or_default();
            }
        }
        self.end(&fate, Ok(found)).await
    }

    async fn write(&self, writes: &[Write]) -> Result<(), CommitError> {
        let keys: Vec<&str> = writes.iter().map(|write| write.key().pk.as_str()).collect();
        let fate = self.pass(kind(writes), keys, None).await;
        match fate {
            Fate::Fail => return Err(CommitError::Unavailable(unavailable())),
            Fate::Conflict => return Err(CommitError::Refused(Vec::new())),
            _ => {}
        }
        let written = self.shared.commit(self.slot, writes);
        if fate == Fate::Lost {
            return Err(CommitError::Unavailable(unavailable()));
        }
        self.end(&fate, written).await
    }
}

#[async_trait]
impl Queue for Seat {
    async fn send(&self, messages: &[Message]) -> Result<(), QueueError> {
        let fate = self.pass(Act::Send, messages, None).await;
        if fate == Fate::Fail {
            return Err(QueueError(unavailable()));
        }
        lock(&self.shared.sent).extend_from_slice(messages);
        if fate == Fate::Lost {
            return Err(QueueError(unavailable()));
        }
        self.end(&fate, Ok(())).await
    }
}

#[async_trait]
impl Provider for Seat {
    async fn post(&self, post: &Post) -> Answer {
        let fate = self.pass(Act::Post, &post.headers, Some(post.clone())).await;
        match fate {
            Fate::Answered(answer) => answer,
            other => {
                let nothing = Answer::None(Silence::Connect, unavailable());
                self.end(&other, nothing).await
            }
        }
    }
}

#[async_trait]
impl Clock for Seat {
    fn now(&self) -> Time {
        Time::from_millis(self.shared.now.load(Relaxed) + self.skew.load(Relaxed))
    }

    async fn wait(&self, _: Period) {
        self.pass(Act::Wait, "", None).await;
    }
}

impl Ids for Seat {
    fn entropy(&self) -> Entropy {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.shared.seed.load(Relaxed).to_be_bytes());
        bytes[8..16].copy_from_slice(&self.shared.made.fetch_add(1, Relaxed).to_be_bytes());
        bytes[16] = 1;
        Entropy::new(bytes).part(Purpose::Ids)
    }
}

/// The service as a process at this place runs it.
pub fn app(seat: &Arc<Seat>) -> Arc<App> {
    Arc::new(App {
        store: Arc::clone(seat) as Arc<dyn Store>,
        queue: Arc::clone(seat) as Arc<dyn Queue>,
        provider: Arc::clone(seat) as Arc<dyn Provider>,
        clock: Arc::clone(seat) as Arc<dyn Clock>,
        ids: Arc::clone(seat) as Arc<dyn Ids>,
        master: Some(seat.shared.vault.open()),
        public_url: "https://provisio.example".to_owned(),
        egress: Policy::default(),
        tokens: edge::provider::token::Tokens::default(),
        tenants: edge::tenants::Tenants::default(),
    })
}
