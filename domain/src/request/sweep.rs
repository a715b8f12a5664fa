//! What the sweeper does with a request that is due (Q10, P20, P21).

use crate::decision::{Decision, Stamp};
use crate::ids::Id;
use crate::limits::RESEND_AFTER;
use crate::rejection::Rejection;
use crate::request::Request;
use crate::request::states::{Event, Status};

impl Request {
    /// A queued one is sent again, one that waits for its callback has waited too long.
    ///
    /// # Errors
    /// Never: both rows are in the table.
    pub fn swept(mut self, tenant: Id, stamp: &Stamp) -> Result<Decision, Rejection> {
        if self.next_attempt_at.is_none_or(|at| at > stamp.now) {
            return Ok(Decision::default());
        }
        if self.life.state == Status::RequestQueued {
            // Looked at again later, so that a long queue does not fill with copies.
            self.next_attempt_at = Some(stamp.now.after(RESEND_AFTER));
            let message = self.message(tenant, stamp.now);
            let decision = message.into_iter().fold(Decision::default(), Decision::enqueue);
            return Ok(decision.save(self));
        }
        self.walk(Event::Deadline, Status::Failed, stamp, None)?;
        self.fail("CALLBACK_TIMEOUT", "The provider did not call back in time.");
        Ok(self.saved(Decision::default()).1)
    }
}
