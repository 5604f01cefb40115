//! From every state that an adversary can bring about, the cluster can be whole
//! again (`AbstractCoordinatorTestCase.stabilise`, for all schedules at once).
//!
//! ```text
//!   formed cluster ── crashes, broken sessions, a node cut off, suspicions,
//!                     elections, exclusions, as long as the budget lasts ──▶ any state
//!                                                                             │
//!   one leader, followed by all, with all votes,                              │ recovery
//!   the best configuration and nothing left to do  ◀──────────────────────────┘
//! ```
//!
//! While it recovers, nodes are up, links work, and suspicions are right:
//! nobody is given up who is there and answers. So a spurious timeout cannot
//! rescue a leader that is stuck. The one thing left to chance are elections:
//! the schedule lets one candidate at a time stand for it, which a random
//! back-off brings about sooner or later.
//!
//! Checks that would be answered as expected, and peers that would be asked for
//! nothing, are left out: their answers change nothing, and whatever a check
//! under way can do, one sent at the time of its arrival can.

use super::environment::{CoordinatorAction, CoordinatorWorld, CoordinatorWorldState};
use crate::coordinator::{CoordinatorMsg, CoordinatorTimer, Mode, Policy};
use crate::node_set::{NodeId, NodeSet};
use crate::property::Verdict;
use crate::specification::Fairness;
use crate::world::{Environment, FaultKind, WorldAction};

type State = CoordinatorWorldState;
type Action = CoordinatorAction;

/// What the adversary does, and what ends it.
pub(super) const FAULTS: &[FaultKind] = &[
    FaultKind::Crash,
    FaultKind::Start,
    FaultKind::Disconnected,
    FaultKind::Disconnect,
    FaultKind::GiveUp,
    FaultKind::Cut,
    FaultKind::Heal,
];

/// Elections that a recovery may take beyond the budget.
const HEADROOM: u8 = 4;

/// Whether nothing is under way that could still arrive.
fn is_quiet(state: &State) -> bool {
    state.network.is_empty() && state.outage.untold.is_empty()
}

fn is_up(state: &State, node: NodeId) -> bool {
    !state.outage.down.contains(node)
}

fn reach(state: &State, one: NodeId, other: NodeId) -> bool {
    is_up(state, one) && is_up(state, other) && !state.outage.cut.contains(one, other) && !state.outage.cut.contains(other, one)
}

pub(super) fn may_fire(state: &State, node: NodeId, timer: CoordinatorTimer) -> bool {
    let own = &state.nodes[node.index()].state;
    let left = &state.ledger.left;
    match timer {
        CoordinatorTimer::Election => left.elections > 0 || left.overdrawn < HEADROOM,
        CoordinatorTimer::FindPeers => has_somebody_to_ask(state, node),
        CoordinatorTimer::LeaderCheck => match own.mode {
            Mode::Follower(leader) => !(reach(state, node, leader) && leads(state, leader, node)),
            _ => false,
        },
        CoordinatorTimer::FollowerCheck(follower) => {
            let term = own.coordination.current_term();
            let its = &state.nodes[follower.index()].state;
            let follows = its.mode == Mode::Follower(node) && its.coordination.current_term() == term;
            !(reach(state, node, follower) && follows)
        }
        CoordinatorTimer::NextTask => true,
        CoordinatorTimer::LeaderCheckTimeout
        | CoordinatorTimer::FollowerCheckTimeout(_)
        | CoordinatorTimer::PublicationTimeout
        | CoordinatorTimer::Lag => left.suspicions > 0 || is_quiet(state),
    }
}

/// Whether `leader` would tell `follower` that it leads it.
fn leads(state: &State, leader: NodeId, follower: NodeId) -> bool {
    let its = &state.nodes[leader.index()].state;
    let members = match &its.publication {
        Some(publication) => publication.targets,
        None => its.coordination.accepted().value.members.nodes,
    };
    its.mode == Mode::Leader && members.contains(follower)
}

/// A candidate asks again once its last questions are answered, if there is
/// somebody whom it has not found, or who leads or follows a leader.
fn has_somebody_to_ask(state: &State, node: NodeId) -> bool {
    let own = &state.nodes[node.index()].state;
    let asked = state.network.iter().any(|e| {
        let peers = matches!(e.message, CoordinatorMsg::PeersRequest { .. } | CoordinatorMsg::PeersResponse { .. });
        peers && (e.source == node || e.dest == node)
    });
    own.mode == Mode::Candidate
        && !asked
        && state
            .up()
            .filter(|(other, _)| *other != node && reach(state, node, *other))
            .any(|(other, slot)| !own.peers.contains(other) || slot.state.mode != Mode::Candidate)
}

