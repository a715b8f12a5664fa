//! What is specified of a product at entitlement time (SAOT): values, and the features that are
//! sold (source 004, steps 2 to 4; 004-H15, 004-H16).
//!
//! Neighbours: `items` asks it. Guarantee: only what the product leaves open is specified.

use crate::catalog::Product;
use crate::catalog::license::{Attribute, AttributeKind, LicenseModel, license_model};
use crate::catalog::product_feature::{ProductFeature, known};
use crate::entitlement::input::{AttributeChange, ChangeAction, ItemFeatureInput};
use crate::entitlement::{ItemFeature, ItemProduct, SpecifiedAttribute};
use crate::ids::Id;
use crate::limits::{LICENSE_ATTRIBUTES, PRODUCT_FEATURES};
use crate::rejection::{Code, Faults};
use crate::text;

/// A product of a line item, and what it was before.
pub(super) struct Specified<'a> {
    /// Its place in the body.
    pub(super) at: &'a str,
    /// The product.
    pub(super) product: &'a Product,
    /// What there was of it in this line item.
    pub(super) before: Option<&'a ItemProduct>,
}

/// A feature of the body: its place, the product's own, and the model that is chosen for it.
struct Place<'a> {
    at: &'a str,
    of_product: &'a ProductFeature,
    model: Option<&'a LicenseModel>,
}

/// CANCEL: the product is no longer part of the entitlement.
struct Cancelled;

impl Specified<'_> {
    /// The features with their values; none when the product is cancelled.
    pub(super) fn features(
        &self,
        input: &[ItemFeatureInput],
        faults: &mut Faults,
    ) -> Option<Vec<ItemFeature>> {
        let at = format!("{}/features", self.at);
        let most = format!("at most {PRODUCT_FEATURES} features");
        faults.check(input.len() <= PRODUCT_FEATURES, &at, most);
        let (mut read, mut cancelled) = (Vec::new(), false);
        for (i, feature) in input.iter().enumerate().take(PRODUCT_FEATURES) {
            let at = format!("{at}/{i}");
            let id_at = format!("{at}/featureId");
            faults.check(feature.feature_id.is_some(), &id_at, "must be given");
            let Some(id) = feature.feature_id else { continue };
            let twice = input[..i].iter().any(|other| other.feature_id == Some(id));
            faults.check(!twice, &id_at, "the feature is named twice");
            let Some(of_product) = self.product.feature(id) else {
                let detail = format!(
                    "Cannot find a Feature corresponding to ID {id} in the Product {}.",
                    self.product.id
                );
                faults.add(id_at, Code::ReferenceNotFound, detail);
                continue;
            };
            let model = feature.license_model_id;
            self.license_model(&format!("{at}/licenseModelId"), of_product, model, faults);
            // What the catalog allows of the product's own model was decided there.
            let chosen = model.filter(|_| of_product.license_model_id.is_none());
            let place = Place { at: &at, of_product, model: chosen.and_then(license_model) };
            match self.attributes(id, &place, &feature.attributes, faults) {
                Ok(attributes) => {
                    read.push(ItemFeature { feature_id: id, license_model_id: model, attributes });
                }
                Err(Cancelled) => cancelled = true,
            }
        }
        (!cancelled).then_some(read)
    }

    fn license_model(
        &self,
        at: &str,
        of_product: &ProductFeature,
        given: Option<u64>,
        faults: &mut Faults,
    ) {
        let Some(id) = given else { return };
        if license_model(id).is_none() {
            let detail = format!("there is no license model {id}; see /v1/license-models");
            faults.add(at, Code::ValidationFailed, detail);
        } else if let Some(own) = of_product.license_model_id.filter(|own| *own != id) {
            let detail = format!("The Product {} has license model {own} here.", self.product.id);
            faults.add(at, Code::ReferenceNotFound, detail);
        }
    }

    fn attributes(
        &self,
        feature: Id,
        &Place { at, of_product, model }: &Place<'_>,
        changes: &[AttributeChange],
        faults: &mut Faults,
    ) -> Result<Vec<SpecifiedAttribute>, Cancelled> {
        let at = format!("{at}/attributes");
        let most = format!("at most {LICENSE_ATTRIBUTES} attributes");
        faults.check(changes.len() <= LICENSE_ATTRIBUTES, &at, most);
        let mut read = Vec::new();
        for (i, change) in changes.iter().enumerate().take(LICENSE_ATTRIBUTES) {
            let (id, id_at) = (change.attribute_id, format!("{at}/{i}/attributeId"));
            let Some(attribute) = faults.take(&id_at, known(id, model)) else { continue };
            if change.action == ChangeAction::Cancel {
                return Err(Cancelled);
            }
            let twice = changes[..i].iter().any(|other| other.attribute_id == id);
            faults.check(!twice, &id_at, "the attribute is named twice");
            if !of_product.attributes.iter().any(|own| own.attribute_id == id && own.saot) {
                let (name, product) = (attribute.name, self.product.id);
                let detail = format!(
                    "{name} ({id}) of the Product {product} is not specified at entitlement time."
                );
                faults.add(id_at, Code::ReferenceNotFound, detail);
                continue;
            }
            let before = self.specified(feature, id);
            let default = of_product.value(id).map(ToOwned::to_owned);
            let current = before.clone().or(default);
            let value = changed(attribute, change, before, current.as_deref());
            let value = faults.take(&format!("{at}/{i}/value"), value).flatten();
            read.extend(value.map(|value| SpecifiedAttribute { attribute_id: id, value }));
        }
        Ok(read)
    }

    /// The value of an attribute that was specified before.
    fn specified(&self, feature: Id, attribute: u64) -> Option<String> {
        let features = &self.before?.features;
        let feature = features.iter().find(|before| before.feature_id == feature)?;
        feature.value(attribute).map(ToOwned::to_owned)
    }
}

