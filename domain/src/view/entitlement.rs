//! Entitlements and product keys as answers show them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::Role;
use crate::attributes::CustomAttributes;
use crate::entitlement::product_key::{KeyRef, ProductKey};
use crate::entitlement::states::{Around, KeyAround, KeyState, State};
use crate::entitlement::{ActivationMethod, Entitlement, LineItem, Registration};
use crate::ids::Id;
use crate::life::Overflow;
use crate::machine::Stateful;
use crate::substitution::lint::Warning;
use crate::time::{Day, Time};
use crate::view::HistoryLine;

/// An entitlement.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Entitlement)]
#[expect(missing_docs, reason = "the members of `Entitlement`")]
pub struct EntitlementView {
    pub id: Id,
    pub e_id: Uuid,
    pub state: State,
    pub enabled: bool,
    pub activation_allowed: bool,
    pub revocation_allowed: bool,
    pub customer_id: Option<Id>,
    pub customer_email: Option<String>,
    pub contact_id: Option<Id>,
    pub partner_id: Option<Id>,
    pub partner_email: Option<String>,
    pub start_date: Option<Day>,
    pub end_date: Option<Day>,
    pub ref_id1: Option<String>,
    pub ref_id2: Option<String>,
    pub registration_required: Registration,
    pub custom_attributes: CustomAttributes,
    pub entitlement_items: Vec<LineItem>,
    pub is_test: bool,
    pub active_activations: u64,
    pub unacknowledged: u64,
    pub version: u64,
    pub history: Vec<HistoryLine>,
    pub allowed_actions: Vec<&'static str>,
    /// Warnings: allowed, but probably not meant; in the answers of POST and PUT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warnings: Option<Vec<Warning>>,
    pub created_date: Time,
    pub created_by: String,
    pub updated_date: Time,
    pub updated_by: String,
}

impl EntitlementView {
    /// As the caller of this role sees it.
    pub fn new(entitlement: &Entitlement, around: Around<'_>, role: &Role) -> Self {
        let e = entitlement.clone().seen_by(role);
        let allowed_actions = e.allowed(around, role);
        Self {
            id: e.id,
            e_id: e.e_id,
            state: e.life.state,
            enabled: e.enabled,
            activation_allowed: e.activation_allowed,
            revocation_allowed: e.revocation_allowed,
            customer_id: e.customer_id,
            customer_email: e.customer_email,
            contact_id: e.contact_id,
            partner_id: e.partner_id,
            partner_email: e.partner_email,
            start_date: e.start_date,
            end_date: e.end_date,
            ref_id1: e.ref_id1,
            ref_id2: e.ref_id2,
            registration_required: e.registration_required,
            custom_attributes: e.custom_attributes,
            entitlement_items: e.items,
            is_test: e.is_test,
            active_activations: e.active_activations,
            unacknowledged: e.unacknowledged,
            version: e.life.version,
            history: e.life.history.into_iter().map(|step| step.untyped().into()).collect(),
            allowed_actions,
            warnings: None,
            created_date: e.meta.created_date,
            created_by: e.meta.created_by,
            updated_date: e.meta.updated_date,
            updated_by: e.meta.updated_by,
        }
    }
}

impl EntitlementView {
    /// With the steps that the row no longer holds, oldest first.
    pub fn preceded_by(&mut self, older: Vec<Overflow>) {
        let steps = older.into_iter().flat_map(|older| older.steps);
        self.history.splice(..0, steps.map(HistoryLine::from));
    }
}

/// An entitlement in a list.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the members of `Entitlement`")]
pub struct EntitlementLine {
    pub id: Id,
    pub e_id: Uuid,
    pub state: State,
    pub enabled: bool,
    pub customer_id: Option<Id>,
    pub contact_id: Option<Id>,
    pub partner_id: Option<Id>,
    pub start_date: Option<Day>,
    pub end_date: Option<Day>,
    pub ref_id1: Option<String>,
    pub created_date: Time,
}

/// The parties of an entitlement, by which its list can be filtered before a row is read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the members of `Entitlement`")]
pub struct ListedEntitlement {
    pub customer_id: Option<Id>,
    pub contact_id: Option<Id>,
    pub partner_id: Option<Id>,
}

impl From<&Entitlement> for ListedEntitlement {
    fn from(entitlement: &Entitlement) -> Self {
        Self {
            customer_id: entitlement.customer_id,
            contact_id: entitlement.contact_id,
            partner_id: entitlement.partner_id,
        }
    }
}

/// A product key.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProductKey)]
#[expect(missing_docs, reason = "the members of the answer")]
pub struct ProductKeyView {
    pub pk_id: Uuid,
    pub e_id: Uuid,
    /// The line item's place in the entitlement, from 0.
    pub item: usize,
    /// Null for a key that is VOID: what it was sold with is gone.
    pub total_quantity: Option<u32>,
    /// Null for a key that is VOID.
    pub available_quantity: Option<u32>,
    /// Null for a key that is VOID.
    pub activation_method: Option<ActivationMethod>,
    pub fixed_quantity: Option<u32>,
    pub state: KeyState,
    pub start_date: Option<Day>,
    pub end_date: Option<Day>,
    pub custom_attributes: CustomAttributes,
    pub exhausted: bool,
    pub expired: bool,
    pub not_started: bool,
    pub allowed_actions: Vec<&'static str>,
}

impl ProductKeyView {
    /// As the caller of this role sees it; none for an index that the entitlement does not have.
    pub fn new(
        pk_id: Uuid,
        key: &ProductKey,
        entitlement: &Entitlement,
        role: &Role,
        today: Day,
    ) -> Option<Self> {
        let around = KeyAround { entitlement, today };
        let (place, item) = entitlement.item_of(key.index)?;
        let state = key.state(around);
        // The line item may be another one since the key was sold.
        let sold = (state != KeyState::Void).then_some(item);
        Some(Self {
            pk_id,
            e_id: entitlement.e_id,
            item: place,
            total_quantity: sold.map(|item| item.num_activation_per_product_key),
            available_quantity: sold.map(|_| key.remaining()),
            activation_method: sold.map(|item| item.activation_method),
            fixed_quantity: sold.and_then(|item| item.fixed_quantity),
            state,
            start_date: entitlement.start_date,
            end_date: entitlement.end_date,
            custom_attributes: key.custom_attributes.clone(),
            exhausted: sold.is_some() && key.remaining() == 0,
            expired: entitlement.end_date.is_some_and(|end| today > end),
            not_started: entitlement.start_date.is_some_and(|start| today < start),
            allowed_actions: key.allowed(around, role),
        })
    }

    /// The keys of these indexes, of the entitlement's generation.
    pub fn refs(entitlement: &Entitlement, indexes: std::ops::Range<u32>) -> Vec<KeyRef> {
        let key = |index| KeyRef {
            entitlement: entitlement.id,
            index,
            generation: entitlement.key_generation,
        };
        indexes.map(key).collect()
    }
}
