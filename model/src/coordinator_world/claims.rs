//! What is claimed of the Coordinators: the rules' properties on the ledger and
//! on every node, refinement of the rules, and what the modes mean.

use super::bounds::CoordinatorModel;
use super::contract::{answers, refines_the_contract};
use super::duties;
use super::environment::{CoordinatorAction as Action, CoordinatorWorld, CoordinatorWorldState as State};
use super::ledger::Ledger;
use super::node_claims::{self, mode_invariant};
use super::parts::Turn;
use super::refinement::turn_refines_the_rules;
use super::stabilisation;
use crate::contract::Event;
use crate::coordination::claims::coordination_claims;
use crate::coordination::history::History;
use crate::coordination::placeholder::nodes_of;
use crate::coordination::properties::RuleOutput;
use crate::coordination::{CoordinationState, Join, PublicationId};
use crate::coordinator::{
    ClusterMetadata, ClusterValue, CoordinatorMsg, CoordinatorState, CoordinatorTimer, Mode, Policy, Publication,
};
use crate::node_set::{NodeId, NodeSet};
use crate::property::{Check, Property, Verdict};
use crate::world::WorldAction;

type World<R> = CoordinatorWorld<R>;

fn nodes(state: &State) -> impl Iterator<Item = (NodeId, &CoordinatorState<u8>)> + Clone {
    state.nodes.iter().enumerate().map(|(index, slot)| (NodeId::from_index(index), &slot.state))
}

fn rule_states(state: &State) -> impl Iterator<Item = (NodeId, &CoordinationState<ClusterMetadata<u8>>)> + Clone {
    nodes(state).map(|(id, node)| (id, &node.coordination))
}

fn ledger(state: &State) -> &Ledger {
    &state.ledger
}

