//! How a replica's engine plans and executes an operation on one document.
//!
//! Operations come in any order and more than once; the one with the highest
//! sequence number must win. To know what came before, the engine asks, in
//! this order, the local checkpoint, the version map (recent operations, until
//! Lucene has them) and Lucene. Appends with a generated id skip all that where
//! nothing else can have happened to the id; the version map may then lack
//! entries (*unsafe*), and who needs it must wait for a refresh.

use serde::{Deserialize, Serialize};

use super::types::{
    Buffer, DeletePlan, IndexPlan, Kind, LuceneDocument, LuceneOperation, Plan, Request, Seq, Timestamp, VersionEntry,
};

macro_rules! rejections {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The guard that refused a step, or decided a plan.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum EngineRejection {
            $($(#[$doc])* $name,)*
        }

        impl EngineRejection {
            /// Every guard.
            pub const ALL: &'static [EngineRejection] = &[$(EngineRejection::$name,)*];

            /// Whether it is a guard of the engine's; the others say where a process
            /// stands, what it needs, and what the environment may still do.
            pub fn can_be_waived(self) -> bool {
                !matches!(
                    self,
                    EngineRejection::NotAtThisLabel | EngineRejection::NoTombstone | EngineRejection::DuplicationLimitReached
                )
            }

            /// The name of the variant, as `--waive` takes it.
            pub fn name(self) -> &'static str {
                match self {
                    $(EngineRejection::$name => stringify!($name),)*
                }
            }
        }
    };
}

rejections! {
    /// The process is elsewhere, or has ended.
    NotAtThisLabel,
    /// Other documents do not make the version map unsafe while safe access is required.
    SafeAccessRequired,
    /// The highest unsafe timestamp only grows.
    TimestampNotNewer,
    /// There is no tombstone to collect.
    NoTombstone,
    /// The tombstone is still needed: older operations may come (#28790).
    TombstoneAboveLocalCheckpoint,
    /// The tombstone is still needed: Lucene does not know of the deletion.
    TombstoneNotFlushed,
    /// The next operation is not completed, so the local checkpoint stays.
    NextNotCompleted,
    /// Lucene has not been refreshed since.
    RefreshOutstanding,
    /// The environment has no more duplicates to give.
    DuplicationLimitReached,
    /// Not an append for the first time: no optimisation.
    NotAppendOnly,
    /// The append may have been indexed before: no optimisation.
    MayHaveBeenIndexedBefore,
    /// A later operation that is no append may have touched the id: no optimisation (#28787).
    NonAppendOnlySeen,
    /// The operation is completed.
    AlreadyCompleted,
    /// The operation was completed while waiting for a refresh (#29276).
    CompletedMeanwhile,
    /// The version map may lack the document: a refresh is needed.
    VersionMapUnsafe,
    /// The version map knows the same or a newer operation.
    NotNewerThanVersionMap,
    /// Lucene knows the same or a newer operation.
    NotNewerThanLucene,
}

use EngineRejection::*;

/// A change of what the engine does, other than leaving out a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EngineEffect {
    /// A retried append does not raise the highest unsafe timestamp.
    RetryKeepsTimestamp,
    /// An update does not raise the highest sequence number of non-appends.
    UpdateNotRecorded,
    /// A deletion does not raise the highest sequence number of non-appends.
    DeletionNotRecorded,
    /// Planning does not require safe access to the version map.
    SafeAccessNotRequired,
    /// Safe access is not required again after waiting for a refresh.
    SafeAccessNotRequiredAfterRefresh,
    /// An operation that is not entered in the version map leaves it safe.
    PutLeavesMapSafe,
    /// A tombstone stays when a later append is not entered (#29619).
    OlderTombstoneStays,
    /// A refresh forgets tombstones.
    RefreshForgetsTombstones,
    /// A deletion leaves no tombstone.
    NoTombstoneLeft,
    /// A refresh does not make the version map safe.
    RefreshLeavesMapUnsafe,
    /// A document that is there is replaced by adding another.
    AddsOverDocument,
}

/// The rules: nothing waived and nothing changed unless said so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EngineRules {
    waived: u32,
    effect: Option<EngineEffect>,
}

