//! What is claimed of the specification model: the module's invariants, and ours.

use super::action::ZenAction;
use super::environment::ZenWithTerms;
use super::messages::ZenMessage;
use super::state::ZenState;
use crate::coordination::RuleSet;
use crate::coordination::claims::coordination_claims;
use crate::coordination::history::History;
use crate::coordination::properties::{self as claim, RuleInput, RuleOutput};
use crate::explorer::Parts;
use crate::node_set::NodeId;
use crate::property::{Property, Verdict};

type Zen<R> = ZenWithTerms<R>;

pub(super) fn claims<R: RuleSet>() -> Vec<Property<Zen<R>>> {
    let mut claims = coordination_claims!(Zen<R>, ZenState, std::convert::identity::<&ZenState>, ZenState::named_nodes);
    claims.extend([
        Property::step(
            "FollowsTheRules",
            "ZenWithTerms!Next, written a second time as a relation (ours)",
            "every step of a node is one that the TLA+ module allows",
            follows_the_rules,
        ),
        Property::reachable("StateIsCommitted", "ours", "some state can be committed", |_: &Zen<R>, state: &ZenState| {
            state.commits().next().is_some()
        }),
    ]);
    claims
}

/// Publications, acceptances, commits and lineage: what a [`History`] tells.
pub(super) const HISTORY: Parts = Parts(2);
/// Who has won the election of which term.
pub(super) const WINNERS: Parts = Parts(4);

/// What each claim above reads.
pub(super) fn parts_read_by(claim: &str) -> Parts {
    match claim {
        "SingleNodeInvariant" | "FollowsTheRules" => Parts::LOCAL,
        "OneElectionWinnerPerTerm" => WINNERS,
        "OneMasterPerTerm"
        | "LogMatching"
        | "DescendantRelationIsStrictlyOrdered"
        | "DescendantRelationIsTransitive"
        | "NewerOpsBasedOnOlderCommittedOps"
        | "CommittedValuesDescendantsFromCommittedValues"
        | "CommittedValuesDescendantsFromInitialValue"
        | "CommitHasQuorumVsPreviousCommittedConfiguration"
        | "CommitHasQuorumOfPublishedConfiguration"
        | "P2bInvariant"
        | "StateIsCommitted" => HISTORY,
        _ => Parts::ALL,
    }
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
    let index = id.index();
    if !before.nodes.differ_only_in(&after.nodes, index) {
        return Err(format!("a step of {id} changed another node"));
    }
    let sent_exactly = |output: &RuleOutput<u8>| after.messages.is_after_sending(&before.messages, addressed(output, id, action));
    claim::follows_the_rules(id, &before.nodes.get(index), &input, &after.nodes.get(index), sent_exactly)
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
