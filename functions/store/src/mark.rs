//! The mark of a deployment: which master key its rows were made with, and in which form they are.
//!
//! Neighbours: the edge compares it at every start; local mode and the bootstrap function write it
//! once. Guarantee: a broken start does not look like a first one.

use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::keys::{self, Key};
use crate::port::{Condition, Item, Store, Write};
use crate::rows::{encode, plain};

/// The mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// A value derived from the master key, which does not tell it.
    pub master_key: String,
    /// The form of the rows.
    pub form: u32,
}

impl dyn Store {
    /// The mark; none before the first start, and in what 0.1.0 made.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_mark(&self) -> Result<Option<Mark>, StoreError> {
        let key: Key = keys::mark();
        let row: Option<Item> = self.get(&[key]).await?.remove(0);
        row.map(|row| plain(row, "mark")).transpose()
    }

    /// Replaces the mark: the rows have another form by now.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn replace_mark(&self, mark: &Mark) -> Result<(), StoreError> {
        let write = Write::Put(keys::mark(), encode(mark, "mark")?, Condition::Present);
        Ok(self.write(&[write]).await?)
    }

    /// Writes the mark, once.
    ///
    /// # Errors
    /// `Conflict` when there is one.
    pub async fn keep_mark(&self, mark: &Mark) -> Result<(), StoreError> {
        let write = Write::Put(keys::mark(), encode(mark, "mark")?, Condition::Absent);
        Ok(self.write(&[write]).await?)
    }
}
