//! The typed face of the table `catalog`: what changes seldom.
//!
//! Neighbours: `load` for the table `core`; every handler's second move.

use std::collections::BTreeMap;

use domain::access::secrets::StandIn;
use domain::access::{ApiKey, Namespace, Role, Tenant};
use domain::catalog::{CustomAttributeDef, Feature, Product};
use domain::customer::Customer;
use domain::customer::contact::Contact;
use domain::ids::Id;
use domain::plan::Plan;
use domain::plan::association::Association;
use domain::plan::door::Door;
use domain::plan::method::Method;
use domain::plan::version::PlanVersion;
use domain::record::Kind;
use domain::time::Time;
use futures::future::try_join_all;

use crate::error::StoreError;
use crate::keys::{self, Index, Table, attribute};
use crate::port::{Item, Range, Store};
use crate::rows::{Row, decode, plain};

/// A key whose secret was sent, and the session by which it was, if it was by one.
pub struct Opened {
    /// The key.
    pub key: ApiKey,
    /// The session.
    pub session: Option<StandIn>,
}

/// A product and, if it is provisioned, by which plan and method.
pub type Sold = (Product, Option<Association>);

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
    /// A namespace.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_namespace(&self, tenant: Id, id: Id) -> Result<Namespace, StoreError> {
        self.load(keys::of_catalog(tenant, Kind::Namespace, id)).await
    }

    /// Those of the namespaces that exist.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_namespaces(
        &self,
        tenant: Id,
        ids: &[Id],
    ) -> Result<BTreeMap<Id, Namespace>, StoreError> {
        self.find_all(tenant, Kind::Namespace, ids).await
    }

    /// A role.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_role(&self, tenant: Id, id: Id) -> Result<Role, StoreError> {
        self.load(keys::of_catalog(tenant, Kind::Role, id)).await
    }

    /// The API key that a secret opens the door to at `now`, by the secret's hash: the key's own,
    /// the one before its rotation, or a session's.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_opened(&self, hash: &str, now: Time) -> Result<Option<Opened>, StoreError> {
        let Some((key, way)) = self.follow(hash).await? else { return Ok(None) };
        if !way.iter().all(|stand_in| stand_in.leads_to(&key, now)) {
            return Ok(None);
        }
        let session = way.into_iter().find(|stand_in| stand_in.session.is_some());
        Ok(Some(Opened { key, session }))
    }

    /// An API key by its id.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while it is rotated.
    pub async fn load_api_key(&self, tenant: Id, id: Id) -> Result<ApiKey, StoreError> {
        let listed = self.find_listed_key(tenant, id).await?;
        let listed = listed.ok_or(StoreError::NotFound(ApiKey::WHAT))?;
        // The index may not know yet that the secret was rotated: a key is never removed.
        let found = self.follow(&listed.hash).await?;
        Ok(found.ok_or(StoreError::Conflict)?.0)
    }

    /// The key that the row under a hash is, or leads to, with the rows on the way there.
    async fn follow(&self, hash: &str) -> Result<Option<(ApiKey, Vec<StandIn>)>, StoreError> {
        let (mut at, mut way) = (hash.to_owned(), Vec::new());
        // A session leads to the secret before a rotation, that to the key: two at most.
        while way.len() <= 2 {
            let row: Option<Item> = self.get(&[keys::api_key(&at)]).await?.remove(0);
            let Some(row) = row else { return Ok(None) };
            if !row.contains_key("standsFor") {
                return Ok(Some((decode(row)?, way)));
            }
            let next: StandIn = decode(row)?;
            next.stands_for.clone_into(&mut at);
            way.push(next);
        }
        Ok(None)
    }

    /// An API key as the index has it: the table knows it by its secret's hash only.
    pub(crate) async fn find_listed_key(
        &self,
        tenant: Id,
        id: Id,
    ) -> Result<Option<ApiKey>, StoreError> {
        let range = Range {
            index: Some(Index::List),
            limit: 1,
            ..Range::whole(Table::Catalog, keys::list(tenant, Kind::ApiKey), id.padded())
        };
        self.range(&range).await?.items.into_iter().next().map(decode).transpose()
    }

    /// The tenant and its settings.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn load_tenant(&self, id: Id) -> Result<Tenant, StoreError> {
        let found = self.find(keys::of_catalog(id, Kind::Tenant, id)).await?;
        Ok(found.unwrap_or_else(|| Tenant::default_of(id)))
    }

    /// A role, if there is one of this id, and its tenant: one read of both.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_role_in(
        &self,
        tenant: Id,
        role: Id,
    ) -> Result<(Option<Role>, Tenant), StoreError> {
        let of = |kind, id| keys::of_catalog(tenant, kind, id);
        let keys = [of(Kind::Role, role), of(Kind::Tenant, tenant)];
        let mut rows = self.get(&keys).await?.into_iter();
        let role = rows.next().flatten().map(decode).transpose()?;
        let found = rows.next().flatten().map(decode).transpose()?;
        Ok((role, found.unwrap_or_else(|| Tenant::default_of(tenant))))
    }

    /// All tenants, oldest first.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        let range = Range::whole(Table::Catalog, keys::TENANTS.to_owned(), String::new());
        let rows = self.range_all(Range { index: Some(Index::List), ..range }).await?;
        rows.into_iter().map(decode).collect()
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
            let partition = Range::whole(Table::Catalog, keys::product(tenant, *id), String::new());
            async move { sold(self.range_all(partition).await?) }
        };
        let found = try_join_all(products.iter().map(one)).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// A feature.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_feature(&self, tenant: Id, id: Id) -> Result<Feature, StoreError> {
        self.load(keys::of_catalog(tenant, Kind::Feature, id)).await
    }

    /// Those of the features that exist.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_features(
        &self,
        tenant: Id,
        ids: &[Id],
    ) -> Result<BTreeMap<Id, Feature>, StoreError> {
        self.find_all(tenant, Kind::Feature, ids).await
    }

    /// A custom attribute that is registered.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_attribute(
        &self,
        tenant: Id,
        id: Id,
    ) -> Result<CustomAttributeDef, StoreError> {
        self.load(keys::of_catalog(tenant, Kind::CustomAttribute, id)).await
    }

    /// A contact of a customer.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_contact(
        &self,
        tenant: Id,
        customer: Id,
        id: Id,
    ) -> Result<Contact, StoreError> {
        self.load(keys::contact(tenant, customer, id)).await
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

    /// Those of the plans that exist.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_plans(
        &self,
        tenant: Id,
        ids: &[Id],
    ) -> Result<BTreeMap<Id, Plan>, StoreError> {
        self.find_all(tenant, Kind::Plan, ids).await
    }

    /// A version that a plan had before its present one, also of a plan that is gone.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_plan_version(
        &self,
        tenant: Id,
        plan: Id,
        version: u64,
    ) -> Result<Option<Plan>, StoreError> {
        let found = self.find::<PlanVersion>(keys::plan_version(tenant, plan, version)).await?;
        Ok(found.map(|version| version.0))
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

    /// Those of the methods that exist.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_methods(
        &self,
        tenant: Id,
        ids: &[Id],
    ) -> Result<BTreeMap<Id, Method>, StoreError> {
        self.find_all(tenant, Kind::Method, ids).await
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
}
