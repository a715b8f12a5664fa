//! Dynamic substitution: a plan's definition, compiled once, filled from a document.
//!
//! Neighbours: `plan` compiles at save, `request` renders at dispatch. Guarantee (D17): the same
//! document and the same definition give the same bytes; nothing else is read.

pub mod budget;
pub mod compile;
pub mod evaluate;
pub mod expression;
pub mod kept;
pub mod known;
pub mod lint;
pub mod parts;
pub mod render;
pub mod shape;
pub mod strict;
pub mod trace;
pub mod values;
pub mod version;

pub use compile::{Definition, DefinitionFault};
pub use render::Rendered;
pub use trace::{Outcome, TraceEntry};
