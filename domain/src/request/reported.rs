//! The decision about a status callback of a provider (P9 to P16, P23, P24, Q2, Q4).
//!
//! Neighbours: `functions/callbacks` verifies the signature first. Guarantee: a repeated or
//! contradicting report changes no version (I8), and none is lost without a trace.

use crate::cause::{Cause, Failure};
use crate::decision::{Decision, Follow};
use crate::ids::{Id, sha256_hex};
use crate::limits::{COMMENT_CHARS, RESPONSE_EXCERPT_BYTES, WEBHOOK_RING};
use crate::machine::Stateful;
use crate::plan::method::CallbackId;
use crate::rejection::{Code, Rejection};
use crate::request::report::Report;
use crate::request::states::{Event, Status};
use crate::request::{Conflict, Delivery, LongResponse, Repeat, Request, Seen};
use crate::rev::Rev;
use crate::stamp::{Actor, Stamp};
use crate::text::squeezed;
use crate::time::Period;

/// How a callback came.
pub struct Arrival<'a> {
    /// The method whose secret signed it.
    pub method: Id,
    /// Its webhook id.
    pub webhook_id: &'a str,
    /// Its raw body.
    pub body: &'a [u8],
    /// The generation of its address; absent: the current one.
    pub generation: Option<u32>,
    /// Whether the body must name the request.
    pub callback_id: CallbackId,
    /// The method that an earlier generation was rendered for, if it ever was.
    pub earlier: Option<Id>,
    /// How long the request waits for the next one.
    pub callback_timeout: Period,
}

/// The outcome of a callback.
#[derive(Debug)]
pub enum Verdict {
    /// Commit this: the request moved.
    Accepted(Box<Request>, Decision),
    /// It came before, or says what is known: commit this trace of it.
    Duplicate(Decision),
    /// It contradicts: keep it with this decision, then refuse.
    Conflicting(Conflict, Rejection, Decision),
}

impl Request {
    /// The earlier generation that a report speaks of, if any. It is its own method's: the product
    /// may have moved to another one since (Q2).
    pub fn earlier(&self, generation: Option<u32>) -> Option<u32> {
        generation.filter(|generation| (1..self.generation).contains(generation))
    }

    /// The outcome of the report.
    ///
    /// # Errors
    /// 404 when the request, or the generation, is of another method.
    pub fn reported(
        &self,
        report: &Report,
        arrival: &Arrival<'_>,
        stamp: &Stamp,
    ) -> Result<Verdict, Rejection> {
        self.is_of(arrival)?;
        let hash = sha256_hex(arrival.body)[..16].to_owned();
        if let Some(seen) = self.ring.iter().find(|seen| seen.id == arrival.webhook_id) {
            if seen.hash == hash {
                return Ok(Verdict::Duplicate(self.repeat(report, arrival, stamp)));
            }
            let detail = format!("The webhook-id {} came before with another body.", seen.id);
            let refused = Rejection::new(Code::WebhookIdReused, detail);
            return Ok(self.refuses(report, arrival, refused, stamp));
        }
        if let Some(refused) = self.misaddressed(report, arrival) {
            return Ok(self.refuses(report, arrival, refused, stamp));
        }
        let from = self.life.state;
        let contradicts =
            |reason| self.refusing(Rejection::new(Code::StatusConflict, reason), None);
        if let Some(reason) = self.misdated(report, arrival) {
            return Ok(self.refuses(report, arrival, contradicts(reason), stamp));
        }
        if let Some(reason) = self.untrue(report, arrival) {
            let refused = contradicts(reason);
            let conflict = self.conflict(Some(report), arrival, &refused, stamp);
            return Ok(Verdict::Conflicting(conflict, refused, self.after_all(report)));
        }
        let known = matches!(from, Status::Completed | Status::Failed);
        let seen = Seen { id: arrival.webhook_id.to_owned(), hash, known };
        if known {
            let trace = self.repeat(report, arrival, stamp);
            let mut next = self.clone().having(seen);
            // A reference number that comes late is kept, unless there is one already.
            if report.status == Status::Completed && self.earlier(arrival.generation).is_none() {
                next.reference_number = next.reference_number.or(report.reference_number.clone());
            }
            return Ok(Verdict::Duplicate(trace.save(next)));
        }
        let (next, decision) = self.clone().heard(report, arrival, seen, stamp)?;
        Ok(Verdict::Accepted(Box::new(next), decision))
    }

