//! The common form of all state tables: rows, guards of their steps, and what follows from them.
//!
//! Neighbours: each `states.rs` has a table, `life` walks it. Guarantee: what a caller may order is
//! asked of the same guards as what is refused, so the two cannot differ.

use std::fmt;

use serde::Serialize;
use strum::IntoEnumIterator;

use crate::access::{Act, Area, Needs, Role};
use crate::ids::Id;
use crate::rejection::{Code, Offer, Possible, Rejection};

/// States and events: small enums with names on the wire.
pub trait Word: Copy + Eq + fmt::Debug + Into<&'static str> + IntoEnumIterator + 'static {}
impl<T: Copy + Eq + fmt::Debug + Into<&'static str> + IntoEnumIterator + 'static> Word for T {}

/// A thing with a machine.
pub trait Stateful: Sized + 'static {
    /// Where it can be.
    type State: Word;
    /// Its events.
    type Event: Word;
    /// The facts besides itself that its guards look at.
    type Around<'a>: Copy;
    /// Its table.
    const MACHINE: Machine<Self>;

    /// Where it is.
    fn state(&self, around: Self::Around<'_>) -> Self::State;

    /// Where it belongs; a role may be of one namespace only.
    fn namespace(&self) -> Option<Id> {
        None
    }

    /// Whether this may happen now.
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` where no row leaves the state so; else what its guard says.
    fn permit(&self, event: Self::Event, around: Self::Around<'_>) -> Result<(), Rejection> {
        self.asked(event, around).map(drop).map_err(|refused| self.refusing(refused, around))
    }

    /// The same no; one of the state says what is possible instead.
    fn refusing(&self, refused: Rejection, around: Self::Around<'_>) -> Rejection {
        match refused.code {
            Code::IllegalTransition | Code::StatusConflict => {
                refused.instead(self.possible(around))
            }
            _ => refused,
        }
    }

    /// A no of the state, in words.
    fn illegal(&self, detail: impl Into<String>, around: Self::Around<'_>) -> Rejection {
        self.refusing(Rejection::new(Code::IllegalTransition, detail), around)
    }

    /// All that may be ordered now.
    fn possible(&self, around: Self::Around<'_>) -> Possible {
        let namespace = self.namespace();
        let offer = |event: &Self::Event| {
            let who = self.asked(*event, around).ok()?.who;
            Some(Offer { action: (*event).into(), who, namespace })
        };
        let state = self.state(around).into();
        Possible { state, offers: Self::MACHINE.actions.iter().filter_map(offer).collect() }
    }

    /// The actions that a caller in this role may order now.
    fn allowed(&self, around: Self::Around<'_>, role: &Role) -> Vec<&'static str> {
        self.possible(around).open_to(Some(role))
    }

    /// The row by which this may happen.
    ///
    /// # Errors
    /// As [`Stateful::permit`], without what is possible instead.
    fn asked(
        &self,
        event: Self::Event,
        around: Self::Around<'_>,
    ) -> Result<&'static Row<Self>, Rejection> {
        let from = self.state(around);
        let mut refused = None;
        for row in Self::MACHINE.leaving(Some(from), event) {
            match (row.guard.holds)(self, around) {
                Ok(()) => return Ok(row),
                Err(why) => refused = refused.or(Some(why)),
            }
        }
        Err(refused.unwrap_or_else(|| impossible(Some(from), event)))
    }
}

/// A condition besides the state.
pub struct Guard<T: Stateful> {
    /// The rule, for people.
    pub words: &'static str,
    /// The rule.
    pub holds: fn(&T, T::Around<'_>) -> Result<(), Rejection>,
}

/// A rule that the thing, and what is around it, break or keep.
pub const fn guard<T: Stateful>(
    words: &'static str,
    holds: fn(&T, T::Around<'_>) -> Result<(), Rejection>,
) -> Guard<T> {
    Guard { words, holds }
}

/// A condition that the verb keeps when it walks the row. It is not asked beforehand.
pub const fn when<T: Stateful>(words: &'static str) -> Guard<T> {
    Guard { words, holds: |_, _| Ok(()) }
}

/// The callers that may cause an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The machine itself.
    System,
    /// The provider, by its signature.
    Provider,
    /// A caller who may see and edit entitlements.
    Operator,
    /// Provider, customer or operator: whoever may edit activations.
    Anybody,
    /// A caller with this permission.
    Caller(Area, Act),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("SYSTEM"),
            Self::Provider => f.write_str("PROVIDER"),
            Self::Operator => f.write_str("OPERATOR"),
            Self::Anybody => f.write_str("PROVIDER|CUSTOMER|OPERATOR"),
            Self::Caller(area, act) => write!(f, "{area}.{act}"),
        }
    }
}

impl Who {
    /// Whether a caller in this role is one; `namespace` is that of the thing.
    pub fn is(self, role: &Role, namespace: Option<Id>) -> bool {
        match (self, namespace) {
            (Self::System | Self::Provider, _) => false,
            (Self::Operator, _) => role.meets(OPERATOR),
            (Self::Anybody, _) => role.may(Area::Activation, Act::Edit),
            (Self::Caller(Area::Catalog, act), Some(namespace)) => role.may_in(namespace, act),
            (Self::Caller(area, act), _) => role.may(area, act),
        }
    }
}

/// The acts of operators of requests.
pub const OPERATOR: Needs =
    Needs::AllOf(&[(Area::Entitlement, Act::View), (Area::Entitlement, Act::Edit)]);

/// One row of a table.
pub struct Row<T: Stateful> {
    /// The row's name in the specification, such as `P4`; empty: it is no step.
    pub id: &'static str,
    /// The states it leaves; empty: the thing is new.
    pub from: &'static [T::State],
    /// The event.
    pub event: T::Event,
    /// The states it may reach; empty: the state stays.
    pub to: &'static [T::State],
    /// The condition besides the state.
    pub guard: Guard<T>,
    /// The caller that may cause it.
    pub who: Who,
    /// The action that causes it, if a caller orders it.
    pub effect: &'static str,
}

/// Writes a row; one line of a table each.
pub const fn row<T: Stateful>(
    id: &'static str,
    from: &'static [T::State],
    event: T::Event,
    to: &'static [T::State],
    guard: Guard<T>,
    who: Who,
    effect: &'static str,
) -> Row<T> {
    Row { id, from, event, to, guard, who, effect }
}

/// Writes what callers may do in these states without a step.
pub const fn act<T: Stateful>(
    from: &'static [T::State],
    event: T::Event,
    guard: Guard<T>,
    who: Who,
) -> Row<T> {
    row("", from, event, &[], guard, who, "")
}

/// A table with its name.
pub struct Machine<T: Stateful> {
    /// The machine's name, such as `provisioning-request`.
    pub name: &'static str,
    /// Its rows.
    pub table: &'static [Row<T>],
    /// The acts of callers that are no step.
    pub acts: &'static [Row<T>],
    /// The events that a caller of the API orders, in the order in which answers list them.
    pub actions: &'static [T::Event],
    /// The name of a state for people.
    pub display: fn(T::State) -> &'static str,
}

/// No row leads there.
fn impossible<S: Word, E: Word>(from: Option<S>, event: E) -> Rejection {
    let (event, state) = (event.into(), from.map_or("(new)", Into::into));
    Rejection::new(Code::IllegalTransition, format!("{event} is not possible in state {state}."))
}

impl<T: Stateful> Machine<T> {
    /// The row that leads from `from` by `event` to `to`.
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` with the state and the event.
    pub fn on(
        &self,
        from: Option<T::State>,
        event: T::Event,
        to: T::State,
    ) -> Result<&'static Row<T>, Rejection> {
        let mut leaving = self.table.iter().filter(|row| row.event == event && row.leaves(from));
        leaving.find(|row| row.reaches(from, to)).ok_or_else(|| impossible(from, event))
    }

    /// The rows, and acts, that take an event in this state.
    fn leaving(
        &self,
        from: Option<T::State>,
        event: T::Event,
    ) -> impl Iterator<Item = &'static Row<T>> {
        let all = self.table.iter().chain(self.acts);
        all.filter(move |row| row.event == event && row.leaves(from))
    }

    /// Whether some row, or act, takes the event in this state, if its guard holds.
    pub fn takes(&self, from: T::State, event: T::Event) -> bool {
        self.leaving(Some(from), event).next().is_some()
    }

    /// No row leaves this state for another, but an operator's.
    pub fn is_terminal(&self, state: T::State) -> bool {
        let leaves = |row: &Row<T>| {
            let moves = row.to.iter().any(|to| *to != state);
            row.leaves(Some(state)) && moves && row.who != Who::Operator
        };
        !self.table.iter().any(leaves)
    }

    /// The Mermaid state diagram of the table.
    pub fn mermaid(&self) -> String {
        let mut out = String::from("stateDiagram-v2\n");
        for row in self.table {
            for (from, to) in row.steps() {
                let (from, event) = (from.map_or("[*]", Into::into), row.event.into());
                out.push_str(&format!("    {from} --> {} : {} {event}\n", to.into(), row.id));
            }
        }
        out
    }

    /// The machine as `/v1/state-machines` shows it.
    pub fn describe(&self) -> Description {
        let states = T::State::iter().map(|state| StateLine {
            name: state.into(),
            display: (self.display)(state),
            terminal: self.is_terminal(state),
        });
        let rows = self.table.iter().map(|row| RowLine {
            id: row.id,
            from: names(row.from, "(new)"),
            event: row.event.into(),
            guard: row.guard.words,
            to: names(row.to, "(same)"),
            who: row.who.to_string(),
            effect: row.effect,
        });
        Description { machine: self.name, states: states.collect(), rows: rows.collect() }
    }
}

