//! The OpenAPI document, derived from the table of routes.
//!
//! Neighbours: committed as `infra/openapi.json`; a test fails when it is stale.

use domain::access::Needs;
use serde_json::{Value, json};

use crate::http::problem::{CREATED, NO_CONTENT, OK};
use crate::http::routes::{Gives, Route, Shape};
use crate::http::table::ROUTES;

/// The document.
pub fn document() -> Value {
    let mut schemas = Vec::new();
    for route in ROUTES {
        if let Some(shape) = route.takes {
            (shape.collect)(&mut schemas);
        }
        if let Gives::One(shape) | Gives::Page(shape) | Gives::All(shape) = route.gives {
            (shape.collect)(&mut schemas);
        }
    }
    let mut components = serde_json::Map::new();
    schemas.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, schema) in schemas {
        components.insert(name, json!(schema));
    }
    components.insert("Problem".to_owned(), problem());
    let mut paths = serde_json::Map::new();
    for route in ROUTES {
        paths.entry(route.path).or_insert_with(|| json!({}))[route.verb.to_lowercase()] =
            operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Provisio",
            "description": "Entitlements, activations, and the provisioning requests they lead to.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "bearer"},
                "signature": {"type": "apiKey", "in": "header", "name": "webhook-signature"},
            },
        },
    })
}

/// The names of a schema's members, those of its parts included.
pub fn members(shape: Shape) -> Vec<String> {
    let mut schemas = Vec::new();
    (shape.collect)(&mut schemas);
    let schemas: serde_json::Map<String, Value> =
        schemas.into_iter().map(|(name, schema)| (name, json!(schema))).collect();
    let mut names = Vec::new();
    collect(&schemas[&(shape.name)()], &schemas, &mut names);
    names
}

fn collect(schema: &Value, all: &serde_json::Map<String, Value>, names: &mut Vec<String>) {
    names.extend(schema["properties"].as_object().into_iter().flat_map(|p| p.keys().cloned()));
    for part in schema["allOf"].as_array().into_iter().flatten() {
        collect(part, all, names);
    }
    let referred = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    if let Some(schema) = referred.and_then(|name| all.get(name)) {
        collect(schema, all, names);
    }
}

fn operation(route: &Route) -> Value {
    let function: &str = route.function.into();
    let mut operation = json!({
        "operationId": route.operation,
        "tags": [function],
        "summary": route.summary,
        "security": security(route.needs),
        "parameters": parameters(route),
        "responses": responses(route),
    });
    if let Some(shape) = route.takes {
        operation["requestBody"] = json!({
            "required": true,
            "content": {"application/json": {"schema": reference(&(shape.name)())}},
        });
    }
    if route.xml && route.verb != "GET" {
        operation["requestBody"] = json!({"required": true, "content": xml()});
    }
    operation
}

/// An XML document by the schema that `getEntitlementSchema` answers.
fn xml() -> Value {
    json!({"application/xml": {"schema": {"type": "string"}}})
}

fn security(needs: Needs) -> Value {
    match needs {
        Needs::Nothing => json!([]),
        Needs::Signature => json!([{"signature": []}]),
        _ => json!([{"apiKey": []}]),
    }
}

fn parameters(route: &Route) -> Vec<Value> {
    let in_path = route.path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        Some(json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
    });
    let in_query = route.parameters().into_iter().map(|name| {
        json!({"name": name, "in": "query", "required": false, "schema": {"type": "string"}})
    });
    let mut all: Vec<Value> = in_path.chain(in_query).collect();
    let mut header = |name: &str, required: bool| {
        all.push(json!({
            "name": name, "in": "header", "required": required, "schema": {"type": "string"},
        }));
    };
    if route.verb == "POST" && !matches!(route.needs, Needs::Signature) {
        header("Idempotency-Key", false);
    }
    if route.needs_if_match() {
        header("If-Match", true);
    }
    if matches!(route.needs, Needs::Signature) {
        ["webhook-id", "webhook-timestamp", "webhook-signature"]
            .iter()
            .for_each(|name| header(name, true));
    }
    all
}

fn responses(route: &Route) -> Value {
    let creates = route.operation.starts_with("create");
    let (status, content) = match route.gives {
        Gives::Nothing => (NO_CONTENT, Value::Null),
        Gives::Location(status) => (status, Value::Null),
        Gives::Xml => (OK, xml()),
        Gives::Text => (OK, json!({"text/plain": {"schema": {"type": "string"}}})),
        Gives::Object => (OK, body(&json!({"type": "object"}))),
        Gives::One(shape) => {
            (if creates { CREATED } else { OK }, body(&reference(&(shape.name)())))
        }
        Gives::Page(shape) => (OK, body(&list(&(shape.name)(), true))),
        Gives::All(shape) => (OK, body(&list(&(shape.name)(), false))),
    };
    let mut good = json!({"description": "Done."});
    if !content.is_null() {
        good["content"] = content;
    }
    let text = json!({
        "description": "What was wrong, in words.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    });
    if route.xml {
        return json!({status.to_string(): good, "default": text});
    }
    let bad = json!({
        "description": "A problem (RFC 9457); `code` says which.",
        "content": {"application/problem+json": {"schema": reference("Problem")}},
    });
    json!({status.to_string(): good, "default": bad})
}

fn body(schema: &Value) -> Value {
    json!({"application/json": {"schema": schema}})
}

fn list(name: &str, paged: bool) -> Value {
    let mut list = json!({
        "type": "object",
        "required": ["data"],
        "properties": {"data": {"type": "array", "items": reference(name)}},
    });
    if paged {
        list["required"] = json!(["data", "nextCursor"]);
        list["properties"]["nextCursor"] = json!({
            "type": ["string", "null"],
            "description": "Where to go on; null at the end. A page before it may be empty.",
        });
    }
    list
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn problem() -> Value {
    let text = json!({"type": "string"});
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "code", "requestId"],
        "properties": {
            "type": text, "title": text, "status": {"type": "integer"}, "detail": text,
            "instance": text, "code": text, "requestId": text, "state": text,
            "allowedActions": {"type": "array", "items": text},
            "errors": {"type": "array", "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": text, "code": text, "detail": text,
                    "line": {"type": "integer"}, "column": {"type": "integer"},
                },
            }},
        },
    })
}
