//! Measures the native engine on `zen-with-terms`: rate, memory, scaling.
//!
//! ```text
//! cargo run --release -p quorate-checker --example rate -- 3,2,2,0,1,7 1 2 1 2
//! ```
//!
//! The first argument is the bounds, the others are numbers of threads, one run each.

use quorate_checker::{Control, Options, check};
use quorate_model::coordination::Sound;
use quorate_model::zen_with_terms::{ZenBounds, ZenWithTerms};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let bounds = arguments.next().unwrap_or_else(|| String::from("3,1,1,0,1,8"));
    let bounds: Vec<u64> = bounds.split(',').map(|number| number.parse().expect("bounds are numbers")).collect();
    let &[nodes, max_term, max_version, max_initial_version, values, max_messages] = bounds.as_slice() else {
        panic!("six bounds: nodes, terms, versions, initial versions, values, messages");
    };
    let bounds = ZenBounds { nodes: nodes as usize, max_term, max_version, max_initial_version, values, max_messages };
    let model = ZenWithTerms::new(Sound, bounds).expect("bounds make sense");
    for threads in arguments.map(|threads| threads.parse().expect("a number of threads")) {
        let outcome = check(&model, &Options::default().threads(threads), &Control::new());
        let seconds = outcome.duration.as_secs_f64();
        println!(
            "threads {threads}: {} / {} / {} {:?}, {seconds:.1} s, {:.0} distinct/s, {:.1} bytes a state, {:?}",
            outcome.distinct_states,
            outcome.generated_states,
            outcome.depth,
            outcome.verdict,
            outcome.distinct_states as f64 / seconds,
            outcome.bytes_per_state,
            outcome.stop,
        );
    }
}
