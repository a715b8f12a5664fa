//! Who may do what, and who did it: the tenant, namespaces, roles, API keys, permissions,
//! the audit.
//!
//! Neighbours: the edge asks [`Role::may`] on every call.

pub mod audit;
pub mod bound;
pub mod built_in;
pub mod erased;
pub mod giving;
pub mod keys;
pub mod namespace;
pub mod people;
pub mod retention;
pub mod role;
pub mod secrets;
pub mod tenant;

pub use bound::Bound;
pub use keys::ApiKey;
pub use namespace::Namespace;
pub use role::{Act, Area, Grant, Needs, Role};
pub use tenant::Tenant;
