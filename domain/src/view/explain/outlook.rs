//! Why a request is where it is, what comes next, and what may be ordered.
//!
//! Neighbours: `mod` says what an answer has; `request::states` says what is possible.

use strum::IntoEnumIterator;

use crate::access::Role;
use crate::cause::Cause;
use crate::machine::{OPERATOR, Stateful};
use crate::request::Delivery;
use crate::request::Request;
use crate::request::states::{Event, Status};
use crate::time::Time;
use crate::view::explain::{ActionLine, Evidence, Next, NextStep};

impl Evidence {
    /// Why the request is where it is.
    pub(super) fn why(&self) -> String {
        let request = &self.request;
        let told = |word: &str| {
            let Some(failure) = &request.failure else { return format!("{word}.") };
            let whose = match failure.cause {
                Cause::Own(_) => "",
                Cause::Provider(_) => "the provider said ",
            };
            let (cause, why) = (&failure.cause, &failure.description);
            format!("{word}: {whose}{cause}. {why}").trim_end().to_owned()
        };
        match request.life.state {
            Status::RequestQueued if request.failure.is_some() => told("The last attempt failed"),
            Status::RequestQueued => "It waits to be sent.".to_owned(),
            Status::RequestSent => "The provider took it and has not reported yet.".to_owned(),
            Status::InProgress => {
                "The provider, or an operator, said that it is at work.".to_owned()
            }
            Status::Completed => "The provider, or an operator, said that it is done.".to_owned(),
            Status::DispatchFailed => told("It could not be sent"),
            Status::Failed => told("It failed"),
        }
    }

    /// The next step that the service takes by itself.
    pub(super) fn next(&self, now: Time) -> Next {
        let request = &self.request;
        match request.life.state {
            Status::RequestQueued => self.next_attempt(now),
            Status::RequestSent | Status::InProgress => Next {
                what: NextStep::Callback,
                at: request.callback_deadline(),
                detail: "A callback of the provider; without one by then it is Failed \
                    (CALLBACK_TIMEOUT)."
                    .to_owned(),
            },
            Status::DispatchFailed if request.delivery != Delivery::Never => nothing(
                "Nothing by itself. The provider may have heard of it: a late callback still \
                counts.",
            ),
            _ => nothing("Nothing by itself."),
        }
    }

    fn next_attempt(&self, now: Time) -> Next {
        let request = &self.request;
        if let Some(lease) = request.lease.as_ref().filter(|lease| lease.until > now) {
            let detail = format!(
                "The answer to attempt {}. If nobody hears of it by then, the attempt is repeated \
                with the same idempotency key.",
                request.attempt_count
            );
            return Next { what: NextStep::Answer, at: Some(lease.until), detail };
        }
        let number = request.attempt_count + 1;
        let of = self.method.as_ref().map(|method| method.channel.target().retry_ladder.len());
        let of = of.map_or_else(String::new, |most| format!(" of {most}"));
        let waits = request.not_before.filter(|at| *at > now);
        let lost = request.next_attempt_at.map_or_else(String::new, |at| {
            format!(" Should its message be lost, the sweeper sends it again after {at}.")
        });
        let when = if waits.is_some() { "not before then" } else { "as soon as its message comes" };
        let detail = format!("Attempt {number}{of}, {when}.{lost}");
        Next { what: NextStep::Attempt, at: waits, detail }
    }

    /// Every action, and why it is not allowed.
    pub(super) fn actions(&self, role: &Role) -> Vec<ActionLine> {
        let may = role.meets(OPERATOR);
        Request::MACHINE.actions.iter().map(|event| self.action(*event, may)).collect()
    }

    fn action(&self, event: Event, may: bool) -> ActionLine {
        let (request, action) = (&self.request, event.into());
        let no = |why: String| ActionLine { action, allowed: false, why };
        let from = request.life.state;
        if !Request::MACHINE.takes(from, event) {
            let is_from = |state: &Status| Request::MACHINE.takes(*state, event);
            let needed: Vec<&str> = Status::iter().filter(is_from).map(Status::display).collect();
            let needed = needed.join(" or ");
            return no(format!("It needs {needed}; the request is {}.", from.display()));
        }
        if let Err(refused) = request.permit(event, self.activation.as_ref()) {
            return no(refused.detail);
        }
        if !may {
            return no("The key's role lacks entitlement.view and entitlement.edit.".to_owned());
        }
        let why = match event {
            Event::Retry => "Makes a new generation from plan, method and data as they are now.",
            Event::Cancel => "Sends it no more; it is Failed (CANCELLED).",
            _ if from == Status::Completed => "To In Progress or Failed; needs a comment.",
            _ => "To In Progress, Completed or Failed, whatever it is not.",
        };
        ActionLine { action, allowed: true, why: why.to_owned() }
    }
}

fn nothing(detail: &str) -> Next {
    Next { what: NextStep::Nothing, at: None, detail: detail.to_owned() }
}
