//! Acknowledging an activation (rows A2, N14; source 004, `ACKNOWLEDGEMENT_REQUEST`).

use crate::activation::Activation;
use crate::activation::states::{Event, State};
use crate::decision::Decision;
use crate::entitlement::Entitlement;
use crate::machine::Stateful;
use crate::rejection::Rejection;
use crate::stamp::Stamp;

impl Activation {
    /// Notes the acknowledgement; with the last one a completed entitlement is acknowledged, too.
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` unless ACTIVE, asked for and still to come.
    pub fn acknowledge(
        mut self,
        mut entitlement: Entitlement,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        self.permit(Event::Acknowledge, &entitlement)?;
        self.life.walk::<Self>(Event::Acknowledge, State::Active, stamp, None)?;
        self.acknowledged_at = Some(stamp.now);
        entitlement.unacknowledged = entitlement.unacknowledged.saturating_sub(1);
        entitlement.try_acknowledged(stamp)?;
        let (_, decision) = entitlement.saved(Decision::default());
        Ok((self.clone(), decision.save(self)))
    }
}
