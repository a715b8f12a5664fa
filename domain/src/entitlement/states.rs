//! THE TABLES of entitlement and product key.
//!
//! Neighbours: the verbs of this folder walk them; diagram and `/v1/state-machines` are derived.

use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

use crate::access::{Act, Area};
use crate::entitlement::Entitlement;
use crate::entitlement::create::Products;
use crate::entitlement::product_key::ProductKey;
use crate::machine::{
    Machine, Row, Stateful, Who,
    Who::{Anybody, System},
    act, guard, row, when,
};
use crate::time::Day;

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

/// The events of an entitlement.
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
    Update,
    Activate,
    Delete,
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
    Activate, Delete, Disable, Enable, FirstActivation, KeysReady, LastActivation, Produce, Queue,
    Reopen, Revocation, Save, Update,
};
use State::{Acknowledged, Completed, Draft, Produced, ProductKeyGenerated as Generated, Queued};

const ADD: Who = Who::Caller(Area::Entitlement, Act::Add);
const EDIT: Who = Who::Caller(Area::Entitlement, Act::Edit);
const REMOVE: Who = Who::Caller(Area::Entitlement, Act::Delete);
const ACTIVATE: Who = Who::Caller(Area::Activation, Act::Add);
const REVOKE: Who = Who::Caller(Area::Activation, Act::Edit);

const ANY: &[State] = &[Draft, Queued, Generated, Produced, Completed, Acknowledged];

#[rustfmt::skip]
const TABLE: &[Row<Entitlement>] = &[
    row("N1", &[], Save, &[Draft], when("well-formed; may be incomplete"), ADD, ""),
    row("N2", &[], Queue, &[Queued], when("complete; products COMMIT"), ADD, ""),
    row("N3", &[], Produce, &[Generated],
        when("complete; Product_Key only"), ADD, "keys derived; N8 follows"),
    row("N4", &[Draft], Save, &[Draft], when(""), EDIT, "content update"),
    row("N5", &[Draft], Queue, &[Queued],
        guard::<Entitlement>("complete", Entitlement::ready), EDIT, ""),
    row("N6", &[Draft], Produce, &[Generated],
        guard::<Entitlement>("complete; Product_Key only", Entitlement::producible), EDIT, "as N3"),
    row("N7", &[Queued], Produce, &[Generated],
        guard::<Entitlement>("complete; Product_Key only", Entitlement::producible), EDIT, "as N3"),
    row("N8", &[Generated], KeysReady, &[Produced],
        when("always, in the commit of PRODUCE"), System, "both steps are in the history"),
    row("N9", &[Queued], FirstActivation, &[Produced],
        when("Hardware_Key, ProtectionKey_Update"), ACTIVATE, "key burnt, update generated"),
    row("N10", &[Queued], Reopen, &[Draft],
        guard::<Entitlement>("reopened fewer than 15 times", Entitlement::reopenable), EDIT, ""),
    row("N11", &[Produced], Reopen, &[Draft],
        guard::<Entitlement>("as N10; Product_Key; no activation exists", Entitlement::replaceable),
        EDIT, "keys become VOID"),
    row("N12", &[Produced], LastActivation, &[Completed],
        when("every allowed activation consumed"), System, ""),
    row("N13", &[Completed, Acknowledged], Revocation, &[Produced],
        when("an activation is revoked"), REVOKE, ""),
    row("N14", &[Completed], Event::Acknowledged, &[Acknowledged],
        when("ACKNOWLEDGEMENT_REQUEST; all acknowledged"), Anybody, ""),
    row("N15", ANY, Enable, &[],
        guard::<Entitlement>("enabled=false", |e, _| e.switchable(true)), EDIT, "enabled:=true"),
    row("N16", ANY, Disable, &[],
        guard::<Entitlement>("enabled=true", |e, _| e.switchable(false)),
        EDIT, "new activations refused"),
];

/// The facts around an entitlement that its guards look at.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Its products; those of an entitlement that has its keys decide nothing.
    pub products: &'a Products,
    /// A provisioning request of it is not at rest.
    pub open_requests: bool,
    /// The day of the call.
    pub today: Day,
}

impl Stateful for Entitlement {
    type State = State;
    type Event = Event;
    type Around<'a> = Around<'a>;
    const MACHINE: Machine<Self> = Machine {
        name: "entitlement",
        table: TABLE,
        acts: &[
            act(&[Draft], Update, when(""), EDIT),
            act(
                ANY,
                Delete,
                guard::<Self>("a draft, or a test nobody uses", Self::deletable),
                REMOVE,
            ),
            act(
                ANY,
                Activate,
                guard::<Self>("as K4, for one of its keys", Self::activatable),
                ACTIVATE,
            ),
        ],
        actions: &[Update, Queue, Produce, Reopen, Enable, Disable, Delete, Activate],
        display: State::display,
    };

    fn state(&self, _: Around<'_>) -> State {
        self.life.state
    }
}

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

/// The events of a product key.
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
const KEY_TABLE: &[Row<ProductKey>] = &[
    row("K1", &[], KeyEvent::KeysReady, &[KeyState::Enabled],
        when(""), System, "pkId; remaining = numActivationPerProductKey"),
    row("K2", &[KeyState::Enabled], KeyEvent::Disable, &[KeyState::Disabled],
        when(""), EDIT, ""),
    row("K3", &[KeyState::Disabled], KeyEvent::Enable, &[KeyState::Enabled],
        when(""), EDIT, ""),
    row("K4", &[KeyState::Enabled], KeyEvent::Activate, &[KeyState::Enabled],
        guard::<ProductKey>("entitlement activatable; the guards", ProductKey::activatable),
        ACTIVATE, "remaining -= q; requests made"),
    row("K5", &[KeyState::Enabled], KeyEvent::Reopen, &[KeyState::Void],
        when("no activation"), System, ""),
    row("K6", &[KeyState::Disabled], KeyEvent::Reopen, &[KeyState::Void],
        when("no activation"), System, ""),
];

/// The facts around a product key that its guards look at.
#[derive(Clone, Copy)]
pub struct KeyAround<'a> {
    /// Its entitlement.
    pub entitlement: &'a Entitlement,
    /// The day of the call.
    pub today: Day,
}

impl Stateful for ProductKey {
    type State = KeyState;
    type Event = KeyEvent;
    type Around<'a> = KeyAround<'a>;
    const MACHINE: Machine<Self> = Machine {
        name: "product-key",
        table: KEY_TABLE,
        acts: &[],
        actions: &[KeyEvent::Enable, KeyEvent::Disable, KeyEvent::Activate],
        display: |state| match state {
            KeyState::Enabled => "Enabled",
            KeyState::Disabled => "Disabled",
            KeyState::Void => "Void",
        },
    };

    fn state(&self, around: KeyAround<'_>) -> KeyState {
        self.state_in(around.entitlement)
    }
}
