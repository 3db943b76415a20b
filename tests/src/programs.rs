//! Where the programs under test are.

use std::{
    env,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

/// The `oversight` binary: `$OVERSIGHT_BIN`, else the one built beside this test.
pub fn oversight() -> PathBuf {
    match env::var_os("OVERSIGHT_BIN").filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => built("oversight"),
    }
}

/// The small binary of one service: in `$OVERSIGHT_BIN_DIR`, else beside this test.
pub fn service(name: &str) -> PathBuf {
    match env::var_os("OVERSIGHT_BIN_DIR").filter(|path| !path.is_empty()) {
        Some(folder) => PathBuf::from(folder).join(name),
        None => built(name),
    }
}

/// Tests run from `target/<profile>/deps`, other programs from `target/<profile>`.
fn built(name: &str) -> PathBuf {
    let this = env::current_exe().expect("this program has a path");
    let found =
        this.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|program| program.is_file());
    found.unwrap_or_else(|| {
        panic!("{name} is not built; `cargo build --workspace --bins` builds it, or set OVERSIGHT_BIN_DIR")
    })
}

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A port that no one listens on. It lies below those that the system hands to outgoing
/// connections, so that a server may be killed and find its port free when it comes back.
pub fn free_port() -> u16 {
    const FIRST: u32 = 15_000;
    const COUNT: u32 = 15_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(61);
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + start.wrapping_add(step) % COUNT;
        let port = u16::try_from(port).unwrap_or_default();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}
