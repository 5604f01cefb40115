//! What is claimed of the engine: the module's invariant, its assertion, its
//! termination, and ours.

use super::model::ReplicaEngine;
use super::state::EngineState;
use super::types::{LuceneOperation, Plan, VersionEntry};
use crate::property::{Check, Property, Verdict};

type State = EngineState;

pub(super) fn claims() -> Vec<Property<ReplicaEngine>> {
    vec![
        Property::invariant(
            "Invariant",
            "ReplicaEngine!Invariant (S-NODUP)",
            "in the end Lucene has what the operations say in the primary's order",
            |_: &ReplicaEngine, state: &State| the_last_operation_wins(state),
        ),
        Property::invariant(
            "AddsOnlyWhereNothingIs",
            "ReplicaEngine!ApplyBufferedOperations, Assert",
            "Lucene is never told to add a document where there is one",
            |_: &ReplicaEngine, state: &State| adds_only_where_nothing_is(state),
        ),
        Property::invariant(
            "LocalCheckpointCompleted",
            "ours (S-LCP)",
            "every operation up to the local checkpoint is completed",
            |_: &ReplicaEngine, state: &State| {
                let engine = &state.engine;
                let missing = (1..=engine.local_checkpoint).find(|seq_no| engine.completed >> seq_no & 1 == 0);
                missing.map_or(Ok(()), |seq_no| {
                    Err(format!("local checkpoint {}, operation {seq_no} not completed", engine.local_checkpoint))
                })
            },
        ),
        Property {
            name: "Termination",
            source: "ReplicaEngine!Termination, with weak fairness of every process",
            meaning: "every process ends; published without fairness, and then false",
            check: Check::Eventually(|_: &ReplicaEngine, state: &State| state.is_terminated()),
        },
        Property::reachable("AppendIsOptimised", "ours", "an append can skip the comparison", |_, state: &State| {
            state.locals.plan == Some(Plan::OptimisedAppendOnly)
        }),
        Property::reachable("StaleIsSkipped", "ours", "an operation can come too late", |_, state: &State| {
            state.locals.plan == Some(Plan::ProcessButSkipLucene)
        }),
        Property::reachable("TombstoneIsFlushed", "ours", "a refresh can meet a tombstone", |_, state: &State| {
            matches!(state.engine.version_entry, Some(VersionEntry::Delete { flushed: true, .. }))
        }),
        Property::reachable("Terminated", "ours", "every process can end", |_, state: &State| state.is_terminated()),
    ]
}

/// `ReplicaEngine!Invariant`.
pub fn the_last_operation_wins(state: &EngineState) -> Verdict {
    let held = state.engine.lucene_document.map(|document| document.content);
    if !state.is_terminated() || held == state.expected {
        return Ok(());
    }
    let words = |content: Option<u8>| content.map_or_else(|| String::from("no document"), |content| format!("content {content}"));
    Err(format!("Lucene has {} in the end, and should have {}", words(held), words(state.expected)))
}

/// The assertion of `ReplicaEngine!ApplyBufferedOperations`, seen one step
/// before a refresh would fail.
pub fn adds_only_where_nothing_is(state: &EngineState) -> Verdict {
    let mut there = state.engine.lucene_document.is_some();
    for operation in &state.engine.lucene_buffer {
        match operation {
            LuceneOperation::Add(document) if there => {
                return Err(format!("operation {} is added where there is a document", document.seq_no));
            }
            LuceneOperation::Add(_) | LuceneOperation::Update(_) => there = true,
            LuceneOperation::Delete => there = false,
        }
    }
    Ok(())
}
