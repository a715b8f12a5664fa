//! The features of a product: license model, and the values that are fixed or specified at
//! entitlement time (SAOT, source 004).
//!
//! Neighbours: `product` has them; entitlements fill in what is left open.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::Feature;
use crate::catalog::license::{
    Attribute, CONCURRENT_INSTANCES, ENABLE_CONCURRENCY, LicenseModel, attribute_of, license_model,
    truth,
};
use crate::ids::Id;
use crate::limits::{LICENSE_ATTRIBUTES, PRODUCT_FEATURES};
use crate::rejection::{Code, Fault, Faults};

/// A feature of a product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProductFeature {
    /// The feature.
    pub feature_id: Option<Id>,
    /// Its license model (`/v1/license-models`); needed before the product is complete.
    pub license_model_id: Option<u64>,
    /// Its attributes (`/v1/attributes`).
    pub attributes: Vec<LicenseAttribute>,
}

/// An attribute of a feature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LicenseAttribute {
    /// Which one.
    pub attribute_id: u64,
    /// Its value; for one that is specified at entitlement time, the default.
    pub value: Option<String>,
    /// Specified at entitlement time.
    pub saot: bool,
}

/// The features of a body against those that the caller may use; every fault is noted.
pub(super) fn check(
    features: &[ProductFeature],
    known: &BTreeMap<Id, Feature>,
    faults: &mut Faults,
) {
    let most = format!("at most {PRODUCT_FEATURES} features");
    faults.check(features.len() <= PRODUCT_FEATURES, "/features", most);
    for (i, feature) in features.iter().enumerate().take(PRODUCT_FEATURES) {
        let at = format!("/features/{i}");
        let id_at = format!("{at}/featureId");
        match feature.feature_id {
            None => faults.add(id_at, Code::ValidationFailed, "must be given"),
            Some(id) if !known.contains_key(&id) => {
                faults.push(Fault::unknown(id_at, "Feature", id));
            }
            Some(id) => {
                let twice = features[..i].iter().any(|other| other.feature_id == Some(id));
                faults.check(!twice, &id_at, "the feature is named twice");
            }
        }
        let model = feature.license_model_id.and_then(license_model);
        if let Some(id) = feature.license_model_id {
            let detail = format!("there is no license model {id}; see /v1/license-models");
            faults.check(model.is_some(), &format!("{at}/licenseModelId"), detail);
        }
        attributes(&at, model, &feature.attributes, faults);
    }
}

fn attributes(
    at: &str,
    model: Option<&LicenseModel>,
    list: &[LicenseAttribute],
    faults: &mut Faults,
) {
    let most = format!("at most {LICENSE_ATTRIBUTES} attributes");
    faults.check(list.len() <= LICENSE_ATTRIBUTES, &format!("{at}/attributes"), most);
    for (i, own) in list.iter().enumerate().take(LICENSE_ATTRIBUTES) {
        let at = format!("{at}/attributes/{i}");
        let (id_at, value_at) = (format!("{at}/attributeId"), format!("{at}/value"));
        let twice = list[..i].iter().any(|other| other.attribute_id == own.attribute_id);
        faults.check(!twice, &id_at, "the attribute is named twice");
        let Some(attribute) = faults.take(&id_at, known(own.attribute_id, model)) else { continue };
        match &own.value {
            None => faults.check(own.saot, &value_at, "must be given, unless saot is true"),
            Some(value) => {
                faults.take(&value_at, attribute.read(value));
                let bare = value.trim().len() == value.len();
                faults.check(bare, &value_at, "must not begin or end with white space");
            }
        }
    }
}

/// An attribute that the license model takes.
///
/// # Errors
/// `VALIDATION_FAILED` when there is none, or the model does not take it.
pub fn known(id: u64, model: Option<&LicenseModel>) -> Result<&'static Attribute, (Code, String)> {
    let wrong = |detail| Err((Code::ValidationFailed, detail));
    let Some(attribute) = attribute_of(id) else {
        return wrong(format!("there is no attribute {id}; see /v1/attributes"));
    };
    match model.filter(|model| !model.takes(id)) {
        None => Ok(attribute),
        Some(LicenseModel { id: model, name, .. }) => wrong(format!(
            "the license model {name} ({model}) takes no {} ({id}); see /v1/license-models",
            attribute.name
        )),
    }
}

impl ProductFeature {
    /// The product's own value of an attribute.
    pub fn value(&self, attribute: u64) -> Option<&str> {
        let found = self.attributes.iter().find(|own| own.attribute_id == attribute);
        found.and_then(|own| own.value.as_deref())
    }
}

/// What is missing before the product can be complete: license models, the value that a model
/// needs, and both halves of the concurrency pair.
pub(super) fn missing(features: &[ProductFeature], faults: &mut Faults) {
    for (i, feature) in features.iter().enumerate() {
        let at = format!("/features/{i}");
        let mut lacks = |member: &str, detail: String| {
            faults.add(format!("{at}/{member}"), Code::ProductNotComplete, detail);
        };
        let Some(model) = feature.license_model_id.and_then(license_model) else {
            lacks("licenseModelId", "the feature has no license model".to_owned());
            continue;
        };
        let of = |id: u64| feature.attributes.iter().find(|a| a.attribute_id == id);
        if let Some(id) = model.attribute_id
            && of(id).is_none()
        {
            let name = attribute_of(id).map(|a| a.name).unwrap_or_default();
            lacks("attributes", format!("{} needs {name} ({id}), given or SAOT", model.name));
        }
        let (enable, instances) = (of(ENABLE_CONCURRENCY), of(CONCURRENT_INSTANCES));
        let open = enable.is_some_and(|a| a.saot) || instances.is_some_and(|a| a.saot);
        let says = |a: &LicenseAttribute| a.value.as_deref().and_then(truth) == Some(true);
        let concurrent = enable.is_some_and(|a| open || says(a));
        if concurrent != instances.is_some() {
            let detail = "concurrency needs ENABLE_CONCURRENCY TRUE and CONCURRENT_INSTANCES";
            lacks("attributes", detail.to_owned());
        }
    }
}
