//! The state of the model: rows, queue, processes, provider, and how much may still go wrong.
//!
//! Neighbours: `steps` moves it, by the domain's own functions. Guarantee: a commit heeds the same
//! conditions as the store's.

use std::collections::{BTreeMap, BTreeSet};

use domain::activation::Activation;
use domain::decision::{Change, Decision, Effect};
use domain::entitlement::Entitlement;
use domain::entitlement::product_key::{Consumption, ProductKey};
use domain::entitlement::states::KeyState;
use domain::ids::Id;
use domain::record::Record;
use domain::request::Request;
use domain::request::states::Status;
use domain::rev::Rev;
use domain::time::Time;

use crate::fixture::{Fixture, START_MS};
use crate::invariants::{self, Received, Verdict};
use crate::search::Mutant;

/// A client that wants one activation, with an Idempotency-Key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// It has to call (again).
    Calling,
    /// Its call has read what it depends on.
    Loaded(Box<(Entitlement, ProductKey)>),
    /// Its call has committed, and was not answered yet.
    Answering,
    /// It was answered: granted or refused.
    Done(bool),
}

/// What a provider does with a POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reply {
    /// 202, and it will report.
    Accepted,
    /// 202, and it will never report.
    Mute,
    /// It has it, and will report, but its answer is lost.
    Silent,
    /// It is not there.
    Down,
}

/// A dispatcher.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Worker {
    /// Free.
    Idle,
    /// It has received a message and read the request.
    Loaded(Box<Request>),
    /// It has the lease, and is about to post these bytes.
    Claimed(Box<Request>, String),
    /// It knows the answer.
    Posted(Box<Request>, Reply),
}

/// A callback that is being worked on: what was read, and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reporting {
    /// The request as it was read.
    pub request: Request,
    /// The generation it speaks of.
    pub generation: u32,
    /// The status it reports.
    pub status: Status,
}

/// How often what may go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Processes that die.
    pub crashes: u8,
    /// Messages that are lost.
    pub losses: u8,
    /// Messages and callbacks that come again.
    pub repeats: u8,
    /// Time that passes while somebody is at work.
    pub delays: u8,
    /// Retries by an operator.
    pub retries: u8,
    /// Edits of the plan.
    pub edits: u8,
    /// Revocations of an activation.
    pub revocations: u8,
    /// Suspensions of the tenant; each comes to an end.
    pub suspensions: u8,
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct System {
    /// The time, milliseconds since 1970.
    pub now: i64,
    /// The entitlement's row.
    pub entitlement: Entitlement,
    /// The product key's row, once it differs from its default.
    pub key: Option<ProductKey>,
    /// Activations, with the client that each was for.
    pub activations: Vec<(usize, Activation)>,
    /// Requests.
    pub requests: Vec<Request>,
    /// Frozen bytes, by request and generation.
    pub payloads: BTreeMap<(Id, u32), String>,
    /// Clients whose answer is recorded.
    pub records: BTreeSet<usize>,
    /// The clients.
    pub clients: Vec<Client>,
    /// Messages, by request.
    pub queue: BTreeMap<Id, u8>,
    /// The dispatchers.
    pub workers: Vec<Worker>,
    /// The callback under way.
    pub reporting: Option<Reporting>,
    /// What the provider received.
    pub received: Received,
    /// Reports that the provider still owes.
    pub owed: BTreeSet<(Id, u32, String)>,
    /// Callbacks that were accepted, by request and webhook id.
    pub accepted: BTreeSet<(Id, String)>,
    /// Requests whose completion the provider was told to be accepted.
    pub settled: BTreeSet<Id>,
    /// Since when the tenant is suspended.
    pub suspended: Option<i64>,
    /// What may still go wrong.
    pub left: Budget,
    /// Invariants that were broken on the way.
    pub broken: BTreeSet<&'static str>,
}

/// A condition did not hold.
#[derive(Debug)]
pub struct Refused;

impl System {
    /// As it begins.
    pub fn new(fixture: &Fixture, clients: usize, workers: usize, left: Budget) -> Self {
        Self {
            now: START_MS,
            entitlement: fixture.entitlement.clone(),
            key: None,
            activations: Vec::new(),
            requests: Vec::new(),
            payloads: BTreeMap::new(),
            records: BTreeSet::new(),
            clients: vec![Client::Calling; clients],
            queue: BTreeMap::new(),
            workers: vec![Worker::Idle; workers],
            reporting: None,
            received: Received::default(),
            owed: BTreeSet::new(),
            accepted: BTreeSet::new(),
            settled: BTreeSet::new(),
            suspended: None,
            left,
            broken: BTreeSet::new(),
        }
    }

    /// A request's row.
    pub fn request(&self, id: Id) -> Option<&Request> {
        self.requests.iter().find(|request| request.id == id)
    }

    /// Notes what is broken.
    pub fn judge(&mut self, verdict: Verdict) {
        if let Err(violation) = verdict {
            self.broken.insert(violation.invariant);
        }
    }

