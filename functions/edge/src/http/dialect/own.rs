//! Our own way: JSON in and out, problems (RFC 9457) with their status.

use axum::response::IntoResponse;
use domain::rejection::Code;
use serde_json::json;

use crate::http::dialect::{Described, Dialect, api_key, no_token};
use crate::http::query::Query;

/// The dialect.
pub const OWN: Dialect = Dialect {
    content: &["application/json"],
    ours: true,
    query: Query::parse,
    token: no_token,
    refuse: IntoResponse::into_response,
    codes: &[Code::RateLimited, Code::Unavailable],
    described: Described {
        security: api_key,
        refusal: |status| json!({"$ref": format!("#/components/responses/Problem{status}")}),
    },
};
