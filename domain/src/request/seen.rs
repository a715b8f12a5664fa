//! What a caller may see of the rows of a request: people's data in some roles only.
//!
//! Neighbours: `access::people` has the rule; previews and the document view are made of it.

use crate::access::Role;
use crate::access::people::hide;
use crate::activation::Activatee;
use crate::customer::contact::Contact;
use crate::request::Payload;
use crate::request::document::Sources;
use crate::substitution::parts::Parts;

/// The members of the document that speak of people.
const PEOPLE: [&str; 4] = ["customer", "channelPartner", "contact", "activatee"];

impl Activatee {
    /// The same as a caller of this role sees it.
    #[must_use]
    pub fn seen_by(mut self, role: &Role) -> Self {
        if !role.sees_people() {
            hide(&mut self.email_id);
            self.name.iter_mut().for_each(hide);
        }
        self
    }
}

impl Sources {
    /// The same as a caller of this role sees it.
    #[must_use]
    pub fn seen_by(mut self, role: &Role) -> Self {
        if role.sees_people() {
            return self;
        }
        let customers = self.customers.into_iter();
        self.customers = customers.map(|(id, customer)| (id, customer.hidden())).collect();
        self.contact = self.contact.map(Contact::hidden);
        self.activation.activatee = self.activation.activatee.map(|it| it.seen_by(role));
        self
    }
}

impl Parts {
    /// Whether something of people is among them, besides ids.
    pub fn speak_of_people(&self) -> bool {
        self.each().any(|(name, parts)| {
            let says = || parts.each().any(|(name, _)| name != "id");
            if PEOPLE.contains(&name) { says() } else { parts.speak_of_people() }
        })
    }
}

impl Payload {
    /// What was frozen before `people` was noted may hold anything.
    pub(super) const fn unknown() -> bool {
        true
    }

    /// The bytes as a caller of this role sees them: none where they may speak of people, or are
    /// erased.
    pub fn text_for(&self, role: &Role) -> Option<&str> {
        let text = Some(self.text.as_str()).filter(|text| !text.is_empty());
        text.filter(|_| role.sees_people() || !self.people)
    }
}
