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
//! # What is written, in which order, and what each write may leave behind
//!
//! [`Store::create`] writes a whole file under another name, syncs it, renames
//! it and syncs the folder: a stop before the rename leaves no store, and the
//! next attempt starts anew. After that every turn of the actor is one
//! transaction of redb, in these steps:
//!
//! | | step | a stop here leaves |
//! | --- | --- | --- |
//! | 1 | pages of changed rows, into places that no commit in force reaches | the state before; the pages are free |
//! | 2 | the commit slot that is not the primary one: root, number, checksum | the state before; nobody reads that slot |
//! | 3 | sync | the state before |
//! | 4 | the bit that says which slot is the primary one | the state before, or the new one whole |
//! | 5 | sync | the same, until it returns; then the new state |
//! | 6 | what was sent in the turn leaves, the note of the generation is written | the new state; the note may be older, never newer |
//!
//! In the words of Elastic's TLA+ module `Storage`, pages are metadata files and
//! slots are manifests; the newest manifest is the primary slot. Its two
//! invariants hold. *The metadata that the newest manifest names exists*: the
//! slot is named (4) only after it and its pages are on the disk (3), and pages
//! are written over (1) only when no slot in force names them, opening included,
//! which syncs before anything is written. *It is the last state, or one whose
//! write was interrupted*: nothing leaves before (5) returns, and after any error
//! the node stops, so that nobody builds on a state that may not be there; there
//! is no cleaning up that could go wrong, as in Elasticsearch issue 39077. The
//! model `reference-store` (`quorate check reference-store`) checks this with a
//! stop at every step, and `tests/store_stopped.rs` stops the real file at every
//! write, with every part of what was not synced.
//!
//! # What is refused
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
