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
    Story { part, slug, model, mutant: Some(mutant), waived: &[], bounds, property, title: "", removed: "", happens: "", issue: "" }
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
const fn storage(slug: &'static str, model: &'static str, mutant: &'static str, bounds: &'static [u64], property: &'static str) -> Story {
    Story { part: "Storage and the engine of a copy", model, ..rules(slug, mutant, bounds, property) }
}

/// Every story, in the order of the index.
pub const STORIES: &[Story] = &[
    Story {
        title: "Split brain by minimum_master_nodes",
        removed: "the quorum is a number fixed when the cluster had one node, instead of a majority of the configuration",
        happens: "Two nodes each need one vote, have their own, and both win the same term; both publish.",
        issue: "elastic/elasticsearch#2488 elastic/elasticsearch#10935 elastic/elasticsearch#18573",
        ..rules("coordination-minimum-master-nodes", "CM01", &[2, 1, 1, 0, 1, 8], "OneMasterPerTerm")
    },
    Story {
        title: "Half is not a majority",
        removed: "half of a configuration counts as a quorum",
        happens: "In a cluster of two each node is half of the votes: both win term 1 and publish different states.",
        ..rules("coordination-half-is-a-quorum", "CM02", &[2, 1, 1, 0, 1, 8], "OneMasterPerTerm")
    },
    Story {
        title: "Bootstrapped with whoever is there",
        removed: "nodes may bootstrap with different configurations",
        happens: "Each node starts a cluster of its own with a configuration of itself; their quorums do not meet.",
        issue: "elastic/elasticsearch#37463",
        ..rules("coordination-bootstrap-differs", "CM32", &[2, 1, 1, 0, 1, 8], "OneMasterPerTerm")
    },
    Story {
        title: "A cluster state committed without a majority",
        removed: "a publication is committed on the first acceptance",
        happens: "The master itself accepts and calls that committed; the other node has never heard of it.",
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
        happens: "A state is committed; a node that never saw it becomes master with the vote of one that did.",
        issue: "elastic/elasticsearch#20384",
        ..rules("coordination-stale-master-elected", "CM09", &[2, 2, 1, 0, 1, 8], "P2bInvariant")
    },
    Story {
        title: "A lost vote on restart",
        removed: "the term that a node has entered is forgotten by a restart",
        happens: "After the restart the node enters the same term again, wins it again, and publishes another state under \
                  the same term and version.",
        issue: "elastic/elasticsearch#33958",
        ..rules("coordination-term-not-durable", "CM14", &[1, 1, 2, 0, 2, 10], "LogMatching")
    },
    Story {
        title: "A vote from before the restart",
        removed: "after a restart a node counts votes without having entered a new term",
        happens: "The votes of its last life elect it once more in a term in which it has published already.",
        issue: "elastic/elasticsearch-formal-models#26",
        ..rules("coordination-vote-from-before-restart", "CM08", &[1, 1, 2, 0, 2, 10], "LogMatching")
    },
    Story {
        title: "Answered before it was durable",
        removed: "the response to a publication leaves before the accepted state is on disk",
        happens: "The state is committed on the word of a node that has forgotten it after a restart.",
        issue: "elastic/elasticsearch#50782",
        ..rules("coordination-acceptance-not-durable", "CM15", &[1, 2, 2, 0, 1, 10], "P2bInvariant")
    },
    Story {
        title: "A node comes back with an empty disk",
        removed: "a restart finds nothing on disk, and the node keeps its name",
        happens: "The node starts over, wins the same term, and writes another history under the same term and version.",
        ..rules("coordination-empty-disk", "CM16", &[1, 1, 2, 0, 2, 10], "LogMatching")
    },
    Story {
        title: "Votes of an older term",
        removed: "votes count that were given for an older term",
        happens: "A vote for term 1 helps a candidate to win term 2, which the voter has given to another.",
        ..rules("coordination-stale-votes", "CM12", &[2, 2, 1, 0, 1, 8], "OneMasterPerTerm")
    },
    Story {
        title: "Elected by the old configuration only",
        removed: "an election needs no majority of the last committed configuration",
        happens: "While a reconfiguration is under way, old and new configuration each elect a master.",
        issue: "elastic/elasticsearch-formal-models#26",
        ..rules("coordination-ignores-committed-configuration", "CM03", &[2, 2, 2, 0, 1, 10], "OneMasterPerTerm")
    },
    Story {
        title: "A configuration that nobody has voted for",
        removed: "a master may publish a configuration of whose nodes too few have voted for it",
        happens: "The master hands the cluster to a node that has elected itself in the same term.",
        issue: "elastic/elasticsearch-formal-models#26",
        ..rules("coordination-configuration-without-votes", "CM20", &[2, 1, 2, 0, 1, 8], "OneMasterPerTerm")
    },
    Story {
        title: "Overlapping reconfigurations",
        removed: "a reconfiguration may start before the last one is committed",
        happens: "Two steps of configurations that meet one by one, but not the first with the last: what one commits, the \
                  other does not know.",
        ..rules("coordination-overlapping-reconfiguration", "W-ReconfigurationInProgress", &[2, 2, 2, 0, 1, 15], "P2bInvariant")
    },
    Story {
        title: "Commits the wrong state",
        removed: "a commit marks whatever the node has accepted last",
        happens: "The message says that version 1 is committed; the node has accepted version 2 meanwhile and marks that.",
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
        happens: "It publishes on top of a configuration that it takes for committed too late, or too early.",
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
        happens: "A proposal to fix a diff that reverted the committed configuration, and was rejected: this is why.",
        issue: "elastic/elasticsearch#92258 elastic/elasticsearch#90158",
        ..rules("coordination-keeps-own-committed-configuration", "CM33", &[2, 2, 3, 0, 1, 15], "OneMasterPerTerm")
    },
    Story {
        title: "A vote given twice",
        removed: "a node may enter its current term again",
        happens: "It votes for one candidate and then, in the same term, for another: two masters.",
        ..actor("coordinator-votes-twice", "CM13", &[3, 2, 1, 0, 0], "OneMasterPerTerm")
    },
    Story {
        title: "A vote forgotten by a restart",
        removed: "the term that a node has entered is not on disk when its vote leaves",
        happens: "The node votes, restarts, has forgotten it, and votes for another candidate of the same term: two masters.",
        issue: "elastic/elasticsearch#33958",
        ..actor("coordinator-vote-lost-on-restart", "CM14", &[3, 2, 0, 1, 0], "OneMasterPerTerm")
    },
    Story {
        title: "A stale copy is promoted",
        removed: "a write is acknowledged although a failed copy was not reported to the master",
        happens: "The copy that missed the write is still in the routing table; when the primary fails it is promoted, and \
                  the acknowledged write is gone.",
        issue: "elastic/elasticsearch#14671 elastic/elasticsearch#14252 elastic/elasticsearch#7572",
        ..replication("replication-stale-copy-promoted", "ack_without_master", &[2, 1, 3, 3], "AllAckedResponsesStored")
    },
    Story {
        title: "An acknowledged write lost by a demoted primary",
        removed: "the master obeys a primary that it has replaced",
        happens: "The old primary, which does not know yet, has the new one failed and acknowledges a write that only it has.",
        issue: "elastic/elasticsearch#19715",
        ..replication("replication-demoted-primary", "no_master_term_check", &[3, 1, 2, 4], "AllAckedResponsesStored")
    },
    Story {
        title: "A copy obeys the old primary",
        removed: "copies store operations of primaries that were replaced",
        happens: "A late operation of the old primary reaches one copy and not the other: they differ for good.",
        issue: "elastic/elasticsearch#17044 elastic/elasticsearch#24779",
        ..replication("replication-old-primary-obeyed", "no_replica_term_check", &[3, 1, 2, 4], "AllCopiesSameContentsOnQuietDown")
    },
    Story {
        title: "Promoted without a resync",
        removed: "a new primary sends nothing to its replicas",
        happens: "An operation had reached one replica and not the other when the primary failed, and nobody evens that out.",
        issue: "elastic/elasticsearch#24841",
        ..replication("replication-no-resync", "no_resync", &[3, 1, 2, 4], "AllCopiesSameContentsOnQuietDown")
    },
    Story {
        title: "Operations that no new primary knows",
        removed: "a copy goes on counting operations that the new primary never confirmed",
        happens: "Its local checkpoint covers a sequence number that now means something else.",
        issue: "elastic/elasticsearch#25452 elastic/elasticsearch#32867 elastic/elasticsearch#33473",
        ..replication("replication-no-rollback", "no_rollback", &[3, 1, 3, 4], "SameTranslogUpToGlobalCheckPoint")
    },
    Story {
        title: "A rollback that forgets too much",
        removed: "a copy that learns of a new primary forgets everything above the global checkpoint",
        happens: "What was acknowledged lies above the global checkpoint too, and is lost with the next failure.",
        ..replication("replication-destructive-rollback", "destructive_rollback", &[3, 1, 3, 4], "AllAckedResponsesStored")
    },
    Story {
        title: "The end of history is not told",
        removed: "a new primary does not say where its history ends",
        happens: "A replica keeps an operation beyond it that the primary has never had.",
        issue: "elastic/elasticsearch#30176 elastic/elasticsearch#32740",
        ..replication("replication-no-trim", "no_trim", &[3, 1, 2, 4], "AllCopiesSameContentsOnQuietDown")
    },
    Story {
        title: "For ever different",
        removed: "a write is acknowledged although a failed copy was not reported to the master",
        happens: "The system goes round and round, or comes to rest, and the copies are never the same again: a lasso.",
        issue: "elastic/elasticsearch#14671",
        ..replication_liveness("replication-never-the-same", "ack_without_master", &[2, 1, 2, 3], "QuietWithSameContents")
    },
    Story {
        title: "A request that never ends",
        removed: "a request is answered and stays in the network",
        happens: "It is answered for ever; there is always a message in flight: a lasso.",
        ..replication_liveness("replication-never-quiet", "answer_keeps_request", &[2, 1, 2, 3], "NoActiveMessages")
    },
    Story {
        title: "A manifest that names what is gone",
        removed: "after a manifest write of unknown outcome the new metadata is deleted",
        happens: "The new manifest may be there after all, and then names metadata that was deleted: the node cannot start.",
        issue: "elastic/elasticsearch#39077",
        ..storage("storage-manifest-of-unknown-outcome", "storage", "SM01", &[2, 3], "MetadataFileReferencedByManifestExists")
    },
    Story {
        title: "A tombstone collected too early",
        removed: "a tombstone is collected although older operations may still arrive",
        happens: "An index operation that is older than the deletion arrives late and brings the document back.",
        issue: "elastic/elasticsearch#28790",
        ..storage("engine-tombstone-collected", "replica-engine", "W-TombstoneAboveLocalCheckpoint", &[2, 1, 1], "Invariant")
    },
    Story {
        title: "An append that was none",
        removed: "appends are taken for new after later operations on the same document were seen",
        happens: "The document is added a second time beside the one that is there.",
        issue: "elastic/elasticsearch#28787",
        ..storage("engine-append-after-later-operations", "replica-engine", "W-NonAppendOnlySeen", &[2, 1, 1], "AddsOnlyWhereNothingIs")
    },
    Story {
        title: "Overtaken while waiting",
        removed: "an operation that was completed while another one waited for a refresh is compared with again",
        happens: "The plan is made from what was known before the wait, and the newer content is overwritten.",
        issue: "elastic/elasticsearch#29276",
        ..storage("engine-overtaken-while-waiting", "replica-engine", "W-CompletedMeanwhile", &[2, 1, 1], "Invariant")
    },
];

/// A story about what never happens.
const fn replication_liveness(
    slug: &'static str,
    mutant: &'static str,
    bounds: &'static [u64],
    property: &'static str,
) -> Story {
    Story { part: "Replication", model: "replication-liveness", ..rules(slug, mutant, bounds, property) }
}
