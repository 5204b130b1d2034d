//! Where a panic came from.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static LAST: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
}

/// Runs something. If it panics: the file in which it does, and what it says.
pub(crate) fn by<T>(run: impl FnOnce() -> T) -> Result<T, (String, String)> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let file = info.location().map(|at| at.file().to_owned());
            LAST.set(file.map(|file| (file, info.to_string())));
            before(info);
        }));
    });
    let done = panic::catch_unwind(AssertUnwindSafe(run));
    done.map_err(|_| LAST.take().expect("the hook saw the panic"))
}
