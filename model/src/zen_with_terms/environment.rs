//! The environment: `Init`, `Next` and `StateConstraint` of the module.

use std::sync::Arc;

use smallvec::SmallVec;
use stateright::Model;

use super::action::ZenAction;
use super::messages::{Descents, MAX_NODES, MAX_NUMBER, ZenMessage, ZenMessages};
use super::state::{Bootstrap, ZenState};
use crate::coordination::{ClientValue, CoordinationState, Durable, PublicationId, Rejection, RuleSet, Sound, Volatile};
use crate::node_set::{NodeId, NodeSet};
use crate::property::Property;
use crate::sort_key;
use crate::specification::{Bound, BoundError, BoundKind, ClassId, GuardId, MessageView, Specification, StepView, in_range};

/// The instance: what the module's constants and overrides are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZenBounds {
    /// How many nodes there are.
    pub nodes: usize,
    /// `Terms == 0..max_term`.
    pub max_term: u64,
    /// `Versions == 0..max_version`, for client values.
    pub max_version: u64,
    /// `InitialVersions == 0..max_initial_version`.
    pub max_initial_version: u64,
    /// `Values == 0..values - 1`.
    pub values: u64,
    /// `Cardinality(messages) <= max_messages`.
    pub max_messages: u64,
}

impl ZenBounds {
    /// Refuses what makes no sense or what packed messages cannot hold.
    pub fn validate(&self) -> Result<(), BoundError> {
        in_range("nodes", self.nodes as u64, 1, MAX_NODES as u64)?;
        in_range("max-term", self.max_term, 0, MAX_NUMBER)?;
        in_range("max-version", self.max_version, 0, MAX_NUMBER)?;
        in_range("max-initial-version", self.max_initial_version, 0, MAX_NUMBER)?;
        in_range("values", self.values, 1, MAX_NUMBER)?;
        in_range("max-messages", self.max_messages, 0, 65_535)
    }
}

/// The model under the rules `R`.
#[derive(Clone, Debug)]
pub struct ZenWithTerms<R = Sound> {
    pub(super) rules: R,
    bounds: ZenBounds,
}

impl<R: RuleSet> ZenWithTerms<R> {
    /// The model with these rules and bounds.
    pub fn new(rules: R, bounds: ZenBounds) -> Result<Self, BoundError> {
        bounds.validate()?;
        Ok(ZenWithTerms { rules, bounds })
    }

    fn all_nodes(&self) -> NodeSet {
        NodeSet::first(self.bounds.nodes)
    }

    /// What the rules make of `action`: the node after, and what it sent.
    fn rule(
        &self,
        node: &CoordinationState<u8>,
        value: u8,
        action: &ZenAction,
    ) -> Result<(CoordinationState<u8>, Option<ZenMessage>), Rejection> {
        let rules = &self.rules;
        match action {
            ZenAction::SetInitialState { config, .. } => Ok((rules.set_initial_state(node, *config, value)?, None)),
            ZenAction::HandleStartJoin { node: source, candidate, term } => {
                let (next, join) = rules.handle_start_join(node, *term)?;
                Ok((next, Some(ZenMessage::Join { source: *source, dest: *candidate, join })))
            }
            ZenAction::HandleJoin { source, join, .. } => Ok((rules.handle_join(node, *source, join)?, None)),
            ZenAction::HandleClientValue { node: source, change } => {
                let (next, state) = rules.handle_client_value(node, *source, change)?;
                Ok((next, Some(ZenMessage::PublishRequest { source: *source, state })))
            }
            ZenAction::HandlePublishRequest { node: source, source: leader, state } => {
                let (next, id) = rules.handle_publish_request(node, state)?;
                Ok((next, Some(ZenMessage::PublishResponse { source: *source, dest: *leader, id })))
            }
            ZenAction::HandlePublishResponse { node: leader, source, id } => {
                let (next, commit) = rules.handle_publish_response(node, *source, *id)?;
                Ok((next, commit.map(|id| ZenMessage::Commit { source: *leader, id })))
            }
            ZenAction::HandleCommit { id, .. } => Ok((rules.handle_commit(node, *id)?, None)),
            ZenAction::RestartNode { .. } => unreachable!("a restart is the world's, not a rule's"),
        }
    }

