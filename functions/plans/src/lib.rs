//! Plans, methods, and which product uses which.
//!
//! Neighbours: the edge's table of routes; `domain::plan` decides.

mod associations;
mod methods;
mod ping;
mod plans;
mod rehearsal;
mod trial;
mod used;
mod versions;

use std::sync::Arc;

use axum::Router;
use edge::http::routes::Function;
use edge::{App, Routes};

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    Routes::of(Function::Plans, app)
        .on("createPlan", plans::create)
        .on("listPlans", plans::list)
        .on("getDocumentShape", plans::document_shape)
        .on("getPlan", plans::show)
        .on("updatePlan", plans::update)
        .on("deletePlan", plans::delete)
        .on("copyPlan", plans::copy)
        .on("getDefinition", plans::definition)
        .on("listPlanVersions", versions::list)
        .on("getPlanVersion", versions::show)
        .on("lintPlan", trial::lint)
        .on("previewPlan", trial::preview)
        .on("rehearsePlan", rehearsal::rehearse)
        .on("createMethod", methods::create)
        .on("listMethods", methods::list)
        .on("getMethod", methods::show)
        .on("updateMethod", methods::update)
        .on("deleteMethod", methods::delete)
        .on("copyMethod", methods::copy)
        .on("rotateSecret", methods::rotate)
        .on("testMethod", ping::test)
        .on("enableMethod", methods::enable)
        .on("disableMethod", methods::disable)
        .on("putAssociation", associations::put)
        .on("getAssociation", associations::show)
        .on("deleteAssociation", associations::delete)
        .on("listAssociations", associations::list)
        .router()
}
