//! Each safety property dies in a history that was built by hand to violate it,
//! and in no other property's history unless the two are related.

use quorate_model::coordination::history::{Descent, History, Origin, Published};
use quorate_model::coordination::properties::*;
use quorate_model::coordination::{CoordinationState, Durable, PublicationId};
use quorate_model::{NodeId, NodeSet, Verdict};

/// A history as plain lists.
#[derive(Default)]
struct Told {
    published: Vec<Published>,
    committed: Vec<PublicationId>,
    accepted: Vec<(PublicationId, NodeSet)>,
    descents: Vec<Descent>,
    initial_versions: Vec<u64>,
}

const ALL: NodeSet = NodeSet(0b111);

fn id(term: u64, version: u64) -> PublicationId {
    PublicationId { term, version }
}

impl Told {
    fn new() -> Self {
        Told { initial_versions: vec![0; 3], ..Told::default() }
    }

    fn publish(mut self, publisher: u8, id: PublicationId, value: u64, on: &[PublicationId]) -> Self {
        self.published.push(Published { id, value, config: ALL, committed_config: ALL, publisher: NodeId(publisher) });
        self.descents.extend(on.iter().map(|from| Descent { from: *from, to: id }));
        self
    }

    fn commit(mut self, id: PublicationId, acceptors: u64) -> Self {
        self.committed.push(id);
        self.accepted.push((id, NodeSet(acceptors)));
        self
    }
}

impl History for Told {
    fn published(&self) -> impl Iterator<Item = Published> + Clone {
        self.published.iter().copied()
    }
    fn commits(&self) -> impl Iterator<Item = PublicationId> + Clone {
        self.committed.iter().copied()
    }
    fn acceptors(&self, id: PublicationId) -> NodeSet {
        self.accepted.iter().filter(|(accepted, _)| *accepted == id).fold(NodeSet::EMPTY, |all, (_, nodes)| all.union(*nodes))
    }
    fn descents(&self) -> impl Iterator<Item = Descent> + Clone {
        self.descents.iter().copied()
    }
    fn origin(&self) -> Origin<'_> {
        Origin { config: ALL, versions: &self.initial_versions }
    }
}

type NamedCheck = (&'static str, fn(&Told) -> Verdict);

const CHECKS: [NamedCheck; 10] = [
    ("one master", one_master_per_term),
    ("log matching", log_matching),
    ("strict order", descent_is_strictly_ordered),
    ("transitive", descent_is_transitive),
    ("newer on older", newer_ops_based_on_older_committed_ops),
    ("one line", committed_values_descend_from_committed_values),
    ("initial", committed_values_descend_from_initial_value),
    ("quorum of committed", commit_has_quorum_of_committed_config),
    ("quorum of published", commit_has_quorum_of_published_config),
    ("p2b", p2b_invariant),
];

fn violated(history: &Told) -> Vec<&'static str> {
    CHECKS.iter().filter(|(_, check)| check(history).is_err()).map(|(name, _)| *name).collect()
}

fn sound() -> Told {
    let origin = id(0, 0);
    Told::new().publish(0, id(1, 1), 7, &[origin]).commit(id(1, 1), 0b011).publish(1, id(2, 2), 8, &[id(1, 1), origin])
}

#[test]
fn a_sound_history_violates_nothing() {
    assert_eq!(violated(&sound()), Vec::<&str>::new());
}

