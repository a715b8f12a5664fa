//! The rows around an entitlement, on which it depends what may be ordered of it.
//!
//! Neighbours: every handler of this function. Guarantee: nothing is read that decides nothing.

use domain::entitlement::Entitlement;
use domain::entitlement::create::Products;
use domain::entitlement::states::Around;
use domain::ids::Id;
use domain::time::Day;
use edge::{Cx, Problem};

/// The rows, as they were read.
pub(crate) struct Surroundings {
    /// Its products, and those that a body names.
    pub(crate) products: Products,
    /// Whether a request of it is open; none where it could not be deleted, so nobody looked.
    open_requests: Option<bool>,
}

impl Surroundings {
    /// Of one that is new.
    pub(crate) async fn of_new(cx: &Cx, named: &[Id]) -> Result<Self, Problem> {
        let products = cx.store().find_products(cx.tenant()?, named).await?;
        Ok(Self { products, open_requests: None })
    }

    /// The products that a body names, and all of its own until it has its keys; whether something
    /// of it is still open, where it could be deleted.
    pub(crate) async fn of(
        cx: &Cx,
        entitlement: &Entitlement,
        mut named: Vec<Id>,
    ) -> Result<Self, Problem> {
        if !entitlement.has_keys() {
            named.extend(entitlement.products());
            named.sort_unstable();
            named.dedup();
        }
        Self::of_new(cx, &named).await?.after(cx, entitlement).await
    }

    /// The same of what an act made of it: a sold entitlement may be a draft now.
    pub(crate) async fn after(mut self, cx: &Cx, next: &Entitlement) -> Result<Self, Problem> {
        if self.open_requests.is_none() && next.is_passing() {
            let open = cx.store().has_open_requests(cx.tenant()?, next).await?;
            self.open_requests = Some(open);
        }
        Ok(self)
    }

    /// The same on the day of the call.
    pub(crate) const fn on(&self, today: Day) -> Around<'_> {
        let open_requests = matches!(self.open_requests, Some(true));
        Around { products: &self.products, open_requests, today }
    }
}
