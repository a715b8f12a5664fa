//! Access: who calls, the tenant, API keys, sessions, roles, namespaces, the audit, and what every
//! client may ask without a key.
//!
//! Neighbours: the edge's table of routes. Guarantee: a secret is answered once and kept as a hash.

mod administrators;
mod audit;
mod keys;
mod namespaces;
mod open;
mod roles;
mod sessions;
mod tenant;

use std::sync::Arc;

use axum::Router;
use edge::http::routes::Function;
use edge::{Answer, App, Cx, Problem, Routes};
use serde_json::json;

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    Routes::of(Function::Access, app)
        .on("getMe", me)
        .on("createApiKey", keys::create)
        .on("listApiKeys", keys::list)
        .on("getApiKey", keys::show)
        .on("updateApiKey", keys::update)
        .on("rotateApiKey", keys::rotate)
        .on("revokeApiKey", keys::revoke)
        .on("createSession", sessions::create)
        .on("endSession", sessions::end)
        .on("createRole", roles::create)
        .on("listRoles", roles::list)
        .on("getRole", roles::show)
        .on("updateRole", roles::update)
        .on("deleteRole", roles::delete)
        .on("createNamespace", namespaces::create)
        .on("listNamespaces", namespaces::list)
        .on("getNamespace", namespaces::show)
        .on("renameNamespace", namespaces::rename)
        .on("deleteNamespace", namespaces::delete)
        .on("getTenant", tenant::show)
        .on("updateTenant", tenant::update)
        .on("listAudit", audit::list)
        .on("getHealth", open::health)
        .on("listStateMachines", open::state_machines)
        .on("getOpenApi", open::openapi)
        .on("getError", open::error)
        .router()
}

async fn me(cx: Cx) -> Result<Answer, Problem> {
    let caller = cx.caller()?;
    Answer::ok(&json!({
        "tenantId": caller.tenant,
        "key": caller.key,
        "role": {"id": caller.role.id, "name": caller.role.name, "enabled": caller.role.enabled},
        "permissions": caller.role.permissions,
    }))
}
