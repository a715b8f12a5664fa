//! Names: how a thing is found by what people call it, and who else may be called so.
//!
//! Neighbours: the nouns say which names they have, `store` keeps a look-up row of each.

use crate::ids::Id;
use crate::record::Kind;

/// A look-up row: this value of this member belongs to that id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The kind of the thing that it names.
    pub kind: Kind,
    /// Which member it is, such as `name`.
    pub member: &'static str,
    /// The value; compared without case.
    pub value: String,
    /// Whose it is.
    pub id: Id,
    /// Whether other things may have it, too.
    pub scope: Scope,
}

/// Whether a name is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everybody.
    Shared,
    /// Nobody in the tenant.
    Tenant,
    /// Nobody in this namespace.
    Namespace(Id),
}

impl Name {
    /// Whether it is the same look-up row.
    fn is(&self, other: &Self) -> bool {
        (self.kind, self.member, self.id, self.scope)
            == (other.kind, other.member, other.id, other.scope)
            && self.value.to_lowercase() == other.value.to_lowercase()
    }

    /// Whether it is one of these.
    pub fn is_among(&self, names: &[Self]) -> bool {
        names.iter().any(|name| self.is(name))
    }
}
