//! Messages in words.

use crate::shard::{Command, Recovery, ReplicaAction, ReplicaResult, ShardMsg};

pub(super) const MESSAGE_KINDS: [&str; 32] = [
    "ClusterState",
    "ShardFailed",
    "ShardStarted",
    "ShardFailedResponse",
    "Write",
    "Get",
    "Got",
    "Outcome",
    "Replicate",
    "Resync",
    "SyncGlobalCheckpoint",
    "ReplicaResponse",
    "StartRecovery",
    "DelayRecovery",
    "PrepareRecovery",
    "RecoveryPrepared",
    "RecoveryOperations",
    "RecoveredTo",
    "FinalizeRecovery",
    "RequestFailed",
    "MasterUnavailable",
    "RecoveryFailed",
    "EngineFailed",
    "NodeLeft",
    "NodeJoined",
    "ProcessFailures",
    "AllocateReplica",
    "AllocateNewPrimary",
    "AllocatePrimary",
    "AllocateStalePrimary",
    "AllocateEmptyPrimary",
    "Cancel",
];

pub(super) const TIMER_KINDS: [&str; 1] = ["GlobalCheckpointSyncTimer"];

pub(super) fn message_kind(message: &ShardMsg) -> usize {
    match message {
        ShardMsg::ClusterState { .. } => 0,
        ShardMsg::ShardFailed(_) => 1,
        ShardMsg::ShardStarted(_) => 2,
        ShardMsg::ShardFailedResponse { .. } => 3,
        ShardMsg::Write { .. } => 4,
        ShardMsg::Get { .. } => 5,
        ShardMsg::Got { .. } => 6,
        ShardMsg::Outcome { .. } => 7,
        ShardMsg::Replica(request) => match request.action {
            ReplicaAction::Replicate(..) => 8,
            ReplicaAction::Resync { .. } => 9,
            ReplicaAction::SyncGlobalCheckpoint => 10,
        },
        ShardMsg::ReplicaResponse(_) => 11,
        ShardMsg::Recovery { step, .. } => match step {
            Recovery::Start { .. } => 12,
            Recovery::Delay => 13,
            Recovery::Prepare { .. } => 14,
            Recovery::Prepared => 15,
            Recovery::Operations(_) => 16,
            Recovery::RecoveredTo { .. } => 17,
            Recovery::Finalize { .. } => 18,
        },
        ShardMsg::RequestFailed { .. } => 19,
        ShardMsg::MasterUnavailable { .. } => 20,
        ShardMsg::RecoveryFailed => 21,
        ShardMsg::EngineFailed => 22,
        ShardMsg::Command(command) => match command {
            Command::NodeLeft { .. } => 23,
            Command::NodeJoined { .. } => 24,
            Command::Process { .. } => 25,
            Command::AllocateReplica { .. } => 26,
            Command::AllocateNewPrimary { .. } => 27,
            Command::AllocatePrimary { .. } => 28,
            Command::AllocateStalePrimary { .. } => 29,
            Command::AllocateEmptyPrimary { .. } => 30,
            Command::Cancel { .. } => 31,
        },
    }
}

