//! The catalogue of seeded mutants, with what each is expected to break.
//!
//! A row names the property that must die, and bounds at which it does: those
//! of the specification model, in its order (nodes, terms, versions, initial
//! versions, values, messages). Every guard has a row that waives it.

use super::mutant::{Effect, Mutant};
use super::rejection::Rejection;
pub use crate::seeded::Expected;
use crate::seeded::Seeded;

/// An entry of the catalogue, at bounds of `zen-with-terms`.
pub type CatalogueEntry = Seeded<Mutant, [u64; 6]>;

/// The catalogue: seeded mutants of the coordination rules.
pub fn catalogue() -> Vec<CatalogueEntry> {
    use Effect::*;
    use Expected::{Dies, Equivalent};
    use Rejection::*;
    let effect = |id, change, effect, expected, bounds| CatalogueEntry {
        id,
        change,
        rules: Mutant::with_effect(effect),
        expected,
        bounds,
    };
    let waive = |id, change, guards: &[Rejection], expected, bounds| CatalogueEntry {
        id,
        change,
        rules: Mutant::waiving(guards),
        expected,
        bounds,
    };
    vec![
        effect(
            "CM01",
            "quorum is a number fixed when the cluster had one node (minimum_master_nodes)",
            FixedQuorum,
            Dies("OneMasterPerTerm"),
            [2, 1, 1, 0, 1, 8],
        ),
        effect("CM02", "half of a configuration is a quorum", HalfIsQuorum, Dies("OneMasterPerTerm"), [2, 1, 1, 0, 1, 8]),
        effect(
            "CM03",
            "election ignores the committed configuration",
            ElectionIgnoresCommittedConfig,
            Dies("OneMasterPerTerm"),
            [2, 2, 2, 0, 1, 10],
        ),
        effect(
            "CM04",
            "election ignores the accepted configuration",
            ElectionIgnoresAcceptedConfig,
            Dies("OneElectionWinnerPerTerm"),
            [2, 2, 1, 0, 1, 10],
        ),
        effect(
            "CM05",
            "publication ignores the committed configuration",
            PublicationIgnoresCommittedConfig,
            Dies("CommitHasQuorumVsPreviousCommittedConfiguration"),
            [2, 1, 1, 0, 1, 8],
        ),
        effect(
            "CM06",
            "publication ignores the published configuration",
            PublicationIgnoresPublishedConfig,
            Dies("CommitHasQuorumOfPublishedConfiguration"),
            [2, 1, 1, 0, 1, 8],
        ),
        effect(
            "CM07",
            "commit on the first acceptance",
            CommitOnFirstAcceptance,
            Dies("CommitHasQuorumVsPreviousCommittedConfiguration"),
            [2, 1, 1, 0, 1, 8],
        ),
        waive(
            "CM08",
            "votes count without entering a term since the restart",
            &[NoStartJoinSinceRestart],
            Dies("LogMatching"),
            [1, 1, 2, 0, 2, 10],
        ),
        waive(
            "CM09",
            "votes of fresher nodes count",
            &[JoinAcceptedTermHigher, JoinAcceptedVersionHigher],
            Dies("P2bInvariant"),
            [2, 2, 1, 0, 1, 8],
        ),
        waive(
            "CM10",
            "freshness compares the accepted term only",
            &[JoinAcceptedVersionHigher],
            Dies("P2bInvariant"),
            [2, 2, 2, 0, 1, 12],
        ),
        effect("CM12", "votes of older terms count", StaleVotesCount, Dies("OneMasterPerTerm"), [2, 2, 1, 0, 1, 8]),
        effect("CM13", "a node may enter its current term again", VotesTwicePerTerm, Dies("LogMatching"), [1, 1, 2, 0, 2, 10]),
        effect("CM14", "the current term is not durable", TermNotDurable, Dies("LogMatching"), [1, 1, 2, 0, 2, 10]),
        effect(
            "CM15",
            "the response leaves before the accepted state is durable",
            AcceptanceNotDurable,
            Dies("P2bInvariant"),
            [1, 2, 2, 0, 1, 10],
        ),
        effect("CM16", "a restart finds an empty disk", DiskLost, Dies("LogMatching"), [1, 1, 2, 0, 2, 10]),
        effect(
            "CM18",
            "a new term keeps electionWon",
            ElectionWonSurvivesNewTerm,
            Dies("OneElectionWinnerPerTerm"),
            [2, 2, 1, 0, 1, 8],
        ),
        waive(
            "CM20",
            "publication without a join quorum of the new configuration",
            &[NoJoinQuorumForConfig],
            Dies("OneMasterPerTerm"),
            [2, 1, 2, 0, 1, 8],
        ),
        waive(
            "CM22",
            "publication of a version that is not newer",
            &[PublishVersionNotNewer],
            Dies("LogMatching"),
            [1, 1, 2, 0, 2, 10],
        ),
        waive("CM23", "publication without having won", &[PublishElectionNotWon], Dies("LogMatching"), [2, 1, 2, 0, 2, 8]),
        effect(
            "CM25",
            "publications of older terms are accepted",
            AcceptsOlderTerm,
            Dies("NewerOpsBasedOnOlderCommittedOps"),
            [1, 2, 2, 0, 1, 10],
        ),
        effect(
            "CM26",
            "publications of newer terms are accepted without entering the term",
            AcceptsNewerTerm,
            Dies("SingleNodeInvariant"),
            [2, 1, 1, 0, 1, 8],
        ),
        waive(
            "CM28",
            "no version check in the same term",
            &[PublishRequestVersionNotNewer],
            Dies("P2bInvariant"),
            [1, 2, 2, 0, 1, 10],
        ),
        waive(
            "CM29",
            "the version of a publish response is not matched",
            &[PublishResponseVersionMismatch],
            Dies("CommitHasQuorumVsPreviousCommittedConfiguration"),
            [1, 1, 2, 0, 1, 10],
        ),
        waive(
            "CM30",
            "the term of a publish response is not matched",
            &[PublishResponseTermMismatch],
            Dies("CommitHasQuorumOfPublishedConfiguration"),
            [2, 2, 2, 0, 1, 15],
        ),
        waive(
            "CM31",
            "a commit marks whatever is accepted",
            &[CommitAcceptedTermMismatch, CommitVersionMismatch],
            Dies("CommitHasQuorumVsPreviousCommittedConfiguration"),
            [2, 1, 2, 0, 1, 12],
        ),
        effect(
            "CM32",
            "nodes bootstrap with different configurations",
            BootstrapConfigsDiffer,
            Dies("OneMasterPerTerm"),
            [2, 1, 1, 0, 1, 8],
        ),
        effect(
            "CM33",
            "a follower keeps its own committed configuration",
            KeepsOwnCommittedConfig,
            Dies("OneMasterPerTerm"),
            [2, 2, 3, 0, 1, 15],
        ),
        effect(
            "CM35",
            "a leader counts its own acceptance before it accepts",
            CountsOwnAcceptanceEarly,
            Dies("CommitHasQuorumVsPreviousCommittedConfiguration"),
            [2, 1, 1, 0, 1, 8],
        ),
        waive("CM36", "votes count before bootstrapping", &[NotBootstrapped], Dies("SingleNodeInvariant"), [1, 1, 1, 0, 1, 8]),
        waive(
            "CM37",
            "a commit does not check the current term",
            &[CommitTermMismatch],
            Dies("SingleNodeInvariant"),
            [2, 2, 1, 0, 1, 10],
        ),
        waive(
            "CM38",
            "a leader handles a commit before its own acceptance (the Java class alone)",
            &[CommitBeforeOwnAcceptance],
            Dies("CommitHasQuorumVsPreviousCommittedConfiguration"),
            [2, 1, 2, 0, 1, 12],
        ),
        effect(
            "EQ1",
            "StartJoin keeps the acceptances counted",
            PublishVotesSurviveNewTerm,
            Equivalent(
                "the acceptances are cleared again by the next HandleClientValue, before any can count; only the bookkeeping shows them",
            ),
            [2, 2, 2, 0, 1, 10],
        ),
        waive(
            "EQ2",
            "a publish response is counted without having won",
            &[PublishResponseElectionNotWon],
            Equivalent("a node that has not won has published version 0, which no response names"),
            [2, 2, 2, 0, 1, 10],
        ),
        waive(
            "W-AlreadyBootstrapped",
            "a node may be bootstrapped again",
            &[AlreadyBootstrapped],
            Dies("CommitHasQuorumVsPreviousCommittedConfiguration"),
            [2, 1, 2, 0, 1, 12],
        ),
        waive(
            "W-StartJoinTermNotNewer",
            "a node may enter its own or an older term",
            &[StartJoinTermNotNewer],
            Dies("P2bInvariant"),
            [1, 1, 1, 0, 1, 8],
        ),
        waive("W-JoinTermMismatch", "votes of any term count", &[JoinTermMismatch], Dies("OneMasterPerTerm"), [2, 2, 1, 0, 1, 8]),
        waive(
            "W-JoinAcceptedTermHigher",
            "votes of nodes with a newer accepted term count",
            &[JoinAcceptedTermHigher],
            Dies("P2bInvariant"),
            [2, 2, 1, 0, 1, 8],
        ),
        waive(
            "W-PreviousPublicationNotAccepted",
            "a leader publishes before it has accepted its last publication",
            &[PreviousPublicationNotAccepted],
            Dies("NewerOpsBasedOnOlderCommittedOps"),
            [2, 1, 2, 0, 1, 8],
        ),
        waive(
            "W-PublishTermMismatch",
            "a leader publishes states of other terms",
            &[PublishTermMismatch],
            Dies("NewerOpsBasedOnOlderCommittedOps"),
            [1, 2, 2, 0, 1, 10],
        ),
        waive(
            "W-ReconfigurationInProgress",
            "a reconfiguration may start before the last one is committed",
            &[ReconfigurationInProgress],
            Dies("P2bInvariant"),
            [2, 2, 2, 0, 1, 15],
        ),
        waive(
            "W-PublishRequestTermMismatch",
            "publications of any term are accepted",
            &[PublishRequestTermMismatch],
            Dies("NewerOpsBasedOnOlderCommittedOps"),
            [1, 2, 2, 0, 1, 10],
        ),
        waive(
            "W-CommitAcceptedTermMismatch",
            "a commit does not check the accepted term",
            &[CommitAcceptedTermMismatch],
            Dies("OneMasterPerTerm"),
            [2, 2, 2, 0, 1, 12],
        ),
        waive(
            "W-CommitVersionMismatch",
            "a commit does not check the accepted version",
            &[CommitVersionMismatch],
            Dies("CommitHasQuorumVsPreviousCommittedConfiguration"),
            [2, 1, 2, 0, 1, 12],
        ),
    ]
}
