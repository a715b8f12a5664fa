//! Activations: a customer uses part of an entitlement.
//!
//! Neighbours: the edge's table of routes; `domain::activation` decides.

use std::sync::Arc;

use axum::Router;
use domain::activation::activate::{ActivationInput, BulkInput, Facts};
use domain::activation::revoke::RevokeInput;
use domain::attributes::Entity;
use domain::decision::Decision;
use domain::entitlement::LineItem;
use domain::ids::Id;
use domain::record::Kind;
use domain::rejection::{Code, Rejection};
use domain::stamp::Stamp;
use domain::view::activation::{ActivationLine, ActivationView, ListedActivation};
use edge::http::bulk::Parts;
use edge::http::routes::Function;
use edge::{Answer, App, Cx, Problem, Routes};
use serde_json::Map;
use store::keys::Owner;
use store::list::PageOf;
use store::load::Keyed;
use uuid::Uuid;

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    Routes::of(Function::Activations, app)
        .on("createActivation", create)
        .on("activateMany", bulk)
        .on("listActivations", list)
        .on("getActivation", show)
        .on("revokeActivation", revoke)
        .on("acknowledgeActivation", acknowledge)
        .router()
}

fn unknown_key() -> Problem {
    let detail = "There is no such product key.";
    Rejection::at("/pkId", Code::ProductKeyUnknown, detail).into()
}

/// Everything that the activation depends on. A forged key is refused before any read.
async fn facts(cx: &Cx, input: &ActivationInput) -> Result<Facts, Problem> {
    let (store, tenant) = (cx.store(), cx.tenant()?);
    let pk_id: Uuid = input.pk_id.parse().map_err(|_| unknown_key())?;
    let place = cx.key_secret().await?.key_of(pk_id).ok_or_else(unknown_key)?;
    let keyed = store::present(store.load_keyed(tenant, place).await)?.ok_or_else(unknown_key)?;
    if let Some(bound) = cx.caller()?.key.bound() {
        if !bound.owns(&keyed.entitlement) {
            return Err(unknown_key());
        }
        bound.may_name(input.customer_id)?;
    }
    // What an entitlement without keys can become depends on all of its products.
    let item = keyed.entitlement.item_of(place.index).filter(|_| keyed.entitlement.has_keys());
    let of_item = |(_, item): (usize, &LineItem)| {
        item.item_products.iter().map(|product| product.product_id).collect()
    };
    let ids: Vec<Id> = item.map_or_else(|| keyed.entitlement.products(), of_item);
    let products = store.find_sold(tenant, &ids).await?;
    let customers: Vec<Id> = input.customer_id.into_iter().collect();
    let customer = store.find_customers(tenant, &customers).await?.into_values().next();
    let Keyed { entitlement, key } = keyed;
    // Only the refusal of one that takes no activations lists DELETE, or leaves it out.
    let open_requests =
        !entitlement.is_open() && store.has_open_requests(tenant, &entitlement).await?;
    Ok(Facts { tenant, entitlement, key, pk_id, products, open_requests, customer })
}

/// Decides on one activation.
async fn activate(
    cx: &Cx,
    input: &ActivationInput,
    stamp: Stamp,
) -> Result<(Answer, Decision), Problem> {
    input.check(stamp.now)?;
    cx.fit(Entity::Activation, &input.custom_attributes).await?;
    let facts = facts(cx, input).await?;
    let entitlement = facts.entitlement.clone();
    let (activation, requests, decision) = facts.activate(input, &stamp)?;
    let role = &cx.caller()?.role;
    let mut view = ActivationView::new(&activation, &requests, &entitlement, role);
    cx.named(&mut view.history).await?;
    let answer = Answer::created(&view, format!("/v1/activations/{}", activation.aid))?;
    Ok((answer.version(activation.life.version), decision))
}

async fn create(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<ActivationInput>()?);
    cx.decide_on(body, move |input, stamp| activate(cx, input, stamp)).await
}

