//! Why the domain says no: a code of the API, what was wrong, where, what is allowed instead.
//!
//! Neighbours: every verb returns one. Guarantee: it says nothing about HTTP.

use serde::Serialize;
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

/// The codes of api.md section 1. What each means stands in [`Code::meaning`].
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Display, EnumIter, EnumString, IntoStaticStr, Serialize,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "`Code::meaning` documents every one, for the reader of an answer")]
pub enum Code {
    MalformedJson,
    ValidationFailed,
    UnknownMember,
    UnknownField,
    InvalidCharacter,
    DefinitionNotJson,
    DefinitionNotObject,
    DefinitionTooLarge,
    DuplicateKey,
    InvalidExpression,
    ExpressionTooCostly,
    CommentRequired,
    CursorInvalid,
    Unauthenticated,
    BadSignature,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    IllegalTransition,
    StatusConflict,
    NameTaken,
    InUse,
    ReopenLimit,
    WebhookIdReused,
    EntitlementDisabled,
    EntitlementExpired,
    ProductKeyDisabled,
    VersionMismatch,
    IfMatchRequired,
    BodyTooLarge,
    UnsupportedMediaType,
    ReferenceNotFound,
    ProductNotComplete,
    ProductKeyUnknown,
    QuantityExceeded,
    QuantityNotAllowed,
    CustomerRequired,
    EndpointRefused,
    IdempotencyKeyReused,
    CursorMismatch,
    RateLimited,
    Internal,
    Unavailable,
}

impl Code {
    /// What the code means and what to do, one sentence each.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::MalformedJson => "The body is not JSON. Mend it at the line and column given.",
            Self::ValidationFailed => "A member breaks its rule. Each entry of `errors` points at one.",
            Self::UnknownMember => "The body has a member that this call does not know. Check its spelling and case.",
            Self::UnknownField => "`fields` names a member that the answer does not have.",
            Self::InvalidCharacter => "A text holds a character that it may not hold; the answer names it.",
            Self::DefinitionNotJson => "The plan's definition is not JSON. Mend it at the line and column given.",
            Self::DefinitionNotObject => "A plan's definition is a JSON object or array, not a single value.",
            Self::DefinitionTooLarge => "The definition is over 64 KiB, 32 levels or 200 expressions.",
            Self::DuplicateKey => "An object of the definition has the same key twice. Remove one.",
            Self::InvalidExpression => "A string that starts with `$.` or `$[` is an expression and must be JSONPath (RFC 9535). Write `$$.` for a literal.",
            Self::ExpressionTooCostly => "The expression could cost too much to evaluate. Make it more specific.",
            Self::CommentRequired => "This act needs a comment.",
            Self::CursorInvalid => "The cursor is not one that this service gave. Start the list again.",
            Self::Unauthenticated => "No valid API key was sent. Send `Authorization: Bearer <api key>`.",
            Self::BadSignature => "The callback is not signed with the method's secret, or its time-stamp is stale.",
            Self::Forbidden => "The key's role lacks the permission that this call needs.",
            Self::NotFound => "There is nothing at this address.",
            Self::MethodNotAllowed => "This address does not answer that HTTP method.",
            Self::IllegalTransition => "The state does not allow this; `allowedActions` lists what it allows.",
            Self::StatusConflict => "The request is in a status that this report or act contradicts.",
            Self::NameTaken => "Another one has this name already. Choose another.",
            Self::InUse => "Something still uses it. Remove the use first.",
            Self::ReopenLimit => "The entitlement was reopened 15 times, which is the limit.",
            Self::WebhookIdReused => "This webhook-id came before with another body. Use a new one.",
            Self::EntitlementDisabled => "The entitlement is disabled. Enable it first.",
            Self::EntitlementExpired => "The entitlement's end date has passed.",
            Self::ProductKeyDisabled => "The product key is disabled. Enable it first.",
            Self::VersionMismatch => "It was changed since you read it. Read it again and repeat.",
            Self::IfMatchRequired => "Send `If-Match` with the ETag that you read.",
            Self::BodyTooLarge => "The body is larger than allowed (1 MiB, callbacks 64 KiB).",
            Self::UnsupportedMediaType => "Send the body as `application/json`.",
            Self::ReferenceNotFound => "The body names something that does not exist.",
            Self::ProductNotComplete => "A product of the entitlement is not Complete (lifeCycleStage COMMIT).",
            Self::ProductKeyUnknown => "There is no such product key.",
            Self::QuantityExceeded => "More was asked for than remains on the product key.",
            Self::QuantityNotAllowed => "The product key's activation method does not allow this quantity.",
            Self::CustomerRequired => "The entitlement's registration is mandatory: name a customer.",
            Self::EndpointRefused => "The endpoint's address is not one that this service may call.",
            Self::IdempotencyKeyReused => "This Idempotency-Key came before with another body. Use a new one.",
            Self::CursorMismatch => "The cursor belongs to other filters. Keep the filters, or start again.",
            Self::RateLimited => "Too many calls. Wait as `Retry-After` says.",
            Self::Internal => "Something went wrong on our side. Repeat with the same Idempotency-Key.",
            Self::Unavailable => "Not possible just now. Repeat with the same Idempotency-Key.",
        }
    }
}

