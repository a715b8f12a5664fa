//! The caller: the API key of `Authorization: Bearer`, its tenant and role.
//!
//! Neighbours: `context` asks before a handler sees the call.

use axum::http::{HeaderMap, header};
use domain::access::keys::KeyInfo;
use domain::access::secrets::StandIn;
use domain::access::{Act, Needs, Role, Tenant};
use domain::ids::{Id, sha256_hex};
use domain::rejection::{Code, Rejection};
use domain::stamp::Actor;
use store::Extra;
use store::catalog::Opened;

use crate::app::App;
use crate::http::problem::Problem;
use crate::loss::accept_loss;

/// A caller that is known.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The tenant's id.
    pub tenant: Id,
    /// The tenant as it was when the call came.
    pub vendor: Tenant,
    /// The key.
    pub key: KeyInfo,
    /// Its role.
    pub role: Role,
    /// SHA-256 of the secret that was sent.
    pub hash: String,
    /// The session whose secret that is; none: it is the key's.
    pub session: Option<StandIn>,
}

impl Caller {
    /// The actor of what this caller does.
    pub const fn actor(&self) -> Actor {
        Actor::Key(self.key.id)
    }

    /// Whether the caller may act on what all namespaces share.
    ///
    /// # Errors
    /// 403.
    pub fn may_everywhere(&self, act: Act) -> Result<(), Rejection> {
        let may = self.role.may_everywhere(act);
        may.then_some(()).ok_or_else(|| forbidden(&format!("catalog.{act} in every namespace")))
    }

    /// Whether the caller may act on the catalog of this namespace.
    ///
    /// # Errors
    /// 404 when it may not even see it, else 403.
    pub fn may_in(&self, namespace: Id, act: Act, what: &str) -> Result<(), Rejection> {
        if self.role.may_in(namespace, act) {
            return Ok(());
        }
        if !self.role.may_in(namespace, Act::View) {
            return Err(Rejection::not_found(what));
        }
        Err(forbidden(&format!("catalog.{act} in namespace {namespace}")))
    }
}

/// The caller of a call whose route has these needs.
///
/// # Errors
/// 401 without a valid key, 403 without the permission or while the tenant is suspended.
pub async fn caller(app: &App, secret: Option<&str>, needs: Needs) -> Result<Caller, Problem> {
    let secret = secret.ok_or_else(unauthenticated)?;
    let (hash, now) = (sha256_hex(secret.as_bytes()), app.clock.now());
    let opened = app.store.find_opened(&hash, now).await?;
    let opened = opened.filter(|opened| opened.key.is_live(now)).ok_or_else(unauthenticated)?;
    let Opened { key, session } = opened;
    if let Some(used) = key.used(now) {
        let noted = app.store.commit(key.tenant, &used, &Extra::default()).await;
        accept_loss(noted, "the next call notes the day");
    }
    let (role, vendor) = app.store.find_role_in(key.tenant, key.info.role_id).await?;
    let role = role.ok_or_else(unauthenticated)?;
    if vendor.info.suspended_date.is_some() {
        return Err(Rejection::of(Code::TenantSuspended).into());
    }
    let role = if key.info.is_bound() { role.of_bound_key() } else { role };
    if !role.meets(needs) {
        let wanted = match needs {
            Needs::OneOf(list) => words(list, " or "),
            Needs::AllOf(list) => words(list, " and "),
            _ => String::new(),
        };
        return Err(forbidden(&wanted).into());
    }
    Ok(Caller { tenant: key.tenant, vendor, key: key.info, role, hash, session })
}

fn words(list: &[(domain::access::Area, Act)], joint: &str) -> String {
    let each = list.iter().map(|(area, act)| format!("{area}.{act}"));
    each.collect::<Vec<_>>().join(joint)
}

/// The key that a call was sent with.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn unauthenticated() -> Rejection {
    Rejection::of(Code::Unauthenticated)
}

fn forbidden(wanted: &str) -> Rejection {
    Rejection::new(Code::Forbidden, format!("The key's role lacks {wanted}."))
}
