//! The environment of the copies: clients, transport, operators, fault
//! detection, the allocator, and the bookkeeping.

use stateright::actor::Id;

use super::bounds::{Question, ShardBounds};
use super::claims;
use super::ledger::{Ledger, WriteState};
use super::recovery;
use super::text::{MESSAGE_KINDS, TIMER_KINDS, message_kind, message_text};
use crate::allocation::{self, CopyState, StoreFound};
use crate::coordination::Envelope;
use crate::node_set::{NodeId, NodeSet};
use crate::property::Property;
use crate::replication::{AllocationId, PrimaryTerm, Sound};
use crate::shard::{
    Change, Command, Copy, DataNode, Disk, Master, OperationId, Outcome, PrimaryTarget, Recovery, Refusal, ReplicaAction, Report,
    ShardActor, ShardMsg, ShardNode, ShardRules, ShardSettings, ShardTimer, SourceStage, Stage,
};
use crate::specification::{Bound, BoundError, Fairness};
use crate::world::{Environment, FaultKind, NetworkKind, Observed, World, WorldAction, WorldState};

/// The clients and the adversary of a shard.
#[derive(Clone, Debug)]
pub struct ShardEnvironment {
    /// The instance.
    pub bounds: ShardBounds,
    /// What is asked.
    pub question: Question,
    /// Whether the rules are the sound ones: what a mutant no longer refuses is
    /// not obsolete.
    pub sound: bool,
}

/// The model.
pub type ShardWorld<R = Sound> = World<ShardActor<R>, ShardEnvironment>;
/// A state of it.
pub type ShardWorldState = WorldState<ShardNode, ShardTimer, Disk, ShardMsg, Ledger>;
/// An action of it.
pub type ShardWorldAction = WorldAction<ShardMsg, ShardTimer>;

/// Copies of a shard under these rules, started and in sync.
pub fn shard_world<R: ShardRules>(
    rules: R,
    bounds: ShardBounds,
    question: Question,
    sound: bool,
) -> Result<ShardWorld<R>, BoundError> {
    bounds.validate()?;
    Ok(World {
        actor: ShardActor { rules, settings: ShardSettings { data_nodes: bounds.nodes, replicas: bounds.replicas } },
        nodes: bounds.nodes + 1,
        network: NetworkKind::Consuming { keep_ignored: false },
        drop_obsolete: true,
        environment: ShardEnvironment { bounds, question, sound },
    })
}

/// Allocations that a recovery may make beyond the budget.
const HEADROOM: u8 = 6;

/// The client of everything; any id that is no node's.
pub(super) const CLIENT: usize = NodeSet::CAPACITY;

/// More steps than it takes to start all copies.
const PREPARATION_MAX: usize = 1_000;

impl ShardEnvironment {
    fn master(&self) -> NodeId {
        NodeId::from_index(self.bounds.nodes)
    }

    /// Lets everything arrive and every timer fire, until nothing is left.
    fn settle<R: ShardRules>(&self, world: &ShardWorld<R>, mut state: ShardWorldState) -> ShardWorldState {
        for _ in 0..PREPARATION_MAX {
            let Some(action) = under_way(&state) else { break };
            state = world.take(&state, &action).unwrap_or_else(|_| without(&state, &action));
        }
        state
    }

    fn command(&self, command: Command) -> ShardWorldAction {
        WorldAction::Request { node: self.master(), client: CLIENT as u64, message: ShardMsg::Command(command) }
    }
}

/// The first message that can arrive, or the first timer.
fn under_way(state: &ShardWorldState) -> Option<ShardWorldAction> {
    let arrives = state.network.iter().find(|e| state.outage.passes(e.source, e.dest));
    let deliver = |e: &Envelope<ShardMsg>| WorldAction::Deliver { source: e.source, dest: e.dest, message: e.message.clone() };
    let timers = state.up().flat_map(|(node, slot)| slot.timers.iter().map(move |timer| (node, *timer)));
    let fire = |(node, timer)| WorldAction::Timeout { node, timer };
    arrives.map(deliver).or_else(|| timers.map(fire).next())
}

/// What is left when a message arrives and changes nothing.
fn without(state: &ShardWorldState, action: &ShardWorldAction) -> ShardWorldState {
    let mut next = state.clone();
    if let Some(envelope) = action.envelope() {
        next.network.take(&envelope);
    }
    next
}

/// The master of a state.
pub(super) fn master(state: &ShardWorldState) -> &Master {
    state.nodes.last().and_then(|slot| slot.state.master()).expect("the last node is the master")
}

