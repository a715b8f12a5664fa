//! The master keys in memory.
//!
//! Neighbours: stages and seats run with them. Guarantee: what was written is read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use edge::master::MasterKeys;
use edge::ports::{Vault, VaultError};
use serde_json::{Map, Value};

/// A text.
pub struct Kept(Mutex<String>);

#[async_trait]
impl Vault for Kept {
    async fn read(&self) -> Result<String, VaultError> {
        Ok(self.text().clone())
    }

    async fn write(&self, text: &str) -> Result<(), VaultError> {
        text.clone_into(&mut self.text());
        Ok(())
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self(Mutex::new(FIRST.to_owned()))
    }
}

impl Kept {
    /// Keeps the first key alone, as at the beginning.
    pub fn begin(&self) {
        FIRST.clone_into(&mut self.text());
    }

    /// How many keys there are.
    pub fn count(&self) -> usize {
        serde_json::from_str::<Map<String, Value>>(&self.text()).map_or(1, |keys| keys.len())
    }

    fn text(&self) -> MutexGuard<'_, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a text.
    pub fn new(text: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(text.to_owned())))
    }

    /// The keys that a process reads here at its start.
    ///
    /// # Panics
    /// When there are none.
    pub fn open(self: &Arc<Self>) -> MasterKeys {
        let text = self.text().clone();
        #[expect(clippy::expect_used, reason = "tests know what is a key")]
        MasterKeys::of(&text, Arc::clone(self) as Arc<dyn Vault>).expect("a key")
    }
}

/// The keys of a text.
pub fn master_keys(text: &str) -> MasterKeys {
    Kept::new(text).open()
}

/// Master key 1 of a world.
pub const FIRST: &str = "0707070707070707070707070707070707070707070707070707070707070707";
