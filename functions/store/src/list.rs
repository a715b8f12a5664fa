//! Pages: by the index `list`, newest first, never a scan.
//!
//! Neighbours: the edge makes cursors of where a page ends.

use domain::attributes::Entity;
use domain::catalog::CustomAttributeDef;
use domain::catalog::custom_attribute::AttributeTypes;
use domain::customer::contact::Contact;
use domain::ids::Id;
use domain::life::{Aged, Overflow};
use domain::limits::{KEY_BYTES, PAGE_ROWS};
use domain::plan::Plan;
use domain::plan::version::PlanVersion;
use domain::record::Kind;
use domain::request::Repeat;
use domain::request::attempt::Attempt;
use domain::time::{Period, Time};
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::keys::{self, Index, Table};
use crate::places;
use crate::port::{Found, Item, Range, Store};
use crate::rows::{Row, decode, plain};

/// Two instants, both excluded; none: no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Between {
    /// Later than this.
    pub after: Option<Time>,
    /// Earlier than this.
    pub before: Option<Time>,
}

impl Between {
    /// Whether an instant lies between them.
    pub fn has(&self, at: Time) -> bool {
        self.after.is_none_or(|after| at > after) && self.before.is_none_or(|before| at < before)
    }

    /// The same as the lowest place in a list, and the end: ids are ordered by time.
    pub(crate) fn places(&self) -> (Option<String>, Option<String>) {
        let place = |at: Time| Id::lowest(at).map_or_else(|| "~".to_owned(), Id::padded);
        let next = |at: Time| at.after(Period::from_millis(1));
        (self.after.map(next).map(place), self.before.map(place))
    }
}

/// Which page of a list.
#[derive(Clone, Debug, Default)]
pub struct PageOf {
    /// At most so many rows.
    pub limit: usize,
    /// After this id.
    pub after: Option<Id>,
    /// Oldest first.
    pub ascending: bool,
    /// Only what was made between these instants.
    pub made: Between,
}

/// A page.
#[derive(Debug)]
pub struct Page<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Where the next one begins; none at the end.
    pub next: Option<Id>,
    /// The ids of rows that cannot be read: each harms only itself.
    pub unreadable: Vec<Id>,
}

impl<T> Page<T> {
    /// Of rows that were all read.
    pub const fn new(rows: Vec<T>, next: Option<Id>) -> Self {
        Self { rows, next, unreadable: Vec::new() }
    }

    /// The same page with its rows in another form.
    pub fn of<U>(&self, rows: Vec<U>) -> Page<U> {
        Page { rows, next: self.next, unreadable: self.unreadable.clone() }
    }
}

/// The rows that stand beside a thing.
#[derive(Debug)]
pub struct Beside<T> {
    /// Those that can be read, in their order.
    pub rows: Vec<T>,
    /// How many cannot.
    pub unreadable: usize,
}

impl<T: Row> Beside<T> {
    pub(crate) fn read(items: impl IntoIterator<Item = Item>) -> Self {
        let (mut rows, mut unreadable) = (Vec::new(), 0);
        for item in items {
            match decode(item) {
                Ok(row) => rows.push(row),
                Err(_) => unreadable += 1,
            }
        }
        Self { rows, unreadable }
    }
}

