//! The XML document of source 004, both ways; `infra/entitlement.xsd` is its schema.
//!
//! Neighbours: `reading` makes the body of the JSON API of it, `writing` makes it of an
//! entitlement. Every value is text here: `reading` tells what is wrong with one by its name.

use serde::{Deserialize, Serialize};

/// A value, or none.
pub(super) type Text = Option<String>;

/// `<entitlement>`.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Document {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ent_id: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) e_id: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enabled: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) action: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ent_state: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) customer_id: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) customer_email: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contact_id: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) partner_id: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) partner_email: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start_date: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end_date: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ref_id1: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ref_id2: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) registration_required: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) activation_allowed: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revocation_allowed: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) is_test: Text,
    pub(super) custom_attribute: Vec<CustomAttribute>,
    pub(super) entitlement_item: Vec<EntitlementItem>,
}

/// `<customAttribute>`.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CustomAttribute {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Text,
}

/// `<entitlementItem>`.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct EntitlementItem {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line_item_type: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) num_product_keys: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) num_activation_per_product_key: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) activation_method: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fixed_quantity: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) item_type: Text,
    #[serde(rename = "Priority", skip_serializing_if = "Option::is_none")]
    pub(super) priority: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enforcement_id: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) identity: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) identity_count: Text,
    pub(super) protection_key_id: Vec<String>,
    pub(super) activation_attribute: Vec<ActivationAttribute>,
    /// The source's prose calls it so.
    #[serde(alias = "LicensingAttribute", skip_serializing)]
    pub(super) licensing_attribute: Vec<ActivationAttribute>,
    pub(super) item_product: Vec<ItemProduct>,
    /// The source's prose has it around the products.
    #[serde(skip_serializing)]
    pub(super) item_products: Vec<ItemProducts>,
}

/// `<itemProducts>`: products in a wrapper.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ItemProducts {
    pub(super) item_product: Vec<ItemProduct>,
}

/// `<activationAttribute>`.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ActivationAttribute {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attribute_name: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attribute_value: Text,
}

/// `<itemProduct>`.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ItemProduct {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) product_id: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) product_status: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) product: Option<Product>,
}

/// `<product>`: what is specified at entitlement time.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Product {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) memory_data: Text,
    pub(super) product_feature_ref: Vec<FeatureRef>,
}

/// `<productFeatureRef>`: a feature that is sold.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct FeatureRef {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) feature_id: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) license_model_id: Text,
    pub(super) attribute: Vec<Specified>,
}

/// `<attribute>`.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Specified {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attribute_id: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attribute_value: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<ActionName>,
}

/// `<action name="…"/>`: what is done with the value.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ActionName {
    #[serde(rename = "@name", skip_serializing_if = "Option::is_none")]
    pub(super) name: Text,
}
