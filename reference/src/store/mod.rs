//! What survives a kill.
//!
//! One redb file for a node. `meta` says whose it is, how often the node was
//! started, how many saves there were, and the sum of the digests of all rows;
//! `rows` holds what the actor saved, cut into rows so that a save costs what
//! has changed.
//!
//! ```text
//!   meta   identity     cluster and node        rows   what Stored makes of the storage
//!          incarnation  started so often               head ─▶ terms, versions, configurations
//!          generation   saved so often                 key …  ─▶ value
//!          digest       sum of BLAKE3 of each row
//! ```
//!
//! A node never starts from something other than what it synced last. Opening
//! refuses, and changes nothing:
//! * a missing file: only [`Store::create`] makes one, once, with the cluster;
//! * a file of another node or cluster;
//! * a file that another process has open;
//! * a damaged file: redb's own checks, and the digest over what was read;
//! * an older copy of the file, or one in which redb fell back to an older
//!   commit: beside the store lies a note of the last generation. The note is
//!   not synced, so that it costs nothing; it is never newer than the store.

mod error;
mod redb_file;
mod rows;
mod stored;

pub use error::StoreError;
pub use redb_file::{Identity, Store};
pub use rows::{Digest, RowChange};
pub use stored::Stored;
