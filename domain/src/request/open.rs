//! A request is made with its activation (P1, P2).

use crate::activation::Activation;
use crate::catalog::Product;
use crate::cause::Own;
use crate::ids::Id;
use crate::life::Life;
use crate::limits::RESEND_AFTER;
use crate::plan::association::Association;
use crate::rejection::Rejection;
use crate::request::states::{Event, Status};
use crate::request::{Delivery, Named, ProductName, Request, RequestType};
use crate::rev::Rev;
use crate::stamp::Stamp;
use crate::time::Time;

/// The parts that a request is made from.
pub struct Origin<'a> {
    /// The activation.
    pub activation: &'a Activation,
    /// A provisioning-enabled product of it.
    pub product: &'a Product,
    /// The product's association.
    pub association: Option<&'a Association>,
}

impl Request {
    /// QUEUED when there is a plan and a method, else FAILED with the reason (000-H4).
    ///
    /// # Errors
    /// Never: both rows are in the table.
    pub fn open(
        id: Id,
        kind: RequestType,
        origin: &Origin<'_>,
        scheduled_date: Option<Time>,
        stamp: &Stamp,
    ) -> Result<Self, Rejection> {
        let (activation, product) = (origin.activation, origin.product);
        let status =
            if origin.association.is_some() { Status::RequestQueued } else { Status::Failed };
        let named = |id: Id, name: &String| Named { id, name: name.clone(), version: None };
        let plan = origin.association.and_then(|a| match kind {
            RequestType::Provision => Some(named(a.plan_id, &a.plan_name)),
            RequestType::Deprovision => a
                .deprovision_plan_id
                .zip(a.deprovision_plan_name.as_ref())
                .map(|(i, n)| named(i, n)),
        });
        let mut made = Self {
            id,
            kind,
            aid: activation.aid.clone(),
            entitlement_id: activation.entitlement_id,
            e_id: activation.e_id,
            pk_id: activation.pk_id,
            key_index: activation.key_index,
            key_generation: activation.key_generation,
            product: ProductName { id: product.id, name: product.name_version.name.clone() },
            quantity: activation.quantity,
            life: Life::begin::<Self>(Event::Activate, status, stamp)?,
            plan,
            method: origin.association.map(|a| named(a.method_id, &a.method_name)),
            comments: None,
            generation: 1,
            attempt_count: 0,
            earlier_attempts: 0,
            not_before: None,
            next_attempt_at: None,
            deadline: None,
            lease: None,
            unheard: Vec::new(),
            delivery: Delivery::Never,
            response: None,
            long_response: None,
            maybe_before: false,
            taken_back: false,
            reference_number: None,
            failure: None,
            executed_date: None,
            scheduled_date,
            ring: Vec::new(),
            created_date: stamp.now,
            created_by: activation.life.history.first().map(|s| s.by.clone()).unwrap_or_default(),
            rev: Rev::default(),
        };
        if status == Status::RequestQueued {
            made.postpone(scheduled_date, stamp.now);
        } else {
            let why = "The product has no association with a plan and a method.";
            made.failure = Some(Own::PlanMissing.because(why));
        }
        Ok(made)
    }

    /// Sends a new one not before this.
    pub(crate) fn postpone(&mut self, not_before: Option<Time>, now: Time) {
        if self.life.state == Status::RequestQueued {
            self.not_before = not_before.filter(|at| *at > now);
            self.wait(now);
        }
    }

    /// The sweeper looks at it when it is due, or in 30 s if its message is lost (Q10).
    pub(super) fn wait(&mut self, now: Time) {
        let resend = now.after(RESEND_AFTER);
        self.next_attempt_at = Some(self.not_before.map_or(resend, |at| at.max(resend)));
    }
}
