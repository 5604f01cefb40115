//! The first voting configuration of a cluster (`ClusterBootstrapService`,
//! `Coordinator.setInitialConfiguration`).
//!
//! ```text
//!   cluster.initial_master_nodes = a,b,c          found: a (this node) and c
//!        │ each name, address or host is matched with the nodes found
//!        ▼
//!   two of three: a majority of the list, so go on
//!        │ {a, c, placeholder}: b cannot vote under this name, and counts
//!        ▼
//!   every node that bootstraps does it with a majority of the same list: any
//!   two configurations need two votes of a, b, c, and two of three meet
//! ```
//!
//! That holds as long as all nodes have the same list. Elasticsearch leaves
//! this to whoever writes it; [`same_list`] lets nodes that meet compare.
//!
//! A refusal is either for now (others may still be found) or for good
//! ([`BootstrapRejection::is_final`]): a node that has once seen an ambiguity
//! does not bootstrap any more until it is restarted.

use serde::{Deserialize, Serialize};

use super::placeholder::{self, placeholders};
use super::quorum::is_majority;
use crate::node_set::{NodeId, NodeSet};

/// Why a node does not bootstrap a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BootstrapRejection {
    /// `cluster.initial_master_nodes` is empty: this node waits to be joined to a cluster.
    NothingRequired,
    /// The list names more nodes than a configuration has placeholders for.
    TooManyRequired,
    /// The same text twice in the list.
    RequiredTwice,
    /// The node may not vote, so that it cannot found anything.
    NotMasterEligible,
    /// The node has a voting configuration already; a cluster is founded once.
    AlreadyBootstrapped,
    /// One entry of the list fits several nodes.
    RequirementFitsSeveralNodes,
    /// One node fits several entries of the list.
    NodeFitsSeveralRequirements,
    /// The list does not name this node.
    LocalNodeNotRequired,
    /// Less than a majority of the list has been found; wait for others.
    NoMajorityFound,
    /// `setInitialConfiguration`: the configuration is without this node.
    LocalNodeNotInConfiguration,
    /// `setInitialConfiguration`: the nodes known are no quorum of the configuration.
    NoQuorumKnown,
    /// A node that was met has another list: two clusters might come of it. (Ours.)
    ListsDiffer,
    /// Single-node discovery: the configuration on disk needs other nodes.
    NotAloneInConfiguration,
}

impl BootstrapRejection {
    /// Every reason.
    pub const ALL: [BootstrapRejection; 13] = {
        use BootstrapRejection::*;
        [
            NothingRequired,
            TooManyRequired,
            RequiredTwice,
            NotMasterEligible,
            AlreadyBootstrapped,
            RequirementFitsSeveralNodes,
            NodeFitsSeveralRequirements,
            LocalNodeNotRequired,
            NoMajorityFound,
            LocalNodeNotInConfiguration,
            NoQuorumKnown,
            ListsDiffer,
            NotAloneInConfiguration,
        ]
    };

    /// Whether nothing that is found later can change it
    /// (`bootstrappingPermitted` becomes false). After the others the node
    /// tries again: when a peer is found, and after
    /// [`BOOTSTRAP_RETRY_MS`](crate::settings::schedule::BOOTSTRAP_RETRY_MS).
    pub fn is_final(self) -> bool {
        !matches!(self, BootstrapRejection::NoMajorityFound | BootstrapRejection::NoQuorumKnown)
    }
}

/// A master-eligible node as discovery knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DiscoveredNode<'a> {
    /// Its id.
    pub id: NodeId,
    /// `node.name`.
    pub name: &'a str,
    /// `host:port`, `[host]:port` where the host has colons.
    pub address: &'a str,
}

impl DiscoveredNode<'_> {
    /// Whether an entry of `cluster.initial_master_nodes` means this node: its
    /// name, its address, or its host.
    pub fn fits(&self, requirement: &str) -> bool {
        let host = self.address.rsplit_once(':').map_or(self.address, |(host, _)| host);
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        requirement == self.name || requirement == self.address || requirement == host
    }
}

/// What a node knows when it asks whether to bootstrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BootstrapView<'a> {
    /// This node.
    pub local: NodeId,
    /// Whether it is master-eligible.
    pub local_master_eligible: bool,
    /// Whether it has a voting configuration.
    pub bootstrapped: bool,
    /// `cluster.initial_master_nodes`.
    pub required: &'a [String],
    /// The master-eligible nodes found, this one included.
    pub discovered: &'a [DiscoveredNode<'a>],
}

