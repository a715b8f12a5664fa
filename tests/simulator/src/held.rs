//! Suspended tenants: whoever runs the service suspends one, and ends that; meanwhile nothing of it
//! goes out.
//!
//! Neighbours: `schedule` suspends by chance. Guarantee: a batch that begins while a tenant has
//! been suspended for as long as a process may believe otherwise posts nothing of it.

use std::collections::BTreeMap;

use domain::ids::Id;
use domain::limits::TENANT_KEPT;
use domain::record::Kind;
use domain::time::Time;
use model::invariants::{Violation, check};
use store::keys::of_catalog;
use store::port::Value;

use crate::api::Door;
use crate::gate::Waiting;
use crate::plant::PlantedFault;
use crate::world::Run;

/// Tenants that are suspended, and when batches were begun, by the true clock.
#[derive(Default)]
pub struct Held {
    since: BTreeMap<u64, i64>,
    begun: BTreeMap<usize, i64>,
}

impl Held {
    /// A batch begins.
    pub fn begin(&mut self, slot: usize, now: i64) {
        self.begun.insert(slot, now);
    }
}

impl Run<'_> {
    /// Suspends the tenant of a sale, or ends that; true when it is suspended now.
    pub fn suspend(&mut self, sale: usize) -> bool {
        let (tenant, now) = (self.world.sales[sale].tenant, self.now());
        let suspended = self.held.since.remove(&tenant).is_none();
        if suspended {
            self.held.since.insert(tenant, now);
        }
        self.tell(|| format!("tenant {tenant} is suspended: {suspended}"));
        let id = Id::try_from(tenant).unwrap_or(Id::FIRST_TENANT);
        let written = suspended && self.plant != PlantedFault::Suspension;
        self.world.shared.store.rows().change(&of_catalog(id, Kind::Tenant, id), |row| {
            row.remove("suspendedDate");
            if written {
                let since = Value::S(Time::from_millis(now).to_string());
                row.insert("suspendedDate".to_owned(), since);
            }
        });
        suspended
    }

    /// Ends every suspension.
    pub fn resume(&mut self) {
        for sale in 0..self.world.sales.len() {
            if self.held.since.contains_key(&self.world.sales[sale].tenant) {
                self.suspend(sale);
            }
        }
    }

    /// Whether a POST may go out.
    pub(crate) fn held(&self, waiting: &Waiting) -> Result<(), Violation> {
        let Some(post) = &waiting.post else { return Ok(()) };
        let begun = self.held.begun.get(&waiting.slot).copied().unwrap_or_default();
        let is_of = |door: &Door| {
            let link = format!("/callbacks/{}/", door.method);
            post.headers.iter().any(|(_, value)| value.contains(&link))
        };
        let ours = |tenant: &u64| {
            let mut sales = self.world.sales.iter().filter(|sale| sale.tenant == *tenant);
            sales.any(|sale| is_of(&sale.door) || is_of(&sale.spare))
        };
        let mut late = self.held.since.iter().filter(|(tenant, _)| ours(tenant));
        let held = late.find(|(_, since)| begun > **since + TENANT_KEPT.millis());
        check("I17", held.is_none(), || format!("{held:?} is suspended, and {} is sent", post.url))
    }
}
