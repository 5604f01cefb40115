//! What the claims about Coordinators read, and what their turns change: see
//! [`crate::world::parts`].

use super::environment::published_in;
use crate::coordination::PublicationId;
use crate::coordinator::{CoordinatorMsg, CoordinatorState, Publication, PublicationOutcome};
use crate::explorer::Parts;
use crate::node_set::NodeId;
use crate::world::parts::{FIRST_OWN, LEDGER, NODES};

/// A node's term, and whether it has won it.
const ELECTION: Parts = Parts(1 << FIRST_OWN);
/// What a node has applied.
const APPLIED: Parts = Parts(2 << FIRST_OWN);
/// The votes that a node counts.
const VOTES: Parts = Parts(4 << FIRST_OWN);
/// What the claim of this name reads.
pub(super) fn read_by(claim: &str) -> Parts {
    match claim {
        "SingleNodeInvariant"
        | "ModesMeanWhatTheySay"
        | "AppliedVersionsGrow"
        | "SuccessMeansCommittedAndApplied"
        | "CommittedClusterUuidStays"
        | "WonElectionsStayWon"
        | "OneReconfigurationAtATime"
        | "RefinesTheContract"
        | "FirstConfigurationsCanElect"
        | "ElectionsAreTriedWhereAQuorumIsFound"
        | "ExcludedNodesDoNotStand"
        | "PromisesAreOfNodesThatKnowNoMore"
        | "WhoGaveUpAsksToBeLetIn"
        | "PublicationsEndInTime"
        | "OnePublicationAtATime"
        | "IdleLeadersHaveNothingToDo"
        | "LeadersGiveUpOverAFailedPublication"
        | "OnlyFullMastersLead"
        | "TheUnwellTakeNoPart"
        | "ChecksAreAnsweredTruly"
        | "LaggardsAreWatched"
        | "RefinesTheRules" => Parts::LOCAL,
        "OneElectionWinnerPerTerm" => ELECTION,
        "LostContactDeposesNobody" => ELECTION.and(LEDGER),
        "AppliedStatesAgree" => APPLIED.and(LEDGER),
        "EverybodyJoins" => APPLIED,
        "OnlyMasterEligibleNodesVote" => VOTES.and(LEDGER),
        "TheUnwellAreRemoved" | "ElectionIsContested" | "PromisesAreKept" | "SomebodyIsRemoved" | "LeadershipIsHandedOver" => {
            NODES
        }
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
        | "OneClusterIsCommitted"
        | "SubmissionIsCommitted"
        | "ConfigurationChanges" => LEDGER,
        _ => Parts::ALL,
    }
}

/// A turn as far as publications are concerned.
pub(super) struct Turn<'a> {
    pub node: NodeId,
    pub before: &'a CoordinatorState<u8>,
    pub after: &'a CoordinatorState<u8>,
}

impl Turn<'_> {
    /// Whether sending this of `id` is to send it again, as far as the node
    /// itself can tell: it neither published nor committed it in this turn.
    pub fn is_sent_again(&self, is_commit: bool, id: PublicationId) -> bool {
        let committed_now = is_commit && self.before.publication.as_ref().is_some_and(|p| p.id() == id && !p.committed);
        !committed_now && published_in(self.node, self.before, self.after).is_none_or(|state| state.id() != id)
    }

    /// Whether the ledger says what to think of sending this.
    pub fn needs_the_ledger(&self, message: &CoordinatorMsg<u8>) -> bool {
        match message {
            CoordinatorMsg::Publish(Publication::Full(state)) => self.is_sent_again(false, state.id()),
            CoordinatorMsg::Commit(_) => true,
            CoordinatorMsg::Outcome { outcome, .. } => *outcome != PublicationOutcome::Unknown,
            _ => false,
        }
    }

    /// Which of these parts the turn changes.
    pub fn changed(&self) -> Parts {
        let (before, after) = (self.before, self.after);
        let election = |node: &CoordinatorState<u8>| (node.coordination.current_term(), node.coordination.election_won());
        let parts = [
            (election(before) != election(after), ELECTION),
            (before.applied != after.applied, APPLIED),
            (before.coordination.volatile.join_votes != after.coordination.volatile.join_votes, VOTES),
        ];
        parts.into_iter().filter(|(changed, _)| *changed).fold(Parts(0), |all, (_, part)| all.and(part))
    }
}
