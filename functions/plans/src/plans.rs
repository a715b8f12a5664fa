//! `/v1/plans` (source 001).

use domain::access::Act;
use domain::decision::Kind;
use domain::ids::Id;
use domain::plan::{Plan, PlanInput, RawTexts};
use domain::substitution::shape::paths;
use edge::http::body::raw_member;
use edge::{Answer, Cx, Problem};
use serde_json::json;
use store::list::Page;

fn raw_texts(cx: &Cx) -> RawTexts {
    RawTexts {
        definition: raw_member(&cx.body, "definition"),
        payload_schema: raw_member(&cx.body, "payloadSchema"),
    }
}

pub(crate) async fn create(cx: Cx) -> Result<Answer, Problem> {
    let (cx, input) = (&cx, &cx.json::<PlanInput>()?);
    let raw = &raw_texts(cx);
    cx.decide(move |stamp| async move {
        let namespace = cx.namespace(input.namespace_id, Act::Add).await?;
        let (plan, warnings, decision) = Plan::create(input, raw, namespace, &stamp)?;
        let view = plan.view(Some(warnings));
        let answer = Answer::created(&view, format!("/v1/plans/{}", plan.id))?;
        Ok((answer.version(plan.version), decision))
    })
    .await
}

pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let (role, name) = (&cx.caller()?.role, cx.query.text("name"));
    let namespace: Option<Id> = cx.query.get("namespaceId")?;
    let keep = |plan: &Plan| {
        role.may_in(plan.namespace_id, Act::View)
            && name.is_none_or(|n| plan.name.to_lowercase() == n.to_lowercase())
            && namespace.is_none_or(|id| plan.namespace_id == id)
    };
    let page = cx.store().list(cx.tenant()?, Kind::Plan, &cx.page()?, keep).await?;
    let rows = page.rows.iter().map(|plan: &Plan| plan.view(None)).collect();
    cx.list(&Page { rows, next: page.next })
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let plan = cx.store().load_plan(cx.tenant()?, cx.id("id")?).await?;
    cx.caller()?.may_in(plan.namespace_id, Act::View, "plan")?;
    let answer = match cx.query.text("fields") {
        // The definition is answered as it was given, so it is not taken apart without need.
        None => Answer::ok(&plan.view(None))?.version(plan.version),
        Some(_) => cx.show(&plan.view(None), plan.version)?,
    };
    Ok(answer)
}

pub(crate) async fn update(cx: Cx) -> Result<Answer, Problem> {
    let (cx, id, input) = (&cx, cx.id("id")?, &cx.json::<PlanInput>()?);
    let (tenant, raw) = (cx.tenant()?, &raw_texts(cx));
    cx.decide(move |stamp| async move {
        let plan = cx.store().load_plan(tenant, id).await?;
        cx.caller()?.may_in(plan.namespace_id, Act::Edit, "plan")?;
        cx.if_match(plan.version)?;
        let (plan, warnings, decision) = plan.update(input, raw, &stamp)?;
        Ok((Answer::ok(&plan.view(Some(warnings)))?.version(plan.version), decision))
    })
    .await
}

pub(crate) async fn delete(cx: Cx) -> Result<Answer, Problem> {
    let (cx, id) = (&cx, cx.id("id")?);
    let tenant = cx.tenant()?;
    cx.decide(move |_| async move {
        let plan = cx.store().load_plan(tenant, id).await?;
        cx.caller()?.may_in(plan.namespace_id, Act::Delete, "plan")?;
        cx.if_match(plan.version)?;
        Ok((Answer::deleted(), plan.delete()?))
    })
    .await
}

pub(crate) async fn document_shape(_cx: Cx) -> Result<Answer, Problem> {
    Answer::ok(&json!({"data": paths()}))
}
