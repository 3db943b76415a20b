//! Work on a file that may be damaged. redb trusts what it wrote and may panic over what was changed since: such a
//! panic becomes an answer, and no text of it is printed.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

thread_local! {
    /// Whether a panic of this thread is caught and answered.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// The work panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Panicked;

/// Does the work, whatever it does.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !IS_GUARDED.get() {
                before(panic);
            }
        }));
    });
    let was_guarded = IS_GUARDED.replace(true);
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(was_guarded);
    done.map_err(|_| Panicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_answer_and_what_follows_goes_on() {
        let inner = guarded(|| {
            guarded(|| {
                if true {
                    panic!("of the store")
                }
            })
        });
        assert_eq!(inner, Ok(Err(Panicked)));
        assert_eq!(guarded(|| 7), Ok(7));
        assert!(!IS_GUARDED.get());
    }
}