impl EngineRules {
    /// The rules as they are.
    pub const SOUND: EngineRules = EngineRules { waived: 0, effect: None };

    /// The rules without a guard.
    pub const fn waiving(guard: EngineRejection) -> Self {
        EngineRules { waived: 1 << guard as u32, effect: None }
    }

    /// These rules without one more guard.
    #[must_use]
    pub const fn and_waiving(self, guard: EngineRejection) -> Self {
        EngineRules { waived: self.waived | 1 << guard as u32, effect: self.effect }
    }

    /// The rules with one changed effect.
    pub const fn with_effect(effect: EngineEffect) -> Self {
        EngineRules { waived: 0, effect: Some(effect) }
    }

    /// A guard: refused unless `holds`.
    #[inline]
    pub(super) fn require(&self, guard: EngineRejection, holds: bool) -> Result<(), EngineRejection> {
        if holds || self.waived >> guard as u32 & 1 == 1 { Ok(()) } else { Err(guard) }
    }

    fn is(&self, effect: EngineEffect) -> bool {
        self.effect == Some(effect)
    }
}

/// The engine as far as one document is concerned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentEngine {
    /// `versionMap_needsSafeAccess`: every operation is to be entered.
    pub needs_safe_access: bool,
    /// `versionMap_isUnsafe`: some operation was not entered since the last refresh.
    pub is_unsafe: bool,
    /// `versionMap_entry`.
    pub version_entry: Option<VersionEntry>,
    /// `lucene_document`: what a reader sees.
    pub lucene_document: Option<LuceneDocument>,
    /// `lucene_buffer`: what it will see after a refresh.
    pub lucene_buffer: Buffer,
    /// `localCheckPoint`.
    pub local_checkpoint: Seq,
    /// `completedSeqnos`, as a bit set.
    pub completed: u8,
    /// `maxSeqNoOfNonAppendOnlyOperations`.
    pub max_non_append_only: Seq,
    /// `maxUnsafeAutoIdTimestamp`.
    pub max_unsafe_timestamp: Timestamp,
}

/// Where planning goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<P> {
    /// The plan is made.
    Execute(P),
    /// The version map and Lucene are to be asked.
    Compare,
    /// The same, after a refresh.
    AwaitRefresh,
}

/// Is told each guard that decides a plan by refusing.
pub type Refused<'a> = &'a mut dyn FnMut(EngineRejection);

impl DocumentEngine {
    /// An engine that has seen nothing but, maybe, appends of other documents.
    pub fn new(max_unsafe_timestamp: Timestamp) -> Self {
        DocumentEngine {
            needs_safe_access: false,
            is_unsafe: false,
            version_entry: None,
            lucene_document: None,
            lucene_buffer: Buffer::new(),
            local_checkpoint: 0,
            completed: 0,
            max_non_append_only: 0,
            max_unsafe_timestamp,
        }
    }

    /// `planDeletionAsNonPrimary`, up to the comparison.
    pub fn plan_deletion(&mut self, rules: &EngineRules, request: &Request, refused: Refused<'_>) -> Next<DeletePlan> {
        self.require_safe_access(rules, EngineEffect::SafeAccessNotRequired);
        if !rules.is(EngineEffect::DeletionNotRecorded) {
            self.max_non_append_only = self.max_non_append_only.max(request.seq_no);
        }
        if let Err(guard) = rules.require(AlreadyCompleted, request.seq_no > self.local_checkpoint) {
            refused(guard);
            return Next::Execute(DeletePlan::STALE);
        }
        self.compare_or_refresh(rules, refused)
    }

    /// `planIndexingAsNonPrimary`, up to the comparison.
    pub fn plan_indexing(&mut self, rules: &EngineRules, request: &Request, refused: Refused<'_>) -> Next<IndexPlan> {
        if request.kind == Kind::RetryAdd && !rules.is(EngineEffect::RetryKeepsTimestamp) {
            self.max_unsafe_timestamp = self.max_unsafe_timestamp.max(Timestamp::OfDocument);
        }
        match self.may_append(rules, request) {
            Ok(()) => return Next::Execute(IndexPlan::OPTIMISED_APPEND_ONLY),
            Err(guard) => refused(guard),
        }
        if request.kind == Kind::Update && !rules.is(EngineEffect::UpdateNotRecorded) {
            self.max_non_append_only = self.max_non_append_only.max(request.seq_no);
        }
        self.require_safe_access(rules, EngineEffect::SafeAccessNotRequired);
        if let Err(guard) = rules.require(AlreadyCompleted, request.seq_no > self.local_checkpoint) {
            refused(guard);
            return Next::Execute(IndexPlan::STALE);
        }
        self.compare_or_refresh(rules, refused)
    }

