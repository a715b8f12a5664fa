//! The roles, the namespace and the first key of a tenant: nobody can call before they exist.
//!
//! Neighbours: local mode at its first start; on AWS the operator invokes its Lambda, which no
//! route leads to. Guarantee: repeated, it makes a further key, and what the tenant lacks by then.

pub mod tenants;

use std::sync::Arc;

use domain::access::built_in::{BUILT_IN, BuiltIn};
use domain::access::keys::ApiKeyInput;
use domain::access::namespace::{DEFAULT_NAMESPACE, NamespaceInput};
use domain::access::secrets::{KEY, new_secret};
use domain::access::{ApiKey, Namespace, Role};
use domain::decision::{Change, Decision};
use domain::ids::{Id, Purpose};
use domain::limits::MIGRATE_CALL;
use domain::record::Kind;
use domain::stamp::{Actor, Stamp};
use domain::time::Time;
use edge::app::Undone;
use edge::{App, Problem, doctor, mark, rotation};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::{Value, json};
use store::migrate::Migration;
use store::phase::Phase;
use store::{Extra, StoreError};

/// The event that the operator sends; what is misspelt is refused, and makes no key.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Asked {
    /// Look whether all is well, and make nothing.
    check: bool,
    /// Bring rows of before to the present form, for some seconds; the next call goes on.
    migrate: bool,
    /// Make a tenant of this name.
    tenant: Option<String>,
    /// List the tenants.
    tenants: bool,
    /// Suspend this tenant.
    suspend: Option<Id>,
    /// End the suspension of this tenant.
    resume: Option<Id>,
    /// Make a new master key; or say how far the last one is.
    rotate_master: bool,
    /// Forget the master key of this number, which nothing is sealed with.
    forget_master: Option<u32>,
    /// The operator's own clock, to be compared.
    now: Option<Time>,
}

/// The handler that Lambda calls.
///
/// # Errors
/// When there is no master key, or another one than the data's; when the store is not available.
pub async fn on_event(app: Arc<App>, asked: Option<Asked>) -> Result<Value, Error> {
    let asked = asked.unwrap_or_default();
    if asked.acts() > 1 {
        return Err("ask for one thing at a time".into());
    }
    if asked.check {
        let findings = doctor::examine(&app, asked.now).await;
        let fine = findings.iter().all(|finding| finding.fine);
        return Ok(json!({"fine": fine, "findings": findings}));
    }
    let master = app.master().map_err(|error| error.to_string())?;
    mark::compare_or_mark(&*app.store, master).await?;
    if asked.migrate {
        complete(&app).await.map_err(|problem| problem.to_string())?;
        let Migration { rows, found, changed, unreadable, done, .. } = migrate(&app).await?;
        let changed = changed + found;
        return Ok(json!({
            "done": done, "rows": rows, "changed": changed, "unreadable": unreadable,
        }));
    }
    let done = if let Some(name) = &asked.tenant {
        tenants::create(&app, name).await
    } else if asked.tenants {
        tenants::list(&app).await
    } else if let Some((id, suspended)) = asked.suspension() {
        tenants::suspend(&app, id, suspended).await
    } else if asked.rotate_master {
        rotation::rotate(&app).await.map(|so_far| json!(so_far))
    } else if let Some(number) = asked.forget_master {
        rotation::forget(&app, number).await.map(|()| json!({"forgotten": number}))
    } else {
        let made = administrator(&app, Id::FIRST_TENANT).await;
        made.map(|api_key| json!({"tenantId": Id::FIRST_TENANT, "apiKey": api_key}))
    };
    Ok(done.map_err(|problem| problem.to_string())?)
}

impl Asked {
    /// How many things are asked for.
    fn acts(&self) -> usize {
        let Self { check, migrate, tenants, rotate_master, .. } = self;
        let named = [
            self.tenant.is_some(),
            self.suspend.is_some(),
            self.resume.is_some(),
            self.forget_master.is_some(),
        ];
        let acts = [*check, *migrate, *tenants, *rotate_master].into_iter().chain(named);
        acts.filter(|asked| *asked).count()
    }

