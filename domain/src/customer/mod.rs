//! Customers: who buys; and channel partners, who are customers with a flag (source 004).
//!
//! Neighbours: entitlements and activations name them, contacts belong to them.

pub mod contact;
pub mod erasure;
pub mod profile;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::attributes::CustomAttributes;
use crate::customer::profile::Profile;
use crate::decision::Decision;
use crate::ids::{Id, sha256_hex};
use crate::limits::EMAILS;
use crate::name::{Name, Scope};
use crate::plan::door::Sealed;
use crate::record::Kind;
use crate::rejection::{Code, Faults, Rejection};
use crate::rev::Rev;
use crate::stamp::{Meta, Stamp};
use crate::text;
use crate::time::Time;

/// A customer, or a channel partner, as the store has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    /// Its id.
    pub id: Id,
    /// Unique in the tenant; default `C-<id>`.
    pub identifier: String,
    /// Its name.
    pub name: String,
    /// Its e-mail addresses.
    pub emails: Vec<String>,
    /// The vendor's own reference.
    pub ref_id: Option<String>,
    /// Custom attributes (001-R9).
    pub custom_attributes: CustomAttributes,
    /// Its [`Profile`], sealed; none when nothing is said in it.
    #[serde(default)]
    pub profile: Option<Sealed>,
    /// A channel partner.
    #[serde(default)]
    pub partner: bool,
    /// How many contacts it has.
    #[serde(default)]
    pub contacts: u32,
    /// Since when what is held of it is blanked.
    #[serde(default)]
    pub erased_date: Option<Time>,
    /// Counts the changes; the `ETag`.
    pub version: u64,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev<Self>,
}

/// Body of `POST /v1/customers` and `/v1/partners`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomerInput {
    /// Default `C-<id>`.
    pub identifier: Option<String>,
    /// 1 to 255 characters.
    pub name: String,
    /// At most 10.
    pub emails: Vec<String>,
    /// The vendor's own reference.
    pub ref_id: Option<String>,
    /// Custom attributes.
    pub custom_attributes: CustomAttributes,
    /// The person or company behind it (source 003); kept sealed.
    pub profile: Option<Profile>,
}

/// Body of `PATCH /v1/customers/{id}` and `/v1/partners/{id}`: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomerPatch {
    /// Unique in the tenant.
    pub identifier: Option<String>,
    /// 1 to 255 characters.
    pub name: Option<String>,
    /// All of them, at most 10.
    pub emails: Option<Vec<String>>,
    /// The vendor's own reference; empty: none.
    pub ref_id: Option<String>,
    /// All of them.
    pub custom_attributes: Option<CustomAttributes>,
    /// The whole profile; an empty one removes it.
    pub profile: Option<Profile>,
}

impl Customer {
    /// Makes one. `sealed` is the body's profile.
    ///
    /// # Errors
    /// The body's faults.
    pub fn create(
        input: &CustomerInput,
        sealed: Option<Sealed>,
        kind: Kind,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let id = stamp.id(0);
        let blank = Self {
            id,
            identifier: Self::identifier_of(id),
            name: String::new(),
            emails: Vec::new(),
            ref_id: None,
            custom_attributes: CustomAttributes::default(),
            profile: None,
            partner: kind == Kind::Partner,
            contacts: 0,
            erased_date: None,
            version: 1,
            meta: Meta::new(stamp),
            rev: Rev::default(),
        };
        let patch = CustomerPatch {
            identifier: input.identifier.clone(),
            name: Some(input.name.clone()),
            emails: Some(input.emails.clone()),
            ref_id: input.ref_id.clone(),
            custom_attributes: Some(input.custom_attributes.clone()),
            profile: input.profile.clone(),
        };
        let made = blank.with(&patch, sealed)?;
        let decision = Decision::default().save(made.clone());
        Ok((made.clone(), made.names().into_iter().fold(decision, Decision::take)))
    }

