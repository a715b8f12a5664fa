//! Making an entitlement, changing a draft, deleting one (rows N1 to N6, source 004).

use std::collections::BTreeMap;

use crate::attributes::CustomAttributes;
use crate::catalog::Product;
use crate::decision::Decision;
use crate::entitlement::input::{Action, EntitlementInput};
use crate::entitlement::items::Reader;
use crate::entitlement::parties::Known;
use crate::entitlement::product_key::KeySecret;
use crate::entitlement::states::{Around, Event, State};
use crate::entitlement::{Entitlement, Registration};
use crate::ids::Id;
use crate::life::Life;
use crate::machine::Stateful;
use crate::rejection::{Code, Faults, Rejection};
use crate::rev::Rev;
use crate::stamp::{Meta, Stamp};
use crate::text;
use crate::time::Day;

/// The products that the store knows.
pub type Products = BTreeMap<Id, Product>;

impl Entitlement {
    /// Makes one.
    ///
    /// # Errors
    /// The body's faults; references that lead nowhere; what QUEUE and PRODUCE lack.
    pub fn create(
        input: &EntitlementInput,
        products: &Products,
        known: &Known,
        secret: &KeySecret,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut made = Self::blank(secret, stamp)?.with(input, products, known)?;
        match input.action {
            Action::Save => {}
            Action::Queue => {
                made.complete(products)?;
                made.life = Life::begin::<Self>(Event::Queue, State::Queued, stamp)?;
            }
            Action::Produce => {
                made.complete(products)?;
                made.for_keys()?;
                let keys = State::ProductKeyGenerated;
                made.life = Life::begin::<Self>(Event::Produce, keys, stamp)?;
                made.keys_ready(stamp)?;
            }
            other => return Err(inapplicable(other, "a new Entitlement")),
        }
        let decision = known.referred(&made, Decision::default()).replace(&[], &made.names());
        Ok((made.clone(), decision.save(made)))
    }

    /// Replaces the content of a draft, and queues or produces it where that is asked (N4 to N6).
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` unless DRAFT; else as [`Entitlement::create`].
    pub fn update(
        &self,
        input: &EntitlementInput,
        around: Around<'_>,
        known: &Known,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        self.permit(Event::Update, around)?;
        let products = around.products;
        let mut next = self.clone().with(input, products, known)?;
        match input.action {
            Action::Save => next.walk(Event::Save, State::Draft, stamp)?,
            Action::Queue => {
                next.complete(products)?;
                next.walk(Event::Queue, State::Queued, stamp)?;
            }
            Action::Produce => {
                next.complete(products)?;
                next.for_keys().map_err(|refused| self.refusing(refused, around))?;
                next.produce(stamp)?;
            }
            other => return Err(inapplicable(other, "an update")),
        }
        next.meta.touch(stamp);
        let decision = known.referred(&next, Decision::default());
        let decision = decision.replace(&self.names(), &next.names());
        Ok(next.saved(decision))
    }

    /// Removes a draft, or a test entitlement in any state.
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION`; `IN_USE` while activations of a test entitlement are active.
    pub fn delete(self, around: Around<'_>) -> Result<Decision, Rejection> {
        self.permit(Event::Delete, around)?;
        let names = self.names();
        Ok(Decision::default().replace(&names, &[]).delete(self))
    }

    fn blank(secret: &KeySecret, stamp: &Stamp) -> Result<Self, Rejection> {
        let id = stamp.id(0);
        Ok(Self {
            id,
            e_id: secret.e_id(id),
            life: Life::begin::<Self>(Event::Save, State::Draft, stamp)?,
            enabled: true,
            activation_allowed: true,
            revocation_allowed: true,
            customer_id: None,
            customer_email: None,
            contact_id: None,
            partner_id: None,
            partner_email: None,
            start_date: None,
            end_date: None,
            ref_id1: None,
            ref_id2: None,
            registration_required: Registration::NotRequired,
            custom_attributes: CustomAttributes::default(),
            items: Vec::new(),
            key_ranges: Vec::new(),
            content: 0,
            is_test: false,
            key_generation: 0,
            key_secret_version: KeySecret::VERSION,
            active_activations: 0,
            unacknowledged: 0,
            keys_exhausted: 0,
            meta: Meta::new(stamp),
            rev: Rev::default(),
        })
    }

    /// The same with the content of a body.
    fn with(
        self,
        input: &EntitlementInput,
        products: &Products,
        known: &Known,
    ) -> Result<Self, Rejection> {
        let mut faults = Faults::default();
        let mut optional = |at: &str, value: &Option<String>| {
            value.as_deref().and_then(|v| faults.take(at, text::short(v)))
        };
        let ref_id1 = optional("/refId1", &input.ref_id1);
        let ref_id2 = optional("/refId2", &input.ref_id2);
        let ordered = input.start_date.zip(input.end_date).is_none_or(|(start, end)| start <= end);
        for (at, day) in [("/startDate", input.start_date), ("/endDate", input.end_date)] {
            faults.check(day.is_none_or(Day::has_common_year), at, Day::WRONG);
        }
        faults.check(ordered, "/endDate", "must not lie before startDate");
        input.custom_attributes.check("/customAttributes", &mut faults);
        let parties = known.parties(input, &mut faults);
        let reader = Reader { products, before: &self.items };
        let items = reader.items(&input.entitlement_items, &mut faults);
        faults.finish()?;
        Ok(Self {
            activation_allowed: input.activation_allowed.unwrap_or(true),
            revocation_allowed: input.revocation_allowed.unwrap_or(true),
            customer_id: parties.customer,
            customer_email: input.customer_email.clone(),
            contact_id: input.contact_id,
            partner_id: parties.partner,
            partner_email: input.partner_email.clone(),
            start_date: input.start_date,
            end_date: input.end_date,
            ref_id1,
            ref_id2,
            registration_required: input.registration_required,
            custom_attributes: input.custom_attributes.clone(),
            key_ranges: Self::ranges(&items),
            items,
            is_test: input.is_test,
            ..self
        })
    }
}

/// 004-H2: some actions are for an entitlement that exists.
fn inapplicable(action: Action, what: &str) -> Rejection {
    let name: &str = action.into();
    let detail = format!("Action {name} is not applicable for {what}.");
    Rejection::at("/action", Code::ValidationFailed, detail)
}
