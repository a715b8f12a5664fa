//! HTTP: the table of routes, and what every call has in common.

pub mod answer;
mod audit;
pub mod auth;
pub mod body;
pub mod bulk;
pub mod context;
pub mod dialect;
mod history;
pub mod idempotency;
mod needs;
pub mod openapi;
mod own;
pub mod page;
mod positions;
pub mod problem;
mod put;
pub mod query;
pub mod repeated;
pub mod router;
pub mod routes;
mod sealing;
pub mod shape;
pub mod table;
