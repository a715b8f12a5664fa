//! The answers besides success: every status that a route can have, and no other.
//!
//! Neighbours: `http::problem` has the status of each code; this says which routes meet which.

use domain::access::Needs;
use domain::rejection::Code;
use serde_json::{Map, Value, json};
use strum::IntoEnumIterator;

use crate::http::openapi::reference;
use crate::http::problem::{CREATED, status, title};
use crate::http::routes::{Gives, Route};

/// The refusals of a route, by status.
pub(super) fn refusals(route: &Route) -> Map<String, Value> {
    let mut all = statuses(route);
    all.sort_unstable();
    let of = route.dialect.described.refusal;
    all.into_iter().map(|status| (status.to_string(), of(status))).collect()
}

/// Which statuses a route can refuse with.
fn statuses(route: &Route) -> Vec<u16> {
    let mut codes = vec![Code::ValidationFailed, Code::Internal];
    let keyed = !matches!(route.needs, Needs::Nothing | Needs::Signature);
    if !matches!(route.needs, Needs::Nothing) {
        codes.push(Code::Unauthenticated);
    }
    if keyed {
        codes.push(Code::Forbidden);
    }
    if route.path.contains('{') {
        codes.push(Code::NotFound);
    }
    let changes = route.verb != "GET";
    if changes {
        codes.extend([Code::BodyTooLarge, Code::UnsupportedMediaType]);
    }
    codes.extend(route.dialect.codes);
    if route.dialect.ours {
        // A cursor of other filters, a reference that leads nowhere.
        let names_another = route.query.contains(&"against");
        if changes || names_another || matches!(route.gives, Gives::Page(_)) {
            codes.push(Code::ReferenceNotFound);
        }
        if changes {
            codes.push(Code::IllegalTransition);
        }
        if changes && keyed {
            codes.push(Code::VersionMismatch);
        }
        if route.needs_if_match() {
            codes.push(Code::IfMatchRequired);
        }
    }
    codes.into_iter().map(status).collect()
}

/// The answers that routes share: one for each status, with the codes that have it.
pub(super) fn shared() -> Value {
    let mut all = Map::new();
    for code in Code::iter() {
        let name = format!("Problem{}", status(code));
        let codes: Vec<String> = Code::iter()
            .filter(|other| status(*other) == status(code))
            .map(|other| format!("- `{other}`: {}", other.meaning().replace('\n', " ")))
            .collect();
        all.entry(name).or_insert_with(|| {
            let mut answer = json!({
                "description": codes.join("\n"),
                "headers": {"X-Request-Id": header("X-Request-Id")},
                "content": {"application/problem+json": {
                    "schema": reference("Problem"), "example": example(code),
                }},
            });
            if matches!(code, Code::RateLimited | Code::Unavailable) {
                answer["headers"]["Retry-After"] = header("Retry-After");
            }
            answer
        });
    }
    let text = json!({"text/plain": {"schema": {"type": "string"}}});
    all.insert(
        "PlainText".to_owned(),
        json!({"description": "What was wrong, in words.", "content": text}),
    );
    Value::Object(all)
}

fn example(code: Code) -> Value {
    json!({
        "type": format!("/errors/{code}"),
        "title": title(code),
        "status": status(code),
        "detail": code.meaning().replace('\n', " "),
        "instance": "/v1/plans",
        "code": code,
        "requestId": "5f1d3c0a9b7e2468",
    })
}

/// The headers of a good answer.
pub(super) fn answer_headers(route: &Route, status: u16) -> Value {
    let mut names = vec!["X-Request-Id"];
    if status == CREATED || matches!(route.gives, Gives::Location(_)) {
        names.push("Location");
    }
    if matches!(route.gives, Gives::Page(_)) && route.verb == "GET" {
        names.push("Link");
    }
    if route.heeds_idempotency_key() {
        names.push("Idempotent-Replayed");
    }
    names.into_iter().map(|name| (name.to_owned(), header(name))).collect::<Map<_, _>>().into()
}

fn header(name: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{name}")})
}

/// Every header that answers have.
pub(super) fn headers() -> Value {
    let of = |what: &str| json!({"description": what, "schema": {"type": "string"}});
    json!({
        "X-Request-Id": of("The name of this call, in the log and in the audit."),
        "Location": of("Where what was made is."),
        "Link": of("`rel=\"next\"`: the next page, if there is one."),
        "Idempotent-Replayed": of("true: it was answered so before, to the same Idempotency-Key."),
        "Retry-After": of("Seconds to wait."),
    })
}

/// The schema of a problem.
pub(super) fn problem() -> Value {
    let text = json!({"type": "string"});
    let codes: Vec<Code> = Code::iter().collect();
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "code", "requestId"],
        "properties": {
            "type": text, "title": text, "status": {"type": "integer"}, "detail": text,
            "instance": text, "code": {"type": "string", "enum": codes},
            "requestId": text, "state": text,
            "allowedActions": {"type": "array", "items": text},
            "errors": {"type": "array", "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": text, "code": {"type": "string", "enum": codes}, "detail": text,
                    "line": {"type": "integer"}, "column": {"type": "integer"},
                },
            }},
        },
    })
}
