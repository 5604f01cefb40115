//! `quorate node` and `quorate cluster`: a cluster of processes on this machine.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use quorate_checker::recording::{RecordingRejected, validate_folder};
use quorate_model::NodeId;
use quorate_model::coordination::Durable;
use quorate_model::coordinator::{ClusterMetadata, KeyValues, PutKey};
use quorate_reference::cluster::{self, ClusterError, ClusterFolder, Control, NodeStatus, Published};

use crate::Conclusion;

/// Runs one node of a cluster that `cluster up` made.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// The folder of the cluster.
    #[arg(long, value_name = "DIR", default_value = ".quorate")]
    dir: PathBuf,
    /// Which node to be.
    #[arg(long, value_name = "NODE")]
    node: String,
}

/// A local cluster: one process for each node, talking over UDP.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quorate cluster up --nodes 3        start three nodes and wait for a master
  quorate cluster publish colour=blue
  quorate cluster kill leader         SIGKILL, then watch:
  quorate cluster status
  quorate cluster restart n1
  quorate cluster down
  quorate cluster verify              was all that a behaviour of the model?")]
pub struct ClusterArgs {
    /// The folder of the cluster.
    #[arg(long, value_name = "DIR", default_value = ".quorate", global = true)]
    dir: PathBuf,
    #[command(subcommand)]
    verb: ClusterVerb,
}

