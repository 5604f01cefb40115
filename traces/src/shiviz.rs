//! A ShiViz log: two lines for each event, host and vector clock, then what happened.
//!
//! ShiViz reads it with the expression
//! `(?<host>\S+) (?<clock>\{.*\})\n(?<event>.*)`.

use std::collections::BTreeMap;

use crate::flow::flights;
use crate::sanitize::printable;
use crate::trace::Trace;

/// The expression that ShiViz needs to read the log.
pub const EXPRESSION: &str = r"(?<host>\S+) (?<clock>\{.*\})\n(?<event>.*)";

/// The log; steps that happen at no node are events of the host `world`.
pub fn render(trace: &Trace) -> String {
    let host = |lane: Option<usize>| match lane.and_then(|lane| trace.lanes.get(lane)) {
        Some(name) => printable(name).split_whitespace().collect::<Vec<_>>().join("_"),
        None => "world".to_owned(),
    };
    // Step that sent what each step received.
    let mut cause: BTreeMap<usize, usize> = BTreeMap::new();
    for flight in flights(trace) {
        if let Some(sent) = flight.sent {
            cause.extend(flight.delivered.iter().map(|step| (*step, sent)));
        }
    }
    let mut now: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let mut at: Vec<BTreeMap<String, u64>> = vec![BTreeMap::new()];
    let mut out = String::new();
    for (step, state) in trace.states.iter().enumerate().skip(1) {
        let name = host(state.view.lane);
        let mut clock = now.get(&name).cloned().unwrap_or_default();
        if let Some(sent) = cause.get(&step).and_then(|sent| at.get(*sent)) {
            for (other, ticks) in sent {
                let known = clock.entry(other.clone()).or_default();
                *known = (*known).max(*ticks);
            }
        }
        *clock.entry(name.clone()).or_default() += 1;
        let json = serde_json::to_string(&clock).unwrap_or_default();
        out.push_str(&format!("{name} {json}\n{}\n", printable(&state.title)));
        at.push(clock.clone());
        now.insert(name, clock);
    }
    out
}
