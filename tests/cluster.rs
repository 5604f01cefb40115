//! A real cluster: three processes on loopback, killed and started again, and
//! what they recorded judged by the oracle.

use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use quorate_checker::recording::{Accepted, RecordingRejected, validate_folder};
use serde_json::Value;
use tempfile::TempDir;

const QUORATE: &str = env!("CARGO_BIN_EXE_quorate");

/// A cluster in a folder that goes away with it, and its processes before.
struct Cluster {
    home: TempDir,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.run(&["cluster", "down"]);
    }
}

impl Cluster {
    fn new() -> Self {
        Cluster { home: tempfile::tempdir().unwrap() }
    }

    fn up(arguments: &[&str]) -> Self {
        let cluster = Cluster::new();
        let output = cluster.ok(&[&["cluster", "up"], arguments].concat());
        assert!(output.contains("is the master of term"), "{output}");
        cluster
    }

    fn dir(&self) -> PathBuf {
        self.home.path().join("data")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(QUORATE).args(arguments).arg("--dir").arg(self.dir()).output().unwrap()
    }

    /// Runs a verb that has to succeed; what it printed.
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let printed = String::from_utf8(output.stdout).unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {printed}{complaint}");
        printed
    }

    /// Runs a verb that has to fail with this exit code; what it printed.
    fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        text
    }

    fn status(&self) -> Value {
        let output = self.run(&["cluster", "status", "--json"]);
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn master(&self) -> Option<String> {
        self.status()["master"].as_str().map(str::to_owned)
    }

    /// Waits until the status is as wanted.
    fn wait_until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
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

    fn wait_until_all_applied(&self) {
        self.wait_until("every node has applied the same state", |status| {
            let nodes = status["nodes"].as_array().unwrap();
            nodes.iter().all(|node| node["applied"].is_object() && node["applied"] == nodes[0]["applied"])
        });
    }

    fn recordings(&self) -> Result<Accepted, RecordingRejected> {
        validate_folder(&self.dir())
    }
}

/// The line at which the recordings are rejected, and why.
fn rejection(cluster: &Cluster) -> (PathBuf, usize, String) {
    match cluster.recordings() {
        Err(RecordingRejected::Line { path, line, why }) => (path, line, why),
        other => panic!("{other:?}"),
    }
}

fn recording(cluster: &Cluster, node: &str, incarnation: u32) -> PathBuf {
    cluster.dir().join(node).join("recordings").join(format!("{node}-{incarnation:06}.jsonl"))
}

/// Applies `change` to the first line of the file that contains `text`; its number.
fn edit(path: &Path, text: &str, change: impl FnOnce(&str) -> String) -> usize {
    let mut lines: Vec<String> = fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
    let index = lines.iter().position(|line| line.contains(text)).unwrap_or_else(|| panic!("{text} in {}", path.display()));
    let changed = change(&lines[index]);
    assert_ne!(changed, lines[index], "the edit changes the line");
    lines[index] = changed;
    fs::write(path, lines.join("\n") + "\n").unwrap();
    index + 1
}

#[test]
fn failover_is_survived_and_the_recording_accepted() {
    let cluster = Cluster::up(&["--nodes", "3"]);
    let first = cluster.master().unwrap();
    assert!(cluster.ok(&["cluster", "publish", "colour=blue"]).contains("colour is committed in"));

    assert!(cluster.ok(&["cluster", "kill", "leader"]).contains(&format!("killed {first}")));
    cluster.ok(&["cluster", "publish", "colour=red"]);
    let second = cluster.master().unwrap();
    assert_ne!(first, second);

    cluster.ok(&["cluster", "restart", &first]);
    cluster.wait_until_all_applied();
    for node in ["n1", "n2", "n3"] {
        assert_eq!(cluster.ok(&["cluster", "get", "colour", "--node", node]), "red\n");
    }
    cluster.ok(&["cluster", "stop"]);

    assert!(cluster.ok(&["cluster", "verify"]).contains("a behaviour of the model: 4 recordings"));
    let accepted = cluster.recordings().unwrap();
    assert_eq!((accepted.recordings, accepted.restarts), (4, 1));
    assert!(accepted.deliveries > 20);

    a_forged_message_is_rejected(&cluster, &second);
    a_lost_write_is_rejected(&cluster, &first);
}

