//! From claims to sets of states, and from fair cycles in them to verdicts.
//!
//! | claim | violated by a fair cycle | reached |
//! | --- | --- | --- |
//! | `<>P` | of states without P | by states without P |
//! | `[]<>P` | of states without P | in any way |
//! | `<>[]P` | with a state without P | in any way |
//! | `P ~> Q` | of states without Q | from a state with P, by states without Q |
//!
//! A cycle within the bounds is a behaviour of the model, so a violation is one
//! whatever was cut. What holds in the graph is known to hold only if no
//! behaviour that matters leaves it; for `<>P` those do not matter that have
//! had their P before or with the step that leaves.

use std::cell::OnceCell;

use quorate_model::Path;
use quorate_model::property::Check;
use quorate_model::specification::Specification;

use super::bits::BitSet;
use super::cycle::fair_cycle;
use super::fair::{FairComponents, fair_components};
use super::graph::{Graph, Halt};
use super::outcome::{Evidence, LivenessProperty};
use super::prefix::{Stage, shortest};
use super::replay::lasso;
use crate::claims::ClaimIndex;
use crate::outcome::{PropertyOutcome, Verdict};

/// A claim with the places of its predicates among the graph's marks.
pub(crate) struct Claim<M: Specification> {
    pub name: &'static str,
    pub check: Check<M>,
    /// The place of P.
    pub first: ClaimIndex,
    /// The place of what is to be reached: P, or Q of `P ~> Q`.
    pub goal: ClaimIndex,
}

/// Decides claims on one graph.
pub(crate) struct Judge<'a, M: Specification> {
    pub model: &'a M,
    pub graph: &'a Graph<M>,
    pub seed: u64,
    pub stopped: &'a dyn Fn() -> bool,
    /// The fair components of the whole graph, once they are needed.
    whole: OnceCell<FairComponents>,
}

/// Where violations lie.
struct Region {
    states: BitSet,
    /// Whether the cycle must visit a state without P.
    visiting: Option<BitSet>,
    /// Behaviours that might violate it leave the bounds from this many states.
    open: u64,
}

impl<'a, M: Specification> Judge<'a, M> {
    pub fn new(model: &'a M, graph: &'a Graph<M>, seed: u64, stopped: &'a dyn Fn() -> bool) -> Self {
        Judge { model, graph, seed, stopped, whole: OnceCell::new() }
    }

    pub fn decide(&self, claim: &Claim<M>) -> Result<LivenessProperty<M>, Halt> {
        let region = self.region(claim);
        let components = self.components(&region.states, region.visiting.as_ref())?;
        let violation = (components.count > 0).then(|| self.violation(claim, &region, &components));
        drop(components);
        let evidence = self.evidence(claim)?;
        let (verdict, reason, path) = match violation {
            Some(path) => (Verdict::Violated, Some(in_words(claim, &path)), Some(path)),
            None if region.open > 0 => (Verdict::Inconclusive, Some(cut_in_words(region.open)), None),
            None => (Verdict::Holds, None, None),
        };
        let outcome = PropertyOutcome { name: claim.name.to_owned(), kind: claim.check.kind(), verdict, reason, path };
        Ok(LivenessProperty { outcome, evidence })
    }

    fn components(&self, region: &BitSet, visiting: Option<&BitSet>) -> Result<FairComponents, Halt> {
        fair_components(&self.graph.structure, region, visiting, self.stopped).ok_or(Halt::Stopped)
    }

    fn region(&self, claim: &Claim<M>) -> Region {
        let graph = self.graph;
        let structure = &graph.structure;
        let without = graph.marks[claim.goal].complement(structure.states());
        let reachable = |from: &mut dyn Iterator<Item = u32>| structure.reachable(from, |state| without.contains(state));
        let anywhere = graph.counts.cut_states + graph.counts.cut_initial_states;
        match claim.check {
            Check::Eventually(_) => {
                let states = reachable(&mut (0..structure.initial));
                let open = states.common(&graph.cut_without[claim.goal]) + graph.initial_without[claim.goal];
                Region { states, visiting: None, open }
            }
            Check::LeadsTo(..) => {
                let states = reachable(&mut graph.marks[claim.first].iter());
                Region { states, visiting: None, open: anywhere }
            }
            Check::EventuallyAlways(_) => {
                let states = BitSet::below(structure.states());
                Region { states, visiting: Some(without), open: anywhere }
            }
            _ => Region { states: without, visiting: None, open: anywhere },
        }
    }

