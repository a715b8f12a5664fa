//! What is sealed for the caller's tenant, and what its product keys are made with.
//!
//! Neighbours: handlers ask, `app` seals and opens. Guarantee: a call seals with the master key
//! that the tenant's row named when it came.

use domain::entitlement::product_key::KeySecret;
use domain::plan::door::Sealed;
use domain::stamp::Stamp;

use crate::http::context::Cx;
use crate::http::problem::Problem;
use crate::secret::Secret;

impl Cx {
    /// The secret of the eIds and product keys of the caller's tenant.
    ///
    /// # Errors
    /// As [`Cx::caller`]; when its seal does not fit.
    pub async fn key_secret(&self) -> Result<KeySecret, Problem> {
        Ok(self.app.key_secret(&self.caller()?.vendor).await?)
    }

    /// Seals a secret for a place, with the master key that seals everything of the caller's
    /// tenant.
    ///
    /// # Errors
    /// As [`Cx::caller`]; when this process has no such key.
    pub async fn seal(
        &self,
        secret: &Secret,
        place: &str,
        stamp: &Stamp,
    ) -> Result<Sealed, Problem> {
        let number = self.caller()?.vendor.master_key();
        Ok(self.app.seal(number, secret, place, &stamp.entropy).await?)
    }
}
