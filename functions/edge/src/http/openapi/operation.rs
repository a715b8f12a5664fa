//! One route as an operation: what goes in, what comes out, and what can be wrong.
//!
//! Neighbours: the table of routes says all of it.

use domain::access::Needs;
use serde_json::{Map, Value, json};

use crate::http::openapi::parameters::parameters;
use crate::http::openapi::reference;
use crate::http::openapi::responses::{answer_headers, refusals};
use crate::http::problem::{CREATED, NO_CONTENT, OK};
use crate::http::routes::{Gives, Route};

/// The operation, with the example that a test noted.
pub(super) fn operation(route: &Route, example: &Value) -> Value {
    let function: &str = route.function.into();
    let mut operation = json!({
        "operationId": route.operation,
        "tags": [function],
        "summary": route.summary,
        "security": security(route),
        "parameters": parameters(route),
        "responses": responses(route, &example["response"]),
    });
    if let Some(shape) = route.takes {
        let body = json_body(&reference(&(shape.name)()), &example["request"]);
        operation["requestBody"] = json!({"required": true, "content": body});
    }
    if route.takes.is_none() && !route.dialect.ours && route.verb != "GET" {
        let content = xml(&example["request"]);
        operation["requestBody"] = json!({"required": true, "content": content});
    }
    operation
}

fn security(route: &Route) -> Value {
    match route.needs {
        Needs::Nothing => json!([]),
        Needs::Signature => json!([{"signature": []}]),
        _ => (route.dialect.described.security)(),
    }
}

fn responses(route: &Route, example: &Value) -> Value {
    let (status, content) = match route.gives {
        Gives::Nothing => (NO_CONTENT, Value::Null),
        Gives::Location(status) => (status, Value::Null),
        Gives::Xml => (OK, xml(example)),
        Gives::Text => (OK, with_example("text/plain", &json!({"type": "string"}), example)),
        Gives::Object => (OK, json_body(&json!({"type": "object"}), example)),
        Gives::One(shape) => {
            let status = if route.creates { CREATED } else { OK };
            (status, json_body(&shown(route, &reference(&(shape.name)())), example))
        }
        Gives::Page(shape) => (OK, json_body(&list(&(shape.name)(), true), example)),
        Gives::All(shape) => (OK, json_body(&list(&(shape.name)(), false), example)),
    };
    let mut good = json!({"description": "Done.", "headers": answer_headers(route, status)});
    if !content.is_null() {
        good["content"] = content;
    }
    let mut all = Map::new();
    all.insert(status.to_string(), good);
    all.extend(refusals(route));
    Value::Object(all)
}

/// A request can also be shown as the document that its plan sees.
fn shown(route: &Route, schema: &Value) -> Value {
    if !route.query.contains(&"view") {
        return schema.clone();
    }
    let live = json!({"type": "object", "required": ["provisioningRequest"]});
    json!({"anyOf": [schema, live]})
}

/// An XML document by the schema that `getEntitlementSchema` answers.
fn xml(example: &Value) -> Value {
    with_example("application/xml", &json!({"type": "string"}), example)
}

fn json_body(schema: &Value, example: &Value) -> Value {
    with_example("application/json", schema, example)
}

fn with_example(kind: &str, schema: &Value, example: &Value) -> Value {
    if example.is_null() {
        return json!({kind: {"schema": schema}});
    }
    json!({kind: {"schema": schema, "example": example}})
}

fn list(name: &str, paged: bool) -> Value {
    let mut list = json!({
        "type": "object",
        "required": ["data"],
        "properties": {"data": {"type": "array", "items": reference(name)}},
    });
    if paged {
        list["required"] = json!(["data", "nextCursor", "unreadable"]);
        list["properties"]["unreadable"] = json!({
            "type": "array", "items": {"type": "integer", "format": "int64"},
            "description": "The ids of rows that cannot be read; nearly always none.",
        });
        list["properties"]["nextCursor"] = json!({
            "type": ["string", "null"],
            "description": "Where to go on; null at the end. A page before it may be empty.",
        });
    }
    list
}
