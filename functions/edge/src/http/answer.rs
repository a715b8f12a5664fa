//! The answer of a handler that succeeded.
//!
//! Neighbours: the idempotency record keeps it, the router sends it.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, value::to_raw_value};

use crate::http::dialect::ldk::XML;
use crate::http::problem::{CREATED, NO_CONTENT, OK, Problem};
use domain::rejection::Code;

/// A good answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON text.
    pub body: String,
    /// `Location` of what was made.
    pub location: Option<String>,
    /// `ETag`: the version.
    pub etag: Option<String>,
    /// `Link` to the next page.
    pub link: Option<String>,
    /// `Warning`: what was accepted and has no effect (004-H9).
    pub warning: Option<String>,
    /// The body is XML, not JSON.
    pub xml: bool,
    /// A member that is shown once: null when the answer is replayed.
    pub once: Option<&'static str>,
    /// It was given before, for the same Idempotency-Key.
    pub replayed: bool,
}

impl Answer {
    /// 200 with a body.
    ///
    /// # Errors
    /// When the body cannot be written as JSON.
    pub fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Self::new(OK, body)
    }

    /// 201 with a body and where it is.
    ///
    /// # Errors
    /// When the body cannot be written as JSON.
    pub fn created(body: &impl Serialize, location: String) -> Result<Self, Problem> {
        let mut answer = Self::new(CREATED, body)?;
        answer.location = Some(location);
        Ok(answer)
    }

    /// 204.
    pub const fn deleted() -> Self {
        Self {
            status: NO_CONTENT,
            body: String::new(),
            location: None,
            etag: None,
            link: None,
            warning: None,
            xml: false,
            once: None,
            replayed: false,
        }
    }

    /// Nothing but a status and where the thing is.
    pub fn located(status: u16, location: String) -> Self {
        Self { status, location: Some(location), ..Self::deleted() }
    }

    /// 200 with an XML document.
    pub fn document(body: String) -> Self {
        Self { status: OK, body, xml: true, ..Self::deleted() }
    }

    fn new(status: u16, body: &impl Serialize) -> Result<Self, Problem> {
        let body = to_raw_value(body).map_err(|error| {
            tracing::error!(%error, "an answer cannot be written");
            Problem::of_code(Code::Internal)
        })?;
        Ok(Self { status, body: body.get().to_owned(), ..Self::deleted() })
    }

    /// The same with an `ETag`.
    #[must_use]
    pub fn version(mut self, version: u64) -> Self {
        self.etag = Some(format!("\"{version}\""));
        self
    }

    /// The same, with a member that only this once has its value.
    #[must_use]
    pub const fn showing_once(mut self, member: &'static str) -> Self {
        self.once = Some(member);
        self
    }

    /// The body as it is kept: without what is shown once.
    pub fn kept_body(&self) -> String {
        let Some(member) = self.once else { return self.body.clone() };
        let Ok(mut body) = serde_json::from_str::<Value>(&self.body) else {
            return String::new();
        };
        body[member] = Value::Null;
        body.to_string()
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        let mut put = |name: header::HeaderName, value: Option<String>| {
            if let Some(value) = value.and_then(|v| HeaderValue::from_str(&v).ok()) {
                headers.insert(name, value);
            }
        };
        put(header::LOCATION, self.location);
        put(header::ETAG, self.etag);
        put(header::LINK, self.link);
        put(header::WARNING, self.warning);
        if !self.body.is_empty() {
            let kind = if self.xml { XML } else { "application/json" };
            put(header::CONTENT_TYPE, Some(kind.to_owned()));
        }
        if self.replayed {
            headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status.try_into().unwrap_or_default();
        *response.headers_mut() = headers;
        response
    }
}
