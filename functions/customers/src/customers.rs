//! `/v1/customers` and `/v1/partners`: the same, but for a flag.

use domain::access::keys::KeyInfo;
use domain::activation::states::State;
use domain::attributes::Entity;
use domain::customer::profile::Profile;
use domain::customer::{Customer, CustomerInput, CustomerPatch};
use domain::ids::Id;
use domain::limits::PAGE;
use domain::plan::door::Sealed;
use domain::record::Kind;
use domain::rejection::Rejection;
use domain::stamp::Stamp;
use domain::view::activation::{ActivationLine, ListedActivation};
use domain::view::customer::CustomerView;
use domain::view::entitlement::ListedEntitlement;
use edge::http::page;
use edge::secret::{Secret, profile_place};
use edge::{Answer, Cx, Problem};
use serde_json::json;
use store::list::{Page, PageOf};

/// The customer or partner of the path: each has its own addresses.
pub(crate) async fn load(cx: &Cx, kind: Kind) -> Result<Customer, Problem> {
    let customer = cx.store().load_customer(cx.tenant()?, cx.id("id")?).await?;
    let bound = cx.caller()?.key.bound();
    if customer.kind() == kind && bound.is_none_or(|bound| bound.id() == customer.id) {
        return Ok(customer);
    }
    Err(Rejection::not_found(&kind.to_string().to_lowercase()).into())
}

/// A profile of a body, sealed; none for one that says nothing.
async fn seal(
    cx: &Cx,
    customer: Id,
    profile: Option<&Profile>,
    stamp: &Stamp,
) -> Result<Option<Sealed>, Problem> {
    let Some(profile) = profile.filter(|profile| !profile.is_empty()) else { return Ok(None) };
    let secret = Secret::of_text(&json!(profile).to_string());
    Ok(Some(cx.seal(&secret, &profile_place(customer), stamp).await?))
}

/// The customer with its profile, as far as the caller may see it.
pub(crate) async fn view(cx: &Cx, customer: &Customer) -> Result<CustomerView, Problem> {
    let profile = cx.app.open_profile(customer).await?;
    Ok(CustomerView::new(customer, profile, &cx.caller()?.role))
}

pub(crate) async fn create(cx: Cx, kind: Kind) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<CustomerInput>()?);
    cx.decide_on(body, move |input, stamp| async move {
        cx.fit(Entity::Customer, &input.custom_attributes).await?;
        let sealed = seal(cx, stamp.id(0), input.profile.as_ref(), &stamp).await?;
        let (customer, decision) = Customer::create(input, sealed, kind, &stamp)?;
        let at = format!("{}/{}", cx.path(), customer.id);
        let answer = Answer::created(&view(cx, &customer).await?, at)?;
        // The record of an Idempotency-Key is not sealed: it has no profile.
        Ok((answer.version(customer.version).showing_once("profile"), decision))
    })
    .await
}

/// Filters by `email`, `name`, `identifier` read an exact key, so they are always complete.
pub(crate) async fn list(cx: Cx, kind: Kind) -> Result<Answer, Problem> {
    let (tenant, store, names) = (cx.tenant()?, cx.store(), ["email", "name", "identifier"]);
    let fits = |customer: &Customer| {
        let asked = names.iter().filter_map(|member| Some((member, cx.query.text(member)?)));
        asked.into_iter().all(|(member, value)| has(customer, member, value))
    };
    let find = |ids: Vec<Id>| async move {
        Ok(store.find_customers(tenant, &ids).await?.into_values().collect())
    };
    let id = |customer: &Customer| customer.id;
    if let Some(bound) = cx.caller()?.key.bound() {
        // There is one at most: the customer or partner whose key it is.
        let mut own: Vec<Customer> = find(vec![bound.id()]).await?;
        own.retain(|own| own.kind() == kind && fits(own));
        return cx.list(&shown(&cx, &page::of(own, id, &cx.page()?)).await?);
    }
    let page = cx.page_or_named(kind, &names, fits, id, find).await?;
    cx.list(&shown(&cx, &page).await?)
}

async fn shown(cx: &Cx, page: &Page<Customer>) -> Result<Page<CustomerView>, Problem> {
    let mut rows = Vec::with_capacity(page.rows.len());
    for customer in &page.rows {
        rows.push(view(cx, customer).await?);
    }
    Ok(page.of(rows))
}

fn has(customer: &Customer, member: &str, value: &str) -> bool {
    let same = |text: &String| text.to_lowercase() == value.to_lowercase();
    match member {
        "email" => customer.emails.iter().any(same),
        "name" => same(&customer.name),
        _ => same(&customer.identifier),
    }
}

pub(crate) async fn show(cx: Cx, kind: Kind) -> Result<Answer, Problem> {
    let customer = load(&cx, kind).await?;
    cx.show(&view(&cx, &customer).await?, customer.version)
}

pub(crate) async fn update(cx: Cx, kind: Kind) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<CustomerPatch>()?);
    cx.decide_on(body, move |patch, stamp| async move {
        let customer = load(cx, kind).await?;
        cx.if_match(customer.version)?;
        let attributes = patch.custom_attributes.clone().unwrap_or_default();
        cx.fit(Entity::Customer, &attributes).await?;
        let sealed = seal(cx, customer.id, patch.profile.as_ref(), &stamp).await?;
        let (customer, decision) = customer.update(patch, sealed, &stamp)?;
        Ok((Answer::ok(&view(cx, &customer).await?)?.version(customer.version), decision))
    })
    .await
}

pub(crate) async fn delete(cx: Cx, kind: Kind) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |_| async move {
        let customer = load(cx, kind).await?;
        cx.if_match(customer.version)?;
        let contacts = cx.store().list_contacts(cx.tenant()?, customer.id).await?;
        let named = named_by(cx, customer.id).await?;
        Ok((Answer::deleted(), customer.delete(contacts, named)?))
    })
    .await
}

/// The things that name it and are not over, as a text.
async fn named_by(cx: &Cx, customer: Id) -> Result<Option<&'static str>, Problem> {
    let names = |row: &ListedEntitlement| {
        row.customer_id == Some(customer) || row.partner_id == Some(customer)
    };
    let (tenant, now) = (cx.tenant()?, cx.app.clock.now());
    if cx.store().has(tenant, Kind::Entitlement, names).await? {
        return Ok(Some("Entitlements"));
    }
    let is_theirs =
        |key: &KeyInfo| key.bound().is_some_and(|bound| bound.id() == customer) && key.is_live(now);
    if cx.store().has(tenant, Kind::ApiKey, is_theirs).await? {
        return Ok(Some("API keys"));
    }
    let mut page = PageOf { limit: PAGE.1, ..PageOf::default() };
    loop {
        let near = |row: &ListedActivation| row.customer_id == Some(customer);
        let names = |row: &ActivationLine| row.customer_id == Some(customer);
        let found = cx.store().list_by(tenant, Kind::Activation, &page, near, names).await?;
        for row in found.rows {
            let activation = cx.store().load_activation(tenant, &row.aid).await?;
            if activation.life.state != State::Revoked {
                return Ok(Some("Activations"));
            }
            let requests = cx.store().find_requests(tenant, &activation.request_ids()).await?;
            if requests.iter().any(|request| !request.is_at_rest()) {
                return Ok(Some("Open provisioning requests"));
            }
        }
        page.after = found.next;
        if page.after.is_none() {
            return Ok(None);
        }
    }
}
