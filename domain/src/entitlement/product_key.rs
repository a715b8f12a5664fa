//! Product keys: derived from the entitlement, not stored, until one differs.
//!
//! Neighbours: `activation` consumes them. Guarantee: a forged key shows itself by its own bits.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use crate::attributes::CustomAttributes;
use crate::decision::Decision;
use crate::entitlement::Entitlement;
use crate::entitlement::states::{KeyAround, KeyEvent, KeyState, State};
use crate::ids::Id;
use crate::machine::Stateful;
use crate::rejection::{Code, Faults, Rejection};
use crate::rev::Rev;

/// The tenant's key secret, derived from the master key.
pub struct KeySecret([u8; 32]);

/// Where a product key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRef {
    /// The entitlement.
    pub entitlement: Id,
    /// The key's index in it, from 0.
    pub index: u32,
    /// The generation of keys.
    pub generation: u8,
}

const INDEX_BITS: u32 = 18;
const GENERATION_BITS: u32 = 4;
const KEY_TAG_BITS: u32 = 47;
const E_ID_TAG_BITS: u32 = 69;

impl KeySecret {
    /// The version that new entitlements note.
    pub const VERSION: u8 = 1;

    /// Takes the derived secret.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The GUID of an entitlement: its id and 69 bits of HMAC.
    pub fn e_id(&self, id: Id) -> Uuid {
        let tag = self.tag(&[b"eId", &id.get().to_be_bytes()], E_ID_TAG_BITS);
        guid((u128::from(id.get()) << E_ID_TAG_BITS) | tag)
    }

    /// The entitlement behind a GUID; none when we did not make it.
    pub fn entitlement_of(&self, e_id: Uuid) -> Option<Id> {
        let id = u64::try_from(bits(e_id)? >> E_ID_TAG_BITS).ok()?;
        Id::try_from(id).ok().filter(|id| self.e_id(*id) == e_id)
    }

    /// The GUID of a product key: entitlement, index, generation and 47 bits of HMAC.
    pub fn pk_id(&self, key: KeyRef) -> Uuid {
        let body = (u128::from(key.entitlement.get()) << (INDEX_BITS + GENERATION_BITS))
            | (u128::from(key.index) << GENERATION_BITS)
            | u128::from(key.generation);
        let tag = self.tag(&[b"pkId", &body.to_be_bytes()], KEY_TAG_BITS);
        guid((body << KEY_TAG_BITS) | tag)
    }

    /// What a product key stands for; none when we did not make it.
    pub fn key_of(&self, pk_id: Uuid) -> Option<KeyRef> {
        let body = bits(pk_id)? >> KEY_TAG_BITS;
        let low = |count: u32| (1_u128 << count) - 1;
        let key = KeyRef {
            entitlement: u64::try_from(body >> (INDEX_BITS + GENERATION_BITS))
                .ok()
                .and_then(|id| Id::try_from(id).ok())?,
            index: u32::try_from((body >> GENERATION_BITS) & low(INDEX_BITS)).ok()?,
            generation: u8::try_from(body & low(GENERATION_BITS)).ok()?,
        };
        (self.pk_id(key) == pk_id).then_some(key)
    }

    fn tag(&self, parts: &[&[u8]], count: u32) -> u128 {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return 0 };
        parts.iter().for_each(|part| mac.update(part));
        let mut head = [0; 16];
        head.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        u128::from_be_bytes(head) >> (128 - count)
    }
}

/// Spreads 122 bits over a `UUIDv8` (RFC 9562): 48 bits, version, 12 bits, variant, 62 bits.
fn guid(bits: u128) -> Uuid {
    let (high, middle, low) = (bits >> 74, (bits >> 62) & 0xFFF, bits & ((1 << 62) - 1));
    Uuid::from_u128((high << 80) | (0x8 << 76) | (middle << 64) | (0b10 << 62) | low)
}

fn bits(guid_of: Uuid) -> Option<u128> {
    let all = guid_of.as_u128();
    let bits = ((all >> 80) << 74) | (((all >> 64) & 0xFFF) << 62) | (all & ((1 << 62) - 1));
    (guid(bits) == guid_of).then_some(bits)
}

/// A product key that differs from its default, as the store has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductKey {
    /// The entitlement.
    pub entitlement_id: Id,
    /// Index in it.
    pub index: u32,
    /// Generation of keys.
    pub generation: u8,
    /// Its state.
    pub state: KeyState,
    /// The quantity that was taken from it.
    pub activated: u32,
    /// Custom attributes (001-R9).
    pub custom_attributes: CustomAttributes,
    /// The quantity that its line item allows; no part of its row.
    #[serde(skip)]
    pub allowed: u32,
    /// It has a row to which can be added; else the row is written whole. No part of the row.
    #[serde(skip)]
    pub addable: bool,
    /// Revision of the row that was read; 0: still the default.
    #[serde(skip)]
    pub rev: Rev<Self>,
}

impl ProductKey {
    /// Where it stands.
    pub const fn place(&self) -> KeyRef {
        KeyRef { entitlement: self.entitlement_id, index: self.index, generation: self.generation }
    }

    /// The quantity that remains.
    pub const fn remaining(&self) -> u32 {
        self.allowed.saturating_sub(self.activated)
    }

