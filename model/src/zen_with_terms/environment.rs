//! The environment: `Init`, `Next` and `StateConstraint` of the module.

use std::sync::Arc;

use smallvec::SmallVec;
use stateright::Model;

use super::action::ZenAction;
use super::explorer::ZenExplorer;
use super::messages::{Descents, MAX_NODES, MAX_NUMBER, ZenMessage, ZenMessages};
use super::state::{Bootstrap, ZenState};
use crate::coordination::{ClientValue, CoordinationState, Durable, PublicationId, Rejection, RuleSet, Sound, Volatile};
use crate::explorer::{Explorer, Identity, Parts};
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

/// A node and what its disk holds, if that is not what it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub node: CoordinationState<u8>,
    pub disk: Option<Durable<u8>>,
}

/// What an action does: to its node, to the messages, to the lineage.
pub(super) struct Happening {
    pub after: Place,
    pub sent: Option<ZenMessage>,
    /// What was published, after what was accepted before.
    pub published: Option<(PublicationId, PublicationId)>,
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

    pub(super) fn nodes(&self) -> usize {
        self.bounds.nodes
    }

    pub(super) fn max_messages(&self) -> usize {
        self.bounds.max_messages as usize
    }

    /// Whatever may be chosen in the beginning.
    pub(super) fn bootstraps(&self) -> Vec<Arc<Bootstrap>> {
        let mut all = Vec::new();
        for config in self.all_nodes().non_empty_subsets() {
            for value in 0..self.bounds.values as u8 {
                for versions in all_tuples(self.bounds.nodes, self.bounds.max_initial_version) {
                    all.push(Arc::new(Bootstrap { config, value, versions }));
                }
            }
        }
        all
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

    /// One disjunct of `Next`, as far as it is the node's affair.
    pub(super) fn happen(&self, bootstrap: &Bootstrap, at: &Place, action: &ZenAction) -> Result<Happening, Rejection> {
        let Place { node: before, disk } = at;
        if let ZenAction::RestartNode { .. } = action {
            let disk = disk.as_ref().unwrap_or(&before.durable);
            let node = CoordinationState::restart(self.rules.read_back(disk));
            return Ok(Happening { after: Place { node, disk: None }, sent: None, published: None });
        }
        let (node, sent) = self.rule(before, bootstrap.value, action)?;
        let published = match action {
            ZenAction::HandleClientValue { change, .. } => {
                let accepted = before.accepted();
                let from = PublicationId::new(accepted.term, accepted.version);
                Some((from, PublicationId::new(change.term, change.version)))
            }
            _ => None,
        };
        let disk = self.rules.left_on_disk(disk.as_ref(), &before.durable, &node.durable);
        Ok(Happening { after: Place { node, disk }, sent, published })
    }

    /// One disjunct of `Next`.
    fn take(&self, state: &ZenState, at: &Place, action: &ZenAction) -> Result<ZenState, Rejection> {
        let Happening { after, sent, published } = self.happen(&state.bootstrap, at, action)?;
        let mut next = state.clone();
        if let Some((from, to)) = published {
            next.descendant.publish(from, to);
        }
        if let Some(message) = sent {
            next.messages.insert(message);
        }
        next.nodes.set(action.node().index(), &after.node);
        if after.disk != at.disk {
            next.set_disk(action.node(), after.disk);
        }
        Ok(next)
    }

    /// What may be attempted at a node whatever was sent.
    pub(super) fn own_attempts(
        &self,
        bootstrap: &Bootstrap,
        node: NodeId,
        mut attempt: impl FnMut(ZenAction) -> Option<Rejection>,
    ) {
        let bounds = &self.bounds;
        for config in self.rules.bootstrap_configs(bootstrap.config, self.all_nodes()) {
            attempt(ZenAction::SetInitialState { node, config });
        }
        for term in 0..=bounds.max_term {
            for candidate in self.all_nodes().iter() {
                attempt(ZenAction::HandleStartJoin { node, candidate, term });
            }
        }
        self.client_values(node, &mut attempt);
        attempt(ZenAction::RestartNode { node });
    }

    /// The visitor answers a client value with the guard that refused it: where
    /// that guard does not depend on the rest of the bindings, they are skipped.
    fn client_values(&self, node: NodeId, attempt: &mut impl FnMut(ZenAction) -> Option<Rejection>) {
        let bounds = &self.bounds;
        for term in 0..=bounds.max_term {
            'terms: for version in 0..=bounds.max_version {
                for value in 0..bounds.values as u8 {
                    for config in self.all_nodes().non_empty_subsets() {
                        let change = ClientValue { term, version, value, config };
                        match attempt(ZenAction::HandleClientValue { node, change }) {
                            Some(Rejection::PublishElectionNotWon | Rejection::PreviousPublicationNotAccepted) => return,
                            Some(Rejection::PublishTermMismatch) => break 'terms,
                            Some(Rejection::PublishVersionNotNewer) => continue 'terms,
                            _ => {}
                        }
                    }
                }
            }
        }
    }

