//! The replication rules: how operations reach every copy of a shard.
//!
//! | action | function | TLA+ (`replication`) | Elasticsearch |
//! | --- | --- | --- | --- |
//! | index | [`ShardCopy::client_request`] | `ClientRequest` | `ReplicationOperation.execute` |
//! | replicate | [`ShardCopy::handle_replication_request`] | `HandleReplicationRequest` | `TransportWriteAction`, replica side |
//! | trim | [`ShardCopy::handle_trim_request`] | `HandleTrimTranslogRequest` | `TransportResyncReplicationAction` |
//! | count an answer | [`ShardCopy::handle_local_checkpoint`] | `HandleReplicationResponse` | `ReplicationTracker.updateLocalCheckpoint` |
//! | acknowledge | [`Progress::may_acknowledge`] | `FinishIfNeeded` | `ReplicationOperation.decPendingAndFinishIfNeeded` |
//! | fail a copy, promote | [`ShardClusterState::fail_shard`] | `FailShardOnMaster` | `AllocationService.applyFailedShards` |
//! | fence a primary | [`ShardClusterState::may_fail_others`] | same | `ShardStateAction` |
//! | become primary | [`ShardCopy::apply_cluster_state`] | `ApplyClusterStateFromMaster` | `IndexShard.updateShardState`, `PrimaryReplicaSyncer` |
//!
//! A handler is a pure function: it takes what is and returns what becomes, or
//! the guard that refused.

mod acknowledgement;
mod bounds;
mod fencing;
mod local_checkpoint_tracker;
mod master;
pub mod model;
pub mod mutant;
pub mod properties;
mod rejection;
pub mod replica_engine;
mod rule_set;
mod shard_copy;
pub mod storage;
pub mod tracker;
mod translog;
mod types;

pub use acknowledgement::Progress;
pub use bounds::BoundError;
pub use fencing::{AllocationId, CopyTerms, TermChange, global_checkpoint_on_replica};
pub use local_checkpoint_tracker::LocalCheckpointTracker;
pub use mutant::Mutant;
pub use rejection::Rejection;
pub use rule_set::{RuleSet, Sound};
pub use shard_copy::{Resync, ShardCopy};
pub use tracker::ReplicationTracker;
pub use translog::Translog;
pub use types::{
    NO_OPS_PERFORMED, Operation, PrimaryTerm, ReplicationRequest, Role, RoutingTable, SeqNo, ShardClusterState, Source,
    TrimRequest, UNASSIGNED_SEQ_NO,
};
