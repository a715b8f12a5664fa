//! Whoever provisions: where it may be, how a call is signed, how it is made.

pub mod client;
pub mod egress;
pub mod signature;

use domain::ids::Id;
use domain::plan::method::Sealed;

use crate::secret::{BrokenSeal, MasterKey, Secret};

/// The place that a method's callback secrets are sealed for.
pub fn secret_place(method: Id) -> String {
    format!("method {method}")
}

/// A method's callback secrets in the clear.
///
/// # Errors
/// When a seal does not fit.
pub fn open_secrets(
    master: &MasterKey,
    method: Id,
    sealed: &[Sealed],
) -> Result<Vec<Secret>, BrokenSeal> {
    sealed.iter().map(|sealed| master.open(sealed, &secret_place(method))).collect()
}
