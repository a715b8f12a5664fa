//! Revoking an activation: what was provisioned is taken back, then the quantity is re-credited
//! (rows A3 to A6, N13, P22).
//!
//! Neighbours: `store` loads a [`Revocation`]; whoever completes a request asks
//! [`Revocation::deprovisioned`]. Guarantee: what is taken back is credited once, by one commit.

use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::activation::states::{Event, MACHINE, State};
use crate::catalog::Product;
use crate::decision::{Actor, Decision, Stamp};
use crate::entitlement::Entitlement;
use crate::entitlement::product_key::ProductKey;
use crate::entitlement::states::{Event as EntitlementEvent, State as EntitlementState};
use crate::ids::Id;
use crate::plan::association::Association;
use crate::rejection::{Code, Rejection};
use crate::request::manual::comments;
use crate::request::open::Origin;
use crate::request::states::Status;
use crate::request::{Delivery, Request, RequestType};

/// Body of `POST /v1/activations/{aid}/revoke`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RevokeInput {
    /// Of an activation in `REVOCATION_PENDING`: do not wait for the provider. Needs comments.
    pub immediately: bool,
    /// Why; at most 500 characters.
    pub comments: Option<String>,
}

/// All that a revocation depends on, as it was read.
pub struct Revocation {
    /// The tenant.
    pub tenant: Id,
    /// The activation.
    pub activation: Activation,
    /// Its entitlement.
    pub entitlement: Entitlement,
    /// Its product key.
    pub key: ProductKey,
    /// Its requests.
    pub requests: Vec<Request>,
    /// Its products, each with its association.
    pub products: Vec<(Product, Option<Association>)>,
}