    /// Commits a decision under its conditions; then its messages go, unless they are lost.
    ///
    /// # Errors
    /// When a condition does not hold; then nothing is written.
    pub fn commit(
        &mut self,
        decision: &Decision,
        client: usize,
        mutant: Option<Mutant>,
    ) -> Result<(), Refused> {
        let free = mutant == Some(Mutant::UnconditionalSent);
        for change in &decision.changes {
            self.holds(change, free, mutant)?;
        }
        for change in &decision.changes {
            self.apply(change, client, mutant);
        }
        Ok(())
    }

    /// The decision's messages reach the queue.
    pub fn send(&mut self, decision: &Decision) {
        for Effect::Enqueue(message) in &decision.effects {
            let waiting = self.queue.entry(message.task.id).or_default();
            *waiting = (*waiting + 1).min(2);
        }
    }

    fn holds(&self, change: &Change, free: bool, mutant: Option<Mutant>) -> Result<(), Refused> {
        let fits = match change {
            Change::Save(record) => match &**record {
                Record::Request(request) => {
                    free || self.request(request.id).map_or(0, |row| row.rev.number())
                        == request.rev.number()
                }
                Record::Entitlement(entitlement) => self.entitlement.rev == entitlement.rev,
                Record::Activation(activation) => {
                    let row = self.activations.iter().find(|(_, a)| a.aid == activation.aid);
                    row.map_or(0, |(_, row)| row.rev.number()) == activation.rev.number()
                }
                Record::ProductKey(key) => {
                    self.key.as_ref().map_or(0, |row| row.rev.number()) == key.rev.number()
                }
                _ => true,
            },
            Change::Consume(_) if mutant == Some(Mutant::ReadThenWrite) => true,
            Change::Consume(consumption) => self.remains(consumption),
            _ => true,
        };
        if fits { Ok(()) } else { Err(Refused) }
    }

    /// The conditions of the store's ADDs (I1).
    fn remains(&self, consumption: &Consumption) -> bool {
        let Consumption { key, quantity, exhausts, count } = consumption;
        let enough = match (&self.key, key.rev.number()) {
            (None, 0) => true,
            (Some(row), 1..) => {
                let left = row.remaining();
                row.state == KeyState::Enabled
                    && if *exhausts { left == *quantity } else { left > *quantity }
            }
            _ => false,
        };
        enough
            && count.as_ref().is_none_or(|count| {
                self.entitlement.life.state == count.state
                    && self.entitlement.enabled
                    && !(*exhausts && self.entitlement.keys_exhausted + 1 >= count.keys)
            })
    }

    fn apply(&mut self, change: &Change, client: usize, mutant: Option<Mutant>) {
        match change {
            Change::Save(record) => match &**record {
                Record::Request(request) => self.save(request, mutant),
                Record::Entitlement(entitlement) => {
                    let rev = self.entitlement.rev.next();
                    self.entitlement = Entitlement { rev, ..entitlement.clone() };
                }
                Record::Activation(activation) => self.keep(activation, client),
                Record::ProductKey(key) => {
                    self.key = Some(ProductKey { rev: key.rev.next(), ..key.clone() });
                }
                _ => {}
            },
            Change::Consume(consumption) => {
                let Consumption { key, quantity, exhausts, count } = consumption;
                // The mutant writes what it has read, less what it takes.
                let read = mutant == Some(Mutant::ReadThenWrite);
                let mut row = self.key.clone().filter(|_| !read).unwrap_or_else(|| key.clone());
                row.activated += *quantity;
                row.rev = row.rev.next();
                self.key = Some(row);
                if count.is_some() {
                    self.entitlement.active_activations += 1;
                    self.entitlement.keys_exhausted += u32::from(*exhausts);
                    self.entitlement.rev = self.entitlement.rev.next();
                }
            }
            _ => {}
        }
    }

    fn keep(&mut self, activation: &Activation, client: usize) {
        let of = |(_, row): &(usize, Activation)| row.aid == activation.aid;
        let place = self.activations.iter().position(of);
        let (client, before) = place.map_or((client, 0), |place| {
            let (client, row) = self.activations.remove(place);
            (client, row.rev.number())
        });
        let mut row = Activation { rev: Rev::of(before + 1), ..activation.clone() };
        row.life.fresh = 0;
        self.activations.push((client, row));
        self.activations.sort_by(|(_, a), (_, b)| a.aid.cmp(&b.aid));
    }

    fn save(&mut self, request: &Request, mutant: Option<Mutant>) {
        let place = self.requests.iter().position(|row| row.id == request.id);
        let before = place.map(|place| self.requests.remove(place));
        let now = Time::from_millis(self.now);
        self.judge(invariants::written(before.as_ref(), request, now));
        let rev = Rev::of(before.map_or(0, |row| row.rev.number()) + 1);
        let mut row = Request { rev, ..request.clone() };
        // As a row that was read: the count of fresh steps is not written.
        row.life.fresh = 0;
        match mutant {
            Some(Mutant::NoRing) => row.ring.clear(),
            Some(Mutant::ForgetsBehind) => row.taken_back = false,
            _ => {}
        }
        self.requests.push(row);
        self.requests.sort_by_key(|row| row.id);
    }
}
