//! `/v1/namespaces`.

use domain::access::namespace::NamespaceInput;
use domain::access::{Act, Namespace, Role};
use domain::ids::Id;
use domain::record::Kind;
use edge::{Answer, Cx, Problem};
use serde::Deserialize;

pub(crate) async fn create(cx: Cx) -> Result<Answer, Problem> {
    let body = &cx.json::<NamespaceInput>()?;
    cx.caller()?.may_everywhere(Act::Add)?;
    cx.decide_on(body, move |input, stamp| async move {
        let (namespace, decision) = Namespace::create(input, false, &stamp)?;
        let answer = Answer::created(&namespace, format!("/v1/namespaces/{}", namespace.id))?;
        Ok((answer.version(namespace.version), decision))
    })
    .await
}

pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let role = &cx.caller()?.role;
    let keep = |namespace: &Namespace| role.may_in(namespace.id, Act::View);
    let page = cx.store().list(cx.tenant()?, Kind::Namespace, &cx.page()?, keep).await?;
    cx.list(&page)
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let namespace = load(&cx, Act::View).await?;
    cx.show(&namespace, namespace.version)
}

pub(crate) async fn rename(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<NamespaceInput>()?);
    cx.decide_on(body, move |input, stamp| async move {
        let namespace = load(cx, Act::Edit).await?;
        cx.if_match(namespace.version)?;
        let (namespace, decision) = namespace.rename(input, &stamp)?;
        Ok((Answer::ok(&namespace)?.version(namespace.version), decision))
    })
    .await
}

pub(crate) async fn delete(cx: Cx) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |_| async move {
        let namespace = load(cx, Act::Delete).await?;
        cx.if_match(namespace.version)?;
        let held = held(cx, namespace.id).await?;
        Ok((Answer::deleted(), namespace.delete(held)?))
    })
    .await
}

async fn load(cx: &Cx, act: Act) -> Result<Namespace, Problem> {
    let namespace = cx.store().load_namespace(cx.tenant()?, cx.id("id")?).await?;
    cx.caller()?.may_in(namespace.id, act, "namespace")?;
    Ok(namespace)
}

/// The namespace of a row of the catalog.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Belongs {
    namespace_id: Id,
}

/// Something that the namespace holds, in words.
async fn held(cx: &Cx, namespace: Id) -> Result<Option<&'static str>, Problem> {
    let kinds = [
        (Kind::Product, "products"),
        (Kind::Plan, "plans"),
        (Kind::Method, "methods"),
        (Kind::Feature, "features"),
    ];
    for (kind, what) in kinds {
        let holds = |row: &Belongs| row.namespace_id == namespace;
        if cx.store().has(cx.tenant()?, kind, holds).await? {
            return Ok(Some(what));
        }
    }
    let grants = |role: &Role| role.permissions.iter().any(|g| g.namespace_id == Some(namespace));
    let is_named = cx.store().has(cx.tenant()?, Kind::Role, grants).await?;
    Ok(is_named.then_some("permissions of roles"))
}
