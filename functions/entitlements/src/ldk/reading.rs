//! From the XML document to the body that the JSON API takes: one set of rules for both.
//!
//! Neighbours: `document` holds the text, `domain::entitlement` decides.

use std::fmt::Display;
use std::str::FromStr;

use domain::attributes::{CustomAttribute, CustomAttributes};
use domain::entitlement::input::{
    Action, AttributeChange, EntitlementInput, ItemFeatureInput, ItemProductInput, LineItemInput,
};
use domain::entitlement::states::State;
use domain::entitlement::{ActivationAttribute, LineItemType, Registration};
use domain::rejection::{Code, Faults, Rejection};
use domain::time::Day;

use super::document::{Document, EntitlementItem, FeatureRef, ItemProduct, Specified, Text};

/// The order that a document places.
pub(super) struct Asked {
    /// The body of the JSON API.
    pub(super) input: EntitlementInput,
    /// The state that was sent with it (004-H1).
    pub(super) state: Option<State>,
    /// The document has an action.
    pub(super) acts: bool,
    /// The document has an action and nothing else.
    pub(super) bare: bool,
    /// Members that were sent and have no effect (004-H9).
    pub(super) ignored: Vec<&'static str>,
}

/// Reads the values; every fault of one is reported.
pub(super) fn asked(document: &Document) -> Result<Asked, Rejection> {
    let mut reader = Reader::default();
    let items = document.entitlement_item.iter().enumerate();
    let items = items.map(|(i, item)| reader.item(&format!("/entitlementItems/{i}"), item));
    let entitlement_items = items.collect();
    let own = |a: &super::document::CustomAttribute| CustomAttribute {
        name: a.name.clone().unwrap_or_default(),
        value: a.value.clone().unwrap_or_default(),
    };
    let attributes = document.custom_attribute.iter().map(own).collect();
    let action: Option<Action> = reader.value("/action", &document.action);
    let state: Option<State> = reader.value("/entState", &document.ent_state);
    // A state without an action asks for the action that leads there.
    let meant = state.filter(|_| action.is_none()).and_then(|state| match state {
        State::Queued => Some(Action::Queue),
        State::Produced => Some(Action::Produce),
        _ => None,
    });
    let input = EntitlementInput {
        action: action.or(meant).unwrap_or_default(),
        customer_id: reader.value("/customerId", &document.customer_id),
        customer_email: document.customer_email.clone(),
        contact_id: reader.value("/contactId", &document.contact_id),
        partner_id: reader.value("/partnerId", &document.partner_id),
        partner_email: document.partner_email.clone(),
        start_date: reader.day("/startDate", &document.start_date),
        end_date: reader.day("/endDate", &document.end_date),
        ref_id1: document.ref_id1.clone(),
        ref_id2: document.ref_id2.clone(),
        registration_required: reader
            .value::<Registration>("/registrationRequired", &document.registration_required)
            .unwrap_or_default(),
        activation_allowed: reader.truth("/activationAllowed", &document.activation_allowed),
        revocation_allowed: reader.truth("/revocationAllowed", &document.revocation_allowed),
        is_test: reader.truth("/isTest", &document.is_test).unwrap_or_default(),
        custom_attributes: CustomAttributes { custom_attribute: attributes },
        entitlement_items,
    };
    reader.truth("/enabled", &document.enabled);
    let nothing = EntitlementInput { action: input.action, ..EntitlementInput::default() };
    let bare = action.or(meant).is_some() && input == nothing;
    let ignored = ignored(document);
    reader.faults.finish()?;
    Ok(Asked { input, state, acts: action.is_some(), bare, ignored })
}

/// 004-H9, 004-H18: what is accepted and has no effect.
fn ignored(document: &Document) -> Vec<&'static str> {
    let of_items = |has: fn(&EntitlementItem) -> &Text| {
        document.entitlement_item.iter().any(|item| has(item).is_some())
    };
    let all = [
        ("entId", document.ent_id.is_some()),
        ("eId", document.e_id.is_some()),
        ("enabled", document.enabled.is_some()),
        ("identity", of_items(|item| &item.identity)),
        ("identityCount", of_items(|item| &item.identity_count)),
    ];
    all.into_iter().filter_map(|(name, given)| given.then_some(name)).collect()
}

/// `Z`, or hours and minutes up to 14:00 to either side.
fn is_zone(text: &str) -> bool {
    let hours = text.strip_prefix(['+', '-']).and_then(|t| t.split_once(':'));
    let within = |(h, m): (&str, &str)| {
        let two = |part: &str| (part.len() == 2).then(|| part.parse::<u32>().ok()).flatten();
        two(h).zip(two(m)).is_some_and(|(h, m)| m < 60 && h * 60 + m <= 14 * 60)
    };
    text == "Z" || hours.is_some_and(within)
}

