//! A cluster of processes for a test.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use quorate_checker::recording::{Accepted, RecordingRejected, validate_folder};
use serde_json::{Value, json};
use tempfile::TempDir;

const QUORATE: &str = env!("CARGO_BIN_EXE_quorate");

/// A cluster in a folder that goes away with it, and its processes before.
pub struct Cluster {
    home: TempDir,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.run(&["cluster", "down"]);
    }
}

impl Cluster {
    pub fn new() -> Self {
        Cluster { home: tempfile::tempdir().unwrap() }
    }

    /// A cluster with quick timings, unless `arguments` say otherwise, that has a master.
    pub fn up(arguments: &[&str]) -> Self {
        let cluster = Cluster::new();
        let timing: &[&str] = if arguments.contains(&"--timing") { &[] } else { &["--timing", "quick"] };
        let output = cluster.ok(&[&["cluster", "up"], arguments, timing].concat());
        assert!(output.contains("is the master of term"), "{output}");
        cluster
    }

    pub fn dir(&self) -> PathBuf {
        self.home.path().join("data")
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        Command::new(QUORATE).args(arguments).arg("--dir").arg(self.dir()).output().unwrap()
    }

    /// Runs a verb that has to succeed; what it printed.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let printed = String::from_utf8(output.stdout).unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {printed}{complaint}");
        printed
    }

    /// Runs a verb that has to fail with this exit code; what it printed.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        text
    }

    pub fn status(&self) -> Value {
        let output = self.run(&["cluster", "status", "--report", "-"]);
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub fn master(&self) -> Option<String> {
        self.status()["master"].as_str().map(str::to_owned)
    }

    /// Waits until the status is as wanted.
    pub fn wait_until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let status = self.status();
            if wanted(&status) {
                return status;
            }
            assert!(Instant::now() < deadline, "not within 30 s: {what}: {status:#}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn wait_until_all_applied(&self) {
        self.wait_until("every node has applied the same state", |status| {
            let nodes = status["nodes"].as_array().unwrap();
            nodes.iter().all(|node| node["committed"].is_object() && node["committed"] == nodes[0]["committed"])
        });
    }

    /// Waits until `node` is a follower or the master.
    pub fn wait_until_in_cluster(&self, node: &str) {
        self.wait_until(&format!("{node} is in the cluster"), |status| {
            let found = status["nodes"].as_array().unwrap().iter().find(|one| one["node"] == *node);
            found.is_some_and(|found| found["master"].is_string() && found["committed"].is_object())
        });
    }

    /// Waits until the voting configuration of the master is committed and has these nodes.
    pub fn wait_until_voters_are(&self, voters: &[&str]) {
        self.wait_until(&format!("the voters are {voters:?}"), |status| {
            let nodes = status["nodes"].as_array().unwrap();
            let master = nodes.iter().find(|node| node["node"] == status["master"]);
            master.is_some_and(|master| {
                let configuration = &master["voting_configuration"];
                configuration["accepted"] == json!(voters) && configuration["committed"] == json!(voters)
            })
        });
    }

    /// Waits until the log of a node says this; the whole log.
    pub fn wait_until_logged(&self, node: &str, words: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let log = std::fs::read_to_string(self.dir().join(node).join("log")).unwrap_or_default();
            if log.contains(words) {
                return log;
            }
            assert!(Instant::now() < deadline, "{node} does not say '{words}': {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn recordings(&self) -> Result<Accepted, RecordingRejected> {
        validate_folder(&self.dir())
    }
}
