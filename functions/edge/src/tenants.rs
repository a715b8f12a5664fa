//! What a process remembers of tenants, for some seconds: whether they are suspended.
//!
//! Neighbours: the dispatcher asks before each message, so that held requests cost one read in
//! some seconds, not one each.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::ids::Id;
use domain::limits::TENANT_KEPT;
use domain::time::Time;
use store::{Store, StoreError};

/// The tenants that were asked for lately: whether suspended, and until when that is believed.
#[derive(Default)]
pub struct Tenants(Mutex<HashMap<Id, (bool, Time)>>);

impl Tenants {
    /// Believes nothing any more: somebody in this process has just changed a tenant.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether a tenant is suspended, as it was some seconds before `now` at the latest.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn is_suspended(
        &self,
        store: &(dyn Store + 'static),
        tenant: Id,
        now: Time,
    ) -> Result<bool, StoreError> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known().get(&tenant).copied().filter(|(_, until)| now < *until);
        if let Some((suspended, _)) = found {
            return Ok(suspended);
        }
        let suspended = store.load_tenant(tenant).await?.info.suspended_date.is_some();
        let mut tenants = known();
        tenants.retain(|_, (_, until)| now < *until);
        tenants.insert(tenant, (suspended, now.after(TENANT_KEPT)));
        Ok(suspended)
    }
}
