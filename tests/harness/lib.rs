//! The harness of the acceptance tests: the real service, a scripted provider, a typed client.
//!
//! Neighbours: `acceptance`. Guarantee: nothing leaves 127.0.0.1, every port is ephemeral, and
//! nobody sleeps: tests wait for a condition with a deadline.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may end so")]
#![allow(clippy::missing_panics_doc, reason = "a test may end so")]

pub mod client;
pub mod main_job;
pub mod provider;
pub mod service;
pub mod story;

pub use client::{Client, Reply};
pub use provider::{ScriptedProvider, Sent};
pub use service::{Service, options};
pub use story::Story;

use std::future::Future;
use std::time::{Duration, Instant};

use local::engine::Engine;

/// No condition takes longer.
const DEADLINE: Duration = Duration::from_secs(30);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);

/// DynamoDB in memory.
pub fn engine() -> Engine {
    Engine::memory().unwrap()
}

/// Waits until `look` finds something.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, look: impl FnMut() -> F) -> T {
    until_within(DEADLINE, what, look).await
}

/// Waits until `look` finds something, for as long as this.
pub async fn until_within<T, F: Future<Output = Option<T>>>(
    deadline: Duration,
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < deadline, "waited too long for {what}");
        tokio::time::sleep(LOOK).await;
    }
}
