//! `quorate cluster add`, `remove` and `exclude`.

use std::time::Duration;

use quorate_model::{NodeId, NodeSet};
use quorate_reference::cluster::{ClusterError, ClusterFolder, Control};

use super::{Disk, start};

/// Adds nodes one after the other.
pub fn add(folder: &ClusterFolder, nodes: usize, patience: Duration) -> Result<(), ClusterError> {
    Control::new(folder).wait_for_leader(patience)?;
    let mut folder = folder.clone();
    for _ in 0..nodes {
        let member = folder.add_node::<Disk>()?;
        println!("{} runs as process {} on {}", member.name, start(&folder, member.name)?, member.address);
        Control::new(&folder).wait_for_member(member.name, patience)?;
        println!("{} is in the cluster", member.name);
    }
    Ok(())
}

/// Removes a node for good.
pub fn remove(folder: &ClusterFolder, node: NodeId, patience: Duration) -> Result<(), ClusterError> {
    Control::new(folder).retire(node, patience)?;
    folder.clone().remove_node(node)?;
    println!("{node} is removed; what it has on disk stays in {}", folder.node_folder(node).display());
    Ok(())
}

/// Excludes nodes from voting, or nobody any more.
pub fn exclude(folder: &ClusterFolder, nodes: NodeSet, patience: Duration) -> Result<(), ClusterError> {
    let control = Control::new(folder);
    if nodes.is_empty() {
        control.clear_exclusions(patience)?;
        println!("nobody is excluded from voting");
        return Ok(());
    }
    control.exclude(nodes, patience)?;
    let names: Vec<String> = nodes.iter().map(|node| node.to_string()).collect();
    let leader = control.wait_for_leader(patience)?;
    println!("{} has no vote any more; {} is the master of term {}", names.join(", "), leader.node, leader.term);
    Ok(())
}
