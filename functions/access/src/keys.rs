//! `/v1/api-keys`.

use domain::access::keys::{ApiKeyInput, new_secret};
use domain::access::{Act, ApiKey, Area, keys::KeyInfo};
use domain::ids::Id;
use domain::limits::PAGE;
use domain::record::Kind;
use domain::rejection::{Code, Fault, Rejection};
use edge::{Answer, Cx, Problem};
use serde_json::json;
use store::StoreError;
use store::list::PageOf;

pub(crate) async fn create(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<ApiKeyInput>()?);
    let tenant = cx.tenant()?;
    cx.decide_on(body, move |input, stamp| async move {
        let Some(role_id) = input.role_id else {
            return Err(Rejection::at("/roleId", Code::ValidationFailed, "must be given").into());
        };
        let role = match cx.store().load_role(tenant, role_id).await {
            Err(StoreError::NotFound(_)) => {
                return Err(Rejection::from(Fault::unknown("/roleId", "Role", role_id)).into());
            }
            other => other?,
        };
        let secret = new_secret(&stamp.entropy);
        let (key, decision) = ApiKey::create(input, tenant, &role, &secret, &stamp)?;
        let mut body = json!(key.info);
        body["secret"] = secret.into();
        let answer = Answer::created(&body, format!("/v1/api-keys/{}", key.info.id))?;
        Ok((answer.version(key.info.version).showing_once("secret"), decision))
    })
    .await
}

pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let page =
        cx.store().list::<KeyInfo>(cx.tenant()?, Kind::ApiKey, &cx.page()?, |_| true).await?;
    cx.list(&page)
}

pub(crate) async fn revoke(cx: Cx) -> Result<Answer, Problem> {
    let (cx, id) = (&cx, cx.id("id")?);
    let tenant = cx.tenant()?;
    cx.decide(move |stamp| async move {
        let key = cx.store().load_api_key(tenant, id).await?;
        cx.if_match(key.info.version)?;
        let role = cx.store().load_role(tenant, key.info.role_id).await?;
        let administers = role.may(Area::Admin, Act::Edit);
        let other =
            if administers { other_administrator(cx, tenant, &key.info).await? } else { None };
        Ok((Answer::deleted(), key.revoke(administers, other, &stamp)?))
    })
    .await
}

/// Another living key that may administer the tenant, and lasts as long as this one.
async fn other_administrator(
    cx: &Cx,
    tenant: Id,
    one: &KeyInfo,
) -> Result<Option<ApiKey>, Problem> {
    let now = cx.app.clock.now();
    let mut page = PageOf { limit: PAGE.1, ..PageOf::default() };
    loop {
        let lasting = |key: &KeyInfo| key.is_live(now) && key.lasts_as_long_as(one);
        let others = |key: &KeyInfo| key.id != one.id && lasting(key);
        let found = cx.store().list::<KeyInfo>(tenant, Kind::ApiKey, &page, others).await?;
        for info in found.rows {
            // The list may be late: the row itself counts.
            let key = cx.store().load_api_key(tenant, info.id).await?;
            let role = cx.store().load_role(tenant, key.info.role_id).await?;
            if lasting(&key.info) && role.may(Area::Admin, Act::Edit) {
                return Ok(Some(key));
            }
        }
        page.after = found.next;
        if page.after.is_none() {
            return Ok(None);
        }
    }
}