pub(super) fn claims<R: Policy>(model: CoordinatorModel) -> Vec<Property<World<R>>> {
    let mut claims = coordination_claims!(World<R>, State, ledger, rule_states);
    claims.extend([
        Property::invariant(
            "ModesMeanWhatTheySay",
            "Coordinator.invariant (S12)",
            "what each mode requires: votes, leader, publication, joins",
            |_: &World<R>, s: &State| nodes(s).try_for_each(|(id, node)| mode_invariant(id, node)),
        ),
        Property::invariant(
            "AppliedStatesAgree",
            "AbstractCoordinatorTestCase.updateCommittedStates (S10)",
            "nodes that have applied the same version have applied the same content, and it is committed",
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
            "CommittedClusterUuidStays",
            "CoordinatorTests.testCannotJoinClusterWithDifferentUUID (S14, #37775)",
            "a node whose cluster's identity is committed stays in that cluster",
            |_: &World<R>, before: &State, action: &Action, after: &State| committed_uuid_stays(before, action, after),
        ),
        Property::invariant(
            "OneClusterIsCommitted",
            "ClusterBootstrapService (#37463); S14 for the cluster as a whole",
            "all committed states are of one cluster, however it was bootstrapped",
            |_: &World<R>, s: &State| one_cluster_is_committed(s),
        ),
        Property::step(
            "WonElectionsStayWon",
            "CoordinationState.handleJoin's assertion (S15)",
            "within a term an election once won stays won, except by restarting",
            |_: &World<R>, before: &State, action: &Action, after: &State| won_elections_stay_won(before, action, after),
        ),
        Property::step(
            "OneReconfigurationAtATime",
            "the in-flight rule (S16)",
            "a node has a configuration once bootstrapped, and a published change starts from a committed one",
            |_: &World<R>, before: &State, action: &Action, after: &State| one_reconfiguration_at_a_time(before, action, after),
        ),
        Property::invariant(
            "OnlyMasterEligibleNodesVote",
            "#43688 (S17)",
            "votes and acceptances that count are those of master-eligible nodes of the configuration",
            |world: &World<R>, s: &State| only_master_eligible_nodes_vote(world.actor.settings.master_eligible, s),
        ),
        Property::step(
            "RefinesTheRules",
            "step-local refinement (ours)",
            "every turn is a composition of rule steps, and sends only what they send",
            refinement::<R>,
        ),
        Property::step(
            "RefinesTheContract",
            "what the shard layer stands on (ours)",
            "every step is one of the contract automaton: one durable history, applied in order, honest answers",
            refines_the_contract::<R>,
        ),
    ]);
    claims.extend(duties::claims());
    claims.extend(match model {
        CoordinatorModel::Coordinator => vec![
            Property::reachable(
                "SubmissionIsCommitted",
                "ours",
                "a client's change can be committed",
                |_: &World<R>, s: &State| {
                    s.ledger.published.iter().any(|p| Ledger::written(p) > 0 && s.ledger.is_committed(p.id))
                },
            ),
            Property::reachable("ElectionIsContested", "ours", "two nodes can stand in one term", |_: &World<R>, s: &State| {
                election_is_contested(s)
            }),
        ],
        CoordinatorModel::PreVote => vec![
            Property::invariant(
                "LostContactDeposesNobody",
                "pre-vote; CoordinatorTests.testDoesNotPerformElectionWhenRestartingFollower (L7)",
                "while only a minority has given its leader up or restarted, the formed cluster keeps leader and term",
                lost_contact_deposes_nobody::<R>,
            ),
            Property::reachable("PromisesAreKept", "ours", "a promised election can be won", |_: &World<R>, s: &State| {
                nodes(s).any(|(_, node)| node.mode == Mode::Leader && node.coordination.current_term() > 1)
            }),
        ],
        CoordinatorModel::Membership => vec![
            Property::reachable("EverybodyJoins", "ours", "all nodes can become members", |world: &World<R>, s: &State| {
                nodes(s).any(|(_, node)| node.applied.as_ref().is_some_and(|a| a.metadata.members.nodes.len() == world.nodes))
            }),
            Property::reachable("SomebodyIsRemoved", "ours", "a member can be removed", |_: &World<R>, s: &State| {
                s.nodes.iter().any(|slot| {
                    let node = &slot.state;
                    let own = node.coordination.accepted();
                    node.applied.as_ref().is_some_and(|a| {
                        !own.value.members.nodes.is_empty() && own.value.members.nodes.len() < a.metadata.members.nodes.len()
                    })
                })
            }),
        ],
        CoordinatorModel::Reconfiguration => vec![
            Property::reachable(
                "ConfigurationChanges",
                "ours",
                "another configuration can be committed",
                |_: &World<R>, s: &State| {
                    s.ledger.published.iter().any(|p| p.config != p.committed_config && s.ledger.is_committed(p.id))
                },
            ),
            Property::reachable(
                "LeadershipIsHandedOver",
                "#37802",
                "an excluded leader can be followed by another",
                |_: &World<R>, s: &State| {
                    nodes(s).any(|(id, node)| {
                        let own = &node.coordination.accepted().value;
                        node.mode == Mode::Leader && !own.exclusions.is_empty() && !own.exclusions.contains(id)
                    })
                },
            ),
        ],
        CoordinatorModel::Stabilisation => stabilisation_claims(),
        CoordinatorModel::Whole => duties::claims_of_answers(),
        CoordinatorModel::Duties => duties::claims_of_answers().into_iter().chain(duties::claims_of_health()).collect(),
    });
    claims
}