/// The data nodes of a state, up or down.
pub(super) fn data_nodes(state: &ShardWorldState) -> impl Iterator<Item = (NodeId, &DataNode)> {
    let nodes = state.nodes.iter().enumerate();
    nodes.filter_map(|(index, slot)| Some((NodeId::from_index(index), slot.state.data()?)))
}

/// The data nodes that are up.
pub(super) fn up(state: &ShardWorldState) -> impl Iterator<Item = (NodeId, &DataNode)> {
    data_nodes(state).filter(|(node, _)| !state.outage.down.contains(*node))
}

/// Whether a message that `is_about` accepts can still arrive.
fn can_arrive(state: &ShardWorldState, is_about: impl Fn(&Envelope<ShardMsg>) -> bool) -> bool {
    state.network.iter().any(|e| !state.outage.down.contains(e.dest) && is_about(e))
}

/// Whether a request of `copy`, or the answer to it, is under way.
fn request_under_way(state: &ShardWorldState, copy: &Copy, operation: OperationId, target: AllocationId) -> bool {
    can_arrive(state, |e| match &e.message {
        ShardMsg::Replica(request) => {
            let asks = match request.action {
                ReplicaAction::Replicate(seq_no, _) => OperationId::Write(seq_no),
                ReplicaAction::Resync { .. } => OperationId::Resync,
                ReplicaAction::SyncGlobalCheckpoint => OperationId::SyncGlobalCheckpoint,
            };
            request.target == target && request.primary == copy.as_target() && asks == operation
        }
        ShardMsg::ReplicaResponse(response) => {
            response.source == target && response.primary == copy.as_target() && response.operation == operation
        }
        _ => false,
    })
}

fn report_under_way(state: &ShardWorldState, term: PrimaryTerm, report: Report) -> bool {
    let waits = master(state).waiting.iter().any(|(_, task)| task.allocation_id == report.allocation_id);
    waits
        || can_arrive(state, |e| match &e.message {
            ShardMsg::ShardFailed(task) => {
                (task.allocation_id, task.mark_as_stale, task.primary_term) == (report.allocation_id, report.mark_as_stale, term)
            }
            ShardMsg::ShardFailedResponse { report: answered, primary_term, .. } => *answered == report && *primary_term == term,
            _ => false,
        })
}

/// Whether anybody will hear of the recovery of `target` again.
fn recovery_under_way(state: &ShardWorldState, target: AllocationId) -> bool {
    let waits = |(_, node): (NodeId, &DataNode)| {
        let catching_up =
            |copy: &Copy| copy.recoveries.iter().any(|known| known.target == target && known.stage == SourceStage::CatchingUp);
        node.copy.as_ref().is_some_and(catching_up)
    };
    up(state).any(waits)
        || can_arrive(state, |e| matches!(&e.message, ShardMsg::Recovery { target: about, .. } if *about == target))
}

/// What clients may ask.
fn client_requests(state: &ShardWorldState, requests: &mut Vec<(NodeId, ShardMsg)>) {
    let ledger = &state.ledger;
    let next = (ledger.left.writes > 0).then_some(ledger.writes.len() as u8 + 1);
    let again =
        |(request, write): (u8, &WriteState)| (*write == WriteState::Unknown && ledger.left.retries > 0).then_some(request);
    let retries = (1..).zip(&ledger.writes).filter_map(again);
    let asked: Vec<u8> = next.into_iter().chain(retries).collect();
    // As the cluster state of each possible coordinating node has it.
    let mut targets: Vec<(NodeId, PrimaryTarget)> = up(state)
        .filter_map(|(_, node)| {
            let applied = node.applied.as_ref()?;
            let primary = applied.primary();
            let target = PrimaryTarget { allocation_id: primary.allocation_id()?, primary_term: applied.primary_term };
            Some((primary.node()?, target))
        })
        .collect();
    targets.sort_unstable();
    targets.dedup();
    for (node, target) in targets {
        for request in &asked {
            let change = Change { request: *request, document: *request, delete: false };
            requests.push((node, ShardMsg::Write { target, change, expected: None }));
        }
    }
    if ledger.left.reads > 0 {
        for (node, _) in up(state) {
            requests.extend((1..=ledger.writes.len() as u8).map(|document| (node, ShardMsg::Get { request: 0, document })));
        }
    }
}

