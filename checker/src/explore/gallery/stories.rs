//! What is told.

/// A counterexample and its story.
#[derive(Clone, Copy, Debug)]
pub struct Story {
    /// The chapter.
    pub part: &'static str,
    /// The name of the file, without its ending.
    pub slug: &'static str,
    /// The model.
    pub model: &'static str,
    /// A mutant of its catalogue.
    pub mutant: Option<&'static str>,
    /// Guards left out.
    pub waived: &'static [&'static str],
    /// The bounds, in the model's order.
    pub bounds: &'static [u64],
    /// The property that dies.
    pub property: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// What is not as it should be.
    pub removed: &'static str,
    /// What comes of it.
    pub happens: &'static str,
    /// Where it was met: `elastic/elasticsearch#2488`, separated by blanks; may be empty.
    pub issue: &'static str,
}

/// A story about the coordination rules.
const fn rules(slug: &'static str, mutant: &'static str, bounds: &'static [u64], property: &'static str) -> Story {
    let (part, model) = ("Coordination: the rules", "zen-with-terms");
    Story {
        part,
        slug,
        model,
        mutant: Some(mutant),
        waived: &[],
        bounds,
        property,
        title: "",
        removed: "",
        happens: "",
        issue: "",
    }
}

/// A story about the running actor.
const fn actor(slug: &'static str, mutant: &'static str, bounds: &'static [u64], property: &'static str) -> Story {
    Story { part: "Coordination: the actor that runs", model: "coordinator", ..rules(slug, mutant, bounds, property) }
}

/// A story about replication.
const fn replication(slug: &'static str, mutant: &'static str, bounds: &'static [u64], property: &'static str) -> Story {
    Story { part: "Replication", model: "replication", ..rules(slug, mutant, bounds, property) }
}

/// A story about what lies on the disk, or in the engine of a copy.
const fn storage(
    slug: &'static str,
    model: &'static str,
    mutant: &'static str,
    bounds: &'static [u64],
    property: &'static str,
) -> Story {
    Story { part: "Storage and the engine of a copy", model, ..rules(slug, mutant, bounds, property) }
}

