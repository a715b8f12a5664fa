//! The port: rows and conditions, nothing typed. Every store passes the same contract suite.
//!
//! Neighbours: `dynamo` implements it; `load`, `list` and `commit` give it its typed face.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::limits::PAGE_ROWS;
use domain::time::Time;

pub use crate::error::CommitError;
use crate::error::StoreError;
use crate::keys::{Index, Key, Table};
use crate::phase::Phase;

/// The value of an attribute, as DynamoDB types it.
pub use aws_sdk_dynamodb::types::AttributeValue as Value;

/// A row's attributes, without its keys.
pub type Item = HashMap<String, Value>;

/// A text of a row; empty where it has none of that name.
pub(crate) fn text(item: &Item, name: &str) -> String {
    item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

/// When a write may happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Always.
    Free,
    /// There is no such row.
    Absent,
    /// There is such a row.
    Present,
    /// The row has this revision.
    Rev(u64),
    /// There is no such row, or it has expired.
    Expired(Time),
    /// Members of the row pass all of these tests.
    All(Vec<Test>),
}

/// What a member of a row must be. One that is not there passes no test.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// This value.
    Is(&'static str, Value),
    /// A number from this on.
    AtLeast(&'static str, u64),
    /// A number below this.
    Below(&'static str, u64),
}

/// One write of a commit.
#[derive(Clone, Debug)]
pub enum Write {
    /// Writes the row whole.
    Put(Key, Item, Condition),
    /// Removes it.
    Delete(Key, Condition),
    /// Adds to numbers of it.
    Add(Key, Vec<(&'static str, i64)>, Condition),
}

impl Write {
    /// The row it writes.
    pub const fn key(&self) -> &Key {
        match self {
            Self::Put(key, ..) | Self::Delete(key, _) | Self::Add(key, ..) => key,
        }
    }

    /// When it may happen.
    pub const fn condition(&self) -> &Condition {
        match self {
            Self::Put(_, _, condition)
            | Self::Delete(_, condition)
            | Self::Add(_, _, condition) => condition,
        }
    }
}

/// Where to look for rows in order.
#[derive(Clone, Debug)]
pub struct Range {
    /// The table.
    pub table: Table,
    /// The index; none: the table itself.
    pub index: Option<Index>,
    /// The partition.
    pub pk: String,
    /// Only sort keys that start so.
    pub prefix: String,
    /// Only sort keys from this on.
    pub from: Option<String>,
    /// Only sort keys below this.
    pub below: Option<String>,
    /// Begin after this sort key (in the direction of the order).
    pub after: Option<String>,
    /// Newest first.
    pub descending: bool,
    /// At most so many rows.
    pub limit: usize,
}

impl Range {
    /// A partition of a table, or the part of it that starts so.
    pub(crate) const fn whole(table: Table, pk: String, prefix: String) -> Self {
        Self {
            table,
            index: None,
            pk,
            prefix,
            from: None,
            below: None,
            after: None,
            descending: false,
            limit: PAGE_ROWS,
        }
    }
}

/// Rows of a range, and whether there are more.
#[derive(Debug)]
pub struct Found {
    /// The rows with their keys as attributes.
    pub items: Vec<Item>,
    /// Where to go on, if there is more.
    pub last: Option<String>,
}

/// A place that remembers rows.
#[async_trait]
pub trait Store: Send + Sync {
    /// The rows of these keys, in their order, as they are now.
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError>;

    /// The same, as they were a moment ago, at half the price.
    async fn glance(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError>;

    /// Rows of a range, in order.
    async fn range(&self, range: &Range) -> Result<Found, StoreError>;

    /// All writes, or none; once, even where a call is repeated because its answer was lost.
    async fn write(&self, writes: &[Write]) -> Result<(), CommitError>;

    /// Rows of a table, each once, with their keys as attributes: those after this key, at most so
    /// many.
    async fn scan(
        &self,
        table: Table,
        after: Option<Key>,
        limit: usize,
    ) -> Result<Vec<Item>, StoreError>;

    /// How far its rows are on their way to form 3.
    fn phase(&self) -> Phase;

    /// Rewrites what it keeps, so that what was removed is nowhere any more. A managed store needs
    /// no such call.
    async fn compact(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// What its tables and indexes lack of what this version needs, in words; a store without
    /// tables lacks none.
    async fn lacks(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
}

impl dyn Store {
    /// All rows of a range: DynamoDB ends a page after 1 MB, whatever the limit.
    pub(crate) async fn range_all(&self, mut range: Range) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        loop {
            let found = self.range(&range).await?;
            items.extend(found.items);
            range.after = found.last;
            if range.after.is_none() {
                return Ok(items);
            }
        }
    }
}