    /// A lasso: to the nearest fair cycle, or to the nearest state in which the
    /// behaviour may stay, whichever makes the shorter one.
    fn violation(&self, claim: &Claim<M>, region: &Region, components: &FairComponents) -> Path<M> {
        let marks = &self.graph.marks;
        let anywhere = |_: u32| true;
        let in_region = |state: u32| region.states.contains(state);
        let triggered = |state: u32| marks[claim.first].contains(state) && in_region(state);
        let stages: Vec<Stage<'_>> = match claim.check {
            Check::Eventually(_) => vec![Stage { from: &anywhere, within: &in_region }],
            Check::LeadsTo(..) => {
                vec![Stage { from: &anywhere, within: &anywhere }, Stage { from: &triggered, within: &in_region }]
            }
            _ => vec![Stage { from: &anywhere, within: &anywhere }],
        };
        let visiting = region.visiting.as_ref();
        self.lasso(&stages, components, visiting).expect("a fair component of the region can be reached")
    }

    fn lasso(&self, stages: &[Stage<'_>], components: &FairComponents, visiting: Option<&BitSet>) -> Option<Path<M>> {
        let structure = &self.graph.structure;
        let mut nearest = shortest(structure, stages, &|state| components.contains(state))?;
        let (lead, cycle) = fair_cycle(structure, components, nearest[nearest.len() - 1], visiting);
        nearest.extend(lead);
        let rests = |state: u32| {
            let visits = visiting.is_none_or(|visiting| visiting.contains(state));
            components.contains(state) && visits && structure.may_stutter(state)
        };
        let resting = if cycle.is_empty() { None } else { shortest(structure, stages, &rests) };
        let (states, cycle) = match resting {
            Some(states) if states.len() <= nearest.len() + cycle.len() => (states, Vec::new()),
            _ => (nearest, cycle),
        };
        Some(lasso(self.model, self.graph, self.seed, &states, &cycle))
    }

    fn evidence(&self, claim: &Claim<M>) -> Result<Evidence<M>, Halt> {
        let marks = &self.graph.marks;
        let whole = match self.whole.get() {
            Some(whole) => whole,
            None => {
                let whole = self.components(&BitSet::below(self.graph.structure.states()), None)?;
                self.whole.get_or_init(|| whole)
            }
        };
        let anywhere = |_: u32| true;
        let triggers = |state: u32| marks[claim.first].contains(state);
        let goals = |state: u32| marks[claim.goal].contains(state);
        let leads_to = matches!(claim.check, Check::LeadsTo(..));
        let mut stages = vec![Stage { from: &anywhere, within: &anywhere }];
        if leads_to {
            stages.push(Stage { from: &triggers, within: &anywhere });
        }
        stages.push(Stage { from: &goals, within: &anywhere });
        let possible = marks[claim.goal].len() > 0 && whole.count > 0;
        Ok(Evidence {
            trigger_states: leads_to.then(|| marks[claim.first].len()),
            goal_states: marks[claim.goal].len(),
            example: if possible { self.lasso(&stages, whole, None) } else { None },
        })
    }
}

fn in_words<M: Specification>(claim: &Claim<M>, path: &Path<M>) -> String {
    // A cycle has at least two steps: a step from a state to itself is stuttering.
    let cycle = match path.len() - path.loop_start.unwrap_or_default() {
        1 => String::from("stays in its last state for ever"),
        steps => format!("repeats its last {steps} steps for ever"),
    };
    let never = match claim.check {
        Check::EventuallyAlways(_) => "where it is false again and again",
        Check::LeadsTo(..) => "and the second predicate never holds after a state in which the first holds",
        Check::Eventually(_) => "and it never holds",
        _ => "where it never holds",
    };
    format!("a fair behaviour {cycle}, {never}")
}

fn cut_in_words(open: u64) -> String {
    format!("not violated within the bounds; behaviours that might violate it leave them from {open} states")
}
