//! Whoever provisions: where it may be, how a call is signed, how it is made.

pub mod client;
pub mod egress;
pub mod signature;

use domain::ids::Id;

/// The place that a method's callback secrets are sealed for.
pub fn secret_place(method: Id) -> String {
    format!("method {method}")
}
