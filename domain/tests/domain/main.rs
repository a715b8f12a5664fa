//! The domain's tests: data-driven cases and the full matrix of every state table.

mod lifecycle;
mod machines;
mod oracle;
mod shape;
mod substitution;
