//! THE TABLES of entitlement and product key.
//!
//! Neighbours: the verbs of this folder walk them; diagram and `/v1/state-machines` are derived.

use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

use crate::machine::{Machine, Row, row};

/// The states of source 004 (`entState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[derive(EnumIter, EnumString, IntoStaticStr, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the states of source 004")]
#[schema(as = EntitlementState)]
pub enum State {
    Draft,
    Queued,
    ProductKeyGenerated,
    Produced,
    Completed,
    Acknowledged,
}

/// What can happen to an entitlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the events of the table below")]
pub enum Event {
    Save,
    Queue,
    Produce,
    KeysReady,
    FirstActivation,
    Reopen,
    LastActivation,
    Revocation,
    Acknowledged,
    Enable,
    Disable,
}

impl State {
    /// The name for people.
    pub const fn display(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::Queued => "Queued",
            Self::ProductKeyGenerated => "Product Key Generated",
            Self::Produced => "Produced",
            Self::Completed => "Completed",
            Self::Acknowledged => "Acknowledged",
        }
    }
}

use Event::{
    Disable, Enable, FirstActivation, KeysReady, LastActivation, Produce, Queue, Reopen,
    Revocation, Save,
};
use State::{Acknowledged, Completed, Draft, Produced, ProductKeyGenerated as Generated, Queued};

const ANY: &[State] = &[Draft, Queued, Generated, Produced, Completed, Acknowledged];

#[rustfmt::skip]
const TABLE: &[Row<State, Event>] = &[
    row("N1", &[], Save, &[Draft], ["well-formed; may be incomplete", "entitlement.add", ""]),
    row("N2", &[], Queue, &[Queued], ["complete; products COMMIT", "entitlement.add", ""]),
    row("N3", &[], Produce, &[Generated],
        ["complete; Product_Key only", "entitlement.add", "keys derived; N8 follows"]),
    row("N4", &[Draft], Save, &[Draft], ["", "entitlement.edit", "content update"]),
    row("N5", &[Draft], Queue, &[Queued], ["complete", "entitlement.edit", ""]),
    row("N6", &[Draft], Produce, &[Generated],
        ["complete; Product_Key only", "entitlement.edit", "as N3"]),
    row("N7", &[Queued], Produce, &[Generated], ["Product_Key only", "entitlement.edit", "as N3"]),
    row("N8", &[Generated], KeysReady, &[Produced],
        ["always, in the commit of PRODUCE", "SYSTEM", "both steps are in the history"]),
    row("N9", &[Queued], FirstActivation, &[Produced],
        ["Hardware_Key, ProtectionKey_Update", "activation.add", "key burnt, update generated"]),
    row("N10", &[Queued], Reopen, &[Draft], ["", "entitlement.edit", ""]),
    row("N11", &[Produced], Reopen, &[Draft],
        ["Product_Key only; no activation exists", "entitlement.edit", "keys become VOID"]),
    row("N12", &[Produced], LastActivation, &[Completed],
        ["every allowed activation consumed", "SYSTEM", ""]),
    row("N13", &[Completed, Acknowledged], Revocation, &[Produced],
        ["an activation is revoked", "activation.edit", ""]),
    row("N14", &[Completed], Event::Acknowledged, &[Acknowledged],
        ["ACKNOWLEDGEMENT_REQUEST; all acknowledged", "PROVIDER|CUSTOMER|OPERATOR", ""]),
    row("N15", ANY, Enable, &[], ["enabled=false", "entitlement.edit", "enabled:=true"]),
    row("N16", ANY, Disable, &[], ["enabled=true", "entitlement.edit", "new activations refused"]),
];

/// The machine of an entitlement.
pub const MACHINE: Machine<State, Event> = Machine {
    name: "entitlement",
    table: TABLE,
    actions: &[Queue, Produce, Reopen, Enable, Disable],
    display: State::display,
};

/// The states of a product key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[derive(EnumIter, EnumString, IntoStaticStr, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the states of the table below")]
pub enum KeyState {
    Enabled,
    Disabled,
    Void,
}

/// What can happen to a product key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the events of the table below")]
pub enum KeyEvent {
    KeysReady,
    Disable,
    Enable,
    Activate,
    Reopen,
}

#[rustfmt::skip]
const KEY_TABLE: &[Row<KeyState, KeyEvent>] = &[
    row("K1", &[], KeyEvent::KeysReady, &[KeyState::Enabled],
        ["", "SYSTEM", "pkId; remaining = numActivationPerProductKey"]),
    row("K2", &[KeyState::Enabled], KeyEvent::Disable, &[KeyState::Disabled],
        ["", "entitlement.edit", ""]),
    row("K3", &[KeyState::Disabled], KeyEvent::Enable, &[KeyState::Enabled],
        ["", "entitlement.edit", ""]),
    row("K4", &[KeyState::Enabled], KeyEvent::Activate, &[KeyState::Enabled],
        ["entitlement activatable; the guards", "activation.add", "remaining -= q; requests made"]),
    row("K5", &[KeyState::Enabled], KeyEvent::Reopen, &[KeyState::Void],
        ["no activation", "SYSTEM", ""]),
    row("K6", &[KeyState::Disabled], KeyEvent::Reopen, &[KeyState::Void],
        ["no activation", "SYSTEM", ""]),
];

/// The machine of a product key.
pub const KEY_MACHINE: Machine<KeyState, KeyEvent> = Machine {
    name: "product-key",
    table: KEY_TABLE,
    actions: &[KeyEvent::Enable, KeyEvent::Disable, KeyEvent::Activate],
    display: |state| match state {
        KeyState::Enabled => "Enabled",
        KeyState::Disabled => "Disabled",
        KeyState::Void => "Void",
    },
};
