//! Trying a plan out before anybody pays: preview on one document, rehearsal on what was sent.
//!
//! Neighbours: `content` makes the payloads, the same as the dispatcher's. Guarantee: nothing is
//! stored.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::cause::Failure;
use crate::ids::Id;
use crate::limits::REHEARSED;
use crate::plan::content::{Content, Explained};
use crate::plan::version::{Change, differ};
use crate::rejection::{Code, Faults, Rejection};
use crate::request::document::Sources;
use crate::substitution::TraceEntry;
use crate::substitution::lint::Warning;
use crate::substitution::values::Values;

/// Body of `POST /v1/plans/preview`: a plan, and what to fill it from.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PreviewInput {
    /// A saved plan; this or `definition`.
    pub plan_id: Option<Id>,
    /// A definition that is not saved: a JSON object or array, or a string that holds one.
    #[schema(value_type = Option<serde_json::Value>)]
    pub definition: Option<Value>,
    /// A JSON Schema for it.
    #[schema(value_type = Option<serde_json::Value>)]
    pub payload_schema: Option<Value>,
    /// The form of its values; default NATIVE.
    pub values: Option<Values>,
    /// A provisioning request; this, `activationId` or `document`.
    pub request_id: Option<Id>,
    /// The `aid` of an activation.
    pub activation_id: Option<String>,
    /// A document, `{"provisioningRequest": …}`.
    #[schema(value_type = Option<serde_json::Value>)]
    pub document: Option<Value>,
}

/// The source of the values of a preview.
#[derive(Debug)]
pub enum On<'a> {
    /// A request, as it is now.
    Request(Id),
    /// The request of an activation, as it is now.
    Activation(&'a str),
    /// This document.
    Document(&'a Value),
}

impl PreviewInput {
    /// The source of its values; checks that exactly one plan is named.
    ///
    /// # Errors
    /// A source or a plan that is missing, or one too many.
    pub fn on(&self) -> Result<On<'_>, Rejection> {
        let mut faults = Faults::default();
        let plans = usize::from(self.plan_id.is_some()) + usize::from(self.definition.is_some());
        faults.check(plans == 1, "/planId", ONE_PLAN);
        let alone = self.payload_schema.is_none() || self.definition.is_some();
        faults.check(alone, "/payloadSchema", "goes with definition; a saved plan has its own");
        let alone = self.values.is_none() || self.definition.is_some();
        faults.check(alone, "/values", "goes with definition; a saved plan has its own");
        let on: Vec<On<'_>> = [
            self.request_id.map(On::Request),
            self.activation_id.as_deref().map(On::Activation),
            self.document.as_ref().map(On::Document),
        ]
        .into_iter()
        .flatten()
        .collect();
        let one = "give either requestId, activationId or document";
        faults.check(on.len() == 1, "/requestId", one);
        if let [On::Document(document)] = &on[..] {
            let whole = document.get("provisioningRequest").is_some_and(Value::is_object);
            let detail = "a document is an object with the member provisioningRequest";
            faults.check(whole, "/document", detail);
        }
        faults.finish()?;
        on.into_iter().next().ok_or_else(|| Rejection::at("", Code::ValidationFailed, one))
    }
}

/// Body of `POST /v1/plans/lint`: a saved plan, or a definition that is not saved.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LintInput {
    /// A saved plan; this or `definition`.
    pub plan_id: Option<Id>,
    /// A JSON object or array, or a string that holds one.
    #[schema(value_type = Option<serde_json::Value>)]
    pub definition: Option<Value>,
}

impl LintInput {
    /// Checks that one plan is named.
    ///
    /// # Errors
    /// None, or both.
    pub fn one(&self) -> Result<(), Rejection> {
        let mut faults = Faults::default();
        faults.check(self.definition.is_some() != self.plan_id.is_some(), "/definition", ONE_PLAN);
        faults.finish()
    }
}

const ONE_PLAN: &str = "give either planId or definition";

/// Every warning of a definition.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Linted {
    /// In the order of the definition.
    pub warnings: Vec<Warning>,
}

