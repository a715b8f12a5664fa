//! Pages: by an index, newest first, never a scan.
//!
//! Neighbours: the edge makes cursors of where a page ends.

use domain::ids::Id;
use domain::limits::PAGE_ROWS;
use domain::record::Kind;
use domain::time::{Period, Time};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::StoreError;
use crate::keys::{self, Index, Key, Owner, Table, attribute};
use crate::phase::Phase;
use crate::places;
use crate::port::{Found, Item, Range, Store, Value, text};
use crate::rows::plain;

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
    /// Only the rows of this owner, by an index that rows of form 1 are not in. Before all rows
    /// have form 3 it is not asked: `near` and `keep` must say the same as the owner does.
    pub owner: Option<Owner>,
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
        self.list_by(tenant, kind, page, |_: &IgnoredAny| true, keep).await
    }

    /// The same, where an index has a part of each row: one that is not `near` what is wanted is
    /// not read, and costs nothing.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_by<L: DeserializeOwned, T: DeserializeOwned>(
        &self,
        tenant: Id,
        kind: Kind,
        page: &PageOf,
        near: impl Fn(&L) -> bool + Send,
        keep: impl Fn(&T) -> bool + Send,
    ) -> Result<Page<T>, StoreError> {
        let (range, prefix) = self.place(tenant, kind, page);
        let mut after = page.after.map(|id| format!("{prefix}{}", id.padded()));
        let (mut rows, mut unreadable, mut looked_at) = (Vec::new(), Vec::new(), 0);
        let mut look = page.limit.max(1);
        loop {
            let range = Range { after: after.take(), limit: look, ..range.clone() };
            // Where little is kept, longer looks are fewer.
            look = (2 * look).clamp(1, PAGE_ROWS.saturating_sub(looked_at + look).max(1));
            let Found { items, last } = self.range(&range).await?;
            looked_at += items.len();
            let mut rest = last.is_some();
            let count = items.len();
            let near = items.iter().map(|item| is_near(item, &near)).collect();
            for (i, (place, item)) in self.listed(tenant, &range, items, near).await?.enumerate() {
                after = Some(place);
                match item.map(|item| plain(item, "list")) {
                    Some(Ok(row)) if keep(&row) => rows.push(row),
                    Some(Err(_)) => unreadable.extend(after.as_deref().and_then(id_of)),
                    _ => {}
                }
                if rows.len() == page.limit {
                    rest |= i + 1 < count;
                    break;
                }
            }
            if !rest || rows.len() == page.limit || looked_at >= PAGE_ROWS {
                let next = after.filter(|_| rest).as_deref().and_then(id_of);
                return Ok(Page { rows, next, unreadable });
            }
        }
    }

    /// Where the rows of a list are, and how the sort keys there begin.
    pub(crate) fn place(&self, tenant: Id, kind: Kind, page: &PageOf) -> (Range, &'static str) {
        let (mut table, phase) = (places::table(kind), self.phase());
        let owner = page.owner.filter(|_| phase == Phase::Whole);
        let (index, pk, prefix) = match owner {
            Some(owner) => {
                let (pk, prefix) = keys::owner(tenant, owner);
                // What names a partner has a look-up row of it: its place in the index is the
                // customer's.
                let by_name = matches!(owner, Owner::Partner(_));
                table = if by_name { Table::Catalog } else { table };
                ((!by_name).then_some(Index::Owner), pk, prefix)
            }
            None if table == Table::Core && phase != Phase::First => {
                (Some(Index::Listed), keys::list(tenant, kind), "")
            }
            None => (Some(Index::List), keys::list(tenant, kind), ""),
        };
        let (from, below) = page.made.places();
        let bound = |place: Option<String>| place.map(|place| format!("{prefix}{place}"));
        let range = Range {
            index,
            from: bound(from),
            below: bound(below),
            descending: !page.ascending,
            ..Range::whole(table, pk, prefix.to_owned())
        };
        (range, prefix)
    }

    /// What a list has of the rows of an index, each with its place there: all that the index
    /// `list` has; of the other ones, the row itself, where it is `near` and there still. A look-up
    /// row leads to an entitlement.
    async fn listed(
        &self,
        tenant: Id,
        range: &Range,
        items: Vec<Item>,
        near: Vec<bool>,
    ) -> Result<impl Iterator<Item = (String, Option<Item>)> + use<>, StoreError> {
        let sk = range.index.map_or(attribute::SK, |index| index.keys().1);
        let places: Vec<String> = items.iter().map(|item| text(item, sk)).collect();
        let rows: Vec<Option<Item>> = if range.index == Some(Index::List) {
            items.into_iter().map(Some).collect()
        } else {
            let key = |item: &Item| {
                let (pk, sk) = (text(item, attribute::PK), text(item, attribute::SK));
                let found = id_of(&sk).filter(|_| range.index.is_none());
                let row = Key { table: range.table, pk, sk };
                found.map_or(row, |id| keys::entitlement(tenant, id))
            };
            let wanted = items.iter().zip(&near).filter(|(_, near)| **near);
            let keys: Vec<Key> = wanted.map(|(item, _)| key(item)).collect();
            let mut rows = self.glance(&keys).await?.into_iter();
            near.into_iter().map(|near| if near { rows.next().flatten() } else { None }).collect()
        };
        Ok(places.into_iter().zip(rows))
    }

    /// Whether there is a row of a kind that `keep` keeps; the index is asked where it can tell.
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
            let found = self.list_by(tenant, kind, &page, keep, keep).await?;
            if !found.rows.is_empty() || found.next.is_none() {
                return Ok(!found.rows.is_empty());
            }
            page.after = found.next;
        }
    }
}

/// Whether what an index has of a row is near; where it has nothing, or not this, the row itself
/// tells.
fn is_near<L: DeserializeOwned>(item: &Item, near: impl Fn(&L) -> bool) -> bool {
    let Some(Value::M(listed)) = item.get(attribute::LISTED) else { return true };
    plain(listed.clone(), "listed").map_or(true, |listed| near(&listed))
}

/// The id of a place in a list.
pub(crate) fn id_of(sk: &str) -> Option<Id> {
    sk.rsplit('#').next()?.trim_start_matches('0').parse().ok()
}
