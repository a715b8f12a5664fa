//! The simulated world: processes on slots, a queue, clients, providers, one clock.
//!
//! Neighbours: `schedule` and the tests decide what happens next; `check` looks at every row that
//! was written. Guarantee: between two acts every process waits at the gate.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use domain::request::Request;
use domain::task::Message;
use domain::time::Period;
use edge::master::MasterKeys;
use edge::{App, mark, rotation};
use futures::executor::block_on;
use model::invariants::{Received, Violation};
use store::keys::Key;
use store::phase::Phase;
use tokio::task::JoinHandle;

use crate::api::{Api, Reply, Sale, Terms};
use crate::clients::Client;
use crate::gate::{Act, Fate, Trace};
use crate::held::Held;
use crate::memory::{MemoryStore, Rows};
use crate::plant::PlantedFault;
use crate::provider::Callback;
use crate::queue::Queued;
use crate::rights::Rights;
use crate::seat::{Seat, Shared, app, lock};
use crate::stage::{START_MS, Stage, batch, body_of, routers};

/// Slots of the HTTP functions, of the dispatcher, and of the sweeper.
pub const API: std::ops::Range<usize> = 0..4;
/// Slots of the dispatcher.
pub const DISPATCH: std::ops::Range<usize> = 4..7;
/// The slot of the sweeper.
pub const SWEEP: usize = 7;
const SLOTS: usize = 8;
/// A process's clock is wrong by this at most.
pub const CLOCK_MS: i64 = 600_000;

/// What outlives a run: the processes' seats, and the rows that every run begins with.
pub struct World {
    /// What all processes share.
    pub shared: Arc<Shared>,
    /// The processes' places.
    pub seats: Vec<Arc<Seat>>,
    pub(crate) apps: Vec<Arc<App>>,
    doors: Vec<Api>,
    template: Rows,
    /// The same rows as form 1 has them.
    first: Rows,
    /// What is sold, by two tenants.
    pub sales: Vec<Sale>,
}

/// What a process works on.
#[derive(Clone, Debug)]
pub enum Work {
    /// A client's call, by its place.
    Call(usize),
    /// A callback, by its place.
    Report(usize),
    /// Messages, by their ids.
    Batch(Vec<u64>),
    /// A sweep.
    Sweep,
    /// Whoever runs the service has a master key made.
    Rotate,
    /// The same has the older ones forgotten.
    Forget,
}

enum Done {
    Reply(Reply),
    Failures(Vec<String>),
    Swept,
}

struct Busy {
    work: Work,
    task: JoinHandle<Done>,
}

/// One run of the world.
pub struct Run<'w> {
    /// The world.
    pub world: &'w World,
    slots: Vec<Option<Busy>>,
    /// The queue.
    pub queue: Vec<Queued>,
    /// The clients.
    pub clients: Vec<Client>,
    /// The callbacks that providers mean to make.
    pub callbacks: Vec<Callback>,
    /// Requests as they were last written.
    pub(crate) known: BTreeMap<Key, Request>,
    /// What the provider of each sale received: ids, and so idempotency keys, are a tenant's own.
    pub received: Vec<Received>,
    /// Tenants that are suspended, and when batches were begun.
    pub(crate) held: Held,
    /// What is known of people and keys.
    pub(crate) rights: Rights,
    /// Every message that was ever sent.
    pub sent: Vec<String>,
    /// The fingerprint.
    pub trace: Trace,
    /// The story, when it is wanted.
    pub story: Option<Vec<String>>,
    /// Rows of the table that requests walked.
    pub walked: Vec<String>,
    pub(crate) plant: PlantedFault,
    pub(crate) next_message: u64,
}

impl World {
    /// Sets up two tenants.
    pub async fn new(terms: &Terms) -> Self {
        let shared = Arc::new(Shared::default());
        let (template, sales) = Self::set_up(Phase::Whole, terms).await;
        let (first, _) = Self::set_up(Phase::First, terms).await;
        let seat = |slot| Arc::new(Seat { slot, shared: shared.clone(), skew: AtomicI64::new(0) });
        let seats: Vec<Arc<Seat>> = (0..SLOTS).map(seat).collect();
        let apps: Vec<Arc<App>> = seats.iter().map(app).collect();
        let doors = API.map(|slot| Api::new(routers(&apps[slot]))).collect();
        Self { shared, seats, apps, doors, template, first, sales }
    }