pub(super) fn within_headroom(state: &State) -> bool {
    state.ledger.left.overdrawn <= HEADROOM
}

pub(super) fn allowed_in_recovery(state: &State, action: &Action) -> bool {
    match action {
        WorldAction::Request { .. } => false,
        WorldAction::Timeout { timer, .. } => !super::claims::is_suspicion(*timer) || is_quiet(state),
        action => action.fault().is_none_or(|fault| !fault.is_harm()),
    }
}

/// Messages arrive, ends of sessions are told, and timers that make things
/// happen fire. Elections, requests and faults may be neglected for ever.
pub(super) fn fairness(action: &Action) -> Fairness {
    match action {
        WorldAction::Deliver { .. } | WorldAction::Disconnected { .. } | WorldAction::GiveUp { .. } => Fairness::Weak,
        WorldAction::Timeout { timer: CoordinatorTimer::Election, .. } => Fairness::None,
        WorldAction::Timeout { .. } => Fairness::Weak,
        _ => Fairness::None,
    }
}

/// What a recovery does first: links and nodes, then everything under way, then
/// the first timer that brings the cluster on.
pub(super) fn recovery_step<R: Policy>(world: &CoordinatorWorld<R>, state: &State) -> Option<Action> {
    if !state.outage.cut.is_empty() {
        return Some(WorldAction::Heal { links: state.outage.cut });
    }
    if let Some(node) = state.outage.down.iter().next() {
        return Some(WorldAction::Start { node });
    }
    under_way(state).or_else(|| {
        let timers = timers(world, state);
        timers.into_iter().find(|timer| brings_on(world, state, timer))
    })
}

fn under_way(state: &State) -> Option<Action> {
    if let Some((node, peer)) = state.outage.untold.iter().next() {
        return Some(WorldAction::Disconnected { node, peer });
    }
    let e = state.network.iter().find(|e| state.outage.passes(e.source, e.dest))?;
    Some(WorldAction::Deliver { source: e.source, dest: e.dest, message: e.message.clone() })
}

/// The timers that may fire, in the order in which they are tried.
fn timers<R: Policy>(world: &CoordinatorWorld<R>, state: &State) -> Vec<Action> {
    let rank = |timer: CoordinatorTimer| match timer {
        CoordinatorTimer::NextTask => 0,
        CoordinatorTimer::FindPeers => 1,
        CoordinatorTimer::LeaderCheck | CoordinatorTimer::FollowerCheck(_) => 2,
        CoordinatorTimer::LeaderCheckTimeout | CoordinatorTimer::FollowerCheckTimeout(_) => 3,
        CoordinatorTimer::PublicationTimeout | CoordinatorTimer::Lag => 4,
        CoordinatorTimer::Election => 5,
    };
    let mut timers: Vec<_> = state
        .up()
        .flat_map(|(node, slot)| slot.timers.iter().map(move |timer| (rank(*timer), node, *timer)))
        .filter(|(_, node, timer)| world.environment.may_fire(state, *node, timer))
        .collect();
    timers.sort_unstable();
    timers.into_iter().map(|(_, node, timer)| WorldAction::Timeout { node, timer }).collect()
}

/// Whether something is different once all that a timer leads to has arrived.
fn brings_on<R: Policy>(world: &CoordinatorWorld<R>, state: &State, timer: &Action) -> bool {
    let Ok(mut next) = world.take(state, timer) else { return false };
    for _ in 0..DRAIN_MAX {
        match under_way(&next) {
            Some(action) => next = world.take(&next, &action).unwrap_or(next),
            None => break,
        }
    }
    next.nodes != state.nodes
}

/// More messages than one timer leads to.
const DRAIN_MAX: usize = 200;

/// The one leader, if there is one and it has nothing to do.
fn leader(state: &State) -> Option<NodeId> {
    let mut leaders = state.up().filter(|(_, slot)| slot.state.mode == Mode::Leader);
    let (leader, slot) = leaders.next()?;
    let own = &slot.state;
    let at_rest = own.publication.is_none()
        && own.joins.is_empty()
        && own.validating.is_empty()
        && own.faulty.is_empty()
        && own.queue.is_empty()
        && own.max_term_seen == own.coordination.current_term();
    (at_rest && leaders.next().is_none() && is_quiet(state)).then_some(leader)
}

/// L1: exactly one leader, which has nothing left to do.
pub(super) fn one_leader(state: &State) -> bool {
    leader(state).is_some()
}

