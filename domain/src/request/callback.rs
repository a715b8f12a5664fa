//! The rows of callbacks: those that were accepted, refused, or repeated.
//!
//! Neighbours: `reported` decides what becomes of one. Guarantee: each trace has a bound, whatever
//! a provider sends.

use serde::{Deserialize, Serialize};

use crate::decision::Decision;
use crate::ids::Id;
use crate::limits::CONFLICTS;
use crate::request::states::Status;
use crate::rev::Rev;
use crate::time::Time;

/// A webhook id that was heard, with the body it came with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Seen {
    /// The webhook id.
    #[serde(rename = "i")]
    pub id: String,
    /// The first 16 hex digits of the body's SHA-256.
    #[serde(rename = "h")]
    pub hash: String,
    /// It said what was known: no step of the history is its own.
    #[serde(rename = "k", default, skip_serializing_if = "std::ops::Not::not")]
    pub known: bool,
}

/// A callback that was authentic and refused: it contradicts what is known, speaks of something
/// else, or cannot be read (Q2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// Its webhook id.
    pub webhook_id: String,
    /// When it came.
    pub at: Time,
    /// The status that it reported; null when its body could not be read.
    pub status: Option<Status>,
    /// The generation it spoke of.
    pub generation: u32,
    /// The status of the request at that moment.
    pub against: Status,
    /// The comment, or the reason given with it.
    pub comments: Option<String>,
    /// Why it was refused; null where 0.1.0 noted it.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A callback that came again, or said what is known: it changed nothing. One of 20 places is
/// taken by its webhook id, so that its trace is one write without a read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Repeat {
    /// The request; its row's key says it.
    #[serde(skip)]
    pub request: Option<Id>,
    /// Its webhook id.
    pub webhook_id: String,
    /// When it came last.
    pub at: Time,
    /// The status that it reported.
    pub status: Status,
    /// The generation it spoke of.
    pub generation: u32,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev,
}

/// The last 20 conflicting callbacks of a request, in one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflicts {
    /// The request.
    pub request: Id,
    /// Oldest first.
    pub list: Vec<Conflict>,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev,
}

/// A response of a callback that is too long for the head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongResponse {
    /// The request.
    pub request: Id,
    /// The callback.
    pub webhook_id: String,
    /// The whole response.
    pub response: String,
    /// Kept until then; none: it was made before this was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev,
}

impl Conflicts {
    /// Keeps one more, with this decision; none twice, and only the last 20.
    pub fn keep(mut self, conflict: Conflict, decision: Decision) -> Decision {
        let said = |c: &Conflict| Conflict { at: conflict.at, ..c.clone() };
        if self.list.iter().any(|c| said(c) == conflict) {
            return decision;
        }
        self.list.push(conflict);
        let over = self.list.len().saturating_sub(CONFLICTS);
        self.list.drain(..over);
        decision.save(self)
    }

    /// None yet.
    pub const fn none(request: Id) -> Self {
        Self { request, list: Vec::new(), rev: Rev::of(0) }
    }
}