/// What is always possible, what follows from what, and what stays as it is.
fn stabilisation_claims<R: Policy>() -> Vec<Property<World<R>>> {
    let possible = |name, source, meaning, goal| Property { name, source, meaning, check: Check::AlwaysPossible(goal) };
    let leads_to = |name, source, meaning, from, to| Property { name, source, meaning, check: Check::LeadsTo(from, to) };
    vec![
        possible(
            "OneLeaderIsPossible",
            "AbstractCoordinatorTestCase.stabilise, groups 1 and 5 (L1)",
            "from everywhere there can again be exactly one leader, with nothing left to do",
            |_: &World<R>, s: &State| stabilisation::one_leader(s),
        ),
        possible(
            "EverybodyFollowsIsPossible",
            "AbstractCoordinatorTestCase.stabilise, group 3 (L2); #53338 (L6)",
            "from everywhere all nodes can again be members that follow one leader and have applied its state",
            |_: &World<R>, s: &State| stabilisation::everybody_follows(s),
        ),
        possible(
            "AllVotesArePossible",
            "AbstractCoordinatorTestCase.stabilise, group 3; #34335 (L3)",
            "from everywhere the leader can come to hold the vote of every master-eligible node",
            |world: &World<R>, s: &State| stabilisation::leader_holds_all_votes(s, world.actor.settings.master_eligible),
        ),
        possible(
            "BestConfigurationIsPossible",
            "AbstractCoordinatorTestCase.stabilise, group 6 (L5)",
            "from everywhere the configuration can be as large as it should be, with nobody excluded in it",
            |world: &World<R>, s: &State| stabilisation::configuration_is_the_best(s, world.actor.settings.master_eligible),
        ),
        possible(
            "ExcludedLeaderHandsOver",
            "#37802 (L9)",
            "from everywhere the leader can be a node that is not excluded",
            |world: &World<R>, s: &State| stabilisation::leader_is_not_excluded(s, world.actor.settings.master_eligible),
        ),
        leads_to(
            "PublicationsEnd",
            "Publication.onPossibleCompletion; PublicationTransportHandler (L1, L8)",
            "a publication is completed, or its leader gives up",
            |_: &World<R>, s: &State| stabilisation::somebody_publishes(s),
            |_: &World<R>, s: &State| !stabilisation::somebody_publishes(s),
        ),
        leads_to(
            "JoinsAreAnswered",
            "JoinHelper.sendJoinRequest; #60872 (L2)",
            "a candidate that has asked a leader to be let in does not wait for ever",
            |_: &World<R>, s: &State| stabilisation::somebody_waits_to_be_let_in(s),
            |_: &World<R>, s: &State| !stabilisation::somebody_waits_to_be_let_in(s),
        ),
        Property::invariant(
            "LeadersHeedWhoAsks",
            "JoinRequest.minimumTerm; #53271, #53338 (L6)",
            "a leader that was asked to let a node in has heard of that node's term, which no state of a lower one can reach",
            |_: &World<R>, s: &State| stabilisation::leaders_heed_who_asks(s),
        ),
        Property::step(
            "WholeClustersStayWhole",
            "AbstractCoordinatorTestCase.stabilise, group 5 (L1, L7)",
            "once all follow a leader that has nothing left to do, only faults and requests change that",
            |_: &World<R>, before: &State, action: &Action, after: &State| {
                stabilisation::whole_clusters_stay_whole(before, action, after)
            },
        ),
    ]
}

fn applied_states_agree(state: &State) -> Verdict {
    let applied = || nodes(state).filter_map(|(id, node)| node.applied.as_ref().map(|applied| (id, applied)));
    for (id, one) in applied() {
        if !state.ledger.is_committed(one.id) {
            return Err(format!("{id} has applied {}, which is not committed", one.id));
        }
        for (other_id, other) in applied() {
            if one.id.version == other.id.version && one.metadata != other.metadata {
                return Err(format!(
                    "{id} has applied {} with {:?} and {other_id} {} with {:?}",
                    one.id, one.metadata, other.id, other.metadata
                ));
            }
        }
    }
    Ok(())
}

fn comes_up(action: &Action) -> bool {
    matches!(action, WorldAction::Restart { .. } | WorldAction::Crash { .. } | WorldAction::Start { .. })
}

