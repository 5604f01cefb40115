//! What a forged or lost line does to a recording.

use std::fs;
use std::path::{Path, PathBuf};

use quorate_checker::recording::RecordingRejected;

use crate::support::Cluster;

/// The line at which the recordings are rejected, and why.
fn rejection(cluster: &Cluster) -> (PathBuf, usize, String) {
    match cluster.recordings() {
        Err(RecordingRejected::Line { path, line, why }) => (path, line, why),
        other => panic!("{other:?}"),
    }
}

pub fn recording(cluster: &Cluster, node: &str, incarnation: u32) -> PathBuf {
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
    another_list_of_founders_is_rejected(&cluster, &second);
}

/// Times may differ between nodes; who founds the cluster may not.
fn another_list_of_founders_is_rejected(cluster: &Cluster, second: &str) {
    let path = recording(cluster, second, 1);
    let whole = fs::read(&path).unwrap();
    edit(&path, r#""recording":1"#, |text| {
        text.replacen(r#""leader_check_timeout_ms":1000"#, r#""leader_check_timeout_ms":1001"#, 1)
    });
    cluster.recordings().unwrap();
    edit(&path, r#""recording":1"#, |text| {
        text.replacen(r#""initial_master_nodes":["n1","n2","n3"]"#, r#""initial_master_nodes":["n1"]"#, 1)
    });
    let (_, line, why) = rejection(cluster);
    assert_eq!(line, 1);
    assert!(why.contains("its settings are of another cluster"), "{why}");
    fs::write(&path, whole).unwrap();
    cluster.recordings().unwrap();
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
