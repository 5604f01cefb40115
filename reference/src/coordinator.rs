//! The [`Coordinator`] as a node.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_model::coordination::PublicationId;
use quorate_model::coordinator::{Coordinator, CoordinatorMsg, CoordinatorState, KeyValues, Mode, Policy, Publication, node_id};
use quorate_model::session::PeerId;
use quorate_model::{NodeId, NodeSet};
use stateright::actor::Id;

use crate::admin::NodeReport;
use crate::node_actor::NodeActor;

type State = CoordinatorState<KeyValues>;
type Msg = CoordinatorMsg<KeyValues>;

impl<R: Policy> NodeActor for Coordinator<KeyValues, R> {
    fn on_disconnect(&self, _peer: Id) -> Option<Msg> {
        Some(CoordinatorMsg::Disconnected)
    }

    /// A leader expects answers of whoever it publishes to or lets in, and keeps
    /// an eye on its followers; a follower on its leader; a candidate on whom it
    /// asks to vote or to let it in.
    fn expects(&self, id: Id, state: &State) -> BTreeSet<PeerId> {
        let peers = match state.mode {
            Mode::Leader => {
                let targets = state.publication.as_ref().map_or(NodeSet::EMPTY, |publication| publication.targets);
                let validating: NodeSet = state.validating.iter().map(|(node, _)| *node).collect();
                state.coordination.accepted().value.members.nodes.union(targets).union(validating).union(state.joins)
            }
            Mode::Follower(leader) => NodeSet::single(leader),
            Mode::Candidate => {
                let voters = if state.pre_voting.is_some() { state.peers } else { NodeSet::EMPTY };
                state.joining.map_or(voters, |leader| voters.with(leader))
            }
        };
        let others = peers.iter().map(|node| node.index() as PeerId);
        others.filter(|peer| *peer != usize::from(id) as PeerId).collect()
    }

    fn remarks(&self, _: Id, said: Option<(Id, &Msg)>, before: &State, after: &State) -> Vec<String> {
        let mut remarks: Vec<String> =
            said.and_then(|(source, message)| other_cluster(source, message, before)).into_iter().collect();
        if before.mode != after.mode {
            let term = after.coordination.current_term();
            remarks.push(match (before.mode, after.mode) {
                (_, Mode::Leader) => format!("leads term {term}"),
                (_, Mode::Follower(leader)) => format!("follows {leader} in term {term}"),
                (Mode::Follower(leader), Mode::Candidate) => format!("has given up on its leader {leader} and looks for another"),
                (_, Mode::Candidate) => String::from("leads no longer and looks for a leader"),
            });
        }
        let (was, is) = (before.coordination.accepted(), after.coordination.accepted());
        if was.committed_config != is.committed_config {
            remarks.push(format!("the voting configuration is {}", is.committed_config));
        }
        let members = |state: &State| state.applied.as_ref().map(|applied| applied.metadata.members.nodes);
        if let Some(members) = members(after).filter(|now| members(before) != Some(*now)) {
            remarks.push(format!("the members are {members}"));
        }
        remarks
    }

    /// `discovery.cluster_formation_warning_timeout`.
    fn worry(&self, id: Id, state: &State) -> Option<(Duration, String)> {
        let own = node_id(id).filter(|id| state.leader(*id).is_none())?;
        let (found, accepted) = (state.peers.with(own), state.coordination.accepted());
        let missing = if accepted.config.is_empty() {
            let initial = self.settings.initial_master_nodes;
            format!("more than half of the initial master nodes {initial}, or a cluster to join, must be found")
        } else if accepted.config == accepted.committed_config {
            format!("an election needs a majority of {}", accepted.config)
        } else {
            format!("an election needs a majority of {} and of {}", accepted.committed_config, accepted.config)
        };
        let after = Duration::from_millis(self.settings.elasticsearch.cluster_formation_warning_timeout_ms);
        Some((after, format!("no master is known: {missing}; found is {found}")))
    }

    fn report(&self, id: Id, state: &State, report: &mut NodeReport) {
        let accepted = state.coordination.accepted();
        let mode = match state.mode {
            Mode::Candidate => "candidate",
            Mode::Leader => "leader",
            Mode::Follower(_) => "follower",
        };
        report.mode = mode.to_owned();
        report.leader = node_id(id).and_then(|id| state.leader(id));
        report.cluster_uuid = accepted.value.uuid_committed.then_some(accepted.value.cluster_uuid);
        report.term = state.coordination.current_term();
        report.accepted = Some(PublicationId::new(accepted.term, accepted.version));
        report.applied = state.applied.as_ref().map(|applied| applied.id);
        report.voting_configuration = accepted.config;
        report.committed_voting_configuration = accepted.committed_config;
        report.members = state.applied.as_ref().map_or(NodeSet::EMPTY, |applied| applied.metadata.members.nodes);
        report.exclusions = accepted.value.exclusions;
    }

    fn read(&self, state: &State, key: &str) -> Option<String> {
        state.applied.as_ref()?.metadata.value.get(key).cloned()
    }
}

/// Says so if two clusters meet: a node whose cluster is certain is let into no
/// other, and takes no state of it.
fn other_cluster(source: Id, message: &Msg, state: &State) -> Option<String> {
    let source: NodeId = node_id(source)?;
    let own = &state.coordination.accepted().value;
    let differs = |theirs: u64| own.uuid_committed && own.cluster_uuid != theirs;
    let mine = own.cluster_uuid;
    match message {
        CoordinatorMsg::ValidateJoin { cluster_uuid } if differs(*cluster_uuid) => {
            Some(format!("does not join {source}: its cluster has the UUID {cluster_uuid:x}, and that of this node is {mine:x}"))
        }
        CoordinatorMsg::JoinValidated { valid: false } => {
            Some(format!("refuses the join of {source}: it belongs to another cluster"))
        }
        CoordinatorMsg::Publish(Publication::Full(state)) if differs(state.value.cluster_uuid) => {
            let theirs = state.value.cluster_uuid;
            Some(format!("refuses a state of {source}: its cluster has the UUID {theirs:x}, and that of this node is {mine:x}"))
        }
        _ => None,
    }
}