#[test]
fn each_property_dies_in_its_history() {
    let origin = id(0, 0);
    assert_eq!(violated(&sound().publish(2, id(2, 3), 9, &[id(1, 1), origin])), ["one master"]);
    assert_eq!(violated(&sound().publish(0, id(1, 1), 9, &[origin])), ["log matching"]);
    assert_eq!(violated(&Told::new().publish(0, id(1, 1), 7, &[id(2, 0)])), ["strict order"]);
    assert_eq!(violated(&Told::new().publish(0, id(1, 1), 7, &[id(0, 1)])), ["strict order"]);
    assert_eq!(violated(&Told::new().publish(0, id(1, 1), 7, &[origin]).publish(0, id(1, 2), 8, &[id(1, 1)])), ["transitive"]);
    assert_eq!(violated(&sound().publish(1, id(2, 3), 9, &[origin])), ["newer on older"]);
    let forked = sound().publish(2, id(3, 1), 9, &[origin]).commit(id(3, 1), 0b110);
    assert_eq!(violated(&forked), ["one line", "p2b"]);
    assert_eq!(violated(&Told::new().publish(0, id(1, 1), 7, &[]).commit(id(1, 1), 0b011)), ["initial"]);
    assert_eq!(violated(&sound().commit(id(2, 2), 0b010)), ["quorum of committed", "quorum of published"]);
    assert_eq!(violated(&sound().publish(2, id(3, 1), 9, &[origin])), ["p2b"]);
}

#[test]
fn the_two_quorums_are_told_apart() {
    let mut shrinking = sound();
    shrinking.published[1].config = NodeSet(0b001);
    assert_eq!(violated(&shrinking.commit(id(2, 2), 0b110)), ["quorum of published"]);
    let mut grown = sound();
    grown.published[1].committed_config = NodeSet(0b001);
    assert_eq!(violated(&grown.commit(id(2, 2), 0b110)), ["quorum of committed"]);
}

#[test]
fn an_initial_version_must_be_one_that_a_majority_may_have_held() {
    let mut history = Told::new().publish(0, id(1, 3), 7, &[id(0, 1)]).commit(id(1, 3), 0b011);
    history.initial_versions = vec![1, 2, 2];
    assert_eq!(violated(&history), ["initial"]);
    history.initial_versions = vec![1, 1, 2];
    assert_eq!(violated(&history), Vec::<&str>::new());
}

#[test]
fn two_winners_of_one_term_are_seen() {
    let winner = |term| {
        let mut node = CoordinationState::restart(Durable::blank(0u8, 0));
        node.durable.current_term = term;
        node.volatile.election_won = true;
        node
    };
    let verdict = |a: &CoordinationState<u8>, b: &CoordinationState<u8>| {
        one_election_winner_per_term([(NodeId(0), a), (NodeId(1), b)].into_iter())
    };
    assert!(verdict(&winner(2), &winner(2)).unwrap_err().contains("n1 and n2 both won term 2"));
    assert_eq!(verdict(&winner(2), &winner(3)), Ok(()));
}

#[test]
fn each_conjunct_of_the_single_node_invariant_can_fail() {
    let sound = {
        let mut node = CoordinationState::restart(Durable::blank(0u8, 0));
        node.durable.accepted.config = ALL;
        node.durable.accepted.committed_config = ALL;
        node.durable.current_term = 1;
        node.volatile.started_join_since_restart = true;
        node.volatile.join_votes = NodeSet(0b011);
        node.volatile.election_won = true;
        node.volatile.publish_votes = NodeSet(0b001);
        node
    };
    assert_eq!(single_node_invariant(NodeId(0), &sound), Ok(()));
    let broken: [fn(&mut CoordinationState<u8>); 7] = [
        |node| node.durable.accepted.term = 2,
        |node| node.volatile.join_votes = NodeSet(0b001),
        |node| node.durable.accepted.committed_config = NodeSet(0b100),
        |node| node.durable.accepted.version = 1,
        |node| node.volatile.started_join_since_restart = false,
        |node| {
            (node.volatile.election_won, node.volatile.join_votes) = (false, NodeSet(0b001));
        },
        |node| {
            (node.volatile.election_won, node.volatile.join_votes) = (false, NodeSet(0b001));
            (node.volatile.publish_votes, node.volatile.last_published_version) = (NodeSet::EMPTY, 1);
        },
    ];
    for (number, breaks) in broken.iter().enumerate() {
        let mut node = sound.clone();
        breaks(&mut node);
        assert!(single_node_invariant(NodeId(0), &node).is_err(), "conjunct {number}");
    }
}
