//! Calls to providers: allowed addresses, signatures, the client.

pub mod call;
pub mod client;
pub mod egress;
pub mod signature;
pub mod token;

use domain::ids::Id;

/// The place that a method's callback secrets are sealed for.
pub fn secret_place(method: Id) -> String {
    format!("method {method}")
}

/// The place that the secret of a method's authentication profile is sealed for.
pub fn credential_place(method: Id) -> String {
    format!("method {method} credential")
}
