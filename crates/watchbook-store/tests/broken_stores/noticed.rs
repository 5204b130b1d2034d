//! Where a panic came from.

use std::cell::RefCell;
use std::fmt::Debug;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

/// What became of a case.
#[derive(Debug)]
pub(crate) enum Noticed<T> {
    /// It passed.
    Nothing(T),
    /// It failed, there.
    Panic { file: String, message: String },
}

thread_local! {
    static LAST: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
}

/// Runs something, and says where it panics if it does.
pub(crate) fn by<T: Debug>(run: impl FnOnce() -> T) -> Noticed<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let file = info.location().map(|at| at.file().to_owned());
            LAST.set(file.map(|file| (file, info.to_string())));
            before(info);
        }));
    });
    match panic::catch_unwind(AssertUnwindSafe(run)) {
        Ok(done) => Noticed::Nothing(done),
        Err(_) => {
            let (file, message) = LAST.take().expect("the hook saw the panic");
            Noticed::Panic { file, message }
        }
    }
}
