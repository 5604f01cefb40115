//! A Mermaid sequence diagram, for issues and wikis.

use crate::flow::flights;
use crate::sanitize::printable;
use crate::trace::Trace;

/// How many messages and notes a diagram may have; viewers refuse larger ones.
pub const LIMIT: usize = 200;

/// The trace as a `sequenceDiagram`: an arrow for each delivery, a note for
/// each step without one, cut after [`LIMIT`] of them.
pub fn render(trace: &Trace) -> String {
    let mut out = String::from("sequenceDiagram\n");
    for (lane, name) in trace.lanes.iter().enumerate() {
        out.push_str(&format!("    participant L{lane} as {}\n", text(name)));
    }
    if trace.lanes.is_empty() {
        out.push_str("    participant L0 as system\n");
    }
    let lanes = trace.lanes.len().max(1);
    let inside = |lane: usize| lane < lanes;
    let steps = trace.states.len() - 1;
    for (step, state) in trace.states.iter().enumerate().skip(1) {
        if step > LIMIT {
            out.push_str(&format!(
                "    Note over L0: cut here: {LIMIT} of {steps} steps are shown, the rest is too much for Mermaid\n"
            ));
            return out;
        }
        if trace.loop_start == Some(step) {
            out.push_str("    Note over L0: the loop starts here\n");
        }
        match (&state.view.delivered, state.view.lane) {
            (Some(message), _) if inside(message.source) && inside(message.dest) => {
                let label = text(&format!("{step}. {}: {}", message.kind, message.text));
                out.push_str(&format!("    L{}->>L{}: {label}\n", message.source, message.dest));
            }
            (_, lane) => {
                let lane = lane.filter(|lane| inside(*lane)).unwrap_or(0);
                out.push_str(&format!("    Note over L{lane}: {}\n", text(&format!("{step}. {}", state.title))));
            }
        }
    }
    let lost = flights(trace).iter().filter(|flight| flight.delivered.is_empty()).count();
    if lost > 0 {
        out.push_str(&format!("    Note over L0: {lost} messages were sent and not delivered\n"));
    }
    if let Some(start) = trace.loop_start {
        out.push_str(&format!("    Note over L0: back to state {start}\n"));
    }
    if !trace.info.witness.is_empty() {
        let witness = text(&format!("{}: {}", trace.info.property, trace.info.witness));
        out.push_str(&format!("    Note over L0: {witness}\n"));
    }
    out
}

/// What Mermaid takes as plain text: its own signs as entities.
fn text(text: &str) -> String {
    let mut clean = String::new();
    for character in printable(text).chars() {
        match character {
            '#' => clean.push_str("#35;"),
            ';' => clean.push_str("#59;"),
            '<' => clean.push_str("#lt;"),
            '>' => clean.push_str("#gt;"),
            '"' => clean.push_str("#quot;"),
            '&' => clean.push_str("#amp;"),
            '%' => clean.push_str("#37;"),
            other => clean.push(other),
        }
    }
    clean
}
