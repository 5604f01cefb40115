//! The environment of the Coordinators: bounds, budgets, clients, bookkeeping.

use std::collections::BTreeSet;

use stateright::actor::Id;

use super::bounds::{CoordinatorBounds, CoordinatorModel};
use super::claims::{claims, is_suspicion};
use super::keys;
use super::ledger::Ledger;
use super::obsolete::is_obsolete;
use super::parts;
use super::renaming::Renamed;
use super::stabilisation;
use super::text::message_text;
use crate::coordination::{ClusterState, Durable, Envelope, Rejection, Sound};
use crate::coordinator::{
    ClusterChange, ClusterMetadata, Coordinator, CoordinatorMsg, CoordinatorState, CoordinatorTimer, MESSAGE_KINDS, Mode, Policy,
    Publication, PublicationOutcome, TIMER_KINDS,
};
use crate::explorer::Parts;
use crate::node_set::{NodeId, NodeSet};
use crate::property::Property;
use crate::specification::{Bound, BoundError, Fairness};
use crate::world::{Environment, FaultKind, Links, NetworkKind, Observed, SlotOf, World, WorldAction, WorldState};

/// The adversary and the clients of the Coordinators.
#[derive(Clone, Debug)]
pub struct CoordinatorEnvironment<R = Sound> {
    rules: R,
    /// Which model it is.
    pub model: CoordinatorModel,
    /// The instance.
    pub bounds: CoordinatorBounds,
}

/// The model.
pub type CoordinatorWorld<R = Sound> = World<Coordinator<u8, R>, CoordinatorEnvironment<R>>;
/// A state of it.
pub type CoordinatorWorldState =
    WorldState<CoordinatorState<u8>, CoordinatorTimer, Durable<ClusterMetadata<u8>>, CoordinatorMsg<u8>, Ledger>;
/// A node of it.
pub type CoordinatorSlot = SlotOf<Coordinator<u8>>;
/// An action of it.
pub type CoordinatorAction = WorldAction<CoordinatorMsg<u8>, CoordinatorTimer>;

/// The Coordinators under these rules. Obsolete messages are dropped unless the
/// rules are not the sound ones: what a mutant no longer refuses is not obsolete.
pub fn coordinator_world<R: Policy>(
    model: CoordinatorModel,
    rules: R,
    bounds: CoordinatorBounds,
    drop_obsolete: bool,
) -> Result<CoordinatorWorld<R>, BoundError> {
    bounds.validate(model)?;
    Ok(World {
        actor: Coordinator::new(rules.clone(), bounds.settings(model.driven())),
        nodes: bounds.nodes,
        network: if model == CoordinatorModel::Stabilisation { NetworkKind::Sessions } else { NetworkKind::RetainedSet },
        drop_obsolete: drop_obsolete && model != CoordinatorModel::Stabilisation,
        environment: CoordinatorEnvironment { rules, model, bounds },
    })
}

impl<R: Policy> CoordinatorEnvironment<R> {
    /// Delivers every message once, those that are sent on the way too, and tells
    /// of sessions that have ended.
    fn deliver_all(&self, world: &CoordinatorWorld<R>, mut state: CoordinatorWorldState) -> CoordinatorWorldState {
        let mut delivered = BTreeSet::new();
        loop {
            if let Some((node, peer)) = state.outage.untold.iter().next() {
                state = world.take(&state, &WorldAction::Disconnected { node, peer }).unwrap_or(state);
                continue;
            }
            let next = state.network.iter().find(|envelope| !delivered.contains(*envelope)).cloned();
            let Some(envelope) = next else { return state };
            let Envelope { source, dest, message } = envelope.clone();
            state = world.take(&state, &WorldAction::Deliver { source, dest, message }).unwrap_or(state);
            delivered.insert(envelope);
        }
    }

