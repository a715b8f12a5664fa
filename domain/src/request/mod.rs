//! Provisioning requests: what a provider is asked to do, and how far it is (source 000).
//!
//! Neighbours: `open` makes them, `claim` and `dispatched` send them, `reported` hears back,
//! `manual` is the operator. Guarantee: the status changes only by the table of `states`.

pub mod attempt;
pub mod callback;
pub mod claim;
pub mod dispatched;
pub mod document;
mod kept;
pub mod manual;
pub mod open;
pub mod report;
pub mod reported;
mod seen;
pub mod states;
pub mod sweep;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cause::{Cause, Failure};
use crate::decision::{Decision, Follow};
use crate::entitlement::product_key::KeyRef;
use crate::ids::Id;
use crate::life::{Aged, Life};
use crate::limits::{QUEUE_DELAY, QUEUED_LATE, RESPONSE_EXCERPT_BYTES};
use crate::machine::Stateful;
use crate::rejection::Rejection;
use crate::request::attempt::UnfinishedAttempt;
pub use crate::request::callback::{Conflict, Conflicts, LongResponse, Repeat, Seen};
use crate::request::states::{Event, Status};
use crate::rev::Rev;
use crate::stamp::Stamp;
use crate::task::{Message, Task};
use crate::text::cut;
use crate::time::{Period, Time};

/// Whether the provider may have heard of the request's current generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[derive(Serialize, Deserialize, strum::IntoStaticStr, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Delivery {
    /// It certainly has not.
    Never,
    /// An attempt began whose end is not known, or was not a final answer.
    Maybe,
    /// It answered, or called back.
    Confirmed,
}

/// The kinds of work that a request asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[derive(Serialize, Deserialize, strum::IntoStaticStr, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum RequestType {
    /// Provide what was activated.
    #[default]
    Provision,
    /// Take it back, because the activation is revoked.
    Deprovision,
}

impl RequestType {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
    pub(crate) fn is_provision(&self) -> bool {
        *self == Self::Provision
    }
}

/// A plan or a method, as a request names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Named {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// The version that the payload was made with. A request's head and lists do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// A product, as a request names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProductName {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
}

/// The right to make one attempt (Q9).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// The outcome commits only with this.
    pub token: Uuid,
    /// Dead after this.
    pub until: Time,
    /// Nothing had been delivered before this attempt.
    pub first: bool,
    /// The method's version at this attempt.
    pub method_version: u64,
}

/// A provisioning request's head, as the store has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Its id; `number` is its decimal string.
    pub id: Id,
    /// The kind of work that it asks for.
    #[serde(rename = "type", default, skip_serializing_if = "RequestType::is_provision")]
    pub kind: RequestType,
    /// The activation.
    pub aid: String,
    /// The entitlement.
    pub entitlement_id: Id,
    /// The entitlement's GUID.
    pub e_id: Uuid,
    /// The product key.
    pub pk_id: Uuid,
    /// The key's index in the entitlement.
    pub key_index: u32,
    /// The key's generation.
    pub key_generation: u8,
    /// The product.
    pub product: ProductName,
    /// The product that was activated.
    pub quantity: u32,
    /// Status, version, history.
    #[serde(flatten)]
    pub life: Life<Status>,
    /// The plan.
    pub plan: Option<Named>,
    /// The method.
    pub method: Option<Named>,
    /// 0 to 500 characters.
    pub comments: Option<String>,
    /// Counts the manual retries, from 1.
    pub generation: u32,
    /// Attempts of this generation, counted before the POST.
    pub attempt_count: u32,
    /// Attempts of earlier generations.
    pub earlier_attempts: u32,
    /// No attempt before this: `scheduledDate`, then the time of the next retry.
    pub not_before: Option<Time>,
    /// When the sweeper looks at it; none at rest (Q10). It may look too early, never too late.
    pub next_attempt_at: Option<Time>,
    /// When the wait for a callback ends; none where there is no such wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Time>,
    /// The lease of the worker that sends it at this moment.
    pub lease: Option<Lease>,
    /// The last 50 attempts that had no outcome.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unheard: Vec<UnfinishedAttempt>,
    /// Whether the provider may have heard of it.
    pub delivery: Delivery,
    /// The last answer or report, at most 256 bytes of it.
    pub response: Option<String>,
    /// The webhook id whose whole response has a row of its own.
    pub long_response: Option<String>,
    /// Something may have been provided, whatever its state says: an earlier generation did, or the
    /// provider said so of what had failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub maybe_before: bool,
    /// Its activation is being revoked: what it turns out to have provided is taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taken_back: bool,
    /// The provider's own number.
    pub reference_number: Option<String>,
    /// Why it failed, or why its last attempt did.
    #[serde(flatten, with = "crate::cause::row")]
    pub failure: Option<Failure>,
    /// Start of the last attempt.
    pub executed_date: Option<Time>,
    /// Asked to be sent not before this.
    pub scheduled_date: Option<Time>,
    /// The last 32 webhook ids that were heard.
    pub ring: Vec<Seen>,
    /// When it was made.
    pub created_date: Time,
    /// The API key that made it.
    pub created_by: String,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev<Self>,
}

impl Request {
    /// The key that the provider deduplicates by (Q5, I4).
    pub fn webhook_id(&self) -> String {
        format!("pr_{}_g{}", self.id, self.generation)
    }

