//! Why the domain says no: a code of the API, what was wrong, where, what is allowed instead.
//!
//! Neighbours: every verb returns one. Guarantee: it says nothing about HTTP.

use serde::Serialize;
use strum::{Display, EnumIter, EnumMessage, EnumString, IntoStaticStr};

use crate::access::Role;
use crate::ids::Id;
use crate::limits::{FAULT_BYTES, FAULTS};
use crate::machine::Who;
use crate::text::cut;

/// The codes of refusals. The documentation of each is what `GET /errors/{code}` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[derive(Display, EnumIter, EnumMessage, EnumString, IntoStaticStr, Serialize)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The body is not JSON. Mend it at the line and column given.
    MalformedJson,
    /// A member breaks its rule. Each entry of `errors` points at one.
    ValidationFailed,
    /// The body has a member that this call does not know. Check its spelling and case.
    UnknownMember,
    /// The member is decided by the service, and the body says otherwise. Leave it out.
    ReadOnly,
    /// `fields` names a member that the answer does not have.
    UnknownField,
    /// A text holds a character that it may not hold; the answer names it.
    InvalidCharacter,
    /// The plan's definition is not JSON. Mend it at the line and column given.
    DefinitionNotJson,
    /// A plan's definition is a JSON object or array, not a single value.
    DefinitionNotObject,
    /// The definition is over 64 KiB, 32 levels or 200 expressions.
    DefinitionTooLarge,
    /// An object of the body or of a definition has the same key twice. Remove one.
    DuplicateKey,
    /// A string that starts with `$.` or `$[` is an expression and must be JSONPath (RFC 9535).
    /// Write `$$.` for a literal.
    InvalidExpression,
    /// The expression could cost too much to evaluate. Make it more specific.
    ExpressionTooCostly,
    /// This act needs a comment.
    CommentRequired,
    /// The cursor is not one that this service gave. Start the list again.
    CursorInvalid,
    /// No valid API key was sent. Send `Authorization: Bearer <api key>`.
    Unauthenticated,
    /// The callback is not signed with the method's secret, its time-stamp is stale, or its
    /// `webhook-id` is not 1 to 64 of A-Z, a-z, 0-9, _ and -.
    BadSignature,
    /// The key's role lacks the permission that this call needs.
    Forbidden,
    /// Whoever runs the service has suspended the tenant: its keys are refused and its requests
    /// held until that ends.
    TenantSuspended,
    /// There is nothing at this address.
    NotFound,
    /// This address does not answer that HTTP method.
    MethodNotAllowed,
    /// The state does not allow this; `allowedActions` lists what it allows.
    IllegalTransition,
    /// The request is in a status that this report or act contradicts.
    StatusConflict,
    /// Another one has this name already. Choose another.
    NameTaken,
    /// Something still uses it. Remove the use first.
    InUse,
    /// No other living key may administer this tenant. Make one first.
    LastAdministrator,
    /// The entitlement was reopened 15 times, which is the limit.
    ReopenLimit,
    /// This webhook-id came before with another body. Use a new one.
    WebhookIdReused,
    /// The entitlement is disabled. Enable it first.
    EntitlementDisabled,
    /// The entitlement's end date has passed. No key of it can be activated.
    EntitlementExpired,
    /// The product key is disabled. Enable it first.
    ProductKeyDisabled,
    /// It was changed since you read it. Read it again and repeat.
    VersionMismatch,
    /// Send `If-Match` with the `ETag` that you read.
    IfMatchRequired,
    /// The body is larger than allowed (1 MiB, callbacks 64 KiB).
    BodyTooLarge,
    /// Send the body as `application/json`.
    UnsupportedMediaType,
    /// The body names something that does not exist.
    ReferenceNotFound,
    /// A product of the entitlement is not Complete (lifeCycleStage COMMIT).
    ProductNotComplete,
    /// There is no such product key.
    ProductKeyUnknown,
    /// More was asked for than remains on the product key.
    QuantityExceeded,
    /// The product key's activation method does not allow this quantity.
    QuantityNotAllowed,
    /// The entitlement's registration is mandatory: name a customer.
    CustomerRequired,
    /// The endpoint's address is not one that this service may call.
    EndpointRefused,
    /// This Idempotency-Key came before with another body. Use a new one.
    IdempotencyKeyReused,
    /// The cursor belongs to other filters. Keep the filters, or start again.
    CursorMismatch,
    /// Too many calls. Wait as `Retry-After` says.
    RateLimited,
    /// Something went wrong on our side. Repeat with the same Idempotency-Key.
    Internal,
    /// Not possible just now. Repeat with the same Idempotency-Key.
    Unavailable,
}

