//! What a process remembers of tenants, for some seconds: whether they are suspended, and how long
//! they keep things.
//!
//! Neighbours: the dispatcher asks before each message, so that held requests cost one read in
//! some seconds, not one each.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::ids::Id;
use domain::limits::TENANT_KEPT;
use domain::time::{Period, Time};
use store::{Store, StoreError};

/// The tenants that were asked for lately, each with the time until when that is believed.
#[derive(Default)]
pub struct Tenants(Mutex<HashMap<Id, (Known, Time)>>);

/// What is remembered of a tenant.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its requests are held.
    pub suspended: bool,
    /// So long is kept what is sent and heard.
    pub retention: Period,
}

impl Tenants {
    /// Believes nothing any more: somebody in this process has just changed a tenant.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// A tenant as it was some seconds before `now` at the latest.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn know(
        &self,
        store: &(dyn Store + 'static),
        tenant: Id,
        now: Time,
    ) -> Result<Known, StoreError> {
        let remembered = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = remembered().get(&tenant).copied().filter(|(_, until)| now < *until);
        if let Some((known, _)) = found {
            return Ok(known);
        }
        let info = store.load_tenant(tenant).await?.info;
        let known =
            Known { suspended: info.suspended_date.is_some(), retention: info.retention.period() };
        let mut tenants = remembered();
        tenants.retain(|_, (_, until)| now < *until);
        tenants.insert(tenant, (known, now.after(TENANT_KEPT)));
        Ok(known)
    }
}
