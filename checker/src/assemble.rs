//! From what an engine found to the outcome: the verdicts are decided here.

use quorate_model::Path;
use quorate_model::specification::Specification;

use crate::claims::Claims;
use crate::control::Measured;
use crate::options::Options;
use crate::outcome::{COLLISION_LIMIT, Coverage, Cut, NO_PANIC, Outcome, PropertyOutcome, Stop, Verdict};

/// A violation as an engine hands it over.
pub(crate) struct Violation<M: Specification> {
    pub reason: String,
    pub path: Option<Path<M>>,
}

/// What an engine found; the vectors have an entry for each claim, in order.
pub(crate) struct Findings<M: Specification> {
    pub violated: Vec<Option<Violation<M>>>,
    pub reached: Vec<bool>,
    pub panic: Option<Violation<M>>,
    pub counts: Counts,
    pub collision_probability: f64,
}

/// What is counted while exploring. Sums of parts are the counts of the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Counts {
    pub distinct: u64,
    pub generated: u64,
    pub depth: u64,
    pub cut: Cut,
    pub actions: Vec<u64>,
    pub guards: Vec<u64>,
}

impl Counts {
    pub fn of<M: Specification>(model: &M) -> Self {
        Counts { actions: vec![0; model.action_classes().len()], guards: vec![0; model.guards().len()], ..Counts::default() }
    }

    /// Adds what a part of the work has counted; depths are not added.
    pub fn add(&mut self, part: &Counts) {
        self.distinct += part.distinct;
        self.generated += part.generated;
        self.cut.states += part.cut.states;
        self.cut.transitions += part.cut.transitions;
        let sum = |whole: &mut [u64], part: &[u64]| whole.iter_mut().zip(part).for_each(|(whole, part)| *whole += part);
        sum(&mut self.actions, &part.actions);
        sum(&mut self.guards, &part.guards);
    }
}

/// The outcome of a run.
pub(crate) fn outcome<M: Specification>(
    model: &M,
    options: &Options,
    claims: &Claims<M>,
    findings: Findings<M>,
    measured: Measured,
) -> Outcome<M> {
    let Findings { violated, reached, panic, counts, collision_probability } = findings;
    let stop = measured.stop;
    let mut properties: Vec<PropertyOutcome<M>> = (violated.into_iter().enumerate())
        .map(|(index, violation)| {
            let claim = &claims.all[index];
            let (verdict, reason, path) = match violation {
                Some(Violation { reason, path }) => (Verdict::Violated, Some(reason), path),
                None => {
                    let (verdict, reason) = unviolated(claim.check.kind(), reached[index], &stop, counts.cut);
                    (verdict, reason, None)
                }
            };
            PropertyOutcome { name: claim.name.to_owned(), kind: claim.check.kind(), verdict, reason, path }
        })
        .collect();
    properties.extend(panic.map(|Violation { reason, path }| PropertyOutcome {
        name: NO_PANIC.to_owned(),
        kind: "panic",
        verdict: Verdict::Violated,
        reason: Some(reason),
        path,
    }));
    // Whether an example was found says how much the run shows, not whether the
    // model is right: it is reported as not covered, and fails where vacuity does.
    let some = |verdict| properties.iter().any(|property| property.verdict == verdict && property.kind != "reachable");
    let verdict = if some(Verdict::Violated) {
        Verdict::Violated
    } else if some(Verdict::Inconclusive) || stop.is_some() || collision_probability >= COLLISION_LIMIT {
        Verdict::Inconclusive
    } else {
        Verdict::Holds
    };
    let named = |names: Vec<&'static str>, counts: Vec<u64>| names.into_iter().zip(counts).collect();
    Outcome {
        model: model.name(),
        bounds: model.bounds(),
        engine: options.engine,
        threads: options.threads,
        symmetry: options.symmetry,
        verdict,
        stop,
        distinct_states: counts.distinct,
        generated_states: counts.generated,
        depth: counts.depth,
        duration: measured.duration,
        peak_memory_bytes: measured.peak_memory_bytes,
        bytes_per_state: measured.growth_bytes as f64 / counts.distinct.max(1) as f64,
        collision_probability,
        properties,
        coverage: Coverage {
            actions: named(model.action_classes(), counts.actions),
            guards: named(model.guards(), counts.guards),
        },
        cut: counts.cut,
    }
}

/// The verdict on a property of which no violation was found.
fn unviolated(kind: &str, reached: bool, stop: &Option<Stop>, cut: Cut) -> (Verdict, Option<String>) {
    let inconclusive = |why: String| (Verdict::Inconclusive, Some(why));
    match kind {
        "invariant" | "step" => match stop {
            None => (Verdict::Holds, None),
            Some(stop) => inconclusive(format!("not violated so far; {stop}")),
        },
        "reachable" if reached => (Verdict::Holds, None),
        "reachable" => match stop {
            Some(stop) => inconclusive(format!("no example so far; {stop}")),
            None if cut.transitions > 0 => inconclusive(String::from("no example within the bounds, which cut some behaviours")),
            None => (Verdict::Violated, Some(String::from("no reachable state is an example"))),
        },
        _ => inconclusive(format!("'{kind}' needs the liveness engine")),
    }
}
