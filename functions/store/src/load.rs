//! The typed face of the store: `load_` one that must exist, `find_` one that may.
//!
//! Neighbours: every handler's second move.

use std::collections::BTreeMap;

use domain::activation::Activation;
use domain::entitlement::Entitlement;
use domain::entitlement::product_key::{KeyRef, ProductKey};
use domain::ids::Id;
use domain::limits::PAYLOADS;
use domain::record::Kind;
use domain::request::attempt::Attempt;
use domain::request::{Conflicts, LongResponse, Payload, Request};

use crate::beside::Beside;
use crate::error::StoreError;
use crate::keys::{self, Key};
use crate::port::{Item, Store, Value};
use crate::rows::{Row, decode, is_first};

/// An entitlement with the rows that say something about one of its keys.
pub struct Keyed {
    /// The entitlement.
    pub entitlement: Entitlement,
    /// The key; its default when it has no row.
    pub key: ProductKey,
}

/// A key by its row; without one, its default, if the entitlement has such a key.
pub(crate) fn key_of(
    row: Option<Item>,
    entitlement: &Entitlement,
    place: KeyRef,
) -> Result<Option<ProductKey>, StoreError> {
    match row {
        Some(row) => key(row, entitlement).map(Some),
        None => Ok(ProductKey::default_of(entitlement, place)),
    }
}

/// A key of an entitlement by its row. A row of form 1 says what remains of the key, one of form 2
/// what was taken from it.
///
/// # Errors
/// `Corrupt` when it does not read.
pub fn key(mut row: Item, entitlement: &Entitlement) -> Result<ProductKey, StoreError> {
    let number = |row: &Item, name: &str| row.get(name)?.as_n().ok()?.parse::<u32>().ok();
    let item = number(&row, "index").and_then(|index| entitlement.item_of(index));
    let allowed = item.map_or(0, |(_, item)| item.num_activation_per_product_key);
    let addable = !is_first(&row);
    if !addable && let Some(remaining) = number(&row, "remaining") {
        let activated = Value::N(allowed.saturating_sub(remaining).to_string());
        row.insert("activated".to_owned(), activated);
    }
    Ok(ProductKey { allowed, addable, ..decode(row)? })
}

impl dyn Store {
    pub(crate) async fn find<T: Row>(&self, key: Key) -> Result<Option<T>, StoreError> {
        let row: Option<Item> = self.get(&[key]).await?.remove(0);
        row.map(decode).transpose()
    }

    pub(crate) async fn load<T: Row>(&self, key: Key) -> Result<T, StoreError> {
        self.find(key).await?.ok_or(StoreError::NotFound(T::WHAT))
    }

