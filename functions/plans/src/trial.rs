//! `/v1/plans/lint` and `/v1/plans/preview`: before anything is saved or sent.

use domain::access::{Act, Area};
use domain::ids::Id;
use domain::plan::Plan;
use domain::plan::content::{Content, Given, Reading};
use domain::plan::trial::{LintInput, Linted, On, Preview, PreviewInput};
use domain::rejection::{Code, Fault, Faults, Rejection};
use domain::request::Request;
use domain::request::document::Sources;
use edge::http::body::raw_member;
use edge::{Answer, Cx, Problem};
use serde_json::Value;

use crate::plans::{raw_texts, registered};

/// A content that is not saved, with its warnings.
pub(crate) async fn tried(cx: &Cx, given: Given<'_>) -> Result<(Content, Linted), Problem> {
    let (raw, registered) = (raw_texts(cx), registered(cx).await?);
    let Given { definition, payload_schema, values } = given;
    let (definition, payload_schema) = (definition.cloned(), payload_schema.cloned());
    let read = aside(move || {
        let reading = Reading { raw: &raw, registered: Some(&registered) };
        let mut faults = Faults::default();
        let (definition, payload_schema) = (definition.as_ref(), payload_schema.as_ref());
        let given = Given { definition, payload_schema, values };
        let (content, warnings) = Content::read(given, reading, &mut faults);
        faults.finish().map(|()| (content, Linted { warnings }))
    });
    Ok(read.await??)
}

pub(crate) async fn lint(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, cx.json::<LintInput>()?);
    cx.settle(body, move |input| async move {
        input.one()?;
        let Some(plan) = saved(cx, input.plan_id).await? else {
            let given = Given { definition: input.definition.as_ref(), ..Given::default() };
            return Answer::ok(&tried(cx, given).await?.1);
        };
        let registered = registered(cx).await?;
        let warnings = aside(move || plan.content.warnings(&registered)).await?;
        Answer::ok(&Linted { warnings })
    })
    .await
}

pub(crate) async fn preview(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, cx.json::<PreviewInput>()?);
    cx.settle(body, move |input| async move {
        let on = input.on()?;
        let given = Given {
            definition: input.definition.as_ref(),
            payload_schema: input.payload_schema.as_ref(),
            values: input.values.unwrap_or_default(),
        };
        let saved = saved(cx, input.plan_id).await?;
        let content = match &saved {
            Some(plan) => plan.content.clone(),
            None => tried(cx, given).await?.0,
        };
        let document = match on {
            // As it was written: in a document, null is a value.
            On::Document(read) => as_written(cx).unwrap_or_else(|| read.clone()),
            on => content.document(&live(cx, saved, &on).await?),
        };
        Answer::ok(&aside(move || Preview::from(content.explain(&document))).await?)
    })
    .await
}

/// Does what takes the processor long, beside the calls that others wait for.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "plan");
        Problem::of_code(Code::Internal)
    })
}

fn as_written(cx: &Cx) -> Option<Value> {
    serde_json::from_str(&raw_member(&cx.body, "document")?).ok()
}

/// The plan that the body names.
async fn saved(cx: &Cx, id: Option<Id>) -> Result<Option<Plan>, Problem> {
    let Some(id) = id else { return Ok(None) };
    let found = cx.store().find_plan(cx.tenant()?, id).await?;
    let role = &cx.caller()?.role;
    let found = found.filter(|plan| role.may_in(plan.namespace_id, Act::View));
    Ok(Some(found.ok_or_else(|| Rejection::from(Fault::unknown("/planId", "Plan", id)))?))
}

/// The live rows, as the dispatcher would see them with this plan; people's data are hidden from
/// callers who may not see them.
async fn live(cx: &Cx, plan: Option<Plan>, on: &On<'_>) -> Result<Sources, Problem> {
    if !cx.caller()?.role.may(Area::Entitlement, Act::View) {
        let detail = "The key's role lacks entitlement.view: preview on a document instead.";
        return Err(Rejection::new(Code::Forbidden, detail).into());
    }
    let request = named(cx, plan.as_ref(), on).await?;
    let mut sources = cx.store().load_sources(cx.tenant()?, request).await?;
    sources.plan = plan.or(sources.plan);
    Ok(sources.seen_by(&cx.caller()?.role))
}

/// The request that is named, or the one of the activation: that of the plan, else the first.
async fn named(cx: &Cx, plan: Option<&Plan>, on: &On<'_>) -> Result<Request, Problem> {
    let (store, tenant) = (cx.store(), cx.tenant()?);
    let (ids, missing) = match on {
        On::Request(id) => (vec![*id], Fault::unknown("/requestId", "Provisioning Request", *id)),
        On::Activation(aid) => {
            let found = if domain::activation::is_aid(aid) {
                store.find_activation(tenant, aid).await?
            } else {
                None
            };
            let detail = match &found {
                None => format!("Cannot find an Activation corresponding to ID {aid}."),
                Some(_) => "The activation has no provisioning request.".to_owned(),
            };
            let ids = found.map(|activation| activation.request_ids()).unwrap_or_default();
            (ids, Fault::new("/activationId", Code::ReferenceNotFound, detail))
        }
        On::Document(_) => (Vec::new(), Fault::new("", Code::Internal, "no request")),
    };
    let mut found = store.find_requests(tenant, &ids).await?;
    let of_plan =
        |request: &Request| request.plan.as_ref().map(|named| named.id) == plan.map(|plan| plan.id);
    found.sort_by_key(|request| !of_plan(request));
    Ok(found.into_iter().next().ok_or_else(|| Rejection::from(missing))?)
}
