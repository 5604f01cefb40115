//! Small graphs as text: `0a1 1b0` is a step of instance `a` from 0 to 1, and
//! one of `b` back.

use quorate_checker::Control;
use quorate_checker::liveness::{self, LivenessOptions, LivenessOutcome};
use quorate_model::Path;
use quorate_model::property::{Check, Property};
use quorate_model::specification::{Fairness, Specification};
use stateright::Model;

/// A graph with two predicates.
#[derive(Clone, Debug, Default)]
pub struct Small {
    pub initial: Vec<u8>,
    pub edges: Vec<(u8, char, u8)>,
    pub weak: String,
    pub strong: String,
    pub p: Vec<u8>,
    pub q: Vec<u8>,
    /// States outside the bounds.
    pub outside: Vec<u8>,
}

impl Small {
    /// From `0a1 1b0`; the initial state is 0.
    pub fn new(text: &str) -> Self {
        let digit = |letter: char| letter.to_digit(10).expect("states are digits") as u8;
        let edges = text.split_whitespace().map(|step| {
            let letters: Vec<char> = step.chars().collect();
            (digit(letters[0]), letters[1], digit(letters[2]))
        });
        Small { initial: vec![0], edges: edges.collect(), ..Small::default() }
    }

    pub fn initial(self, initial: &[u8]) -> Self {
        Small { initial: initial.to_vec(), ..self }
    }

    pub fn weak(self, weak: &str) -> Self {
        Small { weak: weak.to_owned(), ..self }
    }

    pub fn strong(self, strong: &str) -> Self {
        Small { strong: strong.to_owned(), ..self }
    }

    pub fn p(self, p: &[u8]) -> Self {
        Small { p: p.to_vec(), ..self }
    }

    pub fn q(self, q: &[u8]) -> Self {
        Small { q: q.to_vec(), ..self }
    }

    pub fn outside(self, outside: &[u8]) -> Self {
        Small { outside: outside.to_vec(), ..self }
    }

    pub fn run(&self) -> LivenessOutcome<Small> {
        liveness::check(self, &LivenessOptions::default(), &Control::new()).expect("no symmetry")
    }
}

impl Model for Small {
    type State = u8;
    type Action = char;

    fn init_states(&self) -> Vec<u8> {
        self.initial.clone()
    }

    fn actions(&self, state: &u8, actions: &mut Vec<char>) {
        actions.extend(self.edges.iter().filter(|(from, ..)| from == state).map(|(_, action, _)| *action));
    }

    fn next_state(&self, state: &u8, action: char) -> Option<u8> {
        self.edges.iter().find(|(from, name, _)| from == state && *name == action).map(|(_, _, to)| *to)
    }

    fn within_boundary(&self, state: &u8) -> bool {
        !self.outside.contains(state)
    }
}

/// The claims by the letters of the tables: `<>P`, `[]<>P`, `<>[]P`, `P ~> Q`.
pub const CLAIMS: [(char, &str); 4] =
    [('E', "Eventually"), ('A', "AlwaysEventually"), ('S', "EventuallyAlways"), ('L', "LeadsTo")];

impl Specification for Small {
    fn fairness(&self, action: &char) -> Fairness {
        match action {
            _ if self.strong.contains(*action) => Fairness::Strong,
            _ if self.weak.contains(*action) => Fairness::Weak,
            _ => Fairness::None,
        }
    }

    fn claims(&self) -> Vec<Property<Self>> {
        let p = |model: &Small, state: &u8| model.p.contains(state);
        let q = |model: &Small, state: &u8| model.q.contains(state);
        let checks = [Check::Eventually(p), Check::AlwaysEventually(p), Check::EventuallyAlways(p), Check::LeadsTo(p, q)];
        let property = |((_, name), check)| Property { name, source: "test", meaning: "", check };
        CLAIMS.into_iter().zip(checks).map(property).collect()
    }
}

/// Whether `path` is a fair lasso of `model` that violates the claim: everything
/// is looked at again, without the engine.
pub fn assert_violation(model: &Small, claim: char, path: &Path<Small>) {
    let states: Vec<u8> = path.states().copied().collect();
    let context = format!("{claim} {model:?}\n{states:?} from {:?}", path.loop_start);
    assert!(model.initial.contains(&states[0]), "{context}");
    for (index, (action, to)) in path.steps.iter().enumerate() {
        assert!(model.edges.contains(&(states[index], *action, *to)), "no such step: {context}");
        assert!(!model.outside.contains(to), "{context}");
    }
    let start = path.loop_start.expect("a lasso");
    // The states that are visited for ever, and the steps taken for ever.
    let (cycle, taken): (Vec<u8>, Vec<char>) = if start == states.len() - 1 && path.steps.len() == start {
        let closed = start > 0 && states[start - 1] == states[start];
        assert!(!closed, "a step from a state to itself: {context}");
        (vec![states[start]], Vec::new())
    } else {
        assert_eq!(states[start - 1], states[states.len() - 1], "the cycle is not closed: {context}");
        (states[start..].to_vec(), path.steps[start - 1..].iter().map(|(action, _)| *action).collect())
    };
    assert!(is_fair(model, &cycle, &taken), "not fair: {context}");
    let (p, q) = (|s: &u8| model.p.contains(s), |s: &u8| model.q.contains(s));
    let violates = match claim {
        'E' => !states.iter().any(p),
        'A' => !cycle.iter().any(p),
        'S' => !cycle.iter().all(p),
        'L' => (0..states.len()).any(|at| p(&states[at]) && !states[at..].iter().chain(&cycle).any(q)),
        _ => unreachable!("four claims"),
    };
    assert!(violates, "no violation: {context}");
}

/// Whether going round `cycle` for ever with these steps is fair.
pub fn is_fair(model: &Small, cycle: &[u8], taken: &[char]) -> bool {
    let possible =
        |state: &u8, action: char| model.edges.iter().any(|(from, name, to)| from == state && *name == action && to != from);
    model.weak.chars().filter(|a| !model.strong.contains(*a)).all(|a| taken.contains(&a) || !cycle.iter().all(|s| possible(s, a)))
        && model.strong.chars().all(|a| taken.contains(&a) || !cycle.iter().any(|s| possible(s, a)))
}
