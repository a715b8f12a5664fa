//! The mark of a deployment: which master keys its rows were made with, and in which form they are.
//!
//! Neighbours: the edge compares it at every start; local mode and the bootstrap function write it
//! once. Guarantee: a broken start does not look like a first one.

use std::collections::BTreeMap;

use domain::plan::door::Sealed;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::keys::{self, Key};
use crate::port::{Condition, Item, Store, Write};
use crate::rows::{encode, plain};

/// The mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// Values derived from the master keys, by number, which do not tell them.
    #[serde(rename = "masterKey")]
    pub master_keys: CheckValues,
    /// The form of the rows.
    pub form: u32,
}

/// The check values of master keys by number. That of key 1 alone is a text, as 0.1.0 has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct CheckValues(pub BTreeMap<u32, String>);

/// The same in the row.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept {
    First(String),
    Numbered(BTreeMap<String, String>),
}

impl From<Kept> for CheckValues {
    fn from(kept: Kept) -> Self {
        let number = |(number, value): (String, String)| Some((number.parse().ok()?, value));
        Self(match kept {
            Kept::First(value) => BTreeMap::from([(Sealed::FIRST_KEY, value)]),
            Kept::Numbered(values) => values.into_iter().filter_map(number).collect(),
        })
    }
}

impl From<CheckValues> for Kept {
    fn from(CheckValues(values): CheckValues) -> Self {
        match values.get(&Sealed::FIRST_KEY) {
            Some(first) if values.len() == 1 => Self::First(first.clone()),
            _ => Self::Numbered(values.into_iter().map(|(n, v)| (n.to_string(), v)).collect()),
        }
    }
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
