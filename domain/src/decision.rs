//! The result of a verb that is allowed: rows to write in one transaction, and effects after it.
//!
//! Neighbours: verbs make it, `store` commits it, the edge carries out its effects.
//! Guarantee: one decision is one transaction (invariant 3).

use crate::entitlement::product_key::Consumption;
use crate::name::Name;
use crate::record::Record;
use crate::request::Request;
use crate::task::Message;

/// One write. A record that was read carries the revision it was read at (`rev`), and is written
/// only if the row still has it; a new one (revision 0) only if there is none.
#[derive(Clone, Debug)]
pub enum Change {
    /// Create or replace.
    Save(Box<Record>),
    /// Remove.
    Delete(Box<Record>),
    /// Refer to a row that was read: it must be there still, and what removes it at the same moment
    /// finds it changed.
    Refer(Box<Record>),
    /// Take a name; a unique one only if nobody has it.
    Take(Name),
    /// Take a name that we chose: if somebody has it by now, another one is chosen.
    TakeFresh(Name),
    /// Give a name back.
    Release(Name),
    /// Take quantity from a product key, atomically (I1).
    Consume(Consumption),
}

/// An effect that is carried out once the decision is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send this to the queue. If it is lost, the sweeper finds the queued row.
    Enqueue(Message),
}

/// What else must change because this did. Who commits loads the revocation that it concerns, and
/// lets that say what.
#[derive(Clone, Debug)]
pub enum Follow {
    /// A request of a revoked activation moved, as it is by now.
    Settled(Box<Request>),
    /// A request of a revoked activation is FAILED, and was provided after all.
    ProvidedLate(Box<Request>),
}

impl Follow {
    /// The request.
    pub const fn request(&self) -> &Request {
        match self {
            Self::Settled(request) | Self::ProvidedLate(request) => request,
        }
    }
}

/// The domain's yes.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    /// Written in one transaction.
    pub changes: Vec<Change>,
    /// What is decided and written with it, once it is loaded.
    pub follow: Vec<Follow>,
    /// Done after it.
    pub effects: Vec<Effect>,
}

impl Decision {
    /// Creates or replaces a row.
    #[must_use]
    pub fn save(mut self, record: impl Into<Record>) -> Self {
        self.changes.push(Change::Save(Box::new(record.into())));
        self
    }

    /// Removes a row.
    #[must_use]
    pub fn delete(mut self, record: impl Into<Record>) -> Self {
        self.changes.push(Change::Delete(Box::new(record.into())));
        self
    }

    /// Refers to a row.
    #[must_use]
    pub fn refer(mut self, record: impl Into<Record>) -> Self {
        self.changes.push(Change::Refer(Box::new(record.into())));
        self
    }

    /// Takes a name.
    #[must_use]
    pub fn take(mut self, name: Name) -> Self {
        self.changes.push(Change::Take(name));
        self
    }

    /// Takes a name that we chose.
    #[must_use]
    pub fn take_fresh(mut self, name: Name) -> Self {
        self.changes.push(Change::TakeFresh(name));
        self
    }

    /// Gives a name back.
    #[must_use]
    pub fn release(mut self, name: Name) -> Self {
        self.changes.push(Change::Release(name));
        self
    }

    /// Gives back the old names that are not among the new ones, and takes the others.
    #[must_use]
    pub fn replace(self, old: &[Name], new: &[Name]) -> Self {
        let gone = old.iter().filter(|name| !name.is_among(new)).cloned();
        let decision = gone.fold(self, Self::release);
        new.iter().filter(|name| !name.is_among(old)).cloned().fold(decision, Self::take)
    }

    /// Takes quantity from a product key.
    #[must_use]
    pub fn consume(mut self, consumption: Consumption) -> Self {
        self.changes.push(Change::Consume(consumption));
        self
    }

    /// Has something else follow.
    #[must_use]
    pub fn follow(mut self, next: Follow) -> Self {
        self.follow.push(next);
        self
    }

    /// Sends a message afterwards.
    #[must_use]
    pub fn enqueue(mut self, message: Message) -> Self {
        self.effects.push(Effect::Enqueue(message));
        self
    }
}
