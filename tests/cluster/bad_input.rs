//! What is refused: in words, with exit code 2, and nothing is lost by it.

use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::Command;

use quorate_model::coordination::{ClusterState, Durable};
use quorate_model::coordinator::{ClusterMetadata, KeyValues};
use quorate_model::{NodeId, NodeSet};
use quorate_reference::cluster::{ClusterFolder, Timing};
use quorate_reference::store::{Identity, Store};

use crate::support::Cluster;

type Disk = Durable<ClusterMetadata<KeyValues>>;

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
    refused(&["node", "--node", "n1"], "n1 runs already, as process");
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
    assert!(cluster.fails(2, &["node", "--node", "n1"]).contains("belongs to node n2"));
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

/// Two clusters, and the folder of a node of one in the other.
#[test]
fn nodes_do_not_start_in_another_cluster() {
    let (mine, other) = (Cluster::up(&["--nodes", "1"]), Cluster::up(&["--nodes", "1"]));
    mine.ok(&["cluster", "publish", "colour=blue"]);
    for cluster in [&mine, &other] {
        cluster.ok(&["cluster", "down"]);
    }
    let aside = mine.dir().join("aside");
    fs::rename(mine.dir().join("n1"), &aside).unwrap();
    fs::rename(other.dir().join("n1"), mine.dir().join("n1")).unwrap();
    let text = mine.fails(2, &["cluster", "up"]);
    assert!(text.contains("belongs to node n1 of cluster") && text.contains("not to n1 of"), "{text}");
    fs::rename(mine.dir().join("n1"), other.dir().join("n1")).unwrap();
    fs::rename(&aside, mine.dir().join("n1")).unwrap();
    mine.ok(&["cluster", "up"]);
    assert_eq!(mine.ok(&["cluster", "get", "colour"]), "blue\n");
    other.ok(&["cluster", "up"]);
}

/// A node that was part of another cluster, with the same secret and address as
/// one of this: it is not let in, says why, and keeps what it has.
#[test]
fn a_node_whose_cluster_has_another_uuid_is_not_let_in() {
    let cluster = Cluster::new();
    let founders = [String::from("cluster.initial_master_nodes=n1")];
    let folder = ClusterFolder::create::<Disk>(&cluster.dir(), 2, Timing::Quick, &founders, 0.0).unwrap();
    let identity = Identity { cluster: folder.plan.cluster, node: NodeId(1) };
    let elsewhere = ClusterMetadata { cluster_uuid: 0xabcd, uuid_committed: true, ..ClusterMetadata::blank() };
    // Its cluster needs n3 as well, which is not here: it cannot be elected.
    let config = NodeSet::single(NodeId(1)).with(NodeId(2));
    let accepted = ClusterState { term: 1, version: 1, value: elsewhere, config, committed_config: config };
    let before = Durable { current_term: 1, accepted };
    Store::<Disk>::open(&folder.store(NodeId(1)), identity).unwrap().save(before.clone()).unwrap();

    let text = cluster.fails(2, &["cluster", "up", "--timeout", "3"]);
    assert!(text.contains("n1 is the master") && text.contains("not within 3 s: n1, n2 are in the cluster"), "{text}");
    let log = cluster.wait_until_logged("n2", "does not join n1: its cluster has the UUID");
    assert!(log.contains("that of this node is abcd"), "{log}");
    cluster.wait_until_logged("n1", "refuses the join of n2: it belongs to another cluster");
    cluster.ok(&["cluster", "publish", "colour=blue"]);
    let status = cluster.status();
    assert_eq!(status["master"], "n1");
    assert_eq!(status["nodes"][0]["members"], serde_json::json!(["n1"]));
    assert_eq!(status["nodes"][1]["state"], "candidate");
    cluster.ok(&["cluster", "down"]);
    let after = Store::<Disk>::open(&folder.store(NodeId(1)), identity).unwrap();
    assert_eq!(after.storage().unwrap().accepted, before.accepted);
}

/// A copy of a node's folder runs on another port while the node runs: the
/// others listen to one of the two only, and say so.
#[test]
fn a_second_node_with_one_id_is_not_listened_to() {
    let cluster = Cluster::up(&["--nodes", "3"]);
    cluster.ok(&["cluster", "publish", "colour=blue"]);
    cluster.ok(&["cluster", "down"]);
    let copy = Cluster::new();
    copy_folder(&cluster.dir(), &copy.dir());
    let address = cluster.status()["nodes"][1]["address"].as_str().unwrap().to_owned();
    let free = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().to_string();
    let plan = copy.dir().join("cluster.json");
    fs::write(&plan, fs::read_to_string(&plan).unwrap().replace(&address, &free)).unwrap();

    cluster.ok(&["cluster", "up"]);
    copy.ok(&["cluster", "restart", "n2"]);
    let said = format!("{free} speaks as n2, which is at {address}: are there two nodes with one id?");
    cluster.wait_until_logged("n1", &said);
    cluster.wait_until_logged("n3", &said);
    assert_eq!(copy.status()["nodes"][1]["state"], "candidate", "it finds nobody");
    cluster.ok(&["cluster", "publish", "colour=red"]);
    cluster.wait_until_all_applied();
    copy.ok(&["cluster", "down"]);
    cluster.ok(&["cluster", "down"]);
    cluster.recordings().unwrap();
}

fn copy_folder(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-r").args([from, to]).status().unwrap().success());
}

