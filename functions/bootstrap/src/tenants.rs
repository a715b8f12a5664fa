//! Tenants, for whoever runs the service: made, listed, suspended.
//!
//! Neighbours: the bootstrap function's events, and local mode's operator routes.

use domain::access::Tenant;
use domain::ids::{Id, Purpose};
use domain::rejection::Rejection;
use domain::stamp::Actor;
use edge::{App, Problem};
use serde_json::{Value, json};
use store::Extra;

use crate::{commit, first_key, lacking, part};

/// Makes a tenant with roles, namespace and an administrator's key, whose secret is shown once.
///
/// # Errors
/// The name's faults; when the store is not available.
pub async fn create(app: &App, name: &str) -> Result<Value, Problem> {
    app.until_won(|_| async {
        let stamp = app.stamp(Actor::System);
        let made = Tenant::create(name, &part(&stamp, Purpose::Tenant)).map_err(Problem::from)?;
        let (tenant, decision) = made;
        let (role, mut changes) = lacking(app, tenant.id, false, &stamp).await?;
        changes.extend(decision.changes);
        let (secret, key) = first_key(app, tenant.id, &role, &stamp)?;
        changes.extend(key);
        commit(app, tenant.id, changes, &stamp).await?;
        let mut told = line(&tenant);
        told["apiKey"] = secret.into();
        Ok(told)
    })
    .await
}

/// All tenants, oldest first.
///
/// # Errors
/// When the store is not available.
pub async fn list(app: &App) -> Result<Value, Problem> {
    let tenants = app.store.list_tenants().await?;
    Ok(json!({"data": tenants.iter().map(line).collect::<Vec<_>>()}))
}

/// Suspends a tenant, or ends that.
///
/// # Errors
/// `NOT_FOUND`; when the store is not available.
pub async fn suspend(app: &App, id: Id, suspended: bool) -> Result<Value, Problem> {
    app.until_won(|_| async {
        let stamp = app.stamp(Actor::System);
        let tenant = app.store.load_tenant(id).await?;
        if tenant.rev.number() == 0 {
            return Err(Problem::from(Rejection::not_found("tenant")).into());
        }
        let (tenant, decision) = tenant.suspend(suspended, &stamp);
        app.store.commit(id, &decision, &Extra::default()).await?;
        app.tenants.forget();
        Ok(line(&tenant))
    })
    .await
}

fn line(tenant: &Tenant) -> Value {
    json!({"tenantId": tenant.id, "name": tenant.name, "suspendedDate": tenant.suspended_date,
        "createdDate": tenant.meta.created_date})
}
