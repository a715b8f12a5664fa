//! What a caller may know of: a key that is bound to a customer or partner, of their own alone.
//!
//! Neighbours: handlers ask for what they loaded. Guarantee: what is another's is not there.

use domain::entitlement::Entitlement;
use domain::ids::Id;
use domain::rejection::Rejection;

use crate::http::auth::Caller;
use crate::http::context::Cx;
use crate::http::problem::Problem;

impl Caller {
    /// Whether the caller may know of what belongs to an entitlement.
    ///
    /// # Errors
    /// 404 for `what`.
    pub fn owns(&self, entitlement: &Entitlement, what: &str) -> Result<(), Rejection> {
        let foreign = self.key.bound().is_some_and(|bound| !bound.owns(entitlement));
        if foreign { Err(Rejection::not_found(what)) } else { Ok(()) }
    }
}

impl Cx {
    /// The same of the entitlement of this id, which is read for bound keys alone.
    ///
    /// # Errors
    /// 404 for `what`.
    pub async fn own(&self, entitlement: Id, what: &'static str) -> Result<(), Problem> {
        let caller = self.caller()?;
        if !caller.key.is_bound() {
            return Ok(());
        }
        let found =
            store::present(self.store().load_entitlement(caller.tenant, entitlement).await)?;
        let entitlement = found.ok_or_else(|| Rejection::not_found(what))?;
        Ok(caller.owns(&entitlement, what)?)
    }
}
