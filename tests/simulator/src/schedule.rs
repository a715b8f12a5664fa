//! A schedule: one seed decides who moves next, what breaks, and who dies; then the world calms
//! down, and everything must come to rest.
//!
//! Neighbours: `world` carries out. Guarantee: the same seed is the same run, to the last byte.

use domain::activation::states::State as ActivationState;
use fastrand::Rng;
use model::invariants::Violation;

use crate::clients::{Client, Wish};
use crate::gate::{Act, Fate, Next};
use crate::plant::PlantedFault;
use crate::provider::Behaviour;
use crate::world::{API, CLOCK_MS, DISPATCH, Run, SWEEP, Work, World};

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The fingerprint of everything that happened.
    pub hash: u64,
    /// The first violation.
    pub violation: Option<Violation>,
    /// Acts that were let go.
    pub acts: u64,
    /// How often each row of the table was walked, and each fault met.
    pub met: Vec<(String, u64)>,
    /// The story, if it was wanted.
    pub story: Vec<String>,
}

/// How wild a run is, in parts of a thousand.
pub(crate) struct Wildness {
    faults: u32,
    deaths: u32,
    mischief: u32,
    /// Of the providers.
    pub(crate) refusals: u32,
    /// They stay as they are when the world calms down.
    pub(crate) stubborn: bool,
}

/// The wild part of a schedule has at most one of these numbers of steps.
const STEPS: [u32; 4] = [60, 60, 120, 400];

/// Runs a seed.
pub async fn run(world: &World, seed: u64, plant: PlantedFault, tell: bool) -> Ended {
    let mut schedule = Schedule::new(world, seed, plant, tell);
    let violation = schedule.play().await.err();
    let Schedule { run, acts, faults, .. } = schedule;
    let mut met: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
    for name in run.walked.iter().chain(&faults) {
        *met.entry(name.clone()).or_default() += 1;
    }
    Ended {
        hash: run.trace.hash(),
        violation,
        acts,
        met: met.into_iter().collect(),
        story: run.story.unwrap_or_default(),
    }
}

/// A schedule under way.
pub(crate) struct Schedule<'w> {
    pub(crate) run: Run<'w>,
    pub(crate) rng: Rng,
    pub(crate) wild: Wildness,
    pub(crate) acts: u64,
    faults: Vec<String>,
}

impl<'w> Schedule<'w> {
    fn new(world: &'w World, seed: u64, plant: PlantedFault, tell: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut run = world.begin(seed, plant, tell);
        let wild = Wildness {
            faults: [0, 20, 80, 200][rng.usize(..4)],
            deaths: [0, 10, 40][rng.usize(..3)],
            mischief: [0, 20, 60][rng.usize(..3)],
            refusals: [100, 500, 900][rng.usize(..3)],
            stubborn: rng.u32(..3) == 0,
        };
        if rng.u32(..4) == 0 {
            for seat in &world.seats {
                seat.err(rng.i64(-CLOCK_MS..=CLOCK_MS));
            }
        }
        for number in 0..rng.usize(2..7) {
            let sale = usize::from(rng.u32(..4) == 0);
            let may = |wish: &Wish| *wish != Wish::Erase || world.shared.is_whole();
            for wish in Wish::some(&mut rng, number).into_iter().filter(may) {
                let mut client = Client::new(run.clients.len(), sale, wish);
                client.clerk = !client.wish.administers() && rng.u32(..4) == 0;
                run.clients.push(client);
            }
        }
        Self { run, rng, wild, acts: 0, faults: Vec::new() }
    }

    async fn play(&mut self) -> Result<(), Violation> {
        let most = STEPS[self.rng.usize(..STEPS.len())];
        for _ in 0..self.rng.u32(most / 4..most) {
            self.step().await?;
        }
        self.come_down().await
    }

    /// One step of the wild part.
    async fn step(&mut self) -> Result<(), Violation> {
        let moving = self.run.is_moving();
        match self.rng.u32(..1000) {
            dice if dice < self.wild.deaths => {
                let busy = self.run.busy();
                if let Some(slot) = self.rng.choice(busy) {
                    self.note("a process dies");
                    self.run.kill(slot);
                }
                Ok(())
            }
            dice if dice < self.wild.deaths + self.wild.mischief => {
                self.mischief();
                Ok(())
            }
            _ if moving && self.rng.u32(..10) < 7 => {
                let place = self.rng.usize(..self.run.world.shared.gate.len());
                self.release(place).await
            }
            _ => self.begin_something().await,
        }
    }

    pub(crate) fn count_granted(&mut self) {
        let granted = |client: &&Client| {
            client.last.as_ref().is_some_and(|reply| (200..300).contains(&reply.status))
        };
        let names = self.run.clients.iter().filter(granted).map(|client| client.wish.name());
        self.faults.extend(names.map(|name| format!("granted {name}")));
    }

    pub(crate) fn note(&mut self, what: &str) {
        self.faults.push(what.to_owned());
    }

