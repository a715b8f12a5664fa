//! CRM.COM's envelope (source 003): its token, and its way of saying no.
//!
//! Neighbours: `router` answers with it; `functions/requests` fills it. Guarantee: a token of the
//! query is read here and goes nowhere else (003-H6).

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use axum::response::IntoResponse;
use domain::rejection::Code;
use domain::view::crm::{CrmCode, CrmStatus, Envelope};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::http::dialect::{Described, Dialect};
use crate::http::problem::{Problem, status};
use crate::http::query::Query;
use crate::http::shape::{has, shape};

/// The dialect. What its own callers send besides, they may; a body is not listened to.
pub const CRM: Dialect = Dialect {
    content: &[],
    ours: false,
    query: |text, _| Ok(Query::all(text)),
    token: |uri| Query::all(uri.query()?).text("token").map(str::to_owned),
    refuse: |problem| envelope(&problem),
    codes: &[Code::NotFound],
    described: Described {
        security: || json!([{"apiKey": []}, {"token": []}]),
        refusal: |_| {
            json!({
                "description": "`data` is null; `status.code` says what was wrong.",
                "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/CrmAnswer"},
                }},
            })
        },
    },
};

/// The first of the names that `T` does not have; a dot leads into an object (003-H5).
pub fn unknown<T: ToSchema>(fields: &[String]) -> Option<&str> {
    fields.iter().map(String::as_str).find(|name| !has(shape::<T>(), name))
}

/// Leaves of an object what is named, and its `id`; all of it when nothing is named.
pub fn keep(value: &mut Value, fields: &[String]) {
    if fields.is_empty() {
        return;
    }
    match value {
        Value::Array(rows) => rows.iter_mut().for_each(|row| keep(row, fields)),
        Value::Object(members) => {
            let mut kept = Map::new();
            for (name, mut value) in std::mem::take(members) {
                if let Some(within) = within(&name, fields) {
                    keep(&mut value, &within);
                    kept.insert(name, value);
                }
            }
            *members = kept;
        }
        _ => {}
    }
}

/// The wanted parts of a member: none: nothing; empty: all of it.
fn within(name: &str, fields: &[String]) -> Option<Vec<String>> {
    let whole = name == "id" || fields.iter().any(|field| field == name);
    let parts: Vec<String> = fields
        .iter()
        .filter_map(|field| field.strip_prefix(name)?.strip_prefix('.'))
        .map(str::to_owned)
        .collect();
    if whole {
        return Some(Vec::new());
    }
    (!parts.is_empty()).then_some(parts)
}

/// A problem in the envelope.
pub fn envelope(problem: &Problem) -> Response<Body> {
    let code = match problem.code() {
        Code::Unauthenticated => CrmCode::InvalidToken,
        Code::Forbidden | Code::TenantSuspended => CrmCode::Forbidden,
        Code::NotFound => CrmCode::NotFound,
        _ => CrmCode::Internal,
    };
    refused(code, problem.detail())
}

/// A no in the envelope.
pub fn refused(code: CrmCode, message: &str) -> Response<Body> {
    let of = match code {
        CrmCode::Ok => None,
        CrmCode::InvalidToken => Some(Code::Unauthenticated),
        CrmCode::MissingParameter | CrmCode::TooManyIdentifiers | CrmCode::InvalidFieldsSet => {
            Some(Code::ValidationFailed)
        }
        CrmCode::NotFound => Some(Code::NotFound),
        CrmCode::Forbidden => Some(Code::Forbidden),
        CrmCode::Internal => Some(Code::Internal),
    };
    let status_of = CrmStatus { code, description: String::new(), message: message.to_owned() };
    let body = json!(Envelope { data: None, status: status_of });
    let mut response = body.to_string().into_response();
    *response.status_mut() = of.map(status).and_then(|s| s.try_into().ok()).unwrap_or_default();
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fields: &[&str], expected: &Value) {
        let mut value =
            json!({"id": "1", "a": 1, "b": {"id": "2", "c": 3, "d": [{"e": 4, "f": 5}]}});
        let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
        keep(&mut value, &fields);
        assert_eq!(&value, expected, "{fields:?}");
    }

    #[test]
    fn what_is_named_is_left_and_the_id() {
        let whole = json!({"id": "2", "c": 3, "d": [{"e": 4, "f": 5}]});
        check(&["a"], &json!({"id": "1", "a": 1}));
        check(&["b"], &json!({"id": "1", "b": whole}));
        check(&["b.c"], &json!({"id": "1", "b": {"id": "2", "c": 3}}));
        check(&["b.d.f"], &json!({"id": "1", "b": {"id": "2", "d": [{"f": 5}]}}));
        check(&["b", "b.c"], &json!({"id": "1", "b": whole}));
        check(&[], &json!({"id": "1", "a": 1, "b": whole}));
    }

    #[test]
    fn unknown_names_are_found_at_any_depth() {
        let check = |name: &str, known: bool| {
            let fields = [name.to_owned()];
            let found = unknown::<domain::view::crm::CrmRequest>(&fields);
            assert_eq!(found, (!known).then_some(name));
        };
        for known in [
            "number",
            "subscription",
            "subscription.number",
            "parameters_set.string_value",
            "subscription.accounts_receivable.account_owner.demographics.date_of_birth.year",
            "provisioning_provider.provisioning_protocol",
        ] {
            check(known, true);
        }
        for wrong in ["", "Number", "number.x", "subscription.", "subscription.x", ".number"] {
            check(wrong, false);
        }
    }
}
