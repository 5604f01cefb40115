//! What is claimed of the Coordinators: the rules' properties on the ledger and
//! on every node, refinement of the rules, and what the modes mean.

use super::environment::CoordinatorWorld;
use super::ledger::Ledger;
use super::refinement::{TurnView, refines_the_rules};
use crate::coordination::claims::coordination_claims;
use crate::coordination::history::History;
use crate::coordination::properties::{RuleInput, RuleOutput};
use crate::coordination::{CoordinationState, Durable, PublicationId, RuleSet};
use crate::coordinator::{
    CoordinatorMsg, CoordinatorState, CoordinatorTimer, LeaderPublication, Mode, PublicationOutcome, node_id,
};
use crate::node_set::NodeId;
use crate::property::{Property, Verdict};
use crate::world::{WorldAction, WorldState};

type World<R> = CoordinatorWorld<R>;
type State = WorldState<CoordinatorState<u8>, CoordinatorTimer, Durable<u8>, CoordinatorMsg<u8>, Ledger>;
type Action = WorldAction<CoordinatorMsg<u8>, CoordinatorTimer>;

fn nodes(state: &State) -> impl Iterator<Item = (NodeId, &CoordinatorState<u8>)> + Clone {
    state.nodes.iter().enumerate().map(|(index, slot)| (NodeId::from_index(index), &slot.state))
}

fn rule_states(state: &State) -> impl Iterator<Item = (NodeId, &CoordinationState<u8>)> + Clone {
    nodes(state).map(|(id, node)| (id, &node.coordination))
}

fn ledger(state: &State) -> &Ledger {
    &state.ledger
}

pub(super) fn claims<R: RuleSet>() -> Vec<Property<World<R>>> {
    let mut claims = coordination_claims!(World<R>, State, ledger, rule_states);
    claims.extend([
        Property::invariant(
            "ModesMeanWhatTheySay",
            "Coordinator.invariant (S12)",
            "a leader has won its term, a follower has not and follows another node",
            |_: &World<R>, s: &State| nodes(s).try_for_each(|(id, node)| mode_invariant(id, node)),
        ),
        Property::invariant(
            "AppliedStatesAgree",
            "AbstractCoordinatorTestCase.updateCommittedStates (S10)",
            "nodes that have applied the same version have applied the same value, and it is committed",
            |_: &World<R>, s: &State| applied_states_agree(s),
        ),
        Property::step(
            "AppliedVersionsGrow",
            "the applier's assertion (S10)",
            "a node never goes back to an older applied state, except by restarting",
            |_: &World<R>, before: &State, action: &Action, after: &State| applied_versions_grow(before, action, after),
        ),
        Property::step(
            "SuccessMeansCommittedAndApplied",
            "CoordinatorTests, ack tests (S13)",
            "a client hears of success only of a state that is committed and applied on the leader",
            success_means_committed_and_applied::<R>,
        ),
        Property::step(
            "RefinesTheRules",
            "step-local refinement (ours)",
            "every turn is a composition of rule steps, and sends only what they send",
            refinement::<R>,
        ),
        Property::reachable("SubmissionIsCommitted", "ours", "a client's change can be committed", |_: &World<R>, s: &State| {
            s.ledger.published.iter().any(|p| p.value > 0 && s.ledger.is_committed(p.id))
        }),
        Property::reachable("ElectionIsContested", "ours", "two nodes can stand in one term", |_: &World<R>, s: &State| {
            let stands = |(id, node): (NodeId, &CoordinatorState<u8>)| {
                let own = node.coordination.volatile.join_votes.contains(id);
                (own && node.mode == Mode::Candidate).then_some(node.coordination.current_term())
            };
            let terms: Vec<u64> = nodes(s).filter_map(stands).collect();
            terms.iter().enumerate().any(|(i, term)| terms[i + 1..].contains(term))
        }),
    ]);
    claims
}

fn mode_invariant(id: NodeId, node: &CoordinatorState<u8>) -> Verdict {
    let won = node.coordination.election_won();
    match node.mode {
        Mode::Leader if !won => Err(format!("{id} leads without having won term {}", node.coordination.current_term())),
        Mode::Follower(_) if won => Err(format!("{id} follows although it has won term {}", node.coordination.current_term())),
        Mode::Follower(leader) if leader == id => Err(format!("{id} follows itself")),
        Mode::Candidate | Mode::Follower(_) if node.publication.is_some() => Err(format!("{id} publishes and does not lead")),
        _ => Ok(()),
    }
}

fn applied_states_agree(state: &State) -> Verdict {
    let applied = || nodes(state).filter_map(|(id, node)| node.applied.as_ref().map(|applied| (id, applied)));
    for (id, one) in applied() {
        if !state.ledger.is_committed(one.id) {
            return Err(format!("{id} has applied {}, which is not committed", one.id));
        }
        for (other_id, other) in applied() {
            if one.id.version == other.id.version && one.value != other.value {
                return Err(format!(
                    "{id} has applied {} with value {} and {other_id} {} with value {}",
                    one.id, one.value, other.id, other.value
                ));
            }
        }
    }
    Ok(())
}

