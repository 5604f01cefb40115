//! The claims that every model of coordination makes.

/// The ten invariants of `ZenWithTerms` and two of ours, for a model whose
/// state has a [`History`](super::history::History) (`$history`) and nodes that
/// the rules know (`$nodes`). A macro, since claims are plain functions of one
/// model's states.
macro_rules! coordination_claims {
    ($model:ty, $state:ty, $history:expr, $nodes:expr) => {
        vec![
            $crate::property::Property::invariant(
                "SingleNodeInvariant",
                "ZenWithTerms!SingleNodeInvariant, CoordinationState.invariant (S1)",
                "each node's variables agree with each other",
                |_: &$model, state: &$state| {
                    $nodes(state).try_for_each(|(id, node)| $crate::coordination::properties::single_node_invariant(id, &node))
                },
            ),
            $crate::property::Property::invariant(
                "OneMasterPerTerm",
                "ZenWithTerms!OneMasterPerTerm (S2)",
                "the publications of a term have one publisher",
                |_: &$model, state: &$state| $crate::coordination::properties::one_master_per_term($history(state)),
            ),
            $crate::property::Property::invariant(
                "LogMatching",
                "ZenWithTerms!LogMatching (S3)",
                "term and version determine the value",
                |_: &$model, state: &$state| $crate::coordination::properties::log_matching($history(state)),
            ),
            $crate::property::Property::invariant(
                "DescendantRelationIsStrictlyOrdered",
                "ZenWithTerms!DescendantRelationIsStrictlyOrdered (S4)",
                "along a lineage terms never fall and versions grow",
                |_: &$model, state: &$state| $crate::coordination::properties::descent_is_strictly_ordered($history(state)),
            ),
            $crate::property::Property::invariant(
                "DescendantRelationIsTransitive",
                "ZenWithTerms!DescendantRelationIsTransitive (S4)",
                "the lineage relation is transitive",
                |_: &$model, state: &$state| $crate::coordination::properties::descent_is_transitive($history(state)),
            ),
            $crate::property::Property::invariant(
                "NewerOpsBasedOnOlderCommittedOps",
                "ZenWithTerms!NewerOpsBasedOnOlderCommittedOps (S5)",
                "what is published later and higher descends from what is committed",
                |_: &$model, state: &$state| {
                    $crate::coordination::properties::newer_ops_based_on_older_committed_ops($history(state))
                },
            ),
            $crate::property::Property::invariant(
                "CommittedValuesDescendantsFromCommittedValues",
                "ZenWithTerms!CommittedValuesDescendantsFromCommittedValues (S6)",
                "of two committed states one descends from the other",
                |_: &$model, state: &$state| {
                    $crate::coordination::properties::committed_values_descend_from_committed_values($history(state))
                },
            ),
            $crate::property::Property::invariant(
                "CommittedValuesDescendantsFromInitialValue",
                "ZenWithTerms!CommittedValuesDescendantsFromInitialValue (S7)",
                "the committed states descend from one initial state that a majority may have held",
                |_: &$model, state: &$state| {
                    $crate::coordination::properties::committed_values_descend_from_initial_value($history(state))
                },
            ),
            $crate::property::Property::invariant(
                "CommitHasQuorumVsPreviousCommittedConfiguration",
                "ZenWithTerms!CommitHasQuorumVsPreviousCommittedConfiguration (S8)",
                "a committed state was accepted by a majority of the committed configuration that it quotes",
                |_: &$model, state: &$state| {
                    $crate::coordination::properties::commit_has_quorum_of_committed_config($history(state))
                },
            ),
            $crate::property::Property::invariant(
                "P2bInvariant",
                "ZenWithTerms!P2bInvariant (S9)",
                "a publication of a higher term than a commit has a higher version",
                |_: &$model, state: &$state| $crate::coordination::properties::p2b_invariant($history(state)),
            ),
            $crate::property::Property::invariant(
                "OneElectionWinnerPerTerm",
                "ours (S2')",
                "no two nodes have won the election of one term",
                |_: &$model, state: &$state| $crate::coordination::properties::one_election_winner_per_term($nodes(state)),
            ),
            $crate::property::Property::invariant(
                "CommitHasQuorumOfPublishedConfiguration",
                "ours (S8')",
                "a committed state was accepted by a majority of the configuration that it establishes",
                |_: &$model, state: &$state| {
                    $crate::coordination::properties::commit_has_quorum_of_published_config($history(state))
                },
            ),
        ]
    };
}
pub(crate) use coordination_claims;
