//! Attempts: each is a row of its own, written once by its worker, before its outcome is committed.
//!
//! Neighbours: `claim` begins one, `dispatched` ends it. Guarantee: an attempt without an outcome
//! is remembered in the request's head, the last 50 of them.

use serde::{Deserialize, Serialize};

use crate::cause::{Cause, ErrorLine, Failure, Own};
use crate::decision::Decision;
use crate::ids::Id;
use crate::limits::UNHEARD_ATTEMPTS;
use crate::request::Request;
use crate::request::dispatched::{Answer, Ended, Heard};
use crate::rev::Rev;
use crate::time::{Period, Time};

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(Serialize, Deserialize, strum::IntoStaticStr, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum AttemptOutcome {
    /// A 2xx answer.
    Ok,
    /// Worth another try.
    Retryable,
    /// The provider answered and refused.
    Refused,
    /// The address may not be called.
    Blocked,
    /// The worker died; nobody knows.
    Lost,
}

/// One attempt (append only).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotedAttempt)]
pub struct Attempt {
    /// The request; its row's key says it.
    #[serde(skip)]
    pub request: Option<Id>,
    /// Its generation.
    pub generation: u32,
    /// Number in the generation, from 1.
    pub no: u32,
    /// When it began.
    pub started_date: Time,
    /// When it ended.
    pub ended_date: Time,
    /// How.
    pub outcome: AttemptOutcome,
    /// The provider's HTTP status.
    pub http_status: Option<u16>,
    /// Why it failed; null where it did not.
    #[serde(flatten, with = "crate::cause::row")]
    #[schema(value_type = ErrorLine)]
    pub failure: Option<Failure>,
    /// The provider's answer, at most 64 KiB.
    pub response_excerpt: Option<String>,
    /// The wait that the provider asked for by `Retry-After`.
    #[serde(default)]
    pub retry_after: Option<Period>,
    /// Where a redirect leads; nobody goes there.
    #[serde(default)]
    pub location: Option<String>,
    /// The method's version at this attempt.
    pub method_version: u64,
    /// Kept until then; none: it was made before this was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev,
}

impl Attempt {
    /// The answer that its worker saw, kept in case the worker dies before it commits the outcome.
    pub fn answer(&self) -> Answer {
        if let Some(status) = self.http_status {
            let body = self.response_excerpt.clone().unwrap_or_default();
            let heard = Heard { retry_after: self.retry_after, location: self.location.clone() };
            return Answer::Http { status, body, heard };
        }
        let why = self.failure.as_ref().map_or_else(String::new, |f| f.description.clone());
        match self.failure.as_ref().map(|failure| &failure.cause) {
            Some(Cause::Own(Own::Silent(silence))) => Answer::None(*silence, why),
            _ => Answer::Blocked(why),
        }
    }
}

/// An attempt without an outcome: its lease was over, or another act came first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnfinishedAttempt {
    /// Its generation.
    pub generation: u32,
    /// Number in the generation, from 1.
    pub no: u32,
    /// When it began.
    pub started: Time,
    /// When its lease is over, and its worker with it.
    pub until: Time,
    /// The method's version at this attempt.
    pub method_version: u64,
}

impl Request {
    /// Notes the attempt itself: what happened, whatever becomes of the request by it.
    pub fn attempted(&self, ended: &Ended<'_>) -> Decision {
        let (http_status, response_excerpt, heard) = match ended.answer {
            Answer::Http { status, body, heard } => {
                (Some(*status), Some(body.clone()), heard.clone())
            }
            _ => (None, None, Heard::default()),
        };
        Decision::default().save(Attempt {
            request: Some(self.id),
            generation: ended.generation,
            no: ended.no,
            started_date: ended.started,
            ended_date: ended.at,
            outcome: self.outcome(ended.answer),
            http_status,
            failure: self.fault_of(ended.answer),
            response_excerpt,
            retry_after: heard.retry_after,
            location: heard.location,
            method_version: ended.method.version,
            expires: None,
            rev: Rev::default(),
        })
    }

    /// Takes the lease away without an outcome. Its worker may be dead, or too late.
    pub(super) fn give_up(&mut self) {
        let Some(lease) = self.lease.take() else { return };
        self.unheard.push(UnfinishedAttempt {
            generation: self.generation,
            no: self.attempt_count,
            started: self.executed_date.unwrap_or(lease.until),
            until: lease.until,
            method_version: lease.method_version,
        });
        let over = self.unheard.len().saturating_sub(UNHEARD_ATTEMPTS);
        self.unheard.drain(..over);
    }
}
