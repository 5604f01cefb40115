//! Liveness on the unreduced graph: fair cycles that never reach what is claimed.
//!
//! ```text
//!   model ──graph──▶ states as numbers, steps as (target, instance)
//!                        │
//!                        ├─ decide: which states a violation lives in
//!                        ├─ fair:   strongly connected, and fair to every instance
//!                        └─ prefix, cycle, replay: the lasso as a path of the model
//! ```
//!
//! Fairness is that of TLA+. The instance of an action *A* (equal actions are one
//! instance; classes only group them in reports) with [`Fairness::Weak`] means
//! `WF_vars(A)`, with [`Fairness::Strong`] `SF_vars(A)`, vars being the whole
//! state: it is *possible* in a state if it has a step there **that changes the
//! state**, and *taken* by such a step. A step from a state to itself is a
//! stuttering step, which every state has anyway: it neither makes an action
//! possible nor takes it. Every behaviour is infinite; one that comes to a state
//! without steps stutters there. So may any behaviour, in any state in which
//! nothing that is fair is possible: without fairness nothing needs to happen.
//!
//! A step out of the bounds makes its action possible and leads to where nothing
//! is known: a cut state is no dead end and no success. A violation is a cycle
//! within the bounds and therefore certain; what would hold is `inconclusive`
//! where the bounds cut behaviours that matter. Where the bounds are all of the
//! kind budget or headroom, a step out of them is one that only a recovery takes
//! ([`crate::recovery`]): behaviours are those that the budget allows, and it is
//! not possible in them.
//!
//! Memory, measured by the example `liveness_memory`: about 24 bytes a state (12
//! of fingerprint, 5 to 7.5 of table, 4 where its edges begin, a bit or two for
//! each predicate) and 8 an edge, kept; beside that the encoded frontier while
//! exploring, and while deciding up to 28 a state (8 to 24 for components, 4 for
//! those of the whole graph) or, for a path, up to 20.
//!
//! [`Fairness::Weak`]: quorate_model::specification::Fairness::Weak
//! [`Fairness::Strong`]: quorate_model::specification::Fairness::Strong

pub(crate) mod bits;
pub(crate) mod chunked;
mod complete;
mod cycle;
mod decide;
mod fair;
mod graph;
pub(crate) mod numbering;
mod options;
pub(crate) mod outcome;
mod prefix;
pub(crate) mod queue;
mod replay;
mod structure;

use quorate_model::property::Check;
use quorate_model::specification::{BoundKind, Specification};

use crate::control::{Control, Watch};
use crate::outcome::{PropertyOutcome, Stop, Verdict};
use crate::panics;
pub use complete::{admits, complete};
use decide::{Claim, Judge};
use graph::{Halt, Predicate};
pub use options::{LivenessError, LivenessOptions};
pub use outcome::{Evidence, GraphCounts, LivenessOutcome, LivenessProperty};

/// Whether leaving the bounds hides states that claims are about. A claim is
/// about what the budget allows, so running out of it hides nothing.
pub(crate) fn bounds_cut<M: Specification>(model: &M) -> bool {
    let bounds = model.bounds();
    let is = |wanted: BoundKind| bounds.iter().any(|bound| bound.kind == wanted);
    is(BoundKind::Cut) || !(is(BoundKind::Budget) || is(BoundKind::Headroom))
}

/// Decides every claim of `model` about behaviours that go on for ever.
pub fn check<M: Specification>(
    model: &M,
    options: &LivenessOptions,
    control: &Control,
) -> Result<LivenessOutcome<M>, LivenessError> {
    options.refuse_symmetry()?;
    let (claims, predicates) = claims(model);
    let watch = Watch::default();
    let (run, measured) = watch.during(&options.watched(), control, || run(model, options, &claims, &predicates, &watch));
    let Run { properties, counts, halt, collision_probability } = run;
    let panic = match halt {
        Some(Halt::Panicked(words)) => Some(words),
        _ => None,
    };
    let stop = measured.stop.filter(|_| properties.len() < claims.len());
    let why = why_undecided(panic.as_deref(), stop.as_ref());
    let decided = properties.len();
    let mut properties = properties;
    properties.extend(claims[decided..].iter().map(|claim| undecided(claim.name, claim.check.kind(), why.clone())));
    Ok(LivenessOutcome {
        properties,
        graph: counts,
        stop,
        panic,
        duration: measured.duration,
        peak_memory_bytes: measured.peak_memory_bytes,
        growth_bytes: measured.growth_bytes,
        collision_probability,
    })
}

/// Whether `model` claims something that [`check`] decides.
pub fn has_claims<M: Specification>(model: &M) -> bool {
    !claims(model).0.is_empty()
}

/// Why claims are left undecided: a panic, or an early end.
pub(crate) fn why_undecided(panic: Option<&str>, stop: Option<&Stop>) -> Option<String> {
    panic.map(|words| format!("the model panicked: {words}")).or(stop.map(ToString::to_string))
}

/// A claim of which nothing is known.
pub(crate) fn undecided<M: Specification>(name: &str, kind: &'static str, why: Option<String>) -> LivenessProperty<M> {
    let outcome = PropertyOutcome { name: name.to_owned(), kind, verdict: Verdict::Inconclusive, reason: why, path: None };
    LivenessProperty { outcome, evidence: Evidence::default() }
}

fn claims<M: Specification>(model: &M) -> (Vec<Claim<M>>, Vec<Predicate<M>>) {
    let (mut claims, mut predicates): (Vec<Claim<M>>, Vec<Predicate<M>>) = Default::default();
    for property in model.claims() {
        let first = predicates.len();
        match property.check {
            Check::Eventually(p) | Check::AlwaysEventually(p) | Check::EventuallyAlways(p) => predicates.push(p),
            Check::LeadsTo(p, q) => predicates.extend([p, q]),
            _ => continue,
        }
        claims.push(Claim { name: property.name, check: property.check, first, goal: predicates.len() - 1 });
    }
    (claims, predicates)
}

struct Run<M: Specification> {
    /// Those that were decided, which are the first ones.
    properties: Vec<LivenessProperty<M>>,
    counts: GraphCounts,
    halt: Option<Halt>,
    collision_probability: f64,
}

fn run<M: Specification>(
    model: &M,
    options: &LivenessOptions,
    claims: &[Claim<M>],
    predicates: &[Predicate<M>],
    watch: &Watch,
) -> Run<M> {
    let mut run = Run { properties: Vec::new(), counts: GraphCounts::default(), halt: None, collision_probability: 0.0 };
    if claims.is_empty() {
        return run;
    }
    let graph = match graph::explore(model, predicates, options.seed, watch) {
        Ok(graph) => graph,
        Err((counts, halt)) => return Run { counts, halt: Some(halt), ..run },
    };
    run.counts = graph.counts;
    run.collision_probability = graph.numbering.collision_probability();
    let stopped = || watch.stopped();
    let judge = Judge::new(model, &graph, options.seed, &stopped);
    for claim in claims {
        // Taking steps again may panic too, if the model is not the same every time.
        match panics::catch(|| judge.decide(claim)).map_err(Halt::Panicked).and_then(|decided| decided) {
            Ok(property) => run.properties.push(property),
            Err(halt) => return Run { halt: Some(halt), ..run },
        }
    }
    run
}