    /// One disjunct of `Next`, for a node that is `before` in `state`.
    fn take(&self, state: &ZenState, before: &CoordinationState<u8>, action: &ZenAction) -> Result<ZenState, Rejection> {
        let node = action.node();
        if let ZenAction::RestartNode { .. } = action {
            let disk = state.disk(node).unwrap_or(&before.durable);
            let mut next = state.clone();
            next.nodes.set(node.index(), &CoordinationState::restart(self.rules.read_back(disk)));
            next.set_disk(node, None);
            return Ok(next);
        }
        let (after, sent) = self.rule(before, state.bootstrap.value, action)?;
        let mut next = state.clone();
        if let ZenAction::HandleClientValue { change, .. } = action {
            let accepted = before.accepted();
            let from = PublicationId::new(accepted.term, accepted.version);
            next.descendant.publish(from, PublicationId::new(change.term, change.version));
        }
        if let Some(message) = sent {
            next.messages.insert(message);
        }
        next.nodes.set(node.index(), &after);
        let disk = self.rules.left_on_disk(state.disk(node), &before.durable, &after.durable);
        if disk.as_ref() != state.disk(node) {
            next.set_disk(node, disk);
        }
        Ok(next)
    }

    /// Every disjunct of `Next`, whether its guards hold or not. The visitor
    /// answers a client value with the guard that refused it: where that guard
    /// does not depend on the rest of the bindings, they are skipped.
    fn attempts(&self, state: &ZenState, mut attempt: impl FnMut(&CoordinationState<u8>, ZenAction) -> Option<Rejection>) {
        let bounds = &self.bounds;
        let unpacked: SmallVec<[CoordinationState<u8>; 3]> = state.nodes.iter().collect();
        let mut attempt = |action: ZenAction| attempt(&unpacked[action.node().index()], action);
        let nodes = || self.all_nodes().iter();
        for node in nodes() {
            for config in self.rules.bootstrap_configs(state.bootstrap.config, self.all_nodes()) {
                attempt(ZenAction::SetInitialState { node, config });
            }
        }
        for node in nodes() {
            for term in 0..=bounds.max_term {
                for candidate in nodes() {
                    attempt(ZenAction::HandleStartJoin { node, candidate, term });
                }
            }
        }
        for node in nodes() {
            'values: for term in 0..=bounds.max_term {
                'terms: for version in 0..=bounds.max_version {
                    for value in 0..bounds.values as u8 {
                        for config in self.all_nodes().non_empty_subsets() {
                            let change = ClientValue { term, version, value, config };
                            match attempt(ZenAction::HandleClientValue { node, change }) {
                                Some(Rejection::PublishElectionNotWon | Rejection::PreviousPublicationNotAccepted) => {
                                    break 'values;
                                }
                                Some(Rejection::PublishTermMismatch) => break 'terms,
                                Some(Rejection::PublishVersionNotNewer) => continue 'terms,
                                _ => {}
                            }
                        }
                    }
                }
            }
        }
        for message in state.messages.iter() {
            match message {
                ZenMessage::Join { source, dest, join } => _ = attempt(ZenAction::HandleJoin { node: dest, source, join }),
                ZenMessage::PublishRequest { source, state } => {
                    nodes().for_each(|node| _ = attempt(ZenAction::HandlePublishRequest { node, source, state }));
                }
                ZenMessage::PublishResponse { source, dest, id } => {
                    attempt(ZenAction::HandlePublishResponse { node: dest, source, id });
                }
                ZenMessage::Commit { source, id } => {
                    nodes().for_each(|node| _ = attempt(ZenAction::HandleCommit { node, source, id }));
                }
            }
        }
        nodes().for_each(|node| _ = attempt(ZenAction::RestartNode { node }));
    }

    /// The messages among the nodes that appear with `action`.
    fn sent(&self, before: &ZenState, action: &ZenAction) -> Option<ZenMessage> {
        match action {
            ZenAction::RestartNode { .. } => None,
            _ => self.rule(&before.nodes.get(action.node().index()), before.bootstrap.value, action).ok()?.1,
        }
    }
}

fn guard_id(rejection: Rejection) -> GuardId {
    GuardId(rejection as u16)
}

impl<R: RuleSet> Model for ZenWithTerms<R> {
    type State = ZenState;
    type Action = ZenAction;

    fn init_states(&self) -> Vec<ZenState> {
        let bounds = &self.bounds;
        let mut states = Vec::new();
        for config in self.all_nodes().non_empty_subsets() {
            for value in 0..bounds.values as u8 {
                for held in 0..bounds.values as u8 {
                    for versions in all_tuples(bounds.nodes, bounds.max_initial_version) {
                        let node = |version: &u64| CoordinationState::restart(Durable::blank(held, *version));
                        states.push(ZenState {
                            nodes: versions.iter().map(node).collect(),
                            messages: ZenMessages::default(),
                            descendant: Descents::default(),
                            bootstrap: Arc::new(Bootstrap { config, value, versions }),
                            stale_disks: None,
                        });
                    }
                }
            }
        }
        states
    }

