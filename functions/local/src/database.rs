//! The database of a data folder, and the key that it was made with.
//!
//! Neighbours: `service` opens both at a start, `doctor` looks at them. Guarantee: a start changes
//! nothing unless the two belong together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use domain::ids::Purpose;
use edge::mark;
use edge::master::MasterKeys;
use edge::ports::{Ids, Vault, VaultError};
use store::keys::Index;
use store::migrate::Migration;
use store::phase::{FORM, Phase};
use store::{Store, StoreError};

use crate::data_dir::{DataDir, keep};
use crate::engine::{self, Engine};
use crate::start_error::StartError;

/// The file that has the master key.
const MASTER_KEY: &str = "master-key";
/// The file that has the administrator's key.
pub const ADMIN_KEY: &str = "admin-key";
/// The file that has the key of whoever runs the service.
pub const OPERATOR_KEY: &str = "operator-key";

/// The database and the key of a folder, as they are.
///
/// # Errors
/// A part that is missing or damaged.
pub async fn keyed(data: &DataDir) -> Result<(Engine, MasterKeys), StartError> {
    let (master, path) = (master_keys(data).await?, data.database()?);
    let failed = |error: String| StartError::Database(path.display().to_string(), error);
    Ok((Engine::open(&path).map_err(failed)?, master))
}

async fn master_keys(data: &DataDir) -> Result<MasterKeys, StartError> {
    data.find(MASTER_KEY)?.ok_or_else(|| data.missing(MASTER_KEY))?;
    let vault = Arc::new(KeyFile(data.path().join(MASTER_KEY)));
    MasterKeys::open(vault).await.map_err(|_| {
        StartError::Key(data.file(MASTER_KEY), "a master key, which has 64 hex digits")
    })
}

/// The file with the master keys.
struct KeyFile(PathBuf);