/// One fault of a body: where, which, what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Fault {
    /// JSON Pointer into the body, or the name of a query parameter.
    pub pointer: String,
    /// The code of this fault.
    #[schema(value_type = String)]
    pub code: Code,
    /// What was wrong, for people.
    pub detail: String,
    /// Line of the text, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column of the line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

impl Fault {
    /// A fault at `pointer`.
    pub fn new(pointer: impl Into<String>, code: Code, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, detail: detail.into(), line: None, column: None }
    }
}

/// The domain's no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Rejection {
    /// The code of the answer.
    pub code: Code,
    /// What was wrong, for people.
    pub detail: String,
    /// Every fault of the body, when it is the body's.
    pub faults: Vec<Fault>,
    /// The state that said no, with what it allows.
    pub state: Option<State>,
}

/// The state that refused an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Its name on the wire.
    pub state: &'static str,
    /// What this state allows.
    pub allowed: Vec<&'static str>,
}

impl Rejection {
    /// A no with a code and its reason.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), faults: Vec::new(), state: None }
    }

    /// A no that points at one member of the body.
    pub fn at(pointer: &str, code: Code, detail: impl Into<String>) -> Self {
        Faults::one(Fault::new(pointer, code, detail))
    }

    /// There is no such thing.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what}."))
    }

    /// The same no, with the state that said it.
    pub fn with_state(mut self, state: &'static str, allowed: Vec<&'static str>) -> Self {
        self.state = Some(State { state, allowed });
        self
    }
}

/// Collects every fault of a body, so that the caller sees all of them at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Notes a fault.
    pub fn add(&mut self, pointer: impl Into<String>, code: Code, detail: impl Into<String>) {
        self.push(Fault::new(pointer, code, detail));
    }

    /// Notes a fault that is already made.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Notes that a rule is broken, unless it holds.
    pub fn check(&mut self, holds: bool, pointer: &str, detail: impl Into<String>) {
        if !holds {
            self.add(pointer, Code::ValidationFailed, detail);
        }
    }

    /// The value, or `None` and the fault noted at `pointer`.
    pub fn take<T>(&mut self, pointer: &str, value: Result<T, (Code, String)>) -> Option<T> {
        value.map_err(|(code, detail)| self.add(pointer, code, detail)).ok()
    }

    /// `Ok` when nothing was noted. The answer's code is that of the first fault.
    ///
    /// # Errors
    /// All faults, as one rejection.
    pub fn finish(self) -> Result<(), Rejection> {
        let Some(first) = self.0.first() else { return Ok(()) };
        let detail = match self.0.len() {
            1 => format!("{}: {}", first.pointer, first.detail),
            n => format!("{n} faults; the first at {}: {}", first.pointer, first.detail),
        };
        Err(Rejection { code: first.code, detail, faults: self.0, state: None })
    }

    fn one(fault: Fault) -> Rejection {
        let detail = fault.detail.clone();
        Rejection { code: fault.code, detail, faults: vec![fault], state: None }
    }
}