    fn actions(&self, state: &ZenState, actions: &mut Vec<ZenAction>) {
        self.attempts(state, |node, action| {
            actions.push(action);
            self.take(state, node, &action).err()
        });
    }

    fn next_state(&self, state: &ZenState, action: ZenAction) -> Option<ZenState> {
        self.step(state, &action).ok()
    }

    fn within_boundary(&self, state: &ZenState) -> bool {
        let published_within = state.nodes.iter().all(|node| {
            let limit = if node.durable.current_term <= 1 { 2 } else { 3 };
            node.volatile.last_published_version <= limit
        });
        published_within && state.messages.cardinality(self.bounds.nodes) as u64 <= self.bounds.max_messages
    }

    fn format_action(&self, action: &ZenAction) -> String {
        describe(action)
    }
}

/// Every tuple of `length` numbers from 0 to `max`.
fn all_tuples(length: usize, max: u64) -> Vec<SmallVec<[u64; 3]>> {
    (0..length).fold(vec![SmallVec::new()], |tuples, _| {
        let extend = |tuple: &SmallVec<[u64; 3]>| {
            let tuple = tuple.clone();
            (0..=max).map(move |last| tuple.iter().copied().chain([last]).collect())
        };
        tuples.iter().flat_map(extend).collect()
    })
}

fn describe(action: &ZenAction) -> String {
    match action {
        ZenAction::SetInitialState { node, config } => format!("SetInitialState({node}, {config})"),
        ZenAction::HandleStartJoin { node, candidate, term } => format!("HandleStartJoin({node}, for {candidate}, term {term})"),
        ZenAction::HandleJoin { node, source, join } => format!(
            "HandleJoin({node}, from {source}, term {}, accepted (t{},v{}))",
            join.term, join.last_accepted_term, join.last_accepted_version
        ),
        ZenAction::HandleClientValue { node, change } => format!(
            "HandleClientValue({node}, (t{},v{}), value {}, configuration {})",
            change.term, change.version, change.value, change.config
        ),
        ZenAction::HandlePublishRequest { node, source, state } => {
            format!("HandlePublishRequest({node}, from {source}, (t{},v{}))", state.term, state.version)
        }
        ZenAction::HandlePublishResponse { node, source, id } => format!("HandlePublishResponse({node}, from {source}, {id})"),
        ZenAction::HandleCommit { node, source, id } => format!("HandleCommit({node}, from {source}, {id})"),
        ZenAction::RestartNode { node } => format!("RestartNode({node})"),
    }
}

fn message_views(message: ZenMessage, nodes: usize) -> Vec<MessageView> {
    let view = |kind: &str, source: NodeId, dest: NodeId, text: String| MessageView {
        source: source.index(),
        dest: dest.index(),
        kind: kind.to_owned(),
        text,
    };
    match message {
        ZenMessage::Join { source, dest, join } => {
            let text = format!("term {}, accepted (t{},v{})", join.term, join.last_accepted_term, join.last_accepted_version);
            vec![view("Join", source, dest, text)]
        }
        ZenMessage::PublishRequest { source, state } => NodeSet::first(nodes)
            .iter()
            .map(|dest| {
                let text = format!(
                    "(t{},v{}) value {}, configuration {}, committed {}",
                    state.term, state.version, state.value, state.config, state.committed_config
                );
                view("PublishRequest", source, dest, text)
            })
            .collect(),
        ZenMessage::PublishResponse { source, dest, id } => vec![view("PublishResponse", source, dest, id.to_string())],
        ZenMessage::Commit { source, id } => {
            NodeSet::first(nodes).iter().map(|dest| view("Commit", source, dest, id.to_string())).collect()
        }
    }
}

impl<R: RuleSet> Specification for ZenWithTerms<R> {
    fn name(&self) -> String {
        String::from("zen-with-terms")
    }

    fn bounds(&self) -> Vec<Bound> {
        let bound = |name, value, kind| Bound { name, value, kind };
        let b = &self.bounds;
        vec![
            bound("nodes", b.nodes as u64, BoundKind::Size),
            bound("max-term", b.max_term, BoundKind::Size),
            bound("max-version", b.max_version, BoundKind::Size),
            bound("max-initial-version", b.max_initial_version, BoundKind::Size),
            bound("values", b.values, BoundKind::Size),
            bound("max-messages", b.max_messages, BoundKind::Cut),
        ]
    }

