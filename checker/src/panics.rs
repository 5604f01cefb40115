//! Panics of a model, caught with their words and not printed.
//!
//! A handler or a property that panics is a finding, and a mutant may panic in
//! a million states: the message is kept for the report instead of the terminal.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static MESSAGE: RefCell<Option<String>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// Runs `body`; a panic in it becomes an error that says what and where.
pub(crate) fn catch<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !CATCHING.get() {
                return previous(info);
            }
            let payload = info.payload();
            let words = (payload.downcast_ref::<&str>().map(|words| (*words).to_owned()))
                .or_else(|| payload.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| String::from("a panic without words"));
            let place = info.location().map(|place| format!(" ({}:{})", place.file(), place.line())).unwrap_or_default();
            MESSAGE.set(Some(words + &place));
        }));
    });
    let outer = CATCHING.replace(true);
    // What `body` leaves half done is thrown away by the callers: they discard the state that was being expanded.
    let result = catch_unwind(AssertUnwindSafe(body));
    CATCHING.set(outer);
    result.map_err(|_| MESSAGE.take().unwrap_or_else(|| String::from("a panic without words")))
}

#[cfg(test)]
mod tests {
    use super::catch;

    #[test]
    fn a_panic_becomes_its_words_and_place() {
        assert_eq!(catch(|| 3), Ok(3));
        let words = catch(|| panic!("node {} is lost", 2)).unwrap_err();
        assert!(words.starts_with("node 2 is lost (") && words.contains("panics.rs:"), "{words}");
        let words = catch(|| _ = catch(|| panic!("inner"))).map(|()| panic_free());
        assert_eq!(words, Ok(7));
    }

    fn panic_free() -> u8 {
        7
    }
}
