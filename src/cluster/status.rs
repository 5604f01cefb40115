//! `quorate cluster status`: one line a node, or JSON.

use std::path::Path;

use quorate_model::coordination::PublicationId;
use quorate_model::coordinator::settings::MAX_NODES;
use quorate_model::{NodeId, NodeSet};
use quorate_reference::cluster::{ClusterError, ClusterFolder, Control, Elected, NodeStatus};
use serde_json::{Value, json};

use crate::Conclusion;

/// Shows how the nodes are.
pub fn run(folder: &ClusterFolder, report: Option<&Path>) -> Result<Conclusion, ClusterError> {
    let nodes = Control::new(folder).status()?;
    let leader = Control::leader(&nodes);
    match report {
        Some(file) if file == Path::new("-") => println!("{:#}", as_json(folder, leader, &nodes)),
        Some(file) => {
            let text = format!("{:#}\n", as_json(folder, leader, &nodes));
            std::fs::write(file, text).map_err(|source| ClusterError::Io { path: file.to_owned(), source })?;
        }
        None => print(leader, &nodes),
    }
    Ok(if leader.is_some() { Conclusion::Holds } else { Conclusion::CouldNotTell })
}

fn as_json(folder: &ClusterFolder, leader: Option<Elected>, nodes: &[NodeStatus]) -> Value {
    json!({
        "cluster": folder.plan.cluster,
        "master": leader.map(|leader| leader.node),
        "term": leader.map(|leader| leader.term),
        "nodes": nodes.iter().map(node_as_json).collect::<Vec<_>>(),
        "removed": folder.plan.removed,
    })
}

fn node_as_json(status: &NodeStatus) -> Value {
    let mut object = json!({ "node": status.node, "address": status.address, "pid": status.pid, "state": state(status) });
    if let (Some(report), Some(fields)) = (&status.report, object.as_object_mut()) {
        let more = json!({
            "term": report.term,
            "mode": report.mode,
            "master": report.leader,
            "cluster_uuid": report.cluster_uuid,
            "voting_configuration": {
                "accepted": report.voting_configuration,
                "committed": report.committed_voting_configuration,
            },
            "exclusions": report.exclusions,
            "members": report.members,
            "accepted": report.accepted,
            "committed": report.applied,
            "incarnation": report.incarnation,
            "blocked": report.blocked,
            "drops": report.drops,
        });
        if let Value::Object(more) = more {
            fields.extend(more);
        }
    }
    object
}

fn state(status: &NodeStatus) -> &str {
    match (&status.report, status.pid) {
        (Some(report), _) => &report.mode,
        (None, Some(_)) => "silent",
        (None, None) => "down",
    }
}

fn print(leader: Option<Elected>, nodes: &[NodeStatus]) {
    match leader {
        Some(leader) => println!("master {} of term {}", leader.node, leader.term),
        None => println!("no master"),
    }
    let report = leader.and_then(|leader| nodes.iter().find(|node| node.node == leader.node)?.report.as_ref());
    if let Some(excluded) = report.map(|report| report.exclusions).filter(|excluded| !excluded.is_empty()) {
        println!("excluded from voting: {}", names(excluded));
    }
    println!();
    println!(
        "{:<5} {:>8} {:<10} {:>5} {:<7} {:>9} {:>9} {:>6}  voting configuration",
        "node", "process", "state", "term", "master", "accepted", "committed", "starts"
    );
    nodes.iter().for_each(|node| println!("{}", line(node)));
}

fn line(status: &NodeStatus) -> String {
    let pid = status.pid.map_or_else(|| String::from("-"), |pid| pid.to_string());
    let start = format!("{:<5} {pid:>8} {}", status.node.to_string(), state(status));
    let Some(report) = &status.report else { return start };
    let version = |id: Option<PublicationId>| id.map_or_else(|| String::from("-"), |id| id.to_string());
    let (accepted, committed) = (report.voting_configuration, report.committed_voting_configuration);
    let configuration = match names(accepted) {
        same if accepted == committed => same,
        next => format!("{} -> {next}", names(committed)),
    };
    let cut = if report.blocked.is_empty() { "" } else { "  (cut off)" };
    format!(
        "{start:<25} {:>5} {:<7} {:>9} {:>9} {:>6}  {configuration}{cut}",
        report.term,
        report.leader.map_or_else(|| String::from("-"), |leader| leader.to_string()),
        version(report.accepted),
        version(report.applied),
        report.incarnation,
    )
}

/// `n1,n2`, where `?` is a founder that was not there when the cluster was
/// founded; `none` for a node that was never in a cluster.
fn names(nodes: NodeSet) -> String {
    let name = |node: NodeId| if node.index() < MAX_NODES { node.to_string() } else { String::from("?") };
    let names: Vec<String> = nodes.iter().map(name).collect();
    if names.is_empty() { String::from("none") } else { names.join(",") }
}
