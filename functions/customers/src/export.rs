//! `…/{id}/export`: everything that is held of a customer or partner.

use domain::access::Bound;
use domain::access::audit::AuditEntry;
use domain::activation::Activation;
use domain::customer::erasure::Walk;
use domain::entitlement::Entitlement;
use domain::entitlement::create::Products;
use domain::entitlement::states::Around;
use domain::life::Aged;
use domain::limits::{EXPORT_BYTES, PAGE};
use domain::record::{Kind, Record};
use domain::rejection::{Code, Rejection};
use domain::request::Request;
use domain::view::HistoryLine;
use domain::view::activation::ActivationView;
use domain::view::entitlement::EntitlementView;
use domain::view::export::{Export, ExportLine};
use domain::view::request::{RequestLinks, RequestView};
use edge::http::page::{close, fields, opened};
use edge::{Answer, Cx, Problem};
use serde_json::{Value, json};
use store::list::PageOf;
use store::present;
use store::theirs::Theirs;

use crate::customers::{load, view};
use crate::erasure::who;

/// The first page begins with the customer; each ends once it is large.
pub(crate) async fn page(cx: Cx, kind: Kind) -> Result<Answer, Problem> {
    let customer = load(&cx, kind).await?;
    let (tenant, who) = (cx.tenant()?, who(kind, customer.id));
    let mut data = Vec::new();
    let from: Option<String> = opened(&cx.query, cx.path())?;
    let mut walk = if let Some(from) = from {
        walk_of(&cx, who, &from).await?
    } else {
        let own = view(&cx, &customer).await?;
        data.push(line(&cx, kind, &customer.id.to_string(), json!(own)).await?);
        for contact in cx.store().list_contacts(tenant, customer.id).await? {
            let id = contact.id.to_string();
            data.push(line(&cx, Kind::Contact, &id, json!(contact)).await?);
        }
        for key in cx.store().list_keys_of(tenant, who).await? {
            let id = key.info.id.to_string();
            data.push(line(&cx, Kind::ApiKey, &id, json!(key.info)).await?);
        }
        Walk::Sold(None)
    };
    let mut bytes = json!(data).to_string().len();
    let mut unreadable = 0;
    while walk != Walk::Over && bytes < EXPORT_BYTES {
        let found = cx.store().next_theirs(tenant, who, walk, PAGE.0).await?;
        walk = found.next;
        for (thing, behind) in found.things {
            let line = match thing {
                Ok(Theirs::Sold(sold)) => entitlement(&cx, &sold).await?,
                Ok(Theirs::Used(used)) => activation(&cx, &used, &mut unreadable).await?,
                Err(_) => {
                    unreadable += 1;
                    continue;
                }
            };
            bytes += json!(line).to_string().len();
            data.push(line);
            if bytes >= EXPORT_BYTES {
                walk = behind;
                break;
            }
        }
    }
    let next = (walk != Walk::Over).then(|| json!(walk).to_string());
    let next_cursor = next.map(|next| close(&next, &cx.query, cx.path()));
    Answer::ok(&fields(&cx.query, json!(Export { data, next_cursor, unreadable })))
}

/// Where a cursor says that it goes on, which must be something of theirs.
async fn walk_of(cx: &Cx, who: Bound, from: &str) -> Result<Walk, Problem> {
    let code = Code::CursorInvalid;
    let invalid = || Rejection::at("cursor", code, code.meaning());
    let walk = serde_json::from_str(from).map_err(|_| invalid())?;
    if let Walk::Of(sold, _) = walk {
        let sold = present(cx.store().load_entitlement(cx.tenant()?, sold).await)?;
        sold.filter(|sold| who.owns(sold)).ok_or_else(invalid)?;
    }
    Ok(walk)
}

async fn line(cx: &Cx, kind: Kind, id: &str, mut value: Value) -> Result<ExportLine, Problem> {
    // What may be ordered of it is nothing that is held.
    value.as_object_mut().map(|members| members.remove("allowedActions"));
    Ok(ExportLine { kind, value, audit: audit(cx, id).await? })
}

async fn audit(cx: &Cx, id: &str) -> Result<Vec<AuditEntry>, Problem> {
    let mut page = PageOf { limit: PAGE.1, ascending: true, ..PageOf::default() };
    let mut entries = Vec::new();
    loop {
        let found = cx.store().list_audit_of(cx.tenant()?, id, &page).await?;
        page.after = found.last().map(|entry| entry.id);
        let more = found.len() == page.limit;
        entries.extend(found.into_iter().filter(|entry| entry.expires() > cx.app.clock.now()));
        if !more {
            return Ok(entries);
        }
    }
}

async fn entitlement(cx: &Cx, sold: &Entitlement) -> Result<ExportLine, Problem> {
    let (products, today) = (Products::default(), cx.app.clock.now().day());
    let around = Around { products: &products, open_requests: false, today };
    let mut view = EntitlementView::new(sold, around, &cx.caller()?.role);
    let older = cx.store().list_history(cx.tenant()?, Aged::Entitlement, sold.id).await?;
    view.preceded_by(older.rows);
    line(cx, Kind::Entitlement, &sold.e_id.to_string(), json!(view)).await
}

async fn activation(
    cx: &Cx,
    used: &Activation,
    unreadable: &mut usize,
) -> Result<ExportLine, Problem> {
    let (store, tenant) = (cx.store(), cx.tenant()?);
    let requests = store.find_requests(tenant, &used.request_ids()).await?;
    let mut value = json!(ActivationView::of(used, &requests, &cx.caller()?.role));
    let mut shown = Vec::new();
    for each in &requests {
        shown.push(request(cx, each, unreadable).await?);
    }
    value["provisioningRequests"] = shown.into();
    line(cx, Kind::Activation, &used.aid, value).await
}

/// A request with all that was sent and heard, in every generation.
async fn request(cx: &Cx, request: &Request, unreadable: &mut usize) -> Result<Value, Problem> {
    let (mut beside, mut attempts) = (RequestLinks::default(), Vec::new());
    let (mut payloads, mut responses) = (Vec::new(), Vec::new());
    let now = cx.app.clock.now();
    for row in cx.store().list_rows_of(cx.tenant()?, request.id).await? {
        let Ok(row) = row else {
            *unreadable += 1;
            continue;
        };
        match row {
            Record::Payload(it) if it.is_kept(now) => {
                payloads.push(json!({"generation": it.generation, "text": it.text}));
            }
            Record::Attempt(it) => attempts.push(it),
            Record::Conflicts(it) => beside.conflicts = it.list,
            Record::LongResponse(it) if it.is_kept(now) => responses.push(it.response),
            Record::Overflow(it) => {
                beside.older.extend(it.steps.into_iter().map(HistoryLine::from));
            }
            _ => {}
        }
    }
    let mut value = json!(RequestView::new(request, beside, &cx.caller()?.role));
    value.as_object_mut().map(|members| members.remove("allowedActions"));
    value["payloads"] = payloads.into();
    value["longResponses"] = responses.into();
    value["attempts"] = json!(request.attempts(attempts, now));
    value["audit"] = json!(audit(cx, &request.id.to_string()).await?);
    Ok(value)
}
