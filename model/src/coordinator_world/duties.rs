//! What the Coordinator's own guards are for: each of them is missed by one of
//! these claims. They do their own arithmetic, and ask the node nothing that a
//! guard decides.

use super::environment::{CoordinatorAction as Action, CoordinatorWorld, CoordinatorWorldState as State};
use crate::coordination::placeholder::nodes_of;
use crate::coordination::quorum::is_majority;
use crate::coordination::reconfigurator::{Reconfigurator, improve_configuration};
use crate::coordinator::{CoordinatorMsg, CoordinatorSettings, CoordinatorState, CoordinatorTimer, Mode, Policy};
use crate::node_set::{NodeId, NodeSet};
use crate::property::{Property, Verdict};
use crate::world::WorldAction;

type World<R> = CoordinatorWorld<R>;
type Node = CoordinatorState<u8>;

/// What is claimed of every Coordinator.
pub(super) fn claims<R: Policy>() -> Vec<Property<World<R>>> {
    vec![
        Property::invariant(
            "FirstConfigurationsCanElect",
            "ClusterBootstrapService (#37463); Coordinator.setInitialConfiguration",
            "who bootstraps is an initial master, and has found a majority of the configuration that it sets",
            |world: &World<R>, s: &State| of_nodes(s, |id, node| first_configuration_can_elect(&world.actor.settings, id, node)),
        ),
        Property::invariant(
            "ElectionsAreTriedWhereAQuorumIsFound",
            "Coordinator.onFoundPeersUpdated (L10, #98420)",
            "a candidate's election scheduler is open only while the nodes found could elect it",
            |world: &World<R>, s: &State| of_nodes(s, |id, node| elections_have_a_quorum(&world.actor.settings, id, node)),
        ),
        Property::step(
            "ExcludedNodesDoNotStand",
            "Coordinator.nodeMayWinElection (#43243)",
            "a node that is excluded, and in neither configuration, stands for no election",
            |_: &World<R>, before: &State, action: &Action, after: &State| excluded_nodes_do_not_stand(before, action, after),
        ),
        Property::step(
            "PromisesAreOfNodesThatKnowNoMore",
            "PreVoteCollector (L7)",
            "a pre-vote of a node that has accepted something newer, and will refuse its vote, does not count",
            |_: &World<R>, before: &State, action: &Action, after: &State| promises_can_be_kept(before, action, after),
        ),
        Property::step(
            "WhoGaveUpAsksToBeLetIn",
            "CoordinatorTests.testStayCandidateAfterReceivingFollowerCheckFromKnownMaster (S12, #36449)",
            "no check makes a follower of a node that has accepted a state in this term and given its leader up",
            |_: &World<R>, before: &State, action: &Action, after: &State| who_gave_up_asks(before, action, after),
        ),
        Property::step(
            "PublicationsEndInTime",
            "Publication.cancel, cluster.publish.timeout (L8)",
            "when the time of a publication is up, it is complete or its leader gives up",
            |_: &World<R>, before: &State, action: &Action, after: &State| publications_end_in_time(before, action, after),
        ),
        Property::step(
            "OnePublicationAtATime",
            "Coordinator.publish, MasterService",
            "a leader that has published publishes again once it has applied that",
            |_: &World<R>, before: &State, action: &Action, after: &State| one_publication_at_a_time(before, action, after),
        ),
        Property::invariant(
            "IdleLeadersHaveNothingToDo",
            "AbstractCoordinatorTestCase.stabilise, group 6 (L5, L8)",
            "a leader that publishes nothing has nobody to let in or to remove, no change to publish, and no better configuration",
            |world: &World<R>, s: &State| idle_leaders_have_nothing_to_do(&world.actor.settings, s),
        ),
        Property::step(
            "LeadersGiveUpOverAFailedPublication",
            "Coordinator.publish (#41781, #96490), Reconfigurator (L5)",
            "a leader gives up within its term because a publication has failed, and plans none that its rules refuse",
            |_: &World<R>, before: &State, action: &Action, after: &State| leaders_give_up_for_a_reason(before, action, after),
        ),
        Property::invariant(
            "OnlyFullMastersLead",
            "CoordinatorTests.testDoesNotElectNonMasterNode (#35996); VotingOnlyNodeCoordinatorTests",
            "nodes without the role master, and nodes that only vote, never lead",
            |world: &World<R>, s: &State| of_nodes(s, |id, node| only_full_masters_lead(&world.actor.settings, id, node)),
        ),
    ]
}