pub(super) fn message_text(message: &ShardMsg) -> String {
    match message {
        ShardMsg::ClusterState { state, .. } => {
            let in_sync: Vec<String> = state.in_sync.iter().map(ToString::to_string).collect();
            format!("version {}, primary term {}, in-sync {}", state.version, state.primary_term, in_sync.join(" "))
        }
        ShardMsg::ShardFailed(task) => {
            let stale = if task.mark_as_stale { ", stale" } else { "" };
            match task.primary_term {
                0 => format!("{}, on this node{stale}", task.allocation_id),
                term => format!("{}, by the primary of term {term}{stale}", task.allocation_id),
            }
        }
        ShardMsg::ShardStarted(task) => format!("{}, term {}", task.allocation_id, task.primary_term),
        ShardMsg::ShardFailedResponse { report, primary_term, no_longer_primary } => {
            let verdict = if *no_longer_primary { "no longer primary" } else { "done" };
            format!("{}, term {primary_term}: {verdict}", report.allocation_id)
        }
        ShardMsg::Write { target, change, expected } => {
            let what = if change.delete { "delete" } else { "index" };
            let condition = expected.map_or(String::new(), |e| format!(", if {} of term {}", e.seq_no, e.primary_term));
            let (document, request) = (change.document, change.request);
            format!(
                "{what} document {document}, request {request}{condition}, to {} term {}",
                target.allocation_id, target.primary_term
            )
        }
        ShardMsg::Get { document, .. } => format!("document {document}"),
        ShardMsg::Got { found, .. } => found.map_or(String::from("nothing"), |request| format!("request {request}")),
        ShardMsg::Outcome { request, outcome } => format!("request {request}: {outcome:?}"),
        ShardMsg::Replica(request) => {
            let (term, gcp) = (request.primary.primary_term, request.global_checkpoint);
            let what = match &request.action {
                ReplicaAction::Replicate(seq_no, operation) => format!("{seq_no} of term {}, ", operation.term),
                ReplicaAction::Resync { operations, trim_above } => {
                    let placed: Vec<String> = operations.iter().map(|(seq_no, _)| seq_no.to_string()).collect();
                    let trim = trim_above.map_or(String::new(), |above| format!("trim above {above}, "));
                    format!("[{}], {trim}", placed.join(" "))
                }
                ReplicaAction::SyncGlobalCheckpoint => String::new(),
            };
            format!("to {}: {what}term {term}, global checkpoint {gcp}", request.target)
        }
        ShardMsg::ReplicaResponse(response) => match response.result {
            ReplicaResult::Done { local_checkpoint, global_checkpoint } => format!(
                "{} to {:?}: local checkpoint {local_checkpoint}, global {global_checkpoint}",
                response.source, response.operation
            ),
            ReplicaResult::Failed => format!("{} to {:?}: failed", response.source, response.operation),
        },
        ShardMsg::Recovery { target, step, .. } => format!("{target}{}", step_text(step)),
        ShardMsg::RequestFailed { operation, target, timed_out } => {
            format!("{operation:?} at {target}{}", if *timed_out { ", timed out" } else { "" })
        }
        ShardMsg::MasterUnavailable { report } => report.allocation_id.to_string(),
        ShardMsg::RecoveryFailed | ShardMsg::EngineFailed => String::new(),
        ShardMsg::Command(command) => command_text(command),
    }
}

fn step_text(step: &Recovery) -> String {
    match step {
        Recovery::Start { starting_seq_no, .. } => format!(", from {starting_seq_no}"),
        Recovery::Prepare { files: Some(files) } => format!(", files up to {}", files.global_checkpoint),
        Recovery::Delay | Recovery::Prepare { files: None } | Recovery::Prepared => String::new(),
        Recovery::Operations(operations) => {
            let placed: Vec<String> = operations.iter().map(|(seq_no, _)| seq_no.to_string()).collect();
            format!(", [{}]", placed.join(" "))
        }
        Recovery::RecoveredTo { local_checkpoint } => format!(", local checkpoint {local_checkpoint}"),
        Recovery::Finalize { global_checkpoint, trim_above } => {
            format!(", global checkpoint {global_checkpoint}, trim above {trim_above}")
        }
    }
}

fn command_text(command: &Command) -> String {
    let promoted = |promote: &Option<crate::NodeId>| promote.map_or(String::new(), |node| format!(", promote {node}"));
    match command {
        Command::NodeLeft { node, promote } => format!("{node}{}", promoted(promote)),
        Command::Process { promote } => promoted(promote).trim_start_matches(", ").to_owned(),
        Command::NodeJoined { node, .. } | Command::AllocateReplica { node, .. } | Command::AllocateNewPrimary { node } => {
            node.to_string()
        }
        Command::AllocatePrimary { found } => format!("{} on {}", found.allocation_id, found.node),
        Command::AllocateStalePrimary { node, .. }
        | Command::AllocateEmptyPrimary { node, .. }
        | Command::Cancel { node, .. } => node.to_string(),
    }
}
