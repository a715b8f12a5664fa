//! The record of an answer, written in the same transaction as the effect.
//!
//! Neighbours: the edge makes and replays it.

use domain::ids::Id;
use domain::limits::IDEMPOTENCY_KEPT;
use domain::time::Time;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::keys::{self, Key, Table, attribute};
use crate::port::{CommitError, Condition, Item, Store, Test, Value, Write, text};
use crate::rows::{encode, plain};

/// An answer that is kept, or why it cannot be read.
pub type Kept = Result<SavedAnswer, StoreError>;

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

    /// The answers among the next rows of the table `core`, and where to go on; none at the end.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn next_answers(
        &self,
        tenant: Id,
        after: Option<(String, String)>,
        limit: usize,
    ) -> Result<(Vec<Kept>, Option<(String, String)>), StoreError> {
        let after = after.map(|(pk, sk)| Key { table: Table::Core, pk, sk });
        let rows = self.scan(Table::Core, after, limit).await?;
        let place = |row: &Item| (text(row, attribute::PK), text(row, attribute::SK));
        let last = rows.last().map(place);
        let kept = rows.into_iter().filter_map(|mut row| {
            let hash = keys::answer_of(tenant, &text(&row, attribute::PK))?.to_owned();
            // Its keys are no members of it.
            row.retain(|name, _| name != attribute::PK && name != attribute::SK);
            let answer = plain::<SavedAnswer>(row, "idempotency record");
            Some(answer.map(|answer| SavedAnswer { hash, ..answer }))
        });
        Ok((kept.collect(), last))
    }

    /// Keeps an answer without its body. One that is another by now stays as it is.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn blank_answer(&self, tenant: Id, answer: &SavedAnswer) -> Result<(), StoreError> {
        let blank = SavedAnswer { body: String::new(), ..answer.clone() };
        let same = Test::Is("expires", Value::N(answer.expires.to_string()));
        let key = keys::idempotency(tenant, &answer.hash);
        let row = encode(&blank, "idempotency record")?;
        match self.write(&[Write::Put(key, row, Condition::All(vec![same]))]).await {
            Err(CommitError::Refused(_)) => Ok(()),
            other => Ok(other?),
        }
    }
}
