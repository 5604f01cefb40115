//! What stateright's `eventually` says of graphs on which it is known to err
//! ("false negatives" of its documentation, and a false alarm at bounds).

use quorate_checker::liveness::{self, LivenessOptions};
use quorate_checker::{Control, Verdict};
use quorate_model::specification::{Fairness, Specification};
use stateright::{Checker, Model, Property};

use crate::small::Small;

/// A graph with `eventually P` as a property of stateright's.
struct Theirs(Small);

impl Model for Theirs {
    type State = u8;
    type Action = char;

    fn init_states(&self) -> Vec<u8> {
        self.0.init_states()
    }

    fn actions(&self, state: &u8, actions: &mut Vec<char>) {
        self.0.actions(state, actions);
    }

    fn next_state(&self, state: &u8, action: char) -> Option<u8> {
        self.0.next_state(state, action)
    }

    fn within_boundary(&self, state: &u8) -> bool {
        self.0.within_boundary(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::eventually("P", |model: &Theirs, state| model.0.p.contains(state))]
    }
}

impl Specification for Theirs {
    fn fairness(&self, action: &char) -> Fairness {
        self.0.fairness(action)
    }
}

/// The path that stateright's checker gives as a counterexample, if any, and our verdict.
fn both(graph: Small) -> (Option<Vec<u8>>, Verdict) {
    let outcome = liveness::check(&Theirs(graph.clone()), &LivenessOptions::default(), &Control::new()).unwrap();
    let checker = Theirs(graph).checker().spawn_bfs().join();
    (checker.discovery("P").map(|path| path.into_states()), outcome.property("P").unwrap().outcome.verdict)
}

const ODD: [u8; 5] = [1, 3, 5, 7, 9];

#[test]
fn a_cycle() {
    let graph = Small::new("0a2 2b4 4c2").weak("abc").p(&ODD);
    assert_eq!(both(graph), (None, Verdict::Violated));
}

#[test]
fn a_join() {
    let graph = Small::new("0a2 2b4 4c6 1d4").initial(&[0, 1]).weak("abcd").p(&ODD);
    assert_eq!(both(graph), (None, Verdict::Violated));
}

#[test]
fn a_step_to_the_same_state() {
    let graph = Small::new("2a2 2b3").initial(&[2]).weak("a").p(&ODD);
    assert_eq!(both(graph), (None, Verdict::Violated));
}

#[test]
fn nothing_ever_ends() {
    // Even `eventually FALSE` "holds" where something is always possible.
    assert_eq!(both(Small::new("0a1 1b0").weak("ab")), (None, Verdict::Violated));
}

#[test]
fn a_bound_is_taken_for_a_dead_end() {
    // What comes after 2 is outside the bounds: nobody knows.
    let graph = Small::new("0a2 2b4").weak("ab").p(&ODD).outside(&[4]);
    assert_eq!(both(graph), (Some(vec![0, 2]), Verdict::Inconclusive));
}

#[test]
fn a_bound_on_one_side_hides_the_other() {
    // One successor is within the bounds and good, the other one is cut.
    let graph = Small::new("0a2 2b4 2c3").weak("abc").p(&ODD).outside(&[4]);
    assert_eq!(both(graph), (None, Verdict::Inconclusive));
}

#[test]
fn where_they_agree() {
    assert_eq!(both(Small::new("0a2 2b3").weak("ab").p(&ODD)), (None, Verdict::Holds));
    assert_eq!(both(Small::new("0a2 2b4").weak("ab").p(&ODD)), (Some(vec![0, 2, 4]), Verdict::Violated));
}
