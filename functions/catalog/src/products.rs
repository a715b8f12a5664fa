//! `/v1/products`.

use std::collections::BTreeMap;

use domain::access::Act;
use domain::catalog::product::{ProductInput, ProductPatch};
use domain::catalog::product_feature::ProductFeature;
use domain::catalog::states::LifeCycleStage;
use domain::catalog::{Feature, Product};
use domain::decision::Decision;
use domain::ids::Id;
use domain::record::Kind;
use domain::rejection::Rejection;
use domain::stamp::Stamp;
use domain::view::product::ProductView;
use edge::{Answer, Cx, Problem};

async fn load(cx: &Cx, act: Act) -> Result<Product, Problem> {
    let product = cx.store().load_product(cx.tenant()?, cx.id("id")?).await?;
    cx.caller()?.may_in(product.namespace_id, act, "product")?;
    Ok(product)
}

/// Those of the features that exist and the caller may see.
async fn features(
    cx: &Cx,
    named: impl Iterator<Item = &ProductFeature> + Send,
) -> Result<BTreeMap<Id, Feature>, Problem> {
    let mut ids: Vec<Id> = named.filter_map(|feature| feature.feature_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = cx.store().find_features(cx.tenant()?, &ids).await?;
    let role = &cx.caller()?.role;
    found.retain(|_, feature| role.may_in(feature.namespace_id, Act::View));
    Ok(found)
}

fn changed(cx: &Cx, product: Product) -> Result<Answer, Problem> {
    let version = product.version;
    Ok(Answer::ok(&ProductView::new(product, &cx.caller()?.role))?.version(version))
}

pub(crate) async fn create(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<ProductInput>()?);
    cx.decide_on(body, move |input, stamp| async move {
        let namespace = cx.namespace(input.namespace_id, Act::Add).await?;
        let known = features(cx, input.features.iter()).await?;
        let (product, decision) = Product::create(input, namespace, known, &stamp)?;
        let (location, version) = (format!("/v1/products/{}", product.id), product.version);
        let view = ProductView::new(product, &cx.caller()?.role);
        Ok((Answer::created(&view, location)?.version(version), decision))
    })
    .await
}

/// Filters by `name` and `identifier` read an exact key, so they are always complete.
pub(crate) async fn list(cx: Cx) -> Result<Answer, Problem> {
    let (tenant, role) = (cx.tenant()?, &cx.caller()?.role);
    let (name, identifier) = (cx.query.text("name"), cx.query.text("identifier"));
    let stage: Option<LifeCycleStage> = cx.query.get("stage")?;
    let is = |wanted: Option<&str>, found: &str| {
        wanted.is_none_or(|wanted| wanted.to_lowercase() == found.to_lowercase())
    };
    let keep = |product: &Product| {
        role.may_in(product.namespace_id, Act::View)
            && is(name, &product.name_version.name)
            && is(identifier, &product.identifier)
            && stage.is_none_or(|stage| product.life_cycle_stage == stage)
    };
    let store = cx.store();
    let find = |ids: Vec<Id>| async move {
        Ok(store.find_products(tenant, &ids).await?.into_values().collect())
    };
    let names = ["name", "identifier"];
    let id = |product: &Product| product.id;
    let page = cx.page_or_named(Kind::Product, &names, keep, id, find).await?;
    let rows = page.rows.iter().cloned().map(|product| ProductView::new(product, role)).collect();
    cx.list(&page.of(rows))
}

pub(crate) async fn show(cx: Cx) -> Result<Answer, Problem> {
    let product = load(&cx, Act::View).await?;
    let version = product.version;
    cx.show(&ProductView::new(product, &cx.caller()?.role), version)
}

type Step = fn(Product, &Stamp) -> Result<(Product, Decision), Rejection>;

async fn step(cx: &Cx, step: Step) -> Result<Answer, Problem> {
    cx.decide(move |stamp| async move {
        let product = load(cx, Act::Edit).await?;
        cx.if_match(product.version)?;
        let (product, decision) = step(product, &stamp)?;
        Ok((changed(cx, product)?, decision))
    })
    .await
}

pub(crate) async fn complete(cx: Cx) -> Result<Answer, Problem> {
    step(&cx, Product::complete).await
}

pub(crate) async fn retire(cx: Cx) -> Result<Answer, Problem> {
    step(&cx, Product::retire).await
}

pub(crate) async fn update(cx: Cx) -> Result<Answer, Problem> {
    let (cx, body) = (&cx, &cx.json::<ProductPatch>()?);
    cx.decide_on(body, move |patch, stamp| async move {
        let product = load(cx, Act::Edit).await?;
        cx.if_match(product.version)?;
        let new = patch.features.iter().flatten();
        let known = features(cx, product.features.iter().chain(new)).await?;
        let (product, decision) = product.update(patch, known, &stamp)?;
        Ok((changed(cx, product)?, decision))
    })
    .await
}

pub(crate) async fn delete(cx: Cx) -> Result<Answer, Problem> {
    let cx = &cx;
    cx.decide(move |_| async move {
        let product = load(cx, Act::Delete).await?;
        cx.if_match(product.version)?;
        let known = features(cx, product.features.iter()).await?;
        let association = cx.store().find_association(cx.tenant()?, product.id).await?;
        Ok((Answer::deleted(), product.delete(association.is_some(), known)?))
    })
    .await
}
