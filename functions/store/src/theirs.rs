//! All that may tell of a customer or partner, row by row: for an export, and to be erased.
//!
//! Neighbours: `owned` has the lists of the same; `domain::customer::erasure` has the place of a
//! walk. Guarantee: what an index does not know yet is missed, and nothing else.

use domain::access::{ApiKey, Bound};
use domain::activation::Activation;
use domain::customer::erasure::{Erasure, Walk};
use domain::entitlement::Entitlement;
use domain::ids::Id;
use domain::life::Overflow;
use domain::limits::PAGE;
use domain::record::{Kind, Record};
use domain::request::attempt::Attempt;
use domain::request::{Conflicts, LongResponse, Payload};
use domain::view::activation::{ActivationLine, ListedActivation};
use futures::future::try_join_all;

use crate::error::{StoreError, present};
use crate::keys::{self, Key, Owner, Table, attribute};
use crate::list::{PageOf, id_of};
use crate::port::{Item, Range, Store, text};
use crate::rows::decode;

/// A thing that was sold to them, or is used of it.
#[derive(Debug)]
pub enum Theirs {
    /// An entitlement.
    Sold(Box<Entitlement>),
    /// An activation.
    Used(Box<Activation>),
}

/// Some things of theirs, each with the place behind it; one that cannot be read is counted by
/// whoever walks.
#[derive(Debug)]
pub struct Stretch {
    /// In the order of the walk.
    pub things: Vec<(Result<Theirs, StoreError>, Walk)>,
    /// Where the walk goes on.
    pub next: Walk,
}

