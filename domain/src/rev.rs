//! Where a row was read: its revision, and what stood there.
//!
//! Neighbours: the store reads it and writes only if it still holds; the audit tells what changed.
//! Guarantee: it is no part of what a row says.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The revision of the row that a `T` was read from, and the `T` as it was read; 0 and none for
/// what is new, or was not read from a row.
#[derive(Debug)]
pub struct Rev<T = ()> {
    number: u64,
    was: Option<Arc<T>>,
}

impl<T> Rev<T> {
    /// Of a row that was read.
    pub fn read(number: u64, was: T) -> Self {
        Self { number, was: Some(Arc::new(was)) }
    }

    /// Of a row that is known to have this revision, whatever stands there.
    pub const fn of(number: u64) -> Self {
        Self { number, was: None }
    }

    /// The revision; 0 for what is new.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The row's members as they were read.
    pub fn was(&self) -> Option<&T> {
        self.was.as_deref()
    }

    /// The revision after a write.
    #[must_use]
    pub fn next(&self) -> Self {
        Self { number: self.number + 1, was: None }
    }
}

impl<T> Default for Rev<T> {
    fn default() -> Self {
        Self::of(0)
    }
}

impl<T> Clone for Rev<T> {
    fn clone(&self) -> Self {
        Self { number: self.number, was: self.was.clone() }
    }
}

impl<T> PartialEq for Rev<T> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<T> Eq for Rev<T> {}

impl<T> Hash for Rev<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

/// A thing that knows the revision of its row.
pub trait Revised {
    /// The revision that was read; 0 for what is new.
    fn rev(&self) -> u64;

    /// Notes that it was read at this revision.
    fn read_at(&mut self, number: u64);
}
