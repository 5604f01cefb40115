//! What engines and traces ask of the model beyond its graph.

use super::action::ReplicationAction;
use super::environment::{Limits, Replication, Surroundings};
use super::messages::{Body, Document, Message};
use super::state::ReplicationState;
use crate::node_set::NodeId;
use crate::property::Property;
use crate::replication::rejection::Rejection;
use crate::replication::rule_set::RuleSet;
use crate::replication::shard_copy::ShardCopy;
use crate::specification::{Bound, BoundKind, ClassId, Fairness, GuardId, MessageView, Specification, StepView};

fn guard_id(rejection: Rejection) -> GuardId {
    GuardId(rejection as u16)
}

impl<R: RuleSet> Specification for Replication<R> {
    fn name(&self) -> String {
        String::from(match (self.surroundings, self.limits) {
            (Surroundings::OneFailure, _) => "replication-falling-checkpoint",
            (Surroundings::Module, Limits::Constraint) => "replication",
            (Surroundings::Module, Limits::Budget) => "replication-liveness",
        })
    }

    fn bounds(&self) -> Vec<Bound> {
        let limit = match self.limits {
            Limits::Constraint => BoundKind::Cut,
            Limits::Budget => BoundKind::Budget,
        };
        let bound = |name, value, kind| Bound { name, value, kind };
        vec![
            bound("nodes", self.bounds.nodes, BoundKind::Size),
            bound("documents", self.bounds.documents, BoundKind::Size),
            bound("max-client-value", self.bounds.max_client_value, limit),
            bound("max-messages", self.bounds.max_messages, limit),
        ]
    }

    fn guards(&self) -> Vec<&'static str> {
        Rejection::OF_MODULE.iter().map(|rejection| rejection.name()).collect()
    }

    fn action_classes(&self) -> Vec<&'static str> {
        ReplicationAction::CLASSES.to_vec()
    }

    fn class_of(&self, action: &ReplicationAction) -> ClassId {
        ClassId(action.class() as u16)
    }

    fn step(&self, state: &ReplicationState, action: &ReplicationAction) -> Result<ReplicationState, GuardId> {
        self.take(state, action).map_err(guard_id)
    }

    fn successors(&self, state: &ReplicationState, mut visit: impl FnMut(ReplicationAction, Result<ReplicationState, GuardId>)) {
        self.attempts(state, |action| {
            let next = self.take(state, &action).map_err(guard_id);
            let taken = next.is_ok();
            visit(action, next);
            taken
        });
    }

    fn inner_refusals(&self, state: &ReplicationState, action: &ReplicationAction, mut visit: impl FnMut(GuardId)) {
        Replication::inner_refusals(self, state, action, |rejection| visit(guard_id(rejection)));
    }

    /// Messages are handled and cluster states applied; clients may stop
    /// asking, and nothing need go wrong.
    fn fairness(&self, action: &ReplicationAction) -> Fairness {
        if action.is_environment() { Fairness::None } else { Fairness::Weak }
    }

    fn interchangeable_nodes(&self) -> usize {
        self.bounds.nodes as usize
    }

    fn permuted(&self, state: &ReplicationState, permutation: &[u8]) -> ReplicationState {
        let mut next = state.clone();
        next.master.routing = state.master.routing.permuted(permutation);
        for (index, copy) in state.copies.iter().enumerate() {
            next.copies[usize::from(permutation[index])] = permuted_copy(copy, permutation);
        }
        next.messages = state.messages.permuted(permutation);
        next
    }

    fn node_key(&self, state: &ReplicationState, node: usize) -> u64 {
        let id = NodeId::from_index(node);
        let copy = &state.copies[node];
        let fields = [
            state.master.routing.role(id) as u64,
            copy.applied.routing.role(id) as u64,
            copy.applied.primary_term,
            copy.primary_term,
            (copy.translog.max_seq_no() + 1) as u64,
            (copy.local_checkpoints[node] + 1) as u64,
            (copy.global_checkpoint + 1) as u64,
            state.messages.iter().filter(|message| message.to == id).count() as u64,
        ];
        fields.into_iter().fold(0, |key, field| key << 8 | (field & 0xff))
    }

    fn claims(&self) -> Vec<Property<Self>> {
        let mut claims = super::claims::claims();
        if self.limits == Limits::Budget {
            claims.extend(super::claims::liveness_claims());
        }
        if self.claims_monotone_global_checkpoint {
            claims.extend(super::claims::negative_claims());
        }
        claims
    }

    fn lanes(&self) -> Vec<String> {
        self.all_nodes().iter().map(|node| node.to_string()).chain([String::from("master")]).collect()
    }

    fn view(&self, before: &ReplicationState, action: &ReplicationAction, after: &ReplicationState) -> StepView {
        let sent = after.messages.iter().filter(|message| !before.messages.contains(message));
        let delivered = action.message().filter(|_| action.node().is_some());
        StepView {
            title: action.to_string(),
            lane: match action {
                ReplicationAction::NodeFaultDetectionKicksNodeOut { .. } => Some(self.bounds.nodes as usize),
                _ => action.node().map(NodeId::index),
            },
            delivered: delivered.map(message_view),
            sent: sent.map(|message| message_view(&message)).collect(),
        }
    }
}

fn permuted_copy(copy: &ShardCopy<Document>, permutation: &[u8]) -> ShardCopy<Document> {
    let mut next = copy.clone();
    next.applied.routing = copy.applied.routing.permuted(permutation);
    for (index, checkpoint) in copy.local_checkpoints.iter().enumerate() {
        next.local_checkpoints[usize::from(permutation[index])] = *checkpoint;
    }
    next
}

fn message_view(message: &Message) -> MessageView {
    let (kind, text) = in_words(&message.body);
    MessageView { source: message.from.index(), dest: message.to.index(), kind: kind.to_owned(), text }
}

fn in_words(body: &Body) -> (&'static str, String) {
    let document = |source: &Option<Document>| {
        source.map_or(String::from("no-op"), |document| format!("id{}={}", document.id + 1, document.value))
    };
    let outcome = |success: &bool| if *success { "" } else { ", failed" };
    match body {
        Body::Replication { client, request: r } => (
            if *client { "Replication" } else { "Resync" },
            format!(
                "{} at {}, stored term {}, term {}, global checkpoint {}",
                document(&r.source),
                r.seq_no,
                r.stored_term,
                r.primary_term,
                r.global_checkpoint
            ),
        ),
        Body::Trim { request: r } => {
            ("TrimTranslog", format!("above {}, term {}, global checkpoint {}", r.above, r.primary_term, r.global_checkpoint))
        }
        Body::ReplicationAnswer { client, primary_term, seq_no, source, local_checkpoint, success, .. } => (
            if *client { "ReplicationResponse" } else { "ResyncResponse" },
            format!(
                "{} at {seq_no}, term {primary_term}, local checkpoint {local_checkpoint}{}",
                document(source),
                outcome(success)
            ),
        ),
        Body::TrimAnswer { primary_term, above, success } => {
            ("TrimTranslogResponse", format!("above {above}, term {primary_term}{}", outcome(success)))
        }
    }
}

impl std::fmt::Display for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, text) = in_words(&self.body);
        write!(f, "{kind} {} from {} to {}: {text}", self.req, self.from, self.to)
    }
}