    fn guards(&self) -> Vec<&'static str> {
        Rejection::ALL.iter().map(|rejection| rejection.name()).collect()
    }

    fn action_classes(&self) -> Vec<&'static str> {
        ZenAction::CLASSES.to_vec()
    }

    fn class_of(&self, action: &ZenAction) -> ClassId {
        ClassId(action.class() as u16)
    }

    fn step(&self, state: &ZenState, action: &ZenAction) -> Result<ZenState, GuardId> {
        self.take(state, &state.nodes.get(action.node().index()), action).map_err(guard_id)
    }

    fn successors(&self, state: &ZenState, mut visit: impl FnMut(ZenAction, Result<ZenState, GuardId>)) {
        self.attempts(state, |node, action| match self.take(state, node, &action) {
            Ok(next) => {
                visit(action, Ok(next));
                None
            }
            Err(rejection) => {
                visit(action, Err(guard_id(rejection)));
                Some(rejection)
            }
        });
    }

    fn interchangeable_nodes(&self) -> usize {
        self.bounds.nodes
    }

    fn node_key(&self, state: &ZenState, node: usize) -> u64 {
        let id = NodeId::from_index(node);
        let CoordinationState { durable, volatile } = state.nodes.get(node);
        let accepted = &durable.accepted;
        let of_message = |message: ZenMessage| {
            let (source, dest) = message.ends();
            sort_key::of_message(source, dest, message.without_nodes(), id)
        };
        sort_key::mix([
            durable.current_term | accepted.term << 8 | accepted.version << 16 | u64::from(accepted.value) << 24,
            volatile.last_published_version * 4
                + u64::from(volatile.started_join_since_restart) * 2
                + u64::from(volatile.election_won),
            sort_key::of_set(accepted.config, id) | sort_key::of_set(accepted.committed_config, id) << 8,
            sort_key::of_set(volatile.join_votes, id) | sort_key::of_set(volatile.publish_votes, id) << 8,
            sort_key::of_set(volatile.last_published_config, id) | sort_key::of_set(state.bootstrap.config, id) << 8,
            state.bootstrap.versions[node],
            state.messages.iter().map(of_message).fold(0, u64::wrapping_add),
        ])
    }

    fn permuted(&self, state: &ZenState, permutation: &[u8]) -> ZenState {
        let mut next = state.clone();
        let mut bootstrap = (*state.bootstrap).clone();
        for (index, node) in state.nodes.iter().enumerate() {
            let to = usize::from(permutation[index]);
            next.nodes.set(to, &permuted_node(&node, permutation));
            bootstrap.versions[to] = state.bootstrap.versions[index];
        }
        bootstrap.config = bootstrap.config.permuted(permutation);
        next.bootstrap = Arc::new(bootstrap);
        next.messages = state.messages.permuted(permutation);
        let rename =
            |(node, disk): (&NodeId, &Durable<u8>)| (NodeId(permutation[node.index()]), permuted_durable(disk, permutation));
        next.stale_disks = state.stale_disks.as_ref().map(|disks| Box::new(disks.iter().map(rename).collect()));
        next
    }

    fn claims(&self) -> Vec<Property<Self>> {
        super::claims::claims()
    }

    fn lanes(&self) -> Vec<String> {
        self.all_nodes().iter().map(|node| node.to_string()).collect()
    }

    fn view(&self, before: &ZenState, action: &ZenAction, _after: &ZenState) -> StepView {
        let node = action.node();
        let received = match *action {
            ZenAction::HandleJoin { node, source, join } => Some(ZenMessage::Join { source, dest: node, join }),
            ZenAction::HandlePublishRequest { source, state, .. } => Some(ZenMessage::PublishRequest { source, state }),
            ZenAction::HandlePublishResponse { node, source, id } => Some(ZenMessage::PublishResponse { source, dest: node, id }),
            ZenAction::HandleCommit { source, id, .. } => Some(ZenMessage::Commit { source, id }),
            _ => None,
        };
        let delivered = received
            .and_then(|message| message_views(message, self.bounds.nodes).into_iter().find(|view| view.dest == node.index()));
        let sent = self.sent(before, action).map(|message| message_views(message, self.bounds.nodes)).unwrap_or_default();
        StepView { title: describe(action), lane: Some(node.index()), delivered, sent }
    }
}

fn permuted_durable(durable: &Durable<u8>, permutation: &[u8]) -> Durable<u8> {
    let mut next = durable.clone();
    next.accepted.config = durable.accepted.config.permuted(permutation);
    next.accepted.committed_config = durable.accepted.committed_config.permuted(permutation);
    next
}

fn permuted_node(node: &CoordinationState<u8>, permutation: &[u8]) -> CoordinationState<u8> {
    let volatile = Volatile {
        join_votes: node.volatile.join_votes.permuted(permutation),
        last_published_config: node.volatile.last_published_config.permuted(permutation),
        publish_votes: node.volatile.publish_votes.permuted(permutation),
        ..node.volatile
    };
    CoordinationState { durable: permuted_durable(&node.durable, permutation), volatile }
}
