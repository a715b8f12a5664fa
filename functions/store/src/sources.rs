//! The live rows that a request's document is built from.
//!
//! Neighbours: the dispatcher renders from them, `?view=substitution` shows them.

use std::collections::BTreeMap;

use domain::activation::{Activation, RequestName};
use domain::catalog::{Feature, Product};
use domain::customer::Customer;
use domain::entitlement::Entitlement;
use domain::entitlement::product_key::ProductKey;
use domain::ids::Id;
use domain::plan::association::Association;
use domain::record::Kind;
use domain::request::document::Sources;
use domain::request::{Named, Request, RequestType};

use crate::error::StoreError;
use crate::keys::{self, Key};
use crate::load::key_of;
use crate::port::{Item, Store};
use crate::rows::{Row, decode};

impl dyn Store {
    /// The live rows of a request, in two reads, or one where its document names nothing else. Plan
    /// and method are those of the product's association now: mostly the ones that the request was
    /// opened with, which are read with the first.
    ///
    /// # Errors
    /// `NotFound` when activation or entitlement are gone.
    pub async fn load_sources(&self, tenant: Id, request: Request) -> Result<Sources, StoreError> {
        let (place, product) = (request.product_key(), request.product.id);
        let of = |kind, id| keys::of_catalog(tenant, kind, id);
        let named = |named: &Option<Named>| named.as_ref().map(|named| named.id);
        let guessed = [
            named(&request.plan).map(|id| of(Kind::Plan, id)),
            named(&request.method).map(|id| of(Kind::Method, id)),
        ];
        let mut first = vec![
            keys::activation(tenant, &request.aid),
            keys::entitlement(tenant, place.entitlement),
            keys::product_key(tenant, place),
            of(Kind::Product, product),
            keys::association(tenant, product),
        ];
        first.extend(guessed.iter().flatten().cloned());
        let mut rows: BTreeMap<Key, Item> = self.rows(&first).await?;
        let activation: Activation = there(rows.remove(&first[0]))?;
        let row = rows.remove(&first[1]).ok_or(StoreError::NotFound(Entitlement::WHAT))?;
        let entitlement = self.whole_entitlement(tenant, place.entitlement, row).await?;
        let key = key_of(rows.remove(&first[2]), &entitlement, place)?;
        let key = key.ok_or(StoreError::NotFound(ProductKey::WHAT))?;
        let sold: Option<Product> = rows.remove(&first[3]).map(decode).transpose()?;
        let association: Option<Association> = rows.remove(&first[4]).map(decode).transpose()?;
        let association = association.filter(|_| sold.is_some());

        let plan = association.as_ref().and_then(|association| match request.kind {
            RequestType::Provision => Some(of(Kind::Plan, association.plan_id)),
            RequestType::Deprovision => Some(of(Kind::Plan, association.deprovision_plan_id?)),
        });
        let method = association.as_ref().map(|a| of(Kind::Method, a.method_id));
        let provided = provided_by(&request, &activation);
        let (customers, others) = related(&request, &entitlement, activation.customer_id);
        let contact = entitlement.customer_id.zip(entitlement.contact_id);
        let contact = contact.map(|(owner, id)| keys::contact(tenant, owner, id));
        let mut second: Vec<Key> = Vec::new();
        second.extend(customers.iter().map(|id| of(Kind::Customer, *id)));
        second.extend(others.iter().map(|id| of(Kind::Product, *id)));
        second.extend(contact.clone());
        second.extend(provided.iter().map(|id| keys::request(tenant, *id)));
        let unread = |key: &&Key| !guessed.iter().flatten().any(|read| read == *key);
        second.extend(plan.iter().chain(&method).filter(unread).cloned());
        rows.extend(self.rows(&second).await?);
        let mut take = |key: Option<Key>| key.and_then(|key| rows.remove(&key));
        let contact = take(contact).map(decode).transpose()?;
        let provided = provided.iter().filter_map(|id| take(Some(keys::request(tenant, *id))));
        let provided: Vec<Request> = provided.map(decode).collect::<Result<_, _>>()?;
        let (plan, method) = (take(plan), take(method));
        let (plan, method) = (plan.map(decode).transpose()?, method.map(decode).transpose()?);
        let mut products: BTreeMap<Id, Product> = all(tenant, Kind::Product, &others, &mut rows)?;
        let customers: BTreeMap<Id, Customer> = all(tenant, Kind::Customer, &customers, &mut rows)?;
        products.extend(sold.map(|product| (product.id, product)));
        let features = self.features_of(tenant, products.values()).await?;
        let product = request.product.id;
        let mine = |it: &Request| it.kind == RequestType::Provision && it.product.id == product;
        Ok(Sources {
            provided: provided.into_iter().find(mine),
            request,
            activation,
            entitlement,
            key,
            customers,
            contact,
            products,
            features,
            plan,
            method,
        })
    }
}

impl dyn Store {
    /// The rows of these keys, those that exist; no read for none.
    async fn rows(&self, keys: &[Key]) -> Result<BTreeMap<Key, Item>, StoreError> {
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rows = self.get(keys).await?;
        Ok(keys.iter().cloned().zip(rows).filter_map(|(key, row)| Some((key, row?))).collect())
    }

    /// The features of products: no read where they have none.
    async fn features_of(
        &self,
        tenant: Id,
        products: impl Iterator<Item = &Product> + Send,
    ) -> Result<BTreeMap<Id, Feature>, StoreError> {
        let of = |product: &Product| product.features.clone();
        let mut ids: Vec<Id> = products.flat_map(of).filter_map(|f| f.feature_id).collect();
        ids.sort_unstable();
        ids.dedup();
        self.find_features(tenant, &ids).await
    }
}

/// The rows of a kind among these, those that exist.
fn all<T: Row>(
    tenant: Id,
    kind: Kind,
    ids: &[Id],
    rows: &mut BTreeMap<Key, Item>,
) -> Result<BTreeMap<Id, T>, StoreError> {
    let row = |id: &Id| Some((*id, rows.remove(&keys::of_catalog(tenant, kind, *id))?));
    ids.iter().filter_map(row).map(|(id, row)| Ok((id, decode(row)?))).collect()
}

fn there<T: Row>(row: Option<Item>) -> Result<T, StoreError> {
    decode(row.ok_or(StoreError::NotFound(T::WHAT))?)
}

/// The requests of which one provided what this one takes back. Rows of form 1 name no products.
fn provided_by(request: &Request, activation: &Activation) -> Vec<Id> {
    let of_product = |named: &&RequestName| {
        request.kind == RequestType::Deprovision
            && named.kind == RequestType::Provision
            && named.id != request.id
            && named.product.is_none_or(|id| id == request.product.id)
    };
    activation.requests.iter().filter(of_product).map(|named| named.id).collect()
}

/// The customers, and the products besides the request's own, that its document names.
fn related(
    request: &Request,
    entitlement: &Entitlement,
    activated_by: Option<Id>,
) -> (Vec<Id>, Vec<Id>) {
    let of_entitlement = entitlement.customer_id.into_iter().chain(entitlement.partner_id);
    let mut customers: Vec<Id> = of_entitlement.chain(activated_by).collect();
    customers.sort_unstable();
    customers.dedup();
    let items = entitlement.items.iter().flat_map(|item| &item.item_products);
    let mut products: Vec<Id> = items.map(|product| product.product_id).collect();
    products.sort_unstable();
    products.dedup();
    products.retain(|id| *id != request.product.id);
    (customers, products)
}
