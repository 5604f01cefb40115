//! Masters that die, are cut off, or stop; and the timings of Elasticsearch.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::recorded::recording;
use crate::support::Cluster;

/// Kills the master, has a change committed without it, starts it again.
fn survives_its_master(nodes: usize, timing: &str) {
    let count = nodes.to_string();
    let cluster = Cluster::up(&["--nodes", &count, "--timing", timing]);
    cluster.ok(&["cluster", "publish", "colour=blue"]);
    let first = cluster.master().unwrap();
    cluster.ok(&["cluster", "kill", "leader"]);
    let status =
        cluster.wait_until("another node leads", |status| status["master"].as_str().is_some_and(|master| master != first));
    let down = status["nodes"].as_array().unwrap().iter().find(|node| node["node"] == *first).unwrap();
    assert_eq!((&down["state"], down["pid"].is_null()), (&"down".into(), true));
    cluster.ok(&["cluster", "publish", "colour=red"]);
    cluster.ok(&["cluster", "restart", &first]);
    cluster.wait_until_in_cluster(&first);
    cluster.wait_until_all_applied();
    for node in 1..=nodes {
        assert_eq!(cluster.ok(&["cluster", "get", "colour", "--node", &format!("n{node}")]), "red\n");
    }
    let voters: Vec<String> = (1..=nodes).map(|node| format!("n{node}")).collect();
    cluster.wait_until_voters_are(&voters.iter().map(String::as_str).collect::<Vec<_>>());
    cluster.ok(&["cluster", "down"]);
    assert_eq!(cluster.recordings().unwrap().restarts, 1);
}

#[test]
fn five_nodes_survive_their_master() {
    survives_its_master(5, "quick");
}

#[test]
fn three_nodes_with_the_timings_of_elasticsearch_survive_their_master() {
    survives_its_master(3, "elasticsearch");
}

#[test]
fn five_nodes_with_the_timings_of_elasticsearch_survive_their_master() {
    survives_its_master(5, "elasticsearch");
}

/// A master that is asked to stop says so, and nobody waits for its silence.
#[test]
fn a_master_that_stops_says_goodbye() {
    let cluster = Cluster::up(&["--nodes", "3", "--timing", "elasticsearch"]);
    let first = cluster.master().unwrap();
    cluster.wait_until_all_applied();
    cluster.ok(&["cluster", "stop", &first]);
    cluster.wait_until("another node leads", |status| status["master"].as_str().is_some_and(|master| master != first));
    for node in ["n1", "n2", "n3"].into_iter().filter(|node| *node != first) {
        cluster.wait_until_logged(node, &format!("the session with {first} has ended: Left"));
    }
    cluster.ok(&["cluster", "down"]);
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