    /// The rows of two tenants, and what they sell; the ids are the same in every phase.
    async fn set_up(phase: Phase, terms: &Terms) -> (Rows, Vec<Sale>) {
        let rows = Arc::new(MemoryStore::in_phase(phase));
        let stage = Stage::over(rows.clone());
        if let Ok(master) = stage.app.master() {
            drop(mark::compare_or_mark(&*rows, master).await);
        }
        let sales = vec![
            Sale::open(&stage.app, &stage.api, terms).await,
            Sale::open(&stage.app, &stage.api, terms).await,
        ];
        let rows = rows.rows().clone();
        (rows, sales)
    }

    /// Whose a row is.
    pub fn sale_of(&self, key: &Key) -> usize {
        let of = |sale: &Sale| key.pk.starts_with(&format!("T#{}#", sale.tenant));
        self.sales.iter().position(of).unwrap_or_default()
    }

    /// A run, from the same rows as every other.
    pub fn begin(&self, seed: u64, plant: PlantedFault, tell: bool) -> Run<'_> {
        self.shared.begin(seed, START_MS, plant);
        self.shared.gate.telling.store(tell, Relaxed);
        self.seats.iter().for_each(|seat| seat.skew.store(0, Relaxed));
        for app in &self.apps {
            app.tenants.forget();
            // As at the start of a process.
            drop(app.master().map(|master| block_on(master.read_again())));
        }
        let first = self.shared.begins_with_first();
        *self.shared.store.rows() = if first { &self.first } else { &self.template }.clone();
        Run {
            world: self,
            slots: (0..SLOTS).map(|_| None).collect(),
            queue: Vec::new(),
            clients: Vec::new(),
            callbacks: Vec::new(),
            known: BTreeMap::new(),
            received: vec![Received::default(); self.sales.len()],
            held: Held::default(),
            rights: Rights::default(),
            sent: Vec::new(),
            trace: Trace::default(),
            story: tell.then(Vec::new),
            walked: Vec::new(),
            plant,
            next_message: 0,
        }
    }
}