    /// The key as it is before anything happened to it.
    pub fn default_of(entitlement: &Entitlement, key: KeyRef) -> Option<Self> {
        let (_, item) = entitlement.item_of(key.index)?;
        Some(Self {
            entitlement_id: entitlement.id,
            index: key.index,
            generation: key.generation,
            state: KeyState::Enabled,
            activated: 0,
            custom_attributes: CustomAttributes::default(),
            allowed: item.num_activation_per_product_key,
            addable: false,
            rev: Rev::default(),
        })
    }
}

/// Body of `POST /v1/product-keys/{pkId}/actions`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct KeyActionInput {
    /// ENABLE or DISABLE.
    pub action: Option<KeyAction>,
}

/// The actions of a product key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the actions of the table")]
pub enum KeyAction {
    Enable,
    Disable,
}

/// Body of `PATCH /v1/product-keys/{pkId}`: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProductKeyPatch {
    /// All of them (001-R9).
    pub custom_attributes: Option<CustomAttributes>,
}

impl ProductKey {
    /// Its state; VOID after its entitlement was reopened, or while it has no keys.
    pub fn state_in(&self, entitlement: &Entitlement) -> KeyState {
        let current = self.generation == entitlement.key_generation && entitlement.has_keys();
        if current { self.state } else { KeyState::Void }
    }

    /// Enables or disables it (K2, K3).
    ///
    /// # Errors
    /// The body's faults; `ILLEGAL_TRANSITION`.
    pub fn act(
        mut self,
        input: &KeyActionInput,
        around: KeyAround<'_>,
    ) -> Result<(Self, Decision), Rejection> {
        let missing = || Rejection::at("/action", Code::ValidationFailed, "must be given");
        let (event, to) = match input.action.ok_or_else(missing)? {
            KeyAction::Enable => (KeyEvent::Enable, KeyState::Enabled),
            KeyAction::Disable => (KeyEvent::Disable, KeyState::Disabled),
        };
        self.permit(event, around)?;
        self.state = to;
        Ok((self.clone(), Decision::default().save(self)))
    }

    /// Sets its custom attributes.
    ///
    /// # Errors
    /// The body's faults; `ILLEGAL_TRANSITION` for a key that is void.
    pub fn update(
        mut self,
        patch: &ProductKeyPatch,
        around: KeyAround<'_>,
    ) -> Result<(Self, Decision), Rejection> {
        if let Some(attributes) = &patch.custom_attributes {
            let mut faults = Faults::default();
            attributes.check("/customAttributes", &mut faults);
            faults.finish()?;
            self.custom_attributes = attributes.clone();
        }
        if self.state(around) == KeyState::Void {
            let detail = "The product key is void: its entitlement was reopened.";
            return Err(self.illegal(detail, around));
        }
        Ok((self.clone(), Decision::default().save(self)))
    }
}

/// Quantity taken from a key, with the counters of its entitlement: committed as conditional ADDs,
/// so that activations of different keys never collide and none takes what is not there (I1).
#[derive(Clone, Debug)]
pub struct Consumption {
    /// The key as it was read; revision 0: it has no row yet.
    pub key: ProductKey,
    /// The quantity that is taken.
    pub quantity: u32,
    /// Nothing remains afterwards.
    pub exhausts: bool,
    /// The entitlement's counters; none when the entitlement itself is saved with its new state.
    pub count: Option<Count>,
}

/// Counters of an entitlement whose state stays.
#[derive(Clone, Debug)]
pub struct Count {
    /// The state that must still be.
    pub state: State,
    /// The key generation that must still be.
    pub generation: u8,
    /// The last key may not be exhausted here: that is a move of the state.
    pub keys: u32,
    /// The activation is to be acknowledged.
    pub unacknowledged: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(value: u64) -> Id {
        Id::try_from(value).unwrap()
    }

    #[test]
    fn keys_and_guids_lead_back_to_what_they_stand_for() {
        let secret = KeySecret::new([1; 32]);
        for (entitlement, index, generation) in
            [(1, 0, 0), ((1 << 53) - 1, (1 << 18) - 1, 15), (374_000_123_456_789, 5_000, 3)]
        {
            let key = KeyRef { entitlement: id(entitlement), index, generation };
            assert_eq!(secret.key_of(secret.pk_id(key)), Some(key));
            let e_id = secret.e_id(id(entitlement));
            assert_eq!(secret.entitlement_of(e_id), Some(id(entitlement)));
            assert_eq!(e_id.get_version_num(), 8);
        }
    }

    #[test]
    fn a_forged_or_foreign_key_is_none() {
        let (ours, theirs) = (KeySecret::new([1; 32]), KeySecret::new([2; 32]));
        let key = KeyRef { entitlement: id(42), index: 7, generation: 0 };
        let real = ours.pk_id(key);
        assert_eq!(theirs.key_of(real), None);
        for bit in 0..128 {
            let forged = Uuid::from_u128(real.as_u128() ^ (1 << bit));
            assert_eq!(ours.key_of(forged), None, "bit {bit}");
            assert_eq!(ours.entitlement_of(forged), None, "bit {bit}");
        }
        assert_eq!(ours.key_of(Uuid::nil()), None);
    }
}
