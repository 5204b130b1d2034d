//! Where a panic came from.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

/// A panic, and where it came from.
#[derive(Debug)]
pub(crate) struct Panicked {
    pub(crate) file: String,
    pub(crate) message: String,
}

thread_local! {
    static LAST: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
}

/// Runs something, and says where it panics if it does.
pub(crate) fn by<T>(run: impl FnOnce() -> T) -> Result<T, Panicked> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let file = info.location().map(|at| at.file().to_owned());
            LAST.set(file.map(|file| (file, info.to_string())));
            before(info);
        }));
    });
    panic::catch_unwind(AssertUnwindSafe(run)).map_err(|_| {
        let (file, message) = LAST.take().expect("the hook saw the panic");
        Panicked { file, message }
    })
}