/// Why a request with this payload would fail (P3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Trouble {
    /// The request's `errorCode`.
    pub code: String,
    /// Its `errorDescription`.
    pub detail: String,
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self { code: failure.cause.to_string(), detail: failure.description }
    }
}

/// A payload that was tried out.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// The payload; null when it cannot be made.
    #[schema(value_type = Option<serde_json::Value>)]
    pub payload: Option<Box<RawValue>>,
    /// Its bytes, as the provider would receive them.
    pub payload_text: Option<String>,
    /// Why a request with it would fail; null when it would not.
    pub problem: Option<Trouble>,
    /// The outcome of every expression, in the order of the definition.
    pub trace: Vec<TraceEntry>,
}

impl From<Explained> for Preview {
    fn from(explained: Explained) -> Self {
        let raw = |text: &String| RawValue::from_string(text.clone()).ok();
        Self {
            payload: explained.text.as_ref().and_then(raw),
            payload_text: explained.text,
            problem: explained.problem.map(Trouble::from),
            trace: explained.trace,
        }
    }
}

/// Body of `POST /v1/plans/{id}/rehearse`: the content that an edit would save.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RehearseInput {
    /// The new definition; absent: the whole document is sent.
    #[schema(value_type = Option<serde_json::Value>)]
    pub definition: Option<Value>,
    /// The new schema.
    #[schema(value_type = Option<serde_json::Value>)]
    pub payload_schema: Option<Value>,
    /// The form of its values; default NATIVE.
    pub values: Values,
    /// How many completed requests to show, 1 to 20; default 5.
    pub last: Option<usize>,
}

impl RehearseInput {
    /// How many completed requests to show.
    ///
    /// # Errors
    /// When it is out of its bounds.
    pub fn last(&self) -> Result<usize, Rejection> {
        let (default, most) = REHEARSED;
        let last = self.last.unwrap_or(default);
        let mut faults = Faults::default();
        faults.check((1..=most).contains(&last), "/last", format!("must lie between 1 and {most}"));
        faults.finish().map(|()| last)
    }
}

/// The requests that an edit would touch, and the differences that it would make.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rehearsal {
    /// The warnings of the new definition.
    pub warnings: Vec<Warning>,
    /// The products that use the plan.
    pub products: Vec<Using>,
    /// The queued requests of the plan.
    pub queued_requests: Queued,
    /// The last completed requests, newest first, each under both plans.
    pub requests: Vec<Rehearsed>,
}

/// A product that uses the plan.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Using {
    /// The product.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// PROVISION, DEPROVISION, or both.
    pub uses: Vec<&'static str>,
}

/// The queued requests of a plan.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Queued {
    /// Those that were not tried yet: they would be sent by the new content.
    pub changed: usize,
    /// Those that were tried: their bytes are frozen, an edit does not touch them.
    pub frozen: usize,
    /// False when there were too many requests to look at all of them.
    pub complete: bool,
}

/// A completed request under both plans.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Rehearsed {
    /// The request.
    pub id: Id,
    /// The same as text.
    pub number: String,
    /// Its payload by the saved plan, from the data of today.
    pub before: Preview,
    /// Its payload by the new content, from the same data.
    pub after: Preview,
    /// The differences between the two payloads.
    pub changes: Vec<Change>,
}

impl Rehearsed {
    /// Renders one request by both. The sources' plan is the saved one.
    pub fn new(mut sources: Sources, content: &Content) -> Self {
        let request = &sources.request;
        let (id, number) = (request.id, request.id.to_string());
        let saved = sources.plan.as_ref().map(|plan| plan.content.clone()).unwrap_or_default();
        let before = Preview::from(saved.explain(&saved.document(&sources)));
        if let Some(plan) = &mut sources.plan {
            plan.version += 1;
        }
        let after = Preview::from(content.explain(&content.document(&sources)));
        let mut changes = Vec::new();
        differ("", &before.value(), &after.value(), &mut changes);
        Self { id, number, before, after, changes }
    }
}

impl Preview {
    fn value(&self) -> Value {
        let text = self.payload_text.as_deref().unwrap_or("null");
        serde_json::from_str(text).unwrap_or_default()
    }
}
