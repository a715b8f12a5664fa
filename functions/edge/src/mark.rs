//! Whether a process fits the rows that it finds: their master key, and their form.
//!
//! Neighbours: `lambda` and local mode ask at every start. Guarantee: with a foreign key, or rows
//! of a later version, nothing is served and nothing is written.

use std::sync::Arc;

use domain::entitlement::product_key::KeySecret;
use domain::ids::Id;
use domain::plan::door::Sealed;
use domain::plan::method::Method;
use domain::record::Kind;
use serde::Deserialize;
use store::keys::Table;
use store::list::PageOf;
use store::mark::{CheckValues, Mark};
use store::phase::{FORM, Phase};
use store::{Store, StoreError};

use crate::master::MasterKeys;
use crate::ports::VaultError;
use crate::provider::secret_place;
use crate::secret::MasterKey;

/// Why a process does not fit.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// The rows were made with another key.
    #[error(
        "master key {0} is not the one that this data was made with: product keys and secrets \
         would be unknown. Restore the key from its backup"
    )]
    ForeignKey(u32),
    /// The rows are of a later version.
    #[error(
        "the data has form {0}, this version reads forms up to {FORM}: start the version that \
         wrote it, or a later one"
    )]
    LaterForm(u32),
    /// The store does not say.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The keys cannot be read.
    #[error("{0}")]
    Vault(#[from] VaultError),
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

/// Compares this version, and the keys of a process that has them, with the mark; says the form of
/// the rows, if there is a mark. A key that the mark does not know is one that nothing is sealed
/// with yet.
///
/// # Errors
/// Why the process does not fit.
pub async fn compare(
    store: &(dyn Store + 'static),
    master: Option<&MasterKeys>,
) -> Result<Option<u32>, Unfit> {
    let Some(mark) = store.find_mark().await? else { return Ok(None) };
    if mark.form > FORM {
        return Err(Unfit::LaterForm(mark.form));
    }
    let Some(master) = master else { return Ok(Some(mark.form)) };
    let CheckValues(made_with) = mark.master_keys;
    if made_with.keys().any(|number| master.find(*number).is_none()) {
        master.read_again().await?;
    }
    let own = master.check_values(u32::MAX);
    match made_with.iter().find(|(number, value)| own.get(number) != Some(value)) {
        Some((number, _)) => Err(Unfit::ForeignKey(*number)),
        None => Ok(Some(mark.form)),
    }
}

/// The same, and marks what has no mark: new tables, or those of 0.1.0. Says the form of the rows.
///
/// # Errors
/// Why the process does not fit.
pub async fn compare_or_mark(
    store: &(dyn Store + 'static),
    master: &MasterKeys,
) -> Result<u32, Unfit> {
    if let Some(form) = compare(store, Some(master)).await? {
        return Ok(form);
    }
    let first = compare_unmarked(store, master).await?;
    // Rows without a mark are those of 0.1.0.
    let form = if store.scan(Table::Core, None, 1).await?.is_empty() { FORM } else { 1 };
    let master_keys = CheckValues([(Sealed::FIRST_KEY, first.check_value())].into());
    match store.keep_mark(&Mark { master_keys, form }).await {
        // Another process was first: with the same key, or it is refused now.
        Err(StoreError::Conflict) => Ok(compare(store, Some(master)).await?.unwrap_or(form)),
        other => Ok(other.map(|()| form)?),
    }
}

/// Compares key 1 with what has no mark: an entitlement tells, whose GUID is derived from the key,
/// or a method, whose secrets are sealed with it. Says the key.
///
/// # Errors
/// Why the process does not fit.
pub async fn compare_unmarked(
    store: &(dyn Store + 'static),
    master: &MasterKeys,
) -> Result<Arc<MasterKey>, Unfit> {
    let foreign = || Unfit::ForeignKey(Sealed::FIRST_KEY);
    let first = master.find(Sealed::FIRST_KEY).ok_or_else(foreign)?;
    let (tenant, one) = (Id::FIRST_TENANT, PageOf { limit: 1, ..PageOf::default() });
    let found = store.list::<Made>(tenant, Kind::Entitlement, &one, |_| true).await?;
    let secret = KeySecret::new(first.product_keys(tenant));
    if found.rows.iter().any(|made| secret.e_id(made.id).to_string() != made.e_id) {
        return Err(foreign());
    }
    let methods = store.list::<Method>(tenant, Kind::Method, &one, |_| true).await?.rows;
    let opens = |method: &Method| {
        let place = secret_place(method.info.id);
        method.secrets.iter().all(|sealed| first.open(sealed.text(), &place).is_ok())
    };
    methods.iter().all(opens).then_some(first).ok_or_else(foreign)
}
