//! Entitlements: what a customer has bought, and the product keys that stand for it.
//!
//! Neighbours: `activation` consumes keys. Guarantee: the state changes only by the table of
//! `states`.

pub mod act;
pub mod complete;
pub mod create;
mod guards;
pub mod input;
mod items;
pub mod parties;
pub mod product_key;
mod saot;
pub mod states;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

use crate::attributes::CustomAttributes;
use crate::entitlement::states::State;
use crate::ids::Id;
use crate::life::Life;
use crate::rev::Rev;
use crate::stamp::Meta;
use crate::time::Day;

/// The line item types of source 004.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[derive(IntoStaticStr, EnumString, Serialize, Deserialize, utoipa::ToSchema)]
#[allow(non_camel_case_types, reason = "the names of the source")]
#[expect(missing_docs, reason = "the names of the source")]
pub enum LineItemType {
    Product_Key,
    Hardware_Key,
    ProtectionKey_Update,
}

/// How much of a key one activation takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[derive(IntoStaticStr, EnumString, Serialize, Deserialize, utoipa::ToSchema)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[derive(IntoStaticStr, EnumString, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
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
    /// The features that are sold, with what was specified at entitlement time; empty: all, as the
    /// product has them (004-H15).
    #[serde(default)]
    pub features: Vec<ItemFeature>,
    /// Instead of the product's own.
    #[serde(default)]
    pub memory_data: Option<String>,
}

/// A feature of a line item's product.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemFeature {
    /// The feature.
    pub feature_id: Id,
    /// Its license model, where the body named one.
    pub license_model_id: Option<u64>,
    /// What was specified; all else is as the product has it.
    pub attributes: Vec<SpecifiedAttribute>,
}

/// The value of an attribute that is specified at entitlement time (SAOT).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpecifiedAttribute {
    /// Which one.
    pub attribute_id: u64,
    /// Its value.
    pub value: String,
}

/// An attribute of the activations of a line item, such as `ACKNOWLEDGEMENT_REQUEST`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ActivationAttribute {
    /// A name of `/v1/attributes`.
    pub attribute_name: String,
    /// Its value.
    pub attribute_value: String,
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
    /// For `ProtectionKey_Update`: the keys to update.
    pub protection_key_ids: Vec<String>,
    /// The enforcement technology; 1 where it was given (004-H8).
    #[serde(default)]
    pub enforcement_id: Option<u64>,
    /// What its activations have besides.
    #[serde(default)]
    pub activation_attributes: Vec<ActivationAttribute>,
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
    /// The customer that bought it.
    pub customer_id: Option<Id>,
    /// The e-mail that was given with the customer, or instead of it.
    #[serde(default)]
    pub customer_email: Option<String>,
    /// The customer's contact.
    #[serde(default)]
    pub contact_id: Option<Id>,
    /// The channel partner, who is a customer with a flag.
    #[serde(default)]
    pub partner_id: Option<Id>,
    /// The e-mail that was given with the partner, or instead of it.
    #[serde(default)]
    pub partner_email: Option<String>,
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
    /// The indexes of the product keys of each line item. A key that was sold never moves to
    /// another item. Rows of form 1 do not have them: there the items' keys follow each other.
    #[serde(default)]
    pub key_ranges: Vec<Vec<KeyRange>>,
    /// The number of the row that its line items and custom attributes were read from; 0: its own.
    #[serde(skip)]
    pub content: u64,
    /// For tests: draft products are allowed.
    pub is_test: bool,
    /// Counts the times that keys were made; a reopened entitlement's keys are void.
    pub key_generation: u8,
    /// Which version of the tenant's key secret made the keys.
    pub key_secret_version: u8,
    /// Activations that are not revoked.
    pub active_activations: u64,
    /// Of them, those that are still to be acknowledged.
    #[serde(default)]
    pub unacknowledged: u64,
    /// Keys with nothing left.
    pub keys_exhausted: u32,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev<Self>,
}

/// Indexes of product keys that follow each other: the first, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyRange(pub u32, pub u32);

impl KeyRange {
    const fn has(self, index: u32) -> bool {
        let Self(first, count) = self;
        index >= first && index - first < count
    }
}

impl LineItem {
    /// Whether its activations are to be acknowledged (004, `ACKNOWLEDGEMENT_REQUEST`).
    pub fn asks_acknowledgement(&self) -> bool {
        let asks = |a: &ActivationAttribute| {
            a.attribute_name == ACKNOWLEDGEMENT_REQUEST
                && a.attribute_value.eq_ignore_ascii_case("true")
        };
        self.activation_attributes.iter().any(asks)
    }
}

/// The attribute that asks for an acknowledgement.
pub const ACKNOWLEDGEMENT_REQUEST: &str = "ACKNOWLEDGEMENT_REQUEST";

impl Entitlement {
    /// Every product of its items, once each.
    pub fn products(&self) -> Vec<Id> {
        let items = self.items.iter().flat_map(|item| &item.item_products);
        let mut ids: Vec<Id> = items.map(|product| product.product_id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

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
        let of_item = |ranges: &Vec<KeyRange>| ranges.iter().any(|range| range.has(index));
        let place = if self.key_ranges.is_empty() {
            Self::ranges(&self.items).iter().position(of_item)
        } else {
            self.key_ranges.iter().position(of_item)
        };
        place.and_then(|place| Some((place, self.items.get(place)?)))
    }

    /// The ranges of new line items: their keys follow each other.
    pub(crate) fn ranges(items: &[LineItem]) -> Vec<Vec<KeyRange>> {
        let mut first = 0;
        let each = items.iter().map(|item| {
            let range = KeyRange(first, item.num_product_keys);
            first += item.num_product_keys;
            vec![range]
        });
        each.collect()
    }

    /// The same with all that rows of form 1 do not say.
    #[must_use]
    pub fn in_full(mut self) -> Self {
        if self.key_ranges.is_empty() {
            self.key_ranges = Self::ranges(&self.items);
        }
        self
    }

    /// Whether some of its activations are to be acknowledged.
    pub fn asks_acknowledgement(&self) -> bool {
        self.items.iter().any(LineItem::asks_acknowledgement)
    }
}
