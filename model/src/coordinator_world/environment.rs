//! The environment of the Coordinators: bounds, budgets, clients, bookkeeping.

use stateright::actor::Id;

use super::claims::claims;
use super::ledger::Ledger;
use super::obsolete::is_obsolete;
use super::parts::{changed_by, parts_read_by};
use super::text::{MESSAGE_KINDS, TIMER_KINDS, message_kind, message_text, timer_kind};
use crate::coordination::{ClusterState, Durable, PublicationId, Rejection, RuleSet, Sound};
use crate::coordinator::{
    Coordinator, CoordinatorMsg, CoordinatorSettings, CoordinatorState, CoordinatorTimer, LeaderPublication, Mode,
    PublicationOutcome,
};
use crate::explorer::Parts;
use crate::node_set::{NodeId, NodeSet};
use crate::property::Property;
use crate::sort_key;
use crate::specification::{Bound, BoundError, BoundKind, in_range};
use crate::world::{Environment, NetworkKind, Observed, SlotOf, World, WorldAction, WorldState};

/// The instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoordinatorBounds {
    /// How many nodes there are; all vote.
    pub nodes: usize,
    /// Nobody stands for election beyond this term.
    pub max_term: u64,
    /// How many changes clients submit, beside each leader's first publication.
    pub submissions: u64,
    /// How many restarts there are.
    pub restarts: u64,
    /// How many rounds of follower checks leaders send.
    pub checks: u64,
}

impl CoordinatorBounds {
    /// Refuses what makes no sense or what the model's sets cannot hold.
    pub fn validate(&self) -> Result<(), BoundError> {
        in_range("nodes", self.nodes as u64, 1, 8)?;
        in_range("max-term", self.max_term, 1, 100)?;
        in_range("submissions", self.submissions, 0, 100)?;
        in_range("restarts", self.restarts, 0, 100)?;
        in_range("checks", self.checks, 0, 100)
    }
}

/// The adversary and the clients of the Coordinators.
#[derive(Clone, Debug)]
pub struct CoordinatorEnvironment<R = Sound> {
    rules: R,
    bounds: CoordinatorBounds,
}

/// The model.
pub type CoordinatorWorld<R = Sound> = World<Coordinator<u8, R>, CoordinatorEnvironment<R>>;
type State = WorldState<CoordinatorState<u8>, CoordinatorTimer, Durable<u8>, CoordinatorMsg<u8>, Ledger>;
type Slot = SlotOf<Coordinator<u8>>;
type Action = WorldAction<CoordinatorMsg<u8>, CoordinatorTimer>;

/// The Coordinators under these rules. Obsolete messages are dropped unless the
/// rules are not the sound ones: what a mutant no longer refuses is not obsolete.
pub fn coordinator_world<R: RuleSet>(
    rules: R,
    bounds: CoordinatorBounds,
    drop_obsolete: bool,
) -> Result<CoordinatorWorld<R>, BoundError> {
    bounds.validate()?;
    Ok(World {
        actor: Coordinator::new(rules.clone(), CoordinatorSettings::local(bounds.nodes)),
        nodes: bounds.nodes,
        network: NetworkKind::RetainedSet,
        drop_obsolete,
        environment: CoordinatorEnvironment { rules, bounds },
    })
}

/// The client of every submission; any id that is no node's.
const CLIENT: usize = NodeSet::CAPACITY;

impl<R: RuleSet> Environment<Coordinator<u8, R>> for CoordinatorEnvironment<R> {
    type Ledger = Ledger;

    fn open_ledger(&self) -> Ledger {
        let bounds = &self.bounds;
        Ledger {
            initial_config: NodeSet::first(bounds.nodes),
            published: Default::default(),
            accepted: Default::default(),
            committed: Default::default(),
            descents: Default::default(),
            submissions_left: bounds.submissions as u8,
            restarts_left: bounds.restarts as u8,
            checks_left: bounds.checks as u8,
        }
    }

