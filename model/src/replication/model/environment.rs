//! The environment: `Init`, `Next` and `StateConstraint` of the module.

use smallvec::SmallVec;
use stateright::Model;

use super::action::ReplicationAction::{self, *};
use super::messages::{Body, Document, MAX_CLIENT_VALUE, MAX_DOCUMENTS, MAX_NODES, Message, Messages};
use super::state::{ClientResponse, ReplicationState};
use crate::node_set::{NodeId, NodeSet};
use crate::replication::acknowledgement::Progress;
use crate::replication::rejection::Rejection;
use crate::replication::rule_set::{RuleSet, Sound};
use crate::replication::shard_copy::{Resync, ShardCopy};
use crate::replication::types::{NO_OPS_PERFORMED, Role, RoutingTable, ShardClusterState};
use crate::specification::{BoundError, in_range};

/// The instance: what the module's constants and its constraint are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicationBounds {
    /// How many nodes there are.
    pub nodes: u64,
    /// How many documents there are.
    pub documents: u64,
    /// `nextClientValue <= max_client_value`.
    pub max_client_value: u64,
    /// `Cardinality(messages) <= max_messages`.
    pub max_messages: u64,
}

impl ReplicationBounds {
    /// Refuses what makes no sense or what packed messages cannot hold.
    pub fn validate(&self) -> Result<(), BoundError> {
        in_range("nodes", self.nodes, 1, MAX_NODES)?;
        in_range("documents", self.documents, 1, MAX_DOCUMENTS)?;
        in_range("max-client-value", self.max_client_value, 1, MAX_CLIENT_VALUE)?;
        in_range("max-messages", self.max_messages, 0, 65_535)
    }
}

/// What the limits on client values and messages do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limits {
    /// `StateConstraint` of the module: states beyond the limits are checked,
    /// not expanded. This is the graph that TLC explores.
    #[default]
    Constraint,
    /// A budget of the clients: a request that would go beyond a limit is not
    /// made. Nothing else is limited, so that no behaviour is cut off and
    /// claims about what happens eventually mean something.
    Budget,
}

/// What may happen around the copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Surroundings {
    /// Whatever `Next` of the module allows.
    #[default]
    Module,
    /// A part of that, so that every behaviour is one of the module: each node
    /// has a copy, clients ask the first primary, no message is lost, and nobody
    /// but the first primary is taken for dead.
    OneFailure,
}

/// The model under the rules `R`.
#[derive(Clone, Debug)]
pub struct Replication<R = Sound> {
    pub(super) rules: R,
    pub(super) bounds: ReplicationBounds,
    pub(super) limits: Limits,
    pub(super) surroundings: Surroundings,
    pub(super) claims_monotone_global_checkpoint: bool,
}

/// The primary to begin with where only that may fail.
const FIRST: NodeId = NodeId(0);

impl<R: RuleSet> Replication<R> {
    /// The model with these rules and bounds, limited as TLC limits it.
    pub fn new(rules: R, bounds: ReplicationBounds) -> Result<Self, BoundError> {
        bounds.validate()?;
        Ok(Replication {
            rules,
            bounds,
            limits: Limits::Constraint,
            surroundings: Surroundings::Module,
            claims_monotone_global_checkpoint: false,
        })
    }

