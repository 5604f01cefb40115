//! The folder of a cluster.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use quorate_model::coordinator::CoordinatorSettings;
use quorate_model::coordinator::settings::MAX_NODES;
use quorate_model::session::PeerId;
use quorate_model::wire::{ClusterId, ClusterKey};
use quorate_model::{NodeId, NodeSet};
use serde::{Deserialize, Serialize};

use super::error::ClusterError;
use crate::runtime::AddressBook;
use crate::store::{Identity, Store, Stored};

const FORMAT: u32 = 1;

/// A node of a cluster on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its name.
    pub name: NodeId,
    /// Where it listens.
    pub address: SocketAddr,
}

/// `cluster.json`: what is fixed when a cluster is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterPlan {
    /// The version of this file's format.
    pub format: u32,
    /// Tells the cluster's datagrams and stores from others'.
    pub cluster: ClusterId,
    /// The nodes.
    pub nodes: Vec<Member>,
    /// What every node is configured with.
    pub settings: CoordinatorSettings,
    /// The part of datagrams that each node loses on purpose.
    #[serde(default)]
    pub loss: f64,
}

/// The folder of a cluster, opened.
#[derive(Clone, Debug)]
pub struct ClusterFolder {
    path: PathBuf,
    /// What is fixed.
    pub plan: ClusterPlan,
    key: ClusterKey,
}

impl ClusterFolder {
    /// Whether `path` holds a cluster.
    pub fn exists(path: &Path) -> bool {
        path.join("cluster.json").exists()
    }

    /// Makes a cluster of `count` nodes in `path`, on free ports of loopback.
    /// `cluster.json` is written last: without it there is no cluster.
    pub fn create<D: Stored>(path: &Path, count: usize, loss: f64) -> Result<Self, ClusterError> {
        if !(1..=MAX_NODES).contains(&count) {
            return Err(ClusterError::Size { asked: count, max: MAX_NODES });
        }
        if !(0.0..1.0).contains(&loss) {
            return Err(ClusterError::Usage(format!("the part of lost datagrams is 0 to below 1, not {loss}")));
        }
        let mut settings = CoordinatorSettings::of(count).quick();
        settings.cluster_uuid = u64::from(rand::random::<u32>());
        settings.validate()?;
        fs::create_dir_all(path).map_err(at(path))?;
        if fs::read_dir(path).map_err(at(path))?.next().is_some() {
            return Err(ClusterError::NotACluster(path.to_owned()));
        }
        let addresses = free_addresses(count).map_err(at(path))?;
        let nodes = addresses.into_iter().enumerate().map(|(index, address)| Member { name: NodeId::from_index(index), address });
        let cluster = ClusterId(rand::random());
        let plan = ClusterPlan { format: FORMAT, cluster, nodes: nodes.collect(), settings, loss };

        let secret: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
        let secret_path = path.join("secret");
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&secret_path).map_err(at(&secret_path))?;
        file.write_all(secret.as_bytes()).and_then(|()| file.sync_all()).map_err(at(&secret_path))?;
        for member in &plan.nodes {
            let folder = path.join(member.name.to_string());
            fs::create_dir(&folder).map_err(at(&folder))?;
            Store::<D>::create(&folder.join("store.redb"), Identity { cluster, node: member.name })?;
        }
        let text = serde_json::to_string_pretty(&plan).expect("a plan can be written") + "\n";
        write_whole(&path.join("cluster.json"), text.as_bytes())?;
        Self::open(path)
    }

    /// Opens the cluster in `path`.
    pub fn open(path: &Path) -> Result<Self, ClusterError> {
        let file = path.join("cluster.json");
        let bad = |path: &Path, why: String| ClusterError::BadFile { path: path.to_owned(), why };
        let text = match fs::read_to_string(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(ClusterError::NoCluster(path.to_owned())),
            read => read.map_err(at(&file))?,
        };
        let plan: ClusterPlan = serde_json::from_str(&text).map_err(|error| bad(&file, error.to_string()))?;
        if plan.format != FORMAT {
            return Err(bad(&file, format!("this is format {}, known is {FORMAT}", plan.format)));
        }
        let names: NodeSet = plan.nodes.iter().map(|member| member.name).collect();
        if names.len() != plan.nodes.len() || names != plan.settings.nodes {
            return Err(bad(&file, format!("the nodes {names} are not those of the settings, {}", plan.settings.nodes)));
        }
        plan.settings.validate().map_err(|error| bad(&file, error.to_string()))?;
        let secret_path = path.join("secret");
        let secret = fs::read_to_string(&secret_path).map_err(at(&secret_path))?;
        if secret.trim().len() < 32 {
            return Err(bad(&secret_path, String::from("a secret has at least 32 characters")));
        }
        let path = fs::canonicalize(path).map_err(at(path))?;
        Ok(ClusterFolder { path, plan, key: ClusterKey::derive(secret.trim().as_bytes()) })
    }

    /// Where it is, without detours.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What datagrams are authenticated with.
    pub fn key(&self) -> ClusterKey {
        self.key.clone()
    }

    /// The nodes.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.plan.nodes.iter().map(|member| member.name)
    }

    /// Where the nodes are.
    pub fn addresses(&self) -> AddressBook {
        self.plan.nodes.iter().map(|member| (member.name.index() as PeerId, member.address)).collect()
    }

    /// The node with this name.
    pub fn member(&self, name: &str) -> Result<Member, ClusterError> {
        let found = self.plan.nodes.iter().find(|member| member.name.to_string() == name);
        found.copied().ok_or_else(|| ClusterError::UnknownNode {
            name: name.to_owned(),
            folder: self.path.clone(),
            nodes: names(self.nodes()),
        })
    }

    /// The folder of a node.
    pub fn node_folder(&self, node: NodeId) -> PathBuf {
        self.path.join(node.to_string())
    }

    /// The store of a node.
    pub fn store(&self, node: NodeId) -> PathBuf {
        self.node_folder(node).join("store.redb")
    }

    /// The log of a node.
    pub fn log(&self, node: NodeId) -> PathBuf {
        self.node_folder(node).join("log")
    }

    /// The file that names the process of a node.
    pub fn process_file(&self, node: NodeId) -> PathBuf {
        self.node_folder(node).join("process.json")
    }

    /// The recordings of a node.
    pub fn recordings(&self, node: NodeId) -> PathBuf {
        self.node_folder(node).join("recordings")
    }
}

/// `n1, n2, n3`.
pub(super) fn names(nodes: impl Iterator<Item = NodeId>) -> String {
    nodes.map(|node| node.to_string()).collect::<Vec<_>>().join(", ")
}

/// Names the file that an operating system's error is about.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> ClusterError {
    let path = path.to_owned();
    move |source| ClusterError::Io { path, source }
}

/// Writes a file whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ClusterError> {
    let unfinished = path.with_extension("new");
    let write = || {
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    };
    write().map_err(at(path))
}

/// Addresses of loopback on which nobody listens now.
fn free_addresses(count: usize) -> io::Result<Vec<SocketAddr>> {
    let sockets = (0..count).map(|_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))).collect::<io::Result<Vec<_>>>()?;
    sockets.iter().map(UdpSocket::local_addr).collect()
}
