//! Copies of a shard: who may write, what an acknowledgement means, and which
//! copy may become primary.
//!
//! The actor calls the rules of [`crate::replication`] (terms, checkpoints, the
//! tracker) and of [`crate::allocation`] (the master's part), and decides only
//! when. It stands on the contract of the coordination layer
//! ([`crate::contract`]): nodes hear of committed cluster states, in order and
//! perhaps not of all, and a report to the master is answered when what it led
//! to is committed, or not at all.
//!
//! | part | file | Elasticsearch |
//! | --- | --- | --- |
//! | writes, answers, acknowledgements | `primary` | `TransportReplicationAction`, `ReplicationOperation` |
//! | what a copy does as told | `replica` | `TransportWriteAction`, `IndexShard.acquireReplicaOperationPermit` |
//! | made, started, promoted, closed | `cluster_state` | `IndicesClusterStateService`, `IndexShard.updateShardState` |
//! | getting what the primary has | `recovery` | `RecoverySourceHandler`, `RecoveryTarget` |
//! | the master | `master` | `ShardStateAction`, `AllocationService` |
//! | its own guards and duties | `rules` | |
//! | durable before sent | `turn` | |
//!
//! The way of one write: `Write` → [`Copy`]'s log → `Replicate` to every tracked
//! copy, `ShardFailed` for in-sync copies that nobody has → `store` → `Done` →
//! `answered` → `finish` → `Acknowledged`.

mod actor;
mod cluster_state;
mod master;
mod message;
pub mod mutant;
mod primary;
mod recovery;
mod replica;
mod rules;
mod state;
mod turn;

pub use actor::{ShardActor, ShardSettings, ShardTimer};
pub use message::{
    Change, Command, Expected, Files, LogOperation, Outcome, Placed, PrimaryTarget, Recovery, ReplicaAction, ReplicaRequest,
    ReplicaResponse, ReplicaResult, ShardMsg,
};
pub use mutant::ShardMutant;
pub use rules::{Duty, IdWritten, Refusal, ShardRules};
pub use state::{
    Copy, DataNode, Disk, Log, Master, OperationId, OwnReport, ReplicationOperation, Report, ShardNode, SourceRecovery,
    SourceStage, Stage, Store,
};
