//! `/v1/plans/{id}/versions`: what a plan was, and what changed.

use domain::access::Act;
use domain::ids::Id;
use domain::plan::Plan;
use domain::plan::version::{PlanVersionLine, PlanVersionView};
use domain::rejection::{Code, Rejection};
use edge::{Answer, Cx, Problem};
use store::list::{Page, PageOf};

/// A version of the plan; those of a plan that is gone are kept.
async fn find(cx: &Cx, present: Option<&Plan>, version: u64) -> Result<Option<Plan>, Problem> {
    if let Some(plan) = present.filter(|plan| plan.version == version) {
        return Ok(Some(plan.clone()));
    }
    let found = cx.store().find_plan_version(cx.tenant()?, cx.id("id")?, version).await?;
    if let Some(found) = &found {
        cx.caller()?.may_in(found.namespace_id, Act::View, "plan")?;
    }
    Ok(found)
}

/// The plan as it is, if it is still there.
async fn present(cx: &Cx) -> Result<Option<Plan>, Problem> {
    let found = store::present(cx.store().load_plan(cx.tenant()?, cx.id("id")?).await)?;
    if let Some(plan) = &found {
        cx.caller()?.may_in(plan.namespace_id, Act::View, "plan")?;
    }
    Ok(found)
}

/// The cursor is the version that a page ends with.
pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let (present, asked) = (present(&cx).await?, cx.page()?);
    let one_more = PageOf { limit: asked.limit + 1, ..asked.clone() };
    let mut rows = cx.store().list_plan_versions(cx.tenant()?, cx.id("id")?, &one_more).await?;
    match rows.first() {
        Some(row) => cx.caller()?.may_in(row.namespace_id, Act::View, "plan")?,
        None if present.is_none() => return Err(Rejection::not_found("plan").into()),
        None => {}
    }
    if let Some(plan) = present {
        let fits = asked.after.is_none_or(|after| {
            if asked.ascending { plan.version > after.get() } else { plan.version < after.get() }
        });
        match asked.ascending {
            false if fits => rows.insert(0, plan),
            true if fits && rows.len() <= asked.limit => rows.push(plan),
            _ => {}
        }
    }
    let more = rows.len() > asked.limit;
    rows.truncate(asked.limit);
    let last = rows.last().filter(|_| more).map(|plan| plan.version);
    let next = last.and_then(|version| Id::try_from(version).ok());
    cx.list(&Page::new(rows.iter().map(PlanVersionLine::from).collect(), next))
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let none = || Rejection::not_found("plan version");
    let version: u64 = cx.param("version").parse().map_err(|_| none())?;
    let present = present(&cx).await?;
    let plan = find(&cx, present.as_ref(), version).await?.ok_or_else(none)?;
    let asked = cx.query.get::<u64>("against")?;
    let against = match asked.or(version.checked_sub(1)) {
        Some(other) => find(&cx, present.as_ref(), other).await?,
        None => None,
    };
    if let (Some(other), None) = (asked, &against) {
        let detail = format!("The plan has no version {other}.");
        return Err(Rejection::at("against", Code::ReferenceNotFound, detail).into());
    }
    cx.show(&PlanVersionView::new(&plan, against.as_ref()), version)
}
