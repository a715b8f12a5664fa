//! The moments of a request, from its rows, in their order.
//!
//! Neighbours: `mod` says what a moment is.

use crate::access::Role;
use crate::ids::sha256_hex;
use crate::life::Step;
use crate::limits::{EXCERPTS_BYTES, MOMENTS};
use crate::request::attempt::AttemptOutcome;
use crate::request::states::Status;
use crate::request::{Conflict, Payload, Repeat};
use crate::time::Time;
use crate::view::attempt::AttemptLine;
use crate::view::explain::{Evidence, Moment, MomentKind, Who};

impl Moment {
    fn new(at: Time, kind: MomentKind, by: Who, summary: impl Into<String>) -> Self {
        Self {
            at,
            kind,
            summary: summary.into(),
            by,
            row: None,
            status: None,
            generation: None,
            attempt: None,
            outcome: None,
            http_status: None,
            latency_ms: None,
            error: None,
            webhook_id: None,
            plan: None,
            method: None,
            document_hash: None,
            payload: None,
            payload_sha256: None,
            note: None,
        }
    }
}

impl Evidence {
    /// All moments, oldest first; what happened at one instant stands in the order of cause.
    pub(super) fn timeline(&self, role: &Role) -> Vec<Moment> {
        let mut moments = self.steps();
        moments.extend(self.rendered(role));
        moments.extend(self.attempts.iter().map(|line| self.attempt(line)));
        moments.extend(self.under_way());
        moments.extend(self.repeats.iter().map(|repeat| self.repeated(repeat)));
        moments.extend(self.conflicts.list.iter().map(|conflict| self.conflicting(conflict)));
        moments.extend(self.audit.iter().map(|entry| {
            let by = Who {
                id: entry.actor.to_string(),
                name: Some(entry.actor_name.clone()),
                username: self.who(&entry.actor.to_string()).username,
            };
            let summary = format!("{}: {}.", entry.act, entry.changes());
            let mut moment = Moment::new(entry.at, MomentKind::Act, by, summary);
            moment.note.clone_from(&entry.reason);
            moment
        }));
        moments.sort_by_key(|moment| (moment.at, moment.kind));
        moments.drain(..moments.len().saturating_sub(MOMENTS));
        moments
    }

    /// The steps of the state table. The ring of webhook ids has one for each callback that was
    /// accepted, in their order, beside those that were known: the last ones have theirs.
    fn steps(&self) -> Vec<Moment> {
        let own = self.request.life.history.iter().cloned().map(Step::untyped);
        let steps: Vec<Step<String>> = self.older.iter().cloned().chain(own).collect();
        let mut ids = self.request.ring.iter().rev().filter(|seen| !seen.known);
        let mut generation = self.request.generation;
        let mut moments = Vec::new();
        for step in steps.into_iter().rev() {
            let mut moment = self.step(&step);
            moment.generation = Some(generation);
            match step.row.as_str() {
                "P18" | "P19" => generation = generation.saturating_sub(1),
                _ if moment.kind == MomentKind::Callback => {
                    // The history does not say which of several generations it spoke of.
                    moment.generation = moment.generation.filter(|_| self.request.generation == 1);
                    moment.webhook_id = ids.next().map(|seen| seen.id.clone());
                }
                _ => {}
            }
            moments.push(moment);
        }
        moments.reverse();
        moments
    }

    fn step(&self, step: &Step<String>) -> Moment {
        let status: Option<Status> = step.to.parse().ok();
        let display = match status {
            Some(status) => status.display(),
            None => step.to.as_str(),
        };
        let (kind, summary) = match step.row.as_str() {
            "P1" | "P2" => (MomentKind::Created, self.created(display)),
            "P3" => (MomentKind::Moved, "It could not be made or sent at all: Failed.".to_owned()),
            "P6" => (MomentKind::Moved, "Another attempt will follow.".to_owned()),
            "P7" => (MomentKind::Moved, "No attempt is left: Dispatch Failed.".to_owned()),
            "P17" => (MomentKind::Act, format!("The status was set to {display}.")),
            "P18" | "P19" => {
                let summary = "It was ordered again: plan, method and data are read anew.";
                (MomentKind::Act, summary.to_owned())
            }
            "P20" | "P21" => {
                let summary = "No callback was accepted before the deadline: Failed.";
                (MomentKind::Moved, summary.to_owned())
            }
            "P22" => (MomentKind::Act, "It was cancelled: Failed.".to_owned()),
            _ if step.by == "PROVIDER" => {
                (MomentKind::Callback, format!("The provider reported {display}."))
            }
            _ => (MomentKind::Moved, format!("{display}.")),
        };
        // A request is made by the machine, for somebody's activation.
        let by = if kind == MomentKind::Created { &self.request.created_by } else { &step.by };
        let mut moment = Moment::new(step.at, kind, self.who(by), summary);
        moment.row = Some(step.row.clone());
        moment.status = status;
        moment.note.clone_from(&step.note);
        moment
    }

    fn created(&self, display: &str) -> String {
        let request = &self.request;
        let kind: &str = request.kind.into();
        format!(
            "Activation {} of {} \"{}\" made this {kind} request: {display}.",
            request.aid, request.quantity, request.product.name
        )
    }

