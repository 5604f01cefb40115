//! Every claim about Coordinators can fail: each is shown a state, or a step,
//! made by hand that it must reject.

use std::sync::Arc;

use quorate_model::coordination::history::Published;
use quorate_model::coordination::placeholder::placeholders;
use quorate_model::coordination::{PublicationId, Sound};
use quorate_model::coordinator::{Applied, ClusterChange, CoordinatorState, CoordinatorTimer, Mode, Submission, Waiting};
use quorate_model::coordinator_world::{
    CoordinatorAction, CoordinatorBounds, CoordinatorModel, CoordinatorWorld, CoordinatorWorldState, coordinator_world,
};
use quorate_model::specification::Specification;
use quorate_model::world::WorldAction;
use quorate_model::{Check, NodeId, NodeSet, Verdict};
use stateright::Model;

fn world(model: CoordinatorModel) -> CoordinatorWorld<Sound> {
    let bounds = CoordinatorBounds {
        nodes: 3,
        initial_masters: 3,
        max_term: 2,
        max_version: 3,
        submissions: 1,
        exclusions: 1,
        restarts: 1,
        suspicions: 2,
        ..CoordinatorBounds::default()
    };
    coordinator_world(model, Sound, bounds, true).unwrap()
}

/// A cluster that is formed: n1 leads term 1, and everybody has applied version 1.
fn formed() -> (CoordinatorWorld<Sound>, CoordinatorWorldState) {
    let world = world(CoordinatorModel::PreVote);
    let state = world.init_states().remove(0);
    assert_eq!(state.nodes[0].state.mode, Mode::Leader);
    (world, state)
}

fn with(state: &CoordinatorWorldState, node: usize, change: impl FnOnce(&mut CoordinatorState<u8>)) -> CoordinatorWorldState {
    let mut changed = state.clone();
    change(&mut Arc::make_mut(&mut changed.nodes[node]).state);
    changed
}

/// What the claim of this name says of the step to `after`, and of `after`.
fn verdict(
    world: &CoordinatorWorld<Sound>,
    name: &str,
    before: &CoordinatorWorldState,
    action: &CoordinatorAction,
    after: &CoordinatorWorldState,
) -> Verdict {
    let claim = world.claims().into_iter().find(|claim| claim.name == name).unwrap_or_else(|| panic!("no claim {name}"));
    match claim.check {
        Check::Invariant(holds) => holds(world, after),
        Check::Step(holds) => holds(world, before, action, after),
        _ => panic!("{name} is of another kind"),
    }
}

fn fires(node: u8) -> CoordinatorAction {
    WorldAction::Timeout { node: NodeId(node), timer: CoordinatorTimer::Election }
}

/// The claim holds of `state` as it is and not of what `change` makes of node `node`.
fn rejects(name: &str, node: usize, change: impl FnOnce(&mut CoordinatorState<u8>)) {
    let (world, state) = formed();
    let action = fires(node as u8);
    let after = with(&state, node, change);
    verdict(&world, name, &state, &action, &state).unwrap_or_else(|why| panic!("{name} of the formed cluster: {why}"));
    assert!(verdict(&world, name, &state, &action, &after).is_err(), "{name} accepts {after:?}");
}

#[test]
fn what_each_mode_requires() {
    rejects("ModesMeanWhatTheySay", 1, |node| node.mode = Mode::Leader);
    rejects("ModesMeanWhatTheySay", 1, |node| node.mode = Mode::Follower(NodeId(1)));
    rejects("ModesMeanWhatTheySay", 1, |node| node.joins = NodeSet::first(1));
    rejects("ModesMeanWhatTheySay", 1, |node| node.joining = Some(NodeId(2)));
    rejects("ModesMeanWhatTheySay", 1, |node| node.pre_voting = Some(NodeSet::EMPTY));
    rejects("ModesMeanWhatTheySay", 1, |node| node.faulty = NodeSet::first(1));
    rejects("ModesMeanWhatTheySay", 0, |node| node.mode = Mode::Follower(NodeId(1)));
    rejects("ModesMeanWhatTheySay", 0, |node| node.peers = NodeSet::first(2));
    rejects("ModesMeanWhatTheySay", 0, |node| node.max_term_seen = 0);
    rejects("ModesMeanWhatTheySay", 0, |node| {
        node.coordination.durable.accepted.committed_config = NodeSet::first(1);
    });
}

#[test]
fn what_nodes_have_applied() {
    let other = |node: &mut CoordinatorState<u8>| node.applied.as_mut().unwrap().metadata.value = 9;
    rejects("AppliedStatesAgree", 1, other);
    let uncommitted = |node: &mut CoordinatorState<u8>| node.applied.as_mut().unwrap().id.version = 7;
    rejects("AppliedStatesAgree", 1, uncommitted);
    rejects("AppliedVersionsGrow", 1, |node| node.applied = None);
    rejects("AppliedVersionsGrow", 1, |node| {
        let Applied { metadata, .. } = node.applied.clone().unwrap();
        node.applied = Some(Applied { id: PublicationId::new(0, 0), metadata });
    });
}

