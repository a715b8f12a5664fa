//! Identifiers: numeric ids ordered by time, GUIDs, and the randomness they are made of.
//!
//! Neighbours: every entity. Guarantee: an id fits into 53 bits, so JSON and JavaScript keep it.

use std::str::FromStr;
use std::{fmt, io};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::time::Time;

/// 2024-01-01T00:00:00Z in milliseconds: ids count from here.
const EPOCH_MS: i64 = 1_704_067_200_000;
const RANDOM_BITS: u32 = 12;
/// The highest id: 53 bits, so that JavaScript's numbers hold it.
pub const MAX_ID: u64 = (1 << 53) - 1;

/// A numeric id: 41 bits of milliseconds since 2024, 12 random bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "u64")]
#[schema(value_type = u64, example = 97)]
pub struct Id(u64);

impl Id {
    /// The tenant that is there from the beginning.
    pub const FIRST_TENANT: Self = Self(1);

    /// The id of something made at `now`; `random` gives the low 12 bits.
    pub fn new(now: Time, random: u64) -> Self {
        let millis = u64::try_from(now.millis() - EPOCH_MS).unwrap_or(0);
        Self(((millis << RANDOM_BITS) | (random & ((1 << RANDOM_BITS) - 1))) & MAX_ID)
    }

    /// The lowest id that something made at this instant, or later, can have; none where ids end,
    /// in 2093.
    pub fn lowest(at: Time) -> Option<Self> {
        let millis = u64::try_from(at.millis() - EPOCH_MS).unwrap_or(0);
        (millis <= MAX_ID >> RANDOM_BITS).then_some(Self(millis << RANDOM_BITS))
    }

    /// The number itself, at most 53 bits.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Sixteen digits, so that text order is number order (index `list`).
    pub fn padded(self) -> String {
        format!("{:016}", self.0)
    }
}

impl TryFrom<u64> for Id {
    type Error = &'static str;

    fn try_from(value: u64) -> Result<Self, Self::Error> {
        if (1..=MAX_ID).contains(&value) {
            Ok(Self(value))
        } else {
            Err("an id is a whole number from 1 to 9007199254740991")
        }
    }
}

impl FromStr for Id {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let value = digits.then(|| text.parse().ok()).flatten().unwrap_or(0);
        Self::try_from(value)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// The uses of randomness. Each has a block of its own, so that nobody can guess one part of a
/// decision from another.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// The ids of what is made.
    Ids,
    /// The public id of an activation.
    ActivationId,
    /// The secret of an API key.
    ApiKey,
    /// The secret that a method's callbacks are signed with.
    CallbackSecret,
    /// The nonces of what is sealed.
    Nonces,
    /// The token of a claim's lease.
    Lease,
    /// The jitter before the first attempt of a generation.
    FirstWait,
    /// The jitter before an attempt that repeats another one.
    NextWait,
    /// The wait after a lost race.
    BackOff,
    /// The id of a call of the API.
    CallId,
    /// The id of a test message to a provider.
    TestId,
    /// A master key.
    MasterKey,
    /// All of the tenant's first namespace.
    Namespace,
    /// All of a new tenant.
    Tenant,
    /// All of the tenant's first role.
    Role,
    /// All of the administrator's key.
    Administrator,
    /// The secret of a tenant's eIds and product keys.
    KeySecret,
}

/// Thirty-two random bytes, handed in from outside: all new names of one decision come from them.
#[derive(Clone, Copy)]
pub struct Entropy([u8; 32]);

impl Entropy {
    /// Takes the bytes of a cryptographic generator (or of a test's seed).
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The block of 32 bytes for a purpose.
    pub fn bytes(&self, purpose: Purpose) -> [u8; 32] {
        Sha256::new().chain_update(self.0).chain_update([purpose as u8]).finalize().into()
    }

    /// Randomness for a part that makes a whole decision of its own.
    pub fn part(&self, purpose: Purpose) -> Self {
        Self(self.bytes(purpose))
    }

    /// The `n`-th id made at `now`. Ids of one decision never collide with each other.
    pub fn id(&self, now: Time, n: u32) -> Id {
        let start = u64::from_be_bytes(first_eight(&self.bytes(Purpose::Ids)));
        Id::new(now, start.wrapping_add(u64::from(n)))
    }

    /// A random GUID.
    pub fn guid(&self, purpose: Purpose) -> Uuid {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.bytes(purpose)[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// A random fraction in `0.0..1.0`, for jitter.
    pub fn fraction(&self, purpose: Purpose) -> f64 {
        let bits = u64::from_be_bytes(first_eight(&self.bytes(purpose)));
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn first_eight(bytes: &[u8; 32]) -> [u8; 8] {
    let mut out = [0; 8];
    out.copy_from_slice(&bytes[..8]);
    out
}

/// SHA-256 as 64 lower-case hex digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// The same of a value's JSON text, which is hashed as it is written and never held.
pub fn sha256_of(value: &Value) -> String {
    let mut hashed = Hashed(Sha256::new());
    // Writing into a hash has no way to fail.
    serde_json::to_writer(&mut hashed, value).unwrap_or_default();
    HEXLOWER.encode(&hashed.0.finalize())
}

struct Hashed(Sha256);

impl io::Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_hashed_as_its_text() {
        let value = serde_json::json!({"b": [1, null, "\u{e9}"], "a": {}});
        assert_eq!(sha256_of(&value), sha256_hex(value.to_string().as_bytes()));
    }

    #[test]
    fn ids_are_ordered_by_time_and_fit_into_53_bits() {
        let early = Id::new(Time::from_millis(EPOCH_MS + 1), 4095);
        let late = Id::new(Time::from_millis(EPOCH_MS + 2), 0);
        assert!(early < late);
        assert!(Id::new(Time::from_millis(i64::MAX), u64::MAX).get() <= MAX_ID);
    }

    #[test]
    fn what_is_made_at_an_instant_has_an_id_from_its_lowest_on() {
        for millis in [EPOCH_MS, EPOCH_MS + 1, 1_800_000_000_000, EPOCH_MS + (1 << 41) - 1] {
            let (at, next) = (Time::from_millis(millis), Time::from_millis(millis + 1));
            let ids = [Id::new(at, 0), Id::new(at, 4095)];
            assert!(ids.iter().all(|id| Some(*id) >= Id::lowest(at)), "{millis}");
            assert!(ids.iter().all(|id| Id::lowest(next).is_none_or(|next| *id < next)));
        }
        assert_eq!(Id::lowest(Time::from_millis(0)), Some(Id(0)));
        assert_eq!(Id::lowest(Time::from_millis(EPOCH_MS + (1 << 41))), None);
    }

    #[test]
    fn only_plain_digits_are_an_id() {
        for text in ["", "0", "-1", "+1", "1.0", "9007199254740992", "x"] {
            assert!(text.parse::<Id>().is_err(), "{text}");
        }
        assert_eq!("97".parse::<Id>().map(Id::get), Ok(97));
    }

    #[test]
    fn names_of_one_decision_differ() {
        let entropy = Entropy::new([7; 32]);
        let now = Time::from_millis(EPOCH_MS);
        assert_ne!(entropy.id(now, 0), entropy.id(now, 1));
        assert_ne!(entropy.guid(Purpose::Lease), entropy.guid(Purpose::ActivationId));
    }
}
