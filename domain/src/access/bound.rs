//! Bound keys: a customer's or a partner's key sees and touches nothing but what is theirs.
//!
//! Neighbours: the edge asks on every call of such a key; other people's things are not there.

use crate::access::role::{Act, Area, Role};
use crate::entitlement::Entitlement;
use crate::ids::Id;
use crate::rejection::{Fault, Rejection};

/// The customer or partner whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// This customer's: what was sold to them.
    Customer(Id),
    /// This partner's: what names them as channel partner.
    Partner(Id),
}

/// The most that a bound key may do, whatever its role.
const REACH: &[(Area, &[Act])] = &[
    (Area::Entitlement, &[Act::View]),
    (Area::Activation, &[Act::View, Act::Add, Act::Edit]),
    (Area::Subscription, &[Act::View, Act::Add]),
    (Area::Customer, &[Act::View]),
];

impl Role {
    /// The same, as far as a bound key may act in it.
    #[must_use]
    pub fn of_bound_key(mut self) -> Self {
        for grant in &mut self.permissions {
            let reach = REACH.iter().find(|(area, _)| *area == grant.area);
            let acts = reach.map_or(&[][..], |(_, acts)| *acts);
            grant.acts.retain(|act| acts.contains(act));
        }
        self.permissions.retain(|grant| !grant.acts.is_empty());
        self
    }
}

impl Bound {
    /// Of the ids of a key; none: the vendor's own.
    pub fn of(customer: Option<Id>, partner: Option<Id>) -> Option<Self> {
        customer.map(Self::Customer).or(partner.map(Self::Partner))
    }

    /// The customer or partner.
    pub const fn id(self) -> Id {
        match self {
            Self::Customer(id) | Self::Partner(id) => id,
        }
    }

    /// Whether what is sold to this customer by way of this partner is theirs.
    pub fn has(self, customer: Option<Id>, partner: Option<Id>) -> bool {
        match self {
            Self::Customer(id) => customer == Some(id),
            Self::Partner(id) => partner == Some(id),
        }
    }

    /// Whether an entitlement is theirs.
    pub fn owns(self, entitlement: &Entitlement) -> bool {
        self.has(entitlement.customer_id, entitlement.partner_id)
    }

    /// Whether a call may name this customer: none, or the customer whose key it is.
    ///
    /// # Errors
    /// `REFERENCE_NOT_FOUND`, as for a customer that is not there.
    pub fn may_name(self, customer: Option<Id>) -> Result<(), Rejection> {
        match customer {
            Some(id) if self != Self::Customer(id) => {
                Err(Fault::unknown("/customerId", "Customer", id).into())
            }
            _ => Ok(()),
        }
    }
}