#[test]
fn clusters_and_configurations() {
    rejects("CommittedClusterUuidStays", 1, |node| node.coordination.durable.accepted.value.cluster_uuid = 3);
    rejects("OneReconfigurationAtATime", 1, |node| node.coordination.durable.accepted.config = NodeSet::EMPTY);
    rejects("WonElectionsStayWon", 0, |node| node.coordination.volatile.election_won = false);
    rejects("OnlyMasterEligibleNodesVote", 0, |node| {
        node.coordination.volatile.join_votes = NodeSet::first(4);
    });
    rejects("LostContactDeposesNobody", 2, |node| node.coordination.durable.current_term = 2);
}

#[test]
fn the_ledger_of_two_clusters_and_of_two_changes() {
    let (world, state) = formed();
    let action = fires(0);
    let first = state.ledger.published[0];
    let mut other = state.clone();
    let id = PublicationId::new(2, 2);
    let content = first.value & !(0xff << 40) | 3 << 40;
    other.ledger.published.push(Published { id, value: content, publisher: NodeId(1), ..first });
    other.ledger.commit(id);
    assert!(verdict(&world, "OneClusterIsCommitted", &state, &action, &state).is_ok());
    assert!(verdict(&world, "OneClusterIsCommitted", &state, &action, &other).is_err());

    // n1 publishes a configuration on top of one that is not committed.
    let before = with(&state, 0, |node| node.coordination.durable.accepted.config = NodeSet::first(2));
    let mut after = before.clone();
    let next = PublicationId::new(1, 2);
    after.ledger.published.push(Published { id: next, config: NodeSet::first(1), publisher: NodeId(0), ..first });
    assert!(verdict(&world, "OneReconfigurationAtATime", &before, &action, &before).is_ok());
    assert!(verdict(&world, "OneReconfigurationAtATime", &before, &action, &after).is_err());

    let mut stranger = state.clone();
    stranger.ledger.published[0].config = NodeSet::first(4);
    assert!(verdict(&world, "OnlyMasterEligibleNodesVote", &state, &action, &stranger).is_err());
}

/// The history shrinks, is applied out of order, or is not what was applied.
#[test]
fn a_step_that_the_contract_does_not_have() {
    let (world, state) = formed();
    let (name, action) = ("RefinesTheContract", fires(1));
    assert!(verdict(&world, name, &state, &action, &state).is_ok());
    let mut lost = state.clone();
    lost.ledger.committed.clear();
    assert!(verdict(&world, name, &state, &action, &lost).unwrap_err().contains("nothing committed is lost"));
    let other = with(&state, 1, |node| node.applied.as_mut().unwrap().id = PublicationId::new(1, 9));
    assert!(verdict(&world, name, &state, &action, &other).unwrap_err().contains("nodes apply committed states"));
    let mut refused = state.clone();
    refused.ledger.refused.push(1);
    assert!(verdict(&world, name, &state, &action, &refused).unwrap_err().contains("leads the contract to"));
}

/// Only faults, suspicions and requests change a whole cluster.
#[test]
fn a_whole_cluster_that_does_not_stay_whole() {
    let world = world(CoordinatorModel::Stabilisation);
    let state = world.init_states().remove(0);
    let name = "WholeClustersStayWhole";
    let after = with(&state, 1, |node| node.mode = Mode::Candidate);
    let find_peers = WorldAction::Timeout { node: NodeId(1), timer: CoordinatorTimer::FindPeers };
    assert!(verdict(&world, name, &state, &find_peers, &state).is_ok());
    assert!(verdict(&world, name, &state, &find_peers, &after).is_err());
    assert!(verdict(&world, name, &state, &WorldAction::Crash { node: NodeId(1) }, &after).is_ok());
    assert!(verdict(&world, name, &after, &find_peers, &state).is_ok(), "a cluster that is not whole may become so");
}

/// A turn that changes what only rules may change is none of theirs.
#[test]
fn a_state_that_no_rule_made() {
    let (world, state) = formed();
    let action = fires(1);
    let after = with(&state, 1, |node| node.coordination.durable.current_term = 5);
    assert!(verdict(&world, "RefinesTheRules", &state, &action, &state).is_ok());
    assert!(verdict(&world, "RefinesTheRules", &state, &action, &after).is_err());
}

#[test]
fn what_candidates_and_idle_leaders_may_do() {
    rejects("ElectionsAreTriedWhereAQuorumIsFound", 1, |node| {
        (node.mode, node.attempts, node.peers) = (Mode::Candidate, Some(0), NodeSet::EMPTY);
    });
    rejects("FirstConfigurationsCanElect", 1, |node| {
        node.coordination.durable.accepted.term = 0;
        node.coordination.durable.accepted.config = NodeSet::single(NodeId(1)).union(placeholders(2));
    });
    let waiting = Waiting { client: 99, request: 0 };
    rejects("IdleLeadersHaveNothingToDo", 0, |node| {
        node.queue.push(Submission { waiting, change: ClusterChange::Value(1) });
    });
    rejects("LeadersGiveUpOverAFailedPublication", 0, |node| node.mode = Mode::Candidate);
}
