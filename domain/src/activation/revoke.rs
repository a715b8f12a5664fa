//! Revoking an activation: what was provisioned is taken back, then the quantity is re-credited
//! (rows A3 to A6, N13, P22).
//!
//! Neighbours: `store` loads a [`Revocation`]; the decision that moves a request says what follows
//! ([`Revocation::follow`]). Guarantee: what is taken back is credited once, by one commit, and
//! nothing is taken back while the provider may still be providing it.

use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::activation::states::{Event, State};
use crate::catalog::Product;
use crate::cause::{Cause, Own};
use crate::decision::{Decision, Follow};
use crate::entitlement::Entitlement;
use crate::entitlement::product_key::ProductKey;
use crate::entitlement::states::{Event as EntitlementEvent, State as EntitlementState};
use crate::ids::Id;
use crate::machine::Stateful;
use crate::plan::association::Association;
use crate::rejection::{Code, Rejection};
use crate::request::manual::comments;
use crate::request::open::Origin;
use crate::request::states::Status;
use crate::request::{Delivery, Request, RequestType};
use crate::stamp::{Actor, Stamp};
use crate::substitution::lint::Warning;
use crate::time::Time;

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
            self.activation.deprovisioning.clear();
            let decision = self.credit(Decision::default(), stamp)?;
            return Ok((self.activation, self.requests, decision));
        }
        if input.immediately && self.activation.life.state == State::Active {
            let detail = "immediately is for an activation in REVOCATION_PENDING.";
            return Err(self.activation.illegal(detail, &self.entitlement));
        }
        if pending {
            let detail = "It is being revoked. To end the wait: immediately=true, with comments.";
            return Err(self.activation.illegal(detail, &self.entitlement));
        }
        self.activation.permit(Event::Revoke, &self.entitlement)?;
        let mut decision = self.stop(stamp)?;
        let mut awaited = Vec::new();
        for (number, request) in (1..).zip(self.requests.clone()) {
            let Some((product, association)) = self.taken_back_by(&request) else { continue };
            if !request.is_at_rest() {
                awaited.push(request.id);
            } else if request.may_be_provisioned() {
                let opened = self.open(number, &product, Some(&association), stamp)?;
                awaited.push(opened.id);
                decision = self.order(opened, decision, stamp);
            }
        }
        let decision = if awaited.is_empty() {
            self.walk(Event::Revoke, State::Revoked, stamp, said)?;
            self.credit(decision, stamp)?
        } else {
            self.walk(Event::Revoke, State::RevocationPending, stamp, said)?;
            self.activation.deprovisioning = awaited;
            decision.save(self.activation.clone())
        };
        Ok((self.activation, self.requests, decision))
    }

    /// What stays provided because nothing takes it back: requests that are under way, of products
    /// without a deprovision plan.
    pub fn warnings(&self) -> Vec<Warning> {
        let left = self.requests.iter().filter(|request| {
            let heard = request.delivery != Delivery::Never;
            let open = request.kind == RequestType::Provision && !request.is_at_rest() && heard;
            open && self.taken_back_by(request).is_none()
        });
        let warning = |request: &Request| {
            let detail = format!(
                "The request {} is under way, and the product {} has no deprovision plan: what the \
                 provider makes of it stays.",
                request.id, request.product.name
            );
            Warning::new("", "NOT_TAKEN_BACK", detail)
        };
        left.map(warning).collect()
    }

    /// What follows for the activation from what became of a request of it.
    ///
    /// # Errors
    /// Never: the row is in the table.
    pub fn follow(
        self,
        next: &Follow,
        decision: Decision,
        stamp: &Stamp,
    ) -> Result<Decision, Rejection> {
        match next {
            Follow::Settled(request) => self.settled(request, decision, stamp),
            Follow::ProvidedLate(request) => self.provided_late(request, decision, stamp),
        }
    }

    /// A request of a revoked activation moved. What it may have provided is taken back once it is
    /// at rest, by a request after it; and when nothing is left to be taken back, the revocation
    /// ends (A5).
    fn settled(
        mut self,
        request: &Request,
        mut decision: Decision,
        stamp: &Stamp,
    ) -> Result<Decision, Rejection> {
        let stamp = &stamp.by(Actor::System);
        self.learn(request);
        let pending = self.activation.life.state == State::RevocationPending;
        let awaited = self.activation.deprovisioning.contains(&request.id);
        self.activation.deprovisioning.retain(|open| *open != request.id);
        let back = match request.kind {
            // A late report, or an operator, began it anew.
            RequestType::Provision if !request.is_at_rest() => {
                if pending {
                    self.activation.deprovisioning.push(request.id);
                }
                None
            }
            RequestType::Provision if request.may_be_provisioned() => {
                self.behind(request, awaited && pending, &mut decision)
            }
            RequestType::Provision => None,
            RequestType::Deprovision if request.life.state == Status::Completed => {
                self.again(request, pending)
            }
            // An operator says that it did not take back after all.
            RequestType::Deprovision => {
                if pending {
                    self.activation.deprovisioning.push(request.id);
                }
                None
            }
        };
        let decision = self.take_back(back, decision, stamp)?;
        // It is written in any case: who completes another request of it meanwhile must see this.
        if !pending || !self.activation.deprovisioning.is_empty() {
            return Ok(decision.save(self.activation));
        }
        self.walk(Event::DeprovisionCompleted, State::Revoked, stamp, None)?;
        self.credit(decision, stamp)
    }

    /// A provider reported that it has done what is FAILED here, which contradicts; but what it has
    /// done must be taken back.
    fn provided_late(
        mut self,
        request: &Request,
        mut decision: Decision,
        stamp: &Stamp,
    ) -> Result<Decision, Rejection> {
        let stamp = &stamp.by(Actor::System);
        self.learn(request);
        let back = self.behind(request, false, &mut decision);
        let decision = self.take_back(back, decision, stamp)?;
        Ok(decision.save(self.activation))
    }

    /// What a request that provides has left behind. One request at a time takes back: one that is
    /// there already, and cannot have been received yet, will do, and must still be so when this is
    /// written; after any other one another must follow. Where the plan that takes back was taken
    /// away while it was `awaited`, the request fails with that reason, and an operator decides.
    fn behind(
        &mut self,
        provided: &Request,
        awaited: bool,
        decision: &mut Decision,
    ) -> Option<(Product, Option<Association>)> {
        let (product, association) = self.sold(provided.product.id)?;
        if association.is_none() && !awaited {
            return None;
        }
        let open = self.requests.iter().find(|r| {
            let takes = r.kind == RequestType::Deprovision && r.product.id == provided.product.id;
            takes && r.life.state != Status::Completed
        });
        let Some(open) = open else { return Some((product, association)) };
        let unheard = open.delivery == Delivery::Never && open.lease.is_none();
        if unheard && open.life.state == Status::RequestQueued {
            *decision = std::mem::take(decision).save(open.clone());
        } else if !self.activation.again.contains(&provided.product.id) {
            self.activation.again.push(provided.product.id);
        }
        None
    }

    /// The request as it is by now.
    fn learn(&mut self, request: &Request) {
        let known = self.requests.iter_mut().filter(|known| known.id == request.id);
        known.for_each(|known| known.clone_from(request));
    }

    /// What was provided after the request that took it back, and must be taken back again: where
    /// that is `awaited`, also without a plan for it, as in [`Self::behind`].
    fn again(&mut self, took: &Request, awaited: bool) -> Option<(Product, Option<Association>)> {
        let place = self.activation.again.iter().position(|id| *id == took.product.id)?;
        self.activation.again.remove(place);
        let (product, association) = self.sold(took.product.id)?;
        (awaited || association.is_some()).then_some((product, association))
    }

    /// A product, with its association if that takes back.
    fn sold(&self, product: Id) -> Option<(Product, Option<Association>)> {
        let sold = self.products.iter().find(|(sold, _)| sold.id == product);
        let (product, association) = sold.cloned()?;
        Some((product, association.filter(|a| a.deprovision_plan_id.is_some())))
    }

    /// The product of a request that provides, if something is made to take it back.
    fn taken_back_by(&self, request: &Request) -> Option<(Product, Association)> {
        let provides = request.kind == RequestType::Provision;
        let (product, association) = self.sold(request.product.id).filter(|_| provides)?;
        Some((product, association?))
    }

    fn open(
        &self,
        number: u32,
        product: &Product,
        association: Option<&Association>,
        stamp: &Stamp,
    ) -> Result<Request, Rejection> {
        // An attempt that is under way must not arrive after what takes it back.
        let provides =
            |r: &&Request| r.kind == RequestType::Provision && r.product.id == product.id;
        let not_before = self.requests.iter().filter(provides).filter_map(Request::leased).max();
        let (stamp, id) = (&stamp.by(Actor::System), stamp.id(number));
        let origin = Origin { activation: &self.activation, product, association };
        let mut opened = Request::open(id, RequestType::Deprovision, &origin, None, stamp)?;
        opened.postpone(not_before, stamp.now);
        Ok(opened)
    }

    /// Takes back what was left behind; a revocation that is pending waits for it.
    fn take_back(
        &mut self,
        back: Option<(Product, Option<Association>)>,
        decision: Decision,
        stamp: &Stamp,
    ) -> Result<Decision, Rejection> {
        let Some((product, association)) = back else { return Ok(decision) };
        let opened = self.open(1, &product, association.as_ref(), stamp)?;
        if self.activation.life.state == State::RevocationPending {
            self.activation.deprovisioning.push(opened.id);
        }
        Ok(self.order(opened, decision, stamp))
    }

    /// Notes a request that takes back, and has it sent.
    fn order(&mut self, opened: Request, decision: Decision, stamp: &Stamp) -> Decision {
        self.activation.requests.push((&opened).into());
        self.requests.push(opened.clone());
        let message = opened.message(self.tenant, stamp.now);
        message.into_iter().fold(decision.save(opened), Decision::enqueue)
    }

    fn walk(
        &mut self,
        event: Event,
        to: State,
        stamp: &Stamp,
        note: Option<String>,
    ) -> Result<(), Rejection> {
        self.activation.life.walk::<Activation>(event, to, stamp, note)
    }

    /// Nothing more is sent (P22). Every request is written, also one that stays as it is, so that
    /// a retry at the same instant loses its race and reads that the activation is revoked; and it
    /// is marked, so that whoever brings it to rest later takes back what it provided.
    fn stop(&mut self, stamp: &Stamp) -> Result<Decision, Rejection> {
        let mut decision = Decision::default();
        for request in &mut self.requests {
            request.taken_back = request.kind == RequestType::Provision;
            if request.life.state == Status::RequestQueued {
                (*request, decision) = request.clone().cancelled(None, decision, stamp)?;
            } else {
                decision = decision.save(request.clone());
            }
        }
        // What follows from them is decided here.
        decision.follow.clear();
        Ok(decision)
    }

    /// Gives the quantity back, and counts the activation no more.
    fn credit(&self, decision: Decision, stamp: &Stamp) -> Result<Decision, Rejection> {
        let (mut key, mut entitlement) = (self.key.clone(), self.entitlement.clone());
        let activation = &self.activation;
        if key.remaining() == 0 {
            entitlement.keys_exhausted = entitlement.keys_exhausted.saturating_sub(1);
        }
        key.activated = key.activated.saturating_sub(activation.quantity);
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
    /// Whether what happened since it was read matters to a revocation: something may have been
    /// provided, or was taken back, or was not after all. A comment, or an answer that is only
    /// noted, does not; nor does it that what was completed is said to have failed.
    pub(crate) fn settles(&self) -> bool {
        let was_completed = self.life.stood() == Some(Status::Completed);
        match self.kind {
            RequestType::Provision => {
                let undone = was_completed && self.life.state == Status::Failed;
                self.taken_back && !self.life.fresh().is_empty() && !undone
            }
            RequestType::Deprovision => (self.life.state == Status::Completed) != was_completed,
        }
    }

    /// Until when an attempt may be under way, also one that was given up.
    fn leased(&self) -> Option<Time> {
        let given_up = self.unheard.iter().map(|attempt| attempt.until);
        self.lease.iter().map(|lease| lease.until).chain(given_up).max()
    }

    /// Whether the provider may have done what was asked. What it refused or said to have failed,
    /// it has not; but what is said of one generation says nothing of those before.
    pub(crate) fn may_be_provisioned(&self) -> bool {
        let heard = self.delivery != Delivery::Never;
        if self.maybe_before {
            return true;
        }
        match self.life.state {
            Status::RequestSent | Status::InProgress | Status::Completed => true,
            Status::RequestQueued | Status::DispatchFailed => heard,
            Status::Failed => {
                let ours = [Own::CallbackTimeout, Own::Cancelled, Own::Operator];
                heard && matches!(self.cause(), Some(Cause::Own(own)) if ours.contains(own))
            }
        }
    }
}
