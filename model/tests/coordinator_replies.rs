//! Whoever asks a Coordinator hears of it, also when the answer is no: a leader
//! and a joining node wait for nothing else.

use std::borrow::Cow;

use quorate_model::coordination::{PublicationId, Sound};
use quorate_model::coordinator::{
    Coordinator, CoordinatorMsg, CoordinatorSettings, CoordinatorState, CoordinatorTimer, JoinRequest,
};
use quorate_model::{NodeId, NodeSet};
use stateright::actor::{Actor, Command, Id, Out};

type Node = Coordinator<u8, Sound>;
type Msg = CoordinatorMsg<u8>;

/// A node of two, of which only the first founds the cluster.
fn node() -> Node {
    let initial_master_nodes = NodeSet::single(NodeId(0));
    Coordinator::new(Sound, CoordinatorSettings { initial_master_nodes, ..CoordinatorSettings::of(2) })
}

/// What the first node says to the second when it is told `message`.
fn told(state: &mut CoordinatorState<u8>, message: Msg) -> Vec<Msg> {
    let (mut after, mut out) = (Cow::Borrowed(&*state), Out::new());
    node().on_msg(Id::from(0), &mut after, Id::from(1), message, &mut out);
    let after = after.into_owned();
    *state = after;
    let said = out.iter().filter_map(|command| match command {
        Command::Send(to, message) if usize::from(*to) == 1 => Some(message.clone()),
        _ => None,
    });
    said.collect()
}

/// A node that has been elected, alone.
fn leader() -> CoordinatorState<u8> {
    let state = node().on_start(Id::from(0), &None, &mut Out::new());
    let mut after = Cow::Borrowed(&state);
    node().on_timeout(Id::from(0), &mut after, &CoordinatorTimer::Election, &mut Out::new());
    after.into_owned()
}

#[test]
fn a_commit_that_is_refused_is_answered() {
    let mut state = node().on_start(Id::from(0), &None, &mut Out::new());
    let id = PublicationId::new(7, 1);
    assert_eq!(told(&mut state, CoordinatorMsg::Commit(id)), [CoordinatorMsg::PublishRefused { id, needs_full_state: false }]);
}

#[test]
fn a_join_that_is_being_validated_when_the_leader_gives_up_is_answered() {
    let mut state = leader();
    assert_eq!(state.leader(NodeId(0)), Some(NodeId(0)));
    let said = told(&mut state, CoordinatorMsg::Join(JoinRequest { minimum_term: 1, vote: None }));
    assert!(matches!(said[..], [CoordinatorMsg::ValidateJoin { .. }]), "{said:?}");
    let said = told(&mut state, CoordinatorMsg::StartJoin { candidate: NodeId(1), term: 9 });
    assert!(said.contains(&CoordinatorMsg::JoinResponse { accepted: false }), "{said:?}");
}
