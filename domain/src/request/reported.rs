//! What a provider reports by a status callback (P9 to P16, P23, P24, Q2, Q4).
//!
//! Neighbours: `functions/callbacks` verifies the signature first. Guarantee: a repeated or
//! contradicting report changes no version (I8), and none is lost without a trace.

use serde::{Deserialize, Serialize};

use crate::decision::{Actor, Decision, Stamp};
use crate::ids::{Id, sha256_hex};
use crate::limits::{CONFLICTS, RESPONSE_EXCERPT_BYTES, WEBHOOK_RING};
use crate::rejection::{Code, Faults, Rejection};
use crate::request::manual::comments;
use crate::request::states::{Event, MACHINE, Status};
use crate::request::{Conflict, Conflicts, Delivery, LongResponse, Repeat, Request, Seen};
use crate::text;
use crate::time::Period;

/// Body of a callback. Unknown members are ignored.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ReportInput {
    /// `IN_PROGRESS`, COMPLETED or FAILED; display names are taken too.
    pub status: String,
    /// Comments.
    pub comments: Option<String>,
    /// The provider's own number.
    pub reference_number: Option<String>,
    /// Why it failed.
    pub error_code: Option<String>,
    /// The same for people.
    pub error_description: Option<String>,
    /// Anything.
    #[schema(value_type = Option<serde_json::Value>)]
    pub response: Option<serde_json::Value>,
}

/// A report, checked.
#[derive(Clone, Debug)]
pub struct Report {
    status: Status,
    comments: Option<String>,
    reference_number: Option<String>,
    error_code: Option<String>,
    error_description: Option<String>,
    response: Option<String>,
}

/// How a callback came.
pub struct Arrival<'a> {
    /// The method whose secret signed it.
    pub method: Id,
    /// Its webhook id.
    pub webhook_id: &'a str,
    /// Its raw body.
    pub body: &'a [u8],
    /// The generation it speaks of; absent: the current one.
    pub generation: Option<u32>,
    /// The method that an earlier generation was rendered for, if it ever was.
    pub earlier: Option<Id>,
    /// How long the request waits for the next one.
    pub callback_timeout: Period,
}

/// What becomes of a callback.
#[derive(Debug)]
pub enum Verdict {
    /// Commit this: the request moved.
    Accepted(Box<Request>, Decision),
    /// It came before, or says what is known: keep that it came again.
    Duplicate(Repeat),
    /// It contradicts: keep it, then refuse.
    Conflicting(Conflict, Rejection),
}

impl ReportInput {
    /// Faults of the body by itself (Q4). `raw` is the response's text as the body has it.
    ///
    /// # Errors
    /// All of them.
    pub fn check(&self, raw: Option<String>) -> Result<Report, Rejection> {
        let mut faults = Faults::default();
        let wanted = [Status::InProgress, Status::Completed, Status::Failed];
        let named = |s: &Status| <&str>::from(*s) == self.status || s.display() == self.status;
        let status = wanted.into_iter().find(named);
        faults.check(status.is_some(), "/status", "must be IN_PROGRESS, COMPLETED or FAILED");
        let mut optional = |at: &str, value: &Option<String>, most: usize| {
            let given = value.as_deref().filter(|v| !v.trim().is_empty())?;
            faults.take(at, text::free(given, most))
        };
        let reference_number = optional("/referenceNumber", &self.reference_number, 255);
        let error_code = optional("/errorCode", &self.error_code, 255);
        let error_description = optional("/errorDescription", &self.error_description, 500);
        let said = faults.all(comments(self.comments.as_deref()));
        faults.finish()?;
        Ok(Report {
            status: status.unwrap_or(Status::InProgress),
            comments: said.flatten(),
            reference_number,
            error_code,
            error_description,
            response: self.response.as_ref().and(raw),
        })
    }
}

impl Request {
    /// The earlier generation that a report speaks of, if any. It is its own method's: the product
    /// may have moved to another one since (Q2).
    pub fn earlier(&self, generation: Option<u32>) -> Option<u32> {
        generation.filter(|generation| (1..self.generation).contains(generation))
    }

    /// What becomes of the report.
    ///
    /// # Errors
    /// 404 when the request, or the generation, is of another method.
    pub fn reported(
        &self,
        report: &Report,
        arrival: &Arrival<'_>,
        stamp: &Stamp,
    ) -> Result<Verdict, Rejection> {
        let current = self.method.as_ref().map(|method| method.id);
        let owner = match self.earlier(arrival.generation) {
            Some(_) => arrival.earlier,
            None => current,
        };
        if owner != Some(arrival.method) {
            return Err(Rejection::not_found("provisioning request"));
        }
        let hash = sha256_hex(arrival.body)[..16].to_owned();
        if let Some(seen) = self.ring.iter().find(|seen| seen.id == arrival.webhook_id) {
            if seen.hash == hash {
                return Ok(Verdict::Duplicate(self.repeat(report, arrival, stamp)));
            }
            let detail = format!("The webhook-id {} came before with another body.", seen.id);
            let refused = Rejection::new(Code::WebhookIdReused, detail);
            return Ok(Verdict::Conflicting(self.conflict(report, arrival, stamp), refused));
        }
        let from = self.life.state;
        let contradiction = self.misdated(report, arrival).or_else(|| self.untrue(report, arrival));
        if let Some(reason) = contradiction {
            let refused = Rejection::new(Code::StatusConflict, reason)
                .with_state(from.into(), MACHINE.actions(from));
            return Ok(Verdict::Conflicting(self.conflict(report, arrival, stamp), refused));
        }
        if matches!(from, Status::Completed | Status::Failed) {
            return Ok(Verdict::Duplicate(self.repeat(report, arrival, stamp)));
        }
        let seen = Seen { id: arrival.webhook_id.to_owned(), hash };
        let (next, decision) = self.clone().heard(report, arrival, seen, stamp)?;
        Ok(Verdict::Accepted(Box::new(next), decision))
    }

