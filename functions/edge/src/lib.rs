//! The edge SPEAKS: HTTP, the queue, the provider, secrets, configuration.
//!
//! Neighbours: the functions are written against it; it uses `store` and `domain`.
//! Guarantee: status codes only in `http::problem`, environment names only in `config`.

pub mod app;
pub mod aws;
pub mod config;
pub mod doctor;
pub mod erasure;
pub mod http;
pub mod lambda;
pub mod loss;
pub mod mark;
pub mod master;
pub mod ports;
pub mod provider;
pub mod queue;
pub mod rotation;
pub mod secret;
pub mod telemetry;
pub mod tenants;
pub mod vault;

pub use app::App;
pub use http::answer::Answer;
pub use http::context::Cx;
pub use http::problem::Problem;
pub use http::router::Routes;
pub use lambda::Lambda;
