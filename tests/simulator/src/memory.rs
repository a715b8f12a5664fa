//! The store in memory: the port `Store` on ordered maps.
//!
//! Neighbours: the contract suite holds it against DynamoDB. Guarantee: one lock, so a commit is
//! one instant; an index shows what DynamoDB's would project, and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use store::compact::size_of;
use store::keys::{Index, Key, Table, attribute};
use store::phase::Phase;
use store::port::{CommitError, Condition, Found, Item, Range, Store, Test, Value, Write};
use store::{StoreError, tables};

/// A row's place in an index: table, index, its partition and sort key there, its own keys.
type Place = (Table, Index, String, String, String, String);

/// Rows and what indexes them.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    // With their keys among the attributes; shared, so that a copy of a store costs little.
    rows: BTreeMap<Key, Arc<Item>>,
    indexes: BTreeSet<Place>,
}

/// A page of DynamoDB ends with the row that makes it so large.
const PAGE_BYTES: usize = 1024 * 1024;

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    rows: Mutex<Rows>,
    phase: Phase,
}

impl MemoryStore {
    /// One that writes rows of this form.
    pub fn in_phase(phase: Phase) -> Self {
        Self { phase, ..Self::default() }
    }

    /// The rows.
    pub fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
        let rows = self.rows();
        Ok(keys.iter().map(|key| rows.get(key)).collect())
    }

    async fn glance(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, StoreError> {
        self.get(keys).await
    }

    async fn range(&self, range: &Range) -> Result<Found, StoreError> {
        Ok(self.rows().range(range))
    }

    async fn scan(
        &self,
        table: Table,
        after: Option<Key>,
        limit: usize,
    ) -> Result<Vec<Item>, StoreError> {
        Ok(self.rows().scan(table, after, limit))
    }

    fn phase(&self) -> Phase {
        self.phase
    }

    async fn write(&self, writes: &[Write]) -> Result<(), CommitError> {
        self.rows().write(writes)
    }
}

impl Rows {
    /// Every row with its key.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Item)> {
        self.rows.iter().map(|(key, item)| (key, &**item))
    }

    /// A row.
    pub fn get(&self, key: &Key) -> Option<Item> {
        self.rows.get(key).map(|item| Item::clone(item))
    }

    /// A row, shared.
    pub fn find(&self, key: &Key) -> Option<Arc<Item>> {
        self.rows.get(key).cloned()
    }

    /// Changes a row where it stands, if it is there; no index may have what is changed.
    pub fn change(&mut self, key: &Key, change: impl FnOnce(&mut Item)) {
        if let Some(row) = self.rows.get_mut(key) {
            change(Arc::make_mut(row));
        }
    }

    /// When the next thing is due, by the index.
    pub fn next_due(&self) -> Option<i64> {
        let due = self.indexes.iter().filter(|place| place.1 == Index::Due);
        due.filter_map(|place| place.3.split('#').next()?.parse().ok()).min()
    }

    /// Rows of a table after this key.
    pub fn scan(&self, table: Table, after: Option<Key>, limit: usize) -> Vec<Item> {
        let none = Key { table, pk: String::new(), sk: String::new() };
        let from = Bound::Excluded(after.unwrap_or(none));
        let rows = self.rows.range((from, Bound::Unbounded));
        let rows = rows.take_while(|(key, _)| key.table == table);
        rows.take(limit).map(|(_, item)| Item::clone(item)).collect()
    }

    /// Rows of a range, in order.
    pub fn range(&self, range: &Range) -> Found {
        let matches: Vec<(String, Item)> = match range.index {
            None => {
                let from = Key { table: range.table, pk: range.pk.clone(), sk: String::new() };
                let part = self
                    .rows
                    .range(from..)
                    .take_while(|(key, _)| key.table == range.table && key.pk == range.pk);
                let hits = part.filter(|(key, _)| within(range, &key.sk));
                hits.filter_map(|(key, _)| Some((key.sk.clone(), self.get(key)?))).collect()
            }
            Some(index) => {
                let none = String::new();
                let from = (range.table, index, range.pk.clone(), none.clone(), none.clone(), none);
                let part = self.indexes.range(from..).take_while(|place| {
                    (place.0, place.1, &place.2) == (range.table, index, &range.pk)
                });
                let hits = part.filter(|place| within(range, &place.3));
                hits.filter_map(|place| Some((place.3.clone(), self.projected(place)?))).collect()
            }
        };
        let count = matches.len();
        let mut ordered = matches;
        if range.descending {
            ordered.reverse();
        }
        ordered.truncate(range.limit.min(page(&ordered)));
        let last = ordered.last().filter(|_| count > ordered.len()).map(|(sk, _)| sk.clone());
        Found { items: ordered.into_iter().map(|(_, item)| item).collect(), last }
    }

    fn projected(&self, place: &Place) -> Option<Item> {
        let key = Key { table: place.0, pk: place.4.clone(), sk: place.5.clone() };
        let mut item = self.get(&key)?;
        let projected = tables::projected(place.0, place.1);
        let listed = |name: &str| projected.is_none_or(|members| members.contains(&name));
        let (pk, sk) = place.1.keys();
        let keys = [attribute::PK, attribute::SK, pk, sk];
        item.retain(|name, _| keys.contains(&name.as_str()) || listed(name));
        Some(item)
    }

    /// All writes, or none.
    ///
    /// # Errors
    /// Which conditions did not hold.
    pub fn write(&mut self, writes: &[Write]) -> Result<(), CommitError> {
        let keys: BTreeSet<&Key> = writes.iter().map(Write::key).collect();
        if keys.len() < writes.len() {
            // DynamoDB refuses such a transaction outright.
            return Err(CommitError::Unavailable("ValidationException".to_owned()));
        }
        let refused: Vec<usize> = (0..writes.len())
            .filter(|i| {
                !holds(writes[*i].condition(), self.rows.get(writes[*i].key()).map(|item| &**item))
            })
            .collect();
        if !refused.is_empty() {
            return Err(CommitError::Refused(refused));
        }
        for write in writes {
            self.apply(write);
        }
        Ok(())
    }

    fn apply(&mut self, write: &Write) {
        let key = write.key();
        let old = self.rows.remove(key);
        for place in old.iter().flat_map(|item| places(key, item)) {
            self.indexes.remove(&place);
        }
        let mut new = match write {
            Write::Put(_, item, _) => item.clone(),
            Write::Delete(..) => return,
            Write::Add(_, adds, _) => {
                let mut item = old.map(Arc::unwrap_or_clone).unwrap_or_default();
                for (name, amount) in adds {
                    let sum = number(&item, name).unwrap_or_default() + amount;
                    item.insert((*name).to_owned(), Value::N(sum.to_string()));
                }
                item
            }
        };
        new.insert(attribute::PK.to_owned(), Value::S(key.pk.clone()));
        new.insert(attribute::SK.to_owned(), Value::S(key.sk.clone()));
        self.indexes.extend(places(key, &new));
        self.rows.insert(key.clone(), Arc::new(new));
    }
}

