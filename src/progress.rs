//! Progress on standard error: a line that changes on a terminal, one every ten
//! seconds on a pipe.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use quorate_checker::registry::ModelInfo;
use quorate_checker::{Control, Progress, Report};

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

/// What is known of the run that comes next.
#[derive(Clone, Copy, Default)]
struct Expected {
    states: Option<u64>,
    time_limit: Option<Duration>,
}

static EXPECTED: Mutex<Expected> = Mutex::new(Expected { states: None, time_limit: None });

/// Tells how many states the next run is going to have, if an earlier report
/// says so, and when it ends in any case: from that comes the time that is left.
pub fn expect(info: &ModelInfo, bounds: &[u64], before: &[Report], time_limit: Option<Duration>) {
    let same = |report: &&Report| {
        let value = |name| report.bounds.get(name).and_then(serde_json::Value::as_u64);
        report.model == info.name && info.bounds.iter().zip(bounds).all(|(bound, here)| value(bound.name) == Some(*here))
    };
    let states = before.iter().find(same).map(|report| report.distinct_states);
    *EXPECTED.lock().expect("no panic while held") = Expected { states, time_limit };
}

/// How long the run is going to take from here at its pace so far.
fn time_left(progress: &Progress, expected: Expected) -> Option<Duration> {
    let by_pace = expected.states.filter(|_| progress.distinct_states > 0).map(|states| {
        let left = states.saturating_sub(progress.distinct_states) as f64;
        progress.elapsed.mul_f64(left / progress.distinct_states as f64)
    });
    let by_limit = expected.time_limit.map(|limit| limit.saturating_sub(progress.elapsed));
    by_pace.into_iter().chain(by_limit).min()
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
    let expected = *EXPECTED.lock().expect("no panic while held");
    let left = time_left(progress, expected).map_or(String::new(), |left| format!(", about {} left", show_duration(left)));
    format!(
        "{}: {} states, {}/s, depth {}, frontier {}, {}{left}",
        show_duration(progress.elapsed),
        show_count(progress.distinct_states),
        show_count((progress.distinct_states as f64 / seconds) as u64),
        progress.depth,
        show_count(progress.queue),
        show_size(progress.memory_bytes),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_follows_the_pace_and_the_limit() {
        let progress = Progress { elapsed: Duration::from_secs(10), distinct_states: 100, ..Progress::default() };
        let left =
            |states, limit: Option<u64>| time_left(&progress, Expected { states, time_limit: limit.map(Duration::from_secs) });
        assert_eq!(left(None, None), None);
        assert_eq!(left(Some(300), None), Some(Duration::from_secs(20)));
        assert_eq!(left(Some(300), Some(15)), Some(Duration::from_secs(5)));
        assert_eq!(left(Some(50), None), Some(Duration::ZERO));
    }
}
