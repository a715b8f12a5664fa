//! The typed face of the store: `load_` one that must exist, `find_` one that may.
//!
//! Neighbours: every handler's second move.

use std::collections::BTreeMap;

use domain::access::{ApiKey, Namespace, Role};
use domain::activation::Activation;
use domain::catalog::Product;
use domain::customer::Customer;
use domain::decision::Kind;
use domain::entitlement::Entitlement;
use domain::entitlement::product_key::{KeyRef, ProductKey};
use domain::ids::Id;
use domain::plan::Plan;
use domain::plan::association::Association;
use domain::plan::method::{Door, Method};
use domain::request::attempt::Attempt;
use domain::request::{Conflicts, LongResponse, Payload, Request};
use domain::time::Time;
use futures::future::try_join_all;

use crate::error::StoreError;
use crate::keys::{self, Key, Table, attribute};
use crate::list::whole;
use crate::port::{Item, Range, Store};
use crate::rows::{Row, decode, plain};

/// An entitlement with the rows that say something about one of its keys.
pub struct Keyed {
    /// The entitlement.
    pub entitlement: Entitlement,
    /// The key; its default when it has no row.
    pub key: ProductKey,
}

/// A product and, if it is provisioned, by which plan and method.
pub type Sold = (Product, Option<Association>);

/// A key by its row; without one, its default, if the entitlement has such a key.
pub(crate) fn key_of(
    row: Option<Item>,
    entitlement: &Entitlement,
    place: KeyRef,
) -> Result<Option<ProductKey>, StoreError> {
    match row {
        Some(row) => decode(row).map(Some),
        None => Ok(ProductKey::default_of(entitlement, place)),
    }
}

/// The next rows of `ids`, those that exist.
pub(crate) fn found<T: Row>(
    ids: &[Id],
    rows: &mut impl Iterator<Item = Option<Item>>,
) -> Result<BTreeMap<Id, T>, StoreError> {
    let each = ids.iter().zip(rows).filter_map(|(id, row)| row.map(|row| (*id, row)));
    each.map(|(id, row)| Ok((id, decode(row)?))).collect()
}

fn sold(rows: Vec<Item>) -> Result<Option<Sold>, StoreError> {
    let (mut product, mut association) = (None, None);
    for row in rows {
        match row.get(attribute::SK).and_then(|sk| sk.as_s().ok()).map(String::as_str) {
            Some(keys::ASSOCIATION) => association = Some(decode(row)?),
            _ => product = Some(decode(row)?),
        }
    }
    Ok(product.map(|product| (product, association)))
}

impl dyn Store {
    async fn find<T: Row>(&self, key: Key) -> Result<Option<T>, StoreError> {
        let row: Option<Item> = self.get(&[key]).await?.remove(0);
        row.map(decode).transpose()
    }

    async fn load<T: Row>(&self, key: Key) -> Result<T, StoreError> {
        self.find(key).await?.ok_or(StoreError::NotFound(T::WHAT))
    }

