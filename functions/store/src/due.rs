//! The rows that are due, by the index `due`: the sweeper's list, over all tenants.
//!
//! Neighbours: `keys` makes the places, `rows` puts a row there. Guarantee: what is due longest
//! comes first.

use domain::task::Task;
use domain::time::Time;

use crate::error::StoreError;
use crate::keys::{self, Index, Table};
use crate::port::{Item, Range, Store};

/// The tasks that are due.
#[derive(Debug)]
pub struct Due {
    /// The longest due comes first.
    pub tasks: Vec<(Time, Task)>,
    /// Where to go on, if there is more.
    pub last: Option<String>,
}

impl dyn Store {
    /// The tasks that are due in a shard, oldest first.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_due(
        &self,
        shard: u64,
        now: Time,
        after: Option<String>,
        limit: usize,
    ) -> Result<Due, StoreError> {
        let range = Range {
            index: Some(Index::Due),
            below: Some(keys::due_until(now)),
            after,
            limit,
            ..Range::whole(Table::Core, keys::due_shard(shard), String::new())
        };
        let found = self.range(&range).await?;
        let place = |item: &Item| keys::parse_due(item.get(keys::attribute::DUE_SK)?.as_s().ok()?);
        let tasks = found.items.iter().filter_map(place).collect();
        Ok(Due { tasks, last: found.last })
    }
}
