//! A state of the specification model: all variables of the PlusCal
//! translation, program counters and dead locals included, since they tell
//! states apart.

use serde::{Deserialize, Serialize};

use super::rules::DocumentEngine;
use super::types::{Content, DeletePlan, IndexPlan, MAX_REQUESTS, Plan, Request};

/// A process other than the consumer; each has one label and an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Process {
    /// Other documents require safe access, or a refresh ends it.
    SafeAccessEnabler,
    /// Other documents make the version map unsafe.
    UnsafePutter,
    /// Retries of other documents raise the highest unsafe timestamp.
    MaxUnsafeAutoIdTimestampIncreaser,
    /// Refreshes.
    ReplicaLucene,
    /// Collects tombstones.
    DeleteCollector,
    /// Advances the local checkpoint.
    LocalCheckpointTracker,
    /// Other documents raise the highest sequence number of non-appends.
    UnsafeSeqnoIncreaser,
}

impl Process {
    /// Every process but the consumer.
    pub const ALL: [Process; 7] = [
        Process::SafeAccessEnabler,
        Process::UnsafePutter,
        Process::MaxUnsafeAutoIdTimestampIncreaser,
        Process::ReplicaLucene,
        Process::DeleteCollector,
        Process::LocalCheckpointTracker,
        Process::UnsafeSeqnoIncreaser,
    ];
}

/// Where the consumer is (`pc["Consumer"]`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Label {
    /// Takes the next request.
    ConsumerLoop,
    /// A deletion waits for a refresh.
    AwaitRefreshOnDelete,
    /// A deletion is compared with what is known.
    CompareDelete,
    /// A deletion is executed.
    ExecuteDeletePlan,
    /// An index operation waits for a refresh.
    AwaitRefreshOnIndex,
    /// An index operation is compared with what is known.
    CompareIndex,
    /// An index operation is executed.
    ExecuteIndexPlan,
    /// Nothing is left to do.
    Done,
}

/// The locals of the consumer; `None` is PlusCal's `defaultInitValue`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Locals {
    /// `req`.
    pub request: Option<Request>,
    /// `plan`.
    pub plan: Option<Plan>,
    /// `deleteFromLucene`.
    pub delete_from_lucene: Option<bool>,
    /// `currentlyDeleted`.
    pub currently_deleted: Option<bool>,
    /// `currentNotFoundOrDeleted`.
    pub current_not_found_or_deleted: Option<bool>,
    /// `useLuceneUpdateDocument`.
    pub use_lucene_update_document: Option<bool>,
    /// `indexIntoLucene`.
    pub index_into_lucene: Option<bool>,
}

impl Locals {
    /// Remembers how to execute a deletion.
    pub fn set_deletion(&mut self, plan: &DeletePlan) {
        self.plan = Some(plan.plan);
        self.delete_from_lucene = Some(plan.delete_from_lucene);
        self.currently_deleted = Some(plan.currently_deleted);
    }

    /// Remembers how to execute an index operation.
    pub fn set_indexing(&mut self, plan: &IndexPlan) {
        self.plan = Some(plan.plan);
        self.current_not_found_or_deleted = Some(plan.current_not_found_or_deleted);
        self.use_lucene_update_document = Some(plan.use_lucene_update_document);
        self.index_into_lucene = Some(plan.index_into_lucene);
    }

    /// How to execute the deletion, once planned.
    pub fn deletion(&self) -> Option<DeletePlan> {
        Some(DeletePlan {
            plan: self.plan?,
            delete_from_lucene: self.delete_from_lucene?,
            currently_deleted: self.currently_deleted?,
        })
    }

    /// How to execute the index operation, once planned.
    pub fn indexing(&self) -> Option<IndexPlan> {
        Some(IndexPlan {
            plan: self.plan?,
            current_not_found_or_deleted: self.current_not_found_or_deleted?,
            use_lucene_update_document: self.use_lucene_update_document?,
            index_into_lucene: self.index_into_lucene?,
        })
    }
}

/// All variables of `ReplicaEngine`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EngineState {
    /// `request_count`.
    pub request_count: u8,
    /// `replication_requests`: at index `i` the one with sequence number `i + 1`.
    pub requests: [Option<Request>; MAX_REQUESTS],
    /// `expected_doc`.
    pub expected: Option<Content>,
    /// The engine.
    pub engine: DocumentEngine,
    /// `duplicationCount`.
    pub duplications: u8,
    /// The consumer's locals.
    pub locals: Locals,
    /// `pc["Consumer"]`.
    pub consumer: Label,
    /// Which other processes have ended, by their place in [`Process::ALL`].
    pub ended: u8,
}

impl EngineState {
    /// Whether a process has ended.
    pub fn has_ended(&self, process: Process) -> bool {
        self.ended >> process as u8 & 1 == 1
    }

    /// `Terminated`: every process has ended.
    pub fn is_terminated(&self) -> bool {
        self.consumer == Label::Done && self.ended.count_ones() as usize == Process::ALL.len()
    }
}
