//! `/v1/api-keys`: made, listed, shown, changed, rotated, revoked. A secret is shown once.

use domain::access::keys::{ApiKeyInput, ApiKeyPatch, KeyInfo};
use domain::access::secrets::{KEY, new_secret};
use domain::access::{ApiKey, Bound, Role};
use domain::customer::Customer;
use domain::decision::Decision;
use domain::ids::Id;
use domain::plan::door::RotateInput;
use domain::record::Kind;
use domain::rejection::{Code, Fault, Rejection};
use edge::{Answer, Cx, Problem};
use serde_json::json;

use crate::administrators::another;

/// The role that a body names, if the caller may give it.
async fn role(cx: &Cx, id: Id) -> Result<Role, Problem> {
    let unknown = || Rejection::from(Fault::unknown("/roleId", "Role", id));
    let role = store::present(cx.store().load_role(cx.tenant()?, id).await)?;
    let role = role.ok_or_else(unknown)?;
    cx.caller()?.role.may_give(&role.permissions)?;
    Ok(role)
}

/// The customer or partner whose key it is to be.
async fn owner(cx: &Cx, bound: Option<Bound>) -> Result<Option<Customer>, Problem> {
    let Some(bound) = bound else { return Ok(None) };
    let (kind, at, what) = match bound {
        Bound::Customer(_) => (Kind::Customer, "/customerId", "Customer"),
        Bound::Partner(_) => (Kind::Partner, "/partnerId", "Partner"),
    };
    let found = cx.store().find_customers(cx.tenant()?, &[bound.id()]).await?;
    let found = found.into_values().find(|customer| customer.kind() == kind);
    let unknown = || Rejection::from(Fault::unknown(at, what, bound.id()));
    Ok(Some(found.ok_or_else(unknown)?))
}

/// The key with its secret, which is shown this once.
fn with_secret(key: &ApiKey, secret: String) -> serde_json::Value {
    let mut body = json!(key.info);
    body["secret"] = secret.into();
    body
}

pub(crate) async fn create(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<ApiKeyInput>()?);
    let tenant = cx.tenant()?;
    cx.decide_on(body, move |input, stamp| async move {
        let Some(role_id) = input.role_id else {
            return Err(Rejection::at("/roleId", Code::ValidationFailed, "must be given").into());
        };
        let role = role(cx, role_id).await?;
        let owner = owner(cx, input.bound()?).await?;
        let secret = new_secret(KEY, &stamp.entropy);
        let (key, decision) = ApiKey::create(input, tenant, &role, &secret, &stamp)?;
        // The role is written too, so that an act on it at the same moment cannot miss the key.
        let decision = owner.into_iter().fold(decision.save(role), Decision::refer);
        let at = format!("/v1/api-keys/{}", key.info.id);
        let answer = Answer::created(&with_secret(&key, secret), at)?;
        Ok((answer.version(key.info.version).showing_once("secret"), decision))
    })
    .await
}

pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let role: Option<Id> = cx.query.get("roleId")?;
    let keep = |key: &KeyInfo| role.is_none_or(|role| key.role_id == role);
    let page = cx.store().list::<KeyInfo>(cx.tenant()?, Kind::ApiKey, &cx.page()?, keep).await?;
    cx.list(&page)
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let key = cx.store().load_api_key(cx.tenant()?, cx.id("id")?).await?;
    cx.show(&key.info, key.info.version)
}

pub(crate) async fn update(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<ApiKeyPatch>()?);
    let (tenant, id) = (cx.tenant()?, cx.id("id")?);
    cx.decide_on(body, move |patch, stamp| async move {
        let key = cx.store().load_api_key(tenant, id).await?;
        cx.if_match(key.info.version)?;
        let next_role = role(cx, patch.role_id.unwrap_or(key.info.role_id)).await?;
        let before = store::present(cx.store().load_role(tenant, key.info.role_id).await)?;
        // An expired key does not keep its role.
        let before = before.unwrap_or_else(|| next_role.clone());
        // Otherwise a caller could weaken a stronger key, rotate it, and wait until it is mended.
        cx.caller()?.role.may_give(&before.permissions)?;
        let lasts = key.info.administers(&before, stamp.now);
        let other = another(cx, lasts, |other| other.id != id).await?;
        let (key, decision) = key.update(patch, (&before, &next_role), other, &stamp)?;
        Ok((Answer::ok(&key.info)?.version(key.info.version), decision))
    })
    .await
}

pub(crate) async fn rotate(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<RotateInput>()?);
    let (tenant, id) = (cx.tenant()?, cx.id("id")?);
    cx.decide_on(body, move |input, stamp| async move {
        let key = cx.store().load_api_key(tenant, id).await?;
        cx.if_match(key.info.version)?;
        // The caller is shown its secret, and could act as it.
        let role = cx.store().load_role(tenant, key.info.role_id).await?;
        cx.caller()?.role.may_give(&role.permissions)?;
        let secret = new_secret(KEY, &stamp.entropy);
        let (key, decision) = key.rotate(input, &secret, &stamp)?;
        let answer = Answer::ok(&with_secret(&key, secret))?;
        Ok((answer.version(key.info.version).showing_once("secret"), decision))
    })
    .await
}

pub(crate) async fn revoke(cx: Cx) -> Result<Answer, Problem> {
    let (cx, id) = (&cx, cx.id("id")?);
    let tenant = cx.tenant()?;
    cx.decide(move |stamp| async move {
        let key = cx.store().load_api_key(tenant, id).await?;
        cx.if_match(key.info.version)?;
        let role = store::present(cx.store().load_role(tenant, key.info.role_id).await)?;
        let lasts = role.as_ref().and_then(|role| key.info.administers(role, stamp.now));
        let other = another(cx, lasts, |other| other.id != id).await?;
        Ok((Answer::deleted(), key.revoke(lasts, other, &stamp)?))
    })
    .await
}
