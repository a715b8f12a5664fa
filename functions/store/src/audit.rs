//! The reads of the audit: the entries of one thing.
//!
//! Neighbours: the edge makes an entry of each decision; `/v1/audit` and explanations read them.

use domain::access::audit::AuditEntry;
use domain::access::keys::KeyInfo;
use domain::ids::Id;
use domain::limits::KEY_BYTES;
use domain::record::Kind;

use crate::error::StoreError;
use crate::keys::{self, Key};
use crate::list::PageOf;
use crate::port::{Range, Store};
use crate::rows::decode;

impl dyn Store {
    /// A page of the ids of the entries of one thing.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn list_audit_of(
        &self,
        tenant: Id,
        entity_id: &str,
        page: &PageOf,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let pk = keys::names(tenant, Kind::AuditEntry, "entity", entity_id);
        // Nothing is called so, and DynamoDB would refuse to look for it.
        if pk.len() > KEY_BYTES {
            return Ok(Vec::new());
        }
        let (from, below) = page.made.places();
        let range = Range {
            from,
            below,
            after: page.after.map(Id::padded),
            descending: !page.ascending,
            limit: page.limit,
            ..Range::whole(keys::Table::Catalog, pk, String::new())
        };
        let items = self.range(&range).await?.items;
        let ids = items.iter().filter_map(|item| item.get("id")?.as_n().ok()?.parse().ok());
        let places: Vec<Key> =
            ids.map(|id| keys::of_catalog(tenant, Kind::AuditEntry, id)).collect();
        if places.is_empty() {
            return Ok(Vec::new());
        }
        self.get(&places).await?.into_iter().flatten().map(decode).collect()
    }

    /// An API key by its id, as answers show it; none for what is no key.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn find_key_info(&self, tenant: Id, id: &str) -> Result<Option<KeyInfo>, StoreError> {
        let Ok(id) = id.parse::<Id>() else { return Ok(None) };
        Ok(self.find_listed_key(tenant, id).await?.map(|key| key.info))
    }
}
