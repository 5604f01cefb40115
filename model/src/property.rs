//! What can be claimed of a model, and what a violation says.

use stateright::{Expectation, Model};

use crate::specification::Specification;

/// `Ok`, or why the claim is violated, in words that name nodes, messages and values.
pub type Verdict = Result<(), String>;

/// How a claim is to be understood.
pub enum Check<M: Model> {
    /// Holds in every state; a plain predicate, without words for a violation.
    Always(fn(&M, &M::State) -> bool),
    /// Holds in every state.
    Invariant(fn(&M, &M::State) -> Verdict),
    /// Holds of every step (before, action, after): TLA+'s `[][P]_v`.
    Step(fn(&M, &M::State, &M::Action, &M::State) -> Verdict),
    /// Holds in some reachable state; a guard against vacuity.
    Reachable(fn(&M, &M::State) -> bool),
    /// On every fair behaviour it holds at some time: `<>P`.
    Eventually(fn(&M, &M::State) -> bool),
    /// On every fair behaviour it holds again and again: `[]<>P`.
    AlwaysEventually(fn(&M, &M::State) -> bool),
    /// On every fair behaviour it holds for ever from some time on: `<>[]P`.
    EventuallyAlways(fn(&M, &M::State) -> bool),
    /// On every fair behaviour, whenever the first holds, the second holds then or later: `P ~> Q`.
    LeadsTo(fn(&M, &M::State) -> bool, fn(&M, &M::State) -> bool),
    /// From every reachable state some recovery reaches it: `AG EF P`.
    AlwaysPossible(fn(&M, &M::State) -> bool),
}

impl<M: Model> Clone for Check<M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M: Model> Copy for Check<M> {}

impl<M: Model> Check<M> {
    /// The kind as reports name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Check::Always(_) | Check::Invariant(_) => "invariant",
            Check::Step(_) => "step",
            Check::Reachable(_) => "reachable",
            Check::Eventually(_) => "eventually",
            Check::AlwaysEventually(_) => "always eventually",
            Check::EventuallyAlways(_) => "eventually always",
            Check::LeadsTo(..) => "leads to",
            Check::AlwaysPossible(_) => "always possible",
        }
    }

    /// Whether an engine decides it on states and steps alone, without cycles.
    pub fn is_safety(&self) -> bool {
        matches!(self, Check::Always(_) | Check::Invariant(_) | Check::Step(_) | Check::Reachable(_))
    }
}

/// A named claim.
pub struct Property<M: Model> {
    /// `OneMasterPerTerm`.
    pub name: &'static str,
    /// Where it comes from: `ZenWithTerms!OneMasterPerTerm`, a Java assertion, "ours".
    pub source: &'static str,
    /// What it says, in one sentence.
    pub meaning: &'static str,
    /// How it is checked.
    pub check: Check<M>,
}

impl<M: Model> Clone for Property<M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M: Model> Copy for Property<M> {}

impl<M: Specification> Property<M> {
    /// A claim about every state.
    pub fn invariant(
        name: &'static str,
        source: &'static str,
        meaning: &'static str,
        holds: fn(&M, &M::State) -> Verdict,
    ) -> Self {
        Property { name, source, meaning, check: Check::Invariant(holds) }
    }

    /// A claim about every step.
    pub fn step(
        name: &'static str,
        source: &'static str,
        meaning: &'static str,
        holds: fn(&M, &M::State, &M::Action, &M::State) -> Verdict,
    ) -> Self {
        Property { name, source, meaning, check: Check::Step(holds) }
    }

    /// A claim that something can happen.
    pub fn reachable(name: &'static str, source: &'static str, meaning: &'static str, holds: fn(&M, &M::State) -> bool) -> Self {
        Property { name, source, meaning, check: Check::Reachable(holds) }
    }

    /// Takes over a property of a plain stateright model.
    pub fn from_stateright(property: &stateright::Property<M>) -> Self {
        let check = match property.expectation {
            Expectation::Always => Check::Always(property.condition),
            Expectation::Sometimes => Check::Reachable(property.condition),
            Expectation::Eventually => Check::Eventually(property.condition),
        };
        Property { name: property.name, source: "stateright", meaning: "", check }
    }
}