/// `ClusterBootstrapService.onFoundPeersUpdated`: the configuration to
/// bootstrap with, placeholders included.
///
/// # Errors
/// The first reason not to.
pub fn bootstrap_configuration(view: &BootstrapView) -> Result<NodeSet, BootstrapRejection> {
    use BootstrapRejection::*;
    require(!view.required.is_empty(), NothingRequired)?;
    require(view.required.len() <= placeholder::CAPACITY, TooManyRequired)?;
    require(!view.required.iter().enumerate().any(|(index, one)| view.required[..index].contains(one)), RequiredTwice)?;
    require(view.local_master_eligible, NotMasterEligible)?;
    require(!view.bootstrapped, AlreadyBootstrapped)?;

    let fitting = |requirement: &String| view.discovered.iter().filter(|node| node.fits(requirement)).count();
    require(view.required.iter().all(|requirement| fitting(requirement) <= 1), RequirementFitsSeveralNodes)?;
    let fitted = |node: &DiscoveredNode| view.required.iter().filter(|requirement| node.fits(requirement)).count();
    require(view.discovered.iter().all(|node| fitted(node) <= 1), NodeFitsSeveralRequirements)?;

    let matched: NodeSet = view.discovered.iter().filter(|node| fitted(node) == 1).map(|node| node.id).collect();
    require(matched.contains(view.local), LocalNodeNotRequired)?;
    require(matched.len() * 2 > view.required.len(), NoMajorityFound)?;
    Ok(with_placeholders(matched, view.required.len()))
}

/// A configuration of `required` names, of which `found` are nodes.
pub fn with_placeholders(found: NodeSet, required: usize) -> NodeSet {
    found.union(placeholders(required - found.len()))
}

/// [`bootstrap_configuration`] where the list and the nodes found are known by
/// their ids: `required` is the list, the same for all nodes. `heed` decides
/// whether a guard may refuse: [`require`], or less for a mutant.
///
/// # Errors
/// See [`bootstrap_configuration`].
pub fn bootstrap_from(
    local: NodeId,
    required: NodeSet,
    found: NodeSet,
    bootstrapped: bool,
    heed: impl Fn(bool, BootstrapRejection) -> Result<(), BootstrapRejection>,
) -> Result<NodeSet, BootstrapRejection> {
    use BootstrapRejection::*;
    require(!required.is_empty(), NothingRequired)?;
    require(!bootstrapped, AlreadyBootstrapped)?;
    heed(required.contains(local), LocalNodeNotRequired)?;
    let matched = required.intersection(found.with(local));
    heed(matched.len() * 2 > required.len(), NoMajorityFound)?;
    Ok(with_placeholders(matched, required.len()))
}

/// `Coordinator.setInitialConfiguration`: what is asked before the rule
/// `set_initial_state` is called with `config`. `known` are the nodes found and
/// this one.
///
/// # Errors
/// The first reason not to; [`BootstrapRejection::AlreadyBootstrapped`] is a
/// plain "no" in Elasticsearch, the others are errors.
pub fn may_set_initial_configuration(
    local: NodeId,
    local_master_eligible: bool,
    bootstrapped: bool,
    config: NodeSet,
    known: NodeSet,
) -> Result<(), BootstrapRejection> {
    use BootstrapRejection::*;
    require(!bootstrapped, AlreadyBootstrapped)?;
    require(local_master_eligible, NotMasterEligible)?;
    require(config.contains(local), LocalNodeNotInConfiguration)?;
    require(is_majority(known.with(local), config), NoQuorumKnown)
}

/// Whether two nodes that meet before either has a configuration would found
/// the same cluster. The order of a list does not matter; an empty one founds
/// nothing and agrees with all.
///
/// # Errors
/// [`BootstrapRejection::ListsDiffer`].
pub fn same_list(mine: &[String], theirs: &[String]) -> Result<(), BootstrapRejection> {
    let within = |these: &[String], those: &[String]| these.iter().all(|one| those.contains(one));
    let silent = mine.is_empty() || theirs.is_empty();
    require(silent || (within(mine, theirs) && within(theirs, mine)), BootstrapRejection::ListsDiffer)
}

/// Single-node discovery (`discovery.type: single-node`): whether a node may
/// start with the configuration that its disk has. An empty one is fine: the
/// node then bootstraps with itself.
///
/// # Errors
/// [`BootstrapRejection::NotAloneInConfiguration`].
pub fn may_start_alone(local: NodeId, committed_config: NodeSet) -> Result<(), BootstrapRejection> {
    let alone = committed_config.is_empty() || is_majority(NodeSet::single(local), committed_config);
    require(alone, BootstrapRejection::NotAloneInConfiguration)
}

/// Without any discovery setting: bootstrapping with whoever has been found.
/// **Unsafe**: two nodes that find different others found two clusters. Meant
/// for trying things out, after
/// `discovery.unconfigured_bootstrap_timeout`.
pub fn best_effort_configuration(local: NodeId, found: NodeSet) -> NodeSet {
    found.with(local)
}

/// A guard as the protocol has it.
///
/// # Errors
/// `otherwise`, unless `holds`.
pub fn require(holds: bool, otherwise: BootstrapRejection) -> Result<(), BootstrapRejection> {
    if holds { Ok(()) } else { Err(otherwise) }
}
