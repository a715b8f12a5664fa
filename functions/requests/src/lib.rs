//! Provisioning requests: list, show, explain, Update Status, retry, cancel, comments (source 000),
//! and as CRM.COM shows them (source 003).
//!
//! Neighbours: the edge's table of routes; `domain::request` decides.

mod act;
mod crm;
mod explain;
mod list;
mod show;

use std::sync::Arc;

use axum::Router;
use edge::http::routes::Function;
use edge::{App, Routes};

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    Routes::of(Function::Requests, app)
        .on("listRequests", list::list)
        .on("getRequest", show::show)
        .on("commentRequest", act::comment)
        .on("listAttempts", show::attempts)
        .on("updateStatus", act::update_status)
        .on("explainRequest", explain::explain)
        .on("showCrmRequest", crm::show)
        .on("retryRequests", act::retry_many)
        .on("retryRequest", act::retry)
        .on("cancelRequest", act::cancel)
        .router()
}