    /// The same model with other limits. Liveness is claimed under
    /// [`Limits::Budget`] only.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Replication { limits, ..self }
    }

    /// The same model, claiming also that the global checkpoint of a primary
    /// never falls. In this model that is false: see
    /// [`negative_claims`](super::claims::negative_claims).
    #[must_use]
    pub fn claiming_monotone_global_checkpoint(self) -> Self {
        Replication { claims_monotone_global_checkpoint: true, ..self }
    }

    /// The model in which the global checkpoint of a primary falls, and that
    /// claims that it does not: `replication-falling-checkpoint`. Few enough
    /// states to be searched, and each of its behaviours is one of the module.
    #[must_use]
    pub fn with_one_failure(self) -> Self {
        Replication { surroundings: Surroundings::OneFailure, ..self }.claiming_monotone_global_checkpoint()
    }

    pub(super) fn all_nodes(&self) -> NodeSet {
        NodeSet::first(self.bounds.nodes as usize)
    }

    /// One disjunct of `Next`.
    pub(super) fn take(&self, state: &ReplicationState, action: &ReplicationAction) -> Result<ReplicationState, Rejection> {
        let rules = &self.rules;
        let mut next = state.clone();
        match *action {
            ClientRequest { node, document } => {
                let source = Document { id: document, value: state.next_client_value };
                let (copy, request) = state.copies[node.index()].client_request(rules, node, source)?;
                let replicas = copy.applied.routing.replicas;
                next.copies[node.index()] = copy;
                next.next_client_value += 1;
                next.next_request_id += 1;
                let req = u64::from(state.next_request_id);
                for to in replicas.iter() {
                    next.messages.insert(&Message { from: node, to, req, body: Body::Replication { client: true, request } });
                }
                if replicas.is_empty() {
                    let (seq_no, term) = (request.seq_no, request.primary_term);
                    next.respond(ClientResponse::Stored { source: request.source, seq_no, term });
                }
            }
            HandleReplicationRequest { message } => {
                let Body::Replication { request, .. } = message.body else { return Err(Rejection::ReplicationTermTooOld) };
                let (copy, local_checkpoint) = state.copies[message.to.index()].handle_replication_request(rules, &request)?;
                next.copies[message.to.index()] = copy;
                self.reply(&mut next, &message, &message.answer(local_checkpoint, true));
            }
            HandleTrimTranslogRequest { message } => {
                let Body::Trim { request } = message.body else { return Err(Rejection::TrimTermTooOld) };
                next.copies[message.to.index()] = state.copies[message.to.index()].handle_trim_request(rules, &request)?;
                self.reply(&mut next, &message, &message.answer(-1, true));
            }
            RefuseRequest { message } | FailRequestMessage { message } | FailResponseMessage { message } => {
                self.reply(&mut next, &message, &message.failed());
            }
            HandleReplicationResponse { message, promoted } => {
                self.handle_replication_response(&mut next, &message, promoted);
                next.messages.remove(&message);
            }
            HandleTrimTranslogResponse { message, promoted } => {
                if let Body::TrimAnswer { primary_term, success: false, .. } = message.body
                    && next.master.may_fail_others(rules, primary_term).is_ok()
                    && rules.reports_failed_copy(true)
                {
                    next.master = next.master.fail_shard(rules, message.from, promoted).unwrap_or(next.master);
                }
                next.messages.remove(&message);
            }
            ApplyClusterStateFromMaster { node } => {
                let (copy, resync) = state.copies[node.index()].apply_cluster_state(rules, node, &state.master)?;
                next.copies[node.index()] = copy;
                if let Some(resync) = resync {
                    send_resync(&mut next, node, &resync);
                }
            }
            NodeFaultDetectionKicksNodeOut { node, promoted } => {
                next.master = state.master.fail_shard(rules, node, promoted)?;
            }
        }
        Ok(next)
    }

    /// `Reply`: the answer takes the place of the request.
    fn reply(&self, state: &mut ReplicationState, request: &Message, answer: &Message) {
        if self.rules.answer_consumes_request() {
            state.messages.remove(request);
        }
        state.messages.insert(answer);
    }

    /// `HandleReplicationResponse`, but for taking the answer from the network.
    fn handle_replication_response(&self, state: &mut ReplicationState, message: &Message, promoted: Option<NodeId>) {
        let rules = &self.rules;
        let Body::ReplicationAnswer { client, primary_term, seq_no, source, local_checkpoint, success, .. } = message.body else {
            return;
        };
        if success {
            let copy = &state.copies[message.to.index()];
            if let Ok(copy) = copy.handle_local_checkpoint(rules, message.to, message.from, local_checkpoint) {
                state.copies[message.to.index()] = copy;
            }
        } else if state.master.may_fail_others(rules, primary_term).is_err() {
            state.respond(ClientResponse::Failed { req: message.req });
            return;
        } else if rules.reports_failed_copy(!client) {
            state.master = state.master.fail_shard(rules, message.from, promoted).unwrap_or(state.master);
        }
        if progress(state, message, client).may_acknowledge(rules).is_ok() {
            state.respond(ClientResponse::Stored { source, seq_no, term: primary_term });
        }
    }

    /// The guards that leave a part of `action` undone where it is taken: the
    /// questions that the handlers ask on the way.
    pub(super) fn inner_refusals(
        &self,
        state: &ReplicationState,
        action: &ReplicationAction,
        mut refused: impl FnMut(Rejection),
    ) {
        let rules = &self.rules;
        let mut ask = |answer: Result<(), Rejection>| {
            if let Err(guard) = answer {
                refused(guard);
            }
        };
        match *action {
            HandleReplicationRequest { message } | HandleTrimTranslogRequest { message } => {
                let term = match message.body {
                    Body::Replication { request, .. } => request.primary_term,
                    Body::Trim { request } => request.primary_term,
                    _ => return,
                };
                ask(state.copies[message.to.index()].hears_of_newer_term(rules, term));
            }
            HandleReplicationResponse { message, promoted } | HandleTrimTranslogResponse { message, promoted } => {
                let (term, client, local_checkpoint, success) = match message.body {
                    Body::ReplicationAnswer { client, primary_term, local_checkpoint, success, .. } => {
                        (primary_term, Some(client), local_checkpoint, success)
                    }
                    Body::TrimAnswer { primary_term, success, .. } => (primary_term, None, NO_OPS_PERFORMED, success),
                    _ => return,
                };
                if success && client.is_some() {
                    let copy = &state.copies[message.to.index()];
                    ask(copy.learns_local_checkpoint(rules, message.to, message.from, local_checkpoint));
                } else if !success {
                    let fence = state.master.may_fail_others(rules, term);
                    ask(fence);
                    if fence.is_err() {
                        return;
                    }
                    ask(state.master.fail_shard(rules, message.from, promoted).map(|_| ()));
                }
                if let Some(client) = client {
                    ask(progress(state, &message, client).may_acknowledge(rules));
                }
            }
            ApplyClusterStateFromMaster { node } => {
                ask(state.copies[node.index()].is_promoted(rules, node, &state.master));
            }
            _ => {}
        }
    }

    /// Every disjunct of `Next` that the surroundings allow, whether its guards
    /// hold or not. The visitor says whether the action was taken.
    pub(super) fn attempts(&self, state: &ReplicationState, mut attempt: impl FnMut(ReplicationAction) -> bool) {
        let mut attempt = |action| self.may_happen(&action) && attempt(action);
        let nodes = || self.all_nodes().iter();
        for node in nodes() {
            if !self.client_may_ask(state, node) {
                continue;
            }
            for document in 0..self.bounds.documents as u8 {
                attempt(ClientRequest { node, document });
            }
        }
        for message in state.messages.iter() {
            match message.body {
                Body::Replication { .. } | Body::Trim { .. } => {
                    let taken = match message.body {
                        Body::Trim { .. } => attempt(HandleTrimTranslogRequest { message }),
                        _ => attempt(HandleReplicationRequest { message }),
                    };
                    if !taken {
                        attempt(RefuseRequest { message });
                    }
                    attempt(FailRequestMessage { message });
                }
                Body::ReplicationAnswer { primary_term, success, .. } | Body::TrimAnswer { primary_term, success, .. } => {
                    let fails_sender = !success && state.master.may_fail_others(&self.rules, primary_term).is_ok();
                    let candidates = if fails_sender { state.master.promotion_candidates(message.from) } else { NodeSet::EMPTY };
                    for promoted in each_or_none(candidates) {
                        match message.body {
                            Body::TrimAnswer { .. } => attempt(HandleTrimTranslogResponse { message, promoted }),
                            _ => attempt(HandleReplicationResponse { message, promoted }),
                        };
                    }
                    if success {
                        attempt(FailResponseMessage { message });
                    }
                }
            }
        }
        for node in nodes() {
            attempt(ApplyClusterStateFromMaster { node });
        }
        for node in nodes() {
            for promoted in each_or_none(state.master.promotion_candidates(node)) {
                attempt(NodeFaultDetectionKicksNodeOut { node, promoted });
            }
        }
    }

    fn may_happen(&self, action: &ReplicationAction) -> bool {
        match *action {
            _ if self.surroundings == Surroundings::Module => true,
            ClientRequest { node, .. } | NodeFaultDetectionKicksNodeOut { node, .. } => node == FIRST,
            FailRequestMessage { .. } | FailResponseMessage { .. } => false,
            _ => true,
        }
    }

    fn client_may_ask(&self, state: &ReplicationState, node: NodeId) -> bool {
        let copies = state.copies[node.index()].applied.routing.replicas.len() as u64;
        self.limits == Limits::Constraint
            || (u64::from(state.next_client_value) < self.bounds.max_client_value
                && state.messages.len() as u64 + copies <= self.bounds.max_messages)
    }
}

