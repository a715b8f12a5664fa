//! The acts on an entitlement that exists (rows N4 to N8, N10, N11, N15, N16).

use crate::decision::Decision;
use crate::entitlement::Entitlement;
use crate::entitlement::input::Action;
use crate::entitlement::states::{Around, Event, State};
use crate::life::Aged;
use crate::machine::Stateful;
use crate::rejection::Rejection;
use crate::stamp::{Actor, Stamp};

impl Entitlement {
    /// Carries out an action.
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` with what is possible; what is missing for QUEUE and PRODUCE.
    pub fn act(
        &self,
        action: Action,
        around: Around<'_>,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let (event, mut next) = (action.into(), self.clone());
        self.permit(event, around)?;
        match action {
            // Nothing but a step: the content is replaced by an update.
            Action::Save => next.walk(event, State::Draft, stamp)?,
            Action::Queue => next.walk(event, State::Queued, stamp)?,
            Action::Produce => next.produce(stamp)?,
            Action::Reopen => {
                let voided = self.has_keys();
                next.walk(event, State::Draft, stamp)?;
                next.key_generation += u8::from(voided);
            }
            Action::Enable | Action::Disable => {
                next.enabled = action == Action::Enable;
                next.walk(event, self.life.state, stamp)?;
            }
        }
        next.meta.touch(stamp);
        Ok(next.saved(Decision::default()))
    }

    /// PRODUCE, and its second step in the same commit (N8, 004-H3).
    pub(super) fn produce(&mut self, stamp: &Stamp) -> Result<(), Rejection> {
        self.walk(Event::Produce, State::ProductKeyGenerated, stamp)?;
        self.keys_ready(stamp)
    }

    /// The row to write, and the steps of its history that it no longer holds.
    pub(crate) fn saved(mut self, decision: Decision) -> (Self, Decision) {
        let older = self.life.overflow(Aged::Entitlement, self.id);
        let decision = older.into_iter().fold(decision.save(self.clone()), Decision::save);
        (self, decision)
    }

    /// The second step of PRODUCE.
    ///
    /// # Errors
    /// Never after PRODUCE.
    pub(super) fn keys_ready(&mut self, stamp: &Stamp) -> Result<(), Rejection> {
        self.walk(Event::KeysReady, State::Produced, &stamp.by(Actor::System))
    }

    /// A completed entitlement whose activations are all acknowledged is so itself (N14).
    ///
    /// # Errors
    /// Never: the row is in the table.
    pub(crate) fn try_acknowledged(&mut self, stamp: &Stamp) -> Result<(), Rejection> {
        let due = self.life.state == State::Completed && self.unacknowledged == 0;
        if due && self.asks_acknowledgement() {
            self.walk(Event::Acknowledged, State::Acknowledged, stamp)?;
        }
        Ok(())
    }

    pub(crate) fn walk(&mut self, event: Event, to: State, stamp: &Stamp) -> Result<(), Rejection> {
        self.life.walk::<Self>(event, to, stamp, None)
    }
}
