//! Activations: a customer uses part of an entitlement; provisioning requests follow.

pub mod activate;
pub mod states;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::activation::states::State;
use crate::attributes::CustomAttributes;
use crate::ids::Id;
use crate::machine::Life;
use crate::time::Time;

/// Who uses what was activated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Activatee {
    /// The person, if known.
    pub id: Option<Id>,
    /// E-mail address.
    pub email_id: String,
    /// Name.
    pub name: Option<String>,
}

/// An activation as the store has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Activation {
    /// Its id.
    pub id: Id,
    /// Its GUID.
    pub aid: String,
    /// The entitlement.
    pub entitlement_id: Id,
    /// The entitlement's GUID.
    pub e_id: Uuid,
    /// The product key.
    pub pk_id: Uuid,
    /// The key's index in the entitlement.
    pub key_index: u32,
    /// The key's generation.
    pub key_generation: u8,
    /// What was taken.
    pub quantity: u32,
    /// When.
    pub activation_date: Time,
    /// State, version, history.
    #[serde(flatten)]
    pub life: Life<State>,
    /// The customer, else the entitlement's.
    pub customer_id: Option<Id>,
    /// Who uses it.
    pub activatee: Option<Activatee>,
    /// Custom attributes (001-R9).
    pub custom_attributes: CustomAttributes,
    /// Its provisioning requests, one for each provisioning-enabled product (I2).
    pub requests: Vec<Id>,
    /// When it was acknowledged.
    pub acknowledged_at: Option<Time>,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: u64,
}

/// An AID is opaque: 8-4-4-4-12 letters and digits (000-H6).
pub fn is_aid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_alphanumeric())
}
