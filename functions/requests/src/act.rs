//! The acts of an operator on a request: Update Status, retry, cancel, comments.

use domain::activation::Activation;
use domain::decision::Decision;
use domain::ids::Id;
use domain::limits::CALLBACK_TIMEOUT_DEFAULT;
use domain::machine::Stateful;
use domain::rejection::Rejection;
use domain::request::Request;
use domain::request::manual::{CommentsInput, StatusInput};
use domain::request::states::Event;
use domain::stamp::Stamp;
use domain::time::Period;
use domain::view::request::{RequestLine, RequestLinks, RequestRow, RequestView};
use edge::http::body::Body;
use edge::http::bulk::Parts;
use edge::http::page;
use edge::{Answer, Cx, Problem};
use serde::Deserialize;
use serde_json::json;
use store::keys::Owner;

use crate::list::find;
use crate::show::{beside, load};

/// Loads the request and its activation, lets `act` decide, and answers with the whole of it.
async fn change<T: Sync>(
    cx: &Cx,
    body: &Body<T>,
    act: impl Fn(&T, &Loaded, Stamp) -> Result<(Request, Decision), Rejection> + Send + Sync,
) -> Result<Answer, Problem> {
    let (act, tenant, id) = (&act, cx.tenant()?, cx.id("id")?);
    cx.decide_on(body, move |input, stamp| async move {
        let request = load(cx, id).await?;
        cx.if_match(request.life.version)?;
        let timeout = callback_timeout(cx, &request).await?;
        let activation = cx.store().load_activation(tenant, &request.aid).await?;
        let loaded = Loaded { request, activation, timeout };
        let (next, decision) = act(input, &loaded, stamp)?;
        let beside = RequestLinks {
            activation: Some(loaded.activation),
            ..beside(cx, tenant, &next).await?
        };
        let mut view = RequestView::new(&next, beside, &cx.caller()?.role);
        cx.named(&mut view.history).await?;
        Ok((Answer::ok(&view)?.version(next.life.version), decision))
    })
    .await
}

/// The rows that an act depends on.
struct Loaded {
    request: Request,
    activation: Activation,
    timeout: Period,
}

/// How long the request waits for a callback, by its method as it is now.
async fn callback_timeout(cx: &Cx, request: &Request) -> Result<Period, Problem> {
    let Some(method) = &request.method else { return Ok(CALLBACK_TIMEOUT_DEFAULT) };
    let door = cx.store().find_door(method.id, cx.app.clock.now()).await?;
    Ok(door.map_or(CALLBACK_TIMEOUT_DEFAULT, |door| door.callback_timeout))
}

pub(crate) async fn update_status(cx: Cx) -> Result<Answer, Problem> {
    let body = &cx.json::<StatusInput>()?;
    change(&cx, body, |input, l, stamp| {
        let activation = Some(&l.activation);
        l.request.clone().update_status(input, l.timeout, activation, &stamp)
    })
    .await
}

pub(crate) async fn retry(cx: Cx) -> Result<Answer, Problem> {
    let tenant: Id = cx.tenant()?;
    change(&cx, &Body::default(), move |(), l, stamp| {
        l.request.clone().retry(tenant, Some(&l.activation), &stamp)
    })
    .await
}

/// Retries those of a page of the list that can be. The page goes by id, so that going on from its
/// cursor takes every request once, also one that failed again meanwhile.
pub(crate) async fn retry_many(cx: Cx) -> Result<Answer, Problem> {
    let (cx, tenant) = (&cx, cx.tenant()?);
    let failed = |row: &RequestRow| Request::MACHINE.takes(row.state, Event::Retry);
    let find = || async move {
        let page = find(cx, Some(Owner::Attention), failed).await?;
        let ids: Vec<Id> = page.rows.iter().map(|row| row.id).collect();
        let cursor = page::cursor(&page, &cx.query, cx.route.operation);
        let unreadable = page::told(&page, cx.route.operation);
        Ok(json!({"ids": ids, "nextCursor": cursor, "unreadable": unreadable}))
    };
    let mut found = cx.parts_of(find).await?;
    let ids: Vec<Id> = serde_json::from_value(found["ids"].take()).unwrap_or_default();
    let parts = Parts {
        member: "provisioningRequest",
        list: ids.iter().map(|id| (Some(*id), json!({"id": id}))).collect(),
        beside: ["nextCursor", "unreadable"]
            .map(|member| (member.to_owned(), found[member].take()))
            .into_iter()
            .collect(),
    };
    let retry = move |part: Part, stamp| async move {
        let request = cx.store().load_request(tenant, part.id).await?;
        let activation = cx.store().load_activation(tenant, &request.aid).await?;
        let (next, decision) = request.retry(tenant, Some(&activation), &stamp)?;
        Ok((Answer::ok(&RequestLine::from(RequestRow::from(&next)))?, decision))
    };
    cx.bulk(parts, retry).await
}

/// One request of many.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
struct Part {
    id: Id,
}

pub(crate) async fn cancel(cx: Cx) -> Result<Answer, Problem> {
    let body = &cx.json::<CommentsInput>()?;
    change(&cx, body, |input, l, stamp| {
        l.request.clone().cancel(input, Some(&l.activation), &stamp)
    })
    .await
}

pub(crate) async fn comment(cx: Cx) -> Result<Answer, Problem> {
    let body = &cx.json::<CommentsInput>()?;
    change(&cx, body, |input, l, _| l.request.clone().comment(input)).await
}