/// How many of these rows DynamoDB reads at once: up to 1 MB.
fn page(rows: &[(String, Item)]) -> usize {
    let mut read = 0;
    let fits = |(_, item): &&(String, Item)| {
        let before = read;
        read += size_of(item);
        before < PAGE_BYTES
    };
    rows.iter().take_while(fits).count()
}

/// Where the indexes have a row.
fn places(key: &Key, item: &Item) -> Vec<Place> {
    let place = |index: Index| {
        let (pk, sk) = index.keys();
        let (pk, sk) = (text(item, pk)?, text(item, sk)?);
        Some((key.table, index, pk, sk, key.pk.clone(), key.sk.clone()))
    };
    Index::ALL.into_iter().filter_map(place).collect()
}

fn within(range: &Range, sk: &str) -> bool {
    let begins = sk.starts_with(&range.prefix);
    let from = range.from.as_ref().is_none_or(|from| sk >= from.as_str());
    let below = range.below.as_ref().is_none_or(|below| sk < below.as_str());
    let after = range.after.as_ref().is_none_or(|after| {
        if range.descending { sk < after.as_str() } else { sk > after.as_str() }
    });
    begins && from && below && after
}

fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name)?.as_s().ok().cloned()
}

fn number(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

fn holds(condition: &Condition, row: Option<&Item>) -> bool {
    let is = |name: &str, wanted: i64| row.and_then(|row| number(row, name)) == Some(wanted);
    match condition {
        Condition::Free => true,
        Condition::Absent => row.is_none(),
        Condition::Present => row.is_some(),
        Condition::Rev(rev) => is(attribute::REV, i64::try_from(*rev).unwrap_or(i64::MAX)),
        Condition::Expired(now) => row.is_none_or(|row| {
            number(row, "expires").is_some_and(|expires| expires <= now.millis())
        }),
        Condition::All(tests) => row.is_some_and(|row| tests.iter().all(|test| passes(test, row))),
    }
}

fn passes(test: &Test, row: &Item) -> bool {
    let wide = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    match test {
        Test::Is(member, value) => row.get(*member) == Some(value),
        Test::AtLeast(member, n) => number(row, member).is_some_and(|found| found >= wide(*n)),
        Test::Below(member, n) => number(row, member).is_some_and(|found| found < wide(*n)),
    }
}
