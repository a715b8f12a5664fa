//! The right to make one attempt: taken before the POST, counted, and fenced by a token (Q9).
//!
//! Neighbours: `functions/dispatch` claims, posts, and hands the answer to `dispatched`.

use crate::cause::Own;
use crate::decision::Decision;
use crate::ids::{Id, Purpose};
use crate::limits::LEASE_MARGIN;
use crate::plan::channel::Target;
use crate::plan::method::{MethodInfo, wait_before};
use crate::rejection::Rejection;
use crate::request::states::{Event, Status};
use crate::request::{Delivery, Lease, Named, Payload, Request};
use crate::stamp::Stamp;
use crate::time::{Period, Time};

/// Why a message has nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// The request is not queued any more.
    Done,
    /// Somebody else is sending it.
    Leased,
    /// It is not due yet.
    Early,
}

/// The result of a claim.
#[derive(Debug)]
pub enum Claim {
    /// Commit this, then post.
    Attempt(Box<Request>, Decision),
    /// Commit this; the attempts are used up (a worker died in the last one).
    Exhausted(Decision),
}

impl Request {
    /// Whether an attempt may begin now.
    ///
    /// # Errors
    /// Why not.
    pub fn claimable(&self, now: Time) -> Result<(), Idle> {
        if self.life.state != Status::RequestQueued {
            return Err(Idle::Done);
        }
        if self.lease.as_ref().is_some_and(|lease| lease.until > now) {
            return Err(Idle::Leased);
        }
        if self.not_before.is_some_and(|at| at > now) {
            return Err(Idle::Early);
        }
        Ok(())
    }

    /// The ladder's first wait, if it has one and it has not begun; nothing is rendered before its
    /// end (Q7).
    pub fn deferred(&self, tenant: Id, method: &MethodInfo, stamp: &Stamp) -> Option<Decision> {
        let ladder = &method.channel.target().retry_ladder;
        let due = wait_before(ladder, 1, stamp.entropy.fraction(Purpose::FirstWait), stamp.now)?;
        if self.attempt_count > 0 || self.not_before.is_some() || due <= stamp.now {
            return None;
        }
        let mut waiting = self.clone();
        waiting.not_before = Some(due);
        waiting.wait(stamp.now);
        let message = waiting.message(tenant, stamp.now);
        Some(message.into_iter().fold(Decision::default(), Decision::enqueue).save(waiting))
    }

    /// Takes the lease and counts the attempt.
    ///
    /// # Errors
    /// Never for a request that is claimable.
    pub fn claim(
        mut self,
        payload: &Payload,
        method: &MethodInfo,
        stamp: &Stamp,
    ) -> Result<Claim, Rejection> {
        let dead = self.lease.is_some();
        self.give_up();
        let number = self.attempt_count + 1;
        let Target { retry_ladder, timeout, .. } = method.channel.target();
        if number as usize > retry_ladder.len() {
            self.walk(Event::AttemptExhausted, Status::DispatchFailed, stamp, None)?;
            // A ladder that was made shorter meanwhile leaves the true reason where it is.
            if dead {
                let why = "The last attempt has no known end, and no more are left.";
                self.failure = Some(Own::Lost.because(why));
            }
            return Ok(Claim::Exhausted(self.saved(Decision::default()).1));
        }
        let length = Period::from_millis(timeout.millis() + LEASE_MARGIN.millis());
        self.lease = Some(Lease {
            token: stamp.entropy.guid(Purpose::Lease),
            until: stamp.now.after(length),
            first: self.delivery == Delivery::Never,
            method_version: method.version,
        });
        if self.delivery == Delivery::Never {
            self.delivery = Delivery::Maybe;
        }
        self.attempt_count = number;
        self.executed_date = Some(stamp.now);
        // Without the versions: the index of lists need not be written at a claim.
        self.plan = Some(Named { version: None, ..payload.plan.clone() });
        self.method = Some(Named { version: None, ..payload.method.clone() });
        Ok(Claim::Attempt(Box::new(self.clone()), Decision::default().save(self)))
    }
}
