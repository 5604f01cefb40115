//! What is claimed of the specification model: the module's invariants, and ours.

use super::action::ReplicationAction;
use super::environment::Replication;
use super::messages::Document;
use super::state::{ClientResponse, ReplicationState};
use crate::node_set::NodeId;
use crate::property::{Check, Property, Verdict};
use crate::replication::properties as claim;
use crate::replication::rule_set::RuleSet;
use crate::replication::shard_copy::ShardCopy;
use crate::replication::types::Operation;

type Model<R> = Replication<R>;
type State = ReplicationState;
type Action = ReplicationAction;

/// What holds of the sound rules, under either kind of limits.
pub fn claims<R: RuleSet>() -> Vec<Property<Model<R>>> {
    vec![
        Property::invariant(
            "AllCopiesSameContentsOnQuietDown",
            "replication!AllCopiesSameContentsOnQuietDown (Q-CONV)",
            "with no message in flight and the master's state applied, active copies have the same contents",
            |_: &Model<R>, state: &State| when_quiet(state, || claim::same_contents(state.active_copies())),
        ),
        Property::invariant(
            "WellFormedRoutingTable",
            "replication!WellFormedRoutingTable (S-WF)",
            "at most one primary, and no replicas without one",
            |_: &Model<R>, state: &State| claim::well_formed(&state.master.routing),
        ),
        Property::invariant(
            "GlobalCheckPointBelowLocalCheckPoints",
            "replication!GlobalCheckPointBelowLocalCheckPoints (S-GLE)",
            "a copy has itself what it takes for stored everywhere",
            |_: &Model<R>, state: &State| {
                state.named_copies().try_for_each(|(node, copy)| claim::global_checkpoint_below_local(node, copy))
            },
        ),
        Property::invariant(
            "SameTranslogUpToGlobalCheckPoint",
            "replication!SameTranslogUpToGlobalCheckPoint (S-GCP)",
            "up to the global checkpoint of one, all active copies have the same",
            |_: &Model<R>, state: &State| claim::same_up_to_global_checkpoint(state.active_copies()),
        ),
        Property::invariant(
            "AllAckedResponsesStored",
            "replication!AllAckedResponsesStored (S-ACK)",
            "an acknowledged operation is on every active copy",
            |_: &Model<R>, state: &State| acknowledged_is_stored(state),
        ),
        Property::invariant(
            "LocalCheckPointMatchesMaxConfirmedSeq",
            "replication!LocalCheckPointMatchesMaxConfirmedSeq (S-LCP)",
            "a primary has no gap, nothing pending, and knows it",
            |_: &Model<R>, state: &State| {
                state.named_copies().try_for_each(|(node, copy)| claim::local_checkpoint_matches(node, copy))
            },
        ),
        Property::invariant(
            "SeqNoAndTermIdentifyOperation",
            "ours (S-UNIQ)",
            "two operations of one sequence number and term are the same",
            |_: &Model<R>, state: &State| claim::seq_no_and_term_identify_operation(state.named_copies()),
        ),
        Property::invariant(
            "NoGapsOnQuietDown",
            "ours (Q-GAP)",
            "with no message in flight and the master's state applied, no operation is missing in between",
            |_: &Model<R>, state: &State| when_quiet(state, || claim::no_gaps(state.active_copies())),
        ),
        Property::invariant(
            "NothingPendingOnQuietDown",
            "ours",
            "with no message in flight and the master's state applied, every operation is confirmed",
            |_: &Model<R>, state: &State| when_quiet(state, || claim::nothing_pending(state.active_copies())),
        ),
        Property::step(
            "LocalCheckPointIncremented",
            "replication!ClientRequest, Assert",
            "a client request advances the primary's local checkpoint by one",
            local_checkpoint_incremented,
        ),
        Property::step(
            "PrimaryTermsNeverFall",
            "ours (S-TERM)",
            "no primary term falls, and a new primary has a new one",
            |_: &Model<R>, before: &State, _: &Action, after: &State| {
                claim::primary_terms_never_fall((&before.master, &after.master), both(before, after))
            },
        ),
        Property::step(
            "ReplicaGlobalCheckpointNeverFalls",
            "ours (S-GMON)",
            "what a replica takes for stored everywhere never falls",
            |_: &Model<R>, before: &State, _: &Action, after: &State| {
                both(before, after)
                    .try_for_each(|(node, before, after)| claim::replica_global_checkpoint_never_falls(node, before, after))
            },
        ),
        Property::step(
            "TrackedLocalCheckpointsNeverFall",
            "ours",
            "what a primary knows of the local checkpoints of others never falls",
            |_: &Model<R>, before: &State, _: &Action, after: &State| {
                both(before, after)
                    .try_for_each(|(node, before, after)| claim::tracked_local_checkpoints_never_fall(node, before, after))
            },
        ),
        Property::reachable("Acknowledged", "ours", "an operation can be acknowledged", |_: &Model<R>, state: &State| {
            state.responses.iter().any(|response| matches!(response, ClientResponse::Stored { .. }))
        }),
        Property::reachable(
            "AcknowledgedInQuiet",
            "ours",
            "all can be quiet with an operation acknowledged",
            |_: &Model<R>, state: &State| {
                state.is_quiet() && state.responses.iter().any(|response| matches!(response, ClientResponse::Stored { .. }))
            },
        ),
    ]
}

