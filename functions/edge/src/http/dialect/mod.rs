//! How routes are spoken to: our own way, the XML of source 004, the envelope of source 003.
//!
//! Neighbours: the table of routes names one for each route; `context`, `router` and `openapi`
//! ask it. Guarantee: nobody else knows which of them it is.

pub mod crm;
pub mod ldk;
mod own;

use axum::body::Body;
use axum::http::{Response, Uri};
use domain::rejection::{Code, Rejection};
use serde_json::Value;

use crate::http::problem::Problem;
use crate::http::query::Query;

pub use crm::CRM;
pub use ldk::LDK;
pub use own::OWN;

/// A way to speak.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// The media type of bodies; empty: bodies are not read.
    pub content: &'static [&'static str],
    /// Bodies, `fields` and `If-Match` follow the rules of our own API.
    pub ours: bool,
    /// Reads a query; the names are those that the route takes.
    pub query: fn(&str, &[&str]) -> Result<Query, Rejection>,
    /// The API key that an address has.
    pub token: fn(&Uri) -> Option<String>,
    /// Says no.
    pub refuse: fn(Problem) -> Response<Body>,
    /// The statuses that it answers besides those of every dialect.
    pub codes: &'static [Code],
    /// How the OpenAPI document describes it.
    pub described: Described,
}

/// The OpenAPI description of a dialect.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    /// The ways to say who calls.
    pub security: fn() -> Value,
    /// An answer that says no, with this status.
    pub refusal: fn(u16) -> Value,
}

/// No key is read from an address.
fn no_token(_: &Uri) -> Option<String> {
    None
}

fn api_key() -> Value {
    serde_json::json!([{"apiKey": []}])
}
