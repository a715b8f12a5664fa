//! The simulator: the real handlers over the five ports, one seed for everything that can happen.

pub mod memory;