impl Code {
    /// What the code means and what to do: its documentation above.
    pub fn meaning(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
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
    /// The fault in a sentence, for people.
    pub detail: String,
    /// Line of the text, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column of the line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

/// A member's name as a part of a JSON Pointer (RFC 6901).
pub fn pointer_part(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

impl Fault {
    /// The body names something that does not exist, in the words of source 004.
    pub fn unknown(pointer: impl Into<String>, what: &str, id: Id) -> Self {
        let detail = format!("Cannot find a {what} corresponding to ID {id}.");
        Self::new(pointer, Code::ReferenceNotFound, detail)
    }

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
    /// The fault in a sentence, for people.
    pub detail: String,
    /// Every fault of the body, when it is the body's.
    pub faults: Vec<Fault>,
    /// The state that said no, with what is possible instead.
    pub possible: Option<Possible>,
}

/// The actions that a thing allows in its present state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Possible {
    /// Its state, as the wire names it.
    pub state: &'static str,
    /// The acts.
    pub offers: Vec<Offer>,
}

/// An act that is possible, for those who may do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name on the wire.
    pub action: &'static str,
    /// The permission that it takes.
    pub who: Who,
    /// In which namespace the thing is.
    pub namespace: Option<Id>,
}

impl Possible {
    /// What a caller in this role may do; without a role, nothing.
    pub fn open_to(&self, role: Option<&Role>) -> Vec<&'static str> {
        let theirs = |offer: &&Offer| role.is_some_and(|role| offer.who.is(role, offer.namespace));
        self.offers.iter().filter(theirs).map(|offer| offer.action).collect()
    }
}

impl Rejection {
    /// The whole of it in one line: each fault with its place, else the detail.
    pub fn told(&self) -> String {
        if self.faults.is_empty() {
            return self.detail.clone();
        }
        let each = self.faults.iter().map(|f| format!("{} {}", f.pointer, f.detail));
        each.map(|fault| fault.trim().to_owned()).collect::<Vec<_>>().join("; ")
    }

    /// A no with a code and its reason.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), faults: Vec::new(), possible: None }
    }

    /// A no whose reason is the meaning of its code.
    pub fn of(code: Code) -> Self {
        // Its documentation is broken into lines.
        Self::new(code, code.meaning().trim().replace('\n', " "))
    }

    /// A no that points at one member of the body.
    pub fn at(pointer: &str, code: Code, detail: impl Into<String>) -> Self {
        Fault::new(pointer, code, detail).into()
    }

    /// There is no such thing.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what}."))
    }

    /// The same no, with the state that said it, and what is possible instead.
    #[must_use]
    pub fn instead(mut self, possible: Possible) -> Self {
        self.possible = Some(possible);
        self
    }
}

/// A rule of a state's guard.
///
/// # Errors
/// `ILLEGAL_TRANSITION` where it does not hold.
pub fn illegal_unless(holds: bool, detail: impl Into<String>) -> Result<(), Rejection> {
    if holds { Ok(()) } else { Err(Rejection::new(Code::IllegalTransition, detail)) }
}

impl From<Fault> for Rejection {
    fn from(fault: Fault) -> Self {
        let detail = fault.detail.clone();
        Self { code: fault.code, detail, faults: vec![fault], possible: None }
    }
}

/// Collects every fault of a body, so that the caller sees all of them at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl From<Vec<Fault>> for Faults {
    fn from(faults: Vec<Fault>) -> Self {
        Self(faults)
    }
}

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

    /// The value, or `None` and every fault of its rejection noted.
    pub fn all<T>(&mut self, value: Result<T, Rejection>) -> Option<T> {
        value.map_err(|rejection| self.0.extend(rejection.faults)).ok()
    }

    /// `Ok` when nothing was noted. At most 100 faults are listed, each within its bound: an answer
    /// must not be larger than what it answers. The answer's code is that of the first fault; what
    /// is wrong by itself comes before what is only not stored (400 before 422).
    ///
    /// # Errors
    /// All faults, as one rejection.
    pub fn finish(mut self) -> Result<(), Rejection> {
        let of_itself = self.0.iter().find(|fault| fault.code != Code::ReferenceNotFound);
        let Some(first) = of_itself.or(self.0.first()) else { return Ok(()) };
        let (code, at) = (first.code, cut(&first.pointer, FAULT_BYTES));
        let why = cut(&first.detail, FAULT_BYTES);
        let detail = match self.0.len() {
            1 => format!("{at}: {why}"),
            n if n > FAULTS => {
                format!("{FAULTS} faults and {} more; the first at {at}: {why}", n - FAULTS)
            }
            n => format!("{n} faults; the first at {at}: {why}"),
        };
        self.0.truncate(FAULTS);
        for text in self.0.iter_mut().flat_map(|fault| [&mut fault.pointer, &mut fault.detail]) {
            text.truncate(cut(text, FAULT_BYTES).len());
        }
        Err(Rejection { code, detail, faults: self.0, possible: None })
    }
}