/// What the transport may tell: what can come no more, and, at a cost, what still can.
fn failures(state: &ShardWorldState, requests: &mut Vec<(NodeId, ShardMsg)>) {
    let left = state.ledger.left;
    for (node, data) in up(state) {
        let own = data.reporting.map(|own| Report { allocation_id: own.allocation_id, mark_as_stale: true });
        if let Some(report) = own.filter(|report| !report_under_way(state, 0, *report)) {
            requests.push((node, ShardMsg::MasterUnavailable { report }));
        }
        let Some(copy) = &data.copy else { continue };
        let mut reports: Vec<Report> = Vec::new();
        for operation in &copy.operations {
            for target in &operation.copies {
                let timed_out = request_under_way(state, copy, operation.id, *target);
                if left.losses > 0 || !timed_out {
                    requests.push((node, ShardMsg::RequestFailed { operation: operation.id, target: *target, timed_out }));
                }
            }
            reports.extend(operation.reports.iter().filter(|report| !report_under_way(state, copy.terms.operation, **report)));
        }
        reports.sort_unstable();
        reports.dedup();
        requests.extend(reports.into_iter().map(|report| (node, ShardMsg::MasterUnavailable { report })));
        let recovers = matches!(copy.stage, Stage::Recovering | Stage::Open);
        if recovers && !recovery_under_way(state, copy.allocation_id) {
            requests.push((node, ShardMsg::RecoveryFailed));
        }
        if left.failures > 0 {
            requests.push((node, ShardMsg::EngineFailed));
        }
    }
}

/// What the master may be asked to do.
fn commands(state: &ShardWorldState, overdraws: bool) -> Vec<Command> {
    let (left, master) = (state.ledger.left, master(state));
    let allocation = &master.allocation;
    let candidates: Vec<Option<NodeId>> = match allocation.promotion_candidates(&Sound) {
        nodes if nodes.len() > 1 => nodes.iter().map(Some).collect(),
        _ => vec![None],
    };
    let any_delayed = allocation.copies.iter().any(|copy| matches!(copy.state, CopyState::Unassigned(info) if info.delayed));
    let mut commands = Vec::new();
    if !master.waiting.is_empty() {
        commands.extend(candidates.iter().map(|promote| Command::Process { promote: *promote }));
    }
    let primary_node = allocation.primary().node();
    for (node, data) in data_nodes(state) {
        let is_member = allocation.nodes.contains(node);
        if is_member && (left.departures > 0 || state.ledger.crashed.contains(node)) {
            let choices = if primary_node == Some(node) { &candidates[..] } else { &[None] };
            commands.extend(choices.iter().map(|promote| Command::NodeLeft { node, promote: *promote }));
        }
        if state.outage.down.contains(node) {
            continue;
        }
        let life = data.disk.life;
        if !is_member {
            commands.push(Command::NodeJoined { node, life });
            continue;
        }
        if life != master.lives[node.index()] {
            continue; // its former self has to leave first
        }
        if left.allocations > 0 || overdraws && left.overdrawn < HEADROOM {
            let has_data = data.disk.store.is_some();
            let delays: &[bool] = if any_delayed { &[false, true] } else { &[false] };
            let allocate = |delay_expired: &bool| Command::AllocateReplica { node, has_data, delay_expired: *delay_expired };
            commands.extend(delays.iter().map(allocate));
        }
        if left.commands > 0 {
            commands.push(Command::AllocateEmptyPrimary { node, accept_data_loss: true });
            commands.push(Command::Cancel { node, allow_primary: true });
        }
        if let Some(store) = &data.disk.store {
            let in_sync = store.ids().find(|id| allocation.is_in_sync(*id));
            let allocation_id = in_sync.unwrap_or(store.allocation_id);
            let found = StoreFound { node, allocation_id, primary: store.primary, failed: false };
            if left.restores > 0 || overdraws && left.overdrawn < HEADROOM {
                commands.push(Command::AllocatePrimary { found });
            }
            if left.commands > 0 {
                commands.push(Command::AllocateStalePrimary { node, accept_data_loss: true });
            }
        }
    }
    commands
}

impl<R: ShardRules> Environment<ShardActor<R>> for ShardEnvironment {
    type Ledger = Ledger;

    fn open_ledger(&self) -> Ledger {
        Ledger::new(self.bounds.budget())
    }

    /// A primary on the first node, replicas on the next ones, all started.
    fn prepare(&self, world: &ShardWorld<R>, mut state: ShardWorldState) -> ShardWorldState {
        let replicas = (1..=self.bounds.replicas).map(NodeId::from_index);
        let first = Command::AllocateNewPrimary { node: NodeId(0) };
        let all = replicas.map(|node| Command::AllocateReplica { node, has_data: false, delay_expired: false });
        for command in [first].into_iter().chain(all) {
            state = world.take(&state, &self.command(command)).unwrap_or(state);
            state = self.settle(world, state);
        }
        state.ledger = Ledger::new(self.bounds.budget());
        state
    }