    /// A callback that is authentic, but cannot be read: noted with its reason.
    ///
    /// # Errors
    /// As [`Request::reported`].
    pub fn unread(
        &self,
        refused: &Rejection,
        arrival: &Arrival<'_>,
        stamp: &Stamp,
    ) -> Result<Conflict, Rejection> {
        self.is_of(arrival)?;
        Ok(self.conflict(None, arrival, refused, stamp))
    }

    /// The request, or the generation that is spoken of, belongs to the method that signed.
    fn is_of(&self, arrival: &Arrival<'_>) -> Result<(), Rejection> {
        let current = self.method.as_ref().map(|method| method.id);
        let owner = match self.earlier(arrival.generation) {
            Some(_) => arrival.earlier,
            None => current,
        };
        let is_own = owner == Some(arrival.method);
        is_own.then_some(()).ok_or_else(|| Rejection::not_found("provisioning request"))
    }

    /// The address is not signed, the body is: where it says what it is about, that counts.
    fn misaddressed(&self, report: &Report, arrival: &Arrival<'_>) -> Option<Rejection> {
        let wrong = |detail: String| Some(Rejection::new(Code::StatusConflict, detail));
        match report.id {
            Some(id) if id != self.id => {
                let detail =
                    format!("The body speaks of request {id}, the address of {}.", self.id);
                return wrong(detail);
            }
            None if arrival.callback_id == CallbackId::Required => {
                let detail = "must be given: the id of the request, as \
                    provisioning-request-id named it";
                return Some(Rejection::at("/id", Code::ValidationFailed, detail));
            }
            _ => {}
        }
        let generation = arrival.generation.unwrap_or(self.generation);
        match report.generation {
            Some(said) if said != generation => {
                wrong(format!("The body speaks of generation {said}, the address of {generation}."))
            }
            _ => None,
        }
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

    /// Where it says, for the first time, that what failed was provided after all, the request
    /// knows that from now on, and a revocation takes it back.
    fn after_all(&self, report: &Report) -> Decision {
        let says = report.status == Status::Completed && self.life.state == Status::Failed;
        if !says || self.maybe_before {
            return Decision::default();
        }
        let provided = Self { maybe_before: true, ..self.clone() };
        let decision = Decision::default().save(provided.clone());
        if !self.taken_back {
            return decision;
        }
        decision.follow(Follow::ProvidedLate(Box::new(provided)))
    }

    fn refuses(
        &self,
        report: &Report,
        arrival: &Arrival<'_>,
        refused: Rejection,
        stamp: &Stamp,
    ) -> Verdict {
        let conflict = self.conflict(Some(report), arrival, &refused, stamp);
        Verdict::Conflicting(conflict, refused, Decision::default())
    }

    fn conflict(
        &self,
        report: Option<&Report>,
        arrival: &Arrival<'_>,
        refused: &Rejection,
        stamp: &Stamp,
    ) -> Conflict {
        Conflict {
            webhook_id: arrival.webhook_id.to_owned(),
            at: stamp.now,
            status: report.map(|report| report.status),
            generation: arrival.generation.unwrap_or(self.generation),
            against: self.life.state,
            comments: report.and_then(|report| report.comments.clone()),
            reason: squeezed(&refused.told(), COMMENT_CHARS),
        }
    }

    fn repeat(&self, report: &Report, arrival: &Arrival<'_>, stamp: &Stamp) -> Decision {
        Decision::default().save(Repeat {
            request: Some(self.id),
            webhook_id: arrival.webhook_id.to_owned(),
            at: stamp.now,
            status: report.status,
            generation: arrival.generation.unwrap_or(self.generation),
            rev: Rev::default(),
        })
    }

    /// Remembers what was heard: it is known when it comes again, wherever the request is by then.
    fn having(mut self, seen: Seen) -> Self {
        self.ring.push(seen);
        let over = self.ring.len().saturating_sub(WEBHOOK_RING);
        self.ring.drain(..over);
        self
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
        self.failure = None;
        match report.status {
            Status::Failed => {
                let or = |text: &Option<String>| {
                    text.clone().unwrap_or_else(|| "UNSPECIFIED".to_owned())
                };
                let cause = Cause::Provider(or(&report.error_code));
                self.failure = Some(Failure { cause, description: or(&report.error_description) });
            }
            Status::InProgress => self.await_callback(arrival.callback_timeout, unsent, stamp.now),
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
                    expires: None,
                    rev: Rev::default(),
                });
            }
        }
        Ok(self.having(seen).saved(decision))
    }
}
