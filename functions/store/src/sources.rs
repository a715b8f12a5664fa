//! The live rows that a request's document is built from.
//!
//! Neighbours: the dispatcher renders from them, `?view=substitution` shows them.

use std::collections::BTreeMap;

use domain::activation::Activation;
use domain::catalog::{Feature, Product};
use domain::customer::Customer;
use domain::entitlement::Entitlement;
use domain::entitlement::product_key::ProductKey;
use domain::ids::Id;
use domain::record::Kind;
use domain::request::document::Sources;
use domain::request::{Request, RequestType};

use crate::error::StoreError;
use crate::keys::{self, Key};
use crate::load::{found, key_of};
use crate::port::{Item, Store};
use crate::rows::{Row, decode};

impl dyn Store {
    /// The live rows of a request, in three reads. Plan and method are those of the product's
    /// association now.
    ///
    /// # Errors
    /// `NotFound` when activation or entitlement are gone.
    pub async fn load_sources(&self, tenant: Id, request: Request) -> Result<Sources, StoreError> {
        let place = request.product_key();
        let first = [
            keys::activation(tenant, &request.aid),
            keys::entitlement(tenant, place.entitlement),
            keys::product_key(tenant, place),
        ];
        let mut first = self.get(&first).await?.into_iter();
        let activation: Activation = there(first.next().flatten())?;
        let entitlement: Entitlement = there(first.next().flatten())?;
        let key = key_of(first.next().flatten(), &entitlement, place)?;
        let key = key.ok_or(StoreError::NotFound(ProductKey::WHAT))?;
        let sold = self.find_sold(tenant, &[request.product.id]).await?.pop();
        let (product, association) = sold.unzip();
        let association = association.flatten();

        let (customers, others) = related(&request, &entitlement, activation.customer_id);
        let contact = entitlement.customer_id.zip(entitlement.contact_id);
        let of = |kind, id| keys::of_catalog(tenant, kind, id);
        let mut second: Vec<Key> = Vec::new();
        second.extend(customers.iter().map(|id| of(Kind::Customer, *id)));
        second.extend(others.iter().map(|id| of(Kind::Product, *id)));
        second.extend(contact.map(|(owner, id)| keys::contact(tenant, owner, id)));
        let plan = association.as_ref().and_then(|association| match request.kind {
            RequestType::Provision => Some(association.plan_id),
            RequestType::Deprovision => association.deprovision_plan_id,
        });
        second.extend(association.as_ref().map(|a| of(Kind::Method, a.method_id)));
        second.extend(plan.map(|id| of(Kind::Plan, id)));
        let rows = if second.is_empty() { Vec::new() } else { self.get(&second).await? };
        let mut rows = rows.into_iter();
        let customers: BTreeMap<Id, Customer> = found(&customers, &mut rows)?;
        let mut products: BTreeMap<Id, Product> = found(&others, &mut rows)?;
        products.extend(product.map(|product| (product.id, product)));
        let contact = contact.and_then(|_| rows.next().flatten()).map(decode).transpose()?;
        let method = rows.next().flatten().map(decode).transpose()?;
        let plan = rows.next().flatten().map(decode).transpose()?;
        let features = self.features_of(tenant, products.values()).await?;
        Ok(Sources {
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

fn there<T: Row>(row: Option<Item>) -> Result<T, StoreError> {
    decode(row.ok_or(StoreError::NotFound(T::WHAT))?)
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
