//! From an entitlement to its XML document.
//!
//! Neighbours: `document` is what is written.

use std::fmt::Display;

use domain::entitlement::{Entitlement, ItemFeature, ItemProduct as Sold, LineItem};

use super::document::{
    ActionName, ActivationAttribute, CustomAttribute, Document, EntitlementItem, FeatureRef,
    ItemProduct, Product, Specified, Text,
};

/// The document of an entitlement.
pub(super) fn document(entitlement: &Entitlement) -> Document {
    let e = entitlement;
    let own = |attribute: &domain::attributes::CustomAttribute| CustomAttribute {
        name: text(&attribute.name),
        value: text(&attribute.value),
    };
    let (state, registration): (&str, &str) = (e.life.state.into(), e.registration_required.into());
    Document {
        ent_id: text(e.id),
        e_id: text(e.e_id),
        enabled: text(e.enabled),
        ent_state: text(state),
        customer_id: e.customer_id.and_then(text),
        customer_email: e.customer_email.clone(),
        contact_id: e.contact_id.and_then(text),
        partner_id: e.partner_id.and_then(text),
        partner_email: e.partner_email.clone(),
        start_date: e.start_date.and_then(text),
        end_date: e.end_date.and_then(text),
        ref_id1: e.ref_id1.clone(),
        ref_id2: e.ref_id2.clone(),
        registration_required: text(registration),
        activation_allowed: text(e.activation_allowed),
        revocation_allowed: text(e.revocation_allowed),
        is_test: text(e.is_test),
        custom_attribute: e.custom_attributes.custom_attribute.iter().map(own).collect(),
        entitlement_item: e.items.iter().map(item).collect(),
        ..Document::default()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "an element that is there")]
fn text(value: impl Display) -> Text {
    Some(value.to_string())
}

fn item(item: &LineItem) -> EntitlementItem {
    let attribute = |own: &domain::entitlement::ActivationAttribute| ActivationAttribute {
        attribute_name: text(&own.attribute_name),
        attribute_value: text(&own.attribute_value),
    };
    let (kind, method): (&str, &str) = (item.line_item_type.into(), item.activation_method.into());
    EntitlementItem {
        line_item_type: text(kind),
        num_product_keys: text(item.num_product_keys),
        num_activation_per_product_key: text(item.num_activation_per_product_key),
        activation_method: text(method),
        fixed_quantity: item.fixed_quantity.and_then(text),
        enforcement_id: item.enforcement_id.and_then(text),
        protection_key_id: item.protection_key_ids.clone(),
        activation_attribute: item.activation_attributes.iter().map(attribute).collect(),
        item_product: item.item_products.iter().map(product).collect(),
        ..EntitlementItem::default()
    }
}

fn product(sold: &Sold) -> ItemProduct {
    let details = Product {
        memory_data: sold.memory_data.clone(),
        product_feature_ref: sold.features.iter().map(feature).collect(),
    };
    ItemProduct {
        product_id: text(sold.product_id),
        product_status: None,
        product: (details != Product::default()).then_some(details),
    }
}

fn feature(feature: &ItemFeature) -> FeatureRef {
    let attribute = |own: &domain::entitlement::SpecifiedAttribute| Specified {
        attribute_id: text(own.attribute_id),
        attribute_value: text(&own.value),
        action: Some(ActionName { name: text("SET") }),
    };
    FeatureRef {
        feature_id: text(feature.feature_id),
        license_model_id: feature.license_model_id.and_then(text),
        attribute: feature.attributes.iter().map(attribute).collect(),
    }
}