/// What is claimed where checks and answers are driven too.
pub(super) fn claims_of_answers<R: Policy>() -> Vec<Property<World<R>>> {
    vec![
        Property::step(
            "TheUnwellTakeNoPart",
            "FsHealthService; CoordinatorTests.testUnhealthyNodesGetsRemoved",
            "a node whose disk is not well neither stands, votes, asks to be let in, nor answers that it leads or follows",
            unwell_take_no_part::<R>,
        ),
        Property::step(
            "ChecksAreAnsweredTruly",
            "LeaderChecker, FollowersChecker (S12)",
            "who says that it leads a node leads it as a member, and who says that it follows follows or asks to",
            checks_are_answered_truly::<R>,
        ),
        Property::step(
            "LaggardsAreWatched",
            "LagDetector (L4, #35685)",
            "at the end of a publication whoever has not applied it is watched, or to be removed",
            |_: &World<R>, before: &State, action: &Action, after: &State| laggards_are_watched(before, action, after),
        ),
    ]
}

/// What is claimed where disks fall ill.
pub(super) fn claims_of_health<R: Policy>() -> Vec<Property<World<R>>> {
    vec![Property::reachable(
        "TheUnwellAreRemoved",
        "CoordinatorTests.testUnhealthyNodesGetsRemoved",
        "a node whose disk is not well can be removed",
        |_: &World<R>, s: &State| unwell_node_is_removed(s),
    )]
}

fn of_nodes(state: &State, holds: impl Fn(NodeId, &Node) -> Verdict) -> Verdict {
    state.nodes.iter().enumerate().try_for_each(|(index, slot)| holds(NodeId::from_index(index), &slot.state))
}

/// The node of a step, before and after.
fn of_step<'a>(before: &'a State, action: &Action, after: &'a State) -> (NodeId, &'a Node, &'a Node) {
    let node = action.node();
    (node, &before.nodes[node.index()].state, &after.nodes[node.index()].state)
}

fn first_configuration_can_elect(settings: &CoordinatorSettings, id: NodeId, node: &Node) -> Verdict {
    let own = node.coordination.accepted();
    if own.term > 0 || own.config.is_empty() {
        return Ok(());
    }
    let there = nodes_of(own.config);
    if !settings.initial_master_nodes.contains(id) || !there.contains(id) {
        return Err(format!("{id} has bootstrapped with {} and is none of the initial masters", own.config));
    }
    match is_majority(there, own.config) {
        true => Ok(()),
        false => Err(format!("{id} has bootstrapped with {}, of which {there} can elect nobody", own.config)),
    }
}

fn elections_have_a_quorum(settings: &CoordinatorSettings, id: NodeId, node: &Node) -> Verdict {
    if node.mode != Mode::Candidate || node.attempts.is_none() {
        return Ok(());
    }
    let (own, voters) = (node.coordination.accepted(), node.peers.with(id).intersection(settings.master_eligible));
    if is_majority(voters, own.config) && is_majority(voters, own.committed_config) {
        return Ok(());
    }
    Err(format!("{id} tries elections although {voters} are no quorum of {} and {}", own.committed_config, own.config))
}

fn excluded_nodes_do_not_stand(before: &State, action: &Action, after: &State) -> Verdict {
    let WorldAction::Timeout { timer: CoordinatorTimer::Election, .. } = action else { return Ok(()) };
    let (id, was, is) = of_step(before, action, after);
    let own = was.coordination.accepted();
    let member = own.config.union(own.committed_config).contains(id);
    let stands = is.coordination.current_term() > was.coordination.current_term() || is.pre_voting != was.pre_voting;
    if stands && !member && own.value.exclusions.contains(id) {
        return Err(format!("{id} stands for election, and is excluded"));
    }
    Ok(())
}

