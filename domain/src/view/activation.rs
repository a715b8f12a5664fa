//! Activations as answers show them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::activation::states::State;
use crate::activation::{Activatee, Activation};
use crate::attributes::CustomAttributes;
use crate::ids::Id;
use crate::request::Request;
use crate::request::states::Status;
use crate::time::Time;
use crate::view::HistoryLine;

/// A request of an activation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RequestRef {
    /// Its id.
    pub id: Id,
    /// The id as text.
    pub number: String,
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
    pub provisioning_requests: Vec<RequestRef>,
    pub acknowledged_at: Option<Time>,
    pub version: u64,
    pub history: Vec<HistoryLine>,
    /// Revoking and acknowledging come with a later version.
    pub allowed_actions: Vec<&'static str>,
}

impl ActivationView {
    /// With the state of its requests.
    pub fn new(activation: &Activation, requests: &[Request]) -> Self {
        let a = activation.clone();
        let line = |request: &Request| RequestRef {
            id: request.id,
            number: request.id.to_string(),
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
            activatee: a.activatee,
            custom_attributes: a.custom_attributes,
            provisioning_requests: requests.iter().map(line).collect(),
            acknowledged_at: a.acknowledged_at,
            version: a.life.version,
            history: a.life.history.into_iter().map(|step| step.untyped().into()).collect(),
            allowed_actions: Vec::new(),
        }
    }
}

/// An activation in a list.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all(serialize = "camelCase", deserialize = "camelCase"))]
#[expect(missing_docs, reason = "the members of `Activation`")]
pub struct ActivationLine {
    pub id: Id,
    pub aid: String,
    pub e_id: Uuid,
    pub pk_id: Uuid,
    #[serde(rename(serialize = "activationQuantity", deserialize = "quantity"))]
    pub quantity: u32,
    pub activation_date: Time,
    pub state: State,
    pub customer_id: Option<Id>,
}