fn applied_versions_grow(before: &State, action: &Action, after: &State) -> Verdict {
    let index = action.node().index();
    match (&before.nodes[index].state.applied, &after.nodes[index].state.applied) {
        _ if comes_up(action) => Ok(()),
        (Some(was), Some(is)) if (is.id.version, is.id.term) < (was.id.version, was.id.term) => {
            Err(format!("{} went back from {} to {}", action.node(), was.id, is.id))
        }
        (Some(was), None) => Err(format!("{} forgot that it had applied {}", action.node(), was.id)),
        _ => Ok(()),
    }
}

fn committed_uuid_stays(before: &State, action: &Action, after: &State) -> Verdict {
    let node = action.node();
    let (was, is) = (&before.nodes[node.index()].state.coordination, &after.nodes[node.index()].state.coordination);
    node_claims::committed_uuid_stays(node, was, is)
}

fn one_cluster_is_committed(state: &State) -> Verdict {
    let committed = || state.ledger.published.iter().filter(|p| state.ledger.is_committed(p.id));
    let first = committed().next();
    match committed().find(|p| first.is_some_and(|first| Ledger::cluster(first) != Ledger::cluster(p))) {
        Some(other) => Err(format!("{} is committed in another cluster than {}", other.id, first.expect("there is one").id)),
        None => Ok(()),
    }
}

fn won_elections_stay_won(before: &State, action: &Action, after: &State) -> Verdict {
    let node = action.node();
    let (was, is) = (&before.nodes[node.index()].state.coordination, &after.nodes[node.index()].state.coordination);
    if comes_up(action) { Ok(()) } else { node_claims::won_elections_stay_won(node, was, is) }
}

fn one_reconfiguration_at_a_time(before: &State, action: &Action, after: &State) -> Verdict {
    let node = action.node();
    let (was, is) = (&before.nodes[node.index()].state.coordination, &after.nodes[node.index()].state.coordination);
    node_claims::configurations_are_kept(node, was, is)?;
    let mut new = after.ledger.published.iter().filter(|p| p.publisher == node && !before.ledger.published.contains(p));
    new.try_for_each(|p| node_claims::change_starts_from_a_committed_one(node, was, p.id, p.config, p.committed_config))
}

fn only_master_eligible_nodes_vote(eligible: NodeSet, state: &State) -> Verdict {
    let may_vote = |node: NodeId| eligible.contains(node) || nodes_of(NodeSet::single(node)).is_empty();
    for (id, node) in rule_states(state) {
        if let Some(stranger) = node.volatile.join_votes.iter().find(|voter| !eligible.contains(*voter)) {
            return Err(format!("{id} counts the vote of {stranger}, which is not master-eligible"));
        }
    }
    for publication in &state.ledger.published {
        if let Some(stranger) = publication.config.iter().find(|node| !may_vote(*node)) {
            return Err(format!("{} lets {stranger} vote, which is not master-eligible", publication.id));
        }
    }
    Ok(())
}

fn election_is_contested(state: &State) -> bool {
    let stands = |(id, node): (NodeId, &CoordinatorState<u8>)| {
        let own = node.coordination.volatile.join_votes.contains(id);
        (own && node.mode == Mode::Candidate).then_some(node.coordination.current_term())
    };
    let terms: Vec<u64> = nodes(state).filter_map(stands).collect();
    terms.iter().enumerate().any(|(i, term)| terms[i + 1..].contains(term))
}

/// The ghost of a majority that has a leader: as long as fewer nodes than it
/// takes to outvote it have been disturbed, nobody can be promised an election.
fn lost_contact_deposes_nobody<R: Policy>(world: &World<R>, state: &State) -> Verdict {
    let (all, left) = (world.environment.bounds, state.ledger.left);
    let disturbed = all.suspicions - u64::from(left.suspicions) + all.restarts - u64::from(left.restarts);
    let no_change = all.submissions == u64::from(left.submissions) && all.exclusions == u64::from(left.exclusions);
    let undisturbed_majority = (all.nodes as u64).saturating_sub(disturbed) * 2 > all.nodes as u64;
    match nodes(state).find(|(_, node)| node.coordination.current_term() > 1) {
        // A leader whose own publication fails gives itself up: nothing is claimed once there was one.
        Some((id, node)) if undisturbed_majority && no_change && all.restarts == u64::from(left.restarts) => Err(format!(
            "{id} is in term {} although only {disturbed} of {} nodes lost contact",
            node.coordination.current_term(),
            all.nodes
        )),
        _ => Ok(()),
    }
}