    /// A change may be asked of every leader that is not busy; what others
    /// answer is known, and changes nothing.
    fn requests(&self, state: &State) -> Vec<(NodeId, Id, CoordinatorMsg<u8>)> {
        if state.ledger.submissions_left == 0 {
            return Vec::new();
        }
        let number = self.bounds.submissions as u8 - state.ledger.submissions_left + 1;
        let submit = CoordinatorMsg::Submit { request: u64::from(number), change: number };
        state
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, slot)| slot.state.mode == Mode::Leader && slot.state.publication.as_ref().is_none_or(|p| p.committed))
            .map(|(index, _)| (NodeId::from_index(index), Id::from(CLIENT), submit.clone()))
            .collect()
    }

    fn may_fire(&self, state: &State, node: NodeId, timer: &CoordinatorTimer) -> bool {
        match timer {
            CoordinatorTimer::Election => state.nodes[node.index()].state.coordination.current_term() < self.bounds.max_term,
            CoordinatorTimer::FollowerCheck => state.ledger.checks_left > 0,
            // Suspicion is free.
            CoordinatorTimer::LeaderFailure | CoordinatorTimer::FollowerFailure | CoordinatorTimer::Publication => true,
        }
    }

    fn may_restart(&self, state: &State, _node: NodeId) -> bool {
        state.ledger.restarts_left > 0
    }

    fn observe(&self, ledger: &mut Ledger, step: &Observed<'_, Coordinator<u8, R>>) {
        let accepted = |state: &CoordinatorState<u8>| {
            let accepted = state.coordination.accepted();
            PublicationId { term: accepted.term, version: accepted.version }
        };
        let request = |state: &CoordinatorState<u8>| state.publication.as_ref().map(|publication| publication.request);
        match step.action {
            WorldAction::Restart { .. } => ledger.restarts_left -= 1,
            WorldAction::Request { .. } => ledger.submissions_left -= 1,
            WorldAction::Timeout { timer: CoordinatorTimer::FollowerCheck, .. } => ledger.checks_left -= 1,
            _ => {}
        }
        if let Some(published) = request(step.after).filter(|published| request(step.before) != Some(*published)) {
            ledger.publish(step.node, &published, accepted(step.before));
        }
        let restarted = matches!(step.action, WorldAction::Restart { .. });
        if accepted(step.after) != accepted(step.before) && !restarted {
            ledger.accept(step.node, accepted(step.after));
        }
        if let Some(applied) = &step.after.applied {
            ledger.commit(applied.id);
        }
        for (_, message) in step.sent {
            if let CoordinatorMsg::Commit(id) | CoordinatorMsg::Outcome { outcome: PublicationOutcome::Committed(id), .. } =
                message
            {
                ledger.commit(*id);
            }
        }
    }

    fn is_obsolete(&self, receiver: &CoordinatorState<u8>, _source: NodeId, message: &CoordinatorMsg<u8>) -> bool {
        is_obsolete(receiver, message)
    }

    fn name(&self) -> String {
        String::from("coordinator")
    }

    fn bounds(&self) -> Vec<Bound> {
        let bound = |name, value, kind| Bound { name, value, kind };
        let b = &self.bounds;
        vec![
            bound("nodes", b.nodes as u64, BoundKind::Size),
            bound("max-term", b.max_term, BoundKind::Budget),
            bound("submissions", b.submissions, BoundKind::Budget),
            bound("restarts", b.restarts, BoundKind::Budget),
            bound("checks", b.checks, BoundKind::Budget),
        ]
    }

    fn claims(&self) -> Vec<Property<CoordinatorWorld<R>>> {
        claims()
    }

    /// The budget is in the ledger.
    fn bounds_are_of_nodes(&self) -> bool {
        true
    }

    fn parts_read_by(&self, claim: &str) -> Parts {
        parts_read_by(claim)
    }

    fn changed_by(&self, step: &Observed<'_, Coordinator<u8, R>>) -> Parts {
        changed_by(step.before, step.after, step.sent)
    }

    /// The guards of the rules, and one more for what changes nothing.
    fn refusals(&self) -> Vec<&'static str> {
        ["NoEffect"].into_iter().chain(Rejection::ALL.iter().map(|rejection| rejection.name())).collect()
    }

    /// Asks the rule once more, so that refusals are counted by their guards.
    fn refusal(&self, node: &CoordinatorState<u8>, action: &Action) -> usize {
        let (rules, state) = (&self.rules, &node.coordination);
        let WorldAction::Deliver { source, message, .. } = action else { return 0 };
        let rejection = match message {
            CoordinatorMsg::StartJoin { term } => rules.handle_start_join(state, *term).err(),
            CoordinatorMsg::Join(join) => rules.handle_join(state, *source, join).err(),
            CoordinatorMsg::PublishRequest(request) => rules.handle_publish_request(state, request).err(),
            CoordinatorMsg::PublishResponse(id) => rules.handle_publish_response(state, *source, *id).err(),
            CoordinatorMsg::Commit(id) => rules.handle_commit(state, *id).err(),
            _ => None,
        };
        rejection.map_or(0, |rejection| rejection as usize + 1)
    }

    fn message_kinds(&self) -> Vec<&'static str> {
        MESSAGE_KINDS.to_vec()
    }

    fn message_kind(&self, message: &CoordinatorMsg<u8>) -> usize {
        message_kind(message)
    }

    fn timer_kinds(&self) -> Vec<&'static str> {
        TIMER_KINDS.to_vec()
    }

    fn timer_kind(&self, timer: &CoordinatorTimer) -> usize {
        timer_kind(*timer)
    }

    fn message_text(&self, message: &CoordinatorMsg<u8>) -> String {
        message_text(message)
    }

    fn is_symmetric(&self) -> bool {
        true
    }

    fn node_key(&self, slot: &Slot, id: NodeId) -> u64 {
        let node = &slot.state;
        let (durable, volatile) = (&node.coordination.durable, &node.coordination.volatile);
        let mode = match node.mode {
            Mode::Candidate => 0,
            Mode::Leader => 1,
            Mode::Follower(_) => 2,
        };
        let publication = node.publication.as_ref();
        let parts = [
            durable.current_term,
            state_key(&durable.accepted),
            mode,
            sort_key::of_set(volatile.join_votes, id),
            sort_key::of_set(volatile.publish_votes, id),
            u64::from(volatile.started_join_since_restart) * 2 + u64::from(volatile.election_won),
            volatile.last_published_version,
            publication.map_or(0, |p| state_key(&p.request)),
            publication.map_or(0, |p| u64::from(p.committed) * 2 + u64::from(p.client.is_some()) + 1),
            node.applied.as_ref().map_or(0, |applied| sort_key::mix([applied.id.term, applied.id.version])),
            slot.disk.as_ref().map_or(0, |disk| sort_key::mix([disk.current_term, state_key(&disk.accepted)])),
        ];
        sort_key::mix(parts)
    }

    /// A leader is told from others by its followers.
    fn regard_key(&self, slot: &Slot, other: NodeId) -> u64 {
        u64::from(slot.state.mode == Mode::Follower(other))
    }

    fn ledger_key(&self, ledger: &Ledger, id: NodeId) -> u64 {
        let accepted = ledger.accepted.iter().map(|(_, nodes)| sort_key::of_set(*nodes, id));
        let published = ledger.published.iter().map(|publication| u64::from(publication.publisher == id));
        sort_key::mix(accepted.chain(published))
    }

    fn message_key(&self, message: &CoordinatorMsg<u8>) -> u64 {
        let kind = message_kind(message) as u64;
        match message {
            CoordinatorMsg::StartJoin { term } | CoordinatorMsg::FollowerCheck { term } => sort_key::mix([kind, *term]),
            CoordinatorMsg::Join(join) => sort_key::mix([kind, join.term, join.last_accepted_term, join.last_accepted_version]),
            CoordinatorMsg::PublishRequest(state) => sort_key::mix([kind, state_key(state)]),
            CoordinatorMsg::PublishResponse(id) | CoordinatorMsg::Commit(id) => sort_key::mix([kind, id.term, id.version]),
            CoordinatorMsg::FollowerCheckResponse { term, accepted, applied } => {
                sort_key::mix([kind, *term, accepted.term, accepted.version, u64::from(*applied)])
            }
            CoordinatorMsg::Submit { .. } | CoordinatorMsg::Outcome { .. } => kind,
        }
    }

    fn permuted_node(&self, node: &CoordinatorState<u8>, permutation: &[u8]) -> CoordinatorState<u8> {
        let mut next = node.clone();
        next.coordination.durable = self.permuted_disk(&node.coordination.durable, permutation);
        let volatile = &mut next.coordination.volatile;
        volatile.join_votes = volatile.join_votes.permuted(permutation);
        volatile.last_published_config = volatile.last_published_config.permuted(permutation);
        volatile.publish_votes = volatile.publish_votes.permuted(permutation);
        if let Mode::Follower(leader) = node.mode {
            next.mode = Mode::Follower(NodeId(permutation[leader.index()]));
        }
        let rename = |publication: &LeaderPublication<u8>| LeaderPublication {
            request: permuted_state(&publication.request, permutation),
            ..publication.clone()
        };
        next.publication = node.publication.as_ref().map(rename);
        next.heard = node.heard.permuted(permutation);
        next
    }

    fn permuted_disk(&self, disk: &Durable<u8>, permutation: &[u8]) -> Durable<u8> {
        Durable { current_term: disk.current_term, accepted: permuted_state(&disk.accepted, permutation) }
    }

    fn permuted_message(&self, message: &CoordinatorMsg<u8>, permutation: &[u8]) -> CoordinatorMsg<u8> {
        match message {
            CoordinatorMsg::PublishRequest(state) => CoordinatorMsg::PublishRequest(permuted_state(state, permutation)),
            other => other.clone(),
        }
    }

    fn permuted_ledger(&self, ledger: &Ledger, permutation: &[u8]) -> Ledger {
        ledger.permuted(permutation)
    }
}

fn state_key(state: &ClusterState<u8>) -> u64 {
    sort_key::mix([state.term, state.version, u64::from(state.value), state.config.len() as u64])
}

fn permuted_state(state: &ClusterState<u8>, permutation: &[u8]) -> ClusterState<u8> {
    ClusterState {
        config: state.config.permuted(permutation),
        committed_config: state.committed_config.permuted(permutation),
        ..*state
    }
}
