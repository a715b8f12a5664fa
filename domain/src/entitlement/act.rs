//! What is done with an entitlement that exists (rows N4 to N8, N10, N11, N15, N16).

use crate::decision::Decision;
use crate::entitlement::create::Products;
use crate::entitlement::input::Action;
use crate::entitlement::states::{Event, MACHINE, State};
use crate::entitlement::{Entitlement, LineItemType};
use crate::life::Aged;
use crate::limits::KEY_GENERATIONS;
use crate::rejection::{Code, Rejection};
use crate::stamp::{Actor, Stamp};

impl Entitlement {
    /// Carries out an action.
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` with what is allowed; what is missing for QUEUE and PRODUCE.
    pub fn act(
        &self,
        action: Action,
        products: &Products,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut next = self.clone();
        match action {
            // Nothing but a step: the content is replaced by an update.
            Action::Save => next.walk(Event::Save, State::Draft, stamp)?,
            Action::Queue => {
                next.walk(Event::Queue, State::Queued, stamp)?;
                self.ready(products)?;
            }
            Action::Produce => {
                next.producible()?;
                next.walk(Event::Produce, State::ProductKeyGenerated, stamp)?;
                self.ready(products)?;
                next.keys_ready(stamp)?;
            }
            Action::Reopen => next.reopen(stamp)?,
            Action::Enable => next.switch(true, Event::Enable, stamp)?,
            Action::Disable => next.switch(false, Event::Disable, stamp)?,
        }
        next.meta.touch(stamp);
        Ok(next.saved(Decision::default()))
    }

    /// The row to write, and the steps of its history that it no longer holds.
    pub(crate) fn saved(mut self, decision: Decision) -> (Self, Decision) {
        let older = self.life.overflow(Aged::Entitlement, self.id);
        let decision = older.into_iter().fold(decision.save(self.clone()), Decision::save);
        (self, decision)
    }

    /// Completeness of what is stored: the body of an action has no members to point at.
    fn ready(&self, products: &Products) -> Result<(), Rejection> {
        self.complete(products).map_err(|missing| match missing.code {
            Code::ProductNotComplete => Rejection::new(missing.code, missing.detail),
            _ => self.illegal(format!("The entitlement is not complete: {}.", missing.detail)),
        })
    }

    /// PRODUCE is for product keys only (004).
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION`.
    pub(super) fn producible(&self) -> Result<(), Rejection> {
        match self.line_item_type() {
            Some(LineItemType::Product_Key) => Ok(()),
            other => {
                let name = other.map_or("an entitlement without line items", Into::into);
                Err(self.illegal(format!("PRODUCE is not possible for {name}.")))
            }
        }
    }

    /// The second step of PRODUCE, in the same commit (N8, 004-H3).
    ///
    /// # Errors
    /// Never after PRODUCE.
    pub(super) fn keys_ready(&mut self, stamp: &Stamp) -> Result<(), Rejection> {
        self.walk(Event::KeysReady, State::Produced, &stamp.by(Actor::System))
    }

    /// Back to a draft. Keys that there were are void: what is sold next may differ from them.
    fn reopen(&mut self, stamp: &Stamp) -> Result<(), Rejection> {
        let (from, had_keys) = (self.life.state, self.has_keys());
        let keyed = self.line_item_type() == Some(LineItemType::Product_Key);
        if from == State::Produced && !keyed {
            let detail = "REOPEN of a produced entitlement is for Product_Key only.";
            return Err(self.illegal(detail.to_owned()));
        }
        if from == State::Produced && self.active_activations > 0 {
            return Err(self.illegal("REOPEN is not possible: there are activations.".to_owned()));
        }
        if had_keys && self.key_generation >= KEY_GENERATIONS {
            let detail = format!("The entitlement was reopened {KEY_GENERATIONS} times already.");
            return Err(Rejection::new(Code::ReopenLimit, detail));
        }
        self.walk(Event::Reopen, State::Draft, stamp)?;
        self.key_generation += u8::from(had_keys);
        Ok(())
    }

    fn switch(&mut self, enabled: bool, event: Event, stamp: &Stamp) -> Result<(), Rejection> {
        if self.enabled == enabled {
            let word = if enabled { "enabled" } else { "disabled" };
            return Err(self.illegal(format!("The entitlement is {word} already.")));
        }
        self.enabled = enabled;
        self.walk(event, self.life.state, stamp)
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
        self.life.walk(&MACHINE, event, to, stamp, None).map_err(|_| {
            // The table alone does not know the guards: `actions` does.
            let (event, state): (&str, &str) = (event.into(), self.life.state.into());
            let possible = self.actions().join(", ");
            self.illegal(format!("{event} is not possible in state {state}; possible: {possible}."))
        })
    }

    /// A no of the entitlement's state, with what it allows.
    pub(crate) fn illegal(&self, detail: String) -> Rejection {
        Rejection::new(Code::IllegalTransition, detail)
            .with_state(self.life.state.into(), self.actions())
    }
}
