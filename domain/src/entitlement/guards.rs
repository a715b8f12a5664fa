//! What must hold before something happens to an entitlement, or to one of its product keys.
//!
//! Neighbours: the tables in `states` name these guards; the verbs, and what is offered to callers,
//! ask them.

use crate::entitlement::product_key::ProductKey;
use crate::entitlement::states::{Around, KeyAround, State};
use crate::entitlement::{ActivationMethod, Entitlement, LineItem, LineItemType};
use crate::limits::KEY_GENERATIONS;
use crate::rejection::{Code, Rejection, illegal_unless};
use crate::time::Day;

impl Entitlement {
    /// It can be queued. What is stored has no members that a refusal could point at.
    pub(super) fn ready(&self, around: Around<'_>) -> Result<(), Rejection> {
        self.complete(around.products).map_err(|missing| {
            if missing.code == Code::ProductNotComplete {
                return Rejection::new(missing.code, missing.detail);
            }
            let detail = format!("The entitlement is not complete: {}.", missing.detail);
            Rejection::new(Code::IllegalTransition, detail)
        })
    }

    fn is_keyed(&self) -> bool {
        self.line_item_type() == Some(LineItemType::Product_Key)
    }

    /// PRODUCE is for product keys only (004).
    pub(super) fn for_keys(&self) -> Result<(), Rejection> {
        let kind = self.line_item_type();
        let name = kind.map_or("an entitlement without line items", Into::into);
        illegal_unless(self.is_keyed(), format!("PRODUCE is not possible for {name}."))
    }

    /// It can be produced.
    pub(super) fn producible(&self, around: Around<'_>) -> Result<(), Rejection> {
        self.for_keys()?;
        self.ready(around)
    }

    /// Keys that there were become void, and their generations are counted with four bits.
    pub(super) fn reopenable(&self, _: Around<'_>) -> Result<(), Rejection> {
        if self.has_keys() && self.key_generation >= KEY_GENERATIONS {
            let detail = format!("The entitlement was reopened {KEY_GENERATIONS} times already.");
            return Err(Rejection::new(Code::ReopenLimit, detail));
        }
        Ok(())
    }

    /// The same of one whose keys are with a customer.
    pub(super) fn replaceable(&self, around: Around<'_>) -> Result<(), Rejection> {
        let only = "REOPEN of a produced entitlement is for Product_Key only.";
        illegal_unless(self.is_keyed(), only)?;
        let unused = self.active_activations == 0;
        illegal_unless(unused, "REOPEN is not possible: there are activations.")?;
        self.reopenable(around)
    }

    /// It is not yet as it is to be.
    pub(super) fn switchable(&self, enabled: bool) -> Result<(), Rejection> {
        let word = if enabled { "enabled" } else { "disabled" };
        illegal_unless(self.enabled != enabled, format!("The entitlement is {word} already."))
    }

    /// It may be deleted once nothing of it is left: a draft that had keys, or a test.
    pub fn is_passing(&self) -> bool {
        let had_keys = self.has_keys() || self.key_generation > 0;
        self.is_provisional() && had_keys
    }

    /// Nothing was sold by it, or not yet.
    fn is_provisional(&self) -> bool {
        self.life.state == State::Draft || self.is_test
    }

    /// What was sold stays; and what is still on its way, or comes late, needs it.
    pub(super) fn deletable(&self, around: Around<'_>) -> Result<(), Rejection> {
        let only = "Only a draft, or a test entitlement, is deleted.";
        illegal_unless(self.is_provisional(), only)?;
        if around.open_requests {
            let detail = "Provisioning requests of it are open. Wait for their end, or end them.";
            return Err(Rejection::new(Code::InUse, detail));
        }
        if self.active_activations > 0 {
            let first = if self.revocation_allowed { " Revoke them first." } else { "" };
            let detail = format!("It has activations.{first}");
            return Err(Rejection::new(Code::InUse, detail));
        }
        Ok(())
    }

    /// Whether it takes activations, whatever remains on its keys.
    pub fn is_open(&self) -> bool {
        self.open().is_ok()
    }

    /// The same as a guard.
    pub(crate) fn open(&self) -> Result<(), Rejection> {
        if !self.enabled {
            let detail = "The entitlement is disabled. Enable it first.";
            return Err(Rejection::new(Code::EntitlementDisabled, detail));
        }
        let state: &str = self.life.state.into();
        let unsold = format!("An entitlement in state {state} cannot be activated.");
        illegal_unless(self.has_keys(), unsold)?;
        illegal_unless(self.activation_allowed, "The entitlement does not allow activations.")
    }

    /// Its last day is not over.
    pub(crate) fn unexpired(&self, today: Day) -> Result<(), Rejection> {
        if self.end_date.is_some_and(|end| today > end) {
            let detail = "The entitlement's end date has passed. No key of it can be activated.";
            return Err(Rejection::new(Code::EntitlementExpired, detail));
        }
        Ok(())
    }

    /// Some key of it may be activated; whether that key is disabled, its own row says.
    pub(super) fn activatable(&self, around: Around<'_>) -> Result<(), Rejection> {
        self.open()?;
        self.unexpired(around.today)?;
        illegal_unless(self.keys_exhausted < self.keys(), "Nothing remains on its keys.")
    }
}

impl LineItem {
    /// The least that an activation takes.
    fn least(&self) -> u32 {
        match self.activation_method {
            ActivationMethod::Fixed => self.fixed_quantity.unwrap_or(1),
            ActivationMethod::Partial | ActivationMethod::Full => 1,
        }
    }
}

impl ProductKey {
    /// Something can be taken from it (K4).
    pub(super) fn activatable(&self, around: KeyAround<'_>) -> Result<(), Rejection> {
        around.entitlement.open()?;
        around.entitlement.unexpired(around.today)?;
        let item = around.entitlement.item_of(self.index);
        let enough = item.is_some_and(|(_, item)| self.remaining() >= item.least());
        illegal_unless(enough, "Too little remains on the product key.")
    }
}
