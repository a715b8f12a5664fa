//! "Complete": what QUEUE and PRODUCE ask for, and SAVE warns of.
//!
//! Neighbours: `create` and `act` ask it.

use crate::catalog::Product;
use crate::catalog::license::{
    CONCURRENT_INSTANCES, ENABLE_CONCURRENCY, attribute_of, license_model, truth,
};
use crate::catalog::product_feature::ProductFeature;
use crate::catalog::states::LifeCycleStage;
use crate::entitlement::create::Products;
use crate::entitlement::{Entitlement, ItemFeature, ItemProduct, LineItemType};
use crate::ids::Id;
use crate::rejection::{Code, Faults, Rejection};
use crate::substitution::lint::Warning;

impl Entitlement {
    /// Whether it can be queued or produced.
    ///
    /// # Errors
    /// A missing member, with its pointer; `PRODUCT_NOT_COMPLETE`.
    pub(super) fn complete(&self, products: &Products) -> Result<(), Rejection> {
        let mut faults = Faults::default();
        let at = "/entitlementItems";
        faults.check(!self.items.is_empty(), at, "at least one line item is needed");
        for (i, item) in self.items.iter().enumerate() {
            let at = format!("{at}/{i}/itemProducts");
            faults.check(!item.item_products.is_empty(), &at, "at least one product is needed");
            let update = item.line_item_type == LineItemType::ProtectionKey_Update;
            let given = !update || !item.protection_key_ids.is_empty();
            let at = format!("/entitlementItems/{i}/protectionKeyIds");
            faults.check(given, &at, "needed for ProtectionKey_Update");
        }
        for (at, of_item) in self.products_of_items() {
            let Some(product) = products.get(&of_item.product_id) else { continue };
            of_item.lacks(&format!("{at}/features"), product, &mut faults);
        }
        faults.finish()?;
        let mut faults = Faults::default();
        for (at, id) in self.unready(products) {
            faults.add(at, Code::ProductNotComplete, format!("The product {id} is not Complete."));
        }
        faults.finish()
    }

    /// Every product of the items, with its place in the body.
    fn products_of_items(&self) -> impl Iterator<Item = (String, &ItemProduct)> {
        self.items.iter().enumerate().flat_map(|(i, item)| {
            let each = item.item_products.iter().enumerate();
            each.map(move |(j, of)| (format!("/entitlementItems/{i}/itemProducts/{j}"), of))
        })
    }

    /// The products that cannot be sold yet, with their place in the body.
    fn unready(&self, products: &Products) -> Vec<(String, Id)> {
        let usable = |id: Id| {
            let stage = products.get(&id).map(|p| p.life_cycle_stage);
            stage == Some(LifeCycleStage::Commit)
                || self.is_test && stage == Some(LifeCycleStage::Draft)
        };
        let unready = self.products_of_items().filter(|(_, of)| !usable(of.product_id));
        unready.map(|(at, of)| (format!("{at}/productId"), of.product_id)).collect()
    }

    /// What SAVE accepts, but QUEUE and PRODUCE would not; and what the source calls deprecated
    /// (004-H7).
    pub fn warnings(&self, products: &Products) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for (at, id) in self.unready(products) {
            let detail =
                format!("The product {id} is not Complete; QUEUE and PRODUCE will be refused.");
            warnings.push(Warning::new(at, "PRODUCT_NOT_COMPLETE", detail));
        }
        for (at, of_item) in self.products_of_items() {
            for (k, feature) in of_item.features.iter().enumerate() {
                let ids = feature.attributes.iter().map(|own| own.attribute_id);
                for old in ids.filter_map(attribute_of).filter(|attribute| attribute.deprecated) {
                    let detail = format!("{} ({}) is deprecated.", old.name, old.id);
                    let at = format!("{at}/features/{k}/attributes");
                    warnings.push(Warning::new(at, "DEPRECATED_ATTRIBUTE", detail));
                }
            }
        }
        warnings
    }
}

impl ItemProduct {
    /// Notes what the features that are sold still lack.
    fn lacks(&self, at: &str, product: &Product, faults: &mut Faults) {
        for (of_product, specified) in self.sold(product) {
            let feature = of_product.feature_id.map(|id| id.to_string()).unwrap_or_default();
            let mut lacks = |what: String| {
                faults.add(at, Code::ValidationFailed, format!("feature {feature}: {what}"));
            };
            let specified_model = specified.and_then(|own| own.license_model_id);
            let model = of_product.license_model_id.or(specified_model).and_then(license_model);
            if model.is_none() {
                lacks("it has no license model".to_owned());
            }
            // How many instances is asked for only where concurrency is enabled.
            let open = of_product.attributes.iter().filter(|own| own.saot);
            let wanted = |id: &u64| {
                *id != CONCURRENT_INSTANCES && model.is_none_or(|model| model.takes(*id))
            };
            for id in open.map(|own| own.attribute_id).filter(wanted) {
                if value(of_product, specified, id).is_none() {
                    let name = attribute_of(id).map(|own| own.name).unwrap_or_default();
                    lacks(format!("{name} ({id}) must be specified"));
                }
            }
            let enabled = value(of_product, specified, ENABLE_CONCURRENCY).and_then(truth);
            let enabled = enabled == Some(true);
            let instances = value(of_product, specified, CONCURRENT_INSTANCES).is_some();
            let asked = specified.is_some_and(|own| own.value(CONCURRENT_INSTANCES).is_some());
            if enabled && !instances || !enabled && asked {
                let pair = "concurrency needs ENABLE_CONCURRENCY TRUE and CONCURRENT_INSTANCES";
                lacks(pair.to_owned());
            }
        }
    }
}

/// What an attribute is: as specified, else as the product has it.
fn value<'a>(
    of_product: &'a ProductFeature,
    specified: Option<&'a ItemFeature>,
    id: u64,
) -> Option<&'a str> {
    specified.and_then(|own| own.value(id)).or_else(|| of_product.value(id))
}
