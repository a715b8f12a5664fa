//! The form of the rows: 1 is that of version 0.1.0, 2 the present one. Both are read always.
//!
//! Neighbours: `mark` says which form a deployment has, `rows` and `commit` write by it, `list`
//! reads the indexes that there are. Guarantee: while functions of 0.1.0 may run, nothing is
//! written that they cannot read.

/// The form of the rows that this version writes. A later one is not read.
pub const FORM: u32 = 2;

/// How far a deployment is on its way from form 1 to form 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Rows are written in form 1, and listed by its index.
    First,
    /// Rows are written in form 2. Those of form 1 are still there, and not in the index `owner`.
    Mixed,
    /// All rows have form 2.
    #[default]
    Whole,
}
