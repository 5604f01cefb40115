//! `quorate node` and `quorate cluster`: a cluster of processes on this machine.

mod members;
mod settings;
mod status;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use quorate_checker::recording::{RecordingRejected, validate_folder};
use quorate_model::NodeId;
use quorate_model::coordination::Durable;
use quorate_model::coordinator::{ClusterMetadata, KeyValues, PutKey};
use quorate_reference::cluster::{self, ClusterError, ClusterFolder, Control, Published};

use self::settings::SettingArgs;
use crate::Conclusion;

/// What a node of this program keeps on its disk.
type Disk = Durable<ClusterMetadata<KeyValues>>;

/// Runs one node of a cluster that `cluster up` made.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// The folder of the cluster.
    #[arg(long, value_name = "DIR", default_value = ".quorate")]
    dir: PathBuf,
    /// Which node to be.
    #[arg(long, value_name = "NODE")]
    node: String,
    /// One of Elasticsearch's settings, for this start of this node only; may be repeated.
    #[arg(long = "setting", value_name = "NAME=VALUE")]
    settings: Vec<String>,
}

/// A local cluster: one process for each node, talking over UDP.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quorate cluster up --nodes 3        start three nodes and wait for a master
  quorate cluster publish colour=blue
  quorate cluster kill leader         SIGKILL, then watch:
  quorate cluster status
  quorate cluster restart n1
  quorate cluster add --nodes 2       two more nodes: five voters
  quorate cluster exclude leader      it gives up its vote and hands over
  quorate cluster exclude --clear
  quorate cluster remove n5
  quorate cluster down
  quorate cluster verify              was all that a behaviour of the model?

  quorate cluster up --dir fast --timing quick --setting cluster.publish.timeout=2s
  quorate cluster settings            the settings, their limits and what they are for")]
pub struct ClusterArgs {
    /// The folder of the cluster.
    #[arg(long, value_name = "DIR", default_value = ".quorate", global = true)]
    dir: PathBuf,
    #[command(subcommand)]
    verb: ClusterVerb,
}

#[derive(Debug, Subcommand)]
enum ClusterVerb {
    /// Make a cluster, or start the processes of one that exists, and wait until a master leads and all
    /// nodes are in the cluster.
    Up {
        /// How many nodes [default: 3, or as many as the cluster has].
        #[arg(long, value_name = "N")]
        nodes: Option<usize>,
        #[command(flatten)]
        settings: SettingArgs,
        /// Lose this part of all datagrams on purpose, 0 to 1, to see retransmission at work.
        #[arg(long, value_name = "PART", default_value_t = 0.0)]
        loss: f64,
        /// How long to wait for a master, and then for the others, seconds.
        #[arg(long, value_name = "SECONDS", default_value_t = 30)]
        timeout: u64,
    },
    /// Show how each node is: its process, mode, term and master, the newest state that it has accepted
    /// and the newest that it knows to be committed, and the voting configuration. Exit code 2 if no
    /// node leads.
    Status {
        /// Write it as JSON to this file; - is standard output.
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
    },
    /// Add nodes to the cluster that is up; the voting configuration grows with them.
    Add {
        /// How many.
        #[arg(long, value_name = "N", default_value_t = 1)]
        nodes: usize,
        /// How long to wait until they are in the cluster, seconds.
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        timeout: u64,
    },
    /// Remove a node for good: its vote, its process, its membership. Its data folder stays, its name
    /// is not given again.
    Remove {
        /// Which node, or `leader`.
        #[arg(value_name = "NODE|leader")]
        node: String,
        /// How long to wait for each step, seconds.
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        timeout: u64,
    },
    /// Take nodes out of the voting configuration (voting configuration exclusions); a leader hands over.
    /// Returns when no configuration has them.
    Exclude {
        /// Which nodes, or `leader`.
        #[arg(value_name = "NODE|leader", required_unless_present = "clear", conflicts_with = "clear")]
        nodes: Vec<String>,
        /// End all exclusions.
        #[arg(long)]
        clear: bool,
        /// How long to wait, seconds.
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        timeout: u64,
    },
    /// Show every setting: its value, what is allowed, what it is for.
    Settings,
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
    cluster::run_node(&folder, &args.node, &args.settings)?;
    Ok(Conclusion::Holds)
}

/// Does what was asked for with a cluster.
pub fn run(args: &ClusterArgs) -> Result<Conclusion, ClusterError> {
    match &args.verb {
        ClusterVerb::Up { nodes, settings, loss, timeout } => up(args, *nodes, settings, *loss, Duration::from_secs(*timeout)),
        verb => run_on(&ClusterFolder::open(&args.dir)?, verb),
    }
}

fn up(
    args: &ClusterArgs,
    nodes: Option<usize>,
    settings: &SettingArgs,
    loss: f64,
    patience: Duration,
) -> Result<Conclusion, ClusterError> {
    let folder = if ClusterFolder::exists(&args.dir) {
        let mut folder = ClusterFolder::open(&args.dir)?;
        let found = folder.plan.nodes.len();
        if let Some(asked) = nodes.filter(|asked| *asked != found) {
            return Err(ClusterError::OtherSize { folder: args.dir.clone(), found, asked });
        }
        let running: Vec<String> =
            folder.nodes().filter(|node| cluster::is_running(&folder, *node).is_some()).map(|node| node.to_string()).collect();
        if !running.is_empty() {
            return Err(ClusterError::AlreadyUp { folder: args.dir.clone(), nodes: running.join(", ") });
        }
        if !settings.are_default() {
            folder.change_settings(settings.timing(), &settings.settings)?;
        }
        folder
    } else {
        let timing = settings.timing().unwrap_or_default();
        ClusterFolder::create::<Disk>(&args.dir, nodes.unwrap_or(3), timing, &settings.settings, loss)?
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
    // Until all are in, the votes of those that are not are placeholders', which nobody can give.
    match Control::new(&folder).wait_for_all_members(patience) {
        Err(ClusterError::NotYet { what, seconds }) => {
            println!("not within {seconds} s: {what}; `quorate cluster logs NODE` may say why");
            Ok(Conclusion::CouldNotTell)
        }
        waited => waited.map(|()| Conclusion::Holds),
    }
}

fn run_on(folder: &ClusterFolder, verb: &ClusterVerb) -> Result<Conclusion, ClusterError> {
    let control = Control::new(folder);
    match verb {
        ClusterVerb::Up { .. } => {}
        ClusterVerb::Status { report } => return status::run(folder, report.as_deref()),
        ClusterVerb::Add { nodes, timeout } => members::add(folder, *nodes, Duration::from_secs(*timeout))?,
        ClusterVerb::Remove { node, timeout } => {
            members::remove(folder, resolve(folder, node)?, Duration::from_secs(*timeout))?;
        }
        ClusterVerb::Exclude { nodes, timeout, .. } => {
            let nodes = nodes.iter().map(|node| resolve(folder, node)).collect::<Result<_, _>>()?;
            members::exclude(folder, nodes, Duration::from_secs(*timeout))?;
        }
        ClusterVerb::Settings => settings::list(folder)?,
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
