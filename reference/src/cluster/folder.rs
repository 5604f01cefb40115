//! The folder of a cluster.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use quorate_model::NodeId;
use quorate_model::coordinator::settings::MAX_NODES;
use quorate_model::session::PeerId;
use quorate_model::wire::ClusterKey;

use super::error::ClusterError;
use super::plan::{ClusterPlan, FORMAT, Member, Timing};
use crate::runtime::AddressBook;
use crate::store::{Identity, Store, StoreError, Stored};

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
    pub fn create<D: Stored>(
        path: &Path,
        count: usize,
        timing: Timing,
        settings: &[String],
        loss: f64,
    ) -> Result<Self, ClusterError> {
        if !(1..=MAX_NODES).contains(&count) {
            return Err(ClusterError::Size { asked: count, max: MAX_NODES });
        }
        let addresses = free_addresses(count).map_err(at(path))?;
        let nodes = addresses.into_iter().enumerate().map(|(index, address)| Member { name: NodeId::from_index(index), address });
        let plan = ClusterPlan::new(nodes.collect(), timing, settings, loss)?;
        fs::create_dir_all(path).map_err(at(path))?;
        if fs::read_dir(path).map_err(at(path))?.next().is_some() {
            return Err(ClusterError::NotACluster(path.to_owned()));
        }
        let secret: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
        let secret_path = path.join("secret");
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&secret_path).map_err(at(&secret_path))?;
        file.write_all(secret.as_bytes()).and_then(|()| file.sync_all()).map_err(at(&secret_path))?;
        for member in &plan.nodes {
            create_store::<D>(path, &plan, member.name)?;
        }
        write_plan(path, &plan)?;
        Self::open(path)
    }

    /// Opens the cluster in `path`.
    pub fn open(path: &Path) -> Result<Self, ClusterError> {
        let plan = read_plan(path)?;
        let secret_path = path.join("secret");
        let secret = fs::read_to_string(&secret_path).map_err(at(&secret_path))?;
        if secret.trim().len() < 32 {
            return Err(bad(&secret_path, String::from("a secret has at least 32 characters")));
        }
        let path = fs::canonicalize(path).map_err(at(path))?;
        Ok(ClusterFolder { path, plan, key: ClusterKey::derive(secret.trim().as_bytes()) })
    }

    /// Gives the cluster another timing and further settings. Each node takes
    /// them with its next start.
    pub fn change_settings(&mut self, timing: Option<Timing>, settings: &[String]) -> Result<(), ClusterError> {
        self.change(|_, plan| plan.change_settings(timing, settings))
    }

    /// Adds a node with an empty store, under a name that no node ever had. The
    /// nodes that run get to know it when it greets them.
    pub fn add_node<D: Stored>(&mut self) -> Result<Member, ClusterError> {
        self.change(|path, plan| {
            let name = plan.free_name().ok_or(ClusterError::Full { max: MAX_NODES })?;
            let address = free_addresses(1).map_err(at(path))?[0];
            let member = Member { name, address };
            plan.nodes.push(member);
            plan.validate()?;
            create_store::<D>(path, plan, name)?;
            Ok(member)
        })
    }

    /// Takes a node out of the plan. What it has on disk stays where it is.
    pub fn remove_node(&mut self, node: NodeId) -> Result<(), ClusterError> {
        self.change(|_, plan| {
            if plan.nodes.len() == 1 {
                return Err(ClusterError::LastNode(node));
            }
            plan.nodes.retain(|member| member.name != node);
            plan.removed.push(node);
            Ok(())
        })
    }

    /// Changes the plan; nobody else does so at the same time.
    fn change<T>(&mut self, change: impl FnOnce(&Path, &mut ClusterPlan) -> Result<T, ClusterError>) -> Result<T, ClusterError> {
        let lock_path = self.path.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path).map_err(at(&lock_path))?;
        lock.lock().map_err(at(&lock_path))?;
        let mut plan = read_plan(&self.path)?;
        let done = change(&self.path, &mut plan)?;
        plan.validate()?;
        write_plan(&self.path, &plan)?;
        self.plan = plan;
        Ok(done)
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

    /// The file that the process of a node has locked while it runs.
    pub fn lock_file(&self, node: NodeId) -> PathBuf {
        self.node_folder(node).join("lock")
    }

    /// The recordings of a node.
    pub fn recordings(&self, node: NodeId) -> PathBuf {
        self.node_folder(node).join("recordings")
    }
}

fn read_plan(path: &Path) -> Result<ClusterPlan, ClusterError> {
    let file = path.join("cluster.json");
    let text = match fs::read_to_string(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(ClusterError::NoCluster(path.to_owned())),
        read => read.map_err(at(&file))?,
    };
    let format = |value: &serde_json::Value| value.get("format").and_then(serde_json::Value::as_u64);
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| bad(&file, error.to_string()))?;
    if let Some(other) = format(&value).filter(|format| *format != u64::from(FORMAT)) {
        return Err(bad(&file, format!("this is format {other}, known is {FORMAT}")));
    }
    let plan: ClusterPlan = serde_json::from_str(&text).map_err(|error| bad(&file, error.to_string()))?;
    plan.validate().map_err(|error| bad(&file, error.to_string()))?;
    Ok(plan)
}

fn write_plan(path: &Path, plan: &ClusterPlan) -> Result<(), ClusterError> {
    let text = serde_json::to_string_pretty(plan).expect("a plan can be written") + "\n";
    write_whole(&path.join("cluster.json"), text.as_bytes())
}

/// The store of a node that is not in the plan yet. One that is there already is
/// of an attempt that did not come to its end, and was never used.
fn create_store<D: Stored>(path: &Path, plan: &ClusterPlan, node: NodeId) -> Result<(), ClusterError> {
    let folder = path.join(node.to_string());
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    match Store::<D>::create(&folder.join("store.redb"), Identity { cluster: plan.cluster, node }) {
        Ok(()) | Err(StoreError::Exists(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn bad(path: &Path, why: String) -> ClusterError {
    ClusterError::BadFile { path: path.to_owned(), why }
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
