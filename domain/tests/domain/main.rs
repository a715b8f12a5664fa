//! The domain's tests: data-driven cases and the full matrix of every state table.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may end so")]

mod allowed;
mod attempts;
mod attributes;
mod hostile;
mod hostile_cases;
mod lifecycle;
mod lint;
mod machines;
mod oracle;
mod repetitions;
mod shape;
mod substitution;
mod sweeping;
