//! How long is kept what was sent and heard: payloads, attempts, long responses.
//!
//! Neighbours: the edge notes the end with the commit of each, the store has DynamoDB remove them.
//! Guarantee: what is over is not shown, also where it is still there.

use crate::decision::{Change, Decision};
use crate::limits::RETENTION_MARGIN;
use crate::record::Record;
use crate::request::attempt::Attempt;
use crate::request::{LongResponse, Payload};
use crate::time::{Period, Time};

impl Record {
    const fn passes(&self) -> bool {
        matches!(self, Self::Payload(_) | Self::Attempt(_) | Self::LongResponse(_))
    }

    /// Kept until `end`, if it passes and has no end yet.
    fn keep_until(&mut self, end: Time) {
        match self {
            Self::Payload(Payload { expires, .. })
            | Self::Attempt(Attempt { expires, .. })
            | Self::LongResponse(LongResponse { expires, .. }) => {
                expires.get_or_insert(end);
            }
            _ => {}
        }
    }
}

impl Decision {
    /// Whether it makes something that is kept for a time only.
    pub fn is_kept_for_a_time(&self) -> bool {
        self.changes.iter().any(|change| matches!(change, Change::Save(saved) if saved.passes()))
    }

    /// Notes the end of such things, made at `now`.
    pub fn keep_for(&mut self, retention: Period, now: Time) {
        let end = now.after(retention).after(RETENTION_MARGIN);
        for change in &mut self.changes {
            if let Change::Save(saved) = change {
                saved.keep_until(end);
            }
        }
    }
}

/// Whether something is to be shown at `now`; what was made before ends were noted always is.
fn kept(expires: Option<Time>, now: Time) -> bool {
    expires.is_none_or(|end| now < end)
}

impl Payload {
    /// Whether it is to be shown.
    pub fn is_kept(&self, now: Time) -> bool {
        kept(self.expires, now)
    }
}

impl Attempt {
    /// Whether it is to be shown.
    pub fn is_kept(&self, now: Time) -> bool {
        kept(self.expires, now)
    }
}

impl LongResponse {
    /// Whether it is to be shown.
    pub fn is_kept(&self, now: Time) -> bool {
        kept(self.expires, now)
    }
}
