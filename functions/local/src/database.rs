//! The database of a data folder, and the key that it was made with.
//!
//! Neighbours: `service` opens both at a start, `doctor` looks at them. Guarantee: a start changes
//! nothing unless the two belong together.

use data_encoding::HEXLOWER;
use domain::ids::Purpose;
use edge::mark;
use edge::ports::Ids;
use edge::secret::MasterKey;
use store::form::{FORM, Form};
use store::keys::Index;
use store::migrate::Migration;
use store::{Store, StoreError};

use crate::data_dir::DataDir;
use crate::engine::{self, Engine};
use crate::start_error::StartError;

/// The file that has the master key.
const MASTER_KEY: &str = "master-key";
/// The file that has the administrator's key.
pub const ADMIN_KEY: &str = "admin-key";

/// The database and the key of a folder, as they are.
///
/// # Errors
/// A part that is missing or damaged.
pub fn keyed(data: &DataDir) -> Result<(Engine, MasterKey), StartError> {
    let (master, path) = (master_key(data)?, data.database()?);
    let failed = |error: String| StartError::Database(path.display().to_string(), error);
    Ok((Engine::open(&path).map_err(failed)?, master))
}

fn master_key(data: &DataDir) -> Result<MasterKey, StartError> {
    let text = data.find(MASTER_KEY)?.ok_or_else(|| data.missing(MASTER_KEY))?;
    let no_key = || StartError::Key(data.file(MASTER_KEY), "a master key, which has 64 hex digits");
    MasterKey::from_hex(&text).ok_or_else(no_key)
}

/// Opens the database with the key that it was made with. A first start makes the key before
/// anything is made with it, and the database beside its place; any other start has both, and
/// changes nothing unless they belong together.
///
/// # Errors
/// What is missing, damaged or of another key; nothing was changed then.
pub async fn open(data: &DataDir, ids: &dyn Ids) -> Result<(Engine, MasterKey), StartError> {
    if !data.has_database()? {
        if data.find(ADMIN_KEY)?.is_some() {
            return Err(data.lost(ADMIN_KEY).into());
        }
        if data.find(MASTER_KEY)?.is_none() {
            data.keep(MASTER_KEY, &HEXLOWER.encode(&ids.entropy().bytes(Purpose::MasterKey)))?;
        }
        make(data).await?;
    }
    let (engine, master) = keyed(data)?;
    fits(data, &engine, &master).await?;
    Ok((engine, master))
}

/// Makes the tables and their mark in memory; they are written as one file, which is whole before
/// it is in its place.
async fn make(data: &DataDir) -> Result<(), StartError> {
    let path = data.new_database()?;
    let failed = |error: String| StartError::Database(path.display().to_string(), error);
    let engine = Engine::memory().map_err(failed)?;
    fits(data, &engine, &master_key(data)?).await?;
    engine.write(&path).await.map_err(failed)?;
    Ok(data.place(&path)?)
}

/// Whether key and version fit the data; then what is missing of the tables is made.
async fn fits(data: &DataDir, engine: &Engine, master: &MasterKey) -> Result<(), StartError> {
    let (core, catalog) = engine::TABLES;
    let (client, store) = (engine.client(), engine.store());
    let unfit = |error| StartError::Unfit(error, data.path().display().to_string());
    let damaged = |error: StoreError| {
        StartError::Database(data.path().display().to_string(), error.to_string())
    };
    if store::tables::exist(&client, core, catalog).await.map_err(damaged)? {
        let marked = mark::compare(&store, Some(master)).await.map_err(unfit)?;
        if marked != Some(FORM) {
            let first = engine.store().in_form(Form::First);
            if marked.is_none() {
                mark::compare_unmarked(&first, master).await.map_err(unfit)?;
            }
            return Err(StartError::FirstForm(data.path().display().to_string()));
        }
    }
    store::tables::create(&client, core, catalog, store.form()).await.map_err(damaged)?;
    mark::compare_or_mark(&store, master).await.map(drop).map_err(unfit)
}

/// Brings a folder of 0.1.0 to the present form, saying how far it is. Nothing is changed before a
/// copy of the database is there; a migration that was ended early goes on where it was.
///
/// # Errors
/// What is missing, damaged or of another key; a service that uses the folder.
pub async fn migrate(data: &DataDir, say: fn(&str)) -> Result<(), StartError> {
    let (core, catalog) = engine::TABLES;
    let (engine, master) = keyed(data)?;
    let at = || data.path().display().to_string();
    let damaged = |error: StoreError| StartError::Database(at(), error.to_string());
    let (client, store) = (engine.client(), engine.store());
    if !store::tables::exist(&client, core, catalog).await.map_err(damaged)? {
        return Err(StartError::Database(at(), "it has no tables".to_owned()));
    }
    let first = engine.store().in_form(Form::First);
    let marked = mark::compare(&first, Some(&master)).await;
    if marked.map_err(|error| StartError::Unfit(error, at()))? == Some(FORM) {
        store::tables::remove(&client, core, Index::List).await?;
        say(&format!("All rows have form {FORM}: there is nothing to do."));
        return Ok(());
    }
    if let Some(new) = data.new_copy()? {
        say("A copy of the database is made first.");
        engine.write(&new).await.map_err(|error| StartError::Database(at(), error))?;
        say(&format!("  it is {}", data.keep_copy(&new)?));
    }
    mark::compare_or_mark(&first, &master).await.map_err(|error| StartError::Unfit(error, at()))?;
    for index in [Index::Owner, Index::Lines] {
        say(&format!("The index {} is made, where it is missing.", index.name()));
        store::tables::add(&client, core, index).await?;
    }
    let mixed: &dyn Store = &store.in_form(Form::Mixed);
    loop {
        let migrated = mixed.migrate().await?;
        let Migration { rows, changed, unreadable, done, .. } = migrated;
        say(&format!("{rows} rows were looked at, {changed} written anew"));
        if done && unreadable > 0 {
            say(&format!("{unreadable} rows cannot be read; provisio doctor names them."));
        }
        if done {
            break;
        }
    }
    store::tables::remove(&client, core, Index::List).await?;
    say("Done. The service can be started; when all is well, the copy can be removed.");
    Ok(())
}
