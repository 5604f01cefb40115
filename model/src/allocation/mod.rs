//! The master's half of a shard: who holds its copies, who is primary, and who
//! is in sync, as the committed cluster state says it.
//!
//! | action | function | Elasticsearch |
//! | --- | --- | --- |
//! | create an index | [`ShardAllocation::created`] | `IndexRoutingTable.Builder.initializeAsNew` |
//! | copies fail | [`ShardAllocation::fail_shards`] | `ShardFailedClusterStateTaskExecutor`, `AllocationService.applyFailedShards` |
//! | copies start | [`ShardAllocation::start_shards`] | `ShardStartedClusterStateTaskExecutor`, `AllocationService.applyStartedShards` |
//! | a node leaves | [`ShardAllocation::node_left`] | `AllocationService.disassociateDeadNodes` |
//! | a node joins | [`ShardAllocation::node_joined`] | `NodeJoinExecutor` |
//! | waiting for a node ends | [`ShardAllocation::delay_expired`] | `DelayedAllocationService`, `AllocationService.removeDelayMarkers` |
//! | failures are forgotten | [`ShardAllocation::retry_failed`] | reroute with `retry_failed` |
//! | the cluster restarts | [`ShardAllocation::full_restart`] | `IndexRoutingTable.Builder.initializeAsRecovery` |
//! | allocate a replica | [`ShardAllocation::allocate_replica`] | `ReplicaShardAllocator`, `AllocateReplicaAllocationCommand` |
//! | allocate a new primary | [`ShardAllocation::allocate_new_primary`] | `BalancedShardsAllocator` |
//! | allocate a primary with data | [`ShardAllocation::allocate_primary`] | `PrimaryShardAllocator` |
//! | force a stale primary | [`ShardAllocation::allocate_stale_primary`] | `AllocateStalePrimaryAllocationCommand` |
//! | force an empty primary | [`ShardAllocation::allocate_empty_primary`] | `AllocateEmptyPrimaryAllocationCommand` |
//! | move a copy | [`ShardAllocation::relocate`] | `MoveAllocationCommand` |
//! | cancel a copy | [`ShardAllocation::cancel`] | `CancelAllocationCommand` |
//!
//! A function takes the cluster state and returns the next one, or the guard
//! that refused. Within it the routing table changes step by step and the
//! index metadata (primary term, in-sync set) follows once, at the end of the
//! round.
//!
//! Not here: which allocation happens when (each is a step of its own, and the
//! caller chooses), deciders that look at disks, versions or load, and the list
//! of nodes that one round ignores, as no round makes two allocations.

mod allocating;
mod commands;
mod display;
pub mod invariants;
mod membership;
mod mutant;
mod queries;
mod rejection;
mod reports;
mod round;
mod rules;
mod types;

pub use mutant::{Effect, Mutant};
pub use rejection::Rejection;
pub use reports::Answers;
pub use rules::{AllocationRules, PrimaryChange};
pub use types::{
    AllocationIds, AssignedShard, CopyState, FORCED_ALLOCATION, FailedShard, Health, MAX_RETRIES, RecoverySource,
    ShardAllocation, ShardRouting, StartedShard, StoreFound, Unassigned, UnassignedReason,
};
