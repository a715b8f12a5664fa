//! Entitlements and product keys.
//!
//! Neighbours: the edge's table of routes; `domain::entitlement` decides.

mod entitlements;
pub mod ldk;
mod product_keys;
mod surroundings;

use std::sync::Arc;

use axum::Router;
use edge::http::routes::Function;
use edge::{App, Routes};

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    Routes::of(Function::Entitlements, app)
        .on("createEntitlement", entitlements::create)
        .on("listEntitlements", entitlements::list)
        .on("getEntitlement", entitlements::show)
        .on("updateEntitlement", entitlements::update)
        .on("deleteEntitlement", entitlements::delete)
        .on("actOnEntitlement", entitlements::act)
        .on("listProductKeys", product_keys::list)
        .on("getProductKey", product_keys::show)
        .on("updateProductKey", product_keys::update)
        .on("actOnProductKey", product_keys::act)
        .on("putEntitlementXml", ldk::put)
        .on("updateEntitlementXml", ldk::post)
        .on("getEntitlementXml", ldk::get)
        .on("getEntitlementSchema", ldk::schema)
        .router()
}