impl<T: Stateful> Row<T> {
    fn leaves(&self, from: Option<T::State>) -> bool {
        from.map_or(self.from.is_empty(), |state| self.from.contains(&state))
    }

    fn reaches(&self, from: Option<T::State>, to: T::State) -> bool {
        if self.to.is_empty() { from == Some(to) } else { self.to.contains(&to) }
    }

    /// Every single step that the row stands for.
    pub fn steps(&self) -> Vec<(Option<T::State>, T::State)> {
        let froms = if self.from.is_empty() {
            vec![None]
        } else {
            self.from.iter().copied().map(Some).collect()
        };
        let reach = |from: Option<T::State>| {
            let all = T::State::iter().filter(move |to| self.reaches(from, *to));
            all.map(move |to| (from, to))
        };
        froms.into_iter().flat_map(reach).collect()
    }
}

fn names<S: Word>(states: &[S], none: &str) -> String {
    let words: Vec<&'static str> = states.iter().map(|s| (*s).into()).collect();
    if words.is_empty() { none.to_owned() } else { words.join("|") }
}

/// A machine in the answer of `/v1/state-machines`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Description {
    /// Its name.
    pub machine: &'static str,
    /// Its states.
    pub states: Vec<StateLine>,
    /// Its rows.
    pub rows: Vec<RowLine>,
}

/// A state of a machine.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StateLine {
    /// On the wire.
    pub name: &'static str,
    /// For people.
    pub display: &'static str,
    /// Only an operator leaves it.
    pub terminal: bool,
}

/// A row of a machine.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the members of `Row`, as text")]
pub struct RowLine {
    pub id: &'static str,
    pub from: String,
    pub event: &'static str,
    pub guard: &'static str,
    pub to: String,
    pub who: String,
    pub effect: &'static str,
}