#[derive(Debug, Subcommand)]
enum ClusterVerb {
    /// Make a cluster, or start the processes of one that exists, and wait for a master.
    Up {
        /// How many nodes [default: 3, or as many as the cluster has].
        #[arg(long, value_name = "N")]
        nodes: Option<usize>,
        /// Lose this part of all datagrams on purpose, 0 to 1, to see retransmission at work.
        #[arg(long, value_name = "PART", default_value_t = 0.0)]
        loss: f64,
        /// How long to wait for a master, seconds.
        #[arg(long, value_name = "SECONDS", default_value_t = 30)]
        timeout: u64,
    },
    /// Show the master, its term, and how each node is.
    Status {
        /// As one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Set a key. Returns when that is committed and applied (exit code 0), was
    /// definitely not published (1), or is not known (2).
    Publish {
        /// The key, and what to set it to.
        #[arg(value_name = "KEY=VALUE")]
        change: String,
        /// How long to try, seconds.
        #[arg(long, value_name = "SECONDS", default_value_t = 30)]
        timeout: u64,
    },
    /// Show the value of a key as one node has applied it.
    Get {
        /// The key.
        key: String,
        /// Which node to ask; the leader if not said.
        #[arg(long, value_name = "NODE", default_value = "leader")]
        node: String,
    },
    /// End a node's process at once (SIGKILL).
    Kill {
        /// Which node, or `leader`.
        #[arg(value_name = "NODE|leader")]
        node: String,
    },
    /// Start a node's process again, after stopping it if it runs.
    Restart {
        /// Which node, or `leader`.
        #[arg(value_name = "NODE|leader")]
        node: String,
    },
    /// Ask nodes to stop, and wait until they have (SIGTERM).
    Stop {
        /// Which node, or `leader`; all of them if not said.
        #[arg(value_name = "NODE|leader")]
        node: Option<String>,
    },
    /// Cut the network: nodes of different groups hear nothing of each other.
    /// The nodes that are not named form a group of their own.
    Partition {
        /// Groups of nodes, like `n1,n2 n3`, or `leader`.
        #[arg(value_name = "NODE,…", required = true)]
        groups: Vec<String>,
    },
    /// Mend the network.
    Heal,
    /// Show the log of a node.
    Logs {
        /// Which node, or `leader`.
        #[arg(value_name = "NODE|leader")]
        node: String,
    },
    /// Judge what the nodes of a cluster that is down have recorded: is it a behaviour of the model? Exit code
    /// 1 if not, with the first line that is not.
    Verify,
    /// End all processes. The data stays, and `up` goes on from there.
    Down {
        /// Remove the folder, with everything in it.
        #[arg(long)]
        delete: bool,
    },
}

/// Runs one node, until it is asked to stop.
pub fn run_node(args: &NodeArgs) -> Result<Conclusion, ClusterError> {
    let folder = ClusterFolder::open(&args.dir)?;
    cluster::run_node(&folder, &args.node)?;
    Ok(Conclusion::Holds)
}

/// Does what was asked for with a cluster.
pub fn run(args: &ClusterArgs) -> Result<Conclusion, ClusterError> {
    match &args.verb {
        ClusterVerb::Up { nodes, loss, timeout } => up(args, *nodes, *loss, Duration::from_secs(*timeout)),
        verb => run_on(&ClusterFolder::open(&args.dir)?, verb),
    }
}

fn up(args: &ClusterArgs, nodes: Option<usize>, loss: f64, patience: Duration) -> Result<Conclusion, ClusterError> {
    let folder = if ClusterFolder::exists(&args.dir) {
        let folder = ClusterFolder::open(&args.dir)?;
        let found = folder.plan.nodes.len();
        if let Some(asked) = nodes.filter(|asked| *asked != found) {
            return Err(ClusterError::OtherSize { folder: args.dir.clone(), found, asked });
        }
        let running: Vec<String> =
            folder.nodes().filter(|node| cluster::is_running(&folder, *node).is_some()).map(|node| node.to_string()).collect();
        if !running.is_empty() {
            return Err(ClusterError::AlreadyUp { folder: args.dir.clone(), nodes: running.join(", ") });
        }
        folder
    } else {
        ClusterFolder::create::<Durable<ClusterMetadata<KeyValues>>>(&args.dir, nodes.unwrap_or(3), loss)?
    };
    for member in &folder.plan.nodes {
        // All or none: what was started is stopped again, and nothing is lost.
        let pid = start(&folder, member.name).inspect_err(|_| {
            let _ = stop_all(&folder);
        })?;
        println!("{} runs as process {pid} on {}", member.name, member.address);
    }
    let elected = Control::new(&folder).wait_for_leader(patience)?;
    println!("{} is the master of term {}", elected.node, elected.term);
    Ok(Conclusion::Holds)
}

fn run_on(folder: &ClusterFolder, verb: &ClusterVerb) -> Result<Conclusion, ClusterError> {
    let control = Control::new(folder);
    match verb {
        ClusterVerb::Up { .. } => {}
        ClusterVerb::Status { json } => return status(folder, *json),
        ClusterVerb::Publish { change, timeout } => return publish(folder, change, Duration::from_secs(*timeout)),
        ClusterVerb::Get { key, node } => return get(folder, key, node),
        ClusterVerb::Kill { node } => {
            let node = resolve(folder, node)?;
            println!("killed {node} (process {})", cluster::kill(folder, node)?);
        }
        ClusterVerb::Restart { node } => {
            let node = resolve(folder, node)?;
            if cluster::is_running(folder, node).is_some() {
                cluster::stop(folder, node)?;
            }
            println!("{node} runs as process {}", start(folder, node)?);
        }
        ClusterVerb::Stop { node: Some(node) } => {
            let node = resolve(folder, node)?;
            println!("stopped {node} (process {})", cluster::stop(folder, node)?);
        }
        ClusterVerb::Stop { node: None } => stop_all(folder)?,
        ClusterVerb::Partition { groups } => {
            let groups = groups.iter().map(|group| parse_group(folder, group)).collect::<Result<Vec<_>, _>>()?;
            control.partition(&groups)?;
            println!("the network is cut");
        }
        ClusterVerb::Heal => {
            control.partition(&[])?;
            println!("the network is mended");
        }
        ClusterVerb::Logs { node } => {
            let path = folder.log(resolve(folder, node)?);
            let log = std::fs::read_to_string(&path).map_err(|source| ClusterError::Io { path, source })?;
            print!("{log}");
        }
        ClusterVerb::Verify => return verify(folder),
        ClusterVerb::Down { delete } => {
            stop_all(folder)?;
            if *delete {
                let path = folder.path().to_owned();
                std::fs::remove_dir_all(&path).map_err(|source| ClusterError::Io { path, source })?;
            }
        }
    }
    Ok(Conclusion::Holds)
}

fn status(folder: &ClusterFolder, json: bool) -> Result<Conclusion, ClusterError> {
    let nodes = Control::new(folder).status()?;
    let leader = Control::leader(&nodes);
    if json {
        let object = serde_json::json!({
            "cluster": folder.plan.cluster,
            "master": leader.map(|leader| leader.node),
            "term": leader.map(|leader| leader.term),
            "nodes": nodes,
        });
        println!("{object:#}");
    } else {
        match leader {
            Some(leader) => println!("master {} of term {}\n", leader.node, leader.term),
            None => println!("no master\n"),
        }
        println!(
            "{:<5} {:>8} {:<10} {:>5} {:<10} {:<10} {:>6}",
            "node", "process", "mode", "term", "accepted", "applied", "starts"
        );
        nodes.iter().for_each(|node| println!("{}", status_line(node)));
    }
    Ok(if leader.is_some() { Conclusion::Holds } else { Conclusion::CouldNotTell })
}

fn status_line(status: &NodeStatus) -> String {
    let pid = status.pid.map_or_else(|| String::from("-"), |pid| pid.to_string());
    let Some(report) = &status.report else {
        let how = if status.pid.is_some() { "silent" } else { "down" };
        return format!("{:<5} {pid:>8} {how}", status.node.to_string());
    };
    let place =
        |id: Option<_>| id.map_or_else(|| String::from("-"), |id: quorate_model::coordination::PublicationId| id.to_string());
    let cut = if report.blocked.is_empty() { "" } else { "  cut off" };
    format!(
        "{:<5} {pid:>8} {:<10} {:>5} {:<10} {:<10} {:>6}{cut}",
        status.node.to_string(),
        report.mode,
        report.term,
        place(report.accepted),
        place(report.applied),
        report.incarnation
    )
}

fn publish(folder: &ClusterFolder, change: &str, patience: Duration) -> Result<Conclusion, ClusterError> {
    let (key, value) = change
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| ClusterError::Usage(format!("'{change}' is not KEY=VALUE")))?;
    let change = PutKey { key: key.to_owned(), value: value.to_owned() };
    match Control::new(folder).publish(&change, patience)? {
        Published::Committed { leader, id } => {
            println!("{key} is committed in {id} and applied on {leader}");
            Ok(Conclusion::Holds)
        }
        Published::NotPublished(reason) => {
            let why = reason.map_or_else(|| String::from("no leader could be reached"), |reason| format!("{reason:?}"));
            println!("{key} was not published, definitely: {why}");
            Ok(Conclusion::Violated)
        }
        Published::Unknown => {
            println!("it is not known whether {key} is published: it may surface later, or not");
            Ok(Conclusion::CouldNotTell)
        }
    }
}

