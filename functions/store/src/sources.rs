//! The live rows that a request's document is built from.
//!
//! Neighbours: the dispatcher renders from them, `?view=substitution` shows them.

use domain::entitlement::product_key::KeyRef;
use domain::ids::Id;
use domain::request::Request;
use domain::request::document::Sources;

use crate::error::StoreError;
use crate::port::Store;

impl dyn Store {
    /// The live rows of a request. Plan and method are those of the product's association now.
    ///
    /// # Errors
    /// `NotFound` when activation or entitlement are gone.
    pub async fn load_sources(&self, tenant: Id, request: Request) -> Result<Sources, StoreError> {
        let activation = self.load_activation(tenant, &request.aid).await?;
        let place = KeyRef {
            entitlement: activation.entitlement_id,
            index: activation.key_index,
            generation: activation.key_generation,
        };
        let keyed = self.load_keyed(tenant, place).await?;
        let mut products: Vec<Id> = keyed
            .entitlement
            .items
            .iter()
            .flat_map(|i| &i.item_products)
            .map(|p| p.product_id)
            .collect();
        products.push(request.product.id);
        products.sort_unstable();
        products.dedup();
        let products = self.find_products(tenant, &products).await?;
        let mut customers: Vec<Id> =
            keyed.entitlement.customer_id.into_iter().chain(activation.customer_id).collect();
        customers.dedup();
        let customers = self.find_customers(tenant, &customers).await?;
        let product = request.product.id;
        let association = self.find_associations(tenant, &[product]).await?.remove(&product);
        let (plan, method) = match &association {
            None => (None, None),
            Some(association) => (
                self.find_plan(tenant, association.plan_id).await?,
                self.find_method(tenant, association.method_id).await?,
            ),
        };
        Ok(Sources {
            request,
            activation,
            entitlement: keyed.entitlement,
            key: keyed.key,
            customers,
            products,
            plan,
            method,
        })
    }
}
