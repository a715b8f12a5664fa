//! THE TABLE of the provisioning request: its states, events and rows.
//!
//! Neighbours: the verbs of this folder walk it; the diagram and `/v1/state-machines` are derived.

use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

use crate::machine::{Machine, Row, row};

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

/// What can happen to a request.
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
const TABLE: &[Row<Status, Event>] = &[
    row("P1", &[], Activate, &[Queued],
        ["enabled; plan and method there", "SYSTEM", "the queued row is the outbox"]),
    row("P2", &[], Activate, &[Failed],
        ["association, plan or method missing", "SYSTEM", "PLAN_MISSING, METHOD_MISSING"]),
    row("P3", &[Queued], RenderFailed, &[Failed],
        ["plan, method or payload unusable; delivery NEVER", "SYSTEM", "never dispatched"]),
    row("P4", &[Queued], AttemptOk, &[Sent],
        ["HTTP 2xx, completion=CALLBACK", "SYSTEM", "executedDate, response, referenceNumber"]),
    row("P5", &[Queued], AttemptOk, &[Done],
        ["2xx, completion=ON_2XX; or gone: 404, 410 to a repeated DEPROVISION", "SYSTEM", ""]),
    row("P6", &[Queued], AttemptRetryable, &[Queued],
        ["no answer, 408, 425, 429, 5xx, 409 to a repetition; attempts left", "SYSTEM",
            "nextAttemptAt"]),
    row("P7", &[Queued], AttemptExhausted, &[Unsent],
        ["none left; none possible, or one refused, after one that may have arrived", "SYSTEM",
            "DISPATCH_*, METHOD_*"]),
    row("P8", &[Queued], AttemptRefused, &[Failed],
        ["other 4xx or 3xx to the first", "SYSTEM", "PROVIDER_HTTP_<code>"]),
    row("P9", &[Sent], Callback, &[Working], ["valid credential", "PROVIDER", ""]),
    row("P10", &[Sent], Callback, &[Done], ["valid credential", "PROVIDER", ""]),
    row("P11", &[Sent], Callback, &[Failed], ["valid credential", "PROVIDER", "its error kept"]),
    row("P12", &[Working], Callback, &[Done], ["valid credential", "PROVIDER", ""]),
    row("P13", &[Working], Callback, &[Failed], ["valid credential", "PROVIDER", ""]),
    row("P14", &[Working], Callback, &[Working],
        ["valid credential", "PROVIDER", "progress note; the deadline begins anew"]),
    row("P15", &[Queued], Callback, &[Working, Done, Failed],
        ["an attempt has started", "PROVIDER", "pending retry is cancelled"]),
    row("P16", &[Unsent], Callback, &[Working, Done, Failed],
        ["an attempt may have arrived", "PROVIDER", "late truth wins"]),
    row("P17", &[Queued, Sent, Done, Unsent, Failed], UpdateStatus, &[Working],
        ["leaving COMPLETED needs a comment", "OPERATOR", "pending dispatch cancelled"]),
    row("P17", &[Queued, Sent, Working, Unsent, Failed], UpdateStatus, &[Done],
        ["", "OPERATOR", "pending dispatch cancelled"]),
    row("P17", &[Queued, Sent, Working, Done, Unsent], UpdateStatus, &[Failed],
        ["leaving COMPLETED needs a comment", "OPERATOR", "error code OPERATOR"]),
    row("P18", &[Unsent], Retry, &[Queued], ["", "OPERATOR", "generation+1; all is read again"]),
    row("P19", &[Failed], Retry, &[Queued], ["", "OPERATOR", "as P18"]),
    row("P20", &[Sent], Deadline, &[Failed],
        ["callbackTimeout passed since the last", "SYSTEM", "CALLBACK_TIMEOUT"]),
    row("P21", &[Working], Deadline, &[Failed], ["as P20", "SYSTEM", "CALLBACK_TIMEOUT"]),
    row("P22", &[Queued], Cancel, &[Failed], ["or activation revoked", "OPERATOR", "CANCELLED"]),
    row("P23", &[Done], Callback, &[Done], ["duplicate", "PROVIDER", "200, no change"]),
    row("P24", &[Failed], Callback, &[Failed], ["duplicate", "PROVIDER", "200, no change"]),
];

/// The machine of a provisioning request.
pub const MACHINE: Machine<Status, Event> = Machine {
    name: "provisioning-request",
    table: TABLE,
    actions: &[UpdateStatus, Retry, Cancel],
    display: Status::display,
};
