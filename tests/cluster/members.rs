//! Nodes that come, go, and give up their votes.

use crate::support::Cluster;

/// From three voters to five and back, with a master killed among the five.
#[test]
fn nodes_come_and_go_and_the_voters_follow() {
    let cluster = Cluster::up(&["--nodes", "3"]);
    cluster.ok(&["cluster", "publish", "colour=blue"]);
    let text = cluster.ok(&["cluster", "add", "--nodes", "2"]);
    assert!(text.contains("n4 is in the cluster") && text.contains("n5 is in the cluster"), "{text}");
    cluster.wait_until_voters_are(&["n1", "n2", "n3", "n4", "n5"]);
    assert_eq!(cluster.ok(&["cluster", "get", "colour", "--node", "n5"]), "blue\n");

    let first = cluster.master().unwrap();
    cluster.ok(&["cluster", "kill", "leader"]);
    cluster.ok(&["cluster", "publish", "colour=red"]);
    cluster.ok(&["cluster", "restart", &first]);
    cluster.wait_until_in_cluster(&first);
    cluster.wait_until_voters_are(&["n1", "n2", "n3", "n4", "n5"]);

    let leader = cluster.master().unwrap();
    let text = cluster.ok(&["cluster", "remove", "leader"]);
    assert!(text.contains(&format!("{leader} is removed")), "{text}");
    let next = cluster.master().unwrap();
    assert_ne!(next, leader);
    let other = ["n5", "n4", "n3"].into_iter().find(|node| *node != leader && *node != next).unwrap();
    cluster.ok(&["cluster", "remove", other]);
    let left: Vec<&str> = ["n1", "n2", "n3", "n4", "n5"].into_iter().filter(|node| *node != leader && *node != other).collect();
    cluster.wait_until_voters_are(&left);
    cluster.ok(&["cluster", "publish", "colour=green"]);
    let status = cluster.status();
    assert_eq!(status["removed"], serde_json::json!([leader, other]));
    assert!(status["nodes"].as_array().unwrap().iter().all(|node| node["exclusions"] == serde_json::json!([])), "{status}");

    // A name is given once.
    assert!(cluster.fails(2, &["node", "--node", other]).contains(&format!("there is no node {other}")));
    assert!(cluster.ok(&["cluster", "add"]).contains("n6 is in the cluster"));
    cluster.wait_until_all_applied();
    cluster.ok(&["cluster", "down"]);
    let printed = cluster.ok(&["cluster", "verify"]);
    assert!(printed.contains("a behaviour of the model: 7 recordings"), "{printed}");
}

#[test]
fn a_master_that_is_excluded_hands_over() {
    let cluster = Cluster::up(&["--nodes", "3"]);
    cluster.wait_until_all_applied();
    let (first, term) = (cluster.master().unwrap(), cluster.status()["term"].as_u64().unwrap());
    let text = cluster.ok(&["cluster", "exclude", "leader"]);
    assert!(text.contains(&format!("{first} has no vote any more")), "{text}");
    cluster.wait_until_in_cluster(&first);
    let status = cluster.status();
    assert_ne!(status["master"], first);
    // Of the two that are left one is enough, and two would be worse: both would be needed.
    cluster.wait_until_voters_are(&[status["master"].as_str().unwrap()]);
    assert_eq!(status["term"], term + 1, "one election, at once");
    assert!(cluster.ok(&["cluster", "status"]).contains(&format!("excluded from voting: {first}")));

    let text = cluster.fails(2, &["cluster", "exclude", "n1", "n2", "n3", "--timeout", "2"]);
    assert!(text.contains("not within 2 s: n1, n2, n3 is in no voting configuration"), "{text}");
    cluster.ok(&["cluster", "exclude", "--clear"]);
    cluster.wait_until_voters_are(&["n1", "n2", "n3"]);
    cluster.ok(&["cluster", "publish", "colour=blue"]);
    cluster.ok(&["cluster", "down"]);
    cluster.recordings().unwrap();
}

#[test]
fn requests_about_members_are_refused_in_words() {
    let cluster = Cluster::up(&["--nodes", "1", "--setting", "cluster.max_voting_config_exclusions=1"]);
    let refused = |arguments: &[&str], words: &str| {
        let text = cluster.fails(2, arguments);
        assert!(text.contains(words), "{arguments:?}: {text}");
    };
    refused(&["cluster", "remove", "n1"], "n1 is the last node of the cluster");
    refused(&["cluster", "remove", "n2"], "there is no node n2");
    refused(&["cluster", "exclude"], "required");
    cluster.ok(&["cluster", "add"]);
    refused(&["cluster", "exclude", "n1", "n2"], "2 voting configuration exclusions are more than");
    cluster.ok(&["cluster", "down"]);
    refused(&["cluster", "add", "--timeout", "1"], "no leader was found within 1 s; running: 0 of 2");
    refused(&["cluster", "exclude", "n1", "--timeout", "1"], "no leader was found within 1 s");
    refused(&["cluster", "remove", "n1", "--timeout", "1"], "no leader was found within 1 s");
    assert_eq!(cluster.status()["nodes"].as_array().unwrap().len(), 2, "nothing was added");
}
