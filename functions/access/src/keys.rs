//! `/v1/api-keys`.

use domain::access::keys::{ApiKeyInput, new_secret};
use domain::access::{ApiKey, keys::KeyInfo};
use domain::decision::Kind;
use domain::rejection::{Code, Fault, Rejection};
use edge::{Answer, Cx, Problem};
use serde_json::json;
use store::StoreError;

pub(crate) async fn create(cx: Cx) -> Result<Answer, Problem> {
    let (cx, input) = (&cx, &cx.json::<ApiKeyInput>()?);
    let tenant = cx.tenant()?;
    cx.decide(move |stamp| async move {
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
    let page = cx.store().list::<KeyInfo>(cx.tenant()?, Kind::Key, &cx.page()?, |_| true).await?;
    cx.list(&page)
}

pub(crate) async fn revoke(cx: Cx) -> Result<Answer, Problem> {
    let (cx, id) = (&cx, cx.id("id")?);
    let tenant = cx.tenant()?;
    cx.decide(move |stamp| async move {
        let key = cx.store().load_api_key(tenant, id).await?;
        cx.if_match(key.info.version)?;
        Ok((Answer::deleted(), key.revoke(&stamp)))
    })
    .await
}