fn applied_versions_grow(before: &State, action: &Action, after: &State) -> Verdict {
    let index = action.node().index();
    match (&before.nodes[index].state.applied, &after.nodes[index].state.applied) {
        _ if matches!(action, WorldAction::Restart { .. }) => Ok(()),
        (Some(was), Some(is)) if (is.id.version, is.id.term) < (was.id.version, was.id.term) => {
            Err(format!("{} went back from {} to {}", action.node(), was.id, is.id))
        }
        (Some(was), None) => Err(format!("{} forgot that it had applied {}", action.node(), was.id)),
        _ => Ok(()),
    }
}

fn success_means_committed_and_applied<R: RuleSet>(world: &World<R>, before: &State, action: &Action, after: &State) -> Verdict {
    if before.nodes[action.node().index()].state.mode != Mode::Leader {
        return Ok(()); // only a leader has clients
    }
    for (_, message) in world.happen(before, action).sent {
        if let CoordinatorMsg::Outcome { outcome: PublicationOutcome::Committed(id), .. } = message {
            let node = &after.nodes[action.node().index()].state;
            let applied = node.applied.as_ref().is_some_and(|applied| applied.id == id);
            if !applied || node.coordination.accepted().committed_config != node.coordination.accepted().config {
                return Err(format!("{} reported success of {id} without having applied it", action.node()));
            }
        }
    }
    Ok(())
}

fn refinement<R: RuleSet>(world: &World<R>, before: &State, action: &Action, _after: &State) -> Verdict {
    let node = action.node();
    let was = &before.nodes[node.index()].state;
    let happening = world.happen(before, action);
    let is = &happening.slot.state;
    let inputs = match action {
        WorldAction::Restart { .. } => vec![RuleInput::Restart],
        WorldAction::Timeout { timer: CoordinatorTimer::Election, .. } => {
            vec![RuleInput::StartJoin(was.coordination.current_term() + 1)]
        }
        WorldAction::Deliver { source, message, .. } => match message {
            CoordinatorMsg::StartJoin { term } | CoordinatorMsg::FollowerCheck { term } => vec![RuleInput::StartJoin(*term)],
            CoordinatorMsg::Join(join) => vec![RuleInput::Join(*source, *join)],
            CoordinatorMsg::PublishRequest(state) => vec![RuleInput::StartJoin(state.term), RuleInput::PublishRequest(*state)],
            CoordinatorMsg::PublishResponse(id) => vec![RuleInput::PublishResponse(*source, *id)],
            CoordinatorMsg::Commit(id) => vec![RuleInput::Commit(*id)],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let sent = happening.sent.iter().filter(|(to, _)| node_id(*to).is_some()).filter_map(|(_, message)| match message {
        CoordinatorMsg::Join(join) => Some(RuleOutput::Join(*join)),
        CoordinatorMsg::PublishRequest(state) => Some(RuleOutput::PublishRequest(*state)),
        CoordinatorMsg::PublishResponse(id) => Some(RuleOutput::PublishResponse(*id)),
        CoordinatorMsg::Commit(id) => Some(RuleOutput::Commit(*id)),
        _ => None,
    });
    let published_now = |state: &CoordinatorState<u8>| state.publication.as_ref().map(|publication| publication.request);
    let published = published_now(is).filter(|request| published_now(was) != Some(*request));
    let turn = TurnView {
        node,
        before: &was.coordination,
        after: &is.coordination,
        inputs,
        published: published.as_ref(),
        sent: sent.collect(),
    };
    if turn.before == turn.after && turn.sent.is_empty() && !matches!(action, WorldAction::Restart { .. }) {
        return Ok(());
    }
    refines_the_rules(&turn, |message| sent_before(was, &before.ledger, node, message))
}

/// What a leader may send again to a follower that missed it: what it knows to
/// have published last, and did.
fn sent_before(was: &CoordinatorState<u8>, ledger: &Ledger, node: NodeId, message: &RuleOutput<u8>) -> bool {
    let last = was.publication.as_ref().map(LeaderPublication::id);
    let id = match message {
        RuleOutput::PublishRequest(state) => PublicationId { term: state.term, version: state.version },
        RuleOutput::Commit(id) => *id,
        _ => return false,
    };
    if last != Some(id) {
        return false;
    }
    let own = |id: PublicationId| ledger.published.iter().find(|published| published.id == id && published.publisher == node);
    match message {
        RuleOutput::PublishRequest(state) => {
            own(PublicationId { term: state.term, version: state.version }).is_some_and(|published| {
                (published.value, published.config, published.committed_config)
                    == (u64::from(state.value), state.config, state.committed_config)
            })
        }
        RuleOutput::Commit(id) => own(*id).is_some() && ledger.is_committed(*id),
        _ => false,
    }
}