    /// Where its product key stands.
    pub const fn product_key(&self) -> KeyRef {
        KeyRef {
            entitlement: self.entitlement_id,
            index: self.key_index,
            generation: self.key_generation,
        }
    }

    /// The message that brings it to the dispatcher; none when it is due later than a queue can
    /// wait, which is the sweeper's work.
    pub fn message(&self, tenant: Id, now: Time) -> Option<Message> {
        if self.life.state != Status::RequestQueued {
            return None;
        }
        let group = self.method.as_ref().map_or(self.product.id, |method| method.id);
        let leased = self.lease.as_ref().map(|lease| lease.until);
        let wait = self.not_before.max(leased).map_or(0, |at| at.millis() - now.millis());
        let delay = (wait > 0).then(|| Period::from_millis(wait));
        let fits = delay.is_none_or(|delay| delay <= QUEUE_DELAY);
        fits.then(|| Message::new(Task::dispatch(tenant, self.id), group, delay))
    }

    /// Walks one row of the table.
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION`.
    fn walk(
        &mut self,
        event: Event,
        to: Status,
        stamp: &Stamp,
        note: Option<String>,
    ) -> Result<(), Rejection> {
        self.life.walk::<Self>(event, to, stamp, note)?;
        if self.is_at_rest() {
            (self.next_attempt_at, self.deadline) = (None, None);
        }
        if to != Status::RequestQueued {
            self.not_before = None;
            self.give_up();
        }
        Ok(())
    }

    /// The members that the audit shows; its own history has the rest.
    pub(crate) fn audited(&self) -> Value {
        json!({
            "status": self.life.state, "comments": self.comments, "generation": self.generation,
            "errorCode": self.failure.as_ref().map(|failure| failure.cause.to_string()),
            "errorDescription": self.failure.as_ref().map(|failure| &failure.description),
        })
    }

    /// Whether its activation decides what may be ordered now.
    pub fn awaits_its_activation(&self) -> bool {
        self.kind == RequestType::Provision && Self::MACHINE.takes(self.life.state, Event::Retry)
    }

    /// Nothing happens any more by itself.
    pub const fn is_at_rest(&self) -> bool {
        matches!(self.life.state, Status::Completed | Status::DispatchFailed | Status::Failed)
    }

    /// Whether somebody has to look at it: it ended without success, or it still waits and its last
    /// attempt, not the first of its generation, came late.
    pub fn needs_attention(&self) -> bool {
        let waits = self.life.state == Status::RequestQueued && self.attempt_count > 1;
        let begun = self.scheduled_date.max(Some(self.life.moved));
        let tried = self.executed_date.zip(begun).filter(|_| waits);
        tried.is_some_and(|(at, begun)| at.since(begun) >= QUEUED_LATE)
            || self.life.state.has_failed()
    }

    /// When the next attempt is due, at the latest: an attempt that is under way is repeated only
    /// if nobody hears of it until its lease is over.
    pub fn next_attempt(&self) -> Option<Time> {
        let leased = self.lease.as_ref().map(|lease| lease.until);
        let queued = self.life.state == Status::RequestQueued;
        queued.then(|| self.not_before.max(leased).unwrap_or(self.life.moved))
    }

    /// When the wait for a callback ends. Rows of 0.1.0 have it in the sweeper's time alone.
    pub fn callback_deadline(&self) -> Option<Time> {
        let waits = matches!(self.life.state, Status::RequestSent | Status::InProgress);
        self.deadline.or(self.next_attempt_at).filter(|_| waits)
    }

    /// Begins the wait for a callback, or begins it anew. A sweep that comes too early costs less
    /// than a move in the index: the place there stays, unless it is too late or of another wait
    /// (`unplaced`).
    fn await_callback(&mut self, timeout: Period, unplaced: bool, now: Time) {
        let deadline = now.after(timeout);
        self.deadline = Some(deadline);
        if unplaced || self.next_attempt_at.is_none_or(|at| at > deadline) {
            self.next_attempt_at = Some(deadline);
        }
    }

    /// Why it failed, or why its last attempt did.
    pub fn cause(&self) -> Option<&Cause> {
        self.failure.as_ref().map(|failure| &failure.cause)
    }

    /// Keeps what fits of an answer.
    fn keep_response(&mut self, text: &str) {
        self.response = Some(cut(text, RESPONSE_EXCERPT_BYTES).to_owned());
        self.long_response = None;
    }

    /// The decision that saves it, with the history that no longer fits, and what follows.
    fn saved(mut self, decision: Decision) -> (Self, Decision) {
        let follows = self.settles();
        let older = self.life.overflow(Aged::Request, self.id);
        let mut decision = older.into_iter().fold(decision.save(self.clone()), Decision::save);
        if follows {
            decision = decision.follow(Follow::Settled(Box::new(self.clone())));
        }
        (self, decision)
    }
}

/// The frozen bytes of a generation: first writer wins (Q9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payload {
    /// The request.
    pub request: Id,
    /// Its generation.
    pub generation: u32,
    /// The bytes that are posted.
    pub text: String,
    /// SHA-256 of the document it was rendered from.
    pub document_hash: String,
    /// It may hold data of people, as far as its plan reads such.
    #[serde(default = "Payload::unknown")]
    pub people: bool,
    /// The plan it was rendered by.
    pub plan: Named,
    /// The method it was made for.
    pub method: Named,
    /// Kept until then; none: it was made before this was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev,
}