#[async_trait]
impl Vault for KeyFile {
    async fn read(&self) -> Result<String, VaultError> {
        let bytes = fs::read(&self.0).map_err(|error| unavailable(&error))?;
        // What is no text is no key either.
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    async fn write(&self, text: &str) -> Result<(), VaultError> {
        keep(&self.0, text).map_err(|error| unavailable(&error))
    }
}

fn unavailable(error: &io::Error) -> VaultError {
    VaultError::Unavailable(error.to_string())
}

/// What a folder of 0.1.0 needs before a start.
///
/// # Errors
/// While it is one, with its reason.
pub async fn is_present(data: &DataDir) -> Result<(), StartError> {
    let at = data.path().display().to_string();
    let Some(path) = data.first_form() else {
        return if data.is_between() { Err(StartError::Between(at)) } else { Ok(()) };
    };
    if data.has_database()? {
        return Err(StartError::Both(at));
    }
    first_store(data, &path).await?;
    Err(StartError::FirstForm(at))
}

/// The database of 0.1.0, if it was made with the folder's key.
async fn first_store(data: &DataDir, path: &Path) -> Result<(Engine, MasterKeys), StartError> {
    let master = master_keys(data).await?;
    let failed = |error: String| StartError::Database(path.display().to_string(), error);
    let engine = Engine::open(path).map_err(failed)?;
    let (core, catalog) = engine::TABLES;
    let store = engine.store().in_phase(Phase::First);
    if !store::tables::exist(&engine.client(), core, catalog).await? {
        return Err(failed("it has no tables".to_owned()));
    }
    let unfit = |error| StartError::Unfit(error, data.path().display().to_string());
    if mark::compare(&store, Some(&master)).await.map_err(unfit)?.is_none() {
        mark::compare_unmarked(&store, &master).await.map_err(unfit)?;
    }
    Ok((engine, master))
}

/// Opens the database with the key that it was made with. A first start makes the key before
/// anything is made with it, and the database beside its place; any other start has both, and
/// changes nothing unless they belong together.
///
/// # Errors
/// What is missing, damaged or of another key; nothing was changed then.
pub async fn open(data: &DataDir, ids: &dyn Ids) -> Result<(Engine, MasterKeys), StartError> {
    is_present(data).await?;
    if !data.has_database()? {
        if data.find(ADMIN_KEY)?.is_some() {
            return Err(data.lost(ADMIN_KEY).into());
        }
        if data.find(MASTER_KEY)?.is_none() {
            data.keep(MASTER_KEY, &HEXLOWER.encode(&ids.entropy().bytes(Purpose::MasterKey)))?;
        }
        make(data).await?;
    }
    let (engine, master) = keyed(data).await?;
    fits(data, &engine, &master).await?;
    Ok((engine, master))
}

/// Makes the tables and their mark in memory; they are written as one file, which is whole before
/// it is in its place.
async fn make(data: &DataDir) -> Result<(), StartError> {
    let path = data.new_database()?;
    let failed = |error: String| StartError::Database(path.display().to_string(), error);
    let engine = Engine::memory().map_err(failed)?;
    fits(data, &engine, &master_keys(data).await?).await?;
    engine.write(&path).await.map_err(failed)?;
    Ok(data.place(&path)?)
}

/// Whether keys and version fit the data; then what is missing of the tables is made, and rows of
/// an earlier form are written anew. Says the form that was found.
async fn fits(data: &DataDir, engine: &Engine, master: &MasterKeys) -> Result<u32, StartError> {
    let (core, catalog) = engine::TABLES;
    let (client, store) = (engine.client(), engine.store());
    let unfit = |error| StartError::Unfit(error, data.path().display().to_string());
    let damaged = |error: StoreError| {
        StartError::Database(data.path().display().to_string(), error.to_string())
    };
    if store::tables::exist(&client, core, catalog).await.map_err(damaged)? {
        mark::compare(&store, Some(master)).await.map_err(unfit)?;
    }
    store::tables::create(&client, core, catalog, store.phase()).await.map_err(damaged)?;
    let form = mark::compare_or_mark(&store, master).await.map_err(unfit)?;
    // From form 2 on, nothing moves: the rows are written anew where they stand.
    let mixed: &dyn Store = &store.in_phase(Phase::Mixed);
    while form < FORM && !mixed.migrate().await.map_err(damaged)?.done {
        tracing::info!("rows of form {form} are written anew");
    }
    Ok(form)
}

/// Brings a folder of 0.1.0 to the present form, saying how far it is. Its database is kept as it
/// is, under a name by which no version takes it for today's; the rows of a copy are written anew,
/// and the copy gets its place when all are. What was ended early goes on.
///
/// # Errors
/// What is missing, damaged or of another key; a service that uses the folder.
pub async fn migrate(data: &DataDir, say: fn(&str)) -> Result<(), StartError> {
    let at = || data.path().display().to_string();
    match data.first_form() {
        Some(_) if data.has_database()? => return Err(StartError::Both(at())),
        None if !data.is_between() => {
            let (engine, master) = keyed(data).await?;
            let found = fits(data, &engine, &master).await?;
            let done = match found {
                FORM => "there is nothing to do".to_owned(),
                found => format!("those of form {found} were written anew"),
            };
            say(&format!("All rows have form {FORM}: {done}."));
            return Ok(());
        }
        // Opening it takes what is in its log; nothing is moved unless the key is the right one.
        Some(path) => {
            drop(first_store(data, &path).await?);
            // A copy that is there is of before somebody went back to this one.
            data.forget(&data.migrating())?;
        }
        None => {}
    }
    let kept = data.keep_first_form()?;
    say(&format!("The database is kept as {}.", kept.display()));
    let copy = data.migrating();
    if !copy.exists() {
        say("A copy is made, with the indexes of this version.");
        let new = data.new_database()?;
        let (engine, _) = first_store(data, &kept).await?;
        let failed = |error: String| StartError::Database(new.display().to_string(), error);
        engine.write(&new).await.map_err(failed)?;
        index(data, &new).await?;
        data.moved(&new, &copy)?;
    }
    renew(data, &copy, say).await?;
    data.place(&copy)?;
    say("Done. The service can be started; when all is well, the kept database can be removed.");
    Ok(())
}

/// Gives a copy its mark and the indexes of this version. The engine does not do that all at once:
/// a copy where it was ended is made anew.
async fn index(data: &DataDir, copy: &Path) -> Result<(), StartError> {
    let (engine, master) = first_store(data, copy).await?;
    let (client, first) = (engine.client(), engine.store().in_phase(Phase::First));
    let unfit = |error| StartError::Unfit(error, data.path().display().to_string());
    mark::compare_or_mark(&first, &master).await.map_err(unfit)?;
    let (core, _) = engine::TABLES;
    for index in [Index::Owner, Index::Listed] {
        store::tables::add(&client, core, index).await?;
    }
    Ok(store::tables::remove(&client, core, Index::List).await?)
}

/// Brings all rows of a copy to the present form.
async fn renew(data: &DataDir, copy: &Path, say: fn(&str)) -> Result<(), StartError> {
    let (engine, _) = first_store(data, copy).await?;
    let mixed: &dyn Store = &engine.store().in_phase(Phase::Mixed);
    let mut said = None;
    loop {
        let Migration { rows, changed, found, unreadable, done, .. } = mixed.migrate().await?;
        let line = format!("{rows} rows were looked at, {} written anew", changed + found);
        if said.as_ref() != Some(&line) {
            say(&line);
        }
        said = Some(line);
        if done {
            if unreadable > 0 {
                say(&format!("{unreadable} rows cannot be read: provisio doctor names some."));
            }
            return Ok(());
        }
    }
}
