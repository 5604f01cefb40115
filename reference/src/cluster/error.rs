//! What can go wrong with a cluster on this machine.

use std::io;
use std::path::PathBuf;

use quorate_model::NodeId;
use quorate_model::coordinator::CoordinatorSettingsError;

use crate::client::ClientError;
use crate::recorder::RecorderError;
use crate::runtime::RuntimeError;
use crate::store::StoreError;

/// What can go wrong with a cluster on this machine. Nothing is lost by any of it.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// There is no cluster in the folder.
    #[error("there is no cluster in {0}: `quorate cluster up` makes one")]
    NoCluster(PathBuf),
    /// The folder holds something else.
    #[error("{0} is not empty and holds no cluster: choose another --dir, or remove it")]
    NotACluster(PathBuf),
    /// The cluster exists with another number of nodes.
    #[error("the cluster in {folder} has {found} nodes, not {asked}: leave out --nodes, or choose another --dir")]
    OtherSize {
        /// Where.
        folder: PathBuf,
        /// How many it has.
        found: usize,
        /// How many were asked for.
        asked: usize,
    },
    /// Some of its processes run.
    #[error("the cluster in {folder} is up already: {nodes} running")]
    AlreadyUp {
        /// Where.
        folder: PathBuf,
        /// Which nodes run.
        nodes: String,
    },
    /// There is no such node.
    #[error("there is no node {name} in the cluster in {folder}: its nodes are {nodes}")]
    UnknownNode {
        /// What was asked for.
        name: String,
        /// Where.
        folder: PathBuf,
        /// Those that there are.
        nodes: String,
    },
    /// Too many or too few nodes.
    #[error("a cluster has 1 to {max} nodes, not {asked}")]
    Size {
        /// What was asked for.
        asked: usize,
        /// The most that there may be.
        max: usize,
    },
    /// The node runs, or does not.
    #[error("{node} is {state}")]
    WrongState {
        /// Which.
        node: NodeId,
        /// How it is.
        state: &'static str,
    },
    /// A node has stopped right after its start.
    #[error("{node} did not start: {why}")]
    NotStarted {
        /// Which.
        node: NodeId,
        /// The end of its log.
        why: String,
    },
    /// A process does not end.
    #[error("{node} (process {pid}) has not ended after {seconds} s")]
    NotEnded {
        /// Which.
        node: NodeId,
        /// Its process.
        pid: u32,
        /// How long it was waited for.
        seconds: u64,
    },
    /// No leader, in time.
    #[error("no leader was found within {seconds} s; running: {running} of {nodes} nodes")]
    NoLeader {
        /// How long it was waited for.
        seconds: u64,
        /// How many nodes answered.
        running: usize,
        /// How many there are.
        nodes: usize,
    },
    /// The address of a node is taken.
    #[error("{node} cannot listen on {address}: {source}; is another process using the port?")]
    Address {
        /// Which node.
        node: NodeId,
        /// Where.
        address: std::net::SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A file of the cluster is not what it should be.
    #[error("{path}: {why}")]
    BadFile {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The operating system says no.
    #[error("{path}: {source}")]
    Io {
        /// About what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A wrong argument.
    #[error("{0}")]
    Usage(String),
    /// A setting makes no sense.
    #[error(transparent)]
    Settings(#[from] CoordinatorSettingsError),
    /// A store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A recording cannot be written.
    #[error(transparent)]
    Recorder(#[from] RecorderError),
    /// A node has stopped.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// A node cannot be asked.
    #[error("{node}: {source}")]
    Client {
        /// Which.
        node: NodeId,
        /// Why.
        source: ClientError,
    },
}
