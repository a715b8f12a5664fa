//! Customers: who buys. Contacts, partners and profiles come with later issues.

use serde::{Deserialize, Serialize};

use crate::attributes::CustomAttributes;
use crate::decision::{Decision, Kind, Meta, Name, Stamp};
use crate::ids::Id;
use crate::limits::EMAILS;
use crate::rejection::{Faults, Rejection};
use crate::text;

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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
    /// Counts the changes; the `ETag`.
    pub version: u64,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: u64,
}

/// Body of `POST /v1/customers`.
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
}

impl Customer {
    /// Makes one.
    ///
    /// # Errors
    /// The body's faults.
    pub fn create(input: &CustomerInput, stamp: &Stamp) -> Result<(Self, Decision), Rejection> {
        let mut faults = Faults::default();
        let id = stamp.id(0);
        let identifier = match &input.identifier {
            Some(given) => faults.take("/identifier", text::short(given)),
            None => Some(format!("C-{id}")),
        };
        let name = faults.take("/name", text::short(&input.name));
        faults.check(input.emails.len() <= EMAILS, "/emails", format!("at most {EMAILS}"));
        let mut emails = Vec::new();
        for (i, email) in input.emails.iter().enumerate().take(EMAILS) {
            emails.extend(faults.take(&format!("/emails/{i}"), text::email(email)));
        }
        let ref_id = input.ref_id.as_deref().and_then(|v| faults.take("/refId", text::short(v)));
        input.custom_attributes.check("/customAttributes", &mut faults);
        faults.finish()?;
        let made = Self {
            id,
            identifier: identifier.unwrap_or_default(),
            name: name.unwrap_or_default(),
            emails,
            ref_id,
            custom_attributes: input.custom_attributes.clone(),
            version: 1,
            meta: Meta::new(stamp),
            rev: 0,
        };
        let named = |member, value: &String, unique| Name {
            kind: Kind::Customer,
            member,
            value: value.clone(),
            id,
            unique,
        };
        let mut decision = Decision::default()
            .save(made.clone())
            .claim(named("identifier", &made.identifier, true))
            .claim(named("name", &made.name, false));
        for (i, email) in made.emails.iter().enumerate() {
            let again = made.emails[..i].iter().any(|e| e.eq_ignore_ascii_case(email));
            if !again {
                decision = decision.claim(named("email", email, false));
            }
        }
        Ok((made, decision))
    }
}
