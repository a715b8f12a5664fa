//! `/v1/namespaces`.

use domain::access::namespace::NamespaceInput;
use domain::access::{Act, Namespace};
use domain::decision::Kind;
use edge::{Answer, Cx, Problem};

pub(crate) async fn create(cx: Cx) -> Result<Answer, Problem> {
    let input = &cx.json::<NamespaceInput>()?;
    cx.decide(move |stamp| async move {
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
    let namespace = cx.store().load_namespace(cx.tenant()?, cx.id("id")?).await?;
    cx.caller()?.may_in(namespace.id, Act::View, "namespace")?;
    cx.show(&namespace, namespace.version)
}