/// How far the operation is that `message` answers.
fn progress(state: &ReplicationState, message: &Message, from_client: bool) -> Progress {
    Progress {
        from_client,
        answers_outstanding: state.messages.iter().any(|other| other.req == message.req && other != *message),
        reported_as_failed: state.responses.binary_search(&ClientResponse::Failed { req: message.req }).is_ok(),
    }
}

/// The bindings of `\E r \in candidates`, or none where nobody can be promoted.
fn each_or_none(candidates: NodeSet) -> SmallVec<[Option<NodeId>; 4]> {
    if candidates.is_empty() { SmallVec::from_elem(None, 1) } else { candidates.iter().map(Some).collect() }
}

/// The messages of a new primary: the operations share the ids from the next
/// one on, one id for each operation, and the trim has the last.
fn send_resync(state: &mut ReplicationState, from: NodeId, resync: &Resync<Document>) {
    let first = u64::from(state.next_request_id);
    let count = resync.operations.len() as u64;
    for to in resync.replicas.iter() {
        for (req, request) in (first..).zip(&resync.operations) {
            state.messages.insert(&Message { from, to, req, body: Body::Replication { client: false, request: *request } });
        }
        if let Some(request) = resync.trim {
            state.messages.insert(&Message { from, to, req: first + count, body: Body::Trim { request } });
        }
    }
    state.next_request_id += count as u16 + 1;
}

