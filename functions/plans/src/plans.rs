//! `/v1/plans` (source 001).

use std::collections::BTreeMap;

use domain::access::Act;
use domain::attributes::Entity;
use domain::catalog::CustomAttributeDef;
use domain::ids::Id;
use domain::limits::READ_ROWS;
use domain::plan::association::USED_PLAN;
use domain::plan::content::{RawTexts, Reading};
use domain::plan::{Plan, PlanInput};
use domain::record::Kind;
use domain::substitution::lint::Registered;
use domain::substitution::shape::paths;
use edge::http::body::raw_member;
use edge::{Answer, Cx, Problem};
use serde_json::json;
use store::list::PageOf;

use crate::used;

/// A plan that the caller may act on.
pub(crate) async fn load(cx: &Cx, act: Act) -> Result<Plan, Problem> {
    let plan = cx.store().load_plan(cx.tenant()?, cx.id("id")?).await?;
    cx.caller()?.may_in(plan.namespace_id, act, "plan")?;
    Ok(plan)
}

pub(crate) fn raw_texts(cx: &Cx) -> RawTexts {
    RawTexts {
        definition: raw_member(&cx.body, "definition"),
        payload_schema: raw_member(&cx.body, "payloadSchema"),
    }
}

/// The custom attributes of the tenant, all of them.
pub(crate) async fn registered(cx: &Cx) -> Result<Registered, Problem> {
    let mut page = PageOf { limit: READ_ROWS, ascending: true, ..PageOf::default() };
    let mut all: BTreeMap<Id, (Entity, String)> = BTreeMap::new();
    loop {
        let every = |_: &CustomAttributeDef| true;
        let found = cx.store().list(cx.tenant()?, Kind::CustomAttribute, &page, every).await?;
        all.extend(found.rows.into_iter().map(|row| (row.id, (row.entity, row.name))));
        page.after = found.next;
        if page.after.is_none() {
            return Ok(Registered(all.into_values().collect()));
        }
    }
}

pub(crate) async fn create(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<PlanInput>()?);
    let (raw, registered) = (&raw_texts(cx), &registered(cx).await?);
    cx.decide_on(body, move |input, stamp| async move {
        let namespace = cx.namespace(input.namespace_id, Act::Add).await?;
        let reading = Reading { raw, registered: Some(registered) };
        let (plan, warnings, decision) = Plan::create(input, reading, namespace, &stamp)?;
        let view = plan.view(Some(warnings));
        let answer = Answer::created(&view, format!("/v1/plans/{}", plan.id))?;
        Ok((answer.version(plan.version), decision))
    })
    .await
}

/// The filter `name` reads an exact key, so it is always complete.
pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let (tenant, role) = (cx.tenant()?, &cx.caller()?.role);
    let namespace: Option<Id> = cx.query.get("namespaceId")?;
    let keep = |plan: &Plan| {
        role.may_in(plan.namespace_id, Act::View)
            && namespace.is_none_or(|id| plan.namespace_id == id)
    };
    let store = cx.store();
    let find = |ids: Vec<Id>| async move {
        Ok(store.find_plans(tenant, &ids).await?.into_values().collect())
    };
    let page = cx.page_or_named(Kind::Plan, &["name"], keep, |plan: &Plan| plan.id, find).await?;
    let rows = page.rows.iter().map(|plan: &Plan| plan.view(None)).collect();
    cx.list(&page.of(rows))
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let plan = load(&cx, Act::View).await?;
    let answer = match cx.query.text("fields") {
        // The definition is answered as it was given, so it is not taken apart without need.
        None => Answer::ok(&plan.view(None))?.version(plan.version),
        Some(_) => cx.show(&plan.view(None), plan.version)?,
    };
    Ok(answer)
}

pub(crate) async fn update(cx: Cx) -> Result<Answer, Problem> {
    let shown = async {
        let plan = load(&cx, Act::Edit).await?;
        Ok(Some((plan.view(None), plan.version)))
    };
    let (cx, body) = (&cx, &cx.json_of::<PlanInput, _>(shown).await?);
    let (raw, registered) = (&raw_texts(cx), &registered(cx).await?);
    cx.decide_on(body, move |input, stamp| async move {
        let plan = load(cx, Act::Edit).await?;
        cx.if_match(plan.version)?;
        let reading = Reading { raw, registered: Some(registered) };
        let (plan, warnings, decision) = plan.update(input, reading, &stamp)?;
        Ok((Answer::ok(&plan.view(Some(warnings)))?.version(plan.version), decision))
    })
    .await
}

pub(crate) async fn delete(cx: Cx) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |_| async move {
        let plan = load(cx, Act::Delete).await?;
        cx.if_match(plan.version)?;
        let used_by = used::words(cx, USED_PLAN, plan.id, plan.uses).await?;
        Ok((Answer::deleted(), plan.delete(&used_by)?))
    })
    .await
}

pub(crate) async fn copy(cx: Cx) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |stamp| async move {
        let plan = load(cx, Act::View).await?;
        cx.caller()?.may_in(plan.namespace_id, Act::Add, "plan")?;
        let name = used::free_name(cx, Kind::Plan, plan.namespace_id, &plan.name).await?;
        let (copy, decision) = plan.copy(name, &stamp);
        let answer = Answer::created(&copy.view(None), format!("/v1/plans/{}", copy.id))?;
        Ok((answer.version(copy.version), decision))
    })
    .await
}

/// "View Plan Definition" of source 001.
pub(crate) async fn definition(cx: Cx) -> Result<Answer, Problem> {
    let plan = load(&cx, Act::View).await?;
    let view = plan.view(None);
    Answer::ok(&view.definition_only()).map(|answer| answer.version(plan.version))
}

pub(crate) async fn document_shape(_cx: Cx) -> Result<Answer, Problem> {
    Answer::ok(&json!({"data": paths()}))
}
