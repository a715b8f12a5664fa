//! The way of a deployment from rows of form 1, which 0.1.0 wrote, to rows of form 3. Rows of all
//! forms are read always. Form 2 differs in one thing: what names a partner has no look-up row.
//!
//! Neighbours: `mark` says which form a deployment has, `rows` and `commit` write by the phase,
//! `list` reads the indexes that there are.

/// The form of the rows that this version writes. A later one is not read.
pub const FORM: u32 = 3;

/// How far a deployment is on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Functions of 0.1.0 may run, and can read what is written: rows have form 1, and are listed
    /// by its index.
    First,
    /// Rows are written in form 3. Earlier ones are still there, and not found by their owners.
    Mixed,
    /// All rows have form 3.
    #[default]
    Whole,
}
