//! THE TABLE of the provisioning request: its states, events and rows.
//!
//! Neighbours: the verbs of this folder walk it; the diagram and `/v1/state-machines` are derived.

use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator;
use strum::{EnumIter, EnumString, IntoStaticStr};

use crate::activation::Activation;
use crate::activation::states::State;
use crate::machine::{
    Guard, Machine, Row, Stateful,
    Who::{Operator, Provider, System},
    guard, row, when,
};
use crate::rejection::illegal_unless;
use crate::request::{Request, RequestType};

/// The six statuses of source 000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[derive(EnumIter, EnumString, IntoStaticStr, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// In the queue.
    RequestQueued,
    /// Sent to the provider.
    RequestSent,
    /// The provider works on it.
    InProgress,
    /// Done.
    Completed,
    /// Could not be sent.
    DispatchFailed,
    /// Could not be processed.
    Failed,
}

impl Status {
    /// The status of a name, in any case, or of its display name.
    pub fn named(name: &str) -> Option<Self> {
        name.trim().to_uppercase().replace([' ', '-'], "_").parse().ok()
    }

    /// What to say of a name that is none.
    pub fn unknown(name: &str) -> String {
        let known: Vec<&str> = Self::iter().map(Into::into).collect();
        format!("there is no status {name:?}; known are {}", known.join(", "))
    }

    /// It ended without success.
    pub const fn has_failed(self) -> bool {
        matches!(self, Self::DispatchFailed | Self::Failed)
    }
}

/// The events of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the events of the table below")]
pub enum Event {
    Activate,
    RenderFailed,
    AttemptOk,
    AttemptRetryable,
    AttemptExhausted,
    AttemptRefused,
    Callback,
    UpdateStatus,
    Retry,
    Deadline,
    Cancel,
}

impl Status {
    /// The name as source 000 writes it.
    pub const fn display(self) -> &'static str {
        match self {
            Self::RequestQueued => "Request Queued",
            Self::RequestSent => "Request Sent",
            Self::InProgress => "In Progress",
            Self::Completed => "Completed",
            Self::DispatchFailed => "Dispatch Failed",
            Self::Failed => "Failed",
        }
    }
}

use Event::{
    Activate, AttemptExhausted, AttemptOk, AttemptRefused, AttemptRetryable, Callback, Cancel,
    Deadline, RenderFailed, Retry, UpdateStatus,
};
use Status::{
    Completed as Done, DispatchFailed as Unsent, Failed, InProgress as Working,
    RequestQueued as Queued, RequestSent as Sent,
};

#[rustfmt::skip]
const TABLE: &[Row<Request>] = &[
    row("P1", &[], Activate, &[Queued],
        when("enabled; plan and method there"), System, "the queued row is the outbox"),
    row("P2", &[], Activate, &[Failed],
        when("association, plan or method missing"), System, "PLAN_MISSING, METHOD_MISSING"),
    row("P3", &[Queued], RenderFailed, &[Failed],
        when("plan, method or payload unusable; delivery NEVER"), System, "never dispatched"),
    row("P4", &[Queued], AttemptOk, &[Sent],
        when("HTTP 2xx, completion=CALLBACK"), System, "executedDate, response, referenceNumber"),
    row("P5", &[Queued], AttemptOk, &[Done],
        when("2xx, completion=ON_2XX; or gone: 404, 410 to a repeated DEPROVISION"), System, ""),
    row("P6", &[Queued], AttemptRetryable, &[Queued],
        when("no answer, 408, 425, 429, 5xx, 409 to a repetition; attempts left"),
        System, "nextAttemptAt"),
    row("P7", &[Queued], AttemptExhausted, &[Unsent],
        when("none left; none possible, or one refused, after one that may have arrived"),
        System, "DISPATCH_*, METHOD_*"),
    row("P8", &[Queued], AttemptRefused, &[Failed],
        when("other 4xx or 3xx to the first"), System, "PROVIDER_HTTP_<code>"),
    row("P9", &[Sent], Callback, &[Working], when("valid credential"), Provider, ""),
    row("P10", &[Sent], Callback, &[Done], when("valid credential"), Provider, ""),
    row("P11", &[Sent], Callback, &[Failed], when("valid credential"), Provider, "its error kept"),
    row("P12", &[Working], Callback, &[Done], when("valid credential"), Provider, ""),
    row("P13", &[Working], Callback, &[Failed], when("valid credential"), Provider, ""),
    row("P14", &[Working], Callback, &[Working],
        when("valid credential"), Provider, "progress note; the deadline begins anew"),
    row("P15", &[Queued], Callback, &[Working, Done, Failed],
        when("an attempt has started"), Provider, "pending retry is cancelled"),
    row("P16", &[Unsent], Callback, &[Working, Done, Failed],
        when("an attempt may have arrived"), Provider, "late truth wins"),
    row("P17", &[Queued, Sent, Done, Unsent, Failed], UpdateStatus, &[Working],
        when("leaving COMPLETED needs a comment"), Operator, "pending dispatch cancelled"),
    row("P17", &[Queued, Sent, Working, Unsent, Failed], UpdateStatus, &[Done],
        when(""), Operator, "pending dispatch cancelled"),
    row("P17", &[Queued, Sent, Working, Done, Unsent], UpdateStatus, &[Failed],
        when("leaving COMPLETED needs a comment"), Operator, "error code OPERATOR"),
    row("P18", &[Unsent], Retry, &[Queued], WANTED, Operator, "generation+1; all is read again"),
    row("P19", &[Failed], Retry, &[Queued], WANTED, Operator, "as P18"),
    row("P20", &[Sent], Deadline, &[Failed],
        when("callbackTimeout passed since the last"), System, "CALLBACK_TIMEOUT"),
    row("P21", &[Working], Deadline, &[Failed], when("as P20"), System, "CALLBACK_TIMEOUT"),
    row("P22", &[Queued], Cancel, &[Failed], when("or activation revoked"), Operator, "CANCELLED"),
    row("P23", &[Done], Callback, &[Done], when("duplicate"), Provider, "200, no change"),
    row("P24", &[Failed], Callback, &[Failed], when("duplicate"), Provider, "200, no change"),
];

/// A PROVISION request is not sent again once its activation is revoked.
const WANTED: Guard<Request> =
    guard("PROVISION: its activation is active", |request, activation| {
        let (wanted, why) = match activation.map(|activation| activation.life.state) {
            _ if request.kind == RequestType::Deprovision => return Ok(()),
            Some(state) => (state == State::Active, "the activation is revoked"),
            None => (false, "its activation cannot be read"),
        };
        illegal_unless(wanted, format!("RETRY is not possible: {why}."))
    });

impl Stateful for Request {
    type State = Status;
    type Event = Event;
    /// Its activation, if that can be read.
    type Around<'a> = Option<&'a Activation>;
    const MACHINE: Machine<Self> = Machine {
        name: "provisioning-request",
        table: TABLE,
        acts: &[],
        actions: &[UpdateStatus, Retry, Cancel],
        display: Status::display,
    };

    fn state(&self, _: Self::Around<'_>) -> Status {
        self.life.state
    }
}
