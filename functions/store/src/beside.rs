//! The rows that stand beside a thing, in its own partition, in their order.
//!
//! Neighbours: `keys` has their places, `list` has the lists of things. Guarantee: what cannot be
//! read harms only itself.

use domain::attributes::Entity;
use domain::catalog::CustomAttributeDef;
use domain::catalog::custom_attribute::AttributeTypes;
use domain::customer::contact::Contact;
use domain::ids::Id;
use domain::life::{Aged, Overflow};
use domain::plan::Plan;
use domain::plan::version::PlanVersion;
use domain::record::Kind;
use domain::request::Repeat;
use domain::request::attempt::Attempt;

use crate::error::StoreError;
use crate::keys::{self, Index, Table};
use crate::list::PageOf;
use crate::port::{Item, Range, Store};
use crate::rows::{Row, decode, plain};

/// The rows that stand beside a thing.
#[derive(Debug)]
pub struct Beside<T> {
    /// Those that can be read, in their order.
    pub rows: Vec<T>,
    /// How many cannot.
    pub unreadable: usize,
}

impl<T: Row> Beside<T> {
    pub(crate) fn read(items: impl IntoIterator<Item = Item>) -> Self {
        let (mut rows, mut unreadable) = (Vec::new(), 0);
        for item in items {
            match decode(item) {
                Ok(row) => rows.push(row),
                Err(_) => unreadable += 1,
            }
        }
        Self { rows, unreadable }
    }
}

impl dyn Store {
    /// The types of the custom attributes that are registered for a kind of entity.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_attribute_types(
        &self,
        tenant: Id,
        entity: Entity,
    ) -> Result<AttributeTypes, StoreError> {
        let all = Range {
            index: Some(Index::List),
            ..Range::whole(Table::Catalog, keys::list(tenant, Kind::CustomAttribute), String::new())
        };
        let read = |item| plain::<CustomAttributeDef>(item, "custom attribute");
        let defs: Result<Vec<_>, _> = self.range_all(all).await?.into_iter().map(read).collect();
        let theirs = defs?.into_iter().filter(|def| def.entity == entity);
        Ok(theirs.map(|def| (def.name, def.kind)).collect())
    }

    /// The contacts of a customer, oldest first.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_contacts(
        &self,
        tenant: Id,
        customer: Id,
    ) -> Result<Vec<Contact>, StoreError> {
        let pk = keys::of_catalog(tenant, Kind::Customer, customer).pk;
        let range = Range::whole(Table::Catalog, pk, keys::CONTACTS.to_owned());
        self.range_all(range).await?.into_iter().map(decode).collect()
    }

    /// A page of the versions that a plan had before its present one.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_plan_versions(
        &self,
        tenant: Id,
        plan: Id,
        page: &PageOf,
    ) -> Result<Vec<Plan>, StoreError> {
        let pk = keys::of_catalog(tenant, Kind::Plan, plan).pk;
        let after = page.after.map(|id| keys::plan_version(tenant, plan, id.get()).sk);
        let range = Range {
            after,
            descending: !page.ascending,
            limit: page.limit,
            ..Range::whole(Table::Catalog, pk, keys::VERSIONS.to_owned())
        };
        let mut rows = Vec::new();
        for item in self.range(&range).await?.items {
            rows.push(decode::<PlanVersion>(item)?.0);
        }
        Ok(rows)
    }

    /// The attempts of a request, oldest first.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_attempts(
        &self,
        tenant: Id,
        request: Id,
    ) -> Result<Beside<Attempt>, StoreError> {
        let pk = keys::request(tenant, request).pk;
        let range = Range::whole(Table::Core, pk, keys::ATTEMPTS.to_owned());
        Ok(Beside::read(self.range_all(range).await?))
    }

    /// The callbacks of a request that came again.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_repeats(
        &self,
        tenant: Id,
        request: Id,
    ) -> Result<Beside<Repeat>, StoreError> {
        let pk = keys::request(tenant, request).pk;
        let range = Range::whole(Table::Core, pk, keys::REPEATS.to_owned());
        Ok(Beside::read(self.range_all(range).await?))
    }

    /// The older steps of a request's or entitlement's history, oldest first.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_history(
        &self,
        tenant: Id,
        of: Aged,
        id: Id,
    ) -> Result<Beside<Overflow>, StoreError> {
        let pk = keys::history(tenant, of, id, 0).pk;
        let range = Range::whole(Table::Core, pk, keys::HISTORY.to_owned());
        Ok(Beside::read(self.range_all(range).await?))
    }
}