/// Every story, in the order of the index.
pub const STORIES: &[Story] = &[
    Story {
        title: "Split brain by minimum_master_nodes",
        removed: "the quorum is a number fixed when the cluster had one node, instead of a majority of the configuration",
        happens: "Each node needs one vote and has the other's: both win term 1, and both publish version 1. The configuration, \
                  which names one node only, is not asked.",
        issue: "elastic/elasticsearch#2488 elastic/elasticsearch#10935 elastic/elasticsearch#18573",
        ..rules("coordination-minimum-master-nodes", "CM01", &[2, 1, 1, 0, 1, 8], "OneMasterPerTerm")
    },
    Story {
        title: "Half is not a majority",
        removed: "half of a configuration counts as a quorum",
        happens: "In a cluster of two, each node's own vote is half of all: both win term 1, and both publish version 1.",
        ..rules("coordination-half-is-a-quorum", "CM02", &[2, 1, 1, 0, 1, 8], "OneMasterPerTerm")
    },
    Story {
        title: "Bootstrapped with whoever is there",
        removed: "nodes may bootstrap with different configurations",
        happens: "One node starts the cluster with the configuration {n2}, the other with {n1}. Each gets the one vote that its \
                  configuration asks for; their quorums do not meet.",
        issue: "elastic/elasticsearch#37463",
        ..rules("coordination-bootstrap-differs", "CM32", &[2, 1, 1, 0, 1, 8], "OneMasterPerTerm")
    },
    Story {
        title: "A cluster state committed without a majority",
        removed: "a publication is committed on the first acceptance",
        happens: "A node outside the configuration accepts a state, and that is called committed; of the configuration nobody has \
                  accepted it, not even the master.",
        issue: "elastic/elasticsearch#13062",
        ..rules(
            "coordination-commit-without-majority",
            "CM07",
            &[2, 1, 1, 0, 1, 8],
            "CommitHasQuorumVsPreviousCommittedConfiguration",
        )
    },
    Story {
        title: "A committed update is lost in an election",
        removed: "votes count whoever gives them: also those of nodes that know more than the candidate",
        happens: "n1 commits version 1 in term 1 and then votes for n2, which has never seen it. n2 wins term 2 and publishes \
                  another version 1.",
        issue: "elastic/elasticsearch#20384",
        ..rules("coordination-stale-master-elected", "CM09", &[2, 2, 1, 0, 1, 8], "P2bInvariant")
    },
    Story {
        title: "A lost vote on restart",
        removed: "the term that a node has entered is forgotten by a restart",
        happens: "After the restart the node enters term 1 once more, wins it once more, and publishes another state under the same \
                  term and version.",
        issue: "elastic/elasticsearch#33958",
        ..rules("coordination-term-not-durable", "CM14", &[1, 1, 2, 0, 2, 10], "LogMatching")
    },
    Story {
        title: "A vote from before the restart",
        removed: "after a restart a node counts votes without having entered a new term",
        happens: "A vote from its last life elects the node a second time in a term in which it has published already; it publishes \
                  another state under the same term and version.",
        issue: "elastic/elasticsearch-formal-models#26",
        ..rules("coordination-vote-from-before-restart", "CM08", &[1, 1, 2, 0, 2, 10], "LogMatching")
    },
    Story {
        title: "Answered before it was durable",
        removed: "the response to a publication leaves before the accepted state is on disk",
        happens: "A state is committed on the word of a node that has forgotten it after its restart. In term 2 it publishes as if \
                  the state had never been.",
        issue: "elastic/elasticsearch#50782",
        ..rules("coordination-acceptance-not-durable", "CM15", &[1, 2, 2, 0, 1, 10], "P2bInvariant")
    },
    Story {
        title: "A node comes back with an empty disk",
        removed: "a restart finds nothing on disk, and the node keeps its name",
        happens: "The node is bootstrapped again, wins term 1 again, and publishes another state under the same term and version.",
        ..rules("coordination-empty-disk", "CM16", &[1, 1, 2, 0, 2, 10], "LogMatching")
    },
    Story {
        title: "Votes of an older term",
        removed: "votes count that were given for an older term",
        happens: "n2 votes for itself in term 1, then for n1 in term 2. Its own vote of term 1 still counts when it is in term 2: \
                  both win term 2.",
        ..rules("coordination-stale-votes", "CM12", &[2, 2, 1, 0, 1, 8], "OneMasterPerTerm")
    },
    Story {
        title: "Elected by the new configuration alone",
        removed: "an election needs no majority of the last committed configuration",
        happens: "n2 has published a configuration of n1 alone, which is not committed. In term 2 n2 wins with the old \
                  configuration and n1, which has accepted the new one, with the new: two masters.",
        issue: "elastic/elasticsearch-formal-models#26",
        ..rules("coordination-ignores-committed-configuration", "CM03", &[2, 2, 2, 0, 1, 10], "OneMasterPerTerm")
    },
    Story {
        title: "A configuration that nobody has voted for",
        removed: "a master may publish a configuration of whose nodes too few have voted for it",
        happens: "n1 hands the cluster over to n2 alone, which has not voted for it. As soon as that is committed, n2 wins the same \
                  term with the vote that it had given itself.",
        issue: "elastic/elasticsearch-formal-models#26",
        ..rules("coordination-configuration-without-votes", "CM20", &[2, 1, 2, 0, 1, 8], "OneMasterPerTerm")
    },
    Story {
        title: "Overlapping reconfigurations",
        removed: "a reconfiguration may start before the last one is committed",
        happens: "n2 moves to {n1} and, before it knows that to be committed, on to {n2}, which it commits by itself. n1 knows the \
                  first step only: a majority of {n1} elects it, and it publishes over what n2 has committed.",
        ..rules("coordination-overlapping-reconfiguration", "W-ReconfigurationInProgress", &[2, 2, 2, 0, 1, 15], "P2bInvariant")
    },
    Story {
        title: "Commits the wrong state",
        removed: "a commit marks whatever the node has accepted last",
        happens: "The commit says version 1; the master has accepted version 2 by then and marks that, with its configuration. Its \
                  own acceptance now commits version 2, of which the configuration before has heard nothing.",
        ..rules(
            "coordination-commit-of-whatever-is-accepted",
            "CM31",
            &[2, 1, 2, 0, 1, 12],
            "CommitHasQuorumVsPreviousCommittedConfiguration",
        )
    },
    Story {
        title: "A master that has not heard of its own commit",
        removed: "a master handles a commit before it has accepted what it publishes",
        happens: "The commit of version 1 arrives after version 2 was published: from then on the new configuration counts alone, \
                  while the copy that the publication carries names the old one. (The Java class by itself does this; the \
                  Coordinator around it has one publication at a time.)",
        issue: "elastic/elasticsearch-formal-models#34",
        ..rules(
            "coordination-commit-before-own-acceptance",
            "CM38",
            &[2, 1, 2, 0, 1, 12],
            "CommitHasQuorumVsPreviousCommittedConfiguration",
        )
    },
    Story {
        title: "A follower keeps its own committed configuration",
        removed: "with a published state a follower does not take over which configuration the master knows to be committed",
        happens: "A follower that has missed a commit takes the configuration before it for committed, and wins an election with \
                  it; the old master wins the same term with the configuration that was committed. This was proposed as the fix of a \
                  diff that reverted the committed configuration, and rejected.",
        issue: "elastic/elasticsearch#92258 elastic/elasticsearch#90158",
        ..rules("coordination-keeps-own-committed-configuration", "CM33", &[2, 2, 3, 0, 1, 15], "OneMasterPerTerm")
    },
    Story {
        title: "A vote given twice",
        removed: "a node may enter its current term again",
        happens: "n2 votes for n1 and then, in the same term, for n3: both have two votes of three, and both publish.",
        ..actor("coordinator-votes-twice", "CM13", &[3, 3, 1, 1, 0, 0, 0, 0], "OneMasterPerTerm")
    },
    Story {
        title: "A vote forgotten by a restart",
        removed: "the term that a node has entered is not on disk when its vote leaves",
        happens: "n2 votes for n1, restarts, has forgotten it, and stands for election itself in the same term, with the vote of n3: two masters.",
        issue: "elastic/elasticsearch#33958",
        ..actor("coordinator-vote-lost-on-restart", "CM14", &[3, 3, 1, 1, 0, 0, 1, 0], "OneMasterPerTerm")
    },
    Story {
        title: "A node that lost contact deposes a healthy leader",
        removed: "pre-votes are granted while another leader is known",
        happens: "n2 has not heard of its leader, asks who would vote for it, and is promised votes by nodes that follow the \
                  leader well: the election raises the term, and the healthy leader must give up.",
        model: "prevote",
        ..actor("coordinator-deposed-by-lost-contact", "LM01", &[3, 3, 2, 2, 0, 0, 0, 1], "LostContactDeposesNobody")
    },
    Story {
        title: "A stale copy is promoted",
        removed: "a write is acknowledged although a failed copy was not reported to the master",
        happens: "The copy that missed the write is still in the routing table, first in line when the primary fails. Leave the \
                  trace at its last step and let that happen: it is promoted, and the write is gone.",
        issue: "elastic/elasticsearch#14671 elastic/elasticsearch#14252 elastic/elasticsearch#7572",
        ..replication("replication-stale-copy-promoted", "ack_without_master", &[2, 1, 3, 3], "AllAckedResponsesStored")
    },
    Story {
        title: "An acknowledged write lost by a demoted primary",
        removed: "the master obeys a primary that it has replaced",
        happens: "n3 was replaced by n2 and does not know. A late failure of n2 makes it ask the master to fail n2, the new primary, \
                  and the master does; n3 acknowledges a write that the remaining copy has dropped.",
        issue: "elastic/elasticsearch#19715",
        ..replication("replication-demoted-primary", "no_master_term_check", &[3, 1, 2, 4], "AllAckedResponsesStored")
    },
    Story {
        title: "A copy obeys the old primary",
        removed: "copies store operations of primaries that were replaced",
        happens: "A late operation of the old primary reaches the new one, and its other target fails in vain: the two copies \
                  differ for good.",
        issue: "elastic/elasticsearch#17044 elastic/elasticsearch#24779",
        ..replication(
            "replication-old-primary-obeyed",
            "no_replica_term_check",
            &[3, 1, 2, 4],
            "AllCopiesSameContentsOnQuietDown",
        )
    },
    Story {
        title: "Promoted without a resync",
        removed: "a new primary sends nothing to its replicas",
        happens: "An operation had reached one replica and not the other when the primary failed, and nobody evens that out.",
        issue: "elastic/elasticsearch#24841",
        ..replication("replication-no-resync", "no_resync", &[3, 1, 2, 4], "AllCopiesSameContentsOnQuietDown")
    },
    Story {
        title: "Old operations in a new name",
        removed: "a new primary sends its operations again as if they were of its own term",
        happens: "n2 has the operation as of term 1 and sends it to n1 as of term 2. Both take it for stored everywhere, and it is \
                  not the same operation: copies that compare terms come to different ends.",
        ..replication(
            "replication-resync-under-new-term",
            "resync_under_new_term",
            &[3, 1, 2, 4],
            "SameTranslogUpToGlobalCheckPoint",
        )
    },
    Story {
        title: "A rollback that forgets too much",
        removed: "a copy that learns of a new primary forgets everything above the global checkpoint",
        happens: "An acknowledged operation lies above the global checkpoint that a copy knows of; when the new primary makes itself \
                  known, the copy drops it.",
        ..replication("replication-destructive-rollback", "destructive_rollback", &[3, 1, 2, 4], "AllAckedResponsesStored")
    },
    Story {
        title: "The end of history is not told",
        removed: "a new primary does not say where its history ends",
        happens: "A replica keeps an operation of the old primary that the new one has never had.",
        issue: "elastic/elasticsearch#30176 elastic/elasticsearch#32740",
        ..replication("replication-no-trim", "no_trim", &[3, 1, 2, 4], "AllCopiesSameContentsOnQuietDown")
    },
    Story {
        title: "For ever different",
        removed: "a write is acknowledged although a failed copy was not reported to the master",
        happens: "With everything delivered and nothing left to do, one copy lacks what was acknowledged, and stays so: the lasso \
                  of a system at rest.",
        issue: "elastic/elasticsearch#14671",
        ..replication_liveness("replication-never-the-same", "ack_without_master", &[2, 1, 2, 3], "QuietWithSameContents")
    },
    Story {
        title: "A request that never ends",
        removed: "a request is answered and stays in the network",
        happens: "It is taken again and again, and answered each time: a lasso of two steps, in which a message is always under way.",
        ..replication_liveness("replication-never-quiet", "answer_keeps_request", &[2, 1, 2, 3], "NoActiveMessages")
    },
    Story {
        title: "A manifest that names what is gone",
        removed: "after a manifest write of unknown outcome the new metadata is deleted",
        happens: "The manifest was written after all, although the writer was told of an error, and it could not be deleted. It names \
                  metadata that was: the node cannot start.",
        issue: "elastic/elasticsearch#39077",
        ..storage("storage-manifest-of-unknown-outcome", "storage", "SM01", &[2, 3], "MetadataFileReferencedByManifestExists")
    },
    Story {
        title: "A tombstone collected too early",
        removed: "a tombstone is collected although older operations may still arrive",
        happens: "Operation 2 deletes the document, and its tombstone is collected; operation 1, which is older and late, finds no \
                  trace of it and brings the document back.",
        issue: "elastic/elasticsearch#28790",
        ..storage("engine-tombstone-collected", "replica-engine", "W-TombstoneAboveLocalCheckpoint", &[2, 0, 1], "Invariant")
    },
    Story {
        title: "An append that was none",
        removed: "appends are taken for new after later operations on the same document were seen",
        happens: "The update by operation 2 arrives first. The older append, operation 1, is then taken for new and added beside \
                  it: the document is there twice.",
        issue: "elastic/elasticsearch#28787",
        ..storage(
            "engine-append-after-later-operations",
            "replica-engine",
            "W-NonAppendOnlySeen",
            &[2, 1, 1],
            "AddsOnlyWhereNothingIs",
        )
    },
    Story {
        title: "Overtaken while waiting",
        removed: "an operation that was completed while another one waited for a refresh is compared with again",
        happens: "The deletion by operation 2 and a retry of operation 1 are completed, so that the tombstone may go. An attempt of \
                  operation 1 that has waited meanwhile is not dropped, finds nothing newer, and brings the document back.",
        issue: "elastic/elasticsearch#29276",
        ..storage("engine-overtaken-while-waiting", "replica-engine", "W-CompletedMeanwhile", &[2, 1, 1], "Invariant")
    },
];

/// A story about what never happens.
const fn replication_liveness(slug: &'static str, mutant: &'static str, bounds: &'static [u64], property: &'static str) -> Story {
    Story { part: "Replication", model: "replication-liveness", ..rules(slug, mutant, bounds, property) }
}