    /// Changes what is given. `sealed` is the body's profile.
    ///
    /// # Errors
    /// The body's faults.
    pub fn update(
        &self,
        patch: &CustomerPatch,
        sealed: Option<Sealed>,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut next = self.clone().with(patch, sealed)?;
        next.version += 1;
        next.meta.touch(stamp);
        let decision = Decision::default().save(next.clone());
        Ok((next.clone(), decision.replace(&self.names(), &next.names())))
    }

    /// Removes it, with its contacts.
    ///
    /// # Errors
    /// `IN_USE`: `named_by` is what names it and is not over, in words.
    pub fn delete(
        self,
        contacts: Vec<contact::Contact>,
        named_by: Option<&str>,
    ) -> Result<Decision, Rejection> {
        if let Some(what) = named_by {
            let detail = format!("{what} name it; it must stay as long as they do.");
            return Err(Rejection::new(Code::InUse, detail));
        }
        let names = self.names();
        let decision = names.into_iter().fold(Decision::default().delete(self), Decision::release);
        Ok(contacts.into_iter().fold(decision, Decision::delete))
    }

    /// The identifier of one that was given none: unique, and it says nothing.
    pub(crate) fn identifier_of(id: Id) -> String {
        format!("C-{id}")
    }

    /// What lists it: customers and partners have a list each.
    pub const fn kind(&self) -> Kind {
        if self.partner { Kind::Partner } else { Kind::Customer }
    }

    /// What the audit shows: that its profile changed is seen, and not what is in it.
    pub(crate) fn audited(&self) -> Value {
        let seal = self.profile.as_ref().map(|sealed| sha256_hex(sealed.text().as_bytes()));
        let mut shown = json!(self);
        shown["profile"] = json!(seal.map(|hash| format!("sealed {}", &hash[..12])));
        shown
    }

    fn with(mut self, patch: &CustomerPatch, sealed: Option<Sealed>) -> Result<Self, Rejection> {
        let mut faults = Faults::default();
        let mut take = |at: &str, given: &Option<String>| {
            given.as_deref().and_then(|text| faults.take(at, text::short(text)))
        };
        if let Some(identifier) = take("/identifier", &patch.identifier) {
            self.identifier = identifier;
        }
        if let Some(name) = take("/name", &patch.name) {
            self.name = name;
        }
        let empty = patch.ref_id.as_ref().is_some_and(String::is_empty);
        match take("/refId", &patch.ref_id.clone().filter(|text| !text.is_empty())) {
            None if empty => self.ref_id = None,
            None => {}
            given => self.ref_id = given,
        }
        if let Some(emails) = &patch.emails {
            faults.check(emails.len() <= EMAILS, "/emails", format!("at most {EMAILS}"));
            let each = emails.iter().enumerate().take(EMAILS);
            self.emails = each
                .filter_map(|(i, email)| faults.take(&format!("/emails/{i}"), text::email(email)))
                .collect();
        }
        if let Some(attributes) = &patch.custom_attributes {
            attributes.check("/customAttributes", &mut faults);
            self.custom_attributes = attributes.clone();
        }
        if let Some(profile) = &patch.profile {
            profile.check(&mut faults);
            self.profile = sealed;
        }
        faults.finish().map(|()| self)
    }

    /// By which it is found.
    pub(crate) fn names(&self) -> Vec<Name> {
        let name = |member, value: &String, scope| Name {
            kind: self.kind(),
            member,
            value: value.clone(),
            id: self.id,
            scope,
        };
        let mut names = vec![
            name("identifier", &self.identifier, Scope::Tenant),
            name("name", &self.name, Scope::Shared),
        ];
        for (i, email) in self.emails.iter().enumerate() {
            if !self.emails[..i].iter().any(|other| other.eq_ignore_ascii_case(email)) {
                names.push(name("email", email, Scope::Shared));
            }
        }
        names
    }
}
