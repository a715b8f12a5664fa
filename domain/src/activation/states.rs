//! THE TABLE of the activation.
//!
//! Neighbours: the verbs of this folder walk it; diagram and `/v1/state-machines` are derived.

use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

use crate::machine::{Machine, Row, row};

/// The states of an activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[derive(EnumIter, EnumString, IntoStaticStr, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the states of the table below")]
#[schema(as = ActivationState)]
pub enum State {
    Active,
    RevocationPending,
    Revoked,
}

/// What can happen to an activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the events of the table below")]
pub enum Event {
    Activate,
    Acknowledge,
    Revoke,
    DeprovisionCompleted,
    RevokeImmediately,
}

#[rustfmt::skip]
const TABLE: &[Row<State, Event>] = &[
    row("A1", &[], Event::Activate, &[State::Active],
        ["see K4", "activation.add", "aid; activationDate"]),
    row("A2", &[State::Active], Event::Acknowledge, &[State::Active],
        ["ACKNOWLEDGEMENT_REQUEST=true", "PROVIDER|CUSTOMER|OPERATOR", "may fire N14"]),
    row("A3", &[State::Active], Event::Revoke, &[State::Revoked],
        ["nothing provisioned, or deprovisioning off", "activation.edit", "quantity re-credited"]),
    row("A4", &[State::Active], Event::Revoke, &[State::RevocationPending],
        ["deprovisioning on", "activation.edit", "DEPROVISION once the PROVISION is at rest"]),
    row("A5", &[State::RevocationPending], Event::DeprovisionCompleted, &[State::Revoked],
        ["nothing is left to be taken back", "SYSTEM", "quantity re-credited"]),
    row("A6", &[State::RevocationPending], Event::RevokeImmediately, &[State::Revoked],
        ["comment", "activation.edit", "quantity re-credited"]),
];

/// The machine of an activation.
pub const MACHINE: Machine<State, Event> = Machine {
    name: "activation",
    table: TABLE,
    actions: &[Event::Revoke, Event::Acknowledge],
    display: |state| match state {
        State::Active => "Active",
        State::RevocationPending => "Revocation Pending",
        State::Revoked => "Revoked",
    },
};