    /// A node that is down comes to be in a term: somebody who is gone for good
    /// once asked for its vote. The others start without it.
    fn leave_astray(&self, world: &CoordinatorWorld<R>, mut state: CoordinatorWorldState) -> CoordinatorWorldState {
        let (node, term) = (NodeId::from_index(self.bounds.nodes - 1), self.bounds.astray);
        let request = CoordinatorMsg::StartJoin { candidate: node, term };
        let asked = WorldAction::Deliver { source: node, dest: node, message: request };
        state.ledger.left.restarts = 1;
        for action in [asked, WorldAction::Crash { node }] {
            state = world.take(&state, &action).unwrap_or(state);
        }
        state
    }
}

impl<R> CoordinatorEnvironment<R> {
    /// Whether little enough is under way for something new to begin.
    fn has_time(&self, state: &CoordinatorWorldState) -> bool {
        self.model != CoordinatorModel::Stabilisation || state.network.len() as u64 <= self.bounds.under_way
    }

    /// The same under other rules.
    pub(super) fn under<Q>(&self, rules: Q) -> CoordinatorEnvironment<Q> {
        CoordinatorEnvironment { rules, model: self.model, bounds: self.bounds }
    }
}

/// A change of the value is a request of its own, by the value that it writes.
fn request(change: &ClusterChange<u8>) -> u64 {
    match change {
        ClusterChange::Value(value) => u64::from(*value),
        _ => 0,
    }
}

/// The client of every submission; any id that is no node's.
const CLIENT: usize = NodeSet::CAPACITY;

impl<R: Policy> Environment<Coordinator<u8, R>> for CoordinatorEnvironment<R> {
    type Ledger = Ledger;

    fn open_ledger(&self) -> Ledger {
        Ledger {
            initial_config: NodeSet::first(self.bounds.initial_masters),
            published: Default::default(),
            accepted: Default::default(),
            committed: Default::default(),
            descents: Default::default(),
            refused: Default::default(),
            left: self.bounds.budget(),
        }
    }

    /// A formed cluster: the first node is elected, and every message arrives
    /// once. A node astray is not of it.
    fn prepare(&self, world: &CoordinatorWorld<R>, blank: CoordinatorWorldState) -> CoordinatorWorldState {
        if !self.model.is_formed() || (self.model == CoordinatorModel::Whole && self.bounds.formed == 0) {
            return blank;
        }
        let blank = if self.bounds.astray > 0 { self.leave_astray(world, blank) } else { blank };
        let mut state = self.deliver_all(world, blank);
        let election = WorldAction::Timeout { node: NodeId(0), timer: CoordinatorTimer::Election };
        state = world.take(&state, &election).unwrap_or(state);
        state = self.deliver_all(world, state);
        state.ledger.left = self.bounds.budget();
        state
    }

    /// A change may be asked of every leader that is not busy; what others
    /// answer is known, and changes nothing.
    fn requests(&self, state: &CoordinatorWorldState) -> Vec<(NodeId, Id, CoordinatorMsg<u8>)> {
        if !self.has_time(state) {
            return Vec::new();
        }
        let (left, all) = (state.ledger.left, self.bounds.budget());
        let mut changes = Vec::new();
        if left.submissions > 0 {
            changes.push(ClusterChange::Value(all.submissions - left.submissions + 1));
        }
        if left.exclusions > 0 {
            let nodes = (0..self.bounds.nodes).map(NodeId::from_index);
            changes.extend(nodes.map(|node| ClusterChange::AddVotingConfigExclusions(NodeSet::single(node))));
        }
        // Over sessions a change may also have to wait.
        let waits = self.model == CoordinatorModel::Stabilisation;
        let free = |state: &CoordinatorState<u8>| state.mode == Mode::Leader && (waits || state.publication.is_none());
        let leaders = state.up().filter(|(_, slot)| free(&slot.state)).map(|(node, _)| node);
        let well = |(_, slot): &(NodeId, &CoordinatorSlot)| left.illnesses > 0 && slot.state.healthy;
        let falls_ill = |(node, _)| (node, Id::from(CLIENT), CoordinatorMsg::Health { healthy: false });
        let illnesses = state.up().filter(well).map(falls_ill);
        leaders
            .flat_map(|node| {
                changes.iter().map(move |change| {
                    (node, Id::from(CLIENT), CoordinatorMsg::Submit { request: request(change), change: change.clone() })
                })
            })
            .chain(illnesses)
            .collect()
    }

