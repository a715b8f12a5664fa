//! Entitlements: what a customer has bought, and the product keys that stand for it.
//!
//! Neighbours: `activation` consumes keys. Guarantee: the state changes only by `states::MACHINE`.

pub mod act;
pub mod create;
pub mod product_key;
pub mod states;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use uuid::Uuid;

use crate::attributes::CustomAttributes;
use crate::decision::Meta;
use crate::entitlement::states::State;
use crate::ids::Id;
use crate::machine::Life;
use crate::time::Day;

/// The line item types of source 004.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[derive(IntoStaticStr, Serialize, Deserialize, utoipa::ToSchema)]
#[allow(non_camel_case_types, reason = "the names of the source")]
#[expect(missing_docs, reason = "the names of the source")]
pub enum LineItemType {
    Product_Key,
    Hardware_Key,
    ProtectionKey_Update,
}

/// How much of a key one activation takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[derive(IntoStaticStr, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ActivationMethod {
    /// All that remains.
    Full,
    /// Any quantity.
    #[default]
    Partial,
    /// Always `fixedQuantity`.
    Fixed,
}

/// Whether a customer must be known (004, registrationRequired).
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the values of source 004")]
pub enum Registration {
    #[default]
    NotRequired,
    Desired,
    Mandatory,
}

/// A product of a line item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemProduct {
    /// The product.
    pub product_id: Id,
}

/// A line item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineItem {
    /// All items of an entitlement have the same.
    pub line_item_type: LineItemType,
    /// How many product keys it has.
    pub num_product_keys: u32,
    /// How much each key allows.
    pub num_activation_per_product_key: u32,
    /// How much one activation takes.
    pub activation_method: ActivationMethod,
    /// For FIXED.
    pub fixed_quantity: Option<u32>,
    /// For `ProtectionKey_Update`.
    pub protection_key_ids: Vec<String>,
    /// The products.
    pub item_products: Vec<ItemProduct>,
}

/// An entitlement as the store has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entitlement {
    /// Its id.
    pub id: Id,
    /// Its GUID, derived from the id.
    pub e_id: Uuid,
    /// State, version, history.
    #[serde(flatten)]
    pub life: Life<State>,
    /// Disabled: no new activations.
    pub enabled: bool,
    /// False: no activations at all.
    pub activation_allowed: bool,
    /// False: activations cannot be revoked.
    pub revocation_allowed: bool,
    /// Who bought it.
    pub customer_id: Option<Id>,
    /// First day.
    pub start_date: Option<Day>,
    /// Last day, included.
    pub end_date: Option<Day>,
    /// The vendor's reference.
    pub ref_id1: Option<String>,
    /// The vendor's second reference.
    pub ref_id2: Option<String>,
    /// Whether a customer must be known.
    pub registration_required: Registration,
    /// Custom attributes (001-R9).
    pub custom_attributes: CustomAttributes,
    /// The line items.
    pub items: Vec<LineItem>,
    /// For tests: draft products are allowed.
    pub is_test: bool,
    /// Counts the times that keys were made; a reopened entitlement's keys are void.
    pub key_generation: u8,
    /// Which version of the tenant's key secret made the keys.
    pub key_secret_version: u8,
    /// Activations that are not revoked.
    pub active_activations: u64,
    /// Keys with nothing left.
    pub keys_exhausted: u32,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: u64,
}

impl Entitlement {
    /// The type of its items; none while it is an empty draft.
    pub fn line_item_type(&self) -> Option<LineItemType> {
        self.items.first().map(|item| item.line_item_type)
    }

    /// How many product keys it has in all.
    pub fn keys(&self) -> u32 {
        self.items.iter().map(|item| item.num_product_keys).sum()
    }

    /// Whether its keys exist: after PRODUCE, or from QUEUED for the types that are burnt.
    pub fn has_keys(&self) -> bool {
        match self.life.state {
            State::Draft | State::ProductKeyGenerated => false,
            State::Queued => self.line_item_type() != Some(LineItemType::Product_Key),
            State::Produced | State::Completed | State::Acknowledged => true,
        }
    }

    /// The line item that the key of this index belongs to, with its place.
    pub fn item_of(&self, index: u32) -> Option<(usize, &LineItem)> {
        let mut first = 0;
        self.items.iter().enumerate().find(|(_, item)| {
            first += item.num_product_keys;
            index < first
        })
    }

    /// What may be ordered now (api.md, actions).
    pub fn actions(&self) -> Vec<&'static str> {
        let type_of = self.line_item_type();
        let keyed = type_of == Some(LineItemType::Product_Key);
        let mut actions = states::MACHINE.actions(self.life.state);
        actions.retain(|action| match *action {
            "ENABLE" => !self.enabled,
            "DISABLE" => self.enabled,
            "PRODUCE" => keyed,
            "REOPEN" => self.life.state == State::Queued || keyed && self.active_activations == 0,
            _ => true,
        });
        if self.has_keys() && self.enabled && self.activation_allowed {
            actions.push("ACTIVATE");
        }
        actions
    }
}