impl dyn Store {
    /// A page of the rows of a kind that `keep` keeps; at most 1,000 rows are looked at.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list<T: DeserializeOwned>(
        &self,
        tenant: Id,
        kind: Kind,
        page: &PageOf,
        keep: impl Fn(&T) -> bool + Send,
    ) -> Result<Page<T>, StoreError> {
        let table = places::table(kind);
        let (from, below) = page.made.places();
        let mut after = page.after.map(Id::padded);
        let (mut rows, mut unreadable, mut looked_at) = (Vec::new(), Vec::new(), 0);
        let mut look = page.limit.max(1);
        loop {
            let range = Range {
                index: Some(Index::List),
                from: from.clone(),
                below: below.clone(),
                after: after.take(),
                descending: !page.ascending,
                limit: look,
                ..whole(table, keys::list(tenant, kind), String::new())
            };
            // Where little is kept, longer looks are fewer.
            look = (2 * look).clamp(1, PAGE_ROWS.saturating_sub(looked_at + look).max(1));
            let Found { items, last } = self.range(&range).await?;
            looked_at += items.len();
            let mut rest = last.is_some();
            let count = items.len();
            for (i, item) in items.into_iter().enumerate() {
                after = item.get(keys::attribute::LIST_SK).and_then(|v| v.as_s().ok()).cloned();
                match plain(item, "list") {
                    Ok(row) if keep(&row) => rows.push(row),
                    Ok(_) => {}
                    Err(_) => unreadable.extend(after.as_deref().and_then(listed)),
                }
                if rows.len() == page.limit {
                    rest |= i + 1 < count;
                    break;
                }
            }
            if !rest || rows.len() == page.limit || looked_at >= PAGE_ROWS {
                let next = after.filter(|_| rest).as_deref().and_then(listed);
                return Ok(Page { rows, next, unreadable });
            }
        }
    }

    /// Whether there is a row of a kind that `keep` keeps.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn has<T: DeserializeOwned>(
        &self,
        tenant: Id,
        kind: Kind,
        keep: impl Fn(&T) -> bool + Copy + Send,
    ) -> Result<bool, StoreError> {
        let mut page = PageOf { limit: 1, ..PageOf::default() };
        loop {
            let found = self.list(tenant, kind, &page, keep).await?;
            if !found.rows.is_empty() || found.next.is_none() {
                return Ok(!found.rows.is_empty());
            }
            page.after = found.next;
        }
    }

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
        let items = self.range_all(whole(Table::Catalog, names, String::new())).await?;
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
        let found = self.range_all(whole(Table::Catalog, pk, namespace.padded())).await?;
        Ok(!found.is_empty())
    }

    /// The types of the custom attributes that are registered for a kind of entity.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_attribute_types(
        &self,
        tenant: Id,
        entity: Entity,
    ) -> Result<AttributeTypes, StoreError> {
        let all = Range {
            index: Some(Index::List),
            ..whole(Table::Catalog, keys::list(tenant, Kind::CustomAttribute), String::new())
        };
        let read = |item| plain::<CustomAttributeDef>(item, "custom attribute");
        let defs: Result<Vec<_>, _> = self.range_all(all).await?.into_iter().map(read).collect();
        let theirs = defs?.into_iter().filter(|def| def.entity == entity);
        Ok(theirs.map(|def| (def.name, def.kind)).collect())
    }

    /// The contacts of a customer, oldest first.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_contacts(
        &self,
        tenant: Id,
        customer: Id,
    ) -> Result<Vec<Contact>, StoreError> {
        let pk = keys::of_catalog(tenant, Kind::Customer, customer).pk;
        let range = whole(Table::Catalog, pk, keys::CONTACTS.to_owned());
        self.range_all(range).await?.into_iter().map(decode).collect()
    }

    /// A page of the versions that a plan had before its present one.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_plan_versions(
        &self,
        tenant: Id,
        plan: Id,
        page: &PageOf,
    ) -> Result<Vec<Plan>, StoreError> {
        let pk = keys::of_catalog(tenant, Kind::Plan, plan).pk;
        let after = page.after.map(|id| keys::plan_version(tenant, plan, id.get()).sk);
        let range = Range {
            after,
            descending: !page.ascending,
            limit: page.limit,
            ..whole(Table::Catalog, pk, keys::VERSIONS.to_owned())
        };
        let mut rows = Vec::new();
        for item in self.range(&range).await?.items {
            rows.push(decode::<PlanVersion>(item)?.0);
        }
        Ok(rows)
    }

    /// The attempts of a request, oldest first.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_attempts(
        &self,
        tenant: Id,
        request: Id,
    ) -> Result<Beside<Attempt>, StoreError> {
        let pk = keys::request(tenant, request).pk;
        let range = whole(Table::Core, pk, keys::ATTEMPTS.to_owned());
        Ok(Beside::read(self.range_all(range).await?))
    }

    /// The callbacks of a request that came again.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_repeats(
        &self,
        tenant: Id,
        request: Id,
    ) -> Result<Beside<Repeat>, StoreError> {
        let pk = keys::request(tenant, request).pk;
        let range = whole(Table::Core, pk, keys::REPEATS.to_owned());
        Ok(Beside::read(self.range_all(range).await?))
    }

    /// The older steps of a request's or entitlement's history, oldest first.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_history(
        &self,
        tenant: Id,
        of: Aged,
        id: Id,
    ) -> Result<Beside<Overflow>, StoreError> {
        let pk = keys::history(tenant, of, id, 0).pk;
        let range = whole(Table::Core, pk, keys::HISTORY.to_owned());
        Ok(Beside::read(self.range_all(range).await?))
    }
}

/// The id of a place in a list.
fn listed(sk: &str) -> Option<Id> {
    sk.trim_start_matches('0').parse().ok()
}

/// A partition of a table, or the part of it that starts so.
pub(crate) fn whole(table: Table, pk: String, prefix: String) -> Range {
    Range {
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

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use domain::ids::Id;
    use domain::record::Kind;
    use futures::executor::block_on;

    use crate::error::StoreError;
    use crate::keys::Key;
    use crate::port::{CommitError, Found, Item, Range, Store, Write};

    /// A store that refuses what DynamoDB refuses, which the embedded engine does not.
    struct Strict;

    #[async_trait]
    impl Store for Strict {
        async fn get(&self, _: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
            Ok(Vec::new())
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
