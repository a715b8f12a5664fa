//! The life of one row with a machine: where it is, and every step that led there.
//!
//! Neighbours: `machine` has the rows that a life walks; the verbs of each noun walk them.
//! Guarantee: a state changes only through a row of its table, and every step is kept (I8).

use serde::{Deserialize, Serialize};

use crate::ids::Id;
use crate::limits::HISTORY_STEPS;
use crate::machine::{Stateful, Word};
use crate::rejection::Rejection;
use crate::rev::Rev;
use crate::stamp::Stamp;
use crate::time::Time;

/// One walked row, kept in the entity's own history (I8).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Step<S> {
    /// The table row.
    #[serde(rename = "r")]
    pub row: String,
    /// The state it led to.
    #[serde(rename = "s")]
    pub to: S,
    /// When.
    #[serde(rename = "t")]
    pub at: Time,
    /// Who: an API key's id, `SYSTEM` or `PROVIDER`.
    #[serde(rename = "b")]
    pub by: String,
    /// The comment, or the reason given with it.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl<S: Into<&'static str>> Step<S> {
    /// The same step with its state as text.
    pub fn untyped(self) -> Step<String> {
        let to: &str = self.to.into();
        Step { row: self.row, to: to.to_owned(), at: self.at, by: self.by, note: self.note }
    }
}

/// State, version and history of one row with a machine. `version` counts the rows walked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Life<S> {
    /// Where it is.
    pub state: S,
    /// Rows walked since it was made.
    pub version: u64,
    /// When the state was last reported.
    pub moved: Time,
    /// The last steps, oldest first.
    pub history: Vec<Step<S>>,
    /// How many of them were walked since the row was read.
    #[serde(skip)]
    pub fresh: usize,
}

impl<S: Word> Life<S> {
    /// A new thing, by the first row of its life.
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` when no row makes it so.
    pub fn begin<T: Stateful<State = S>>(
        event: T::Event,
        to: S,
        stamp: &Stamp,
    ) -> Result<Self, Rejection> {
        let row = T::MACHINE.on(None, event, to)?;
        let mut life =
            Self { state: to, version: 0, moved: stamp.now, history: Vec::new(), fresh: 0 };
        life.note(row.id, to, stamp, None);
        Ok(life)
    }

    /// Walks one row. `moved` stays where the state does.
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` when the table has no such row.
    pub fn walk<T: Stateful<State = S>>(
        &mut self,
        event: T::Event,
        to: S,
        stamp: &Stamp,
        note: Option<String>,
    ) -> Result<(), Rejection> {
        let row = T::MACHINE.on(Some(self.state), event, to)?;
        if to != self.state {
            self.moved = stamp.now;
        }
        self.state = to;
        self.note(row.id, to, stamp, note);
        Ok(())
    }

    fn note(&mut self, row: &str, to: S, stamp: &Stamp, note: Option<String>) {
        self.version += 1;
        self.fresh += 1;
        let by = stamp.by.to_string();
        self.history.push(Step { row: row.to_owned(), to, at: stamp.now, by, note });
    }

    /// The state of the row that was read; none for a new one.
    pub fn stood(&self) -> Option<S> {
        let read = self.history.len().saturating_sub(self.fresh);
        self.history[..read].last().map(|step| step.to)
    }

    /// The steps that were walked since the row was read.
    pub fn fresh(&self) -> &[Step<S>] {
        &self.history[self.history.len().saturating_sub(self.fresh)..]
    }

    /// Takes out the older steps, which the row of `id` no longer holds; usually none.
    pub fn overflow(&mut self, of: Aged, id: Id) -> Option<Overflow> {
        let over = self.history.len().saturating_sub(HISTORY_STEPS);
        let first = self.version - self.history.len() as u64 + 1;
        let steps: Vec<_> = self.history.drain(..over).map(Step::untyped).collect();
        (over > 0).then(|| Overflow { kind: of, id, first, steps, rev: Rev::default() })
    }
}

/// What has a history that one row may not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the nouns of these names")]
pub enum Aged {
    Entitlement,
    Request,
}

/// Older steps of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overflow {
    /// The thing that has this history.
    pub kind: Aged,
    /// Whose.
    pub id: Id,
    /// The number of the first step in it.
    pub first: u64,
    /// The steps, oldest first.
    pub steps: Vec<Step<String>>,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev,
}
