//! Every status code, and the one form of every error: RFC 9457 `application/problem+json`.
//!
//! Neighbours: rejections, store errors and the edge's own all end here. Guarantee: an answer of
//! 5xx carries no inner text.

use std::fmt;

use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::access::Role;
use domain::rejection::{Code, Fault, Rejection};
use problem_details::ProblemDetails;
use serde::Serialize;
use store::StoreError;

use crate::app::Undone;
use crate::ports::VaultError;
use crate::secret::{BrokenSeal, NoMasterKey};

/// A read or an action.
pub const OK: u16 = 200;
/// A creation.
pub const CREATED: u16 = 201;
/// A deletion.
pub const NO_CONTENT: u16 = 204;

/// The first status of a refusal.
pub const REFUSED: u16 = 400;

/// An error on its way out.
#[derive(Clone, Debug)]
pub struct Problem {
    rejection: Rejection,
    instance: String,
    request_id: String,
    allowed_actions: Option<Vec<&'static str>>,
}

/// The members beside those of RFC 9457.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    code: Code,
    request_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_actions: Option<Vec<&'static str>>,
}

/// The status of a code.
pub const fn status(code: Code) -> u16 {
    match code {
        Code::MalformedJson
        | Code::ValidationFailed
        | Code::UnknownMember
        | Code::ReadOnly
        | Code::UnknownField
        | Code::InvalidCharacter
        | Code::DefinitionNotJson
        | Code::DefinitionNotObject
        | Code::DefinitionTooLarge
        | Code::DuplicateKey
        | Code::InvalidExpression
        | Code::ExpressionTooCostly
        | Code::CommentRequired
        | Code::CursorInvalid => 400,
        Code::Unauthenticated | Code::BadSignature => 401,
        Code::Forbidden | Code::TenantSuspended => 403,
        Code::NotFound => 404,
        Code::MethodNotAllowed => 405,
        Code::IllegalTransition
        | Code::StatusConflict
        | Code::NameTaken
        | Code::InUse
        | Code::LastAdministrator
        | Code::ReopenLimit
        | Code::WebhookIdReused
        | Code::EntitlementDisabled
        | Code::EntitlementExpired
        | Code::ProductKeyDisabled => 409,
        Code::VersionMismatch => 412,
        Code::BodyTooLarge => 413,
        Code::UnsupportedMediaType => 415,
        Code::ReferenceNotFound
        | Code::ProductNotComplete
        | Code::ProductKeyUnknown
        | Code::QuantityExceeded
        | Code::QuantityNotAllowed
        | Code::CustomerRequired
        | Code::EndpointRefused
        | Code::IdempotencyKeyReused
        | Code::CursorMismatch => 422,
        Code::IfMatchRequired => 428,
        Code::RateLimited => 429,
        Code::Internal => 500,
        Code::Unavailable => 503,
    }
}

/// The name of a code's status.
pub fn title(code: Code) -> &'static str {
    StatusCode::from_u16(status(code)).ok().and_then(|s| s.canonical_reason()).unwrap_or_default()
}

/// Whether the call was refused for what it says, or for what there is: 409, 412, 422, 428. The
/// XML facade has one status for that.
pub const fn of_content(code: Code) -> bool {
    matches!(status(code), 409 | 412 | 422 | 428)
}

impl Problem {
    /// A problem with a code and its reason.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Rejection::new(code, detail).into()
    }

    /// A problem whose reason is the meaning of its code.
    pub fn of_code(code: Code) -> Self {
        Rejection::of(code).into()
    }

    /// Its code.
    pub const fn code(&self) -> Code {
        self.rejection.code
    }

    /// The fault in a sentence, for people.
    pub fn detail(&self) -> &str {
        &self.rejection.detail
    }

    /// The faults of the body.
    pub fn faults(&self) -> &[Fault] {
        &self.rejection.faults
    }

    /// The same problem, of this call: what is possible instead, for the caller's role.
    #[must_use]
    pub fn of(mut self, path: &str, request_id: &str, role: Option<&Role>) -> Self {
        path.clone_into(&mut self.instance);
        request_id.clone_into(&mut self.request_id);
        if let Some(possible) = &self.rejection.possible {
            let allowed = possible.open_to(role);
            let told = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
            self.rejection.detail.push_str(&format!(" Possible: {told}."));
            self.allowed_actions = Some(allowed);
        }
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rejection.code, self.rejection.detail)
    }
}

impl From<Problem> for Undone<Problem> {
    fn from(problem: Problem) -> Self {
        Self::Said(problem)
    }
}

impl From<Rejection> for Undone<Problem> {
    fn from(rejection: Rejection) -> Self {
        Self::Said(rejection.into())
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let (instance, request_id) = (String::new(), String::new());
        Self { rejection, instance, request_id, allowed_actions: None }
    }
}

impl From<NoMasterKey> for Problem {
    fn from(error: NoMasterKey) -> Self {
        tracing::error!(%error, "configuration");
        Self::of_code(Code::Internal)
    }
}

impl From<BrokenSeal> for Problem {
    fn from(error: BrokenSeal) -> Self {
        tracing::error!(%error, "a secret in a row");
        Self::of_code(if error.is_passing() { Code::Unavailable } else { Code::Internal })
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        tracing::error!(%error, "master keys");
        Self::of_code(Code::Unavailable)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(what) => Rejection::not_found(what).into(),
            StoreError::NameTaken { member, value } => {
                let detail = format!("The {member} {value:?} is taken.");
                Rejection::at(&format!("/{member}"), Code::NameTaken, detail).into()
            }
            StoreError::Conflict | StoreError::Replayed => {
                Self::new(Code::Unavailable, "Too many at once changed the same thing.")
            }
            StoreError::Unavailable(_) => {
                tracing::error!(%error, "store");
                Self::of_code(Code::Unavailable)
            }
            StoreError::Corrupt(..) => {
                tracing::error!(%error, "store");
                Self::of_code(Code::Internal)
            }
        }
    }
}

impl Problem {
    /// Its status.
    pub const fn status(&self) -> u16 {
        status(self.rejection.code)
    }

    /// The fault is ours, not the caller's.
    pub const fn is_ours(&self) -> bool {
        self.status() >= 500
    }

    /// As a member of another answer.
    pub fn shown(self) -> serde_json::Value {
        serde_json::json!(self.details())
    }

    fn details(self) -> ProblemDetails<Members> {
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::BAD_REQUEST);
        let Rejection { code, detail, faults, possible } = self.rejection;
        let members = Members {
            code,
            request_id: self.request_id,
            errors: faults,
            state: possible.map(|possible| possible.state),
            allowed_actions: self.allowed_actions,
        };
        let mut details =
            ProblemDetails::from_status_code(status).with_detail(detail).with_extensions(members);
        if let Ok(kind) = format!("/errors/{code}").parse::<Uri>() {
            details = details.with_type(kind);
        }
        details.instance = self.instance.parse::<Uri>().ok();
        details
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let code = self.rejection.code;
        let mut response = self.details().into_response();
        let headers = response.headers_mut();
        if code == Code::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if code == Code::Unavailable {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
