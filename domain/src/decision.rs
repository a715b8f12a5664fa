//! What a verb answers when it may: the rows to write in one transaction, and what to do after.
//!
//! Neighbours: verbs make it, `store` commits it, the edge carries out its effects.
//! Guarantee: one decision is one transaction (invariant 3).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::access::audit::AuditEntry;
use crate::access::{ApiKey, Namespace, Role, Tenant};
use crate::activation::Activation;
use crate::catalog::{CustomAttributeDef, Feature, Product};
use crate::customer::Customer;
use crate::customer::contact::Contact;
use crate::entitlement::Entitlement;
use crate::entitlement::product_key::{Consumption, ProductKey};
use crate::ids::{Entropy, Id};
use crate::plan::Plan;
use crate::plan::association::Association;
use crate::plan::door::Door;
use crate::plan::method::Method;
use crate::plan::version::PlanVersion;
use crate::request::attempt::Attempt;
use crate::request::{Conflicts, LongResponse, Overflow, Payload, Repeat, Request};
use crate::task::Message;
use crate::time::Time;

/// Who acts.
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

/// A kind of thing whose names point at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, Serialize, Deserialize)]
#[strum(serialize_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names of the kinds")]
pub enum Kind {
    Tenant,
    Namespace,
    Role,
    Key,
    Feature,
    Product,
    Attribute,
    Customer,
    Partner,
    Contact,
    Plan,
    Method,
    Association,
    Entitlement,
    Activation,
    Request,
    Audit,
}

/// A look-up row: this value of this member belongs to that id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// What it names.
    pub kind: Kind,
    /// Which member it is, such as `name`.
    pub member: &'static str,
    /// The value; compared without case.
    pub value: String,
    /// Whose it is.
    pub id: Id,
    /// Who else may have it.
    pub scope: Scope,
}

/// Who else may have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everybody.
    Shared,
    /// Nobody in the tenant.
    Tenant,
    /// Nobody in this namespace.
    Namespace(Id),
}

macro_rules! records {
    (audited: $($noun:ident),*; beside: $($beside:ident),*;) => {
        /// A row of the store, whole.
        #[derive(Clone, Debug)]
        #[expect(missing_docs, reason = "each variant is the entity of its name")]
        pub enum Record {
            $($noun($noun),)*
            $($beside($beside),)*
        }

        $(impl From<$noun> for Record {
            fn from(value: $noun) -> Self {
                Self::$noun(value)
            }
        })*

        $(impl From<$beside> for Record {
            fn from(value: $beside) -> Self {
                Self::$beside(value)
            }
        })*

        impl Record {
            /// What stood in its row when it was read; none for what is new, or not audited.
            pub fn was(&self) -> Option<Self> {
                match self {
                    $(Self::$noun(value) => value.rev.was().cloned().map(Self::$noun),)*
                    $(Self::$beside(_) => None,)*
                }
            }
        }
    };
}
records!(
    audited:
        Tenant, Namespace, Role, ApiKey, Feature, Product, CustomAttributeDef, Customer, Contact,
        Plan, Method, Association, Entitlement, ProductKey, Activation, Request;
    beside:
        PlanVersion, Door, Payload, Attempt, Conflicts, Repeat, LongResponse, Overflow, AuditEntry;
);

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
    Claim(Name),
    /// Take a name that we chose: if somebody has it by now, another one is chosen.
    Choose(Name),
    /// Give a name back.
    Release(Name),
    /// Take quantity from a product key, atomically (I1).
    Consume(Consumption),
}

/// What to do once the decision is durable.
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
    pub fn claim(mut self, name: Name) -> Self {
        self.changes.push(Change::Claim(name));
        self
    }

    /// Takes a name that we chose.
    #[must_use]
    pub fn choose(mut self, name: Name) -> Self {
        self.changes.push(Change::Choose(name));
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
        let same = |a: &Name, b: &Name| {
            Name { value: a.value.to_lowercase(), ..a.clone() }
                == Name { value: b.value.to_lowercase(), ..b.clone() }
        };
        let within = |name: &Name, list: &[Name]| list.iter().any(|other| same(name, other));
        let gone = old.iter().filter(|name| !within(name, new)).cloned();
        let decision = gone.fold(self, Self::release);
        new.iter().filter(|name| !within(name, old)).cloned().fold(decision, Self::claim)
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
