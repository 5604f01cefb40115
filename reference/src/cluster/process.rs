//! Starting and ending the processes of nodes.
//!
//! A process holds a lock on a file in its node's folder for as long as it
//! runs, however it was started and however it ends. So two processes never are
//! one node of a folder, and a process id that was given to another process
//! since is not taken for the node's.

use std::fs::{self, File, TryLockError};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use quorate_model::NodeId;
use quorate_model::session::Incarnation;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use super::error::ClusterError;
use super::folder::{ClusterFolder, at};

const PATIENCE: Duration = Duration::from_secs(10);
/// Whoever looks whether a node runs holds its lock for a moment.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(10);

/// `process.json`: the process of a node, while it runs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct ProcessFile {
    pub pid: u32,
    pub incarnation: Incarnation,
}

/// Held by the process that is a node.
pub(super) struct NodeLock(#[expect(dead_code, reason = "it is locked as long as it is open")] File);

impl NodeLock {
    /// Becomes the process that is `node`.
    pub fn take(folder: &ClusterFolder, node: NodeId) -> Result<Self, ClusterError> {
        let path = folder.lock_file(node);
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(at(&path))?;
        let deadline = Instant::now() + LOCK_PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(NodeLock(file)),
                Err(TryLockError::Error(source)) => return Err(at(&path)(source)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(ClusterError::SecondProcess { node, pid: pid_in(folder, node) });
                }
                Err(TryLockError::WouldBlock) => sleep(POLL),
            }
        }
    }
}

/// The process of `node`, if it runs.
pub fn is_running(folder: &ClusterFolder, node: NodeId) -> Option<u32> {
    pid_in(folder, node).filter(|_| is_locked(folder, node))
}

fn pid_in(folder: &ClusterFolder, node: NodeId) -> Option<u32> {
    let text = fs::read_to_string(folder.process_file(node)).ok()?;
    Some(serde_json::from_str::<ProcessFile>(&text).ok()?.pid)
}

fn is_locked(folder: &ClusterFolder, node: NodeId) -> bool {
    let file = File::open(folder.lock_file(node));
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Starts the process of `node` with the program `program`, and waits until it
/// runs. It lives on when the caller ends.
pub fn start(program: &Path, folder: &ClusterFolder, node: NodeId) -> Result<u32, ClusterError> {
    if is_running(folder, node).is_some() {
        return Err(ClusterError::WrongState { node, state: "running already" });
    }
    let log_path = folder.log(node);
    let log = File::options().create(true).append(true).open(&log_path).map_err(at(&log_path))?;
    let log_start = log.metadata().map_err(at(&log_path))?.len();
    let mut child = Command::new(program)
        .args(arguments(folder, node))
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(at(&log_path))?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .map_err(at(program))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(pid) = is_running(folder, node).filter(|pid| *pid == child.id()) {
            return Ok(pid);
        }
        if let Some(status) = child.try_wait().map_err(at(program))? {
            let why = match log_since(&log_path, log_start) {
                text if text.is_empty() => status.to_string(),
                text => text,
            };
            return Err(ClusterError::NotStarted { node, why });
        }
        if Instant::now() >= deadline {
            return Err(ClusterError::NotStarted { node, why: format!("nothing within {} s", PATIENCE.as_secs()) });
        }
        sleep(POLL);
    }
}

/// Ends the process of `node` at once (SIGKILL).
pub fn kill(folder: &ClusterFolder, node: NodeId) -> Result<u32, ClusterError> {
    end(folder, node, Signal::KILL)
}

/// Asks the process of `node` to stop (SIGTERM), and waits until it has.
pub fn stop(folder: &ClusterFolder, node: NodeId) -> Result<u32, ClusterError> {
    end(folder, node, Signal::TERM)
}

fn end(folder: &ClusterFolder, node: NodeId, signal: Signal) -> Result<u32, ClusterError> {
    let not_running = ClusterError::WrongState { node, state: "not running" };
    let Some(pid) = is_running(folder, node) else { return Err(not_running) };
    let Some(target) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Err(not_running) };
    kill_process(target, signal).map_err(|error| at(&folder.process_file(node))(error.into()))?;
    let deadline = Instant::now() + PATIENCE;
    while is_locked(folder, node) {
        if Instant::now() >= deadline {
            return Err(ClusterError::NotEnded { node, pid, seconds: PATIENCE.as_secs() });
        }
        sleep(POLL);
    }
    Ok(pid)
}

fn arguments(folder: &ClusterFolder, node: NodeId) -> [String; 5] {
    let folder = folder.path().to_string_lossy().into_owned();
    ["node".into(), "--dir".into(), folder, "--node".into(), node.to_string()]
}

fn log_since(path: &Path, start: u64) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let new = bytes.get(start as usize..).unwrap_or_default();
    String::from_utf8_lossy(new).trim().to_owned()
}
