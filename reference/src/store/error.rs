//! Why a store cannot be used.

use std::path::PathBuf;

use quorate_model::NodeId;
use quorate_model::wire::ClusterId;

/// Why a store cannot be used. Nothing has been changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no store.
    #[error("there is no store at {0}: this node has lost its disk and must not start as an empty node")]
    Missing(PathBuf),
    /// There is one already.
    #[error("there is a store at {0} already")]
    Exists(PathBuf),
    /// Another process has it open.
    #[error("the store {0} is in use by another process")]
    InUse(PathBuf),
    /// It is another node's.
    #[error("the store {path} belongs to node {found} of cluster {found_cluster}, not to {expected} of {expected_cluster}")]
    Foreign {
        /// Where.
        path: PathBuf,
        /// Whose it is.
        found: NodeId,
        /// Of which cluster.
        found_cluster: ClusterId,
        /// Who wants it.
        expected: NodeId,
        /// Of which cluster.
        expected_cluster: ClusterId,
    },
    /// It is damaged.
    #[error("the store {path} is damaged: {why}")]
    Damaged {
        /// Where.
        path: PathBuf,
        /// In what way.
        why: String,
    },
    /// It is not the newest.
    #[error("the store {path} is an old one: it holds save {found}, and save {expected} has been made")]
    RolledBack {
        /// Where.
        path: PathBuf,
        /// The number of the last save in it.
        found: u64,
        /// The number of the last save known.
        expected: u64,
    },
    /// The operating system says no.
    #[error("the store {path}: {source}")]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
