//! `/v1/custom-attributes`: which custom attributes there are. They belong to the tenant, not to a
//! namespace.

use domain::access::Act;
use domain::attributes::Entity;
use domain::catalog::CustomAttributeDef;
use domain::catalog::custom_attribute::{CustomAttributeInput, CustomAttributePatch};
use domain::record::Kind;
use edge::{Answer, Cx, Problem};

async fn load(cx: &Cx) -> Result<CustomAttributeDef, Problem> {
    Ok(cx.store().load_attribute(cx.tenant()?, cx.id("id")?).await?)
}

pub(crate) async fn create(cx: Cx) -> Result<Answer, Problem> {
    let body = &cx.json::<CustomAttributeInput>()?;
    cx.caller()?.may_everywhere(Act::Add)?;
    cx.decide_on(body, move |input, stamp| async move {
        let (made, decision) = CustomAttributeDef::create(input, &stamp)?;
        let answer = Answer::created(&made, format!("/v1/custom-attributes/{}", made.id))?;
        Ok((answer.version(made.version), decision))
    })
    .await
}

pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let entity: Option<Entity> = cx.query.get("entity")?;
    let keep = |row: &CustomAttributeDef| entity.is_none_or(|entity| row.entity == entity);
    cx.list(&cx.store().list(cx.tenant()?, Kind::CustomAttribute, &cx.page()?, keep).await?)
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let found = load(&cx).await?;
    cx.show(&found, found.version)
}

pub(crate) async fn update(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<CustomAttributePatch>()?);
    cx.caller()?.may_everywhere(Act::Edit)?;
    cx.decide_on(body, move |patch, stamp| async move {
        let found = load(cx).await?;
        cx.if_match(found.version)?;
        let (next, decision) = found.update(patch, &stamp)?;
        Ok((Answer::ok(&next)?.version(next.version), decision))
    })
    .await
}

pub(crate) async fn delete(cx: Cx) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.caller()?.may_everywhere(Act::Delete)?;
    cx.decide(move |_| async move {
        let found = load(cx).await?;
        cx.if_match(found.version)?;
        Ok((Answer::deleted(), found.delete()))
    })
    .await
}
