//! One rule for people's data: members of customers and partners, of their contacts and of those
//! who use an activation are shown to callers with customer.view alone, on every route. (What is
//! private of a person, in a profile, takes customer.edit.)
//!
//! Neighbours: the views and the document of a plan ask here. Guarantee: ids are shown, texts are
//! not.

use crate::access::role::{Act, Area, Role};
use crate::customer::Customer;
use crate::customer::contact::Contact;

/// What stands in place of a text that the caller may not see.
pub const HIDDEN: &str = "hidden";

/// The members of other rows that hold such texts.
pub(super) const PEOPLE: [&str; 3] = ["customerEmail", "partnerEmail", "activatee"];

/// A text that is not shown.
pub fn hide(text: &mut String) {
    HIDDEN.clone_into(text);
}

impl Role {
    /// Whether people's data are shown in this role.
    pub fn sees_people(&self) -> bool {
        self.may(Area::Customer, Act::View)
    }
}

impl Customer {
    /// The same without what it says of somebody.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.blank(HIDDEN);
        self
    }

    /// Has this word in place of each text.
    pub(super) fn blank(&mut self, word: &str) {
        let own = [&mut self.identifier, &mut self.name].into_iter().chain(&mut self.emails);
        let attributes = self.custom_attributes.custom_attribute.iter_mut();
        let values = attributes.map(|attribute| &mut attribute.value);
        own.chain(&mut self.ref_id).chain(values).for_each(|text| word.clone_into(text));
        self.profile = None;
    }
}

impl Contact {
    /// The same without what it says of somebody.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.blank(HIDDEN);
        self
    }

    /// Has this word in place of each text.
    pub(super) fn blank(&mut self, word: &str) {
        let texts = std::iter::once(&mut self.email_id).chain(&mut self.name);
        texts.for_each(|text| word.clone_into(text));
    }
}
