//! The catalog: features, products, license models, custom attributes.
//!
//! Neighbours: the edge's table of routes; `domain::catalog` decides.

mod custom_attributes;
mod features;
mod licenses;
mod products;

use std::sync::Arc;

use axum::Router;
use edge::http::routes::Function;
use edge::{App, Routes};

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    Routes::of(Function::Catalog, app)
        .on("createFeature", features::create)
        .on("listFeatures", features::list)
        .on("getFeature", features::show)
        .on("updateFeature", features::update)
        .on("deleteFeature", features::delete)
        .on("listLicenseModels", licenses::models)
        .on("getLicenseModel", licenses::model)
        .on("listLicenseAttributes", licenses::attributes)
        .on("createCustomAttribute", custom_attributes::create)
        .on("listCustomAttributes", custom_attributes::list)
        .on("getCustomAttribute", custom_attributes::show)
        .on("updateCustomAttribute", custom_attributes::update)
        .on("deleteCustomAttribute", custom_attributes::delete)
        .on("createProduct", products::create)
        .on("listProducts", products::list)
        .on("getProduct", products::show)
        .on("completeProduct", products::complete)
        .on("retireProduct", products::retire)
        .on("updateProduct", products::update)
        .on("deleteProduct", products::delete)
        .router()
}
