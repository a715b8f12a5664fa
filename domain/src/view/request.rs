//! Provisioning requests as answers show them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::Role;
use crate::activation::Activation;
use crate::cause::ErrorLine;
use crate::ids::{Id, sha256_hex};
use crate::machine::Stateful;
use crate::request::states::Status;
use crate::request::{Conflict, Delivery, Named, Payload, ProductName, Request, RequestType};
use crate::time::Time;
use crate::view::HistoryLine;

/// What a list shows of a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the members of `Request`")]
pub struct RequestRow {
    pub id: Id,
    pub state: Status,
    pub moved: Time,
    pub product: ProductName,
    pub e_id: Uuid,
    pub aid: String,
    pub quantity: u32,
    pub comments: Option<String>,
    pub plan: Option<Named>,
    pub method: Option<Named>,
    pub created_date: Time,
}

impl From<&Request> for RequestRow {
    fn from(request: &Request) -> Self {
        let r = request.clone();
        Self {
            id: r.id,
            state: r.life.state,
            moved: r.life.moved,
            product: r.product,
            e_id: r.e_id,
            aid: r.aid,
            quantity: r.quantity,
            comments: r.comments,
            plan: r.plan,
            method: r.method,
            created_date: r.created_date,
        }
    }
}

/// What the list of requests can be filtered by before a row is read. No move changes it but a
/// retry, which may take another plan or method.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the members of `Request`")]
pub struct ListedRequest {
    pub product: ProductName,
    pub e_id: Uuid,
    pub plan: Option<Id>,
    pub method: Option<Id>,
}

impl From<&Request> for ListedRequest {
    fn from(request: &Request) -> Self {
        Self::from(&RequestRow::from(request))
    }
}

impl From<&RequestRow> for ListedRequest {
    fn from(row: &RequestRow) -> Self {
        let id = |named: &Option<Named>| named.as_ref().map(|named| named.id);
        Self {
            product: row.product.clone(),
            e_id: row.e_id,
            plan: id(&row.plan),
            method: id(&row.method),
        }
    }
}

/// A request in a list (000, the ten attributes).
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the attributes of source 000")]
pub struct RequestLine {
    pub id: Id,
    pub number: String,
    pub status: Status,
    pub product_name: String,
    pub product_id: Id,
    pub e_id: Uuid,
    pub aid: String,
    pub activated_quantity: u32,
    pub comments: Option<String>,
    pub plan: Option<Named>,
    pub method: Option<Named>,
    pub created_date: Time,
    pub status_update_date: Time,
}

impl From<RequestRow> for RequestLine {
    fn from(row: RequestRow) -> Self {
        Self {
            id: row.id,
            number: row.id.to_string(),
            status: row.state,
            product_name: row.product.name,
            product_id: row.product.id,
            e_id: row.e_id,
            aid: row.aid,
            activated_quantity: row.quantity,
            comments: row.comments,
            plan: row.plan,
            method: row.method,
            created_date: row.created_date,
            status_update_date: row.moved,
        }
    }
}

/// A part of a retry of many.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetryLine {
    /// HTTP status of this part.
    pub status: u16,
    /// The request that it was about.
    pub id: Id,
    /// The request after it; absent when it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_request: Option<RequestLine>,
    /// Why it was refused; absent when it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub problem: Option<serde_json::Value>,
}

/// A request in full: the attributes of source 000, and its details.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProvisioningRequest)]
#[expect(missing_docs, reason = "the members of `Request`")]
pub struct RequestView {
    #[serde(flatten)]
    pub line: RequestLine,
    pub pk_id: Uuid,
    #[serde(rename = "type")]
    pub kind: RequestType,
    pub version: u64,
    pub generation: u32,
    pub attempt_count: u32,
    /// When the next attempt is due; null when none will be made.
    pub next_attempt_at: Option<Time>,
    /// When the wait for a callback ends; null when there is no such wait.
    pub deadline: Option<Time>,
    pub delivery: Delivery,
    /// The frozen bytes of this generation, as text; null before its first attempt, without
    /// customer.view where they may hold data of people, once these are erased, and when the
    /// tenant's retention is over.
    pub payload: Option<String>,
    pub payload_sha256: Option<String>,
    pub document_hash: Option<String>,
    pub response: Option<String>,
    pub reference_number: Option<String>,
    #[serde(flatten)]
    pub error: ErrorLine,
    pub created_by: String,
    pub scheduled_date: Option<Time>,
    pub executed_date: Option<Time>,
    pub history: Vec<HistoryLine>,
    pub conflicts: Vec<Conflict>,
    pub allowed_actions: Vec<&'static str>,
}

/// What a request's rows besides its head say.
#[derive(Debug, Default)]
pub struct RequestLinks {
    /// The frozen bytes.
    pub payload: Option<Payload>,
    /// The whole of a long response.
    pub response: Option<String>,
    /// Conflicting callbacks.
    pub conflicts: Vec<Conflict>,
    /// Steps that no longer fit into the head, oldest first.
    pub older: Vec<HistoryLine>,
    /// Its activation, where what may be ordered depends on that.
    pub activation: Option<Activation>,
}

impl RequestView {
    /// As the caller of this role sees it.
    pub fn new(request: &Request, beside: RequestLinks, role: &Role) -> Self {
        let r = request.clone();
        let allowed_actions = request.allowed(beside.activation.as_ref(), role);
        let steps = r.life.history.into_iter().map(|step| step.untyped().into());
        let mut line = RequestLine::from(RequestRow::from(request));
        let (mut payload, mut payload_sha256, mut document_hash) = (None, None, None);
        if let Some(frozen) = beside.payload {
            line.plan = Some(frozen.plan.clone());
            line.method = Some(frozen.method.clone());
            // What was erased has no bytes any more.
            let bytes = Some(frozen.text.as_bytes()).filter(|bytes| !bytes.is_empty());
            payload_sha256 = bytes.map(sha256_hex);
            payload = frozen.text_for(role).map(str::to_owned);
            document_hash = Some(frozen.document_hash);
        }
        Self {
            line,
            pk_id: r.pk_id,
            kind: r.kind,
            version: r.life.version,
            generation: r.generation,
            attempt_count: r.attempt_count,
            next_attempt_at: request.next_attempt(),
            deadline: request.callback_deadline(),
            delivery: r.delivery,
            payload,
            payload_sha256,
            document_hash,
            response: beside.response.or(r.response),
            reference_number: r.reference_number,
            error: r.failure.as_ref().into(),
            created_by: r.created_by,
            scheduled_date: r.scheduled_date,
            executed_date: r.executed_date,
            history: beside.older.into_iter().chain(steps).collect(),
            conflicts: beside.conflicts,
            allowed_actions,
        }
    }
}