impl Revocation {
    /// May it? Then what is cancelled, taken back and credited.
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` unless ACTIVE, or `REVOCATION_PENDING` for one at once; also where the
    /// entitlement does not allow it. `COMMENT_REQUIRED`.
    pub fn revoke(
        mut self,
        input: &RevokeInput,
        stamp: &Stamp,
    ) -> Result<(Activation, Vec<Request>, Decision), Rejection> {
        let said = comments(input.comments.as_deref())?;
        let pending = self.activation.life.state == State::RevocationPending;
        if input.immediately && pending {
            if said.is_none() {
                let detail = "Revoking without the provider's word needs a comment.";
                return Err(Rejection::at("/comments", Code::CommentRequired, detail));
            }
            self.walk(Event::RevokeImmediately, State::Revoked, stamp, said)?;
            let decision = self.credit(Decision::default(), stamp)?;
            return Ok((self.activation, self.requests, decision));
        }
        if input.immediately && self.activation.life.state == State::Active {
            let detail = "immediately is for an activation in REVOCATION_PENDING.";
            return Err(self.activation.illegal(detail));
        }
        MACHINE.on(Some(self.activation.life.state), Event::Revoke, State::Revoked)?;
        if !self.entitlement.revocation_allowed {
            let detail = "The entitlement does not allow revocations.";
            return Err(self.activation.illegal(detail));
        }
        let mut decision = self.stop(stamp)?;
        let opened = self.take_back(stamp)?;
        for request in &opened {
            let message = request.message(self.tenant, stamp.now);
            decision = message.into_iter().fold(decision.save(request.clone()), Decision::enqueue);
        }
        let decision = if opened.is_empty() {
            self.walk(Event::Revoke, State::Revoked, stamp, said)?;
            self.credit(decision, stamp)?
        } else {
            self.walk(Event::Revoke, State::RevocationPending, stamp, said)?;
            self.activation.deprovisioning = opened.iter().map(|request| request.id).collect();
            self.activation.requests.extend(&self.activation.deprovisioning);
            self.requests.extend(opened);
            decision.save(self.activation.clone())
        };
        Ok((self.activation, self.requests, decision))
    }

    /// A request that takes back was completed; the last one ends the revocation (A5).
    ///
    /// # Errors
    /// Never: the row is in the table.
    pub fn deprovisioned(
        mut self,
        request: Id,
        decision: Decision,
        stamp: &Stamp,
    ) -> Result<Decision, Rejection> {
        let before = self.activation.deprovisioning.len();
        self.activation.deprovisioning.retain(|open| *open != request);
        let waiting = self.activation.life.state == State::RevocationPending;
        if !waiting || self.activation.deprovisioning.len() == before {
            return Ok(decision);
        }
        if !self.activation.deprovisioning.is_empty() {
            return Ok(decision.save(self.activation));
        }
        let stamp = &stamp.by(Actor::System);
        self.walk(Event::DeprovisionCompleted, State::Revoked, stamp, None)?;
        self.credit(decision, stamp)
    }

    fn walk(
        &mut self,
        event: Event,
        to: State,
        stamp: &Stamp,
        note: Option<String>,
    ) -> Result<(), Rejection> {
        self.activation.life.walk(&MACHINE, event, to, stamp, note)
    }

    /// Nothing more is sent (P22). Every request is written, also one that stays as it is, so that
    /// a retry at the same instant loses its race and reads that the activation is revoked.
    fn stop(&mut self, stamp: &Stamp) -> Result<Decision, Rejection> {
        let mut decision = Decision::default();
        for request in &mut self.requests {
            if request.life.state == Status::RequestQueued {
                (*request, decision) = request.clone().cancelled(decision, stamp)?;
            } else {
                decision = decision.save(request.clone());
            }
        }
        Ok(decision)
    }

    /// One request for each product that may have been provisioned and has a plan for this.
    fn take_back(&self, stamp: &Stamp) -> Result<Vec<Request>, Rejection> {
        let provisioned = |product: Id| {
            self.requests.iter().any(|r| r.product.id == product && r.may_be_provisioned())
        };
        let open = |(number, (product, association)): (u32, &(Product, Option<Association>))| {
            let association = association.as_ref()?;
            association.deprovision_plan_id?;
            provisioned(product.id).then(|| {
                let association = Some(association);
                let origin = Origin { activation: &self.activation, product, association };
                let stamp = &stamp.by(Actor::System);
                Request::open(stamp.id(number), RequestType::Deprovision, &origin, None, stamp)
            })
        };
        (1..).zip(&self.products).filter_map(open).collect()
    }

    /// Gives the quantity back, and counts the activation no more.
    fn credit(&self, decision: Decision, stamp: &Stamp) -> Result<Decision, Rejection> {
        let (mut key, mut entitlement) = (self.key.clone(), self.entitlement.clone());
        let activation = &self.activation;
        if key.remaining == 0 {
            entitlement.keys_exhausted = entitlement.keys_exhausted.saturating_sub(1);
        }
        key.remaining += activation.quantity;
        entitlement.active_activations = entitlement.active_activations.saturating_sub(1);
        let owed = u64::from(activation.awaits_acknowledgement());
        entitlement.unacknowledged = entitlement.unacknowledged.saturating_sub(owed);
        let ended = [EntitlementState::Completed, EntitlementState::Acknowledged];
        if ended.contains(&entitlement.life.state) {
            let event = EntitlementEvent::Revocation;
            entitlement.walk(event, EntitlementState::Produced, stamp)?;
        }
        let (_, decision) = entitlement.saved(decision);
        Ok(decision.save(activation.clone()).save(key))
    }
}

impl Request {
    /// Whether the provider may have done what was asked. What it refused or said to have failed,
    /// it has not.
    fn may_be_provisioned(&self) -> bool {
        let heard = self.delivery != Delivery::Never;
        match self.life.state {
            Status::RequestSent | Status::InProgress | Status::Completed => true,
            Status::RequestQueued | Status::DispatchFailed => heard,
            Status::Failed => {
                let ours = ["CALLBACK_TIMEOUT", "CANCELLED", "OPERATOR"];
                heard && self.error_code.as_deref().is_some_and(|code| ours.contains(&code))
            }
        }
    }
}
