//! Local mode: the whole service in one process, on this machine alone.
//!
//! Neighbours: `main` and the tests start it. Guarantee (invariant 9): the same routers, handlers
//! and store code as on Lambda; only where DynamoDB and the queue live differs.

pub mod access;
pub mod api;
pub mod check;
pub mod data_dir;
pub mod database;
pub mod demo;
pub mod doctor;
pub mod door;
pub mod engine;
pub mod limits;
pub mod log;
pub mod master;
mod on_disk;
pub mod operator;
pub mod options;
mod parts;
pub mod provider;
pub mod queue;
pub mod script;
pub mod serve;
pub mod service;
pub mod start_error;
pub mod tenants;
pub mod webhook;
pub mod workers;

pub use options::Options;
pub use service::{Running, provide, start};