    /// The queue loses, doubles and delays; the provider repeats itself.
    fn mischief(&mut self) {
        let len = self.run.queue.len();
        match self.rng.u32(..7) {
            5 => {
                let sale = self.rng.usize(..self.run.world.sales.len());
                let suspended = self.run.suspend(sale);
                self.note(if suspended { "a tenant is suspended" } else { "a tenant is resumed" });
            }
            0 if len > 0 => {
                self.note("a message is lost");
                let place = self.rng.usize(..len);
                self.run.queue.remove(place);
            }
            1 if len > 0 => {
                self.note("a message comes twice");
                let body = self.run.queue[self.rng.usize(..len)].body.clone();
                let delay = self.rng.i64(0..10_000);
                self.run.push(body, delay);
            }
            2 if len > 0 => {
                self.note("a message is late");
                let place = self.rng.usize(..len);
                self.run.queue[place].visible += self.rng.i64(0..120_000);
            }
            3 if self.rng.u32(..10) == 0 => {
                self.note("the queue is purged");
                self.run.queue.clear();
            }
            4 => {
                self.note("a poison message");
                let body = self.run.poison(&mut self.rng);
                self.run.push(body, 0);
            }
            _ if !self.run.callbacks.is_empty() => {
                self.note("a callback comes twice");
                let place = self.rng.usize(..self.run.callbacks.len());
                let mut again = self.run.callbacks[place].clone();
                again.under_way = false;
                again.answered = None;
                self.run.callbacks.push(again);
            }
            _ => {}
        }
    }

    async fn begin_something(&mut self) -> Result<(), Violation> {
        match self.rng.u32(..10) {
            0..4 => self.begin_call().await,
            4..6 => self.begin_batch().await,
            6..8 => self.begin_report().await,
            8 => {
                if self.rng.bool() {
                    self.begin_sweep().await;
                }
            }
            _ => {
                let millis = [10, 1_000, 8_000, 40_000, 400_000][self.rng.usize(..5)];
                let millis = self.rng.i64(1..=millis);
                self.run.pass(millis);
            }
        }
        Ok(())
    }

    async fn begin_call(&mut self) {
        let wants = |client: &Client| client.wants() || client.under_way == 1;
        let places: Vec<usize> =
            (0..self.run.clients.len()).filter(|i| wants(&self.run.clients[*i])).collect();
        let (Some(slot), Some(place)) = (self.run.free(API), self.rng.choice(places)) else {
            return;
        };
        let client = &self.run.clients[place];
        // Two at once, now and then, of a call that may be repeated.
        if client.under_way == 1 && (!client.is_keyed() || self.rng.u32(..8) > 0) {
            return;
        }
        if self.write(place) {
            self.run.start(slot, Work::Call(place)).await;
        }
    }

    /// Writes a client's call, if it was not; false when there is nothing to call about yet.
    pub(crate) fn write(&mut self, place: usize) -> bool {
        let client = &self.run.clients[place];
        if client.call.is_none() {
            let sale = &self.run.world.sales[client.sale];
            let requests = self.run.requests(client.sale).unwrap_or_default();
            let request = self.rng.choice(requests).map(|request| request.id.get());
            let mut activations = self.run.activations(client.sale).unwrap_or_default();
            if client.wish.name() == "revocation at once" {
                activations.retain(|a| a.life.state == ActivationState::RevocationPending);
            }
            let aid = self.rng.choice(activations).map(|activation| activation.aid);
            self.run.clients[place].write(sale, request, aid.as_deref());
            self.run.in_session(place);
        }
        self.run.clients[place].call.is_some()
    }

    async fn begin_batch(&mut self) {
        let mut visible = self.run.visible();
        self.rng.shuffle(&mut visible);
        visible.truncate(self.rng.usize(1..=10));
        if let (Some(slot), false) = (self.run.free(DISPATCH), visible.is_empty()) {
            self.run.start(slot, Work::Batch(visible)).await;
        }
    }

    async fn begin_report(&mut self) {
        let now = self.run.now();
        let open: Vec<usize> = (0..self.run.callbacks.len())
            .filter(|i| {
                let callback = &self.run.callbacks[*i];
                !callback.under_way && callback.answered.is_none() && callback.due <= now
            })
            .collect();
        if let (Some(slot), Some(place)) = (self.run.free(API), self.rng.choice(open)) {
            self.run.start(slot, Work::Report(place)).await;
        }
    }

    async fn begin_sweep(&mut self) {
        if self.run.free(SWEEP..SWEEP + 1).is_none() {
            return;
        }
        if self.run.world.shared.is_whole() && self.rng.u32(..16) == 0 {
            self.run.start(SWEEP, Work::Rotate).await;
        } else {
            self.run.sweep().await;
        }
    }

    async fn release(&mut self, place: usize) -> Result<(), Violation> {
        let Next { slot, act, post } = self.run.world.shared.gate.look(place);
        let broken = self.rng.u32(..1000) < self.wild.faults;
        let fate = match post {
            Some(_) if broken && self.rng.bool() => Fate::DieBefore,
            Some(post) => {
                let does = Behaviour::any(&mut self.rng, self.wild.refusals);
                let answer = self.run.posted(&post, does)?;
                if broken { Fate::DieAfter } else { Fate::Answered(answer) }
            }
            None if broken => self.fault(slot, act),
            None => Fate::Go,
        };
        if !matches!(fate, Fate::Go | Fate::Answered(_)) {
            self.note(&format!("{act:?} {fate:?}"));
        }
        self.acts += 1;
        self.run.release(place, fate).await
    }

    fn fault(&mut self, slot: usize, act: Act) -> Fate {
        let dies = [Fate::DieBefore, Fate::DieAfter];
        let mut fates: Vec<Fate> = match act {
            Act::Read => vec![Fate::Fail],
            Act::Due => vec![Fate::Fail, Fate::Stale, Fate::Stale],
            Act::Send => vec![Fate::Fail, Fate::Lost],
            Act::Wait | Act::Answer => vec![Fate::DieBefore],
            _ => vec![Fate::Fail, Fate::Lost, Fate::Lost, Fate::Conflict],
        };
        fates.extend(dies);
        if DISPATCH.contains(&slot) && act != Act::Answer {
            fates.push(Fate::Panic);
        }
        fates.swap_remove(self.rng.usize(..fates.len()))
    }
}