    /// Whether an append needs no look at what is there.
    fn may_append(&self, rules: &EngineRules, request: &Request) -> Result<(), EngineRejection> {
        rules.require(NotAppendOnly, request.kind == Kind::Add)?;
        rules.require(MayHaveBeenIndexedBefore, self.max_unsafe_timestamp < Timestamp::OfDocument)?;
        rules.require(NonAppendOnlySeen, self.max_non_append_only < request.seq_no)
    }

    fn require_safe_access(&mut self, rules: &EngineRules, unless: EngineEffect) {
        self.needs_safe_access |= !rules.is(unless);
    }

    fn compare_or_refresh<P>(&self, rules: &EngineRules, refused: Refused<'_>) -> Next<P> {
        match rules.require(VersionMapUnsafe, !self.is_unsafe) {
            Ok(()) => Next::Compare,
            Err(guard) => {
                refused(guard);
                Next::AwaitRefresh
            }
        }
    }

    /// `AwaitRefreshOnDelete`, `AwaitRefreshOnIndex`: nothing is buffered any more.
    pub fn refreshed(&mut self, rules: &EngineRules) -> Result<(), EngineRejection> {
        rules.require(RefreshOutstanding, self.lucene_buffer.is_empty())?;
        self.require_safe_access(rules, EngineEffect::SafeAccessNotRequiredAfterRefresh);
        Ok(())
    }

    /// `compareDeleteOpToLuceneDocBasedOnSeqNo`.
    pub fn compare_deletion(&self, rules: &EngineRules, request: &Request, refused: Refused<'_>) -> DeletePlan {
        let plan = |plan, delete_from_lucene, currently_deleted| DeletePlan { plan, delete_from_lucene, currently_deleted };
        match self.compare(rules, request, refused) {
            Plan::ProcessNormallyExceptNotFound => plan(Plan::ProcessNormallyExceptNotFound, true, true),
            Plan::ProcessButSkipLucene => DeletePlan::STALE,
            newer => plan(newer, true, false),
        }
    }

    /// `compareIndexOpToLuceneDocBasedOnSeqNo`.
    pub fn compare_indexing(&self, rules: &EngineRules, request: &Request, refused: Refused<'_>) -> IndexPlan {
        if let Err(guard) = rules.require(CompletedMeanwhile, request.seq_no > self.local_checkpoint) {
            refused(guard);
            return IndexPlan::STALE;
        }
        let plan = |plan, not_found| IndexPlan {
            plan,
            current_not_found_or_deleted: not_found,
            use_lucene_update_document: !not_found,
            index_into_lucene: true,
        };
        match self.compare(rules, request, refused) {
            Plan::ProcessNormallyExceptNotFound => plan(Plan::ProcessNormallyExceptNotFound, true),
            Plan::ProcessButSkipLucene => IndexPlan::STALE,
            newer if rules.is(EngineEffect::AddsOverDocument) => plan(newer, true),
            newer => plan(newer, false),
        }
    }

    /// The version map knows best; where it knows nothing, Lucene does.
    fn compare(&self, rules: &EngineRules, request: &Request, refused: Refused<'_>) -> Plan {
        let (guard, known) = match (self.version_entry, self.lucene_document) {
            (Some(entry), _) => (NotNewerThanVersionMap, entry.seq_no()),
            (None, Some(document)) => (NotNewerThanLucene, document.seq_no),
            (None, None) => return Plan::ProcessNormallyExceptNotFound,
        };
        match rules.require(guard, request.seq_no > known) {
            Ok(()) => Plan::ProcessNormally,
            Err(guard) => {
                refused(guard);
                Plan::ProcessButSkipLucene
            }
        }
    }

