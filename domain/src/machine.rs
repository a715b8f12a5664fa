//! What every state table has in common: a row, the step through it, and what is derived.
//!
//! Neighbours: the four `states.rs`. Guarantee: a state changes only through a row of its table.

use serde::Serialize;
use strum::IntoEnumIterator;

use crate::rejection::{Code, Rejection};

/// One row of a table.
#[derive(Debug)]
pub struct Row<S: 'static, E> {
    /// The row's name in the specification, such as `P4`.
    pub id: &'static str,
    /// The states it leaves; empty: the thing is new.
    pub from: &'static [S],
    /// What happened.
    pub event: E,
    /// The states it may reach; empty: the state stays.
    pub to: &'static [S],
    /// What must hold besides.
    pub guard: &'static str,
    /// Who may make it happen.
    pub who: &'static str,
    /// What is ordered with it.
    pub effect: &'static str,
}

/// Writes a row; one line of a table each.
pub const fn row<S, E>(
    id: &'static str,
    from: &'static [S],
    event: E,
    to: &'static [S],
    words: [&'static str; 3],
) -> Row<S, E> {
    Row { id, from, event, to, guard: words[0], who: words[1], effect: words[2] }
}

/// States and events: small enums with names on the wire.
pub trait Word: Copy + Eq + Into<&'static str> + IntoEnumIterator + 'static {}
impl<T: Copy + Eq + Into<&'static str> + IntoEnumIterator + 'static> Word for T {}

/// A table with its name.
#[derive(Debug)]
pub struct Machine<S: 'static, E: 'static> {
    /// The machine's name, such as `provisioning-request`.
    pub name: &'static str,
    /// Its rows.
    pub table: &'static [Row<S, E>],
    /// The events that a caller of the API orders.
    pub actions: &'static [E],
    /// The name of a state for people.
    pub display: fn(S) -> &'static str,
}

impl<S: Word, E: Word> Machine<S, E> {
    /// The row that leads from `from` by `event` to `to`.
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` with the state, the event and what is allowed.
    pub fn on(&self, from: Option<S>, event: E, to: S) -> Result<&'static Row<S, E>, Rejection> {
        let hit =
            |row: &&Row<S, E>| row.event == event && row.leaves(from) && row.reaches(from, to);
        self.table.iter().find(hit).ok_or_else(|| self.refuse(from, event))
    }

    /// The no of this machine to `event`.
    pub fn refuse(&self, from: Option<S>, asked: E) -> Rejection {
        let (event, state) = (asked.into(), from.map_or("(new)", Into::into));
        let mut allowed = self.allowed(from);
        if self.actions.contains(&asked) {
            allowed.retain(|word| self.actions.iter().any(|a| (*a).into() == *word));
        }
        let detail = format!(
            "{event} is not possible in state {state}; possible: {}.",
            if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") }
        );
        Rejection::new(Code::IllegalTransition, detail).with_state(state, allowed)
    }

    /// The events that some row takes in this state.
    pub fn allowed(&self, from: Option<S>) -> Vec<&'static str> {
        let taken = |event: &E| self.table.iter().any(|r| r.event == *event && r.leaves(from));
        E::iter().filter(taken).map(Into::into).collect()
    }

    /// The actions that a caller may order in this state.
    pub fn actions(&self, from: S) -> Vec<&'static str> {
        let possible =
            |action: &&E| self.table.iter().any(|r| r.event == **action && r.leaves(Some(from)));
        self.actions.iter().filter(possible).map(|a| (*a).into()).collect()
    }

    /// No row leaves this state for another.
    pub fn is_terminal(&self, state: S) -> bool {
        let leaves = |row: &Row<S, E>| {
            row.leaves(Some(state)) && row.to.iter().any(|to| *to != state) && row.who != "OPERATOR"
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
        let states = S::iter().map(|state| StateLine {
            name: state.into(),
            display: (self.display)(state),
            terminal: self.is_terminal(state),
        });
        let rows = self.table.iter().map(|row| RowLine {
            id: row.id,
            from: names(row.from, "(new)"),
            event: row.event.into(),
            guard: row.guard,
            to: names(row.to, "(same)"),
            who: row.who,
            effect: row.effect,
        });
        Description { machine: self.name, states: states.collect(), rows: rows.collect() }
    }
}

impl<S: Word, E: Copy> Row<S, E> {
    fn leaves(&self, from: Option<S>) -> bool {
        from.map_or(self.from.is_empty(), |state| self.from.contains(&state))
    }

    fn reaches(&self, from: Option<S>, to: S) -> bool {
        if self.to.is_empty() { from == Some(to) } else { self.to.contains(&to) }
    }

    /// Every single step that the row stands for.
    pub fn steps(&self) -> Vec<(Option<S>, S)> {
        let froms = if self.from.is_empty() {
            vec![None]
        } else {
            self.from.iter().copied().map(Some).collect()
        };
        let reach = |from: Option<S>| {
            let all = S::iter().filter(move |to| self.reaches(from, *to));
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
    pub who: &'static str,
    pub effect: &'static str,
}
