//! Activations as answers show them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::Role;
use crate::activation::states::State;
use crate::activation::{Activatee, Activation, Inputs};
use crate::attributes::CustomAttributes;
use crate::entitlement::Entitlement;
use crate::ids::Id;
use crate::machine::Stateful;
use crate::request::states::Status;
use crate::request::{Request, RequestType};
use crate::substitution::lint::Warning;
use crate::time::Time;
use crate::view::HistoryLine;

/// A request of an activation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RequestRef {
    /// Its id.
    pub id: Id,
    /// The id as text.
    pub number: String,
    /// The kind of work that it asks for.
    #[serde(rename = "type")]
    pub kind: RequestType,
    /// Its status.
    pub status: Status,
}

/// An activation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Activation)]
#[expect(missing_docs, reason = "the members of `Activation`")]
pub struct ActivationView {
    pub id: Id,
    pub aid: String,
    pub e_id: Uuid,
    pub pk_id: Uuid,
    pub activation_quantity: u32,
    pub activation_date: Time,
    pub state: State,
    pub customer_id: Option<Id>,
    pub activatee: Option<Activatee>,
    pub custom_attributes: CustomAttributes,
    pub inputs: Option<Inputs>,
    pub acknowledgement_request: bool,
    pub provisioning_requests: Vec<RequestRef>,
    pub acknowledged_at: Option<Time>,
    pub version: u64,
    pub history: Vec<HistoryLine>,
    pub allowed_actions: Vec<&'static str>,
    /// Warnings: allowed, but probably not meant; in the answer to a revocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warnings: Option<Vec<Warning>>,
}

impl ActivationView {
    /// With the state of its requests, as the caller of this role sees it.
    pub fn new(
        activation: &Activation,
        requests: &[Request],
        entitlement: &Entitlement,
        role: &Role,
    ) -> Self {
        let allowed_actions = activation.allowed(entitlement, role);
        Self { allowed_actions, ..Self::of(activation, requests, role) }
    }

    /// The same without what may be ordered of it.
    pub fn of(activation: &Activation, requests: &[Request], role: &Role) -> Self {
        let a = activation.clone();
        let line = |request: &Request| RequestRef {
            id: request.id,
            number: request.id.to_string(),
            kind: request.kind,
            status: request.life.state,
        };
        Self {
            id: a.id,
            aid: a.aid,
            e_id: a.e_id,
            pk_id: a.pk_id,
            activation_quantity: a.quantity,
            activation_date: a.activation_date,
            state: a.life.state,
            customer_id: a.customer_id,
            activatee: a.activatee.map(|activatee| activatee.seen_by(role)),
            custom_attributes: a.custom_attributes,
            inputs: a.inputs,
            acknowledgement_request: a.acknowledgement_request,
            provisioning_requests: requests.iter().map(line).collect(),
            acknowledged_at: a.acknowledged_at,
            version: a.life.version,
            history: a.life.history.into_iter().map(|step| step.untyped().into()).collect(),
            allowed_actions: Vec::new(),
            warnings: None,
        }
    }
}

/// An activation in a list.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the members of `Activation`")]
pub struct ActivationLine {
    pub id: Id,
    pub aid: String,
    pub e_id: Uuid,
    pub pk_id: Uuid,
    #[serde(rename(serialize = "activationQuantity", deserialize = "quantity"))]
    #[schema(rename = "activationQuantity")]
    pub quantity: u32,
    pub activation_date: Time,
    pub state: State,
    pub customer_id: Option<Id>,
}

/// What the list of activations can be filtered by before a row is read; it never changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the members of `Activation`")]
pub struct ListedActivation {
    pub e_id: Uuid,
    pub customer_id: Option<Id>,
}

impl From<&Activation> for ListedActivation {
    fn from(activation: &Activation) -> Self {
        Self { e_id: activation.e_id, customer_id: activation.customer_id }
    }
}

/// One part of a bulk, as its answer has it: the activation, or why there is none.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BulkLine {
    /// HTTP status that the same call by itself would have had.
    pub status: u16,
    /// What was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation: Option<ActivationView>,
    /// A problem (RFC 9457).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub problem: Option<serde_json::Value>,
}
