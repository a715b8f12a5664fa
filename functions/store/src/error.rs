//! Why the store says no.

/// The store's errors. None of them carries data of a row.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else wrote first: load and decide again.
    #[error("a row changed since it was read")]
    Conflict,
    /// A unique name belongs to another.
    #[error("the {member} {value:?} is taken")]
    NameTaken {
        /// The member that must be unique.
        member: &'static str,
        /// Its value.
        value: String,
    },
    /// The same Idempotency-Key was committed first: replay it.
    #[error("the idempotency record exists")]
    Replayed,
    /// There is no such row.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// DynamoDB did not do it now.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// A row does not read as what it should be.
    #[error("a row of {0} cannot be read: {1}")]
    Corrupt(&'static str, String),
}

/// Why a commit did not happen.
#[derive(Debug)]
pub enum CommitError {
    /// These writes' conditions did not hold; empty: a concurrent transaction.
    Refused(Vec<usize>),
    /// Not possible now.
    Unavailable(String),
}

impl From<CommitError> for StoreError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Refused(_) => Self::Conflict,
            CommitError::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

/// What was found, or nothing where the row cannot be read: it harms only itself.
///
/// # Errors
/// All but `Corrupt`.
pub fn readable<T>(found: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match found {
        Err(StoreError::Corrupt(..)) => Ok(None),
        other => other.map(Some),
    }
}

/// What was loaded, or nothing where there is no such thing.
///
/// # Errors
/// All but `NotFound`.
pub fn present<T>(loaded: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match loaded {
        Err(StoreError::NotFound(_)) => Ok(None),
        other => other.map(Some),
    }
}
