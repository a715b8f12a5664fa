//! The simulator: the real handlers over the ports, one seed for everything that can happen.
//!
//! Neighbours: every function; `model::invariants` says what must hold.

pub mod again;
pub mod api;
mod calm;
pub mod check;
pub mod clients;
pub mod gate;
pub mod held;
pub mod memory;
pub mod plant;
pub mod provider;
pub mod queue;
pub mod rest;
pub mod rights;
pub mod schedule;
pub mod seat;
pub mod stage;
pub mod vault;
pub mod world;

use tokio::runtime::{Builder, Runtime};

use crate::api::Terms;
use crate::plant::PlantedFault;
use crate::schedule::Ended;
use crate::world::World;

/// How long requests wait for their callbacks.
pub const CALLBACK_TIMEOUT: &str = "PT1H";

/// A world that can be run with any seed, in one thread.
pub struct Simulator(World);

impl Default for Simulator {
    fn default() -> Self {
        Self::new()
    }
}

impl Simulator {
    /// Sets the world up: two tenants, two product keys of five each, of two products that are
    /// taken back when they are revoked.
    pub fn new() -> Self {
        Self::of(2, true)
    }

    /// The same of one product, which is not taken back.
    pub fn single() -> Self {
        Self::of(1, false)
    }

    fn of(products: usize, whole: bool) -> Self {
        let terms = Terms {
            keys: 2,
            quantity: 5,
            products,
            whole,
            callback_timeout: CALLBACK_TIMEOUT,
            ..Terms::default()
        };
        Self(runtime().block_on(World::new(&terms)))
    }

    /// Runs a seed.
    pub fn run(&self, seed: u64, plant: PlantedFault, tell: bool) -> Ended {
        // What died in a run goes with its runtime.
        runtime().block_on(schedule::run(&self.0, seed, plant, tell))
    }

    /// The world, for a run of one's own.
    pub fn world(&self) -> &World {
        &self.0
    }
}

/// One thread, no timers, no sockets: nothing but the gate decides what comes next.
///
/// # Panics
/// When the machine gives no thread.
#[expect(clippy::expect_used, reason = "there is no simulator without it")]
pub fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}
