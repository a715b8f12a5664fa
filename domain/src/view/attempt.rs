//! Attempts as answers show them: those that were noted, and those that nobody heard of again.
//!
//! Neighbours: `request::attempt` keeps both. Guarantee: no attempt that began is missing, but one
//! that is under way, and LOST ones before the last 50.

use serde::Serialize;

use crate::cause::{Failure, Own};
use crate::limits::EXCERPTS_BYTES;
use crate::request::Request;
use crate::request::attempt::{Attempt, AttemptOutcome, UnfinishedAttempt};
use crate::rev::Rev;
use crate::text::cut;
use crate::time::Time;

/// An attempt, and whether it counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Attempt)]
pub struct AttemptLine {
    /// The note.
    #[serde(flatten)]
    pub attempt: Attempt,
    /// Its code and description in one line; null where nothing failed.
    pub error: Option<String>,
    /// It came to its end too late: its lease was over, or another act came first.
    pub superseded: bool,
}

impl Request {
    /// All attempts of every generation, oldest first, from those that were noted. One is LOST once
    /// its lease is over: its worker may still be at work before.
    pub fn attempts(&self, mut noted: Vec<Attempt>, now: Time) -> Vec<AttemptLine> {
        noted.retain(|attempt| attempt.is_kept(now));
        let place = |attempt: &Attempt| (attempt.generation, attempt.no);
        let mut silent: Vec<&UnfinishedAttempt> = self.unheard.iter().collect();
        silent.retain(|u| u.until <= now && noted.iter().all(|a| place(a) != (u.generation, u.no)));
        let superseded =
            |attempt: &Attempt| self.unheard.iter().any(|u| place(attempt) == (u.generation, u.no));
        let said = noted.into_iter().map(|attempt| {
            let superseded = superseded(&attempt);
            AttemptLine::new(attempt, superseded)
        });
        let mut lines: Vec<AttemptLine> = said.chain(silent.into_iter().map(lost)).collect();
        lines.sort_by_key(|line| place(&line.attempt));
        let share = EXCERPTS_BYTES / lines.len().max(1);
        for excerpt in lines.iter_mut().filter_map(|line| line.attempt.response_excerpt.as_mut()) {
            let length = cut(excerpt, share).len();
            excerpt.truncate(length);
        }
        lines
    }
}

impl AttemptLine {
    fn new(attempt: Attempt, superseded: bool) -> Self {
        Self { error: attempt.failure.as_ref().map(Failure::to_string), attempt, superseded }
    }
}

fn lost(unheard: &UnfinishedAttempt) -> AttemptLine {
    let attempt = Attempt {
        request: None,
        generation: unheard.generation,
        no: unheard.no,
        started_date: unheard.started,
        ended_date: unheard.until,
        outcome: AttemptOutcome::Lost,
        http_status: None,
        failure: Some(Own::Lost.because("Its worker was not heard of again.")),
        response_excerpt: None,
        retry_after: None,
        location: None,
        method_version: unheard.method_version,
        expires: None,
        rev: Rev::default(),
    };
    AttemptLine::new(attempt, true)
}