    fn requests(&self, state: &ShardWorldState) -> Vec<(NodeId, Id, ShardMsg)> {
        let mut requests = Vec::new();
        client_requests(state, &mut requests);
        failures(state, &mut requests);
        requests.extend(commands(state, self.recovers()).into_iter().map(|command| (self.master(), ShardMsg::Command(command))));
        requests.into_iter().map(|(node, message)| (node, Id::from(CLIENT), message)).collect()
    }

    fn may_fire(&self, state: &ShardWorldState, _node: NodeId, _timer: &ShardTimer) -> bool {
        state.ledger.left.syncs > 0 || self.recovers() && state.network.is_empty()
    }

    fn faults(&self) -> &'static [FaultKind] {
        match (self.bounds.crashes, self.bounds.losses) {
            (0, 0) => &[],
            (0, _) => &[FaultKind::Lose],
            (_, 0) => &[FaultKind::Crash, FaultKind::Start],
            _ => &[FaultKind::Crash, FaultKind::Start, FaultKind::Lose],
        }
    }

    fn may_crash(&self, state: &ShardWorldState, node: NodeId) -> bool {
        state.ledger.left.crashes > 0 && node != self.master()
    }

    fn may_start(&self, state: &ShardWorldState, node: NodeId) -> bool {
        !state.ledger.lost.contains(node)
    }

    fn recovery_step(&self, world: &ShardWorld<R>, state: &ShardWorldState) -> Option<ShardWorldAction> {
        recovery::step(world, state)
    }

    fn allowed_in_recovery(&self, state: &ShardWorldState, action: &ShardWorldAction) -> bool {
        recovery::is_allowed(state, action)
    }

    fn may_lose(&self, state: &ShardWorldState, envelope: &Envelope<ShardMsg>) -> bool {
        let replicated = matches!(
            envelope.message,
            ShardMsg::Replica(_)
                | ShardMsg::ReplicaResponse(_)
                | ShardMsg::Recovery { .. }
                | ShardMsg::ShardFailedResponse { .. }
        );
        state.ledger.left.losses > 0 && replicated
    }

    fn observe(&self, ledger: &mut Ledger, step: &Observed<'_, ShardActor<R>>) {
        let left = &mut ledger.left;
        match step.action {
            WorldAction::Timeout { .. } => left.syncs = left.syncs.saturating_sub(1),
            WorldAction::Crash { node } => {
                left.crashes = left.crashes.saturating_sub(1);
                ledger.crashed = ledger.crashed.with(*node);
                if let Some(rest) = left.lost.checked_sub(1) {
                    left.lost = rest;
                    ledger.lost = ledger.lost.with(*node);
                }
                // Whoever waits for an answer of the node learns that there is none.
                let copy = step.before.data().and_then(|data| data.copy.as_ref());
                let requests = copy.iter().flat_map(|copy| &copy.operations).filter_map(|operation| operation.request);
                requests.for_each(|request| ledger.hear(request, Outcome::Unknown));
            }
            WorldAction::Request { message, .. } => match message {
                ShardMsg::Write { change, .. } => ledger.ask(change.request),
                ShardMsg::Get { .. } => left.reads = left.reads.saturating_sub(1),
                ShardMsg::RequestFailed { timed_out: true, .. } => left.losses = left.losses.saturating_sub(1),
                ShardMsg::EngineFailed => left.failures = left.failures.saturating_sub(1),
                ShardMsg::Command(command) => self.pay(ledger, command),
                _ => {}
            },
            _ => {}
        }
        for (_, message) in step.sent {
            match message {
                ShardMsg::Outcome { request, outcome } => ledger.hear(*request, *outcome),
                ShardMsg::Got { found, .. } => ledger.read = *found,
                _ => {}
            }
        }
    }

    fn observe_fault(&self, ledger: &mut Ledger, action: &ShardWorldAction) {
        if matches!(action, WorldAction::Lose { .. }) {
            ledger.left.losses = ledger.left.losses.saturating_sub(1);
        }
    }

    fn is_noted(&self, step: &Observed<'_, ShardActor<R>>) -> bool {
        matches!(step.action, WorldAction::Request { .. } | WorldAction::Crash { .. } | WorldAction::Timeout { .. })
            || step.sent.iter().any(|(_, message)| matches!(message, ShardMsg::Outcome { .. } | ShardMsg::Got { .. }))
    }

    fn fairness(&self, action: &ShardWorldAction) -> Fairness {
        match action {
            WorldAction::Deliver { .. } | WorldAction::Timeout { .. } => Fairness::Weak,
            _ => Fairness::None,
        }
    }

    fn within_bounds(&self, state: &ShardWorldState) -> bool {
        state.ledger.left.overdrawn == 0
    }

    fn within_headroom(&self, state: &ShardWorldState) -> bool {
        state.ledger.left.overdrawn <= HEADROOM
    }

    /// A cluster state for an earlier life, or no newer than the applied one, is
    /// ignored, by contract and for ever. Under the sound rules so is an answer
    /// for a primary that is no more, since none gets the same id and the same
    /// term again; and a step of a recovery for a copy that is no more, since
    /// such a step follows one of that copy.
    fn is_obsolete(&self, receiver: &ShardNode, _source: NodeId, message: &ShardMsg) -> bool {
        let ShardNode::Data(node) = receiver else { return false };
        let serves =
            |term: PrimaryTerm| node.copy.as_ref().filter(|copy| copy.tracker.primary_mode() && copy.terms.operation == term);
        match message {
            ShardMsg::ClusterState { life, state } => {
                *life < node.disk.life || node.applied.as_ref().is_some_and(|applied| applied.version >= state.version)
            }
            _ if !self.sound => false,
            ShardMsg::ReplicaResponse(response) => {
                serves(response.primary.primary_term).is_none_or(|copy| copy.as_target() != response.primary)
            }
            ShardMsg::ShardFailedResponse { primary_term: 0, report, .. } => {
                node.reporting.is_none_or(|own| own.allocation_id != report.allocation_id)
            }
            ShardMsg::ShardFailedResponse { primary_term, report, .. } => serves(*primary_term)
                .is_none_or(|copy| !copy.operations.iter().any(|operation| operation.reports.contains(report))),
            ShardMsg::Recovery { target, primary_term, step } => match step {
                Recovery::Start { .. } => false,
                Recovery::Prepared | Recovery::RecoveredTo { .. } => {
                    serves(*primary_term).is_none_or(|copy| !copy.recoveries.iter().any(|known| known.target == *target))
                }
                _ => node.copy.as_ref().is_none_or(|copy| copy.allocation_id != *target || copy.terms.pending != *primary_term),
            },
            _ => false,
        }
    }

    fn name(&self) -> String {
        self.question.model().to_owned()
    }

    fn bounds(&self) -> Vec<Bound> {
        self.bounds.listed()
    }

    fn claims(&self) -> Vec<Property<ShardWorld<R>>> {
        claims::claims(self.question, &self.bounds)
    }

    fn refusals(&self) -> Vec<&'static str> {
        let own = Refusal::ALL.iter().map(|refusal| refusal.name());
        ["NoEffect"].into_iter().chain(own).chain(allocation::Rejection::ALL.iter().map(|rejection| rejection.name())).collect()
    }

    fn message_kinds(&self) -> Vec<&'static str> {
        MESSAGE_KINDS.to_vec()
    }

    fn message_kind(&self, message: &ShardMsg) -> usize {
        message_kind(message)
    }

    fn timer_kinds(&self) -> Vec<&'static str> {
        TIMER_KINDS.to_vec()
    }

    fn timer_kind(&self, _timer: &ShardTimer) -> usize {
        0
    }

    fn message_text(&self, message: &ShardMsg) -> String {
        message_text(message)
    }
}

impl ShardEnvironment {
    /// Whether the budget for allocations may be overdrawn.
    fn recovers(&self) -> bool {
        self.question == Question::Recovery
    }

    /// What a command costs. Taking a node for gone that is there is a mistake,
    /// and allocations are counted, so that they end.
    fn pay(&self, ledger: &mut Ledger, command: &Command) {
        let left = &mut ledger.left;
        match command {
            Command::NodeLeft { node, .. } if ledger.crashed.contains(*node) => ledger.crashed = ledger.crashed.without(*node),
            Command::NodeLeft { .. } => left.departures = left.departures.saturating_sub(1),
            Command::AllocateReplica { .. } => match left.allocations.checked_sub(1) {
                Some(rest) => left.allocations = rest,
                None => left.overdrawn += 1,
            },
            Command::AllocatePrimary { .. } => match left.restores.checked_sub(1) {
                Some(rest) => left.restores = rest,
                None => left.overdrawn += 1,
            },
            Command::AllocateStalePrimary { .. } | Command::AllocateEmptyPrimary { .. } => {
                left.commands = left.commands.saturating_sub(1);
                ledger.data_loss = true;
            }
            Command::Cancel { .. } => left.commands = left.commands.saturating_sub(1),
            _ => {}
        }
    }
}