fn promises_can_be_kept(before: &State, action: &Action, after: &State) -> Verdict {
    let WorldAction::Deliver { source, message: CoordinatorMsg::PreVoteResponse { accepted, .. }, .. } = action else {
        return Ok(());
    };
    let (id, was, is) = of_step(before, action, after);
    let own = was.coordination.accepted().id();
    if is.pre_voting != was.pre_voting && *accepted > own {
        return Err(format!("{id}, at {own}, counts on the vote of {source}, which is at {accepted}"));
    }
    Ok(())
}

fn who_gave_up_asks(before: &State, action: &Action, after: &State) -> Verdict {
    let WorldAction::Deliver { message: CoordinatorMsg::FollowerCheck { .. }, .. } = action else { return Ok(()) };
    let (id, was, is) = of_step(before, action, after);
    let gave_up = was.mode == Mode::Candidate && was.coordination.accepted().term == is.coordination.current_term();
    match is.mode {
        Mode::Follower(leader) if gave_up => Err(format!("{id} had given {leader} up, and follows it because of a check")),
        _ => Ok(()),
    }
}

fn publications_end_in_time(before: &State, action: &Action, after: &State) -> Verdict {
    let WorldAction::Timeout { timer: CoordinatorTimer::PublicationTimeout, .. } = action else { return Ok(()) };
    let (id, was, is) = of_step(before, action, after);
    match (&was.publication, &is.publication) {
        (Some(was), Some(is)) if was.id() == is.id() => Err(format!("{id} goes on with {} although its time is up", is.id())),
        _ => Ok(()),
    }
}

fn one_publication_at_a_time(before: &State, action: &Action, after: &State) -> Verdict {
    let (id, was, is) = of_step(before, action, after);
    let (Some(was), Some(next)) = (&was.publication, &is.publication) else { return Ok(()) };
    let is_applied = is.applied.as_ref().is_some_and(|applied| applied.id >= was.id());
    if was.id() != next.id() && was.id().term == next.id().term && !is_applied {
        return Err(format!("{id} publishes {} before it is done with {}", next.id(), was.id()));
    }
    Ok(())
}

fn idle_leaders_have_nothing_to_do(settings: &CoordinatorSettings, state: &State) -> Verdict {
    for (index, slot) in state.nodes.iter().enumerate() {
        let (id, node) = (NodeId::from_index(index), &slot.state);
        if node.mode != Mode::Leader || node.publication.is_some() || slot.timers.contains(&CoordinatorTimer::NextTask) {
            continue;
        }
        let require =
            |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{id} leads, publishes nothing, and {what}")) };
        let own = node.coordination.accepted();
        require(own.term == node.coordination.current_term(), "has published nothing in its term")?;
        require(node.queue.is_empty(), "has changes to publish")?;
        if settings.driven.membership {
            require(node.joins.is_empty(), "has nodes to let in")?;
            require(node.faulty.intersection(own.value.members.nodes).is_empty(), "has nodes to remove")?;
            let better = improve_configuration(&Reconfigurator, &node.leader_view(id, &settings.elasticsearch));
            require(better.is_err(), "knows of a better configuration")?;
        }
    }
    Ok(())
}

fn leaders_give_up_for_a_reason(before: &State, action: &Action, after: &State) -> Verdict {
    let (id, was, is) = of_step(before, action, after);
    let (own, next) = (&was.coordination, &is.coordination);
    if was.mode != Mode::Leader || is.mode != Mode::Candidate || own.current_term() != next.current_term() || !action.is_turn() {
        return Ok(());
    }
    let comes_up = !next.election_won();
    let done = |id| is.applied.as_ref().is_some_and(|applied| applied.id >= id);
    let has_failed =
        was.publication.as_ref().is_some_and(|publication| !done(publication.id())) || next.accepted().id() > own.accepted().id();
    match comes_up || has_failed {
        true => Ok(()),
        false => Err(format!("{id} gives up leading term {} although no publication has failed", own.current_term())),
    }
}

