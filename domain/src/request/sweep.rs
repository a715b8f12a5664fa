//! The sweeper's decision about a request that is due (Q10, P20, P21).

use crate::cause::Own;
use crate::decision::Decision;
use crate::ids::Id;
use crate::limits::{RESEND_AFTER, RESEND_SELDOM};
use crate::rejection::Rejection;
use crate::request::Request;
use crate::request::states::{Event, Status};
use crate::stamp::Stamp;

impl Request {
    /// A queued one is sent again, one that waits for its callback has waited too long.
    ///
    /// # Errors
    /// Never: both rows are in the table.
    pub fn swept(mut self, tenant: Id, stamp: &Stamp) -> Result<(Self, Decision), Rejection> {
        if self.next_attempt_at.is_none_or(|at| at > stamp.now) {
            return Ok((self, Decision::default()));
        }
        if self.life.state == Status::RequestQueued {
            // The longer it waits, the less often it is looked at: a long queue does not fill with
            // copies.
            let since = self.not_before.unwrap_or(self.life.moved).max(self.life.moved);
            let again = stamp.now.since(since).clamp(RESEND_AFTER, RESEND_SELDOM);
            self.next_attempt_at = Some(stamp.now.after(again));
            let message = self.message(tenant, stamp.now);
            let decision = message.into_iter().fold(Decision::default(), Decision::enqueue);
            return Ok((self.clone(), decision.save(self)));
        }
        if let Some(deadline) = self.deadline.filter(|at| *at > stamp.now) {
            self.next_attempt_at = Some(deadline);
            return Ok((self.clone(), Decision::default().save(self)));
        }
        let further = if self.life.state == Status::InProgress { "further " } else { "" };
        self.walk(Event::Deadline, Status::Failed, stamp, None)?;
        let why = format!("No {further}callback was accepted before the deadline.");
        self.failure = Some(Own::CallbackTimeout.because(why));
        Ok(self.saved(Decision::default()))
    }
}