/// Nodes with different lists of founders could found two clusters.
#[test]
fn founders_are_the_same_everywhere_or_nobody_starts() {
    let cluster = Cluster::new();
    let refused = |list: &str, words: &str| {
        let setting = format!("cluster.initial_master_nodes={list}");
        let text = cluster.fails(2, &["cluster", "up", "--setting", &setting]);
        assert!(text.contains(words), "{list}: {text}");
        assert!(!cluster.dir().exists(), "nothing is made");
    };
    refused("127.0.0.1", "cluster.initial_master_nodes: 127.0.0.1 fits several nodes, n1, n2, n3");
    refused("n1,n1", "'n1' is there twice");
    refused("n1,n7", "n7 fits no node of the cluster");
    refused("", "cluster.initial_master_nodes is empty");

    let text = cluster.ok(&["cluster", "up", "--timing", "quick", "--setting", "cluster.initial_master_nodes=n3,n2"]);
    assert!(text.contains("is the master of term"), "{text}");
    cluster.ok(&["cluster", "down"]);
    let differ = ["--setting", "cluster.initial_master_nodes=n1"];
    for verb in [&["cluster", "up"][..], &["node", "--node", "n1"]] {
        let text = cluster.fails(2, &[verb, &differ[..]].concat());
        assert!(text.contains("n1 is not the list of the cluster, n2, n3: nodes with different lists could"), "{text}");
    }
    // Somebody edits the file behind the nodes' backs.
    let plan = cluster.dir().join("cluster.json");
    let text = fs::read_to_string(&plan).unwrap();
    let mut edited: serde_json::Value = serde_json::from_str(&text).unwrap();
    edited["initial_master_nodes"] = serde_json::json!(["n1"]);
    fs::write(&plan, edited.to_string()).unwrap();
    for verb in [&["cluster", "up"][..], &["node", "--node", "n1"]] {
        let text = cluster.fails(2, verb);
        assert!(text.contains("initial_master_nodes was changed after the cluster was made"), "{text}");
    }
    fs::write(&plan, text).unwrap();
    cluster.ok(&["cluster", "up"]);
}

#[test]
fn settings_that_make_no_sense_are_refused_in_words() {
    let cluster = Cluster::new();
    let cases: [(&[&str], &str); 11] = [
        (&["cluster.election.intial_timeout=1s"], "unknown setting 'cluster.election.intial_timeout', did you mean"),
        (&["shard.count=3"], "unknown setting 'shard.count'"),
        (&["cluster.election.initial_timeout=11s"], "must be 1ms to 10s"),
        (&["cluster.fault_detection.leader_check.interval=99ms"], "must be at least 100ms"),
        (&["cluster.fault_detection.leader_check.retry_count=0"], "must be at least 1"),
        (&["cluster.publish.timeout=soon"], "cluster.publish.timeout=soon: "),
        (&["cluster.publish.timeout"], "'cluster.publish.timeout' is not of the form name=value"),
        (&["cluster.publish.timeout=1s", "cluster.publish.timeout=2s"], "'cluster.publish.timeout' is given twice"),
        (
            &["cluster.election.initial_timeout=1s", "cluster.election.max_timeout=500ms"],
            "cluster.election.max_timeout=500ms contradicts cluster.election.initial_timeout=1s",
        ),
        (&["discovery.type=single-node"], "discovery.type=single-node contradicts the number of nodes=3"),
        (&["node.roles=data"], "every node of this cluster is master-eligible"),
    ];
    let arguments = |verb: &[&'static str], settings: &[&'static str]| {
        let given = settings.iter().flat_map(|setting| ["--setting", *setting]);
        verb.iter().copied().chain(given).collect::<Vec<_>>()
    };
    for (settings, words) in cases {
        let text = cluster.fails(2, &arguments(&["cluster", "up"], settings));
        assert!(text.contains(words), "{settings:?}: {text}");
        assert!(!cluster.dir().exists(), "nothing is made");
    }
    cluster.ok(&["cluster", "up", "--timing", "quick", "--setting", "cluster.publish.timeout=3s"]);
    cluster.ok(&["cluster", "down"]);
    let plan = cluster.dir().join("cluster.json");
    let before = fs::read_to_string(&plan).unwrap();
    for (settings, words) in cases {
        for verb in [&["cluster", "up"][..], &["node", "--node", "n1"]] {
            let text = cluster.fails(2, &arguments(verb, settings));
            assert!(text.contains(words), "{verb:?} {settings:?}: {text}");
        }
    }
    assert_eq!(fs::read_to_string(&plan).unwrap(), before);
    let listed = cluster.ok(&["cluster", "settings"]);
    assert!(listed.contains("cluster.publish.timeout=3s\n"), "{listed}");
    assert!(listed.contains("cluster.fault_detection.leader_check.interval=200ms\n"), "{listed}");

    // By hand in the file.
    fs::write(&plan, before.replace("\"3s\"", "\"0ms\"")).unwrap();
    let text = cluster.fails(2, &["cluster", "up"]);
    assert!(text.contains("cluster.json: cluster.publish.timeout=0ms: must be at least 1ms"), "{text}");
    fs::write(&plan, before).unwrap();
    // Settings may change from start to start, and the recordings are judged by what was in force.
    cluster.ok(&["cluster", "up", "--setting", "cluster.publish.timeout=4s"]);
    assert!(cluster.ok(&["cluster", "settings"]).contains("cluster.publish.timeout=4s\n"));
    cluster.ok(&["cluster", "down"]);
    assert_eq!(cluster.recordings().unwrap().restarts, 3);
}