/// The master of the second term publishes another value than it was asked to.
fn a_forged_message_is_rejected(cluster: &Cluster, second: &str) {
    let path = recording(cluster, second, 1);
    let whole = fs::read(&path).unwrap();
    let line = edit(&path, r#""Join":{"#, |text| text.replacen(r#""message":"#, r#""message":9"#, 1));
    let (at_path, at, why) = rejection(cluster);
    assert_eq!((at_path, at), (fs::canonicalize(&path).unwrap_or(path.clone()), line), "{why}");
    fs::write(&path, whole).unwrap();
    cluster.recordings().unwrap();
}

/// The node that was killed comes back without what it had synced last.
fn a_lost_write_is_rejected(cluster: &Cluster, first: &str) {
    let path = recording(cluster, first, 2);
    let whole = fs::read(&path).unwrap();
    let line = edit(&path, r#""start""#, |text| text.replacen(r#"{"colour":"blue"}"#, "{}", 1));
    let (at_path, at, why) = rejection(cluster);
    assert_eq!((at_path, at), (path.clone(), line), "{why}");
    assert!(why.contains(&format!("{first} starts with")), "{why}");
    let printed = cluster.fails(1, &["cluster", "verify"]);
    assert!(
        printed.contains(&format!("{}:{line}: {first} starts with", path.file_name().unwrap().to_str().unwrap())),
        "{printed}"
    );
    fs::write(&path, whole).unwrap();
    cluster.recordings().unwrap();
}

#[test]
fn a_cluster_that_loses_datagrams_agrees_all_the_same() {
    let cluster = Cluster::up(&["--nodes", "3", "--loss", "0.1"]);
    for number in 0..10 {
        cluster.ok(&["cluster", "publish", &format!("key{number}=value")]);
    }
    // More than a datagram holds, and more than a recording keeps whole.
    let long = "x".repeat(20_000);
    cluster.ok(&["cluster", "publish", &format!("long={long}")]);
    assert_eq!(cluster.ok(&["cluster", "get", "long"]), format!("{long}\n"));
    cluster.ok(&["cluster", "restart", "n2"]);
    cluster.wait_until_all_applied();
    cluster.ok(&["cluster", "stop"]);
    assert_eq!(cluster.recordings().unwrap().restarts, 1);
    assert!(fs::read_to_string(recording(&cluster, "n2", 2)).unwrap().contains(r#""storage":{"digest":""#));
}

/// Nodes are killed in the middle of whatever they do, while changes are
/// published. Whatever was reported as committed is there in the end.
#[test]
fn kills_at_any_moment_lose_nothing_that_was_committed() {
    let cluster = Cluster::up(&["--nodes", "3"]);
    let done = AtomicBool::new(false);
    let committed = std::thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            let mut committed = Vec::new();
            for number in 0.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                let change = format!("key{number}=value{number}");
                if cluster.run(&["cluster", "publish", &change, "--timeout", "10"]).status.success() {
                    committed.push(number);
                }
            }
            committed
        });
        for round in 0..6 {
            std::thread::sleep(Duration::from_millis(300 + 37 * round));
            let node = ["n1", "n2", "n3"][round as usize % 3];
            cluster.ok(&["cluster", "kill", if round % 2 == 0 { "leader" } else { node }]);
            let status = cluster.status();
            for node in status["nodes"].as_array().unwrap().iter().filter(|node| node["pid"].is_null()) {
                cluster.ok(&["cluster", "restart", node["node"].as_str().unwrap()]);
            }
        }
        done.store(true, Ordering::Relaxed);
        publisher.join().unwrap()
    });
    assert!(committed.len() > 3, "{committed:?}");
    cluster.wait_until_all_applied();
    for number in &committed {
        let value = cluster.ok(&["cluster", "get", &format!("key{number}"), "--node", "n1"]);
        assert_eq!(value, format!("value{number}\n"));
    }
    cluster.ok(&["cluster", "stop"]);
    let began = Instant::now();
    let accepted = cluster.recordings().unwrap();
    println!("{} committed changes; {accepted:?} in {:?}", committed.len(), began.elapsed());
    assert_eq!(accepted.restarts, 6);
}

#[test]
fn a_master_that_is_cut_off_is_replaced_and_comes_back() {
    let cluster = Cluster::up(&["--nodes", "3"]);
    let first = cluster.master().unwrap();
    cluster.ok(&["cluster", "partition", "leader"]);
    cluster.wait_until("another node leads", |status| status["master"].as_str().is_some_and(|master| master != first));
    cluster.ok(&["cluster", "publish", "side=majority"]);
    cluster.ok(&["cluster", "heal"]);
    cluster.wait_until_all_applied();
    assert_eq!(cluster.ok(&["cluster", "get", "side", "--node", &first]), "majority\n");
    cluster.ok(&["cluster", "stop"]);
    cluster.recordings().unwrap();
}

