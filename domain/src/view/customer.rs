//! Customers and channel partners as answers show them.

use serde::Serialize;

use crate::access::{Act, Area, Role};
use crate::attributes::CustomAttributes;
use crate::customer::Customer;
use crate::customer::profile::Profile;
use crate::ids::Id;
use crate::time::Time;

/// A customer, or a channel partner.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Customer)]
#[expect(missing_docs, reason = "the members of `Customer`")]
pub struct CustomerView {
    pub id: Id,
    pub identifier: String,
    pub name: String,
    pub emails: Vec<String>,
    pub ref_id: Option<String>,
    pub custom_attributes: CustomAttributes,
    /// The members of a private person are null without customer.edit.
    pub profile: Option<Profile>,
    /// Something of the profile is not shown.
    pub masked: bool,
    pub partner: bool,
    /// How many contacts it has.
    pub contacts: u32,
    /// Since when what is held of it is blanked; null: it is not.
    pub erased_date: Option<Time>,
    pub version: u64,
    pub created_date: Time,
    pub created_by: String,
    pub updated_date: Time,
    pub updated_by: String,
}

impl CustomerView {
    /// As the caller of this role sees it; `profile` is the customer's own, opened.
    pub fn new(customer: &Customer, profile: Option<Profile>, role: &Role) -> Self {
        let c = customer.clone();
        let whole = profile.clone();
        let may = role.may(Area::Customer, Act::Edit);
        let profile = if may { profile } else { profile.map(Profile::masked) };
        Self {
            id: c.id,
            identifier: c.identifier,
            name: c.name,
            emails: c.emails,
            ref_id: c.ref_id,
            custom_attributes: c.custom_attributes,
            masked: profile != whole,
            profile,
            partner: c.partner,
            contacts: c.contacts,
            erased_date: c.erased_date,
            version: c.version,
            created_date: c.meta.created_date,
            created_by: c.meta.created_by,
            updated_date: c.meta.updated_date,
            updated_by: c.meta.updated_by,
        }
    }
}