/// What happens again and again: for [`Limits::Budget`](super::Limits::Budget).
pub fn liveness_claims<R: RuleSet>() -> Vec<Property<Model<R>>> {
    vec![
        Property {
            name: "NoActiveMessages",
            source: "replication!NoActiveMessages, made to mean something",
            meaning: "again and again no message is in flight",
            check: Check::AlwaysEventually(|_: &Model<R>, state: &State| state.messages.is_empty()),
        },
        Property {
            name: "QuietWithSameContents",
            source: "replication!AllCopiesSameContents, made to mean something (L-CONV)",
            meaning: "again and again all is quiet and active copies have the same contents",
            check: Check::AlwaysEventually(|_: &Model<R>, state: &State| {
                state.is_quiet() && claim::same_contents(state.active_copies()).is_ok()
            }),
        },
    ]
}

/// What does *not* hold, and what Elasticsearch holds: where the module and the
/// actors differ. A check with these claims must find them violated.
pub fn negative_claims<R: RuleSet>() -> Vec<Property<Model<R>>> {
    vec![Property::step(
        "PrimaryGlobalCheckpointNeverFalls",
        "ReplicationTracker, assertion (S-GMON)",
        "the global checkpoint of a primary never falls; violated here, since a new primary takes unknown local checkpoints for none",
        |_: &Model<R>, before: &State, _: &Action, after: &State| {
            both(before, after)
                .try_for_each(|(node, before, after)| claim::primary_global_checkpoint_never_falls(node, before, after))
        },
    )]
}

fn when_quiet(state: &State, claim: impl Fn() -> Verdict) -> Verdict {
    if state.is_quiet() { claim() } else { Ok(()) }
}

fn acknowledged_is_stored(state: &State) -> Verdict {
    state.responses.iter().try_for_each(|response| match *response {
        ClientResponse::Stored { source, seq_no, term } => {
            claim::acknowledged_is_stored((seq_no, &Operation::confirmed(term, source)), state.active_copies())
        }
        ClientResponse::Failed { .. } => Ok(()),
    })
}

fn local_checkpoint_incremented<R: RuleSet>(_: &Model<R>, before: &State, action: &Action, after: &State) -> Verdict {
    let ReplicationAction::ClientRequest { node, .. } = *action else { return Ok(()) };
    let tracked = |state: &State| state.copies[node.index()].local_checkpoints[node.index()];
    if tracked(after) == tracked(before) + 1 {
        return Ok(());
    }
    Err(format!("the local checkpoint of {node} goes from {} to {}", tracked(before), tracked(after)))
}

/// Each copy before and after a step.
fn both<'a>(
    before: &'a State,
    after: &'a State,
) -> impl Iterator<Item = (NodeId, &'a ShardCopy<Document>, &'a ShardCopy<Document>)> {
    before.named_copies().zip(&after.copies).map(|((node, before), after)| (node, before, after))
}
