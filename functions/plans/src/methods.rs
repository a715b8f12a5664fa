//! `/v1/methods`: where requests go. The callback secret is shown once.

use domain::access::Act;
use domain::decision::Kind;
use domain::plan::method::{Method, MethodInfo, MethodInput};
use domain::rejection::{Code, Rejection};
use edge::secret::Secret;
use edge::{Answer, Cx, Problem};
use serde_json::json;

/// The egress rules, as far as an address shows by itself.
fn judge(cx: &Cx, input: &MethodInput) -> Result<(), Rejection> {
    if input.endpoint_url.is_empty() {
        return Ok(());
    }
    let refused = |why| Rejection::at("/endpointUrl", Code::EndpointRefused, why);
    cx.app.egress.judge(&input.endpoint_url).map(drop).map_err(refused)
}

pub(crate) async fn create(cx: Cx) -> Result<Answer, Problem> {
    let (cx, input) = (&cx, &cx.json::<MethodInput>()?);
    cx.decide(move |stamp| async move {
        let namespace = cx.namespace(input.namespace_id, Act::Add).await?;
        let secret = Secret::callback(&stamp.entropy);
        let place = edge::provider::secret_place(stamp.id(0));
        let sealed = cx.app.master()?.seal(&secret, &place, &stamp.entropy);
        let (method, decision) = Method::create(input, namespace, sealed, &stamp)?;
        judge(cx, input)?;
        let mut body = json!(method.info);
        body["callbackSecret"] = secret.whsec().into();
        let answer = Answer::created(&body, format!("/v1/methods/{}", method.info.id))?;
        Ok((answer.version(method.info.version).showing_once("callbackSecret"), decision))
    })
    .await
}

pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let (role, name) = (&cx.caller()?.role, cx.query.text("name"));
    let keep = |method: &MethodInfo| {
        role.may_in(method.namespace_id, Act::View)
            && name.is_none_or(|n| method.name.to_lowercase() == n.to_lowercase())
    };
    let page = cx.store().list(cx.tenant()?, Kind::Method, &cx.page()?, keep).await?;
    cx.list(&page)
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let method = cx.store().load_method(cx.tenant()?, cx.id("id")?).await?;
    cx.caller()?.may_in(method.info.namespace_id, Act::View, "method")?;
    cx.show(&method.info, method.info.version)
}

pub(crate) async fn update(cx: Cx) -> Result<Answer, Problem> {
    let (cx, id, input) = (&cx, cx.id("id")?, &cx.json::<MethodInput>()?);
    let tenant = cx.tenant()?;
    cx.decide(move |stamp| async move {
        let method = cx.store().load_method(tenant, id).await?;
        cx.caller()?.may_in(method.info.namespace_id, Act::Edit, "method")?;
        cx.if_match(method.info.version)?;
        let (method, decision) = method.update(input, &stamp)?;
        judge(cx, input)?;
        Ok((Answer::ok(&method.info)?.version(method.info.version), decision))
    })
    .await
}

pub(crate) async fn delete(cx: Cx) -> Result<Answer, Problem> {
    let (cx, id) = (&cx, cx.id("id")?);
    let tenant = cx.tenant()?;
    cx.decide(move |stamp| async move {
        let method = cx.store().load_method(tenant, id).await?;
        cx.caller()?.may_in(method.info.namespace_id, Act::Delete, "method")?;
        cx.if_match(method.info.version)?;
        Ok((Answer::deleted(), method.delete(tenant, &stamp)?))
    })
    .await
}