impl<R: RuleSet> Model for Replication<R> {
    type State = ReplicationState;
    type Action = ReplicationAction;

    fn init_states(&self) -> Vec<ReplicationState> {
        let nodes = self.bounds.nodes as usize;
        let start = |routing: RoutingTable| {
            let master = ShardClusterState { routing, primary_term: 1 };
            ReplicationState {
                master,
                copies: SmallVec::from_elem(ShardCopy::empty(master, nodes), nodes),
                messages: Messages::default(),
                responses: SmallVec::new(),
                next_client_value: 1,
                next_request_id: 1,
            }
        };
        if self.surroundings == Surroundings::OneFailure {
            let replicas = self.all_nodes().without(FIRST);
            return vec![start(RoutingTable { replicas, ..RoutingTable::default().with_role(FIRST, Role::Primary) })];
        }
        let mut states = vec![start(RoutingTable::default())];
        for primary in self.all_nodes().iter() {
            let alone = RoutingTable::default().with_role(primary, Role::Primary);
            states.push(start(alone));
            let others = self.all_nodes().without(primary);
            states.extend(others.non_empty_subsets().map(|replicas| start(RoutingTable { replicas, ..alone })));
        }
        states
    }

    fn actions(&self, state: &ReplicationState, actions: &mut Vec<ReplicationAction>) {
        self.attempts(state, |action| {
            actions.push(action);
            self.take(state, &action).is_ok()
        });
    }

    fn next_state(&self, state: &ReplicationState, action: ReplicationAction) -> Option<ReplicationState> {
        self.take(state, &action).ok()
    }

    fn within_boundary(&self, state: &ReplicationState) -> bool {
        self.limits == Limits::Budget
            || (u64::from(state.next_client_value) <= self.bounds.max_client_value
                && state.messages.len() as u64 <= self.bounds.max_messages
                && !state.master.routing.assigned().is_empty())
    }

    fn format_action(&self, action: &ReplicationAction) -> String {
        action.to_string()
    }
}
