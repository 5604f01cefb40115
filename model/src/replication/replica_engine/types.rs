//! The values that the engine's rules speak of, a byte or so each.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// The most requests for the document: sequence numbers 1 to 4.
pub const MAX_REQUESTS: usize = 4;
/// A sequence number, from 1 as in the module; 0 for none.
pub type Seq = u8;
/// One of the contents that the document may have.
pub type Content = u8;

/// What a request asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// An append with a generated id, for the first time.
    Add,
    /// The same, sent again.
    RetryAdd,
    /// A write with the client's own id.
    Update,
    /// A deletion.
    Delete,
}

/// A request for the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Request {
    /// What it asks.
    pub kind: Kind,
    /// Its place in the primary's order.
    pub seq_no: Seq,
    /// What the document is to hold; 0 for a deletion.
    pub content: Content,
}

impl Request {
    /// What the document holds once this request is its last.
    pub fn result(&self) -> Option<Content> {
        (self.kind != Kind::Delete).then_some(self.content)
    }
}

/// A generation time of ids, relative to that of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timestamp {
    /// 0: none seen.
    Zero,
    /// `DocAutoIdTimestamp - 1`.
    Before,
    /// `DocAutoIdTimestamp`.
    OfDocument,
    /// `DocAutoIdTimestamp + 1`.
    After,
}

impl Timestamp {
    /// Every time, in order.
    pub const ALL: [Timestamp; 4] = [Timestamp::Zero, Timestamp::Before, Timestamp::OfDocument, Timestamp::After];
}

/// What the version map knows of the document (`versionMap_entry`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum VersionEntry {
    /// Written.
    Update {
        /// By this operation.
        seq_no: Seq,
    },
    /// Deleted: a tombstone.
    Delete {
        /// By this operation.
        seq_no: Seq,
        /// Whether Lucene knows.
        flushed: bool,
    },
}

impl VersionEntry {
    /// The operation that it speaks of.
    pub fn seq_no(self) -> Seq {
        match self {
            VersionEntry::Update { seq_no } | VersionEntry::Delete { seq_no, .. } => seq_no,
        }
    }
}

/// The document as a Lucene reader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LuceneDocument {
    /// What it holds.
    pub content: Content,
    /// The operation that wrote it.
    pub seq_no: Seq,
}

/// A call to Lucene that no reader sees yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LuceneOperation {
    /// `addDocuments`: there must be no document.
    Add(LuceneDocument),
    /// `updateDocuments`: replaces what is there.
    Update(LuceneDocument),
    /// `deleteDocuments`.
    Delete,
}

/// Calls to Lucene in order.
pub type Buffer = SmallVec<[LuceneOperation; 5]>;

/// What is to be done with an operation (`plan`); it names the case and decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Plan {
    /// Add without looking.
    OptimisedAppendOnly,
    /// There is an older document.
    ProcessNormally,
    /// There is no document.
    ProcessNormallyExceptNotFound,
    /// A newer operation was here before.
    ProcessButSkipLucene,
}

/// How an index operation is to be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexPlan {
    /// The case.
    pub plan: Plan,
    /// Whether there is no document to be replaced.
    pub current_not_found_or_deleted: bool,
    /// Whether Lucene is told to replace.
    pub use_lucene_update_document: bool,
    /// Whether Lucene is told at all.
    pub index_into_lucene: bool,
}

/// How a deletion is to be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeletePlan {
    /// The case.
    pub plan: Plan,
    /// Whether the deletion takes effect.
    pub delete_from_lucene: bool,
    /// Whether there is nothing to delete.
    pub currently_deleted: bool,
}
