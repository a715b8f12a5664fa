//! Why the service does not start, in words that say what to do.

use std::io;

use edge::Problem;
use edge::mark::Unfit;
use store::StoreError;

use crate::data_dir::FolderError;

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file or a port.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A port that somebody else has.
    #[error("port {0} is not free; choose another with {1}")]
    Port(u16, &'static str),
    /// The data folder.
    #[error("{0}")]
    Folder(#[from] FolderError),
    /// The database file.
    #[error(
        "the database in {0} cannot be opened: {1}; if it is damaged, restore it from its backup"
    )]
    Database(String, String),
    /// A file that holds no key.
    #[error("{0} does not hold {1}; restore it from its backup. Nothing was changed")]
    Key(String, &'static str),
    /// The administrator's key, ended.
    #[error(
        "the administrator's key in {0} was revoked, was rotated, or has expired. Write the newest \
         secret into that file, or remove it: then the next start makes a new key"
    )]
    AdminKey(String),
    /// A migration was ended early.
    #[error(
        "the data in {0} was made by 0.1.0, and is not all in the present form yet: run provisio \
         doctor --migrate --data-dir {0} again. Nothing was changed"
    )]
    Between(String),
    /// Two databases.
    #[error(
        "{0} holds a database of 0.1.0, dynamodb.sqlite, and one of this version, provisio.sqlite: \
         move away the one that you do not want. Nothing was changed"
    )]
    Both(String),
    /// The rows were made by 0.1.0.
    #[error(
        "the data in {0} was made by 0.1.0: run provisio doctor --migrate --data-dir {0} once, and \
         start again. Nothing was changed"
    )]
    FirstForm(String),
    /// The rows are not this process's.
    #[error("{0}; the data is in {1}. Nothing was changed")]
    Unfit(Unfit, String),
    /// The store.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The first tenant could not be made.
    #[error("the first tenant could not be made: {0:?}")]
    Bootstrap(Box<Problem>),
}
