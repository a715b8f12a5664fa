//! Contacts: the people of a customer.
//!
//! Neighbours: `customer` counts them. Guarantee: they go with their customer.

use serde::{Deserialize, Serialize};

use crate::customer::Customer;
use crate::decision::Decision;
use crate::ids::Id;
use crate::limits::CONTACTS;
use crate::rejection::{Code, Faults, Rejection};
use crate::rev::Rev;
use crate::stamp::{Meta, Stamp};
use crate::text;

/// A contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// Its id.
    pub id: Id,
    /// Whose contact it is.
    pub customer_id: Id,
    /// E-mail address.
    pub email_id: String,
    /// Name.
    pub name: Option<String>,
    /// Counts the changes; the `ETag`.
    pub version: u64,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev<Self>,
}

/// Body of `POST` and `PATCH /v1/customers/{id}/contacts`: with PATCH, what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ContactInput {
    /// E-mail address; a new contact must have one.
    pub email_id: Option<String>,
    /// 1 to 255 characters; empty: none.
    pub name: Option<String>,
}

impl Contact {
    /// Adds one to a customer.
    ///
    /// # Errors
    /// The body's faults; a customer has at most 50.
    pub fn create(
        input: &ContactInput,
        customer: &Customer,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut faults = Faults::default();
        faults.check(input.email_id.is_some(), "/emailId", "must be given");
        let room = (customer.contacts as usize) < CONTACTS;
        faults.check(room, "", format!("a customer has at most {CONTACTS} contacts"));
        faults.finish()?;
        let blank = Self {
            id: stamp.id(0),
            customer_id: customer.id,
            email_id: String::new(),
            name: None,
            version: 1,
            meta: Meta::new(stamp),
            rev: Rev::default(),
        };
        let made = blank.with(input)?;
        let owner = Customer { contacts: customer.contacts + 1, ..customer.clone() };
        Ok((made.clone(), Decision::default().save(made).save(owner)))
    }

    /// Changes what is given.
    ///
    /// # Errors
    /// The body's faults.
    pub fn update(
        &self,
        input: &ContactInput,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut next = self.clone().with(input)?;
        next.version += 1;
        next.meta.touch(stamp);
        Ok((next.clone(), Decision::default().save(next)))
    }

    /// Removes it from its customer.
    ///
    /// # Errors
    /// `IN_USE` while an entitlement names it.
    pub fn delete(self, customer: &Customer, is_named: bool) -> Result<Decision, Rejection> {
        if is_named {
            let detail = "Entitlements name it; it must stay as long as they do.";
            return Err(Rejection::new(Code::InUse, detail));
        }
        let contacts = customer.contacts.saturating_sub(1);
        let owner = Customer { contacts, ..customer.clone() };
        Ok(Decision::default().delete(self).save(owner))
    }

    fn with(mut self, input: &ContactInput) -> Result<Self, Rejection> {
        let mut faults = Faults::default();
        if let Some(email) = &input.email_id {
            self.email_id = faults.take("/emailId", text::email(email)).unwrap_or_default();
        }
        match input.name.as_deref() {
            None => {}
            Some("") => self.name = None,
            Some(name) => self.name = faults.take("/name", text::short(name)),
        }
        faults.finish().map(|()| self)
    }
}
