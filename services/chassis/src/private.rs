//! Files that are for no one else on the machine: the logs, the names of people, keys and caches.

use std::{fs, io, path::Path};

/// What others than the owner may do with a file.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// From now on nothing that this process makes may be read by others, whatever it was started with.
pub fn begin() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(OTHERS));
}

/// Takes from everyone else what they may do with a folder and all that is in it, and says how many files and folders
/// were open to others. Links are left alone: what they lead to is someone else's.
#[cfg(unix)]
pub fn close(path: &Path) -> io::Result<u64> {
    use std::os::unix::fs::PermissionsExt as _;

    let about = fs::symlink_metadata(path)?;
    if about.is_symlink() {
        return Ok(0);
    }
    let mode = about.permissions().mode();
    let mut closed = 0;
    if mode & OTHERS != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(mode & !OTHERS))?;
        closed += 1;
    }
    if about.is_dir() {
        for entry in fs::read_dir(path)? {
            match close(&entry?.path()) {
                Ok(more) => closed += more,
                // A cache drops files of its own accord.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(closed)
}

/// The same where files have no owner: nothing is open.
#[cfg(not(unix))]
pub fn close(_: &Path) -> io::Result<u64> {
    Ok(0)
}

/// Whether anyone on the machine may read a file.
pub fn is_open_to_all(path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        Ok(fs::metadata(path)?.permissions().mode() & 0o007 != 0)
    }
    #[cfg(not(unix))]
    {
        fs::metadata(path).map(|_| false)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_was_open_to_others_is_closed_and_links_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (inner, outside) = (folder.path().join("data"), folder.path().join("elsewhere"));
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("log.redb"), "x").unwrap();
        fs::write(&outside, "x").unwrap();
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        set(&inner, 0o755);
        set(&inner.join("log.redb"), 0o644);
        set(&outside, 0o644);
        std::os::unix::fs::symlink(&outside, inner.join("link")).unwrap();
        assert_eq!(close(&inner).unwrap(), 2);
        assert_eq!((mode(&inner), mode(&inner.join("log.redb")), mode(&outside)), (0o700, 0o600, 0o644));
        assert_eq!(close(&inner).unwrap(), 0);
        assert!(is_open_to_all(&outside).unwrap() && !is_open_to_all(&inner.join("log.redb")).unwrap());
    }
}