async fn bulk(cx: Cx) -> Result<Answer, Problem> {
    let (cx, parts) = (&cx, cx.envelope::<BulkInput>()?.parts()?);
    let decide =
        move |input: ActivationInput, stamp| async move { activate(cx, &input, stamp).await };
    let list = parts.into_iter().map(|part| (None, part)).collect();
    cx.bulk(Parts { member: "activation", list, beside: Map::new() }, decide).await
}

async fn list(cx: Cx) -> Result<Answer, Problem> {
    let e_id: Option<Uuid> = cx.query.get("eId")?;
    let customer: Option<Id> = cx.query.get("customerId")?;
    let is = |of: Uuid, by: Option<Id>| {
        e_id.is_none_or(|e_id| e_id == of) && customer.is_none_or(|id| by == Some(id))
    };
    let near = |listed: &ListedActivation| is(listed.e_id, listed.customer_id);
    let keep = |line: &ActivationLine| is(line.e_id, line.customer_id);
    let secret = cx.key_secret().await?;
    let owner = e_id.and_then(|e_id| secret.entitlement_of(e_id)).map(Owner::Entitlement);
    let (tenant, asked) = (cx.tenant()?, PageOf { owner, ..cx.page()? });
    let page = match cx.caller()?.key.bound() {
        Some(bound) => cx.store().list_owned_activations(tenant, bound, &asked, keep).await?,
        None => cx.store().list_by(tenant, Kind::Activation, &asked, near, keep).await?,
    };
    cx.list(&page)
}

/// The AID of the path: what is none names nothing.
fn aid(cx: &Cx) -> Result<&str, Rejection> {
    let aid = cx.param("aid");
    let is_one = domain::activation::is_aid(aid);
    is_one.then_some(aid).ok_or_else(|| Rejection::not_found("activation"))
}

async fn show(cx: Cx) -> Result<Answer, Problem> {
    let tenant = cx.tenant()?;
    let activation = cx.store().load_activation(tenant, aid(&cx)?).await?;
    let requests = cx.store().find_requests(tenant, &activation.request_ids()).await?;
    let entitlement = cx.store().load_entitlement(tenant, activation.entitlement_id).await?;
    cx.caller()?.owns(&entitlement, "activation")?;
    let role = &cx.caller()?.role;
    let mut view = ActivationView::new(&activation, &requests, &entitlement, role);
    cx.named(&mut view.history).await?;
    cx.show(&view, activation.life.version)
}

async fn revoke(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<RevokeInput>()?);
    cx.decide_on(body, move |input, stamp| async move {
        let revocation = cx.store().load_revocation(cx.tenant()?, aid(cx)?).await?;
        cx.caller()?.owns(&revocation.entitlement, "activation")?;
        cx.if_match(revocation.activation.life.version)?;
        let entitlement = revocation.entitlement.clone();
        let warnings = revocation.warnings();
        let (activation, requests, decision) = revocation.revoke(input, &stamp)?;
        let role = &cx.caller()?.role;
        let mut view = ActivationView::new(&activation, &requests, &entitlement, role);
        view.warnings = Some(warnings);
        cx.named(&mut view.history).await?;
        Ok((Answer::ok(&view)?.version(activation.life.version), decision))
    })
    .await
}

async fn acknowledge(cx: Cx) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |stamp| async move {
        let tenant = cx.tenant()?;
        let activation = cx.store().load_activation(tenant, aid(cx)?).await?;
        let requests = cx.store().find_requests(tenant, &activation.request_ids()).await?;
        let entitlement = cx.store().load_entitlement(tenant, activation.entitlement_id).await?;
        cx.caller()?.owns(&entitlement, "activation")?;
        cx.if_match(activation.life.version)?;
        let (activation, decision) = activation.acknowledge(entitlement.clone(), &stamp)?;
        let role = &cx.caller()?.role;
        let mut view = ActivationView::new(&activation, &requests, &entitlement, role);
        cx.named(&mut view.history).await?;
        Ok((Answer::ok(&view)?.version(activation.life.version), decision))
    })
    .await
}
