//! `GET /v1/provisioning-requests`: filters and pages, newest first.

use domain::ids::Id;
use domain::record::Kind;
use domain::rejection::{Code, Rejection};
use domain::request::Request;
use domain::request::states::Status;
use domain::view::request::{ListedRequest, RequestLine, RequestRow};
use edge::http::page;
use edge::http::query::Query;
use edge::{Answer, Cx, Problem};
use store::keys::Owner;
use store::list::{Page, PageOf};
use uuid::Uuid;

/// The filters of a row.
struct Filter {
    statuses: Vec<Status>,
    product: Option<Id>,
    product_name: Option<String>,
    e_id: Option<Uuid>,
    aid: Option<String>,
    plan: Option<Id>,
    method: Option<Id>,
}

impl Filter {
    fn read(query: &Query) -> Result<Self, Rejection> {
        let statuses = query.list::<String>("status")?;
        let statuses = statuses.iter().map(|name| Status::named(name).ok_or_else(|| unknown(name)));
        Ok(Self {
            statuses: statuses.collect::<Result<_, _>>()?,
            product: query.get("productId")?,
            product_name: query.text("productName").map(str::to_lowercase),
            e_id: query.get("eId")?,
            aid: query.text("aid").map(str::to_owned),
            plan: query.get("planId")?,
            method: query.get("methodId")?,
        })
    }

    /// What the index can tell of a row.
    fn near(&self, listed: &ListedRequest) -> bool {
        let is = |wanted: Option<Id>, found: Option<Id>| wanted.is_none() || wanted == found;
        is(self.product, Some(listed.product.id))
            && is(self.plan, listed.plan)
            && is(self.method, listed.method)
            && self.product_name.as_ref().is_none_or(|n| listed.product.name.to_lowercase() == *n)
            && self.e_id.is_none_or(|e_id| listed.e_id == e_id)
    }

    fn keeps(&self, row: &RequestRow) -> bool {
        (self.statuses.is_empty() || self.statuses.contains(&row.state))
            && self.near(&ListedRequest::from(row))
            && self.aid.as_ref().is_none_or(|aid| row.aid == *aid)
    }

    /// Where only those are asked for that ended without success, they have an index of their own.
    fn owner(&self) -> Option<Owner> {
        let asked = !self.statuses.is_empty();
        let all = self.statuses.iter().copied().all(Status::has_failed);
        (asked && all).then_some(Owner::Attention)
    }
}

fn unknown(name: &str) -> Rejection {
    let detail = format!("The query parameter status is wrong: {}.", Status::unknown(name));
    Rejection::at("status", Code::ValidationFailed, detail)
}

pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let page = find(&cx, None, |_| true).await?;
    let rows: Vec<RequestLine> = page.rows.iter().cloned().map(RequestLine::from).collect();
    cx.list(&page.of(rows))
}

/// A page of the requests that the query asks for, and that are `wanted` besides; all of these have
/// the `owner`, if there is one. `number` and `aid` read an exact key; the others filter an index.
pub(crate) async fn find(
    cx: &Cx,
    owner: Option<Owner>,
    wanted: impl Fn(&RequestRow) -> bool + Send + Sync,
) -> Result<Page<RequestRow>, Problem> {
    let (tenant, filter, asked) = (cx.tenant()?, Filter::read(&cx.query)?, cx.page()?);
    let keep =
        |row: &RequestRow| filter.keeps(row) && asked.made.has(row.created_date) && wanted(row);
    let bound = cx.caller()?.key.bound();
    let Some(ids) = exact(cx).await? else {
        if let Some(bound) = bound {
            return Ok(cx.store().list_owned_requests(tenant, bound, &asked, keep).await?);
        }
        let asked = PageOf { owner: owner.or_else(|| filter.owner()), ..asked.clone() };
        let near = |listed: &ListedRequest| filter.near(listed);
        let kind = Kind::ProvisioningRequest;
        return Ok(cx.store().list_by(tenant, kind, &asked, near, keep).await?);
    };
    let mut found: Vec<Request> = cx.store().find_requests(tenant, &ids).await?;
    // They are one, or those of one activation.
    if let (Some(bound), Some(first)) = (bound, found.first()) {
        let sold = cx.store().load_entitlement(tenant, first.entitlement_id).await;
        if !store::present(sold)?.is_some_and(|sold| bound.owns(&sold)) {
            found.clear();
        }
    }
    let mut rows: Vec<RequestRow> = found.iter().map(RequestRow::from).collect();
    rows.retain(keep);
    Ok(page::of(rows, |row| row.id, &asked))
}

async fn exact(cx: &Cx) -> Result<Option<Vec<Id>>, Problem> {
    if let Some(number) = cx.query.get::<Id>("number")? {
        return Ok(Some(vec![number]));
    }
    let Some(aid) = cx.query.text("aid") else { return Ok(None) };
    let activation = if domain::activation::is_aid(aid) {
        cx.store().find_activation(cx.tenant()?, aid).await?
    } else {
        None
    };
    Ok(Some(activation.map(|activation| activation.request_ids()).unwrap_or_default()))
}
