//! Who an entitlement may be for, and what an activation's end depends on.
//!
//! Neighbours: `domain::entitlement::parties` and `domain::activation::revoke` decide on them.

use domain::activation::revoke::Revocation;
use domain::customer::Customer;
use domain::entitlement::input::EntitlementInput;
use domain::entitlement::parties::Known;
use domain::ids::Id;
use domain::record::Kind;

use crate::error::StoreError;
use crate::keys;
use crate::port::Store;

impl dyn Store {
    /// The customers, partners and contact that a body names: by id, else by e-mail.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_known(
        &self,
        tenant: Id,
        input: &EntitlementInput,
    ) -> Result<Known, StoreError> {
        let (id, email) = (input.customer_id, input.customer_email.as_deref());
        let customers = self.find_party(tenant, Kind::Customer, id, email).await?;
        let (id, email) = (input.partner_id, input.partner_email.as_deref());
        let partners = self.find_party(tenant, Kind::Partner, id, email).await?;
        let contact = match (input.contact_id, &customers[..]) {
            (Some(id), [customer]) => self.find(keys::contact(tenant, customer.id, id)).await?,
            _ => None,
        };
        Ok(Known { customers, partners, contact })
    }

    async fn find_party(
        &self,
        tenant: Id,
        kind: Kind,
        id: Option<Id>,
        email: Option<&str>,
    ) -> Result<Vec<Customer>, StoreError> {
        let ids = match (id, email) {
            (Some(id), _) => vec![id],
            (None, Some(email)) => self.find_named(tenant, kind, "email", email).await?,
            (None, None) => return Ok(Vec::new()),
        };
        let found = self.find_customers(tenant, &ids).await?;
        Ok(found.into_values().filter(|customer| customer.kind() == kind).collect())
    }

    /// All that the revocation of an activation depends on.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_revocation(&self, tenant: Id, aid: &str) -> Result<Revocation, StoreError> {
        let activation = self.load_activation(tenant, aid).await?;
        let requests = self.find_requests(tenant, &activation.requests).await?;
        let mut products: Vec<Id> = requests.iter().map(|request| request.product.id).collect();
        products.sort_unstable();
        products.dedup();
        let products = self.find_sold(tenant, &products).await?;
        let keyed = self.load_keyed(tenant, activation.product_key()).await?;
        Ok(Revocation {
            tenant,
            activation,
            entitlement: keyed.entitlement,
            key: keyed.key,
            requests,
            products,
        })
    }
}
