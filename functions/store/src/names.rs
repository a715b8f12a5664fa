//! Look-up rows: from a value to the things that have it.
//!
//! Neighbours: `commit` takes and gives back names, `keys` has their places.

use domain::ids::Id;
use domain::limits::KEY_BYTES;
use domain::record::Kind;

use crate::error::StoreError;
use crate::keys::{self, Table};
use crate::port::{Range, Store};

impl dyn Store {
    /// The ids that look-up rows of a value name.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_named(
        &self,
        tenant: Id,
        kind: Kind,
        member: &str,
        value: &str,
    ) -> Result<Vec<Id>, StoreError> {
        let names = keys::names(tenant, kind, member, value);
        // Nothing is called so, and DynamoDB would refuse to look for it.
        if names.len() > KEY_BYTES {
            return Ok(Vec::new());
        }
        let items = self.range_all(Range::whole(Table::Catalog, names, String::new())).await?;
        let ids = items.iter().filter_map(|item| item.get("id")?.as_n().ok()?.parse().ok());
        Ok(ids.collect())
    }

    /// Whether somebody has this name in the namespace.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn is_taken(
        &self,
        tenant: Id,
        kind: Kind,
        name: &str,
        namespace: Id,
    ) -> Result<bool, StoreError> {
        let pk = keys::names(tenant, kind, "name", name);
        let found = self.range_all(Range::whole(Table::Catalog, pk, namespace.padded())).await?;
        Ok(!found.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use domain::ids::Id;
    use domain::record::Kind;
    use futures::executor::block_on;

    use crate::error::StoreError;
    use crate::keys::{Key, Table};
    use crate::phase::Phase;
    use crate::port::{CommitError, Found, Item, Range, Store, Write};

    /// A store that refuses what DynamoDB refuses, which the embedded engine does not.
    struct Strict;

    #[async_trait]
    impl Store for Strict {
        async fn get(&self, _: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
            Ok(Vec::new())
        }

        async fn glance(&self, _: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
            Ok(Vec::new())
        }

        async fn scan(&self, _: Table, _: Option<Key>, _: usize) -> Result<Vec<Item>, StoreError> {
            Ok(Vec::new())
        }

        fn phase(&self) -> Phase {
            Phase::Whole
        }

        async fn range(&self, range: &Range) -> Result<Found, StoreError> {
            if range.pk.len() > 2048 {
                return Err(StoreError::Unavailable("the key is too long".to_owned()));
            }
            Ok(Found { items: Vec::new(), last: None })
        }

        async fn write(&self, _: &[Write]) -> Result<(), CommitError> {
            Ok(())
        }
    }

    #[test]
    fn a_name_that_is_too_long_for_a_key_names_nothing() {
        let store: &dyn Store = &Strict;
        for length in [1, 2000, 2048, 5000] {
            let email = "x".repeat(length);
            let found = store.find_named(Id::FIRST_TENANT, Kind::Customer, "email", &email);
            assert_eq!(block_on(found).unwrap(), Vec::new(), "{length}");
        }
    }
}
