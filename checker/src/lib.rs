//! Engines that explore every behaviour of a model.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`native`] | breadth first by level on all cores, states known by fingerprint |
//! | [`naive`] | whole states compared by equality: slow, and right by inspection |
//! | [`stateright_engine`] | stateright's own checker, as an independent second opinion |
//! | [`liveness`], [`recovery`] | behaviours that go on for ever; ways out of every state |
//! | [`options`], [`control`] | what a run is asked to do; watching and stopping it |
//! | [`outcome`], [`report`] | what it found; the same as JSON |
//! | [`registry`] | the models by name, with bounds, profiles and mutants |
//! | [`kill_table`] | what dies under each mutant |
//! | [`conform`] | comparing other implementations with the rules |
//! | [`explore`] | walking through a model by hand, in the browser; the gallery |
//! | [`recording`] | judging a recorded run of a cluster |
//! | [`baseline`], [`graph`], [`bench`] | comparing with an earlier report; a small state graph as DOT; measuring |
//!
//! All engines count as TLC does: initial states and every step are *generated*;
//! a state outside the bounds is checked against every invariant but is neither
//! distinct nor expanded; depth is the number of levels, the initial one being 1.
//!
//! ```
//! use quorate_checker::{Control, Options, Verdict, check};
//! use quorate_model::coordination::Sound;
//! use quorate_model::zen_with_terms::{ZenBounds, ZenWithTerms};
//!
//! let bounds =
//!     ZenBounds { nodes: 1, max_term: 1, max_version: 2, max_initial_version: 0, values: 1, max_messages: 8 };
//! let outcome = check(&ZenWithTerms::new(Sound, bounds).unwrap(), &Options::default(), &Control::new());
//! assert_eq!((outcome.distinct_states, outcome.generated_states, outcome.depth), (35, 89, 11));
//! assert_eq!(outcome.verdict, Verdict::Holds);
//! ```

mod assemble;
pub mod baseline;
pub mod bench;
mod claims;
pub mod conform;
pub mod control;
pub mod explore;
pub mod graph;
pub mod kill_table;
pub mod liveness;
pub mod naive;
pub mod native;
pub mod options;
pub mod outcome;
mod panics;
pub mod recording;
pub mod recovery;
pub mod registry;
pub mod report;
pub mod simulate;
pub mod stateright_engine;

pub use control::{Control, Progress};
pub use options::{Checkpointing, Engine, Options, Width};
pub use outcome::{Outcome, PropertyOutcome, Stop, Verdict};
use quorate_model::Specification;
pub use quorate_model::fingerprint;
pub use report::Report;

/// Explores `model` with the engine that `options` names.
pub fn check<M: Specification + Clone + 'static>(model: &M, options: &Options, control: &Control) -> Outcome<M> {
    match options.engine {
        Engine::Native => native::check(model, options, control),
        Engine::Stateright => stateright_engine::check(model, options, control),
        Engine::Naive => naive::check(model, options, control),
    }
}
