//! The bodies of `POST` and `PUT /v1/entitlements`, which the XML facade makes, too.
//!
//! Neighbours: `create` takes them, `items` and `saot` read their parts.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::attributes::CustomAttributes;
use crate::entitlement::states::Event;
use crate::entitlement::{ActivationAttribute, ActivationMethod, LineItemType, Registration};
use crate::ids::Id;
use crate::limits::{ITEM_PRODUCTS, LINE_ITEMS};
use crate::time::Day;

/// The actions of source 004.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[derive(IntoStaticStr, strum::EnumString, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the actions of source 004")]
pub enum Action {
    #[default]
    Save,
    Queue,
    Produce,
    Enable,
    Disable,
    Reopen,
}

impl From<Action> for Event {
    fn from(action: Action) -> Self {
        match action {
            Action::Save => Self::Save,
            Action::Queue => Self::Queue,
            Action::Produce => Self::Produce,
            Action::Enable => Self::Enable,
            Action::Disable => Self::Disable,
            Action::Reopen => Self::Reopen,
        }
    }
}

/// Body of `POST` and `PUT /v1/entitlements`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EntitlementInput {
    /// SAVE, QUEUE or PRODUCE; default SAVE.
    pub action: Action,
    /// An existing customer.
    pub customer_id: Option<Id>,
    /// With `customerId`: an e-mail of that customer; without it: selects the customer.
    pub customer_email: Option<String>,
    /// A contact of that customer.
    pub contact_id: Option<Id>,
    /// An existing channel partner.
    pub partner_id: Option<Id>,
    /// With `partnerId`: an e-mail of that partner; without it: selects the partner.
    pub partner_email: Option<String>,
    /// First day.
    pub start_date: Option<Day>,
    /// Last day, included.
    pub end_date: Option<Day>,
    /// The vendor's reference, 1 to 255 characters.
    pub ref_id1: Option<String>,
    /// The vendor's second reference, 1 to 255 characters.
    pub ref_id2: Option<String>,
    /// Whether a customer must be known before an activation; default `NOT_REQUIRED`.
    pub registration_required: Registration,
    /// Default true.
    pub activation_allowed: Option<bool>,
    /// Default true.
    pub revocation_allowed: Option<bool>,
    /// For tests: draft products are allowed, and it can be deleted in any state.
    pub is_test: bool,
    /// Custom attributes.
    pub custom_attributes: CustomAttributes,
    /// At most 25 line items.
    pub entitlement_items: Vec<LineItemInput>,
}

/// A line item of the body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LineItemInput {
    /// All line items of an entitlement have the same.
    pub line_item_type: Option<LineItemType>,
    /// 1 to 10,000 for `Product_Key`, 1 for the others; default 1.
    pub num_product_keys: Option<u32>,
    /// 1 to 2,147,483,647; default 1.
    pub num_activation_per_product_key: Option<u32>,
    /// Default PARTIAL.
    pub activation_method: ActivationMethod,
    /// For FIXED: 1 to `numActivationPerProductKey`.
    pub fixed_quantity: Option<u32>,
    /// For `ProtectionKey_Update`: the keys to update, at most 100.
    pub protection_key_ids: Vec<String>,
    /// 1, the only enforcement technology.
    pub enforcement_id: Option<u64>,
    /// What its activations have besides, such as `ACKNOWLEDGEMENT_REQUEST`.
    pub activation_attributes: Vec<ActivationAttribute>,
    /// At most 10 products.
    pub item_products: Vec<ItemProductInput>,
}

/// A product of a line item of the body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ItemProductInput {
    /// The product.
    pub product_id: Option<Id>,
    /// The features that are sold; none named: all of the product's (004-H15).
    pub features: Vec<ItemFeatureInput>,
    /// Instead of the product's own; at most 4,096 characters.
    pub memory_data: Option<String>,
}

/// A feature of a product of the body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ItemFeatureInput {
    /// The feature.
    pub feature_id: Option<Id>,
    /// The product's own, or one where the product has none.
    pub license_model_id: Option<u64>,
    /// What is specified at entitlement time.
    pub attributes: Vec<AttributeChange>,
}

/// What becomes of an attribute that is specified at entitlement time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AttributeChange {
    /// Which one (`/v1/attributes`).
    pub attribute_id: u64,
    /// The new value, or what is added or taken away.
    pub value: Option<String>,
    /// Default SET.
    pub action: ChangeAction,
}

/// What is done with a value (004-H16).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[derive(IntoStaticStr, strum::EnumString, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeAction {
    /// Retains the value that there is.
    None,
    /// Replaces it.
    #[default]
    Set,
    /// Deletes the whole product from the entitlement.
    Cancel,
    /// Adds to a number.
    Add,
    /// Takes from a number, never below 0.
    Sub,
}

impl EntitlementInput {
    /// Every product that the body names, once each.
    pub fn products(&self) -> Vec<Id> {
        let items = self.entitlement_items.iter().take(LINE_ITEMS);
        let products = items.flat_map(|item| item.item_products.iter().take(ITEM_PRODUCTS));
        let mut ids: Vec<Id> = products.filter_map(|p| p.product_id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