fn only_full_masters_lead(settings: &CoordinatorSettings, id: NodeId, node: &Node) -> Verdict {
    let may_lead = settings.master_eligible.contains(id) && !settings.voting_only.contains(id);
    if node.mode == Mode::Leader && !may_lead {
        return Err(format!("{id} leads term {} and has not the role", node.coordination.current_term()));
    }
    Ok(())
}

fn unwell_node_is_removed(state: &State) -> bool {
    let nodes = || state.nodes.iter().enumerate().map(|(index, slot)| (NodeId::from_index(index), &slot.state));
    let removed = |unwell: NodeId| {
        nodes().any(|(_, node)| node.mode == Mode::Leader && !node.coordination.accepted().value.members.nodes.contains(unwell))
    };
    nodes().any(|(id, node)| !node.healthy && removed(id))
}

fn unwell_take_no_part<R: Policy>(world: &World<R>, before: &State, action: &Action, after: &State) -> Verdict {
    let (id, was, is) = of_step(before, action, after);
    if was.healthy || is.healthy || !action.is_turn() {
        return Ok(());
    }
    let takes_part = |message: &CoordinatorMsg<u8>| match message {
        CoordinatorMsg::StartJoin { candidate, .. } => *candidate == id,
        CoordinatorMsg::Join(_) | CoordinatorMsg::PreVoteRequest { .. } | CoordinatorMsg::PreVoteResponse { .. } => true,
        CoordinatorMsg::FollowerCheckResponse { follows, .. } => *follows,
        CoordinatorMsg::LeaderCheckResponse { leads } => *leads,
        _ => false,
    };
    match world.happen(before, action).sent.iter().find(|(_, message)| takes_part(message)) {
        Some((_, message)) => Err(format!("{id} is not well and says {message:?}")),
        None => Ok(()),
    }
}

fn checks_are_answered_truly<R: Policy>(world: &World<R>, before: &State, action: &Action, after: &State) -> Verdict {
    let WorldAction::Deliver { source, message, .. } = action else { return Ok(()) };
    if !matches!(message, CoordinatorMsg::LeaderCheck | CoordinatorMsg::FollowerCheck { .. }) {
        return Ok(());
    }
    let (id, was, is) = of_step(before, action, after);
    let members: NodeSet = match &was.publication {
        Some(publication) => publication.state.value.members.nodes,
        None => was.coordination.accepted().value.members.nodes,
    };
    for (_, answer) in &world.happen(before, action).sent {
        let is_true = match answer {
            CoordinatorMsg::LeaderCheckResponse { leads: true } => was.mode == Mode::Leader && members.contains(*source),
            CoordinatorMsg::FollowerCheckResponse { term, follows: true } => {
                let follows = matches!(is.mode, Mode::Follower(_)) || is.joining.is_some();
                follows && is.coordination.current_term() == *term
            }
            _ => true,
        };
        if !is_true {
            return Err(format!("{id}, {:?} with members {members}, answers {source}: {answer:?}", is.mode));
        }
    }
    Ok(())
}

fn laggards_are_watched(before: &State, action: &Action, after: &State) -> Verdict {
    let (id, was, is) = of_step(before, action, after);
    let Some(publication) = was.publication.as_ref() else { return Ok(()) };
    let goes_on = is.publication.as_ref().is_some_and(|next| next.id() == publication.id());
    let term = |node: &Node| node.coordination.current_term();
    if goes_on || is.mode != Mode::Leader || term(was) != term(is) {
        return Ok(());
    }
    let applied_now = match action {
        WorldAction::Deliver { source, message: CoordinatorMsg::Applied(_), .. } => NodeSet::single(*source),
        _ => NodeSet::EMPTY,
    };
    let done = publication.applied.union(applied_now).union(is.lagging).union(is.faulty).with(id);
    let still_there = publication.targets.intersection(is.coordination.accepted().value.members.nodes);
    match still_there.iter().find(|target| !done.contains(*target)) {
        Some(laggard) => Err(format!("{id} is done with {}, and nobody looks whether {laggard} applies it", publication.id())),
        None => Ok(()),
    }
}
