//! The parties of an entitlement, and the rows that the end of an activation depends on.
//!
//! Neighbours: `domain::entitlement::parties` and `domain::activation::revoke` decide on them.

use std::collections::BTreeSet;

use domain::activation::revoke::Revocation;
use domain::customer::Customer;
use domain::customer::contact::Contact;
use domain::entitlement::Entitlement;
use domain::entitlement::input::EntitlementInput;
use domain::entitlement::parties::Known;
use domain::ids::Id;
use domain::limits::{KEY_BYTES, PAGE};
use domain::record::Kind;
use domain::view::activation::{ActivationLine, ListedActivation};

use crate::error::StoreError;
use crate::keys::{self, Index, Owner, Table};
use crate::list::PageOf;
use crate::port::{Range, Store};
use crate::rows::decode;

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
        let by_contact = self.of_contact(tenant, email).await?;
        let customers = self.find_party(tenant, Kind::Customer, (id, email), &by_contact).await?;
        let (id, email) = (input.partner_id, input.partner_email.as_deref());
        let of_partner = self.of_contact(tenant, email).await?;
        let partners = self.find_party(tenant, Kind::Partner, (id, email), &of_partner).await?;
        let contact = match (input.contact_id, &customers[..]) {
            (Some(id), [customer]) => self.find(keys::contact(tenant, customer.id, id)).await?,
            _ => None,
        };
        // An e-mail that is given with a customer says nothing of a partner, nor the other way.
        let related = |ids: Vec<Id>, parties: &[Customer]| {
            let among = |id: &Id| parties.iter().any(|party| party.id == *id);
            ids.into_iter().filter(among).collect::<Vec<_>>()
        };
        let customers_of = related(by_contact, &customers);
        let by_contact = customers_of.into_iter().chain(related(of_partner, &partners)).collect();
        Ok(Known { customers, partners, contact, by_contact })
    }

    /// The customers and partners that have a contact of this e-mail.
    async fn of_contact(&self, tenant: Id, email: Option<&str>) -> Result<Vec<Id>, StoreError> {
        let list = email.map(|email| keys::contacts_of(tenant, email));
        // Nobody has an address that DynamoDB would refuse to look for.
        let Some(list) = list.filter(|list| list.len() <= KEY_BYTES) else { return Ok(Vec::new()) };
        let range = Range::whole(Table::Catalog, list, String::new());
        let found = self.range_all(Range { index: Some(Index::List), ..range }).await?;
        let contacts: Result<Vec<Contact>, _> = found.into_iter().map(decode).collect();
        Ok(contacts?.into_iter().map(|contact| contact.customer_id).collect())
    }

    async fn find_party(
        &self,
        tenant: Id,
        kind: Kind,
        (id, email): (Option<Id>, Option<&str>),
        by_contact: &[Id],
    ) -> Result<Vec<Customer>, StoreError> {
        let ids = match (id, email) {
            (Some(id), _) => vec![id],
            (None, Some(email)) => {
                let own = self.find_named(tenant, kind, "email", email).await?;
                let all: BTreeSet<Id> = own.iter().chain(by_contact).copied().collect();
                all.into_iter().collect()
            }
            (None, None) => return Ok(Vec::new()),
        };
        let found = self.find_customers(tenant, &ids).await?;
        Ok(found.into_values().filter(|customer| customer.kind() == kind).collect())
    }

    /// Whether a provisioning request of an entitlement is not at rest. It is asked for what could
    /// be deleted, and looks through its activations; of any other it says no, without a read.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn has_open_requests(
        &self,
        tenant: Id,
        entitlement: &Entitlement,
    ) -> Result<bool, StoreError> {
        let owner = Some(Owner::Entitlement(entitlement.id));
        let mut page = PageOf { owner, limit: PAGE.1, ..PageOf::default() };
        while entitlement.is_passing() {
            let near = |row: &ListedActivation| row.e_id == entitlement.e_id;
            let of_it = |row: &ActivationLine| row.e_id == entitlement.e_id;
            let found = self.list_by(tenant, Kind::Activation, &page, near, of_it).await?;
            for row in found.rows {
                let activation = self.load_activation(tenant, &row.aid).await?;
                let requests = self.find_requests(tenant, &activation.request_ids()).await?;
                if requests.iter().any(|request| !request.is_at_rest()) {
                    return Ok(true);
                }
            }
            page.after = found.next;
            if page.after.is_none() {
                break;
            }
        }
        Ok(false)
    }

    /// All that the revocation of an activation depends on.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn load_revocation(&self, tenant: Id, aid: &str) -> Result<Revocation, StoreError> {
        let activation = self.load_activation(tenant, aid).await?;
        let requests = self.find_requests(tenant, &activation.request_ids()).await?;
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