    async fn find_all<T: Row>(
        &self,
        tenant: Id,
        kind: Kind,
        ids: &[Id],
    ) -> Result<BTreeMap<Id, T>, StoreError> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let keys: Vec<Key> = ids.iter().map(|id| keys::of_catalog(tenant, kind, *id)).collect();
        found(ids, &mut self.get(&keys).await?.into_iter())
    }

    /// A namespace.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_namespace(&self, tenant: Id, id: Id) -> Result<Namespace, StoreError> {
        self.load(keys::of_catalog(tenant, Kind::Namespace, id)).await
    }

    /// A role.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_role(&self, tenant: Id, id: Id) -> Result<Role, StoreError> {
        self.load(keys::of_catalog(tenant, Kind::Role, id)).await
    }

    /// The API key behind a secret's hash.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_api_key(&self, hash: &str) -> Result<Option<ApiKey>, StoreError> {
        self.find(keys::api_key(hash)).await
    }

    /// An API key by its id.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_api_key(&self, tenant: Id, id: Id) -> Result<ApiKey, StoreError> {
        let range = Range {
            table: Table::Catalog,
            index: Some(keys::LIST),
            pk: keys::list(tenant, Kind::Key),
            prefix: id.padded(),
            below: None,
            after: None,
            descending: false,
            limit: 1,
        };
        let row = self.range(&range).await?.items.into_iter().next();
        let listed: ApiKey = decode(row.ok_or(StoreError::NotFound(ApiKey::WHAT))?)?;
        self.load(keys::api_key(&listed.hash)).await
    }

    /// A product.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_product(&self, tenant: Id, id: Id) -> Result<Product, StoreError> {
        self.load(keys::of_catalog(tenant, Kind::Product, id)).await
    }

    /// Those of the products that exist.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_products(
        &self,
        tenant: Id,
        ids: &[Id],
    ) -> Result<BTreeMap<Id, Product>, StoreError> {
        self.find_all(tenant, Kind::Product, ids).await
    }

    /// Those of the products that exist, each with its association: one read a product.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_sold(&self, tenant: Id, products: &[Id]) -> Result<Vec<Sold>, StoreError> {
        let one = |id: &Id| {
            let partition = whole(Table::Catalog, keys::product(tenant, *id), String::new());
            async move { sold(self.range_all(partition).await?) }
        };
        let found = try_join_all(products.iter().map(one)).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The association of a product, if it has one.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_association(
        &self,
        tenant: Id,
        product: Id,
    ) -> Result<Option<Association>, StoreError> {
        self.find(keys::association(tenant, product)).await
    }

    /// A customer.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_customer(&self, tenant: Id, id: Id) -> Result<Customer, StoreError> {
        self.load(keys::of_catalog(tenant, Kind::Customer, id)).await
    }

    /// Those of the customers that exist.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_customers(
        &self,
        tenant: Id,
        ids: &[Id],
    ) -> Result<BTreeMap<Id, Customer>, StoreError> {
        self.find_all(tenant, Kind::Customer, ids).await
    }

    /// A plan.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_plan(&self, tenant: Id, id: Id) -> Result<Plan, StoreError> {
        self.load(keys::of_catalog(tenant, Kind::Plan, id)).await
    }

    /// A plan that may be gone.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_plan(&self, tenant: Id, id: Id) -> Result<Option<Plan>, StoreError> {
        self.find(keys::of_catalog(tenant, Kind::Plan, id)).await
    }

    /// A method.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_method(&self, tenant: Id, id: Id) -> Result<Method, StoreError> {
        self.load(keys::of_catalog(tenant, Kind::Method, id)).await
    }

    /// A method that may be gone.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_method(&self, tenant: Id, id: Id) -> Result<Option<Method>, StoreError> {
        self.find(keys::of_catalog(tenant, Kind::Method, id)).await
    }

    /// Whose a method is and how its callbacks are verified, as long as they are taken.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_door(&self, method: Id, now: Time) -> Result<Option<Door>, StoreError> {
        let row: Option<Item> = self.get(&[keys::door(method)]).await?.remove(0);
        let door: Option<Door> = row.map(|item| plain(item, "door")).transpose()?;
        Ok(door.filter(|door| door.expires.is_none_or(|at| at > now)))
    }

    /// An entitlement.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_entitlement(&self, tenant: Id, id: Id) -> Result<Entitlement, StoreError> {
        self.load(keys::entitlement(tenant, id)).await
    }

    /// An entitlement with one of its keys, in one read.
    ///
    /// # Errors
    /// `NotFound` for either.
    pub async fn load_keyed(&self, tenant: Id, key: KeyRef) -> Result<Keyed, StoreError> {
        let keys = [keys::entitlement(tenant, key.entitlement), keys::product_key(tenant, key)];
        let mut rows = self.get(&keys).await?.into_iter();
        let entitlement = rows.next().flatten().ok_or(StoreError::NotFound("entitlement"))?;
        let entitlement: Entitlement = decode(entitlement)?;
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

    /// What the worker of an attempt noted of it.
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
