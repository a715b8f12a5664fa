//! `/v1/methods`: where requests go. A callback secret is shown once, a credential never.

use domain::access::Act;
use domain::ids::Id;
use domain::plan::association::USED_METHOD;
use domain::plan::door::{RotateInput, Sealed};
use domain::plan::method::{Method, MethodInfo, MethodInput, Seals};
use domain::record::Kind;
use domain::rejection::{Code, Faults, Rejection};
use domain::stamp::Stamp;
use edge::provider::{credential_place, secret_place};
use edge::secret::Secret;
use edge::{Answer, Cx, Problem};
use serde_json::json;

use crate::used;

/// A method that the caller may act on.
pub(crate) async fn load(cx: &Cx, act: Act) -> Result<Method, Problem> {
    let method = cx.store().load_method(cx.tenant()?, cx.id("id")?).await?;
    cx.caller()?.may_in(method.info.namespace_id, act, "method")?;
    Ok(method)
}

/// The egress rules, as far as addresses show by themselves.
fn judge(cx: &Cx, input: &MethodInput) -> Result<(), Rejection> {
    let mut faults = Faults::default();
    let token_url = input.auth_profile.token_url.as_deref().unwrap_or_default();
    let urls = [("/endpointUrl", &*input.endpoint_url), ("/authProfile/tokenUrl", token_url)];
    for (at, url) in urls.into_iter().filter(|(_, url)| !url.is_empty()) {
        let judged = cx.app.egress.judge(url);
        faults.take(at, judged.map_err(|why| (Code::EndpointRefused, why)));
    }
    faults.finish()
}

/// A new callback secret, and the same sealed for a method.
async fn callback_secret(cx: &Cx, method: Id, stamp: &Stamp) -> Result<(Secret, Sealed), Problem> {
    let secret = Secret::callback(&stamp.entropy);
    let sealed = cx.seal(&secret, &secret_place(method), stamp).await?;
    Ok((secret, sealed))
}

/// The secret of an authentication profile, sealed for a method.
async fn credential(
    cx: &Cx,
    method: Id,
    secret: Option<&Secret>,
    stamp: &Stamp,
) -> Result<Option<Sealed>, Problem> {
    let Some(secret) = secret else { return Ok(None) };
    Ok(Some(cx.seal(secret, &credential_place(method), stamp).await?))
}

/// The method with its new callback secret, which is shown this once.
fn with_secret(answer: Answer, method: &Method) -> Answer {
    answer.version(method.info.version).showing_once("callbackSecret")
}

fn shown_once(method: &Method, secret: &Secret) -> serde_json::Value {
    let mut body = json!(method.info);
    body["callbackSecret"] = secret.whsec().into();
    body
}

pub(crate) async fn create(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<MethodInput>()?);
    cx.decide_on(body, move |input, stamp| async move {
        let namespace = cx.namespace(input.namespace_id, Act::Add).await?;
        let id = stamp.id(0);
        let (secret, callback) = callback_secret(cx, id, &stamp).await?;
        let given = input.auth_profile.secret().map(Secret::of_text);
        let seals =
            Seals { callback, credential: credential(cx, id, given.as_ref(), &stamp).await? };
        let (method, decision) = Method::create(input, namespace, seals, &stamp)?;
        judge(cx, input)?;
        let location = format!("/v1/methods/{}", method.info.id);
        let answer = Answer::created(&shown_once(&method, &secret), location)?;
        Ok((with_secret(answer, &method), decision))
    })
    .await
}

/// The filter `name` reads an exact key, so it is always complete.
pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let (tenant, role) = (cx.tenant()?, &cx.caller()?.role);
    let keep = |method: &MethodInfo| role.may_in(method.namespace_id, Act::View);
    let store = cx.store();
    let find = |ids: Vec<Id>| async move {
        let found = store.find_methods(tenant, &ids).await?;
        Ok(found.into_values().map(|method| method.info).collect())
    };
    let id = |method: &MethodInfo| method.id;
    cx.list(&cx.page_or_named(Kind::Method, &["name"], keep, id, find).await?)
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let method = load(&cx, Act::View).await?;
    cx.show(&method.info, method.info.version)
}

pub(crate) async fn update(cx: Cx) -> Result<Answer, Problem> {
    let shown = async {
        let info = load(&cx, Act::Edit).await?.info;
        let version = info.version;
        Ok(Some((info, version)))
    };
    let (cx, body) = (&cx, &cx.json_of::<MethodInput, _>(shown).await?);
    cx.decide_on(body, move |input, stamp| async move {
        let method = load(cx, Act::Edit).await?;
        cx.if_match(method.info.version)?;
        let given = input.auth_profile.secret().map(Secret::of_text);
        let sealed = credential(cx, method.info.id, given.as_ref(), &stamp).await?;
        let (method, decision) = method.update(input, sealed, &stamp)?;
        judge(cx, input)?;
        Ok((Answer::ok(&method.info)?.version(method.info.version), decision))
    })
    .await
}

pub(crate) async fn delete(cx: Cx) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |stamp| async move {
        let method = load(cx, Act::Delete).await?;
        cx.if_match(method.info.version)?;
        let used_by = used::words(cx, USED_METHOD, method.info.id, method.uses).await?;
        Ok((Answer::deleted(), method.delete(cx.tenant()?, &used_by, &stamp)?))
    })
    .await
}

/// The copy has the credential of its original, sealed anew, and a callback secret of its own.
pub(crate) async fn copy(cx: Cx) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |stamp| async move {
        let method = load(cx, Act::View).await?;
        let (old, namespace) = (method.info.id, method.info.namespace_id);
        cx.caller()?.may_in(namespace, Act::Add, "method")?;
        let name = used::free_name(cx, Kind::Method, namespace, &method.info.name).await?;
        let (secret, callback) = callback_secret(cx, stamp.id(0), &stamp).await?;
        let opened = match &method.credential {
            Some(sealed) => Some(cx.app.open(sealed, &credential_place(old)).await?),
            None => None,
        };
        let credential = credential(cx, stamp.id(0), opened.as_ref(), &stamp).await?;
        let seals = Seals { callback, credential };
        let (copy, decision) = method.copy(name, seals, &stamp);
        let location = format!("/v1/methods/{}", copy.info.id);
        let answer = Answer::created(&shown_once(&copy, &secret), location)?;
        Ok((with_secret(answer, &copy), decision))
    })
    .await
}

pub(crate) async fn rotate(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<RotateInput>()?);
    cx.decide_on(body, move |input, stamp| async move {
        let method = load(cx, Act::Edit).await?;
        cx.if_match(method.info.version)?;
        let (secret, sealed) = callback_secret(cx, method.info.id, &stamp).await?;
        let (method, decision) = method.rotate(input, sealed, &stamp)?;
        let answer = Answer::ok(&shown_once(&method, &secret))?;
        Ok((with_secret(answer, &method), decision))
    })
    .await
}

pub(crate) async fn enable(cx: Cx) -> Result<Answer, Problem> {
    set_enabled(&cx, true).await
}

pub(crate) async fn disable(cx: Cx) -> Result<Answer, Problem> {
    set_enabled(&cx, false).await
}

async fn set_enabled(cx: &Cx, enabled: bool) -> Result<Answer, Problem> {
    cx.decide(move |stamp| async move {
        let method = load(cx, Act::Edit).await?;
        cx.if_match(method.info.version)?;
        let (method, decision) = method.enable(enabled, &stamp);
        Ok((Answer::ok(&method.info)?.version(method.info.version), decision))
    })
    .await
}