    /// Why it cannot speak of its generation, if it cannot (Q2).
    fn misdated(&self, report: &Report, arrival: &Arrival<'_>) -> Option<String> {
        let generation = arrival.generation.unwrap_or(self.generation);
        if generation == 0 || generation > self.generation {
            return Some(format!("There is no generation {generation} of this request."));
        }
        let old = generation < self.generation;
        let told = "A report of an older generation may only say COMPLETED.";
        (old && report.status != Status::Completed).then(|| told.to_owned())
    }

    /// Why it cannot be true, if it cannot (guards of P15, P16, Q2). What an earlier generation's
    /// method reports of it was sent.
    fn untrue(&self, report: &Report, arrival: &Arrival<'_>) -> Option<String> {
        let old = self.earlier(arrival.generation).is_some();
        match self.life.state {
            Status::RequestQueued if !old && self.attempt_count == 0 => {
                Some("The request was not sent yet.".to_owned())
            }
            Status::DispatchFailed if !old && self.delivery == Delivery::Never => {
                Some("No attempt can have reached the provider.".to_owned())
            }
            state @ (Status::Completed | Status::Failed) if state != report.status => {
                Some(format!("The request is {} already.", state.display()))
            }
            _ => None,
        }
    }

    fn conflict(&self, report: &Report, arrival: &Arrival<'_>, stamp: &Stamp) -> Conflict {
        Conflict {
            webhook_id: arrival.webhook_id.to_owned(),
            at: stamp.now,
            status: report.status,
            generation: arrival.generation.unwrap_or(self.generation),
            against: self.life.state,
            comments: report.comments.clone(),
        }
    }

    fn repeat(&self, report: &Report, arrival: &Arrival<'_>, stamp: &Stamp) -> Repeat {
        Repeat {
            request: Some(self.id),
            webhook_id: arrival.webhook_id.to_owned(),
            at: stamp.now,
            status: report.status,
            generation: arrival.generation.unwrap_or(self.generation),
            rev: 0,
        }
    }

    fn heard(
        mut self,
        report: &Report,
        arrival: &Arrival<'_>,
        seen: Seen,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let stamp = &stamp.by(Actor::Provider(arrival.method));
        let unsent = matches!(self.life.state, Status::RequestQueued | Status::DispatchFailed);
        self.walk(Event::Callback, report.status, stamp, report.comments.clone())?;
        if self.earlier(arrival.generation).is_none() {
            self.delivery = Delivery::Confirmed;
        }
        self.clear_error();
        match report.status {
            Status::Failed => {
                let or = |text: &Option<String>| {
                    text.clone().unwrap_or_else(|| "UNSPECIFIED".to_owned())
                };
                self.fail(or(&report.error_code), or(&report.error_description));
            }
            Status::InProgress if unsent => {
                self.next_attempt_at = Some(stamp.now.after(arrival.callback_timeout));
            }
            _ => {}
        }
        if report.comments.is_some() {
            self.comments.clone_from(&report.comments);
        }
        if report.reference_number.is_some() {
            self.reference_number.clone_from(&report.reference_number);
        }
        let mut decision = Decision::default();
        if let Some(response) = &report.response {
            self.keep_response(response);
            if response.len() > RESPONSE_EXCERPT_BYTES {
                self.long_response = Some(seen.id.clone());
                decision = decision.save(LongResponse {
                    request: self.id,
                    webhook_id: seen.id.clone(),
                    response: response.clone(),
                    rev: 0,
                });
            }
        }
        self.ring.push(seen);
        let over = self.ring.len().saturating_sub(WEBHOOK_RING);
        self.ring.drain(..over);
        Ok(self.saved(decision))
    }
}

impl Conflicts {
    /// Keeps one more; none twice, and only the last 20.
    pub fn keep(mut self, conflict: Conflict) -> Decision {
        let said =
            |c: &Conflict| (c.webhook_id.clone(), c.status, c.generation, c.comments.clone());
        if self.list.iter().any(|c| said(c) == said(&conflict)) {
            return Decision::default();
        }
        self.list.push(conflict);
        let over = self.list.len().saturating_sub(CONFLICTS);
        self.list.drain(..over);
        Decision::default().save(self)
    }

    /// None yet.
    pub const fn none(request: Id) -> Self {
        Self { request, list: Vec::new(), rev: 0 }
    }
}
