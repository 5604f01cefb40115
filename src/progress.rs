//! Progress on standard error: a line that changes on a terminal, one every ten
//! seconds on a pipe.

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use std::time::Duration;

use quorate_checker::{Control, Progress};

use crate::units::{show_count, show_duration, show_size};

/// A control that Ctrl-C interrupts and, unless `quiet`, that shows progress.
pub fn control(quiet: bool) -> Control {
    let control = interruptible();
    if quiet {
        return control;
    }
    if std::io::stderr().is_terminal() {
        control.listen(Duration::from_millis(500), |progress| {
            eprint!("\r\x1b[2K{}", describe(progress));
            _ = std::io::stderr().flush();
        })
    } else {
        control.listen(Duration::from_secs(10), |progress| eprintln!("{}", describe(progress)))
    }
}

/// Removes what progress left on a terminal.
pub fn clear(quiet: bool) {
    if !quiet && std::io::stderr().is_terminal() {
        eprint!("\r\x1b[2K");
    }
}

/// The process has one handler; every run of it hears the same interruption.
fn interruptible() -> Control {
    static CONTROL: OnceLock<Control> = OnceLock::new();
    let control = CONTROL.get_or_init(|| {
        let control = Control::new();
        let switch = control.clone();
        let handler = move || {
            if switch.is_interrupted() {
                // Asked a second time: do not wait for a handler that does not return.
                std::process::exit(130);
            }
            switch.interrupt();
        };
        if let Err(error) = ctrlc::set_handler(handler) {
            eprintln!("warning: interrupting will lose the report: {error}");
        }
        control
    });
    control.clone()
}

fn describe(progress: &Progress) -> String {
    let seconds = progress.elapsed.as_secs_f64().max(0.001);
    format!(
        "{}: {} states, {}/s, depth {}, queue {}, {}",
        show_duration(progress.elapsed),
        show_count(progress.distinct_states),
        show_count((progress.distinct_states as f64 / seconds) as u64),
        progress.depth,
        show_count(progress.queue),
        show_size(progress.memory_bytes),
    )
}
