//! The routes that need no key: health, state machines, the OpenAPI document, error pages.

use axum::body::Body;
use axum::http::Response;
use domain::activation::Activation;
use domain::catalog::Product;
use domain::entitlement::Entitlement;
use domain::entitlement::product_key::ProductKey;
use domain::machine::Stateful;
use domain::rejection::Code;
use domain::request::Request;
use edge::http::router::page;
use edge::{Answer, Cx, Problem};
use serde_json::json;

pub(crate) async fn health(_cx: Cx) -> Result<Answer, Problem> {
    Answer::ok(&json!({"status": "UP", "version": env!("CARGO_PKG_VERSION")}))
}

pub(crate) async fn state_machines(_cx: Cx) -> Result<Answer, Problem> {
    Answer::ok(&json!({"data": [
        Request::MACHINE.describe(),
        Entitlement::MACHINE.describe(),
        ProductKey::MACHINE.describe(),
        Activation::MACHINE.describe(),
        Product::MACHINE.describe(),
    ]}))
}

pub(crate) async fn openapi(_cx: Cx) -> Result<Answer, Problem> {
    Answer::ok(&edge::http::openapi::document())
}

pub(crate) async fn error(cx: Cx) -> Result<Response<Body>, Problem> {
    let code: Code = cx
        .param("code")
        .parse()
        .map_err(|_| Problem::new(Code::NotFound, "There is no such error code."))?;
    let status = edge::http::problem::status(code);
    let text = format!("{code} ({status})\n\n{}\n", code.meaning());
    Ok(page("text/plain; charset=utf-8", text))
}