    /// The frozen bytes of each generation, whole as long as there is room: the newest first.
    fn rendered(&self, role: &Role) -> Vec<Moment> {
        let mut room = EXCERPTS_BYTES;
        let each = self.payloads.iter().rev().map(|payload| {
            let mut moment = self.bytes(payload);
            if payload.text.len() <= room {
                room -= payload.text.len();
                moment.payload = payload.text_for(role).map(str::to_owned);
            }
            moment
        });
        each.collect()
    }

    fn bytes(&self, payload: &Payload) -> Moment {
        let version = |named: &crate::request::Named| named.version.unwrap_or_default();
        let summary = format!(
            "Plan \"{}\" (version {}) was filled for method \"{}\" (version {}): {} bytes.",
            payload.plan.name,
            version(&payload.plan),
            payload.method.name,
            version(&payload.method),
            payload.text.len()
        );
        let at = self.begun(payload.generation);
        let mut moment = Moment::new(at, MomentKind::Rendered, self.who("SYSTEM"), summary);
        moment.generation = Some(payload.generation);
        moment.plan = Some(payload.plan.clone());
        moment.method = Some(payload.method.clone());
        moment.document_hash = Some(payload.document_hash.clone());
        moment.payload_sha256 = Some(sha256_hex(payload.text.as_bytes()));
        moment
    }

    /// When a generation's first attempt began: its bytes were frozen just before.
    fn begun(&self, generation: u32) -> Time {
        let of = |line: &&AttemptLine| line.attempt.generation == generation;
        let first = self.attempts.iter().filter(of).map(|line| line.attempt.started_date).min();
        let running = self.request.executed_date.filter(|_| generation == self.request.generation);
        first.into_iter().chain(running).min().unwrap_or(self.request.created_date)
    }

    fn attempt(&self, line: &AttemptLine) -> Moment {
        let attempt = &line.attempt;
        let outcome: &'static str = attempt.outcome.into();
        let took = attempt.ended_date.since(attempt.started_date).millis();
        let end = match (attempt.http_status, &line.error) {
            (Some(status), _) => format!("answered {status} after {took} ms"),
            (None, _) if attempt.outcome == AttemptOutcome::Lost => "not heard of again".to_owned(),
            (None, Some(error)) => format!("{error} ({took} ms)"),
            (None, None) => format!("ended after {took} ms"),
        };
        let late = if line.superseded { ", too late to count" } else { "" };
        let summary = format!("Attempt {}: {end}{late}.", attempt.no);
        let by = self.who("SYSTEM");
        let mut moment = Moment::new(attempt.started_date, MomentKind::Attempt, by, summary);
        moment.generation = Some(attempt.generation);
        moment.attempt = Some(attempt.no);
        moment.outcome = Some(outcome);
        moment.http_status = attempt.http_status;
        moment.latency_ms = (attempt.outcome != AttemptOutcome::Lost).then_some(took);
        moment.error.clone_from(&line.error);
        let version = Some(attempt.method_version);
        let method = self.request.method.clone();
        moment.method = method.map(|method| crate::request::Named { version, ..method });
        moment.note.clone_from(&attempt.response_excerpt);
        moment
    }

    /// The attempt that is being made, or whose end is not known yet.
    fn under_way(&self) -> Option<Moment> {
        let (request, lease) = (&self.request, self.request.lease.as_ref()?);
        let noted = |line: &AttemptLine| {
            (line.attempt.generation, line.attempt.no)
                == (request.generation, request.attempt_count)
        };
        if self.attempts.iter().any(noted) {
            return None;
        }
        let at = request.executed_date?;
        let summary = format!("Attempt {} is under way.", request.attempt_count);
        let mut moment = Moment::new(at, MomentKind::Attempt, self.who("SYSTEM"), summary);
        moment.generation = Some(request.generation);
        moment.attempt = Some(request.attempt_count);
        let version = Some(lease.method_version);
        let method = request.method.clone();
        moment.method = method.map(|method| crate::request::Named { version, ..method });
        Some(moment)
    }

    fn repeated(&self, repeat: &Repeat) -> Moment {
        let status = repeat.status.display();
        let summary = format!("The provider reported {status} again: nothing changed.");
        let by = self.who("PROVIDER");
        let mut moment = Moment::new(repeat.at, MomentKind::RepeatedCallback, by, summary);
        moment.status = Some(repeat.status);
        moment.generation = Some(repeat.generation);
        moment.webhook_id = Some(repeat.webhook_id.clone());
        moment
    }

    fn conflicting(&self, conflict: &Conflict) -> Moment {
        let said = conflict.status.map_or("something that cannot be read", Status::display);
        let against = conflict.against.display();
        let why = conflict.reason.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        let why = why.trim_end_matches('.');
        let summary =
            format!("The provider reported {said} of a request that was {against}: refused{why}.");
        let by = self.who("PROVIDER");
        let mut moment = Moment::new(conflict.at, MomentKind::ConflictingCallback, by, summary);
        moment.status = conflict.status;
        moment.generation = Some(conflict.generation);
        moment.webhook_id = Some(conflict.webhook_id.clone());
        moment.note.clone_from(&conflict.comments);
        moment
    }
}
