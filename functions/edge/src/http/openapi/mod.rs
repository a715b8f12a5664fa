//! The OpenAPI document, derived from the table of routes.
//!
//! Neighbours: `operation` for each route, `parameters` and `responses` for what they share.
//! Committed as `infra/openapi.json`; a test fails when it is stale. The examples are answers that
//! the service gave to a test (`infra/examples.json`).

mod operation;
mod parameters;
mod responses;

use serde_json::{Map, Value, json};

use crate::http::routes::Gives;
use crate::http::shape::named;
use crate::http::table::ROUTES;

/// The answers of the service to a test that visits every route.
const EXAMPLES: &str = include_str!("../../../../../infra/examples.json");

/// The document.
pub fn document() -> Value {
    let examples: Value = serde_json::from_str(EXAMPLES).unwrap_or_default();
    let mut paths = Map::new();
    for route in ROUTES {
        let example = &examples[route.operation];
        paths.entry(route.path).or_insert_with(|| json!({}))[route.verb.to_lowercase()] =
            operation::operation(route, example);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Provisio",
            "description": "Entitlements, activations, and the provisioning requests they lead to. \
                Every error is a problem (RFC 9457) whose `code` is explained at `/errors/{code}`. \
                A member of a body that is null counts as absent.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "responses": responses::shared(),
            "headers": responses::headers(),
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "bearer"},
                "token": {"type": "apiKey", "in": "query", "name": "token"},
                "signature": {"type": "apiKey", "in": "header", "name": "webhook-signature"},
            },
        },
    })
}

/// Every schema by its name. Bodies take no member that they do not name.
fn schemas() -> Map<String, Value> {
    let (mut taken, mut given) = (Vec::new(), Vec::new());
    for route in ROUTES {
        route.takes.iter().for_each(|shape| (shape.collect)(&mut taken));
        if let Gives::One(shape) | Gives::Page(shape) | Gives::All(shape) = route.gives {
            (shape.collect)(&mut given);
        }
    }
    let (taken, given) = (named(taken), named(given));
    let mut schemas = Map::new();
    let mut names: Vec<&String> = taken.keys().chain(given.keys()).collect();
    names.sort();
    for name in names {
        let mut schema = taken.get(name).or(given.get(name)).cloned().unwrap_or_default();
        let closed = taken.contains_key(name) && name != OPEN && schema["properties"].is_object();
        if closed {
            schema["additionalProperties"] = json!(false);
        }
        schemas.insert(name.clone(), schema);
    }
    schemas.insert("Problem".to_owned(), responses::problem());
    schemas
}

/// The body of callbacks: providers may say more than we read.
const OPEN: &str = "ReportInput";

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}
