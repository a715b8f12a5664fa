//! The catalog: products. Features, license models and custom attributes come later.
//!
//! Neighbours: the edge's table of routes; `domain::catalog` decides.

use std::sync::Arc;

use axum::Router;
use domain::access::Act;
use domain::catalog::Product;
use domain::catalog::product::ProductInput;
use domain::decision::Kind;
use edge::http::routes::Function;
use edge::{Answer, App, Cx, Problem, Routes};

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
        let namespace = cx.namespace(input.namespace_id).await?;
        cx.caller()?.may_in(namespace, Act::Add, "namespace")?;
        let (product, decision) = Product::create(input, namespace, &stamp)?;
        let answer = Answer::created(&product, format!("/v1/products/{}", product.id))?;
        Ok((answer.version(product.version), decision))
    })
    .await
}

async fn list(cx: Cx) -> Result<Answer, Problem> {
    let (role, name, stage) = (&cx.caller()?.role, cx.query.text("name"), cx.query.text("stage"));
    let keep = |product: &Product| {
        role.may_in(product.namespace_id, Act::View)
            && name.is_none_or(|n| product.name_version.name.to_lowercase() == n.to_lowercase())
            && stage.is_none_or(|s| product.life_cycle_stage.to_string() == s)
    };
    let page = cx.store().list(cx.tenant()?, Kind::Product, &cx.page()?, keep).await?;
    cx.list(&page)
}

async fn show(cx: Cx) -> Result<Answer, Problem> {
    let product = cx.store().load_product(cx.tenant()?, cx.id("id")?).await?;
    cx.caller()?.may_in(product.namespace_id, Act::View, "product")?;
    cx.show(&product, product.version)
}

async fn complete(cx: Cx) -> Result<Answer, Problem> {
    let (cx, id) = (&cx, cx.id("id")?);
    let tenant = cx.tenant()?;
    cx.decide(move |stamp| async move {
        let product = cx.store().load_product(tenant, id).await?;
        cx.caller()?.may_in(product.namespace_id, Act::Edit, "product")?;
        cx.if_match(product.version)?;
        let (product, decision) = product.complete(&stamp)?;
        Ok((Answer::ok(&product)?.version(product.version), decision))
    })
    .await
}