    /// `ExecuteDeletePlan`.
    pub fn execute_deletion(&mut self, rules: &EngineRules, seq_no: Seq, plan: &DeletePlan) {
        if plan.delete_from_lucene {
            if !plan.currently_deleted {
                self.lucene_buffer.push(LuceneOperation::Delete);
            }
            if !rules.is(EngineEffect::NoTombstoneLeft) {
                self.version_entry = Some(VersionEntry::Delete { seq_no, flushed: false });
            }
        }
        self.completed |= 1 << seq_no;
    }

    /// `ExecuteIndexPlan`.
    pub fn execute_indexing(&mut self, rules: &EngineRules, request: &Request, plan: &IndexPlan) {
        let seq_no = request.seq_no;
        if plan.index_into_lucene {
            let document = LuceneDocument { content: request.content, seq_no };
            let operation = if plan.use_lucene_update_document { LuceneOperation::Update } else { LuceneOperation::Add };
            self.lucene_buffer.push(operation(document));
            if self.needs_safe_access {
                self.version_entry = Some(VersionEntry::Update { seq_no });
            } else {
                self.is_unsafe |= !rules.is(EngineEffect::PutLeavesMapSafe);
                let older_tombstone =
                    matches!(self.version_entry, Some(VersionEntry::Delete { seq_no: deleted, .. }) if deleted < seq_no);
                if older_tombstone && !rules.is(EngineEffect::OlderTombstoneStays) {
                    self.version_entry = None;
                }
            }
        }
        self.completed |= 1 << seq_no;
    }

    /// A refresh (`LuceneLoop`): readers see what was buffered, and the version
    /// map keeps tombstones only.
    pub fn refresh(&mut self, rules: &EngineRules) {
        for operation in std::mem::take(&mut self.lucene_buffer) {
            self.lucene_document = match operation {
                LuceneOperation::Delete => None,
                LuceneOperation::Add(document) | LuceneOperation::Update(document) => Some(document),
            };
        }
        self.is_unsafe &= rules.is(EngineEffect::RefreshLeavesMapUnsafe);
        self.needs_safe_access = false;
        self.version_entry = match self.version_entry {
            Some(VersionEntry::Delete { seq_no, .. }) if !rules.is(EngineEffect::RefreshForgetsTombstones) => {
                Some(VersionEntry::Delete { seq_no, flushed: true })
            }
            _ => None,
        };
    }

    /// `DeleteCollectorLoop`: a tombstone that nobody needs goes.
    pub fn collect_tombstone(&mut self, rules: &EngineRules) -> Result<(), EngineRejection> {
        let Some(VersionEntry::Delete { seq_no, flushed }) = self.version_entry else { return Err(NoTombstone) };
        rules.require(TombstoneAboveLocalCheckpoint, seq_no <= self.local_checkpoint)?;
        rules.require(TombstoneNotFlushed, flushed)?;
        self.version_entry = None;
        Ok(())
    }

    /// `LocalCheckpointTrackerLoop`.
    pub fn advance_local_checkpoint(&mut self, rules: &EngineRules) -> Result<(), EngineRejection> {
        let next = self.local_checkpoint.saturating_add(1);
        let completed = self.completed.checked_shr(u32::from(next)).unwrap_or(0);
        rules.require(NextNotCompleted, completed & 1 == 1)?;
        self.local_checkpoint = next;
        Ok(())
    }
}

impl DeletePlan {
    const STALE: DeletePlan =
        DeletePlan { plan: Plan::ProcessButSkipLucene, delete_from_lucene: false, currently_deleted: false };
}

impl IndexPlan {
    const STALE: IndexPlan = IndexPlan {
        plan: Plan::ProcessButSkipLucene,
        current_not_found_or_deleted: false,
        use_lucene_update_document: false,
        index_into_lucene: false,
    };
    const OPTIMISED_APPEND_ONLY: IndexPlan = IndexPlan {
        plan: Plan::OptimisedAppendOnly,
        current_not_found_or_deleted: true,
        use_lucene_update_document: false,
        index_into_lucene: true,
    };
}
