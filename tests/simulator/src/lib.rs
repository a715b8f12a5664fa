//! The simulator: the real handlers over the five ports, one seed for everything that can happen.
//!
//! Neighbours: every function; `model::invariants` says what must hold.

pub mod api;
pub mod memory;
pub mod stage;
