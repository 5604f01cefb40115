//! Step-local refinement: a Coordinator does nothing but what the rules do.
//!
//! What one turn does to the rules' part of a node must be a composition of
//! steps that `ZenWithTerms` allows, and every protocol message that it sends
//! must be what one of those steps sends, or what the node has sent before. The
//! composition is searched for, among the steps that the input and the turn's
//! own messages to itself make possible. A Coordinator that bypasses a rule is
//! caught by the first such step.

use crate::coordination::properties::{RuleInput, RuleOutput, allowed_step};
use crate::coordination::{ClientValue, ClusterState, CoordinationState, Value};
use crate::node_set::NodeId;
use crate::property::Verdict;

/// What a turn did, as far as the rules are concerned.
pub struct TurnView<'a, V> {
    /// The node.
    pub node: NodeId,
    /// Its rules' part before.
    pub before: &'a CoordinationState<V>,
    /// Its rules' part after.
    pub after: &'a CoordinationState<V>,
    /// The steps that the input itself may cause.
    pub inputs: Vec<RuleInput<V>>,
    /// What it published in this turn, if anything.
    pub published: Option<&'a ClusterState<V>>,
    /// The protocol messages that it sent.
    pub sent: Vec<RuleOutput<V>>,
}

/// The longest composition: a lone node enters a term, counts its vote,
/// publishes, accepts, counts its acceptance and commits.
const LONGEST: usize = 6;

/// Whether the turn is a composition of allowed steps. `sent_before` tells
/// whether the node has sent a message in an earlier turn.
pub fn refines_the_rules<V: Value>(turn: &TurnView<'_, V>, sent_before: impl Fn(&RuleOutput<V>) -> bool) -> Verdict {
    let new: Vec<&RuleOutput<V>> = turn.sent.iter().filter(|message| !sent_before(message)).collect();
    let mut search = vec![(turn.before.clone(), Vec::<RuleOutput<V>>::new())];
    for _ in 0..=LONGEST {
        let mut longer = Vec::new();
        for (state, outputs) in &search {
            if state == turn.after && new.iter().all(|message| outputs.contains(message)) {
                return Ok(());
            }
            for input in possible_inputs(turn, outputs) {
                if let Ok((next, output)) = allowed_step(state, &input) {
                    let mut outputs = outputs.clone();
                    if output != RuleOutput::Nothing && !outputs.contains(&output) {
                        outputs.push(output);
                    }
                    if !longer.contains(&(next.clone(), outputs.clone())) {
                        longer.push((next, outputs));
                    }
                }
            }
        }
        search = longer;
    }
    Err(format!("{}: no composition of rule steps leads from {:?} to {:?} and sends {new:?}", turn.node, turn.before, turn.after))
}

/// The input's own steps, then what the node can do with its own messages.
fn possible_inputs<V: Value>(turn: &TurnView<'_, V>, outputs: &[RuleOutput<V>]) -> Vec<RuleInput<V>> {
    let mut inputs = turn.inputs.clone();
    if let Some(published) = turn.published {
        inputs.push(RuleInput::ClientValue(ClientValue {
            term: published.term,
            version: published.version,
            value: published.value.clone(),
            config: published.config,
        }));
    }
    inputs.extend(outputs.iter().filter_map(|output| match output {
        RuleOutput::Nothing => None,
        RuleOutput::Join(join) => Some(RuleInput::Join(turn.node, *join)),
        RuleOutput::PublishRequest(state) => Some(RuleInput::PublishRequest(state.clone())),
        RuleOutput::PublishResponse(id) => Some(RuleInput::PublishResponse(turn.node, *id)),
        RuleOutput::Commit(id) => Some(RuleInput::Commit(*id)),
    }));
    inputs
}
