//! The master keys of a deployment, by number: each opens what it sealed, and a tenant's newest
//! seals.
//!
//! Neighbours: `secret` seals and opens with one key, `rotation` makes a new one. Guarantee: a
//! number that a row names and this process does not know is looked up where the keys are kept, at
//! most once a minute.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::ids::{Entropy, Purpose};
use domain::limits::MASTER_KEY_REREAD;
use domain::plan::door::Sealed;
use domain::time::Time;

use crate::ports::{Vault, VaultError};
use crate::secret::{BrokenSeal, MasterKey};

/// The keys, and where they are kept.
pub struct MasterKeys {
    vault: Arc<dyn Vault>,
    known: Mutex<Known>,
}

/// The keys as they were read.
struct Known {
    keys: Keys,
    /// When they were read for a number that was not known.
    read: Option<Time>,
}

/// Keys by number.
type Keys = BTreeMap<u32, Arc<MasterKey>>;

/// The keys of a text: 64 hex digits are those of key 1, else JSON has them by number.
fn read(text: &str) -> Option<Keys> {
    let numbered: BTreeMap<u32, String> = match serde_json::from_str(text) {
        Ok(numbered) => numbered,
        Err(_) => BTreeMap::from([(Sealed::FIRST_KEY, text.to_owned())]),
    };
    let key = |(number, hex): (&u32, &String)| Some((*number, Arc::new(MasterKey::from_hex(hex)?)));
    numbered.iter().map(key).collect::<Option<Keys>>().filter(|keys| !keys.is_empty())
}

/// The same keys as a text.
fn write(keys: &Keys) -> String {
    let numbered: BTreeMap<u32, String> = keys.iter().map(|(n, key)| (*n, key.hex())).collect();
    serde_json::json!(numbered).to_string()
}

impl MasterKeys {
    /// Reads them.
    ///
    /// # Errors
    /// When they cannot be read, or are none.
    pub async fn open(vault: Arc<dyn Vault>) -> Result<Self, VaultError> {
        let text = vault.read().await?;
        Self::of(&text, vault)
    }

    /// Those of a text that was read from there.
    ///
    /// # Errors
    /// When they are none.
    pub fn of(text: &str, vault: Arc<dyn Vault>) -> Result<Self, VaultError> {
        let keys = read(text).ok_or(VaultError::NoKeys)?;
        Ok(Self { vault, known: Mutex::new(Known { keys, read: None }) })
    }

    fn known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The key of a number, if this process knows it.
    pub fn find(&self, number: u32) -> Option<Arc<MasterKey>> {
        self.known(|known| known.keys.get(&number).cloned())
    }

    /// The newest number.
    pub fn newest(&self) -> u32 {
        self.known(|known| known.keys.keys().max().copied()).unwrap_or(Sealed::FIRST_KEY)
    }

    /// What tells each of the keys up to a number from others, and nothing more.
    pub fn check_values(&self, newest: u32) -> BTreeMap<u32, String> {
        let check = |(number, key): (&u32, &Arc<MasterKey>)| (*number, key.check_value());
        self.known(|known| known.keys.range(..=newest).map(check).collect())
    }

    /// Reads them again, as at the start of a process.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn read_again(&self) -> Result<(), VaultError> {
        let keys = read(&self.vault.read().await?).ok_or(VaultError::NoKeys)?;
        self.known(|known| *known = Known { keys, read: None });
        Ok(())
    }

    /// Makes the next key, and keeps it; says its number.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub async fn add(&self, entropy: &Entropy) -> Result<u32, VaultError> {
        self.read_again().await?;
        let (mut keys, next) = (self.known(|known| known.keys.clone()), self.newest() + 1);
        keys.insert(next, Arc::new(MasterKey::new(entropy.bytes(Purpose::MasterKey))));
        self.keep(keys).await?;
        Ok(next)
    }

    /// Forgets the key of a number for ever.
    ///
    /// # Errors
    /// When the others cannot be kept.
    pub async fn remove(&self, number: u32) -> Result<(), VaultError> {
        self.read_again().await?;
        let mut keys = self.known(|known| known.keys.clone());
        keys.remove(&number);
        self.keep(keys).await
    }

    async fn keep(&self, keys: Keys) -> Result<(), VaultError> {
        self.vault.write(&write(&keys)).await?;
        self.known(|known| known.keys = keys);
        Ok(())
    }

    /// The key of a number that a row names.
    ///
    /// # Errors
    /// When it is not known, also where the keys are kept; when that does not answer.
    pub async fn key(&self, number: u32, now: Time) -> Result<Arc<MasterKey>, BrokenSeal> {
        if let Some(key) = self.find(number) {
            return Ok(key);
        }
        let may_read = self.known(|known| {
            let waits = known.read.is_some_and(|last| now < last.after(MASTER_KEY_REREAD));
            known.read = known.read.filter(|_| waits).or(Some(now));
            !waits
        });
        if may_read {
            self.read_again().await.map_err(|error| BrokenSeal::Vault(error.to_string()))?;
            self.known(|known| known.read = Some(now));
        }
        self.find(number).ok_or(BrokenSeal::Unknown(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_read_as_they_were_written() {
        let one = read(&"ab".repeat(32)).unwrap();
        assert_eq!(one.keys().copied().collect::<Vec<_>>(), [1]);
        let two = format!(r#"{{"1":"{}","12":"{}"}}"#, "ab".repeat(32), "cd".repeat(32));
        let both = read(&two).unwrap();
        assert_eq!(write(&both), two);
        assert_eq!(both[&1].hex(), one[&1].hex());
        for wrong in ["", "ab", "{}", r#"{"1":"ab"}"#, r#"{"one":"ab"}"#, "[]"] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
    }
}
