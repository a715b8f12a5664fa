//! The data folder: the database, the master key, the admin key; one process at a time.
//!
//! Neighbours: `service` opens it. Guarantee: its files are read by their owner only, and a folder
//! that lacks a part of what it had is not taken for a new one.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// The faults of a data folder.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: String,
        /// Why not.
        error: io::Error,
    },
    /// Something else has its name.
    #[error("{0} is a file; --data-dir names a folder, which is made where there is none")]
    File(String),
    /// Another process has it.
    #[error("{0} is in use by another process; stop that one, or choose another --data-dir")]
    InUse(String),
    /// The database is there, but not what opens it.
    #[error(
        "{0} is missing, and {1} was made with it: every product key and secret would be unknown. \
         Restore it from its backup, or choose another --data-dir; nothing was changed"
    )]
    Missing(String, String),
    /// There was a database.
    #[error(
        "{0} is missing or empty, but {1} tells that there was one. Restore it from its backup, or \
         remove {1} to begin anew; nothing was changed"
    )]
    Lost(String, String),
    /// A file is not what it was.
    #[error("{0} is damaged: {1}. Restore it from its backup; nothing was changed")]
    Damaged(String, String),
}

/// An open data folder; its lock, where it was taken, lasts as long as this.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    lock: Option<File>,
}

impl DataDir {
    /// Opens it, making it where it is missing.
    ///
    /// # Errors
    /// When it cannot be made, or another process has it open.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        no_file(path)?;
        let at = |error| told(path, error);
        fs::create_dir_all(path).map_err(at)?;
        let lock = private(&path.join(LOCK)).map_err(at)?;
        lock.try_lock().map_err(|_| FolderError::InUse(path.display().to_string()))?;
        Ok(Self { path: path.canonicalize().map_err(at)?, lock: Some(lock) })
    }

    /// Opens one that is there, only to look at it, also while a service has it.
    ///
    /// # Errors
    /// When it is not there.
    pub fn look(path: &Path) -> Result<Self, FolderError> {
        no_file(path)?;
        let path = path.canonicalize().map_err(|error| told(path, error))?;
        let data = Self { path, lock: None };
        if data.first_form().is_none() && !data.is_between() {
            let database = data.path.join(DATABASE);
            fs::metadata(&database).map_err(|error| told(&database, error))?;
        }
        Ok(data)
    }

    /// Whether a service has it at this moment.
    pub fn is_held(&self) -> bool {
        self.lock.is_some()
            || File::open(self.path.join(LOCK))
                .is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file of the folder, as messages name it.
    pub fn file(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }

    /// The database file; private, and whole as far as its own header and log tell.
    ///
    /// # Errors
    /// When it is cut, or something else.
    pub fn database(&self) -> Result<PathBuf, FolderError> {
        let path = self.path.join(DATABASE);
        if self.has_database()? {
            let at = |error| told(&path, error);
            if let Some(why) = damage(&path).map_err(at)? {
                return Err(FolderError::Damaged(self.file(DATABASE), why.to_owned()));
            }
            // The engine makes its other files with the permissions of this one.
            make_private(&path).map_err(at)?;
        }
        Ok(path)
    }

    /// Whether something was kept here before.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn has_database(&self) -> Result<bool, FolderError> {
        let path = self.path.join(DATABASE);
        match fs::metadata(&path) {
            Ok(file) => Ok(file.len() > 0),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(told(&path, error)),
        }
    }

    /// Moves a database that is whole by now to its place: a first start that dies before leaves
    /// nothing that looks like a folder.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn place(&self, new: &Path) -> Result<(), FolderError> {
        self.moved(new, &self.path.join(DATABASE))
    }

    /// Moves a database to another name. It must be closed: SQLite finds its log by its name.
    ///
    /// # Errors
    /// When it is not closed, or cannot be moved.
    pub fn moved(&self, new: &Path, path: &Path) -> Result<(), FolderError> {
        if beside(new, "-wal").exists() {
            let busy = io::Error::other("its log is still there: something has it open");
            return Err(told(new, busy));
        }
        let moved = || {
            File::open(new)?.sync_all()?;
            fs::rename(new, path)?;
            File::open(&self.path)?.sync_all()
        };
        moved().map_err(|error| told(path, error))
    }

    /// Where a new database is made; what an earlier start left there is removed.
    ///
    /// # Errors
    /// When that is not possible.
    pub fn new_database(&self) -> Result<PathBuf, FolderError> {
        let path = self.path.join(format!("{DATABASE}.new"));
        self.forget(&path)?;
        make_private(&path).map_err(|error| told(&path, error))?;
        Ok(path)
    }

    /// The database of a folder of 0.1.0, which has another name.
    pub fn first_form(&self) -> Option<PathBuf> {
        Some(self.path.join(FIRST_FORM)).filter(|path| path.exists())
    }

    /// Whether a migration has begun, and not come to its end.
    pub fn is_between(&self) -> bool {
        self.path.join(KEPT).exists() && !self.path.join(DATABASE).exists()
    }

    /// Gives the database of 0.1.0 a name that no version takes for today's, and says it.
    ///
    /// # Errors
    /// When it is not closed, or cannot be moved.
    pub fn keep_first_form(&self) -> Result<PathBuf, FolderError> {
        let kept = self.path.join(KEPT);
        if let Some(path) = self.first_form() {
            self.moved(&path, &kept)?;
        }
        Ok(kept)
    }

    /// Removes a database that was not finished, with its log.
    ///
    /// # Errors
    /// When that is not possible.
    pub fn forget(&self, path: &Path) -> Result<(), FolderError> {
        for end in ["", "-wal", "-shm"] {
            match fs::remove_file(beside(path, end)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other.map_err(|error| told(path, error))?,
            }
        }
        Ok(())
    }

    /// Where rows are brought to the present form.
    pub fn migrating(&self) -> PathBuf {
        self.path.join(format!("{DATABASE}.migrating"))
    }

    /// What is wrong when the database is not there, but what was made in it is.
    pub fn lost(&self, name: &str) -> FolderError {
        FolderError::Lost(self.file(DATABASE), self.file(name))
    }

    /// What a secret of the folder lacks when the database is there without it.
    pub fn missing(&self, name: &str) -> FolderError {
        FolderError::Missing(self.file(name), self.file(DATABASE))
    }

    /// A secret of the folder, if it is there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn find(&self, name: &str) -> Result<Option<String>, FolderError> {
        let path = self.path.join(name);
        match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(told(&path, error)),
            // What is no text is no key either; the reader says so.
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned())),
        }
    }

    /// Keeps a secret: readable by its owner only, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, name: &str, text: &str) -> Result<(), FolderError> {
        let path = self.path.join(name);
        keep(&path, text).map_err(|error| told(&path, error))
    }
}