    /// The handlers that a message may be given to.
    pub(super) fn deliveries(&self, message: ZenMessage) -> impl Iterator<Item = ZenAction> {
        let receivers = message.ends().1.map_or(self.all_nodes(), NodeSet::single);
        receivers.iter().map(move |node| match message {
            ZenMessage::Join { source, join, .. } => ZenAction::HandleJoin { node, source, join },
            ZenMessage::PublishRequest { source, state } => ZenAction::HandlePublishRequest { node, source, state },
            ZenMessage::PublishResponse { source, id, .. } => ZenAction::HandlePublishResponse { node, source, id },
            ZenMessage::Commit { source, id } => ZenAction::HandleCommit { node, source, id },
        })
    }

    /// Every disjunct of `Next`, whether its guards hold or not; the visitor
    /// answers with the guard that refused.
    fn attempts(&self, state: &ZenState, mut attempt: impl FnMut(&Place, ZenAction) -> Option<Rejection>) {
        let places: SmallVec<[Place; 3]> = self.all_nodes().iter().map(|node| state.place(node)).collect();
        let mut attempt = |action: ZenAction| attempt(&places[action.node().index()], action);
        for node in self.all_nodes().iter() {
            self.own_attempts(&state.bootstrap, node, &mut attempt);
        }
        for message in state.messages.iter() {
            self.deliveries(message).for_each(|action| _ = attempt(action));
        }
    }

    /// The module's limit on what a node has published.
    pub(super) fn published_within(node: &CoordinationState<u8>) -> bool {
        let limit = if node.durable.current_term <= 1 { 2 } else { 3 };
        node.volatile.last_published_version <= limit
    }

    /// The messages among the nodes that appear with `action`.
    fn sent(&self, before: &ZenState, action: &ZenAction) -> Option<ZenMessage> {
        match action {
            ZenAction::RestartNode { .. } => None,
            _ => self.rule(&before.nodes.get(action.node().index()), before.bootstrap.value, action).ok()?.1,
        }
    }
}

pub(super) fn guard_id(rejection: Rejection) -> GuardId {
    GuardId(rejection as u16)
}

impl<R: RuleSet> Model for ZenWithTerms<R> {
    type State = ZenState;
    type Action = ZenAction;

    fn init_states(&self) -> Vec<ZenState> {
        let mut states = Vec::new();
        for bootstrap in self.bootstraps() {
            for held in 0..self.bounds.values as u8 {
                let node = |version: &u64| CoordinationState::restart(Durable::blank(held, *version));
                states.push(ZenState {
                    nodes: bootstrap.versions.iter().map(node).collect(),
                    messages: ZenMessages::default(),
                    descendant: Descents::default(),
                    bootstrap: Arc::clone(&bootstrap),
                    stale_disks: None,
                });
            }
        }
        states
    }

    fn actions(&self, state: &ZenState, actions: &mut Vec<ZenAction>) {
        self.attempts(state, |at, action| {
            actions.push(action);
            self.take(state, at, &action).err()
        });
    }

    fn next_state(&self, state: &ZenState, action: ZenAction) -> Option<ZenState> {
        self.step(state, &action).ok()
    }

    fn within_boundary(&self, state: &ZenState) -> bool {
        state.nodes.iter().all(|node| Self::published_within(&node))
            && state.messages.cardinality(self.bounds.nodes) <= self.max_messages()
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
        self.take(state, &state.place(action.node()), action).map_err(guard_id)
    }

    fn successors(&self, state: &ZenState, mut visit: impl FnMut(ZenAction, Result<ZenState, GuardId>)) {
        self.attempts(state, |at, action| match self.take(state, at, &action) {
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

    fn parts_read_by(&self, property: &str) -> Parts {
        super::claims::parts_read_by(property)
    }

    fn explorer(&self, identity: Identity) -> impl Explorer<Self> + Send {
        ZenExplorer::new(self, identity)
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