fn success_means_committed_and_applied<R: Policy>(world: &World<R>, before: &State, action: &Action, after: &State) -> Verdict {
    for event in answers(world, before, action) {
        let Event::Succeeded { node, state } = event else { continue };
        // That it is committed, its entry in the ledger must live up to.
        if after.nodes[node.index()].state.applied.as_ref().is_none_or(|applied| applied.id < state) {
            return Err(format!("{node} reported success of {state} without having applied it"));
        }
    }
    Ok(())
}

fn refinement<R: Policy>(world: &World<R>, before: &State, action: &Action, after: &State) -> Verdict {
    if !action.is_turn() || matches!(action, WorldAction::Crash { .. }) {
        return Ok(());
    }
    let node = action.node();
    let (was, is) = (&before.nodes[node.index()], &after.nodes[node.index()]);
    if was.state.coordination == is.state.coordination && !comes_up(action) && world.happen(before, action).sent.is_empty() {
        return Ok(());
    }
    let turn = Turn { node, before: &was.state, after: &is.state };
    turn_refines_the_rules(world, before, action, is, |message| {
        let again = match message {
            RuleOutput::PublishRequest(state) => turn.is_sent_again(false, state.id()),
            RuleOutput::Commit(id) => turn.is_sent_again(true, *id),
            _ => false,
        };
        again && sent_before(&before.ledger, node, message)
    })
}

/// What a leader may send again to a follower that missed it.
pub(super) fn sent_before(ledger: &Ledger, node: NodeId, message: &RuleOutput<ClusterMetadata<u8>>) -> bool {
    let own = |id: PublicationId| ledger.published.iter().find(|published| published.id == id && published.publisher == node);
    match message {
        RuleOutput::PublishRequest(state) => own(state.id()).is_some_and(|published| {
            (published.value, published.config, published.committed_config)
                == (super::ledger::content(&state.value), state.config, state.committed_config)
        }),
        RuleOutput::Commit(id) => own(*id).is_some() && ledger.is_committed(*id),
        _ => false,
    }
}

/// The protocol messages among what a node sends; a vote that it has given
/// before may be sent again.
pub(super) fn rule_outputs<'a, V: ClusterValue>(
    sent: impl Iterator<Item = &'a CoordinatorMsg<V>>,
    earlier_vote: Option<Join>,
) -> Vec<RuleOutput<ClusterMetadata<V>>> {
    let new = |vote: Option<Join>| vote.filter(|vote| Some(*vote) != earlier_vote).map(RuleOutput::Join);
    let mut outputs = Vec::new();
    for message in sent {
        match message {
            CoordinatorMsg::Join(request) => outputs.extend(new(request.vote)),
            CoordinatorMsg::Publish(Publication::Full(state)) => outputs.push(RuleOutput::PublishRequest(state.clone())),
            CoordinatorMsg::PublishResponse { id, vote } => {
                outputs.push(RuleOutput::PublishResponse(*id));
                outputs.extend(new(*vote));
            }
            CoordinatorMsg::Commit(id) => outputs.push(RuleOutput::Commit(*id)),
            _ => {}
        }
    }
    outputs
}

/// The timers whose firing the protocol calls a suspicion.
pub(super) fn is_suspicion(timer: CoordinatorTimer) -> bool {
    matches!(
        timer,
        CoordinatorTimer::LeaderCheckTimeout | CoordinatorTimer::FollowerCheckTimeout(_) | CoordinatorTimer::PublicationTimeout
    )
}