impl Run<'_> {
    /// The true time.
    pub fn now(&self) -> i64 {
        self.world.shared.now.load(Relaxed)
    }

    /// Adds to story and fingerprint.
    pub fn tell(&mut self, what: impl FnOnce() -> String) {
        let at = self.now() - START_MS;
        if let Some(story) = &mut self.story {
            story.push(format!("{at:>9} ms  {}", what()));
        }
    }

    /// The first free slot of these.
    pub fn free(&self, mut slots: std::ops::Range<usize>) -> Option<usize> {
        slots.find(|slot| self.slots[*slot].is_none())
    }

    /// The slots at work.
    pub fn busy(&self) -> Vec<usize> {
        (0..SLOTS).filter(|slot| self.slots[*slot].is_some()).collect()
    }

    /// What a slot works on.
    pub fn work(&self, slot: usize) -> Option<&Work> {
        self.slots[slot].as_ref().map(|busy| &busy.work)
    }

    /// Lets a slot work, up to its first act.
    pub async fn start(&mut self, slot: usize, work: Work) {
        self.trace.add((slot, std::mem::discriminant(&work)));
        self.tell(|| format!("slot {slot} begins {work:?}"));
        let world = self.world;
        let shared = Arc::clone(&world.shared);
        let app = Arc::clone(&world.apps[slot]);
        let task = match &work {
            Work::Call(_) | Work::Report(_) => {
                if let Work::Report(place) = &work {
                    self.keep_spoilt(*place);
                }
                let now = self.now();
                let call = match &work {
                    Work::Call(client) => {
                        let sale = self.clients[*client].sale;
                        let (barred, erased) = (self.barred(*client), self.is_erased(sale));
                        self.clients[*client].erased = erased;
                        self.clients[*client].begin(barred)
                    }
                    Work::Report(callback) => self.callbacks[*callback].begin(world, now),
                    _ => return,
                };
                let api = world.doors[slot].clone();
                tokio::spawn(async move {
                    let reply = api.call(&call).await;
                    answered(&shared, slot, Done::Reply(reply)).await
                })
            }
            Work::Batch(ids) => {
                self.held.begin(slot, self.world.shared.now.load(Relaxed));
                let records = self.receive(ids);
                tokio::spawn(async move {
                    let answer = dispatch::handle(app, batch(records)).await;
                    let failures = answer.batch_item_failures.into_iter();
                    let ids = failures.map(|failure| failure.item_identifier).collect();
                    answered(&shared, slot, Done::Failures(ids)).await
                })
            }
            Work::Sweep => tokio::spawn(async move {
                // What it could not do is the next sweep's.
                drop(sweeper::sweep(&app).await);
                if shared.migrates() {
                    drop(app.store.migrate().await);
                }
                answered(&shared, slot, Done::Swept).await
            }),
            Work::Rotate => tokio::spawn(async move {
                drop(rotation::rotate(&app).await);
                answered(&shared, slot, Done::Swept).await
            }),
            Work::Forget => tokio::spawn(async move {
                let newest = app.master().map_or(1, MasterKeys::newest);
                for number in 1..newest {
                    drop(rotation::forget(&app, number).await);
                }
                answered(&shared, slot, Done::Swept).await
            }),
        };
        self.slots[slot] = Some(Busy { work, task });
        self.settle().await;
    }

    /// Lets the act at this place go.
    ///
    /// # Errors
    /// A violation that follows from it.
    pub async fn release(&mut self, place: usize, fate: Fate) -> Result<(), Violation> {
        let waiting = self.world.shared.gate.take(place);
        let (slot, act) = (waiting.slot, waiting.act);
        self.trace.add((slot, act, &fate));
        self.held(&waiting)?;
        let about = waiting.about.clone();
        self.tell(|| format!("slot {slot} {act:?} {about}: {fate:?}"));
        let dies = matches!(fate, Fate::DieBefore | Fate::DieAfter);
        waiting.go(fate);
        self.settle().await;
        let checked = self.observe();
        if dies {
            self.kill(slot);
        }
        checked?;
        self.reap().await
    }

    /// Ends a process where it stands.
    pub fn kill(&mut self, slot: usize) {
        self.trace.add(("kill", slot));
        self.tell(|| format!("slot {slot} dies"));
        self.world.shared.gate.forget(slot);
        self.world.apps[slot].tenants.forget();
        if let Some(busy) = self.slots[slot].take() {
            self.unheard(&busy.work);
        }
    }

    /// Who called hears nothing.
    fn unheard(&mut self, work: &Work) {
        let now = self.now();
        match work {
            Work::Call(client) => self.clients[*client].unheard(),
            Work::Report(callback) => self.callbacks[*callback].unheard(now),
            Work::Batch(_) | Work::Sweep | Work::Rotate | Work::Forget => {}
        }
    }

    /// Runs every process until it waits at the gate or has ended.
    async fn settle(&mut self) {
        // Tasks hand over to each other a few times at most; the order is always the same.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        let sent = std::mem::take(&mut *lock(&self.world.shared.sent));
        for message in sent {
            self.enqueue(&message);
        }
    }

    fn enqueue(&mut self, message: &Message) {
        let body = body_of(message);
        self.sent.push(body.clone());
        self.push(body, message.delay.map_or(0, Period::millis));
    }

    /// Hears what ended processes have to say.
    async fn reap(&mut self) -> Result<(), Violation> {
        for slot in 0..SLOTS {
            let ended = self.slots[slot].as_ref().is_some_and(|busy| busy.task.is_finished());
            let Some(busy) = ended.then(|| self.slots[slot].take()).flatten() else { continue };
            let Ok(done) = busy.task.await else {
                // A panic outside a record: as if the process had died.
                self.unheard(&busy.work);
                continue;
            };
            match (busy.work, done) {
                (Work::Call(client), Done::Reply(reply)) => {
                    self.tell(|| format!("client {client} hears {} {}", reply.status, reply.json));
                    let reply = self.plant.told(reply, self.clients[client].call.as_ref());
                    self.begun_session(client, &reply);
                    self.clients[client].erased |= self.is_erased(self.clients[client].sale);
                    self.clients[client].hear(reply)?;
                }
                (Work::Report(callback), Done::Reply(reply)) => {
                    self.tell(|| format!("callback {callback} hears {}", reply.status));
                    self.heard(callback, &reply)?;
                }
                (Work::Batch(ids), Done::Failures(failures)) => {
                    let again = |id: &u64| failures.contains(&id.to_string());
                    let done: Vec<u64> = ids.into_iter().filter(|id| !again(id)).collect();
                    self.queue.retain(|message| !done.contains(&message.id));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether something can be let go; every process at work waits or has ended.
    ///
    /// # Panics
    /// When a process neither waits nor ends: the simulator would wait for ever.
    pub fn is_moving(&self) -> bool {
        let moving = !self.world.shared.gate.is_empty();
        assert!(moving || self.busy().is_empty(), "a process is stuck: {:?}", self.story);
        moving
    }

    /// Time passes.
    pub fn pass(&mut self, millis: i64) {
        self.trace.add(millis);
        self.tell(|| format!("{millis} ms pass"));
        self.world.shared.now.fetch_add(millis, Relaxed);
    }
}

/// The answer is an act, too: it can be lost (S2, S7).
async fn answered(shared: &Shared, slot: usize, done: Done) -> Done {
    let fate = shared.gate.pass(slot, Act::Answer, "", None).await;
    if fate != Fate::Go {
        std::future::pending::<()>().await;
    }
    done
}
