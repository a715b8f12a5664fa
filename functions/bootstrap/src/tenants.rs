//! Tenants, for whoever runs the service: made, listed, suspended.
//!
//! Neighbours: the bootstrap function's events, and local mode's operator routes.

use domain::access::Tenant;
use domain::ids::{Id, Purpose};
use domain::plan::door::Sealed;
use domain::rejection::Rejection;
use domain::stamp::{Actor, Stamp};
use edge::secret::{Secret, key_secret_place};
use edge::{App, Problem, rotation};
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
        let by = part(&stamp, Purpose::Tenant);
        let key_secret = key_secret(app, &by).await?;
        let (tenant, decision) = Tenant::create(name, key_secret, &by).map_err(Problem::from)?;
        let id = tenant.info.id;
        let (role, mut changes) = lacking(app, id, false, &stamp).await?;
        changes.extend(decision.changes);
        let (secret, key) = first_key(app, id, &role, &stamp)?;
        changes.extend(key);
        commit(app, id, changes, &stamp).await?;
        let mut told = line(&tenant);
        told["apiKey"] = secret.into();
        Ok(told)
    })
    .await
}

/// The secret of a new tenant's eIds and product keys, sealed.
async fn key_secret(app: &App, by: &Stamp) -> Result<Sealed, Problem> {
    let secret = Secret::of_bytes(by.entropy.bytes(Purpose::KeySecret));
    let (number, place) = (rotation::sealing(app).await?, key_secret_place(by.id(0)));
    Ok(app.seal(number, &secret, &place, &by.entropy).await?)
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
    let tenant = &tenant.info;
    json!({"tenantId": tenant.id, "name": tenant.name, "suspendedDate": tenant.suspended_date,
        "createdDate": tenant.meta.created_date})
}
