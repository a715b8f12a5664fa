//! `GET /v1/provisioning-requests/{id}` and its attempts.

use domain::ids::Id;
use domain::life::{Aged, Step};
use domain::rejection::{Code, Rejection};
use domain::request::Request;
use domain::substitution::parts::Parts;
use domain::substitution::version::DocumentVersion;
use domain::view::HistoryLine;
use domain::view::request::{RequestLinks, RequestView};
use edge::{Answer, Cx, Problem};
use serde_json::json;

/// The rows beside the head that an answer in full shows.
pub(crate) async fn beside(
    cx: &Cx,
    tenant: Id,
    request: &Request,
) -> Result<RequestLinks, Problem> {
    let (store, now) = (cx.store(), cx.app.clock.now());
    let mut beside = RequestLinks::default();
    if request.attempt_count > 0 {
        let frozen = store.find_payload(tenant, request.id, request.generation).await?;
        beside.payload = frozen.filter(|payload| payload.is_kept(now));
    }
    if let Some(webhook_id) = &request.long_response {
        let long = store.find_long_response(tenant, request.id, webhook_id).await?;
        beside.response = long.filter(|long| long.is_kept(now)).map(|long| long.response);
    }
    beside.conflicts = store.load_conflicts(tenant, request.id).await?.list;
    let older = older(cx, tenant, request).await?;
    beside.older = older.into_iter().map(HistoryLine::from).collect();
    Ok(beside)
}

/// The steps that no longer fit into the head, oldest first; mostly there are none, and no read.
pub(crate) async fn older(
    cx: &Cx,
    tenant: Id,
    request: &Request,
) -> Result<Vec<Step<String>>, Problem> {
    if request.life.version <= request.life.history.len() as u64 {
        return Ok(Vec::new());
    }
    let older = cx.store().list_history(tenant, Aged::Request, request.id).await?;
    Ok(older.rows.into_iter().flat_map(|overflow| overflow.steps).collect())
}

/// A request, if the caller may know of it.
pub(crate) async fn load(cx: &Cx, id: Id) -> Result<Request, Problem> {
    let request = cx.store().load_request(cx.tenant()?, id).await?;
    cx.own(request.entitlement_id, "provisioning request").await?;
    Ok(request)
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let (tenant, id) = (cx.tenant()?, cx.id("id")?);
    let request = load(&cx, id).await?;
    match cx.query.text("view") {
        None => {
            let mut beside = beside(&cx, tenant, &request).await?;
            if request.awaits_its_activation() {
                beside.activation = cx.store().find_activation(tenant, &request.aid).await?;
            }
            let mut view = RequestView::new(&request, beside, &cx.caller()?.role);
            cx.named(&mut view.history).await?;
            cx.show(&view, request.life.version)
        }
        Some("substitution") => {
            let sources = cx.store().load_sources(tenant, request).await?;
            let sources = sources.seen_by(&cx.caller()?.role);
            Answer::ok(&sources.document(&Parts::whole(DocumentVersion::default())))
        }
        Some(_) => {
            let detail = "The query parameter view must be substitution.";
            Err(Rejection::at("view", Code::ValidationFailed, detail).into())
        }
    }
}

pub(crate) async fn attempts(cx: Cx) -> Result<Answer, Problem> {
    let (tenant, id) = (cx.tenant()?, cx.id("id")?);
    let request = load(&cx, id).await?;
    let noted = cx.store().list_attempts(tenant, id).await?;
    let lines = request.attempts(noted.rows, cx.app.clock.now());
    Answer::ok(&json!({"data": lines, "unreadable": noted.unreadable}))
}
