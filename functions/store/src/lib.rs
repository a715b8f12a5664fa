//! The store REMEMBERS: typed loads and lists, and `commit(Decision)` as one transaction.
//!
//! Neighbours: the edge and the functions call it; it uses `domain` alone.
//! Guarantee: every write names the revision it read; a lost race is [`StoreError::Conflict`].

mod audit;
pub mod beside;
pub mod catalog;
pub mod commit;
pub mod compact;
pub mod content;
pub mod due;
pub mod dynamo;
pub mod error;
pub mod idempotency;
mod index;
pub mod keys;
pub mod list;
pub mod load;
pub mod mark;
pub mod migrate;
mod names;
pub mod owned;
mod parties;
pub mod phase;
mod places;
pub mod port;
pub mod resealing;
pub mod rows;
pub mod sample;
mod sdk_error;
pub mod sources;
pub mod tables;
pub mod theirs;

pub use commit::Extra;
pub use error::{StoreError, present, readable};
pub use port::Store;
