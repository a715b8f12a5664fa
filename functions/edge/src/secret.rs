//! A master key: everything secret is derived from it or sealed with it.
//!
//! Neighbours: `master` has all of them. Guarantee: no secret is printed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use domain::entitlement::product_key::KeySecret;
use domain::ids::{Entropy, Id, Purpose};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Thirty-two bytes: a 0600 file locally, Secrets Manager on AWS.
pub struct MasterKey([u8; 32]);

/// What a profile is sealed for: it opens in the row of this customer only.
pub fn profile_place(customer: Id) -> String {
    format!("customer {customer} profile")
}

/// What the secret of a tenant's product keys is sealed for.
pub fn key_secret_place(tenant: Id) -> String {
    format!("tenant {tenant} product keys")
}

/// A secret in the clear; neither printable nor serialisable.
pub struct Secret(Vec<u8>);

/// A secret cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum BrokenSeal {
    /// It was changed, or moved from its place, or sealed with another key of this number.
    #[error("the seal of a secret does not fit")]
    Changed,
    /// The keys do not have the one that it is sealed with.
    #[error("master key {0} is not known; restore it from its backup")]
    Unknown(u32),
    /// The keys cannot be read.
    #[error("the master keys cannot be read: {0}")]
    Vault(String),
    /// This function was not given any.
    #[error("{0}")]
    None(#[from] NoMasterKey),
}

impl BrokenSeal {
    /// Whether it may open later: the keys were not to be had.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unknown(_) | Self::Vault(_))
    }
}

/// This function was not given the master keys.
#[derive(Debug, thiserror::Error)]
#[error("this function has no master key")]
pub struct NoMasterKey;

const NONCE_BYTES: usize = 24;

impl MasterKey {
    /// Takes the key.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hex digits; none for anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        Some(Self(HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()?))
    }

    /// What tells this key from others, and nothing more.
    pub fn check_value(&self) -> String {
        HEXLOWER.encode(&self.derive(&[b"check-value"])[..16])
    }

    /// The 64 hex digits that [`Self::from_hex`] reads.
    pub(crate) fn hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// The secret of the eIds and product keys of a tenant whose row has none.
    pub fn product_keys(&self, tenant: Id) -> [u8; 32] {
        let version = [KeySecret::VERSION];
        self.derive(&[b"product-keys", &tenant.get().to_be_bytes(), &version])
    }

    /// Seals a secret for one place; it opens nowhere else.
    pub(crate) fn seal(&self, secret: &Secret, place: &str, entropy: &Entropy) -> String {
        // One decision may seal several secrets: each place has a nonce of its own.
        let fresh = self.derive(&[b"nonce", &entropy.bytes(Purpose::Nonces), place.as_bytes()]);
        let nonce: [u8; NONCE_BYTES] = std::array::from_fn(|i| fresh[i]);
        let payload = Payload { msg: &secret.0, aad: place.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        STANDARD.encode([&nonce[..], &sealed].concat())
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// When the seal does not fit.
    pub(crate) fn open(&self, sealed: &str, place: &str) -> Result<Secret, BrokenSeal> {
        let bytes = STANDARD.decode(sealed).map_err(|_| BrokenSeal::Changed)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES).ok_or(BrokenSeal::Changed)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| BrokenSeal::Changed)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        let opened = self.cipher().decrypt(&XNonce::from(nonce), payload);
        opened.map(Secret).map_err(|_| BrokenSeal::Changed)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.derive(&[b"seal"]).into())
    }

    fn derive(&self, parts: &[&[u8]]) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&self.0).expect("any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl Secret {
    /// A new callback secret: 32 random bytes.
    pub fn callback(entropy: &Entropy) -> Self {
        Self(entropy.bytes(Purpose::CallbackSecret).to_vec())
    }

    /// The secret of a tenant's product keys.
    pub fn of_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes.to_vec())
    }

    /// A secret that a user gave.
    pub fn of_text(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }

    /// Reads what [`Secret::whsec`] wrote; none for anything else or a wrong length.
    pub fn from_whsec(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix("whsec_")?).ok()?;
        (24..=64).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As Standard Webhooks writes it; shown once.
    pub fn whsec(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_in_its_place_only() {
        let (key, entropy) = (MasterKey::new([1; 32]), Entropy::new([2; 32]));
        let secret = Secret::callback(&entropy);
        let sealed = key.seal(&secret, "method 7", &entropy);
        assert_eq!(key.open(&sealed, "method 7").unwrap().bytes(), secret.bytes());
        assert!(key.open(&sealed, "method 8").is_err());
        assert!(MasterKey::new([3; 32]).open(&sealed, "method 7").is_err());
        assert!(key.open("AAAA", "method 7").is_err());
        let other = key.seal(&secret, "method 7 credential", &entropy);
        assert_ne!(sealed[..32], other[..32], "a nonce is used once");
    }
}