/// Writes a secret: readable by its owner only, whole or not at all.
///
/// # Errors
/// When that is not possible.
pub fn keep(path: &Path, text: &str) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let mut file = private(Path::new(&new))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    // The name is as durable as the bytes.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// The file that a process locks for as long as it has the folder open.
const LOCK: &str = "lock";
/// The database's file in the folder.
const DATABASE: &str = "provisio.sqlite";
/// The database's file of 0.1.0.
const FIRST_FORM: &str = "dynamodb.sqlite";
/// The same, once its rows are being brought to the present form.
const KEPT: &str = "dynamodb.sqlite.form-1";

fn no_file(path: &Path) -> Result<(), FolderError> {
    if path.is_file() {
        return Err(FolderError::File(path.display().to_string()));
    }
    Ok(())
}

fn told(path: &Path, error: io::Error) -> FolderError {
    FolderError::Io { path: path.display().to_string(), error }
}

/// Why a database file cannot be whole.
fn damage(path: &Path) -> io::Result<Option<&'static str>> {
    let (mut file, mut header) = (File::open(path)?, [0; 100]);
    if file.read_exact(&mut header).is_err() {
        return Ok(Some("it is cut within its header"));
    }
    if &header[..16] != b"SQLite format 3\0" {
        return Ok(Some("it is no SQLite database"));
    }
    // The page's size in bytes (1 stands for 65,536), and how many there are.
    let size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    if !(512..=65_536).contains(&size) || !size.is_power_of_two() {
        return Ok(Some("its header names no size of a page"));
    }
    let pages = u64::from(number(&header[28..]));
    let logged = logged(path, size)?;
    let written = file.metadata()?.len() / size;
    let lost = |page| page != LOCK_BYTE / size + 1 && !logged.contains(&page);
    Ok((written + 1..=pages).any(lost).then_some("it is shorter than it says"))
}

/// The byte that SQLite locks; the page that has it holds nothing.
const LOCK_BYTE: u64 = 1 << 30;

/// The pages in SQLite's log. They are moved to the database in their order: a process that is
/// killed then leaves a first page that counts pages which are still in the log only.
fn logged(database: &Path, size: u64) -> io::Result<BTreeSet<u64>> {
    let mut pages = BTreeSet::new();
    let mut log = match File::open(beside(database, "-wal")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(pages),
        other => BufReader::new(other?),
    };
    let (mut header, mut frame) = ([0; 32], [0; 24]);
    if log.read_exact(&mut header).is_err() {
        return Ok(pages);
    }
    // A page of an earlier round, moved by then, has another salt.
    while log.read_exact(&mut frame).is_ok() && frame[8..16] == header[16..24] {
        pages.insert(u64::from(number(&frame)));
        log.seek_relative(i64::try_from(size).unwrap_or(i64::MAX))?;
    }
    Ok(pages)
}

/// The number, most significant byte first, that these bytes begin with.
fn number(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// A file that SQLite keeps beside the database.
fn beside(database: &Path, end: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(end);
    name.into()
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let mut open = OpenOptions::new();
    open.write(true).create(true).truncate(false).mode(0o600).open(path)?;
    for end in ["", "-wal", "-shm"] {
        match fs::set_permissions(beside(path, end), fs::Permissions::from_mode(0o600)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).open(path)
}
