//! The promise, proven on every run: seeds, crash points, batches, orders, deadlines, and what
//! comes late.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may end so")]

mod batches;
mod canary;
mod crash_points;
mod deadlines;
mod late;
mod opened;
mod orders;
mod secrets;
mod seeds;
mod suspended;
