//! The features of a product: license model, and the values that are fixed or specified at
//! entitlement time (SAOT, source 004).
//!
//! Neighbours: `product` has them; entitlements fill in what is left open.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::Feature;
use crate::catalog::license::{
    CONCURRENT_INSTANCES, ENABLE_CONCURRENCY, EXECUTION_COUNT, TIME_PERIOD, UNLIMITED_INSTANCES,
    attribute_of, license_model,
};
use crate::ids::Id;
use crate::limits::{LICENSE_ATTRIBUTES, PRODUCT_FEATURES};
use crate::rejection::{Code, Fault, Faults};
use crate::text;

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
        if let Some(id) = feature.license_model_id {
            let known = license_model(id).is_some();
            let detail = format!("there is no license model {id}; see /v1/license-models");
            faults.check(known, &format!("{at}/licenseModelId"), detail);
        }
        attributes(&at, &feature.attributes, faults);
    }
}

fn attributes(at: &str, list: &[LicenseAttribute], faults: &mut Faults) {
    let most = format!("at most {LICENSE_ATTRIBUTES} attributes");
    faults.check(list.len() <= LICENSE_ATTRIBUTES, &format!("{at}/attributes"), most);
    for (i, attribute) in list.iter().enumerate().take(LICENSE_ATTRIBUTES) {
        let id_at = format!("{at}/attributes/{i}/attributeId");
        let id = attribute.attribute_id;
        let detail = format!("there is no attribute {id}; see /v1/attributes");
        faults.check(attribute_of(id).is_some(), &id_at, detail);
        let twice = list[..i].iter().any(|other| other.attribute_id == id);
        faults.check(!twice, &id_at, "the attribute is named twice");
        let value_at = format!("{at}/attributes/{i}/value");
        match &attribute.value {
            None => {
                let detail = "must be given, unless saot is true";
                faults.check(attribute.saot, &value_at, detail);
            }
            Some(value) => {
                let checked = text::short(value).and_then(|value| of_attribute(id, value));
                faults.take(&value_at, checked);
            }
        }
    }
}

impl ProductFeature {
    /// The product's own value of an attribute.
    pub fn value(&self, attribute: u64) -> Option<&str> {
        let found = self.attributes.iter().find(|own| own.attribute_id == attribute);
        found.and_then(|own| own.value.as_deref())
    }
}

/// The values that have a rule of their own.
///
/// # Errors
/// `VALIDATION_FAILED` with the rule.
pub fn of_attribute(id: u64, value: String) -> Result<String, (Code, String)> {
    let wrong = |detail: &str| Err((Code::ValidationFailed, detail.to_owned()));
    match id {
        ENABLE_CONCURRENCY if !matches!(&*value, "TRUE" | "FALSE") => {
            wrong("ENABLE_CONCURRENCY is TRUE or FALSE")
        }
        CONCURRENT_INSTANCES
            if !value.parse().is_ok_and(|n| (1..=UNLIMITED_INSTANCES).contains(&n)) =>
        {
            wrong("CONCURRENT_INSTANCES is 1 to 10000000, which is unlimited")
        }
        EXECUTION_COUNT | TIME_PERIOD if value.parse::<u64>().is_err() => {
            wrong("EXECUTION_COUNT and TIME_PERIOD are whole numbers")
        }
        _ => Ok(value),
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
        let concurrent = enable.is_some_and(|a| open || a.value.as_deref() == Some("TRUE"));
        if concurrent != instances.is_some() {
            let detail = "concurrency needs ENABLE_CONCURRENCY TRUE and CONCURRENT_INSTANCES";
            lacks("attributes", detail.to_owned());
        }
    }
}