/// L2, L6: everybody is up, a member, follows the leader in its term, and has
/// applied what it has.
pub(super) fn everybody_follows(state: &State) -> bool {
    let Some(leader) = leader(state) else { return false };
    let own = &state.nodes[leader.index()].state;
    let (term, accepted) = (own.coordination.current_term(), own.coordination.accepted());
    let all = NodeSet::first(state.nodes.len());
    state.outage.down.is_empty()
        && accepted.value.members.nodes == all
        && state.up().all(|(node, slot)| {
            let its = &slot.state;
            (node == leader || its.mode == Mode::Follower(leader))
                && its.coordination.current_term() == term
                && its.applied.as_ref().is_some_and(|applied| applied.id == accepted.id())
        })
}

/// L3: the leader holds the vote of every master-eligible node.
pub(super) fn leader_holds_all_votes(state: &State, master_eligible: NodeSet) -> bool {
    leader(state).is_some_and(|leader| {
        let votes = state.nodes[leader.index()].state.coordination.volatile.join_votes;
        master_eligible.iter().all(|node| votes.contains(node))
    })
}

/// L5: the committed configuration is as large as it should be, odd, of nodes
/// that are not excluded; the leader is in it.
pub(super) fn configuration_is_the_best(state: &State, master_eligible: NodeSet) -> bool {
    let Some(leader) = leader(state) else { return false };
    let own = state.nodes[leader.index()].state.coordination.accepted();
    let may_vote: NodeSet = master_eligible.iter().filter(|node| !own.value.exclusions.contains(*node)).collect();
    let odd = if may_vote.len().is_multiple_of(2) { may_vote.len().saturating_sub(1) } else { may_vote.len() };
    own.config == own.committed_config
        && own.config.len() == odd.max(1)
        && own.config.contains(leader)
        && own.config.iter().all(|node| may_vote.contains(node))
}

/// L9: the leader is not excluded while somebody else could lead.
pub(super) fn leader_is_not_excluded(state: &State, master_eligible: NodeSet) -> bool {
    leader(state).is_some_and(|leader| {
        let exclusions = state.nodes[leader.index()].state.coordination.accepted().value.exclusions;
        !exclusions.contains(leader) || master_eligible.iter().all(|node| exclusions.contains(node))
    })
}

/// A leader has a publication under way.
pub(super) fn somebody_publishes(state: &State) -> bool {
    state.up().any(|(_, slot)| slot.state.publication.is_some())
}

/// A candidate that can be heard waits for the answer of a node that leads.
/// (One that asked a candidate waits for an election.)
pub(super) fn somebody_waits_to_be_let_in(state: &State) -> bool {
    state.up().any(|(node, slot)| {
        let leads = |leader: NodeId| state.nodes[leader.index()].state.mode == Mode::Leader && reach(state, node, leader);
        slot.state.joining.is_some_and(leads)
    })
}

/// A node's request, once it has arrived, has told the leader in which term the
/// node is: it would refuse whatever the leader publishes in a lower one, and
/// would be let in and removed for ever.
pub(super) fn leaders_heed_who_asks(state: &State) -> Verdict {
    for (node, slot) in state.up() {
        let Some(leader) = slot.state.joining else { continue };
        let (term, its) = (slot.state.coordination.current_term(), &state.nodes[leader.index()].state);
        let has_arrived = its.mode == Mode::Leader
            && !state.outage.untold.contains(node, leader)
            && its.validating.iter().all(|(other, _)| *other != node)
            && !state
                .network
                .iter()
                .any(|e| e.source == node && e.dest == leader && matches!(e.message, CoordinatorMsg::Join(_)));
        if has_arrived && its.max_term_seen < term {
            return Err(format!("{leader} was asked by {node} to let it in, and has heard of no term that is as high as {term}"));
        }
    }
    Ok(())
}

/// A whole cluster stays as it is until a fault, a suspicion or a request.
pub(super) fn whole_clusters_stay_whole(before: &State, action: &Action, after: &State) -> Verdict {
    let moved = matches!(action, WorldAction::Request { .. })
        || action.fault().is_some_and(FaultKind::is_harm)
        || matches!(action, WorldAction::Timeout { timer, .. } if super::claims::is_suspicion(*timer));
    if moved || !everybody_follows(before) || before.nodes.iter().zip(&after.nodes).all(|(was, is)| was.state == is.state) {
        return Ok(());
    }
    Err(format!("{} changes in a cluster that is whole", action.node()))
}
