//! The messages of a trace: when each was sent and when it arrived.
//!
//! A step says what it sends and what it consumes; a delivery belongs to the
//! latest equal message sent before it. A message may arrive several times (a
//! network that duplicates, or a set of messages from which nothing is
//! removed) and may never arrive.

use std::collections::HashMap;

use quorate_model::specification::MessageView;

use crate::trace::Trace;

/// A message from its send to its deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// What it is.
    pub message: MessageView,
    /// The step that sent it; `None` if the trace does not show that.
    pub sent: Option<usize>,
    /// The steps that consumed it.
    pub delivered: Vec<usize>,
}

/// Every message of the trace, in the order of their first appearance.
pub fn flights(trace: &Trace) -> Vec<Flight> {
    let mut flights: Vec<Flight> = Vec::new();
    let mut latest: HashMap<(usize, usize, &str, &str), usize> = HashMap::new();
    for (step, state) in trace.states.iter().enumerate() {
        if let Some(message) = &state.view.delivered {
            let index = *latest.entry(key(message)).or_insert(flights.len());
            if index == flights.len() {
                flights.push(Flight { message: message.clone(), sent: None, delivered: Vec::new() });
            }
            flights[index].delivered.push(step);
        }
        for message in &state.view.sent {
            latest.insert(key(message), flights.len());
            flights.push(Flight { message: message.clone(), sent: Some(step), delivered: Vec::new() });
        }
    }
    flights
}

fn key(message: &MessageView) -> (usize, usize, &str, &str) {
    (message.source, message.dest, &message.kind, &message.text)
}
