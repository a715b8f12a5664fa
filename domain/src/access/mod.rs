//! Who may do what: namespaces, roles, API keys, permissions (domain.md section 6).
//!
//! Neighbours: the edge asks [`Role::may`] on every call.

pub mod keys;
pub mod namespace;
pub mod role;

pub use keys::ApiKey;
pub use namespace::Namespace;
pub use role::{Act, Area, Grant, Needs, Role};
