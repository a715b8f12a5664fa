//! Activations: a customer uses part of an entitlement.
//!
//! Neighbours: the edge's table of routes; `domain::activation` decides.

use std::sync::Arc;

use axum::Router;
use domain::activation::activate::{ActivationInput, Facts};
use domain::decision::Kind;
use domain::ids::Id;
use domain::rejection::{Code, Rejection};
use domain::view::activation::{ActivationLine, ActivationView};
use edge::http::routes::Function;
use edge::{Answer, App, Cx, Problem, Routes};
use store::StoreError;
use uuid::Uuid;

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    Routes::of(Function::Activations, app)
        .on("createActivation", create)
        .on("listActivations", list)
        .on("getActivation", show)
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
    let place = cx.app.master()?.key_secret(tenant).key_of(pk_id).ok_or_else(unknown_key)?;
    let keyed = match store.load_keyed(tenant, place).await {
        Err(StoreError::NotFound(_)) => return Err(unknown_key()),
        other => other?,
    };
    let item = keyed.entitlement.item_of(place.index).map(|(_, item)| item.clone());
    let ids: Vec<Id> = item.iter().flat_map(|i| &i.item_products).map(|p| p.product_id).collect();
    let products = store.find_sold(tenant, &ids).await?;
    let customers: Vec<Id> = input.customer_id.into_iter().collect();
    let found = store.find_customers(tenant, &customers).await?.len() == customers.len();
    Ok(Facts {
        tenant,
        entitlement: keyed.entitlement,
        key: keyed.key,
        pk_id,
        products,
        customer_found: found,
    })
}

async fn create(cx: Cx) -> Result<Answer, Problem> {
    let (cx, input) = (&cx, &cx.json::<ActivationInput>()?);
    cx.decide(move |stamp| async move {
        input.check()?;
        let facts = facts(cx, input).await?;
        let (activation, requests, decision) = facts.activate(input, &stamp)?;
        let view = ActivationView::new(&activation, &requests);
        let answer = Answer::created(&view, format!("/v1/activations/{}", activation.aid))?;
        Ok((answer.version(activation.life.version), decision))
    })
    .await
}

async fn list(cx: Cx) -> Result<Answer, Problem> {
    let e_id: Option<Uuid> = cx.query.get("eId")?;
    let customer: Option<Id> = cx.query.get("customerId")?;
    let keep = |line: &ActivationLine| {
        e_id.is_none_or(|e_id| line.e_id == e_id)
            && customer.is_none_or(|id| line.customer_id == Some(id))
    };
    let page = cx.store().list(cx.tenant()?, Kind::Activation, &cx.page()?, keep).await?;
    cx.list(&page)
}

async fn show(cx: Cx) -> Result<Answer, Problem> {
    let tenant = cx.tenant()?;
    if !domain::activation::is_aid(cx.param("aid")) {
        return Err(Rejection::not_found("activation").into());
    }
    let activation = cx.store().load_activation(tenant, cx.param("aid")).await?;
    let requests = cx.store().find_requests(tenant, &activation.requests).await?;
    cx.show(&ActivationView::new(&activation, &requests), activation.life.version)
}
