//! Files to import: the real public ones where they are at hand, and a small invented set that
//! always is.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::programs;

/// A file of the invented set, in `tests/fixtures`.
pub fn fixture(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    assert!(path.is_file(), "{} is missing", path.display());
    path
}

/// A real public file, by its path under `$OVERSIGHT_SHARED_DATA` or `../shared/data`. Says so
/// loudly where there is none; the caller then returns.
#[expect(clippy::print_stderr, reason = "a test that is skipped must say so")]
pub fn public(name: &str) -> Option<PathBuf> {
    let folder = match env::var_os("OVERSIGHT_SHARED_DATA").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => programs::workspace().join("../shared/data"),
    };
    let path = folder.join(name);
    if path.is_file() {
        return Some(path);
    }
    eprintln!(
        "SKIPPED: {} is not there; set OVERSIGHT_SHARED_DATA to the folder of the real files",
        path.display()
    );
    None
}