#[test]
fn without_a_majority_nothing_is_published_and_nothing_lost() {
    let cluster = Cluster::up(&[]);
    cluster.ok(&["cluster", "publish", "colour=blue"]);
    cluster.ok(&["cluster", "kill", "n1"]);
    cluster.ok(&["cluster", "kill", "n2"]);
    let text = cluster.run(&["cluster", "publish", "colour=red", "--timeout", "4"]);
    let printed = String::from_utf8(text.stdout).unwrap();
    match text.status.code() {
        Some(1) => assert!(printed.contains("was not published, definitely"), "{printed}"),
        Some(2) => assert!(printed.contains("it is not known whether"), "{printed}"),
        other => panic!("{other:?}: {printed}"),
    }
    cluster.ok(&["cluster", "kill", "n3"]);
    let printed = cluster.fails(1, &["cluster", "publish", "colour=green"]);
    assert!(printed.contains("definitely"), "{printed}");
    // All processes were killed; the cluster goes on from its disks.
    assert!(cluster.ok(&["cluster", "up"]).contains("is the master"));
    let colour = cluster.ok(&["cluster", "get", "colour"]);
    assert!(["blue\n", "red\n"].contains(&colour.as_str()), "{colour}");
    cluster.ok(&["cluster", "down"]);
    assert_eq!(cluster.recordings().unwrap().restarts, 3);
}

#[test]
fn bad_requests_are_refused_in_words() {
    let cluster = Cluster::new();
    let refused = |arguments: &[&str], words: &str| {
        let text = cluster.fails(2, arguments);
        assert!(text.contains(words), "{arguments:?}: {text}");
    };
    refused(&["cluster", "status"], "there is no cluster in");
    refused(&["node", "--node", "n1"], "there is no cluster in");
    refused(&["cluster", "up", "--nodes", "0"], "a cluster has 1 to 32 nodes, not 0");
    refused(&["cluster", "up", "--nodes", "33"], "a cluster has 1 to 32 nodes, not 33");

    fs::create_dir(cluster.dir()).unwrap();
    fs::write(cluster.dir().join("precious"), "data").unwrap();
    refused(&["cluster", "up"], "is not empty and holds no cluster");
    assert!(cluster.dir().join("precious").exists());
    fs::remove_file(cluster.dir().join("precious")).unwrap();

    cluster.ok(&["cluster", "up", "--nodes", "1"]);
    refused(&["cluster", "up"], "is up already: n1 running");
    refused(&["cluster", "up", "--nodes", "3"], "has 1 nodes, not 3");
    refused(&["cluster", "kill", "n2"], "there is no node n2 in the cluster");
    refused(&["cluster", "publish", "novalue"], "'novalue' is not KEY=VALUE");
    refused(&["node", "--node", "n1"], "is in use by another process");
    refused(&["cluster", "verify"], "n1 is running and still records");
    cluster.ok(&["cluster", "kill", "n1"]);
    refused(&["cluster", "kill", "n1"], "n1 is not running");
    refused(&["cluster", "stop", "n1"], "n1 is not running");

    // Somebody else has the port.
    let status = cluster.status();
    let address = status["nodes"][0]["address"].as_str().unwrap();
    let squatter = UdpSocket::bind(address).unwrap();
    refused(&["cluster", "up"], "cannot listen on");
    refused(&["node", "--node", "n1"], "is another process using the port?");
    drop(squatter);

    // A damaged plan.
    let plan = cluster.dir().join("cluster.json");
    let text = fs::read_to_string(&plan).unwrap();
    fs::write(&plan, &text[..text.len() / 2]).unwrap();
    refused(&["cluster", "up"], "cluster.json: ");
    fs::write(&plan, text).unwrap();
    cluster.ok(&["cluster", "up"]);
}

#[test]
fn nodes_do_not_start_on_other_nodes_disks() {
    let cluster = Cluster::up(&["--nodes", "2"]);
    cluster.ok(&["cluster", "publish", "colour=blue"]);
    cluster.ok(&["cluster", "stop"]);
    let (one, two) = (cluster.dir().join("n1"), cluster.dir().join("n2"));
    let aside = cluster.dir().join("aside");
    fs::rename(&one, &aside).unwrap();
    fs::rename(&two, &one).unwrap();
    fs::rename(&aside, &two).unwrap();
    assert!(cluster.fails(2, &["cluster", "up"]).contains("belongs to node n2"));
    let running = |cluster: &Cluster| cluster.status()["nodes"].as_array().unwrap().iter().any(|node| node["pid"].is_number());
    assert!(!running(&cluster));

    fs::rename(&one, &aside).unwrap();
    fs::rename(&two, &one).unwrap();
    fs::rename(&aside, &two).unwrap();
    // The second of two does not start: the first is stopped again.
    fs::rename(two.join("store.redb"), two.join("elsewhere")).unwrap();
    let text = cluster.fails(2, &["cluster", "up"]);
    assert!(text.contains("n2 did not start") && text.contains("must not start as an empty node"), "{text}");
    assert!(!running(&cluster));
    fs::rename(two.join("elsewhere"), two.join("store.redb")).unwrap();
    cluster.ok(&["cluster", "up"]);
    assert_eq!(cluster.ok(&["cluster", "get", "colour"]), "blue\n");
}