#[derive(Default)]
struct Reader {
    faults: Faults,
}

impl Reader {
    /// A value of an element; its fault is noted.
    fn value<T: FromStr>(&mut self, at: &str, text: &Text) -> Option<T>
    where
        T::Err: Display,
    {
        let text = text.as_deref()?.trim();
        let read = text.parse().map_err(|_| {
            let detail = format!("{text:?} is no value of this element; see the schema");
            (Code::ValidationFailed, detail)
        });
        self.faults.take(at, read)
    }

    /// A day as the schema writes it, which may name a zone: it stays the day that is written.
    fn day(&mut self, at: &str, text: &Text) -> Option<Day> {
        let zoned = |c: char| matches!(c, '+' | '-' | 'Z');
        let day = text.as_deref().map(str::trim).map(|text| match text.get(10..) {
            Some(zone) if zone.starts_with(zoned) && is_zone(zone) => text[..10].to_owned(),
            _ => text.to_owned(),
        });
        self.value(at, &day)
    }

    /// A truth as the schema writes it: `true`, `false`, `1`, `0`.
    fn truth(&mut self, at: &str, text: &Text) -> Option<bool> {
        match text.as_deref().map(str::trim) {
            Some("1") => Some(true),
            Some("0") => Some(false),
            _ => self.value(at, text),
        }
    }

    fn item(&mut self, at: &str, item: &EntitlementItem) -> LineItemInput {
        let reserved = item.priority.as_deref().is_none_or(|priority| priority == "D");
        self.faults.check(reserved, &format!("{at}/Priority"), "must be D");
        let attribute = |a: &super::document::ActivationAttribute| ActivationAttribute {
            attribute_name: a.attribute_name.clone().unwrap_or_default(),
            attribute_value: a.attribute_value.clone().unwrap_or_default(),
        };
        let of = |name: &str| format!("{at}/{name}");
        let wrapped = item.item_products.iter().flat_map(|some| &some.item_product);
        let products = item.item_product.iter().chain(wrapped).enumerate();
        LineItemInput {
            line_item_type: self.value::<LineItemType>(&of("lineItemType"), &item.line_item_type),
            num_product_keys: self.value(&of("numProductKeys"), &item.num_product_keys),
            num_activation_per_product_key: self
                .value(&of("numActivationPerProductKey"), &item.num_activation_per_product_key),
            activation_method: self
                .value(&of("activationMethod"), &item.activation_method)
                .unwrap_or_default(),
            fixed_quantity: self.value(&of("fixedQuantity"), &item.fixed_quantity),
            protection_key_ids: item.protection_key_id.clone(),
            enforcement_id: self.value(&of("enforcementId"), &item.enforcement_id),
            activation_attributes: item
                .activation_attribute
                .iter()
                .chain(&item.licensing_attribute)
                .map(attribute)
                .collect(),
            item_products: products
                .map(|(j, product)| self.product(&format!("{at}/itemProducts/{j}"), product))
                .collect(),
        }
    }

    fn product(&mut self, at: &str, of_item: &ItemProduct) -> ItemProductInput {
        let product_id = self.value(&format!("{at}/productId"), &of_item.product_id);
        let Some(product) = &of_item.product else {
            return ItemProductInput { product_id, ..ItemProductInput::default() };
        };
        let features = product.product_feature_ref.iter().enumerate();
        ItemProductInput {
            product_id,
            features: features
                .map(|(k, feature)| self.feature(&format!("{at}/features/{k}"), feature))
                .collect(),
            memory_data: product.memory_data.clone(),
        }
    }

    fn feature(&mut self, at: &str, feature: &FeatureRef) -> ItemFeatureInput {
        let attributes = feature.attribute.iter().enumerate();
        ItemFeatureInput {
            feature_id: self.value(&format!("{at}/featureId"), &feature.feature_id),
            license_model_id: self
                .value(&format!("{at}/licenseModelId"), &feature.license_model_id),
            attributes: attributes
                .map(|(l, attribute)| self.attribute(&format!("{at}/attributes/{l}"), attribute))
                .collect(),
        }
    }

    fn attribute(&mut self, at: &str, attribute: &Specified) -> AttributeChange {
        let id_at = format!("{at}/attributeId");
        self.faults.check(attribute.attribute_id.is_some(), &id_at, "must be given");
        let name = attribute.action.as_ref().and_then(|action| action.name.clone());
        AttributeChange {
            attribute_id: self.value(&id_at, &attribute.attribute_id).unwrap_or_default(),
            value: attribute.attribute_value.clone(),
            action: self.value(&format!("{at}/action"), &name).unwrap_or_default(),
        }
    }
}
