//! The catalog: products. Features, license models and custom attributes come later.
//!
//! Neighbours: the edge's table of routes; `domain::catalog` decides.

use std::sync::Arc;

use axum::Router;
use domain::access::Act;
use domain::catalog::Product;
use domain::catalog::product::{LifeCycleStage, ProductInput};
use domain::decision::Kind;
use domain::view::product::ProductView;
use edge::http::routes::Function;
use edge::{Answer, App, Cx, Problem, Routes};
use store::list::Page;

/// The routes of this function.
pub fn router(app: Arc<App>) -> Router {
    Routes::of(Function::Catalog, app)
        .on("createProduct", create)
        .on("listProducts", list)
        .on("getProduct", show)
        .on("completeProduct", complete)
        .router()
}

async fn create(cx: Cx) -> Result<Answer, Problem> {
    let (cx, input) = (&cx, &cx.json::<ProductInput>()?);
    cx.decide(move |stamp| async move {
        let namespace = cx.namespace(input.namespace_id, Act::Add).await?;
        let (product, decision) = Product::create(input, namespace, &stamp)?;
        let (location, version) = (format!("/v1/products/{}", product.id), product.version);
        let view = ProductView::new(product, &cx.caller()?.role);
        Ok((Answer::created(&view, location)?.version(version), decision))
    })
    .await
}

async fn list(cx: Cx) -> Result<Answer, Problem> {
    let (role, name) = (&cx.caller()?.role, cx.query.text("name"));
    let stage: Option<LifeCycleStage> = cx.query.get("stage")?;
    let keep = |product: &Product| {
        role.may_in(product.namespace_id, Act::View)
            && name.is_none_or(|n| product.name_version.name.to_lowercase() == n.to_lowercase())
            && stage.is_none_or(|stage| product.life_cycle_stage == stage)
    };
    let page = cx.store().list(cx.tenant()?, Kind::Product, &cx.page()?, keep).await?;
    let rows = page.rows.into_iter().map(|product| ProductView::new(product, role)).collect();
    cx.list(&Page { rows, next: page.next })
}

async fn show(cx: Cx) -> Result<Answer, Problem> {
    let product = cx.store().load_product(cx.tenant()?, cx.id("id")?).await?;
    cx.caller()?.may_in(product.namespace_id, Act::View, "product")?;
    let version = product.version;
    cx.show(&ProductView::new(product, &cx.caller()?.role), version)
}

async fn complete(cx: Cx) -> Result<Answer, Problem> {
    let (cx, id) = (&cx, cx.id("id")?);
    let tenant = cx.tenant()?;
    cx.decide(move |stamp| async move {
        let product = cx.store().load_product(tenant, id).await?;
        cx.caller()?.may_in(product.namespace_id, Act::Edit, "product")?;
        cx.if_match(product.version)?;
        let (product, decision) = product.complete(&stamp)?;
        let version = product.version;
        let view = ProductView::new(product, &cx.caller()?.role);
        Ok((Answer::ok(&view)?.version(version), decision))
    })
    .await
}