    fn may_fire(&self, state: &CoordinatorWorldState, node: NodeId, timer: &CoordinatorTimer) -> bool {
        if self.model == CoordinatorModel::Stabilisation {
            return stabilisation::may_fire(state, node, *timer)
                && (*timer == CoordinatorTimer::NextTask || self.has_time(state));
        }
        let own = &state.nodes[node.index()].state;
        match timer {
            // What it would ask again is still under way.
            CoordinatorTimer::FindPeers => false,
            CoordinatorTimer::Election => {
                let tries = self.model != CoordinatorModel::Whole || state.ledger.left.elections > 0;
                tries
                    && own.mode == Mode::Candidate
                    && own.coordination.current_term().max(own.max_term_seen) < self.bounds.max_term
            }
            _ if self.model == CoordinatorModel::Coordinator => true,
            timer if is_suspicion(*timer) => state.ledger.left.suspicions > 0,
            _ => true,
        }
    }

    fn may_restart(&self, state: &CoordinatorWorldState, _node: NodeId) -> bool {
        state.ledger.left.restarts > 0
    }

    fn faults(&self) -> &'static [FaultKind] {
        if self.model == CoordinatorModel::Stabilisation { stabilisation::FAULTS } else { &[FaultKind::Restart] }
    }

    fn may_crash(&self, state: &CoordinatorWorldState, _node: NodeId) -> bool {
        state.ledger.left.restarts > 0 && self.has_time(state)
    }

    fn may_disconnect(&self, state: &CoordinatorWorldState, _one: NodeId, _other: NodeId) -> bool {
        state.ledger.left.disconnects > 0 && self.has_time(state)
    }

    /// A node is cut off from all others, one at a time.
    fn cuts(&self, state: &CoordinatorWorldState) -> Vec<Links> {
        if state.ledger.left.partitions == 0 || !state.outage.cut.is_empty() || !self.has_time(state) {
            return Vec::new();
        }
        let all = NodeSet::first(self.bounds.nodes);
        all.iter().map(|node| Links::between(NodeSet::single(node), all.without(node))).collect()
    }

    fn observe_fault(&self, ledger: &mut Ledger, action: &CoordinatorAction) {
        match action.fault() {
            Some(FaultKind::Disconnect) => ledger.left.disconnects -= 1,
            Some(FaultKind::Cut) => ledger.left.partitions -= 1,
            _ => {}
        }
    }

    fn fairness(&self, action: &CoordinatorAction) -> Fairness {
        stabilisation::fairness(action)
    }

    fn recovery_step(&self, world: &CoordinatorWorld<R>, state: &CoordinatorWorldState) -> Option<CoordinatorAction> {
        stabilisation::recovery_step(world, state)
    }

    fn allowed_in_recovery(&self, state: &CoordinatorWorldState, action: &CoordinatorAction) -> bool {
        stabilisation::allowed_in_recovery(state, action)
    }

    fn within_headroom(&self, state: &CoordinatorWorldState) -> bool {
        stabilisation::within_headroom(state)
    }

    fn on_disconnect(&self, _peer: NodeId) -> Option<CoordinatorMsg<u8>> {
        Some(CoordinatorMsg::Disconnected)
    }

    fn is_within_bounds(&self, node: &CoordinatorState<u8>) -> bool {
        let node = &node.coordination;
        node.current_term() <= self.bounds.max_term && node.accepted().version <= self.bounds.max_version
    }

    fn within_bounds(&self, state: &CoordinatorWorldState) -> bool {
        match self.model {
            CoordinatorModel::Stabilisation => state.ledger.left.overdrawn == 0,
            _ => state.nodes.iter().all(|slot| self.is_within_bounds(&slot.state)),
        }
    }

    fn bounds_are_of_nodes(&self) -> bool {
        self.model != CoordinatorModel::Stabilisation
    }

    fn parts_read_by(&self, claim: &str) -> Parts {
        parts::read_by(claim)
    }

    fn changed_by(&self, step: &Observed<'_, Coordinator<u8, R>>) -> Parts {
        let turn = parts::Turn { node: step.node, before: step.before, after: step.after };
        turn.changed()
    }

    fn is_noted(&self, step: &Observed<'_, Coordinator<u8, R>>) -> bool {
        let turn = parts::Turn { node: step.node, before: step.before, after: step.after };
        // What may cost something, and then what may be written down.
        matches!(
            step.action,
            WorldAction::Restart { .. } | WorldAction::Crash { .. } | WorldAction::Request { .. } | WorldAction::Timeout { .. }
        ) || step.before.applied != step.after.applied
            || step.before.coordination.accepted() != step.after.coordination.accepted()
            || step.sent.iter().any(|(_, message)| turn.needs_the_ledger(message))
            || published_in(step.node, step.before, step.after).is_some()
    }

    fn observe(&self, ledger: &mut Ledger, step: &Observed<'_, Coordinator<u8, R>>) {
        match step.action {
            WorldAction::Restart { .. } | WorldAction::Crash { .. } => ledger.left.restarts -= 1,
            WorldAction::Request { message: CoordinatorMsg::Submit { change: ClusterChange::Value(_), .. }, .. } => {
                ledger.left.submissions -= 1;
            }
            WorldAction::Request { message: CoordinatorMsg::Health { .. }, .. } => ledger.left.illnesses -= 1,
            WorldAction::Request { .. } => ledger.left.exclusions -= 1,
            WorldAction::Timeout { timer, .. } if is_suspicion(*timer) && self.model != CoordinatorModel::Coordinator => {
                // Who has waited for what cannot come suspects for nothing.
                ledger.left.suspicions = ledger.left.suspicions.saturating_sub(1);
            }
            WorldAction::Timeout { timer: CoordinatorTimer::Election, .. }
                if matches!(self.model, CoordinatorModel::Stabilisation | CoordinatorModel::Whole) =>
            {
                match ledger.left.elections.checked_sub(1) {
                    Some(left) => ledger.left.elections = left,
                    None => ledger.left.overdrawn += 1,
                }
            }
            _ => {}
        }
        if matches!(step.action, WorldAction::Restart { .. } | WorldAction::Crash { .. } | WorldAction::Start { .. }) {
            return;
        }
        let (before, after) = (&step.before.coordination, &step.after.coordination);
        if let Some(state) = published_in(step.node, step.before, step.after) {
            ledger.publish(step.node, &state, before.accepted().id());
        }
        if after.accepted().id() != before.accepted().id() {
            ledger.accept(step.node, after.accepted().id());
        }
        if let Some(applied) = &step.after.applied {
            ledger.commit(applied.id);
        }
        for (_, message) in step.sent {
            if let CoordinatorMsg::Outcome { request, outcome: PublicationOutcome::NotPublished(_) } = message
                && *request > 0
            {
                ledger.refuse(*request as u8);
            }
            if let CoordinatorMsg::Commit(id) | CoordinatorMsg::Outcome { outcome: PublicationOutcome::Committed(id), .. } =
                message
            {
                ledger.commit(*id);
            }
        }
    }

    fn is_obsolete(&self, receiver: &CoordinatorState<u8>, source: NodeId, message: &CoordinatorMsg<u8>) -> bool {
        is_obsolete(self.model.driven(), receiver, source, message)
    }

    fn name(&self) -> String {
        self.model.name().to_owned()
    }

    fn bounds(&self) -> Vec<Bound> {
        self.bounds.listed(self.model)
    }

    fn claims(&self) -> Vec<Property<CoordinatorWorld<R>>> {
        claims(self.model)
    }

    /// The guards of the rules, and one more for what changes nothing.
    fn refusals(&self) -> Vec<&'static str> {
        ["NoEffect"].into_iter().chain(Rejection::ALL.iter().map(|rejection| rejection.name())).collect()
    }

    /// Asks the rule once more, so that refusals are counted by their guards.
    fn refusal(&self, node: &CoordinatorState<u8>, action: &CoordinatorAction) -> usize {
        let (rules, state) = (&self.rules, &node.coordination);
        let WorldAction::Deliver { source, message, .. } = action else { return 0 };
        let rejection = match message {
            CoordinatorMsg::StartJoin { term, .. } => rules.handle_start_join(state, *term).err(),
            CoordinatorMsg::Join(request) => request.vote.and_then(|vote| rules.handle_join(state, *source, &vote).err()),
            CoordinatorMsg::Publish(Publication::Full(published)) => rules.handle_publish_request(state, published).err(),
            CoordinatorMsg::PublishResponse { id, .. } => rules.handle_publish_response(state, *source, *id).err(),
            CoordinatorMsg::Commit(id) => rules.handle_commit(state, *id).err(),
            _ => None,
        };
        rejection.map_or(0, |rejection| rejection as usize + 1)
    }

    fn message_kinds(&self) -> Vec<&'static str> {
        MESSAGE_KINDS.to_vec()
    }

    fn message_kind(&self, message: &CoordinatorMsg<u8>) -> usize {
        message.kind()
    }

    fn timer_kinds(&self) -> Vec<&'static str> {
        TIMER_KINDS.to_vec()
    }

    fn timer_kind(&self, timer: &CoordinatorTimer) -> usize {
        timer.kind()
    }

    fn message_text(&self, message: &CoordinatorMsg<u8>) -> String {
        message_text(message)
    }

    fn is_symmetric(&self) -> bool {
        self.bounds.initial_masters == self.bounds.nodes && self.bounds.voting_only == 0
    }

    fn node_key(&self, slot: &CoordinatorSlot, id: NodeId) -> u64 {
        keys::of_node(slot, id)
    }

    fn regard_key(&self, slot: &CoordinatorSlot, other: NodeId) -> u64 {
        keys::of_regard(slot, other)
    }

    fn ledger_key(&self, ledger: &Ledger, id: NodeId) -> u64 {
        keys::of_ledger(ledger, id)
    }

    fn message_key(&self, message: &CoordinatorMsg<u8>) -> u64 {
        keys::of_message(message)
    }

    fn permuted_node(&self, node: &CoordinatorState<u8>, permutation: &[u8]) -> CoordinatorState<u8> {
        node.renamed(permutation)
    }

    fn permuted_disk(&self, disk: &Durable<ClusterMetadata<u8>>, permutation: &[u8]) -> Durable<ClusterMetadata<u8>> {
        disk.renamed(permutation)
    }

    fn permuted_timer(&self, timer: &CoordinatorTimer, permutation: &[u8]) -> CoordinatorTimer {
        timer.renamed(permutation)
    }

    fn permuted_message(&self, message: &CoordinatorMsg<u8>, permutation: &[u8]) -> CoordinatorMsg<u8> {
        message.renamed(permutation)
    }

    fn permuted_ledger(&self, ledger: &Ledger, permutation: &[u8]) -> Ledger {
        ledger.renamed(permutation)
    }
}

/// What a node published in one turn. A node that is alone accepts, and may
/// commit or fail, in the turn in which it publishes: a state of which it is the
/// master and that it has just accepted, it published.
pub(super) fn published_in(
    node: NodeId,
    before: &CoordinatorState<u8>,
    after: &CoordinatorState<u8>,
) -> Option<ClusterState<ClusterMetadata<u8>>> {
    let known = before.publication.as_ref().map(|publication| publication.id());
    let under_way = after.publication.as_ref().map(|publication| &publication.state);
    let accepted = after.coordination.accepted();
    let own = accepted.value.master == Some(node) && accepted.id() != before.coordination.accepted().id();
    under_way.or(own.then_some(accepted)).filter(|state| Some(state.id()) != known).cloned()
}
