//! The record of an answer, written in the same transaction as the effect.
//!
//! Neighbours: the edge makes and replays it.

use domain::ids::Id;
use domain::limits::IDEMPOTENCY_KEPT;
use domain::time::Time;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::keys::{self, Key};
use crate::port::{Item, Store};
use crate::rows::plain;

/// The answer of a call, kept for 24 hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedAnswer {
    /// SHA-256 of method, path and key: the row's name.
    #[serde(skip)]
    pub hash: String,
    /// SHA-256 of the call's body.
    pub body_hash: String,
    /// It was given to a caller who sees people's data.
    #[serde(default = "SavedAnswer::unknown")]
    pub people: bool,
    /// The answer's HTTP status.
    pub status: u16,
    /// The answer's body, with secrets that are shown once as null.
    pub body: String,
    /// `Location`.
    pub location: Option<String>,
    /// `ETag`.
    pub etag: Option<String>,
    /// Not valid any more from then on.
    pub expires: i64,
    /// The same in seconds, for DynamoDB.
    pub ttl: i64,
}

impl SavedAnswer {
    /// An answer that was kept before `people` was noted may have anything.
    const fn unknown() -> bool {
        true
    }

    /// An answer given at `now`.
    #[must_use]
    pub fn at(mut self, now: Time) -> Self {
        self.expires = now.after(IDEMPOTENCY_KEPT).millis();
        self.ttl = self.expires / 1000 + 1;
        self
    }
}

impl dyn Store {
    /// The record of this call, if it is still valid.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_answer(
        &self,
        tenant: Id,
        hash: &str,
        now: Time,
    ) -> Result<Option<SavedAnswer>, StoreError> {
        Ok(self.find_answers(tenant, &[hash.to_owned()], now).await?.remove(0))
    }

    /// The records of these calls, in their order, if they are still valid.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_answers(
        &self,
        tenant: Id,
        hashes: &[String],
        now: Time,
    ) -> Result<Vec<Option<SavedAnswer>>, StoreError> {
        let keys: Vec<Key> = hashes.iter().map(|hash| keys::idempotency(tenant, hash)).collect();
        let read = |row: Option<Item>| {
            let read = row.map(|item| plain(item, "idempotency record")).transpose()?;
            Ok(read.filter(|answer: &SavedAnswer| answer.expires > now.millis()))
        };
        self.get(&keys).await?.into_iter().map(read).collect()
    }
}
