//! When, by whom, and the randomness for what is made; and what every entity keeps of it.
//!
//! Neighbours: the edge makes a stamp for each call, the verbs decide with it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{Entropy, Id};
use crate::time::Time;

/// The actor of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The API key of this id.
    Key(Id),
    /// The machine itself.
    System,
    /// The provider behind the method of this id.
    Provider(Id),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => write!(f, "{id}"),
            Self::System => f.write_str("SYSTEM"),
            Self::Provider(_) => f.write_str("PROVIDER"),
        }
    }
}

/// When, by whom, and the randomness for what is made: all that a verb needs of the world.
#[derive(Clone, Copy)]
pub struct Stamp {
    /// The instant of the decision.
    pub now: Time,
    /// The actor.
    pub by: Actor,
    /// Names of new things come from here.
    pub entropy: Entropy,
}

impl Stamp {
    /// The `n`-th new id.
    pub fn id(&self, n: u32) -> Id {
        self.entropy.id(self.now, n)
    }

    /// The same moment, another actor.
    pub const fn by(mut self, actor: Actor) -> Self {
        self.by = actor;
        self
    }
}

/// Created and updated, date and by: every entity has them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// When it was made.
    pub created_date: Time,
    /// The API key that made it.
    pub created_by: String,
    /// When it was last changed.
    pub updated_date: Time,
    /// The API key that last changed it.
    pub updated_by: String,
}

impl Meta {
    /// Made now.
    pub fn new(stamp: &Stamp) -> Self {
        let by = stamp.by.to_string();
        Self {
            created_date: stamp.now,
            created_by: by.clone(),
            updated_date: stamp.now,
            updated_by: by,
        }
    }

    /// Changed now.
    pub fn touch(&mut self, stamp: &Stamp) {
        self.updated_date = stamp.now;
        self.updated_by = stamp.by.to_string();
    }
}
