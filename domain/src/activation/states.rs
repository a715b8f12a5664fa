//! THE TABLE of the activation.
//!
//! Neighbours: the verbs of this folder walk it; diagram and `/v1/state-machines` are derived.

use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

use crate::access::{Act, Area};
use crate::activation::Activation;
use crate::entitlement::Entitlement;
use crate::machine::{
    Guard, Machine, Row, Stateful, Who,
    Who::{Anybody, System},
    act, guard, row, when,
};
use crate::rejection::{Code, Rejection, illegal_unless};

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

/// The events of an activation.
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

const ACTIVATE: Who = Who::Caller(Area::Activation, Act::Add);
const REVOKE: Who = Who::Caller(Area::Activation, Act::Edit);

#[rustfmt::skip]
const TABLE: &[Row<Activation>] = &[
    row("A1", &[], Event::Activate, &[State::Active],
        when("see K4"), ACTIVATE, "aid; activationDate"),
    row("A2", &[State::Active], Event::Acknowledge, &[State::Active],
        AWAITED, Anybody, "may fire N14"),
    row("A3", &[State::Active], Event::Revoke, &[State::Revoked],
        guard::<Activation>("allowed; nothing provisioned, or deprovisioning off", revocable),
        REVOKE, "quantity re-credited"),
    row("A4", &[State::Active], Event::Revoke, &[State::RevocationPending],
        guard::<Activation>("allowed; deprovisioning on", revocable),
        REVOKE, "DEPROVISION once the PROVISION is at rest"),
    row("A5", &[State::RevocationPending], Event::DeprovisionCompleted, &[State::Revoked],
        when("nothing is left to be taken back"), System, "quantity re-credited"),
    row("A6", &[State::RevocationPending], Event::RevokeImmediately, &[State::Revoked],
        when("comment"), REVOKE, "quantity re-credited"),
];

/// An acknowledgement was asked for, and is still to come.
const AWAITED: Guard<Activation> = guard("ACKNOWLEDGEMENT_REQUEST=true", |activation, _| {
    let asked = activation.acknowledgement_request;
    illegal_unless(asked, "No acknowledgement was asked for by the entitlement.")?;
    let Some(at) = activation.acknowledged_at else { return Ok(()) };
    let detail = format!("The activation was acknowledged at {at}.");
    Err(Rejection::new(Code::IllegalTransition, detail))
});

/// Whether it can be taken back was part of the sale.
fn revocable(_: &Activation, entitlement: &Entitlement) -> Result<(), Rejection> {
    let detail = "The entitlement does not allow revocations.";
    illegal_unless(entitlement.revocation_allowed, detail)
}

impl Stateful for Activation {
    type State = State;
    type Event = Event;
    /// Its entitlement.
    type Around<'a> = &'a Entitlement;
    const MACHINE: Machine<Self> = Machine {
        name: "activation",
        table: TABLE,
        // The same call, by which A6 is ordered.
        acts: &[act(&[State::RevocationPending], Event::Revoke, when("immediately"), REVOKE)],
        actions: &[Event::Revoke, Event::Acknowledge],
        display: |state| match state {
            State::Active => "Active",
            State::RevocationPending => "Revocation Pending",
            State::Revoked => "Revoked",
        },
    };

    fn state(&self, _: Self::Around<'_>) -> State {
        self.life.state
    }
}
