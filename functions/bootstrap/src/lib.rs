//! The first role, namespace and key of a tenant: nobody can call before they exist.
//!
//! Neighbours: local mode at its first start; on AWS the operator invokes its Lambda, which no
//! route leads to. Guarantee: repeated, it makes a further key and nothing else.

use std::sync::Arc;

use domain::access::keys::{ApiKeyInput, new_secret};
use domain::access::namespace::{DEFAULT_NAMESPACE, NamespaceInput};
use domain::access::role::ADMINISTRATOR;
use domain::access::{ApiKey, Namespace, Role};
use domain::decision::Decision;
use domain::ids::{Id, Purpose};
use domain::limits::MIGRATE_CALL;
use domain::record::Kind;
use domain::stamp::{Actor, Stamp};
use domain::time::Time;
use edge::app::Undone;
use edge::{App, Problem, doctor, mark};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::{Value, json};
use store::migrate::Migration;
use store::phase::Phase;
use store::{Extra, StoreError};

/// The event that the operator sends.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Look whether all is well, and make nothing.
    check: bool,
    /// Bring rows of 0.1.0 to the present form, for some seconds; the next call goes on.
    migrate: bool,
    /// The operator's own clock, to be compared.
    now: Option<Time>,
}

/// The handler that Lambda calls.
///
/// # Errors
/// When there is no master key, or another one than the data's; when the store is not available.
pub async fn on_event(app: Arc<App>, asked: Option<Asked>) -> Result<Value, Error> {
    let asked = asked.unwrap_or_default();
    if asked.check {
        let findings = doctor::examine(&app, asked.now).await;
        let fine = findings.iter().all(|finding| finding.fine);
        return Ok(json!({"fine": fine, "findings": findings}));
    }
    let master = app.master().map_err(|error| error.to_string())?;
    mark::compare_or_mark(&*app.store, master).await?;
    if asked.migrate {
        let Migration { rows, found, changed, unreadable, done, .. } = migrate(&app).await?;
        let changed = changed + found;
        return Ok(json!({
            "done": done, "rows": rows, "changed": changed, "unreadable": unreadable,
        }));
    }
    let made = administrator(&app, Id::FIRST_TENANT).await;
    let api_key = made.map_err(|problem| problem.to_string())?;
    Ok(json!({"tenantId": Id::FIRST_TENANT, "apiKey": api_key}))
}

/// Migrates for some seconds, and says how far it is.
///
/// # Errors
/// While functions of 0.1.0 may run, which could not read what is written; when the store is not
/// available.
async fn migrate(app: &App) -> Result<Migration, Error> {
    if app.store.phase() == Phase::First {
        return Err("deploy with Indexes=BOTH first: functions of 0.1.0 may still run".into());
    }
    let end = app.clock.now().after(MIGRATE_CALL);
    loop {
        let migrated = app.store.migrate().await?;
        if migrated.done || app.clock.now() >= end {
            return Ok(migrated);
        }
    }
}

/// An administrator's key for a tenant: its secret, shown once. Another call replaces a lost one.
///
/// # Errors
/// When the store is not available.
pub async fn administrator(app: &App, tenant: Id) -> Result<String, Problem> {
    app.until_won(|_| async {
        let stamp = app.stamp(Actor::System);
        let (secret, decision) = decide(app, tenant, &stamp).await?;
        match app.commit(tenant, decision, &stamp, &Extra::default()).await {
            // Another one has made the role and the namespace meanwhile.
            Err(StoreError::NameTaken { .. }) => Err(Undone::Race),
            other => Ok(other.map(|()| secret)?),
        }
    })
    .await
}

async fn decide(app: &App, tenant: Id, by: &Stamp) -> Result<(String, Decision), Problem> {
    let stamp = |purpose| Stamp { entropy: by.entropy.part(purpose), ..*by };
    let mut changes = Vec::new();
    let known = app.store.find_named(tenant, Kind::Role, "name", ADMINISTRATOR).await?;
    let role = if let Some(id) = known.first() {
        app.store.load_role(tenant, *id).await?
    } else {
        let input = NamespaceInput { name: DEFAULT_NAMESPACE.to_owned() };
        let (_, namespace) = Namespace::create(&input, true, &stamp(Purpose::Namespace))?;
        let (role, made_role) = Role::create(&Role::administrator(), &stamp(Purpose::Role))?;
        changes.extend(namespace.changes.into_iter().chain(made_role.changes));
        role
    };
    let secret = new_secret(&app.ids.entropy());
    let input = ApiKeyInput { name: ADMINISTRATOR.to_owned(), ..ApiKeyInput::default() };
    let (_, key) = ApiKey::create(&input, tenant, &role, &secret, &stamp(Purpose::Administrator))?;
    changes.extend(key.changes);
    Ok((secret, Decision { changes, ..Decision::default() }))
}