impl dyn Store {
    /// The erasure of a customer or partner.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_erasure(&self, tenant: Id, id: Id) -> Result<Option<Erasure>, StoreError> {
        self.find(keys::erasure(tenant, id)).await
    }

    /// The next things of theirs, at most so many.
    ///
    /// # Errors
    /// When the store is not available, or its rows have not all the form that this needs.
    pub async fn next_theirs(
        &self,
        tenant: Id,
        who: Bound,
        walk: Walk,
        limit: usize,
    ) -> Result<Stretch, StoreError> {
        self.owners_are_known()?;
        match walk {
            Walk::Sold(after) => self.next_sold(tenant, who, after).await,
            Walk::Of(sold, after) => self.next_used(tenant, sold, after, limit).await,
            Walk::Elsewhere(after) => self.next_elsewhere(tenant, who, after, limit).await,
            Walk::Over => Ok(Stretch { things: Vec::new(), next: Walk::Over }),
        }
    }

    async fn next_sold(
        &self,
        tenant: Id,
        who: Bound,
        after: Option<Id>,
    ) -> Result<Stretch, StoreError> {
        let page = PageOf { owner: Some(who.into()), ascending: true, ..PageOf::default() };
        let (range, prefix) = self.place(tenant, Kind::Entitlement, &page);
        let sk = range.index.map_or(attribute::SK, |index| index.keys().1);
        let after = after.map(|id| format!("{prefix}{}", id.padded()));
        let found = self.range(&Range { after, limit: 1, ..range }).await?;
        let Some(id) = found.items.first().and_then(|row| id_of(&text(row, sk))) else {
            let next = match who {
                Bound::Customer(_) => Walk::Elsewhere(None),
                Bound::Partner(_) => Walk::Over,
            };
            return Ok(Stretch { things: Vec::new(), next });
        };
        let sold = match self.load_entitlement(tenant, id).await {
            Err(StoreError::NotFound(_)) => None,
            Err(error @ StoreError::Corrupt(..)) => Some(Err(error)),
            other => Some(Ok(Theirs::Sold(Box::new(other?)))),
        };
        let next = Walk::Of(id, None);
        Ok(Stretch { things: sold.into_iter().map(|sold| (sold, next)).collect(), next })
    }

    async fn next_used(
        &self,
        tenant: Id,
        sold: Id,
        after: Option<Id>,
        limit: usize,
    ) -> Result<Stretch, StoreError> {
        let owner = Some(Owner::Entitlement(sold));
        let page = PageOf { owner, ascending: true, ..PageOf::default() };
        let (range, prefix) = self.place(tenant, Kind::Activation, &page);
        let after = after.map(|id| format!("{prefix}{}", id.padded()));
        let found = self.range(&Range { after, limit, ..range }).await?;
        let key = |item: &Item| Key {
            table: Table::Core,
            pk: text(item, attribute::PK),
            sk: text(item, attribute::SK),
        };
        let keys: Vec<Key> = found.items.iter().map(key).collect();
        let rows = if keys.is_empty() { Vec::new() } else { self.get(&keys).await? };
        let places = found.items.iter().map(|item| id_of(&text(item, attribute::OWNER_SK)));
        let each = places.zip(rows).filter_map(|(id, row)| {
            let used = decode(row?).map(|used| Theirs::Used(Box::new(used)));
            Some((used, Walk::Of(sold, id)))
        });
        let things: Vec<_> = each.collect();
        let behind = found.last.as_deref().and_then(id_of);
        let next = behind.map_or(Walk::Sold(Some(sold)), |last| Walk::Of(sold, Some(last)));
        Ok(Stretch { things, next })
    }

    async fn next_elsewhere(
        &self,
        tenant: Id,
        who: Bound,
        after: Option<Id>,
        limit: usize,
    ) -> Result<Stretch, StoreError> {
        let page = PageOf { limit, after, ascending: true, ..PageOf::default() };
        let theirs = Some(who.id());
        let near = |row: &ListedActivation| row.customer_id == theirs;
        let keep = |row: &ActivationLine| row.customer_id == theirs;
        let found = self.list_by(tenant, Kind::Activation, &page, near, keep).await?;
        let mut things = Vec::new();
        for line in &found.rows {
            let behind = Walk::Elsewhere(Some(line.id));
            match self.load_activation(tenant, &line.aid).await {
                Err(error @ StoreError::Corrupt(..)) => things.push((Err(error), behind)),
                loaded => {
                    let used = loaded?;
                    let sold = self.load_entitlement(tenant, used.entitlement_id).await;
                    // What is theirs anyway was met before.
                    if !present(sold)?.is_some_and(|sold| who.owns(&sold)) {
                        things.push((Ok(Theirs::Used(Box::new(used))), behind));
                    }
                }
            }
        }
        let next = found.next.map_or(Walk::Over, |last| Walk::Elsewhere(Some(last)));
        Ok(Stretch { things, next })
    }

    /// Whether an activation is for them, or of what was sold to them.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn is_theirs(&self, tenant: Id, who: Bound, aid: &str) -> Result<bool, StoreError> {
        let Some(used) = self.find_activation(tenant, aid).await? else { return Ok(false) };
        if used.customer_id.is_some_and(|id| who == Bound::Customer(id)) {
            return Ok(true);
        }
        let sold = present(self.load_entitlement(tenant, used.entitlement_id).await)?;
        Ok(sold.is_some_and(|sold| who.owns(&sold)))
    }

    /// All rows of a request but its head.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_rows_of(
        &self,
        tenant: Id,
        request: Id,
    ) -> Result<Vec<Result<Record, StoreError>>, StoreError> {
        let pk = keys::request(tenant, request).pk;
        let rows = self.range_all(Range::whole(Table::Core, pk, String::new())).await?;
        Ok(rows.into_iter().filter_map(|row| beside_request(request, row)).collect())
    }

    /// The API keys of theirs.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_keys_of(&self, tenant: Id, who: Bound) -> Result<Vec<ApiKey>, StoreError> {
        let mut page = PageOf { limit: PAGE.1, ..PageOf::default() };
        let mut keys = Vec::new();
        loop {
            let is_theirs = |key: &ApiKey| key.info.bound() == Some(who);
            let found = self.list(tenant, Kind::ApiKey, &page, is_theirs).await?;
            let ids = found.rows.iter().map(|key| key.info.id);
            keys.extend(try_join_all(ids.map(|id| self.load_api_key(tenant, id))).await?);
            page.after = found.next;
            if page.after.is_none() {
                return Ok(keys);
            }
        }
    }
}

/// A row beside a request; none for its head, and for what came again.
fn beside_request(request: Id, row: Item) -> Option<Result<Record, StoreError>> {
    let sk = text(&row, attribute::SK);
    Some(if sk.starts_with(keys::PAYLOADS) {
        decode::<Payload>(row).map(Record::from)
    } else if sk.starts_with(keys::ATTEMPTS) {
        decode(row).map(|noted| Attempt { request: Some(request), ..noted }.into())
    } else if sk.starts_with(keys::HISTORY) {
        decode::<Overflow>(row).map(Record::from)
    } else if sk.starts_with(keys::LONG_RESPONSES) {
        decode::<LongResponse>(row).map(Record::from)
    } else if sk == keys::CONFLICTING {
        decode::<Conflicts>(row).map(Record::from)
    } else {
        return None;
    })
}
