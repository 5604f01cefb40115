//! What is claimed of the specification model: the module's invariants, and ours.

use super::action::ZenAction;
use super::environment::ZenWithTerms;
use super::messages::ZenMessage;
use super::state::ZenState;
use crate::coordination::RuleSet;
use crate::coordination::history::History;
use crate::coordination::properties::{self as claim, RuleInput, RuleOutput};
use crate::node_set::NodeId;
use crate::property::{Property, Verdict};

type Zen<R> = ZenWithTerms<R>;

pub(super) fn claims<R: RuleSet>() -> Vec<Property<Zen<R>>> {
    vec![
        Property::invariant(
            "SingleNodeInvariant",
            "ZenWithTerms!SingleNodeInvariant, CoordinationState.invariant (S1)",
            "each node's variables agree with each other",
            |_: &Zen<R>, state: &ZenState| state.named_nodes().try_for_each(|(id, node)| claim::single_node_invariant(id, node)),
        ),
        Property::invariant(
            "OneMasterPerTerm",
            "ZenWithTerms!OneMasterPerTerm (S2)",
            "the publications of a term have one publisher",
            |_: &Zen<R>, state: &ZenState| claim::one_master_per_term(state),
        ),
        Property::invariant(
            "LogMatching",
            "ZenWithTerms!LogMatching (S3)",
            "term and version determine the value",
            |_: &Zen<R>, state: &ZenState| claim::log_matching(state),
        ),
        Property::invariant(
            "DescendantRelationIsStrictlyOrdered",
            "ZenWithTerms!DescendantRelationIsStrictlyOrdered (S4)",
            "along a lineage terms never fall and versions grow",
            |_: &Zen<R>, state: &ZenState| claim::descent_is_strictly_ordered(state),
        ),
        Property::invariant(
            "DescendantRelationIsTransitive",
            "ZenWithTerms!DescendantRelationIsTransitive (S4)",
            "the lineage relation is transitive",
            |_: &Zen<R>, state: &ZenState| claim::descent_is_transitive(state),
        ),
        Property::invariant(
            "NewerOpsBasedOnOlderCommittedOps",
            "ZenWithTerms!NewerOpsBasedOnOlderCommittedOps (S5)",
            "what is published later and higher descends from what is committed",
            |_: &Zen<R>, state: &ZenState| claim::newer_ops_based_on_older_committed_ops(state),
        ),
        Property::invariant(
            "CommittedValuesDescendantsFromCommittedValues",
            "ZenWithTerms!CommittedValuesDescendantsFromCommittedValues (S6)",
            "of two committed states one descends from the other",
            |_: &Zen<R>, state: &ZenState| claim::committed_values_descend_from_committed_values(state),
        ),
        Property::invariant(
            "CommittedValuesDescendantsFromInitialValue",
            "ZenWithTerms!CommittedValuesDescendantsFromInitialValue (S7)",
            "the committed states descend from one initial state that a majority may have held",
            |_: &Zen<R>, state: &ZenState| claim::committed_values_descend_from_initial_value(state),
        ),
        Property::invariant(
            "CommitHasQuorumVsPreviousCommittedConfiguration",
            "ZenWithTerms!CommitHasQuorumVsPreviousCommittedConfiguration (S8)",
            "a committed state was accepted by a majority of the committed configuration that it quotes",
            |_: &Zen<R>, state: &ZenState| claim::commit_has_quorum_of_committed_config(state),
        ),
        Property::invariant(
            "P2bInvariant",
            "ZenWithTerms!P2bInvariant (S9)",
            "a publication of a higher term than a commit has a higher version",
            |_: &Zen<R>, state: &ZenState| claim::p2b_invariant(state),
        ),
        Property::invariant(
            "OneElectionWinnerPerTerm",
            "ours (S2')",
            "no two nodes have won the election of one term",
            |_: &Zen<R>, state: &ZenState| claim::one_election_winner_per_term(state.named_nodes()),
        ),
        Property::invariant(
            "CommitHasQuorumOfPublishedConfiguration",
            "ours (S8')",
            "a committed state was accepted by a majority of the configuration that it establishes",
            |_: &Zen<R>, state: &ZenState| claim::commit_has_quorum_of_published_config(state),
        ),
        Property::step(
            "FollowsTheRules",
            "ZenWithTerms!Next, written a second time as a relation (ours)",
            "every step of a node is one that the TLA+ module allows",
            follows_the_rules,
        ),
        Property::reachable("StateIsCommitted", "ours", "some state can be committed", |_: &Zen<R>, state: &ZenState| {
            state.commits().next().is_some()
        }),
    ]
}

fn follows_the_rules<R: RuleSet>(_: &Zen<R>, before: &ZenState, action: &ZenAction, after: &ZenState) -> Verdict {
    let id = action.node();
    let input = match *action {
        ZenAction::SetInitialState { .. } => RuleInput::SetInitialState(before.bootstrap.config, before.bootstrap.value),
        ZenAction::HandleStartJoin { term, .. } => RuleInput::StartJoin(term),
        ZenAction::HandleJoin { source, join, .. } => RuleInput::Join(source, join),
        ZenAction::HandleClientValue { change, .. } => RuleInput::ClientValue(change),
        ZenAction::HandlePublishRequest { state, .. } => RuleInput::PublishRequest(state),
        ZenAction::HandlePublishResponse { source, id, .. } => RuleInput::PublishResponse(source, id),
        ZenAction::HandleCommit { id, .. } => RuleInput::Commit(id),
        ZenAction::RestartNode { .. } => RuleInput::Restart,
    };
    let sent_exactly = |output: &RuleOutput<u8>| {
        let mut expected = before.messages.clone();
        if let Some(message) = addressed(output, id, action) {
            expected.insert(message);
        }
        expected == after.messages
    };
    let index = id.index();
    let others_unchanged = (0..before.nodes.len()).all(|other| other == index || before.nodes[other] == after.nodes[other]);
    if !others_unchanged {
        return Err(format!("a step of {id} changed another node"));
    }
    claim::follows_the_rules(id, &before.nodes[index].state, &input, &after.nodes[index].state, sent_exactly)
}

/// What a node sends in answer to `action`, with its receiver.
fn addressed(output: &RuleOutput<u8>, source: NodeId, action: &ZenAction) -> Option<ZenMessage> {
    match (output.clone(), *action) {
        (RuleOutput::Join(join), ZenAction::HandleStartJoin { candidate, .. }) => {
            Some(ZenMessage::Join { source, dest: candidate, join })
        }
        (RuleOutput::PublishRequest(state), _) => Some(ZenMessage::PublishRequest { source, state }),
        (RuleOutput::PublishResponse(id), ZenAction::HandlePublishRequest { source: leader, .. }) => {
            Some(ZenMessage::PublishResponse { source, dest: leader, id })
        }
        (RuleOutput::Commit(id), _) => Some(ZenMessage::Commit { source, id }),
        _ => None,
    }
}
