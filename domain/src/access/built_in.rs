//! THE TABLE of the roles that every tenant has.
//!
//! Neighbours: `functions/bootstrap` makes them, also for tenants of before.

use crate::access::role::{Act, Area, Grant, Role};
use crate::decision::Decision;
use crate::ids::Id;
use crate::rev::Rev;
use crate::stamp::{Meta, Stamp};

use Act::{Add, Delete, Edit, View};
use Area::{Activation, Admin, Catalog, Customer, Entitlement, Subscription};

/// A role that every tenant has.
#[derive(Debug)]
pub struct BuiltIn {
    /// Its name, which it keeps.
    pub name: &'static str,
    /// Only for keys that are bound to a customer or partner.
    pub bound: bool,
    may: &'static [(Area, &'static [Act])],
}

const ALL: &[Act] = &[View, Add, Edit, Delete];
const WORK: &[Act] = &[View, Add, Edit];
const MEND: &[Act] = &[View, Edit];
const ORDER: &[Act] = &[View, Add];
const LOOK: &[Act] = &[View];
const OWN: &[(Area, &[Act])] = &[(Entitlement, LOOK), (Activation, ORDER), (Subscription, ORDER)];

/// The table. The first one is for the first key of a tenant.
#[rustfmt::skip]
pub const BUILT_IN: &[BuiltIn] = &[
    role("Administrator", &[
        (Catalog, ALL), (Entitlement, ALL), (Activation, ALL), (Subscription, ALL), (Customer, ALL),
        (Admin, ALL),
    ]),
    role("Support", &[
        (Catalog, LOOK), (Entitlement, MEND), (Activation, MEND), (Subscription, MEND),
        (Customer, LOOK), (Admin, LOOK),
    ]),
    role("Product manager", &[(Catalog, ALL), (Entitlement, LOOK)]),
    role("Order desk", &[
        (Catalog, LOOK), (Entitlement, WORK), (Activation, WORK), (Subscription, WORK),
        (Customer, WORK),
    ]),
    role("Read only", &[
        (Catalog, LOOK), (Entitlement, LOOK), (Activation, LOOK), (Subscription, LOOK),
        (Customer, LOOK),
    ]),
    BuiltIn { bound: true, ..role("Customer", OWN) },
    BuiltIn { bound: true, ..role("Partner", OWN) },
];

const fn role(name: &'static str, may: &'static [(Area, &'static [Act])]) -> BuiltIn {
    BuiltIn { name, bound: false, may }
}

impl BuiltIn {
    /// The one that may do everything.
    pub const fn administrator() -> &'static Self {
        &BUILT_IN[0]
    }

    /// Its permissions.
    pub fn permissions(&self) -> Vec<Grant> {
        let grant = |(area, acts): &(Area, &[Act])| Grant {
            area: *area,
            acts: acts.to_vec(),
            namespace_id: None,
        };
        self.may.iter().map(grant).collect()
    }

    /// Makes it for a tenant that does not have it.
    pub fn create(&self, id: Id, stamp: &Stamp) -> (Role, Decision) {
        let made = Role {
            id,
            name: self.name.to_owned(),
            enabled: true,
            permissions: self.permissions(),
            built_in: true,
            version: 1,
            meta: Meta::new(stamp),
            rev: Rev::default(),
        };
        (made.clone(), Decision::default().save(made.clone()).take(made.claim()))
    }

    /// The role of this name as it must be, and the change, if there is one; a tenant's own of this
    /// name stays. The Administrator of 0.1.0 is not marked as built in. `revive`: it is enabled.
    pub fn renew(&self, role: Role, revive: bool, stamp: &Stamp) -> (Role, Decision) {
        let ours = role.built_in || self.name == Self::administrator().name;
        let mut next = role.clone();
        if ours {
            next.built_in = true;
            next.permissions = self.permissions();
            next.enabled |= revive;
        }
        if next == role {
            return (role, Decision::default());
        }
        next.version += 1;
        next.meta.touch(stamp);
        (next.clone(), Decision::default().save(next))
    }
}

impl Role {
    /// Whether only a key that is bound to a customer or partner may have it.
    pub fn is_for_bound_keys(&self) -> bool {
        self.built_in && BUILT_IN.iter().any(|role| role.bound && role.name == self.name)
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn the_first_may_do_everything() {
        let all = BuiltIn::administrator().permissions();
        for (area, act) in Area::iter().flat_map(|area| Act::iter().map(move |act| (area, act))) {
            let grants = |grant: &Grant| grant.area == area && grant.acts.contains(&act);
            assert!(all.iter().any(grants), "{area}.{act}");
        }
    }
}
