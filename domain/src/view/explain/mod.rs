//! Why a request is where it is: one time line of all that happened, what happens next, and why an
//! action is not allowed.
//!
//! Neighbours: `timeline` and `outlook` fill it from the rows that `functions/requests` loads.
//! Guarantee: nothing is made up: each moment stands for a row, or for a part of one.

mod outlook;
mod timeline;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::access::Role;
use crate::access::audit::AuditEntry;
use crate::access::keys::KeyInfo;
use crate::activation::Activation;
use crate::ids::Id;
use crate::life::Step;
use crate::plan::method::MethodInfo;
use crate::request::states::Status;
use crate::request::{Conflicts, Named, Payload, Repeat, Request};
use crate::time::Time;
use crate::view::attempt::AttemptLine;

/// A request, explained.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The request.
    pub id: Id,
    /// Its number.
    pub number: String,
    /// Where it is.
    pub status: Status,
    /// Why it is there, in one sentence.
    pub why: String,
    /// All that happened, oldest first.
    pub timeline: Vec<Moment>,
    /// The next step that the service takes by itself.
    pub next: Next,
    /// The acts of an operator, and for each why it is not allowed, if it is not.
    pub actions: Vec<ActionLine>,
    /// How many rows of it cannot be read: what they would tell is missing above.
    pub unreadable: usize,
}

/// The kinds of moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MomentKind {
    /// An activation made the request.
    Created,
    /// Somebody acted.
    Act,
    /// The plan was filled: these bytes are what this generation sends.
    Rendered,
    /// An attempt to send it began.
    Attempt,
    /// The machine moved the request by itself.
    Moved,
    /// The provider's callback was accepted.
    Callback,
    /// A callback came again and changed nothing.
    RepeatedCallback,
    /// A callback contradicted what is known, and was refused.
    ConflictingCallback,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Moment {
    /// When; an attempt: when it began; a repeated callback: when it came last.
    pub at: Time,
    /// The kind of moment.
    pub kind: MomentKind,
    /// In words.
    pub summary: String,
    /// Who.
    pub by: Who,
    /// The row of the state table that was walked.
    pub row: Option<String>,
    /// The status after it, or the one that a callback spoke of.
    pub status: Option<Status>,
    /// The generation it belongs to.
    pub generation: Option<u32>,
    /// Number of the attempt in its generation.
    pub attempt: Option<u32>,
    /// How the attempt ended; null while it is under way.
    pub outcome: Option<&'static str>,
    /// The provider's HTTP status.
    pub http_status: Option<u16>,
    /// How long the attempt took, milliseconds.
    pub latency_ms: Option<i64>,
    /// Why there was no good answer.
    pub error: Option<String>,
    /// The callback's id.
    pub webhook_id: Option<String>,
    /// The plan, with the version that was filled.
    pub plan: Option<Named>,
    /// The method, with the version that was read.
    pub method: Option<Named>,
    /// SHA-256 of the document that the plan was filled from.
    pub document_hash: Option<String>,
    /// What is sent; null of older generations where it would be too much, and without
    /// customer.view where it may hold data of people.
    pub payload: Option<String>,
    /// SHA-256 of what is sent.
    pub payload_sha256: Option<String>,
    /// The comment, or the reason given with it.
    pub note: Option<String>,
}

/// The actor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Who {
    /// An API key's id, `SYSTEM` or `PROVIDER`.
    pub id: String,
    /// The key's name.
    pub name: Option<String>,
    /// The person behind the key.
    pub username: Option<String>,
}

/// The next step that the service takes by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Next {
    /// What.
    pub what: NextStep,
    /// When at the latest it begins; null: at once, or never.
    pub at: Option<Time>,
    /// In words.
    pub detail: String,
}

/// A step that comes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NextStep {
    /// The request is sent, or sent again.
    Attempt,
    /// The answer to an attempt that is under way.
    Answer,
    /// The provider's callback, or the end of its time.
    Callback,
    /// Nothing: the request is at rest.
    Nothing,
}

/// An action, and whether it is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ActionLine {
    /// Its name.
    pub action: &'static str,
    /// Whether this caller may order it now.
    pub allowed: bool,
    /// Its effect, or the reason why it is not allowed.
    pub why: String,
}

/// The rows that tell of a request.
pub struct Evidence {
    /// Its head.
    pub request: Request,
    /// Steps that no longer fit into the head, oldest first.
    pub older: Vec<Step<String>>,
    /// Its activation, if it can be read.
    pub activation: Option<Activation>,
    /// The frozen bytes of its generations, oldest first.
    pub payloads: Vec<Payload>,
    /// Its attempts, oldest first.
    pub attempts: Vec<AttemptLine>,
    /// Its callbacks that contradicted.
    pub conflicts: Conflicts,
    /// Its callbacks that came again.
    pub repeats: Vec<Repeat>,
    /// Acts that moved no machine.
    pub audit: Vec<AuditEntry>,
    /// Its method as it is now, if it is still there.
    pub method: Option<MethodInfo>,
    /// The API keys that acted, by their ids.
    pub keys: BTreeMap<String, KeyInfo>,
    /// How many rows cannot be read.
    pub unreadable: usize,
}

impl Evidence {
    /// The explanation, for a caller of this role.
    pub fn explain(self, role: &Role, now: Time) -> Explanation {
        Explanation {
            id: self.request.id,
            number: self.request.id.to_string(),
            status: self.request.life.state,
            why: self.why(),
            timeline: self.timeline(role),
            next: self.next(now),
            actions: self.actions(role),
            unreadable: self.unreadable,
        }
    }

    fn who(&self, id: &str) -> Who {
        let key = self.keys.get(id);
        Who {
            id: id.to_owned(),
            name: key.map(|key| key.name.clone()),
            username: key.and_then(|key| key.username.clone()),
        }
    }
}
