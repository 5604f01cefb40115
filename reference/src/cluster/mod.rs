//! A cluster of processes on this machine, kept under one folder.
//!
//! ```text
//!   .quorate/cluster.json             id, founders, nodes with their ports, settings
//!   .quorate/secret                   what datagrams are authenticated with
//!   .quorate/n1/store.redb            what survives a kill
//!   .quorate/n1/recordings/*.jsonl    what it did, one file for each start
//!   .quorate/n1/process.json          its process, while it runs
//!   .quorate/n1/lock                  locked by its process
//!   .quorate/n1/log                   its standard output and error
//! ```
//!
//! The processes are children of nobody in particular: whoever has the folder
//! finds them by the process ids in it, and ends none before it has made sure
//! that the id still belongs to that node.

mod control;
mod error;
mod folder;
mod membership;
mod node;
mod plan;
mod process;

pub use control::{Control, Elected, NodeStatus, Published};
pub use error::{ClusterError, FoundersError};
pub use folder::ClusterFolder;
pub use node::run_node;
pub use plan::{ClusterPlan, Member, Timing};
pub use process::{is_running, kill, start, stop};