    /// The tenant whose suspension begins or ends.
    fn suspension(&self) -> Option<(Id, bool)> {
        let begins = self.suspend.map(|id| (id, true));
        begins.or(self.resume.map(|id| (id, false)))
    }
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
        let (role, mut changes) = lacking(app, tenant, true, &stamp).await?;
        changes.extend(listed(app, tenant, &stamp).await?);
        let (secret, key) = first_key(app, tenant, &role, &stamp)?;
        changes.extend(key);
        commit(app, tenant, changes, &stamp).await?;
        Ok(secret)
    })
    .await
}

/// A key in the administrator's role: its secret, and the change that makes it.
fn first_key(
    app: &App,
    tenant: Id,
    role: &Role,
    stamp: &Stamp,
) -> Result<(String, Vec<Change>), Problem> {
    let secret = new_secret(KEY, &app.ids.entropy());
    let name = BuiltIn::administrator().name.to_owned();
    let input = ApiKeyInput { name, ..ApiKeyInput::default() };
    let by = part(stamp, Purpose::Administrator);
    let (_, made) = ApiKey::create(&input, tenant, role, &secret, &by)?;
    Ok((secret, made.changes))
}

/// The row of a tenant that has none: 0.1.0 made one only when its settings were changed.
async fn listed(app: &App, tenant: Id, stamp: &Stamp) -> Result<Vec<Change>, Problem> {
    let begun = app.store.load_tenant(tenant).await?.begin(stamp);
    Ok(begun.map(|decision| decision.changes).unwrap_or_default())
}

/// Makes what every tenant has and those of before lack: the roles of later versions, their rows.
///
/// # Errors
/// When the store is not available.
pub async fn complete(app: &App) -> Result<(), Problem> {
    let tenants = app.store.list_tenants().await?.into_iter().map(|tenant| tenant.info.id);
    let others = tenants.filter(|id| *id != Id::FIRST_TENANT);
    for tenant in [Id::FIRST_TENANT].into_iter().chain(others) {
        complete_one(app, tenant).await?;
    }
    Ok(())
}

async fn complete_one(app: &App, tenant: Id) -> Result<(), Problem> {
    app.until_won(|_| async {
        let stamp = app.stamp(Actor::System);
        let (_, mut changes) = lacking(app, tenant, false, &stamp).await?;
        changes.extend(listed(app, tenant, &stamp).await?);
        commit(app, tenant, changes, &stamp).await
    })
    .await
}

async fn commit(
    app: &App,
    tenant: Id,
    changes: Vec<Change>,
    stamp: &Stamp,
) -> Result<(), Undone<Problem>> {
    let decision = Decision { changes, ..Decision::default() };
    match app.commit(tenant, decision, stamp, &Extra::default()).await {
        // Another one has made roles and namespace meanwhile.
        Err(StoreError::NameTaken { .. }) => Err(Undone::Race),
        other => Ok(other?),
    }
}

/// The administrator's role, and the changes by which a tenant gets what it lacks. `revive`: the
/// role is enabled, too.
async fn lacking(
    app: &App,
    tenant: Id,
    revive: bool,
    by: &Stamp,
) -> Result<(Role, Vec<Change>), Problem> {
    let (mut roles, mut changes) = (Vec::new(), Vec::new());
    let ids = part(by, Purpose::Role);
    for (built_in, n) in BUILT_IN.iter().zip(0..) {
        let known = app.store.find_named(tenant, Kind::Role, "name", built_in.name).await?;
        let (role, decision) = match known.first() {
            Some(id) => {
                let role = app.store.load_role(tenant, *id).await?;
                built_in.renew(role, revive && n == 0, by)
            }
            None => built_in.create(ids.id(n), by),
        };
        roles.push(role);
        changes.extend(decision.changes);
    }
    let (kind, name) = (Kind::Namespace, DEFAULT_NAMESPACE);
    if app.store.find_named(tenant, kind, "name", name).await?.is_empty() {
        let input = NamespaceInput { name: name.to_owned() };
        let (_, made) = Namespace::create(&input, true, &part(by, Purpose::Namespace))?;
        changes.extend(made.changes);
    }
    Ok((roles.swap_remove(0), changes))
}

/// The same stamp, for a part that makes ids of its own.
fn part(by: &Stamp, purpose: Purpose) -> Stamp {
    Stamp { entropy: by.entropy.part(purpose), ..*by }
}
