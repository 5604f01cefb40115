//! Starting and ending the processes of nodes.

use std::fs::{self, File};
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
const POLL: Duration = Duration::from_millis(10);

/// `process.json`: the process of a node, while it runs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct ProcessFile {
    pub pid: u32,
    pub incarnation: Incarnation,
}

/// The process of `node`, if it runs. A process id that was given to another
/// process since does not count: what runs must be this node of this folder.
pub fn is_running(folder: &ClusterFolder, node: NodeId) -> Option<u32> {
    let text = fs::read_to_string(folder.process_file(node)).ok()?;
    let pid = serde_json::from_str::<ProcessFile>(&text).ok()?.pid;
    is_node(pid, folder, node).then_some(pid)
}

/// Starts the process of `node` with the program `program`, and waits until it
/// runs. It lives on when the caller ends.
pub fn start(program: &Path, folder: &ClusterFolder, node: NodeId) -> Result<u32, ClusterError> {
    if is_running(folder, node).is_some() {
        return Err(ClusterError::WrongState { node, state: "running already" });
    }
    let _ = fs::remove_file(folder.process_file(node));
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
        if let Some(pid) = is_running(folder, node) {
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
    while is_node(pid, folder, node) {
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

/// Whether the process `pid` was started as this node of this folder.
fn is_node(pid: u32, folder: &ClusterFolder, node: NodeId) -> bool {
    command_line(pid).is_some_and(|line| line.ends_with(&arguments(folder, node)))
}

/// The words with which a process was started; `None` if there is none, or it
/// has ended and its parent has not noticed.
#[cfg(target_os = "linux")]
fn command_line(pid: u32) -> Option<Vec<String>> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words = bytes.strip_suffix(b"\0")?.split(|byte| *byte == 0);
    Some(words.map(|word| String::from_utf8_lossy(word).into_owned()).collect())
}

/// The words with which a process was started, as `ps` tells them.
#[cfg(not(target_os = "linux"))]
fn command_line(pid: u32) -> Option<Vec<String>> {
    let output = Command::new("ps").args(["-p", &pid.to_string(), "-ww", "-o", "command="]).output().ok()?;
    let words: Vec<String> = String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

fn log_since(path: &Path, start: u64) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let new = bytes.get(start as usize..).unwrap_or_default();
    String::from_utf8_lossy(new).trim().to_owned()
}