    pub(crate) async fn find_all<T: Row>(
        &self,
        tenant: Id,
        kind: Kind,
        ids: &[Id],
    ) -> Result<BTreeMap<Id, T>, StoreError> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let keys: Vec<Key> = ids.iter().map(|id| keys::of_catalog(tenant, kind, *id)).collect();
        let rows = ids.iter().zip(self.get(&keys).await?);
        let found = rows.filter_map(|(id, row)| Some((*id, row?)));
        found.map(|(id, row)| Ok((id, decode(row)?))).collect()
    }

    /// An entitlement.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_entitlement(&self, tenant: Id, id: Id) -> Result<Entitlement, StoreError> {
        let row: Option<Item> = self.get(&[keys::entitlement(tenant, id)]).await?.remove(0);
        let row = row.ok_or(StoreError::NotFound(Entitlement::WHAT))?;
        self.whole_entitlement(tenant, id, row).await
    }

    /// An entitlement with one of its keys, in one read.
    ///
    /// # Errors
    /// `NotFound` for either.
    pub async fn load_keyed(&self, tenant: Id, key: KeyRef) -> Result<Keyed, StoreError> {
        let keys = [keys::entitlement(tenant, key.entitlement), keys::product_key(tenant, key)];
        let mut rows = self.get(&keys).await?.into_iter();
        let row = rows.next().flatten().ok_or(StoreError::NotFound(Entitlement::WHAT))?;
        let entitlement = self.whole_entitlement(tenant, key.entitlement, row).await?;
        let key = key_of(rows.next().flatten(), &entitlement, key)?;
        Ok(Keyed { entitlement, key: key.ok_or(StoreError::NotFound(ProductKey::WHAT))? })
    }

    /// The product keys of these places, defaults included.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn load_product_keys(
        &self,
        tenant: Id,
        entitlement: &Entitlement,
        places: &[KeyRef],
    ) -> Result<Vec<ProductKey>, StoreError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<Key> = places.iter().map(|place| keys::product_key(tenant, *place)).collect();
        let rows = self.get(&keys).await?;
        let each = places.iter().zip(rows);
        each.filter_map(|(place, row)| key_of(row, entitlement, *place).transpose()).collect()
    }

    /// An activation.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_activation(&self, tenant: Id, aid: &str) -> Result<Activation, StoreError> {
        self.load(keys::activation(tenant, aid)).await
    }

    /// An activation that may not exist.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_activation(
        &self,
        tenant: Id,
        aid: &str,
    ) -> Result<Option<Activation>, StoreError> {
        self.find(keys::activation(tenant, aid)).await
    }

    /// A request's head.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_request(&self, tenant: Id, id: Id) -> Result<Request, StoreError> {
        self.load(keys::request(tenant, id)).await
    }

    /// Those of the requests that exist.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_requests(&self, tenant: Id, ids: &[Id]) -> Result<Vec<Request>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<Key> = ids.iter().map(|id| keys::request(tenant, *id)).collect();
        self.get(&keys).await?.into_iter().flatten().map(decode).collect()
    }

    /// Requests of any tenants, each by itself: none where there is none, an error where its row
    /// cannot be read.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_each_request(
        &self,
        ids: &[(Id, Id)],
    ) -> Result<Vec<Result<Option<Request>, StoreError>>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<Key> = ids.iter().map(|(tenant, id)| keys::request(*tenant, *id)).collect();
        let rows = self.get(&keys).await?;
        Ok(rows.into_iter().map(|row| row.map(decode).transpose()).collect())
    }

    /// The note of the worker of an attempt.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_attempt(
        &self,
        tenant: Id,
        request: Id,
        generation: u32,
        no: u32,
    ) -> Result<Option<Attempt>, StoreError> {
        self.find(keys::attempt(tenant, request, generation, no)).await
    }

    /// The frozen bytes of a generation.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_payload(
        &self,
        tenant: Id,
        request: Id,
        generation: u32,
    ) -> Result<Option<Payload>, StoreError> {
        self.find(keys::payload(tenant, request, generation)).await
    }

    /// The frozen bytes of its latest generations, oldest first.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_payloads(
        &self,
        tenant: Id,
        request: &Request,
    ) -> Result<Beside<Payload>, StoreError> {
        let of = |generation| keys::payload(tenant, request.id, generation);
        let first = request.generation.saturating_sub(PAYLOADS).max(1);
        let keys: Vec<Key> = (first..=request.generation).map(of).collect();
        Ok(Beside::read(self.get(&keys).await?.into_iter().flatten()))
    }

    /// The conflicting callbacks of a request.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn load_conflicts(&self, tenant: Id, request: Id) -> Result<Conflicts, StoreError> {
        let found = self.find(keys::conflicts(tenant, request)).await?;
        Ok(found.unwrap_or_else(|| Conflicts::none(request)))
    }

    /// The whole response of a callback.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_long_response(
        &self,
        tenant: Id,
        request: Id,
        webhook_id: &str,
    ) -> Result<Option<LongResponse>, StoreError> {
        self.find(keys::long_response(tenant, request, webhook_id)).await
    }
}
