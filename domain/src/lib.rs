//! The domain DECIDES: values in, a [`decision::Decision`] or a [`rejection::Rejection`] out.
//!
//! Neighbours: every other crate uses this one, it uses none of them.
//! Guarantee: no I/O, no clock, no environment, no randomness, no `async fn`.

pub mod access;
pub mod activation;
pub mod attributes;
pub mod catalog;
pub mod cause;
pub mod customer;
pub mod decision;
pub mod entitlement;
pub mod ids;
pub mod life;
pub mod limits;
pub mod machine;
pub mod name;
pub mod plan;
pub mod record;
pub mod rejection;
pub mod request;
pub mod rev;
pub mod stamp;
pub mod substitution;
pub mod task;
pub mod text;
pub mod time;
pub mod told;
pub mod view;
