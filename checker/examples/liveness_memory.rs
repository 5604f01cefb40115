//! Measures what liveness costs: time, memory per state and per edge.
//!
//! ```text
//! cargo run --release -p quorate-checker --example liveness_memory -- 20 8
//! ```
//!
//! The first number is millions of states, the second the number of steps from
//! each state. The graph is a ring whose states also have chords; every step is
//! weakly fair, and the claims hold, so that everything must be looked at.

use quorate_checker::Control;
use quorate_checker::liveness::{self, LivenessOptions};
use quorate_model::property::{Check, Property};
use quorate_model::specification::{Fairness, Specification};
use stateright::Model;

struct Ring {
    states: u64,
    steps: u64,
}

impl Model for Ring {
    /// The place, and something that makes the state as large as states are.
    type State = (u64, [u64; 4]);
    type Action = u64;

    fn init_states(&self) -> Vec<Self::State> {
        vec![at(0)]
    }

    fn actions(&self, _state: &Self::State, actions: &mut Vec<u64>) {
        actions.extend(0..self.steps);
    }

    fn next_state(&self, (place, _): &Self::State, step: u64) -> Option<Self::State> {
        // The first step goes round; the others jump, spread over the ring.
        let next = if step == 0 { place + 1 } else { place * (2 * step + 1) + step };
        Some(at(next % self.states))
    }
}

fn at(place: u64) -> (u64, [u64; 4]) {
    (place, [place >> 3, place & 7, 1, 2])
}

impl Specification for Ring {
    fn fairness(&self, _action: &u64) -> Fairness {
        Fairness::Weak
    }

    fn claims(&self) -> Vec<Property<Self>> {
        let claim = |name, check| Property { name, source: "", meaning: "", check };
        vec![
            claim("Home", Check::Eventually(|_: &Ring, (place, _)| *place == 0)),
            claim("HomeAgain", Check::LeadsTo(|_: &Ring, (place, _)| *place == 1, |_: &Ring, (place, _)| *place > 1)),
        ]
    }
}

fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>().expect("a number"));
    let (millions, steps) = (numbers.next().unwrap_or(1), numbers.next().unwrap_or(8));
    let model = Ring { states: millions * 1_000_000, steps };
    let outcome = liveness::check(&model, &LivenessOptions::default(), &Control::new()).expect("no symmetry");
    for property in &outcome.properties {
        println!("{} {} {}", property.outcome.name, property.outcome.verdict, property.outcome.reason.as_deref().unwrap_or(""));
    }
    let graph = outcome.graph;
    println!("states {}, edges {}, stuttering {}, depth {}", graph.states, graph.edges, graph.stuttering_steps, graph.depth);
    println!("kept for each state {:.1} bytes", graph.state_bytes as f64 / graph.states as f64);
    println!("kept for each edge  {:.1} bytes", graph.edge_bytes as f64 / graph.edges as f64);
    println!(
        "peak resident growth {} MiB: {:.1} bytes a state beside the edges",
        outcome.growth_bytes >> 20,
        (outcome.growth_bytes - graph.edge_bytes) as f64 / graph.states as f64
    );
    println!("{:.1} s", outcome.duration.as_secs_f64());
}
