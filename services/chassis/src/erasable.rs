//! A redb file out of which things must be able to go for good.
//!
//! A store gives up the pages of what is deleted and leaves them as they were until they are used again; until then the
//! file still says it. So what must really go is left out of a new file that takes the place of the old one.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use parking_lot::RwLock;
use redb::{Database, ReadTransaction, ReadableDatabase as _, TransactionError, WriteTransaction};

/// What a file that is being rewritten is called until it takes the place of the old one.
const PART: &str = "redb-part";

/// Such a file. It belongs to one process, as redb sees to.
#[derive(Debug)]
pub struct Erasable {
    path: PathBuf,
    store: RwLock<Database>,
}

impl Erasable {
    /// Opens the file, or begins one.
    pub fn open(path: &Path) -> Result<Self, redb::Error> {
        // What a rewriting left that was cut off: the old file still stands.
        match fs::remove_file(part_of(path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        Ok(Self { path: path.to_owned(), store: RwLock::new(Database::create(path)?) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins to read.
    pub fn begin_read(&self) -> Result<ReadTransaction, TransactionError> {
        self.store.read().begin_read()
    }

    /// Begins to write, once no one else does.
    pub fn begin_write(&self) -> Result<WriteTransaction, TransactionError> {
        self.store.read().begin_write()
    }

    /// Writes a new file of what is to stay, which is copied from the first to the second transaction, and puts it in the
    /// place of the old one. A crash leaves either file whole.
    pub fn rewrite<E: From<redb::Error>>(
        &self,
        copy: impl FnOnce(&WriteTransaction, &WriteTransaction) -> Result<(), E>,
    ) -> Result<(), E> {
        // No one begins anything meanwhile, and whoever still writes is waited for.
        let mut store = self.store.write();
        let part = part_of(&self.path);
        let new = Database::create(&part).map_err(redb::Error::from)?;
        // For whom the old one was, and no one else.
        let permissions = fs::metadata(&self.path).map(|about| about.permissions());
        permissions.and_then(|same| fs::set_permissions(&part, same)).map_err(redb::Error::from)?;
        {
            let from = store.begin_write().map_err(redb::Error::from)?;
            let to = new.begin_write().map_err(redb::Error::from)?;
            copy(&from, &to)?;
            to.commit().map_err(redb::Error::from)?;
            from.abort().map_err(redb::Error::from)?;
        }
        fs::rename(&part, &self.path).and_then(|()| sync_folder(&self.path)).map_err(redb::Error::from)?;
        *store = new;
        Ok(())
    }
}

fn part_of(path: &Path) -> PathBuf {
    path.with_extension(PART)
}

/// Makes the new name durable, too.
fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
