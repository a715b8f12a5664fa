//! The lists of a customer or partner: their activations, and the requests of these.
//!
//! Neighbours: `list` has the lists of a tenant; the edge asks here for keys that are bound.

use std::cmp::Ordering;

use domain::access::Bound;
use domain::activation::Activation;
use domain::ids::Id;
use domain::limits::OWNED_AT_ONCE;
use domain::record::Kind;
use domain::request::Request;
use futures::future::try_join_all;
use serde::de::DeserializeOwned;

use crate::error::{StoreError, present};
use crate::keys::{self, Key, Owner, Table, attribute};
use crate::list::{Page, PageOf, id_of};
use crate::phase::Phase;
use crate::port::{Found, Item, Range, Store, text};
use crate::rows::{decode, plain};

/// A place in the index `owner`, and the row there.
struct Place {
    id: Id,
    key: Key,
}

impl Place {
    fn of(item: &Item) -> Option<Self> {
        let (pk, sk) = (text(item, attribute::PK), text(item, attribute::SK));
        let id = id_of(&text(item, attribute::OWNER_SK))?;
        Some(Self { id, key: Key { table: Table::Core, pk, sk } })
    }
}

impl PageOf {
    /// The order of two ids in the page.
    fn order(&self, one: Id, other: Id) -> Ordering {
        if self.ascending { one.cmp(&other) } else { other.cmp(&one) }
    }

    /// The requests of an activation in the order of the page, those behind `last`.
    fn rest(&self, activation: &Activation, last: Option<Id>) -> Vec<Id> {
        let mut ids = activation.request_ids();
        ids.sort_by(|one, other| self.order(*one, *other));
        ids.retain(|id| last.is_none_or(|last| self.order(last, *id) == Ordering::Less));
        ids
    }
}

impl dyn Store {
    /// A page of the activations of what belongs to a customer or partner, of one entitlement or of
    /// all, those that `keep` keeps. Each entitlement is looked at once.
    ///
    /// # Errors
    /// When the store is not available, or its rows have not all the form that this needs.
    pub async fn list_owned_activations<T: DeserializeOwned>(
        &self,
        tenant: Id,
        bound: Bound,
        page: &PageOf,
        keep: impl Fn(&T) -> bool + Send,
    ) -> Result<Page<T>, StoreError> {
        let (places, more) = self.owned_places(tenant, bound, page).await?;
        let next = places.last().filter(|_| more).map(|place| place.id);
        self.kept(places, keep, Page::new(Vec::new(), next)).await
    }

    /// A page of the requests of these activations, those that `keep` keeps: in the order of the
    /// activations, and of one activation in the order of their ids.
    ///
    /// # Errors
    /// As [`Self::list_owned_activations`].
    pub async fn list_owned_requests<T: DeserializeOwned>(
        &self,
        tenant: Id,
        bound: Bound,
        page: &PageOf,
        keep: impl Fn(&T) -> bool + Send,
    ) -> Result<Page<T>, StoreError> {
        let (mut ids, mut after) = (Vec::new(), None);
        if let Some(last) = page.after {
            // The page before ended in the middle of an activation, or at its end.
            let Some(activation) = self.owned_activation(tenant, bound, last).await? else {
                return Ok(Page::new(Vec::new(), None));
            };
            ids = page.rest(&activation, Some(last));
            after = Some(activation.id);
        }
        let of_activations = PageOf { after, ..page.clone() };
        let (places, mut more) = self.owned_places(tenant, bound, &of_activations).await?;
        let keys: Vec<Key> = places.iter().map(|place| place.key.clone()).collect();
        let mut unreadable = Vec::new();
        for (place, item) in places.iter().zip(self.glance(&keys).await?) {
            match item.map(decode).transpose() {
                Ok(activation) => ids.extend(activation.iter().flat_map(|it| page.rest(it, None))),
                Err(_) => unreadable.push(place.id),
            }
        }
        more |= ids.len() > page.limit;
        ids.truncate(page.limit);
        let next = ids.last().filter(|_| more).copied();
        let places = ids.into_iter().map(|id| Place { id, key: keys::request(tenant, id) });
        self.kept(places.collect(), keep, Page { rows: Vec::new(), next, unreadable }).await
    }

    /// The page, with the rows of these places that `keep` keeps.
    async fn kept<T: DeserializeOwned>(
        &self,
        places: Vec<Place>,
        keep: impl Fn(&T) -> bool + Send,
        mut page: Page<T>,
    ) -> Result<Page<T>, StoreError> {
        let keys: Vec<Key> = places.iter().map(|place| place.key.clone()).collect();
        for (place, item) in places.iter().zip(self.glance(&keys).await?) {
            match item.map(|item| plain(item, "list")) {
                Some(Ok(row)) if keep(&row) => page.rows.push(row),
                Some(Err(_)) => page.unreadable.push(place.id),
                _ => {}
            }
        }
        Ok(page)
    }

    /// The activation of a request; none where it is not theirs, whatever a cursor says.
    async fn owned_activation(
        &self,
        tenant: Id,
        bound: Bound,
        request: Id,
    ) -> Result<Option<Activation>, StoreError> {
        let found: Vec<Request> = self.find_requests(tenant, &[request]).await?;
        let Some(request) = found.first() else { return Ok(None) };
        let sold = present(self.load_entitlement(tenant, request.entitlement_id).await)?;
        if !sold.is_some_and(|sold| bound.owns(&sold)) {
            return Ok(None);
        }
        self.find_activation(tenant, &request.aid).await
    }

    /// Rows of earlier forms are not found by their owners.
    pub(crate) fn owners_are_known(&self) -> Result<(), StoreError> {
        if self.phase() == Phase::Whole {
            return Ok(());
        }
        let detail = "rows of an earlier form must be written anew first (OPERATING.md)";
        Err(StoreError::Unavailable(detail.to_owned()))
    }

    /// The places of a page of activations, and whether there are more.
    async fn owned_places(
        &self,
        tenant: Id,
        bound: Bound,
        page: &PageOf,
    ) -> Result<(Vec<Place>, bool), StoreError> {
        self.owners_are_known()?;
        let all = PageOf { owner: Some(bound.into()), ..PageOf::default() };
        let (range, _) = self.place(tenant, Kind::Entitlement, &all);
        let sk = range.index.map_or(attribute::SK, |index| index.keys().1);
        let rows = self.range_all(range).await?;
        let mut ids: Vec<Id> = rows.iter().filter_map(|row| id_of(&text(row, sk))).collect();
        if let Some(Owner::Entitlement(only)) = page.owner {
            ids.retain(|id| *id == only);
        }
        let (mut places, mut more) = (Vec::new(), false);
        for some in ids.chunks(OWNED_AT_ONCE) {
            let each = some.iter().map(|id| async move {
                let of = PageOf { owner: Some(Owner::Entitlement(*id)), ..page.clone() };
                let (range, prefix) = self.place(tenant, Kind::Activation, &of);
                let after = page.after.map(|id| format!("{prefix}{}", id.padded()));
                self.range(&Range { after, limit: page.limit, ..range }).await
            });
            for Found { items, last } in try_join_all(each).await? {
                more |= last.is_some();
                places.extend(items.iter().filter_map(Place::of));
            }
        }
        places.sort_by(|one, other| page.order(one.id, other.id));
        more |= places.len() > page.limit;
        places.truncate(page.limit);
        Ok((places, more))
    }
}

impl From<Bound> for Owner {
    fn from(bound: Bound) -> Self {
        match bound {
            Bound::Customer(id) => Self::Customer(id),
            Bound::Partner(id) => Self::Partner(id),
        }
    }
}
