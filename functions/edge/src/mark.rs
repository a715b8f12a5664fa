//! Whether a process fits the rows that it finds: their master key, and their form.
//!
//! Neighbours: `lambda` and local mode ask at every start. Guarantee: with a foreign key, or rows
//! of a later version, nothing is served and nothing is written.

use domain::ids::Id;
use domain::plan::method::Method;
use domain::record::Kind;
use serde::Deserialize;
use store::keys::Table;
use store::list::PageOf;
use store::mark::Mark;
use store::phase::{FORM, Phase};
use store::{Store, StoreError};

use crate::provider::secret_place;
use crate::secret::MasterKey;

/// Why a process does not fit.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// The rows were made with another key.
    #[error(
        "the master key is not the one that this data was made with: product keys and secrets \
         would be unknown. Restore the key from its backup"
    )]
    ForeignKey,
    /// The rows are of a later version.
    #[error(
        "the data has form {0}, this version reads forms up to {FORM}: start the version that \
         wrote it, or a later one"
    )]
    LaterForm(u32),
    /// The store does not say.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// An entitlement that was made with some key.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    id: Id,
    e_id: String,
}

/// Which indexes the tables have: a deployment of 0.1.0 goes from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Indexes {
    /// Those of 0.1.0, whose functions may still run.
    Old,
    /// Those of both versions.
    Both,
    /// Those of this version.
    New,
}

impl Indexes {
    /// The phase in which a process writes, by what the mark says of the rows.
    pub const fn phase(self, marked: Option<u32>) -> Phase {
        match (self, marked) {
            (Self::Old, _) => Phase::First,
            (_, Some(FORM)) => Phase::Whole,
            _ => Phase::Mixed,
        }
    }
}

/// Compares this version, and the key of a process that has one, with the mark; says the form of
/// the rows, if there is a mark.
///
/// # Errors
/// Why the process does not fit.
pub async fn compare(
    store: &(dyn Store + 'static),
    master: Option<&MasterKey>,
) -> Result<Option<u32>, Unfit> {
    let Some(mark) = store.find_mark().await? else { return Ok(None) };
    if mark.form > FORM {
        return Err(Unfit::LaterForm(mark.form));
    }
    if master.is_some_and(|master| mark.master_key != master.check_value()) {
        return Err(Unfit::ForeignKey);
    }
    Ok(Some(mark.form))
}

/// The same, and marks what has no mark: new tables, or those of 0.1.0. Says the form of the rows.
///
/// # Errors
/// Why the process does not fit.
pub async fn compare_or_mark(
    store: &(dyn Store + 'static),
    master: &MasterKey,
) -> Result<u32, Unfit> {
    if let Some(form) = compare(store, Some(master)).await? {
        return Ok(form);
    }
    compare_unmarked(store, master).await?;
    // Rows without a mark are those of 0.1.0.
    let form = if store.scan(Table::Core, None, 1).await?.is_empty() { FORM } else { 1 };
    match store.keep_mark(&Mark { master_key: master.check_value(), form }).await {
        // Another process was first: with the same key, or it is refused now.
        Err(StoreError::Conflict) => Ok(compare(store, Some(master)).await?.unwrap_or(form)),
        other => Ok(other.map(|()| form)?),
    }
}

/// Compares the key with what has no mark: an entitlement tells, whose GUID is derived from the
/// key, or a method, whose secrets are sealed with it.
///
/// # Errors
/// Why the process does not fit.
pub async fn compare_unmarked(
    store: &(dyn Store + 'static),
    master: &MasterKey,
) -> Result<(), Unfit> {
    let (tenant, one) = (Id::FIRST_TENANT, PageOf { limit: 1, ..PageOf::default() });
    let found = store.list::<Made>(tenant, Kind::Entitlement, &one, |_| true).await?;
    let secret = master.key_secret(tenant);
    if found.rows.iter().any(|made| secret.e_id(made.id).to_string() != made.e_id) {
        return Err(Unfit::ForeignKey);
    }
    let methods = store.list::<Method>(tenant, Kind::Method, &one, |_| true).await?.rows;
    let opens = |method: &Method| {
        let place = secret_place(method.info.id);
        method.secrets.iter().all(|sealed| master.open(sealed, &place).is_ok())
    };
    if !methods.iter().all(opens) {
        return Err(Unfit::ForeignKey);
    }
    Ok(())
}
