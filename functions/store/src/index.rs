//! The indexes, and the names of the attributes that tables and indexes are keyed by.
//!
//! Neighbours: `keys` has the shapes of their values, `tables` makes them.

/// The keys' attribute names, in the tables and the indexes.
pub mod attribute {
    /// Partition key.
    pub const PK: &str = "pk";
    /// Sort key.
    pub const SK: &str = "sk";
    /// Revision of the row.
    pub const REV: &str = "rev";
    /// When DynamoDB removes the row, seconds since 1970.
    pub const TTL: &str = "ttl";
    /// The form of the row; a row of form 1 does not say it.
    pub const FORM: &str = "f";
    /// The part of a row that the indexes have: what a list is filtered by before rows are read.
    pub const LISTED: &str = "listed";
    /// Which call wrote the row, so that it knows itself when it is repeated.
    pub const WRITER: &str = "w";
    /// Partition key of the indexes `list` and `listed`.
    pub const LIST_PK: &str = "lpk";
    /// Sort key of the indexes `list` and `listed`.
    pub const LIST_SK: &str = "lsk";
    /// Partition key of the index `owner`.
    pub const OWNER_PK: &str = "opk";
    /// Sort key of the index `owner`.
    pub const OWNER_SK: &str = "osk";
    /// Partition key of the index `due`.
    pub const DUE_PK: &str = "dpk";
    /// Sort key of the index `due`.
    pub const DUE_SK: &str = "dsk";
}

/// The indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Index {
    /// The rows of a kind, by id: in `catalog` with all that they have; in `core` form 1 only.
    List,
    /// The rows of a kind, by id, with what they are filtered by: `core` only.
    Listed,
    /// The same of the rows that belong to something.
    Owner,
    /// The tasks that are due, by time.
    Due,
}

impl Index {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::List, Self::Listed, Self::Owner, Self::Due];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Listed => "listed",
            Self::Owner => "owner",
            Self::Due => "due",
        }
    }

    /// The attributes with its partition and sort key.
    pub const fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::List | Self::Listed => (attribute::LIST_PK, attribute::LIST_SK),
            Self::Owner => (attribute::OWNER_PK, attribute::OWNER_SK),
            Self::Due => (attribute::DUE_PK, attribute::DUE_SK),
        }
    }
}
