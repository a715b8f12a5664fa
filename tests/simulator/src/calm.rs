//! The calm after the wild part of a schedule: everything comes to rest, an operator acts, and all
//! that was said is said once more.
//!
//! Neighbours: `schedule` is the wild part. Guarantee: nothing breaks here, but providers may stay
//! as they are.

use std::sync::atomic::Ordering::Relaxed;

use domain::limits::RESEAL_WAIT;
use domain::request::Request;
use domain::request::states::Status;
use fastrand::Rng;
use model::invariants::{Violation, check};
use serde_json::json;

use crate::clients::{Client, Wish};
use crate::gate::{Fate, Next};
use crate::provider::Behaviour;
use crate::schedule::{Schedule, Wildness};
use crate::world::{API, CLOCK_MS, Run, SWEEP, Work};

const DAY_MS: i64 = 86_400_000;

impl Schedule<'_> {
    /// From the end of the wild part to the end of the run.
    pub(crate) async fn come_down(&mut self) -> Result<(), Violation> {
        self.calm().await?;
        self.run.at_rest()?;
        if self.rng.u32(..3) == 0 && self.retry().await? {
            self.settle_all().await?;
            self.run.at_rest()?;
        }
        if self.run.world.shared.is_whole() && self.rng.bool() {
            self.operate(Wish::Erase, None).await?;
            self.settle_all().await?;
            self.run.at_rest()?;
        }
        if self.run.world.shared.is_whole() && self.rng.u32(..3) == 0 {
            self.new_master_key().await?;
        }
        let passed = self.run.now() - crate::stage::START_MS;
        self.count_granted();
        // An idempotency record is kept for a day, by a clock that may be wrong.
        if passed >= DAY_MS / 2 {
            return Ok(());
        }
        self.note("repeated whole");
        self.run.repeat().await?;
        if self.rng.u32(..4) > 0 {
            return Ok(());
        }
        self.note("each is commented on");
        self.run.remark().await
    }

    /// A new master key, and the older ones forgotten: everything goes on as before.
    async fn new_master_key(&mut self) -> Result<(), Violation> {
        // One that is being made by a call that died is waited for, by whatever clock it had.
        self.run.pass(RESEAL_WAIT.millis() + 2 * CLOCK_MS);
        for work in [Work::Rotate, Work::Forget] {
            self.run.start(SWEEP, work).await;
            self.settle_all().await?;
            self.run.at_rest()?;
        }
        self.note("a new master key");
        let left = self.run.world.shared.vault.count();
        check("I10", left == 1, || format!("{left} master keys are left"))
    }

    /// No more faults: everything comes to rest, and every client to its answer.
    async fn calm(&mut self) -> Result<(), Violation> {
        self.run.tell(|| "the world calms down".to_owned());
        self.drain().await?;
        self.run.world.seats.iter().for_each(|seat| seat.skew.store(0, Relaxed));
        self.run.resume();
        for place in 0..self.run.clients.len() {
            let client = &self.run.clients[place];
            let keyed = client.call.is_some() && client.is_keyed();
            if keyed && !matches!(client.wish, Wish::Operate(..)) || client.wants() {
                self.last_call(place).await?;
            }
        }
        self.settle_all().await
    }

    /// An operator retries what failed; false when nothing did.
    async fn retry(&mut self) -> Result<bool, Violation> {
        let failed = |request: &Request| {
            matches!(request.life.state, Status::Failed | Status::DispatchFailed)
        };
        let mut requests = self.run.requests(0)?;
        requests.retain(failed);
        let Some(request) = self.rng.choice(requests) else { return Ok(false) };
        self.operate(Wish::Operate("retry", json!({})), Some(request.id.get())).await?;
        Ok(true)
    }

    /// An operator acts, with nobody in the way.
    async fn operate(&mut self, wish: Wish, request: Option<u64>) -> Result<(), Violation> {
        let place = self.run.clients.len();
        let mut operator = Client::new(place, 0, wish);
        operator.write(&self.run.world.sales[0], request, None);
        self.run.clients.push(operator);
        self.last_call(place).await
    }

    /// A client's last word: with nobody in its way.
    async fn last_call(&mut self, place: usize) -> Result<(), Violation> {
        if !self.write(place) {
            return Ok(());
        }
        self.run.start(API.start, Work::Call(place)).await;
        self.drain().await
    }

    /// Lets everybody go on until nobody is at work.
    async fn drain(&mut self) -> Result<(), Violation> {
        let Self { run, rng, wild, acts, .. } = self;
        run.drain(&mut |run, next| calmly(run, next, rng, wild, acts)).await
    }

    async fn settle_all(&mut self) -> Result<(), Violation> {
        let Self { run, rng, wild, acts, .. } = self;
        run.come_to_rest(&mut |run, next| calmly(run, next, rng, wild, acts)).await
    }
}

/// Nothing breaks any more, but providers may stay as they are.
fn calmly(
    run: &mut Run<'_>,
    next: &Next,
    rng: &mut Rng,
    wild: &Wildness,
    acts: &mut u64,
) -> Result<Fate, Violation> {
    *acts += 1;
    let Some(post) = &next.post else { return Ok(Fate::Go) };
    let does = if wild.stubborn { Behaviour::any(rng, wild.refusals) } else { Behaviour::good() };
    Ok(Fate::Answered(run.posted(post, does)?))
}
