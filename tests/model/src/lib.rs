//! What must always hold, and a model of the whole that is searched through.
//!
//! Neighbours: the simulator and the auditor of a real store ask the same invariants.

pub mod fixture;
pub mod invariants;
mod look;
pub mod possible;
mod revoking;
pub mod search;
pub mod steps;
pub mod system;
