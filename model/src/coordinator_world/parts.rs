//! What the claims about Coordinators read, and what their turns change: see
//! [`crate::world::parts`].

use stateright::actor::Id;

use crate::coordination::PublicationId;
use crate::coordinator::{CoordinatorMsg, CoordinatorState, LeaderPublication};
use crate::explorer::Parts;
use crate::world::parts::{FIRST_OWN, LEDGER, NODES};

/// A node's term, and whether it has won it.
const ELECTION: Parts = Parts(1 << FIRST_OWN);
/// What a node has applied.
const APPLIED: Parts = Parts(2 << FIRST_OWN);
/// Not a part: the turn may send again what was sent before. Whether it was, the
/// ledger says.
const SENT_AGAIN: Parts = Parts(4 << FIRST_OWN);

/// What the claim of this name reads.
pub(super) fn parts_read_by(claim: &str) -> Parts {
    match claim {
        "SingleNodeInvariant" | "ModesMeanWhatTheySay" | "AppliedVersionsGrow" | "SuccessMeansCommittedAndApplied" => {
            Parts::LOCAL
        }
        "RefinesTheRules" => Parts::LOCAL.and(SENT_AGAIN),
        "OneElectionWinnerPerTerm" => ELECTION,
        "AppliedStatesAgree" => APPLIED.and(LEDGER),
        "ElectionIsContested" => NODES,
        "OneMasterPerTerm"
        | "LogMatching"
        | "DescendantRelationIsStrictlyOrdered"
        | "DescendantRelationIsTransitive"
        | "NewerOpsBasedOnOlderCommittedOps"
        | "CommittedValuesDescendantsFromCommittedValues"
        | "CommittedValuesDescendantsFromInitialValue"
        | "CommitHasQuorumVsPreviousCommittedConfiguration"
        | "P2bInvariant"
        | "CommitHasQuorumOfPublishedConfiguration"
        | "SubmissionIsCommitted" => LEDGER,
        _ => Parts::ALL,
    }
}

/// Which of these parts a turn changes.
pub(super) fn changed_by(before: &CoordinatorState<u8>, after: &CoordinatorState<u8>, sent: &[(Id, CoordinatorMsg<u8>)]) -> Parts {
    let election = |node: &CoordinatorState<u8>| (node.coordination.current_term(), node.coordination.election_won());
    let last = before.publication.as_ref().map(LeaderPublication::id);
    let again = sent.iter().any(|(_, message)| match message {
        CoordinatorMsg::PublishRequest(state) => last == Some(PublicationId { term: state.term, version: state.version }),
        CoordinatorMsg::Commit(id) => last == Some(*id),
        _ => false,
    });
    let parts = [
        (election(before) != election(after), ELECTION),
        (before.applied != after.applied, APPLIED),
        (again, SENT_AGAIN),
    ];
    parts.into_iter().filter(|(changed, _)| *changed).fold(Parts(0), |all, (_, part)| all.and(part))
}
