//! What can go wrong with a cluster on this machine.

use std::io;
use std::path::PathBuf;

use quorate_model::NodeId;
use quorate_model::coordinator::CoordinatorSettingsError;
use quorate_model::settings::SettingsError;
use quorate_model::wire::ClusterId;

use crate::client::ClientError;
use crate::recorder::RecorderError;
use crate::runtime::RuntimeError;
use crate::store::StoreError;

/// What is wrong with a list of the nodes that found a cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoundersError {
    /// The list is empty.
    #[error("cluster.initial_master_nodes is empty: nobody would found the cluster")]
    Nobody,
    /// An entry means no node.
    #[error("cluster.initial_master_nodes: {text} fits no node of the cluster: its nodes are {nodes}")]
    FitsNobody {
        /// The entry.
        text: String,
        /// The nodes.
        nodes: String,
    },
    /// An entry means several nodes.
    #[error("cluster.initial_master_nodes: {text} fits several nodes, {nodes}: name each by itself")]
    FitsSeveral {
        /// The entry.
        text: String,
        /// Those that it fits.
        nodes: String,
    },
    /// Two entries mean one node.
    #[error("cluster.initial_master_nodes: {one} and {other} both mean {node}")]
    SameNode {
        /// One entry.
        one: String,
        /// The other.
        other: String,
        /// The node.
        node: NodeId,
    },
    /// A node would have another list than the others.
    #[error(
        "cluster.initial_master_nodes: {given} is not the list of the cluster, {cluster}: nodes with different lists could \
         found two clusters"
    )]
    Differ {
        /// The list of the node.
        given: String,
        /// The list of the cluster.
        cluster: String,
    },
    /// The list in the file is not the one that the cluster was made with.
    #[error("initial_master_nodes was changed after the cluster was made: {cluster} is the id of a cluster with another list")]
    Edited {
        /// The id in the file.
        cluster: ClusterId,
    },
}

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
    /// All names are given.
    #[error("a cluster has had {max} nodes at most, removed ones included: make another")]
    Full {
        /// The most that there may be.
        max: usize,
    },
    /// Two nodes have one name.
    #[error("two nodes have one name, or a name is that of a removed node: {0}")]
    SharedName(String),
    /// Two nodes have one address.
    #[error("two nodes have one address")]
    SharedAddress,
    /// The last node stays.
    #[error("{0} is the last node of the cluster and cannot be removed: `quorate cluster down --delete` removes it all")]
    LastNode(NodeId),
    /// A process of this node runs.
    #[error("{node} runs already{}: one id, one process", .pid.map_or_else(String::new, |pid| format!(", as process {pid}")))]
    SecondProcess {
        /// Which.
        node: NodeId,
        /// The process that runs.
        pid: Option<u32>,
    },
    /// Who founds the cluster is not clear.
    #[error(transparent)]
    Founders(#[from] FoundersError),
    /// A setting that is not for the user to choose.
    #[error("{name}={value}: {why}, so this cannot be chosen")]
    FixedSetting {
        /// Which.
        name: &'static str,
        /// What was given.
        value: String,
        /// Who chooses.
        why: &'static str,
    },
    /// More exclusions than there may be.
    #[error("{asked} voting configuration exclusions are more than cluster.max_voting_config_exclusions={max}: clear some first")]
    TooManyExclusions {
        /// So many there would be.
        asked: usize,
        /// So many there may be.
        max: u64,
    },
    /// Something has not come about in time.
    #[error("not within {seconds} s: {what}")]
    NotYet {
        /// What was waited for.
        what: String,
        /// How long.
        seconds: u64,
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
    /// One of Elasticsearch's settings makes no sense.
    #[error(transparent)]
    Setting(#[from] SettingsError),
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