fn get(folder: &ClusterFolder, key: &str, node: &str) -> Result<Conclusion, ClusterError> {
    match Control::new(folder).read(resolve(folder, node)?, key)? {
        Some(value) => {
            println!("{value}");
            Ok(Conclusion::Holds)
        }
        None => {
            println!("{key} is not set");
            Ok(Conclusion::Violated)
        }
    }
}

fn verify(folder: &ClusterFolder) -> Result<Conclusion, ClusterError> {
    if let Some(node) = folder.nodes().find(|node| cluster::is_running(folder, *node).is_some()) {
        let why = format!("{node} is running and still records: `quorate cluster down` first");
        return Err(ClusterError::Usage(why));
    }
    match validate_folder(folder.path()) {
        Ok(accepted) => {
            println!(
                "a behaviour of the model: {} recordings, {} lines, {} turns, {} messages delivered, {} restarts",
                accepted.recordings, accepted.lines, accepted.turns, accepted.deliveries, accepted.restarts
            );
            for path in &accepted.torn {
                println!("{}: the last line was cut off", path.display());
            }
            Ok(Conclusion::Holds)
        }
        Err(RecordingRejected::Line { path, line, why }) => {
            println!("not a behaviour of the model: {}:{line}: {why}", path.display());
            Ok(Conclusion::Violated)
        }
        Err(other) => Err(ClusterError::Usage(other.to_string())),
    }
}

fn stop_all(folder: &ClusterFolder) -> Result<(), ClusterError> {
    for node in folder.nodes().filter(|node| cluster::is_running(folder, *node).is_some()) {
        println!("stopped {node} (process {})", cluster::stop(folder, node)?);
    }
    Ok(())
}

fn start(folder: &ClusterFolder, node: NodeId) -> Result<u32, ClusterError> {
    let program = std::env::current_exe().map_err(|source| ClusterError::Io { path: PathBuf::from("this program"), source })?;
    cluster::start(&program, folder, node)
}

/// The node with this name, or the leader.
fn resolve(folder: &ClusterFolder, name: &str) -> Result<NodeId, ClusterError> {
    if name == "leader" {
        return Ok(Control::new(folder).wait_for_leader(Duration::from_secs(10))?.node);
    }
    Ok(folder.member(name)?.name)
}

fn parse_group(folder: &ClusterFolder, group: &str) -> Result<BTreeSet<NodeId>, ClusterError> {
    group.split(',').map(|name| resolve(folder, name)).collect()
}