/// What the change makes of a value; none where nothing is specified.
fn changed(
    attribute: &Attribute,
    change: &AttributeChange,
    before: Option<String>,
    current: Option<&str>,
) -> Result<Option<String>, (Code, String)> {
    let wrong = |detail: String| Err((Code::ValidationFailed, detail));
    if change.action == ChangeAction::None {
        return Ok(before);
    }
    let action: &str = change.action.into();
    let Some(given) = &change.value else { return wrong(format!("{action} needs a value")) };
    if change.action == ChangeAction::Set {
        return attribute.read(given).map(Some);
    }
    let name = attribute.name;
    if attribute.kind != AttributeKind::Integer {
        return wrong(format!("{action} is for numbers; {name} is none"));
    }
    let given = text::short(given)?;
    let Ok(by) = given.parse::<u64>() else {
        return wrong(format!("{action} needs a whole number, not {given:?}"));
    };
    let there: u64 = current.and_then(|text| text.parse().ok()).unwrap_or(0);
    let sum = match change.action {
        ChangeAction::Add => there.checked_add(by),
        _ => there.checked_sub(by),
    };
    match sum {
        Some(sum) => attribute.read(&sum.to_string()).map(Some),
        None => wrong(format!("{action} {by} is not possible: {name} is {there}")),
    }
}

impl ItemFeature {
    /// The specified value of an attribute.
    pub(crate) fn value(&self, attribute: u64) -> Option<&str> {
        let found = self.attributes.iter().find(|own| own.attribute_id == attribute);
        found.map(|own| own.value.as_str())
    }
}

impl ItemProduct {
    /// The product's features that are sold with it, with what was specified of them.
    pub fn sold<'a>(
        &'a self,
        product: &'a Product,
    ) -> impl Iterator<Item = (&'a ProductFeature, Option<&'a ItemFeature>)> {
        product.features.iter().filter_map(|of_product| {
            let named =
                self.features.iter().find(|own| Some(own.feature_id) == of_product.feature_id);
            (self.features.is_empty() || named.is_some()).then_some((of_product, named))
        })
    }
}
