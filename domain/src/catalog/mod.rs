//! The catalog: features, products, license models, custom attributes.
//!
//! Neighbours: plans and entitlements name products; the documents of plans show features.

pub mod custom_attribute;
pub mod feature;
pub mod license;
pub mod product;
pub mod product_feature;
pub mod states;

pub use custom_attribute::CustomAttributeDef;
pub use feature::Feature;
pub use product::Product;

use serde::{Deserialize, Serialize};

use crate::rejection::Faults;
use crate::text;

/// Name and version of a product or feature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct NameVersion {
    /// 1 to 255 characters.
    pub name: String,
    /// 1 to 255 characters.
    pub version: String,
}

impl NameVersion {
    /// The same, trimmed and clean; every fault is noted.
    pub fn check(&self, faults: &mut Faults) -> Self {
        let name = faults.take("/nameVersion/name", text::short(&self.name));
        let version = faults.take("/nameVersion/version", text::short(&self.version));
        Self { name: name.unwrap_or_default(), version: version.unwrap_or_default() }
    }
}

/// A given identifier, or the default: a prefix and the id.
pub(crate) fn identifier(
    given: Option<&str>,
    default: impl FnOnce() -> String,
    faults: &mut Faults,
) -> String {
    match given {
        Some(given) => faults.take("/identifier", text::short(given)).unwrap_or_default(),
        None => default(),
    }
}
