//! Work that is due: what the queue carries, and what the index `due` holds. Ids, never payloads.
//!
//! Neighbours: `decision` orders it, the edge carries it, the sweeper finds what was lost.
//! Guarantee: no personal data in it.

use serde::{Deserialize, Serialize};

use crate::ids::Id;
use crate::time::Period;

/// The kinds of due work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[derive(Serialize, Deserialize, strum::Display, strum::EnumString)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskKind {
    /// A provisioning request is sent, or its wait for a callback is over.
    #[default]
    Dispatch,
    /// What an older master key sealed is sealed anew; the id is the number of the newer one.
    Reseal,
    /// What is held of a customer or partner is blanked; the id is theirs.
    Erase,
}

/// "Look at this": whoever does it reads the truth from the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Task {
    /// The kind of work; messages of version 1 do not name it.
    #[serde(default)]
    pub kind: TaskKind,
    /// The tenant, named because queue and index are shared.
    pub tenant: Id,
    /// The id of the thing that it is done with.
    #[serde(alias = "request")]
    pub id: Id,
}

impl Task {
    /// The sending of a provisioning request.
    pub const fn dispatch(tenant: Id, request: Id) -> Self {
        Self { kind: TaskKind::Dispatch, tenant, id: request }
    }
}

/// The version of the envelope that this code writes; it reads those before, too.
pub const VERSION: u8 = 2;

/// A task on its way to whoever does it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Version of the envelope.
    pub v: u8,
    /// The task.
    #[serde(flatten)]
    pub task: Task,
    /// One slow group does not hold up the others (fair queue): of a dispatch, its method.
    #[serde(alias = "method")]
    pub group: Id,
    /// Not to be seen before this has passed; not part of the body.
    #[serde(skip)]
    pub delay: Option<Period>,
}

impl Message {
    /// A message about a task.
    pub const fn new(task: Task, group: Id, delay: Option<Period>) -> Self {
        Self { v: VERSION, task, group, delay }
    }

    /// Reads the body of a message; none if it is of no version that is known.
    pub fn read(body: &str) -> Option<Self> {
        let message: Self = serde_json::from_str(body).ok()?;
        (1..=VERSION).contains(&message.v).then_some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_every_version_are_read() {
        let id = |n: &str| n.parse().unwrap();
        let message = Message::new(Task::dispatch(id("1"), id("97")), id("2"), None);
        let body = serde_json::to_string(&message).unwrap();
        assert_eq!(Message::read(&body), Some(message.clone()), "{body}");
        let first = r#"{"v": 1, "tenant": 1, "request": 97, "method": 2}"#;
        assert_eq!(Message::read(first), Some(Message { v: 1, ..message }));
        for wrong in [r#"{"v": 3, "tenant": 1, "id": 97, "group": 2}"#, r#"{"v": 2}"#, "x"] {
            assert_eq!(Message::read(wrong), None, "{wrong}");
        }
    }
}
