//! Provisioning requests: list, show, Update Status, retry, cancel, comments (source 000).
//!
//! Neighbours: the edge's table of routes; `domain::request` decides.

mod act;
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
        .on("retryRequest", act::retry)
        .on("cancelRequest", act::cancel)
        .router()
}
