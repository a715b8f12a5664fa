//! Acknowledging an activation (rows A2, N14; source 004, `ACKNOWLEDGEMENT_REQUEST`).

use crate::activation::Activation;
use crate::activation::states::{Event, MACHINE, State};
use crate::decision::Decision;
use crate::entitlement::Entitlement;
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
        MACHINE.on(Some(self.life.state), Event::Acknowledge, State::Active)?;
        if !self.acknowledgement_request {
            return Err(self.illegal("No acknowledgement was asked for by the entitlement."));
        }
        if let Some(at) = self.acknowledged_at {
            return Err(self.illegal(format!("The activation was acknowledged at {at}.")));
        }
        self.life.walk(&MACHINE, Event::Acknowledge, State::Active, stamp, None)?;
        self.acknowledged_at = Some(stamp.now);
        entitlement.unacknowledged = entitlement.unacknowledged.saturating_sub(1);
        entitlement.try_acknowledged(stamp)?;
        let (_, decision) = entitlement.saved(Decision::default());
        Ok((self.clone(), decision.save(self)))
    }
}
