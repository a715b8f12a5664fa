//! The parties of an entitlement: customer, contact and channel partner, by id or by e-mail.
//!
//! Neighbours: `create` asks it. Guarantee: only who exists is named (004, note).

use std::collections::BTreeSet;

use crate::access::Role;
use crate::access::people::{HIDDEN, hide};
use crate::customer::Customer;
use crate::customer::contact::Contact;
use crate::decision::Decision;
use crate::entitlement::Entitlement;
use crate::entitlement::input::EntitlementInput;
use crate::ids::Id;
use crate::name::{Name, Scope};
use crate::record::Kind;
use crate::rejection::{Code, Fault, Faults};
use crate::text;

/// The member by which the entitlements of a partner are found.
pub const PARTNER: &str = "partner";

impl Entitlement {
    /// By which its partner finds it.
    pub fn names(&self) -> Vec<Name> {
        let name = |partner: Id| Name {
            kind: Kind::Entitlement,
            member: PARTNER,
            value: partner.to_string(),
            id: self.id,
            scope: Scope::Shared,
        };
        self.partner_id.into_iter().map(name).collect()
    }

    /// The same as a caller of this role sees it.
    #[must_use]
    pub fn seen_by(mut self, role: &Role) -> Self {
        if !role.sees_people() {
            self.customer_email.iter_mut().chain(&mut self.partner_email).for_each(hide);
        }
        self
    }
}

impl EntitlementInput {
    /// The same, with the e-mails that were hidden from the caller as they are: a body that is sent
    /// back as it was read changes nothing.
    #[must_use]
    pub fn unhidden(mut self, of: &Entitlement) -> Self {
        let own = [&of.customer_email, &of.partner_email];
        for (given, own) in [&mut self.customer_email, &mut self.partner_email].into_iter().zip(own)
        {
            if given.as_deref() == Some(HIDDEN) {
                given.clone_from(own);
            }
        }
        self
    }
}

/// The parties that a body names and the store knows.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The customer of the id, or all of the e-mail.
    pub customers: Vec<Customer>,
    /// The partner of the id, or all of the e-mail.
    pub partners: Vec<Customer>,
    /// The contact, if it is the customer's.
    pub contact: Option<Contact>,
    /// Customers and partners one of whose contacts has the e-mail.
    pub by_contact: BTreeSet<Id>,
}

/// The party that was meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parties {
    pub(super) customer: Option<Id>,
    pub(super) partner: Option<Id>,
}

impl Known {
    /// Those whom the entitlement names stay as long as it does.
    pub(super) fn referred(&self, entitlement: &Entitlement, decision: Decision) -> Decision {
        let named = [entitlement.customer_id, entitlement.partner_id];
        let parties = self.customers.iter().chain(&self.partners);
        let parties = parties.filter(|party| named.contains(&Some(party.id))).cloned();
        self.contact.iter().cloned().fold(parties.fold(decision, Decision::refer), Decision::refer)
    }

    /// The party that is meant; every fault is noted.
    pub(super) fn parties(&self, input: &EntitlementInput, faults: &mut Faults) -> Parties {
        let customer = Named {
            what: "Customer",
            member: "customer",
            id: input.customer_id,
            email: input.customer_email.as_deref(),
        };
        let partner = Named {
            what: "Channel Partner",
            member: PARTNER,
            id: input.partner_id,
            email: input.partner_email.as_deref(),
        };
        let parties = Parties {
            customer: customer.find(&self.customers, &self.by_contact, faults),
            partner: partner.find(&self.partners, &self.by_contact, faults),
        };
        if let Some(id) = input.contact_id {
            let theirs = |contact: &Contact| Some(contact.customer_id) == parties.customer;
            if !self.contact.as_ref().is_some_and(theirs) {
                faults.push(Fault::unknown("/contactId", "Contact", id));
            }
        }
        parties
    }
}

/// A customer or partner as the body names it.
struct Named<'a> {
    what: &'static str,
    member: &'static str,
    id: Option<Id>,
    email: Option<&'a str>,
}

impl Named<'_> {
    /// By its own e-mail, or one of its contacts'.
    fn find(
        &self,
        found: &[Customer],
        by_contact: &BTreeSet<Id>,
        faults: &mut Faults,
    ) -> Option<Id> {
        let has = |customer: &Customer, email: &str| {
            let own = customer.emails.iter().any(|own| own.to_lowercase() == email.to_lowercase());
            own || by_contact.contains(&customer.id)
        };
        if let Some(Err((code, detail))) = self.email.map(text::email) {
            faults.add(format!("/{}Email", self.member), code, detail);
            return self.id;
        }
        let by_id = |id: Id| found.iter().find(|customer| customer.id == id);
        let (what, at_id) = (self.what, format!("/{}Id", self.member));
        let mut wrong = |detail: String| {
            let at = format!("/{}Email", self.member);
            faults.add(at, Code::ReferenceNotFound, detail);
        };
        match (self.id, self.email) {
            (None, None) => None,
            (Some(id), email) => {
                match (by_id(id), email) {
                    (None, _) => faults.push(Fault::unknown(at_id, what, id)),
                    (Some(customer), Some(email)) if !has(customer, email) => {
                        wrong(format!("The {what} corresponding to ID {id} has no email {email}."));
                    }
                    _ => {}
                }
                Some(id)
            }
            (None, Some(email)) => match found {
                [one] => Some(one.id),
                [] => {
                    wrong(format!("Cannot find a {what} corresponding to email {email}."));
                    None
                }
                _ => {
                    wrong(format!("More than one {what} corresponds to email {email}."));
                    None
                }
            },
        }
    }
}
