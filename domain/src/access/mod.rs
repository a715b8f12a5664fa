//! Who may do what, and who did it: the tenant, namespaces, roles, API keys, permissions,
//! the audit.
//!
//! Neighbours: the edge asks [`Role::may`] on every call.

pub mod audit;
pub mod keys;
pub mod namespace;
pub mod role;
pub mod tenant;

pub use keys::ApiKey;
pub use namespace::Namespace;
pub use role::{Act, Area, Grant, Needs, Role};
pub use tenant::Tenant;
