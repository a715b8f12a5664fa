//! Activations: a customer uses part of an entitlement; provisioning requests follow.

pub mod acknowledge;
pub mod activate;
pub mod revoke;
pub mod states;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::activation::states::State;
use crate::attributes::CustomAttributes;
use crate::entitlement::product_key::KeyRef;
use crate::ids::Id;
use crate::life::Life;
use crate::request::{Request, RequestType};
use crate::rev::Rev;
use crate::time::Time;

/// The user of an activation.
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

/// What a key is burnt or updated with; kept with the activation and given to its plan (004-H19).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Inputs {
    /// The key to update: one of the line item's.
    pub protection_key_id: Option<String>,
    /// The state of a key (customer to vendor), at most 32,768 characters.
    pub c2v: Option<String>,
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
    /// The quantity that was taken from the key.
    pub quantity: u32,
    /// When.
    pub activation_date: Time,
    /// State, version, history.
    #[serde(flatten)]
    pub life: Life<State>,
    /// The customer, else the entitlement's.
    pub customer_id: Option<Id>,
    /// The user of it.
    pub activatee: Option<Activatee>,
    /// Custom attributes (001-R9).
    pub custom_attributes: CustomAttributes,
    /// For `Hardware_Key` and `ProtectionKey_Update`.
    #[serde(default)]
    pub inputs: Option<Inputs>,
    /// Its provisioning requests, one for each provisioning-enabled product (I2), and after a
    /// revocation those that take them back.
    pub requests: Vec<RequestName>,
    /// Requests that are still to be completed before it is revoked (A5).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deprovisioning: Vec<Id>,
    /// Products that were provided after what took them back was sent: it must be sent again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<Id>,
    /// It is to be acknowledged (004, `ACKNOWLEDGEMENT_REQUEST`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub acknowledgement_request: bool,
    /// When it was acknowledged.
    pub acknowledged_at: Option<Time>,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev<Self>,
}

/// A provisioning request, as its activation names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Naming")]
pub struct RequestName {
    /// Its id.
    pub id: Id,
    /// The product that it concerns; rows of form 1 do not say it.
    #[serde(rename = "p")]
    pub product: Option<Id>,
    /// The kind of work that it asks for; of form 1, PROVISION whatever it is.
    #[serde(rename = "t", skip_serializing_if = "RequestType::is_provision")]
    pub kind: RequestType,
}

/// The two forms of a [`RequestName`] in a row.
#[derive(Deserialize)]
#[serde(untagged)]
enum Naming {
    First(Id),
    Second {
        id: Id,
        p: Option<Id>,
        #[serde(default)]
        t: RequestType,
    },
}

impl From<Naming> for RequestName {
    fn from(naming: Naming) -> Self {
        match naming {
            Naming::First(id) => Self { id, product: None, kind: RequestType::Provision },
            Naming::Second { id, p, t } => Self { id, product: p, kind: t },
        }
    }
}

impl From<&Request> for RequestName {
    fn from(request: &Request) -> Self {
        Self { id: request.id, product: Some(request.product.id), kind: request.kind }
    }
}

impl Activation {
    /// The ids of its requests, in the order in which they were made.
    pub fn request_ids(&self) -> Vec<Id> {
        self.requests.iter().map(|named| named.id).collect()
    }

    /// Where its product key stands.
    pub const fn product_key(&self) -> KeyRef {
        KeyRef {
            entitlement: self.entitlement_id,
            index: self.key_index,
            generation: self.key_generation,
        }
    }

    /// The members that the audit shows; its own history has the rest.
    pub(crate) fn audited(&self) -> Value {
        json!({"state": self.life.state, "acknowledgedAt": self.acknowledged_at})
    }

    /// Whether an acknowledgement was asked for and is still to come.
    pub fn awaits_acknowledgement(&self) -> bool {
        self.acknowledgement_request && self.acknowledged_at.is_none()
    }
}

/// An AID is opaque: 8-4-4-4-12 letters and digits (000-H6).
pub fn is_aid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_alphanumeric())
}
