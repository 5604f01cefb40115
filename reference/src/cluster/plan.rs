//! `cluster.json`: which nodes a cluster has, who founds it, and what its nodes
//! are configured with.
//!
//! Nodes that disagree about who founds a cluster could found two. So the list
//! of founders is fixed when the cluster is made, and the cluster's id, which is
//! in every store and in every datagram, is made from it: whoever has another
//! list has another id, opens no store of this cluster and is heard by no node
//! of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use quorate_model::coordination::bootstrap::DiscoveredNode;
use quorate_model::coordinator::settings::MAX_NODES;
use quorate_model::coordinator::{CoordinatorSettings, Driven};
use quorate_model::settings::{DiscoveryType, Settings, SettingsError};
use quorate_model::wire::ClusterId;
use quorate_model::{NodeId, NodeSet};
use serde::{Deserialize, Serialize};

use super::error::{ClusterError, FoundersError};
use super::folder::names;

pub(super) const FORMAT: u32 = 2;
const FOUNDERS: &str = "cluster.initial_master_nodes";

/// A node of a cluster on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its name.
    pub name: NodeId,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Which times settings have that are not given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// Elasticsearch's defaults.
    #[default]
    Elasticsearch,
    /// Shorter ones, for nodes on one machine.
    Quick,
}

impl Timing {
    /// What differs from Elasticsearch's defaults.
    fn settings(self) -> BTreeMap<String, String> {
        let chosen = match self {
            Timing::Elasticsearch => Settings::default(),
            Timing::Quick => CoordinatorSettings::of(1).quick().elasticsearch,
        };
        let differs = chosen.listed().into_iter().filter(|(setting, value)| *value != setting.default_value());
        differs.map(|(setting, value)| (setting.name.to_owned(), value)).collect()
    }
}

/// What a cluster is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterPlan {
    /// The version of this file's format.
    pub format: u32,
    /// Tells the cluster's datagrams and stores from others'. Its second half is
    /// made from the first and the founders.
    pub cluster: ClusterId,
    /// `cluster.initial_master_nodes`: the founders. Fixed.
    pub initial_master_nodes: Vec<NodeId>,
    /// The nodes.
    pub nodes: Vec<Member>,
    /// Nodes that were removed. Their names are not given again: a new node by
    /// an old name would not know for whom that one has voted.
    #[serde(default)]
    pub removed: Vec<NodeId>,
    /// Which times settings have that are not given.
    #[serde(default)]
    pub timing: Timing,
    /// Elasticsearch's settings by name, where they are given.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// The part of datagrams that each node loses on purpose.
    #[serde(default)]
    pub loss: f64,
}

impl ClusterPlan {
    /// A new cluster of `nodes`, with `settings` given as `name=value`.
    pub fn new(nodes: Vec<Member>, timing: Timing, settings: &[String], loss: f64) -> Result<Self, ClusterError> {
        let (mut given, founders) = read_settings(settings, &nodes)?;
        let founders = founders.unwrap_or_else(|| nodes.iter().map(|member| member.name).collect());
        given.remove(FOUNDERS);
        let plan = ClusterPlan {
            format: FORMAT,
            cluster: founded(rand::random(), founders),
            initial_master_nodes: founders.iter().collect(),
            nodes,
            removed: Vec::new(),
            timing,
            settings: given,
            loss,
        };
        plan.validate()?;
        Ok(plan)
    }

    /// Refuses a plan that makes no sense.
    pub fn validate(&self) -> Result<(), ClusterError> {
        let members: NodeSet = self.nodes.iter().map(|member| member.name).collect();
        let removed: NodeSet = self.removed.iter().copied().collect();
        let addresses: std::collections::BTreeSet<SocketAddr> = self.nodes.iter().map(|member| member.address).collect();
        if members.is_empty() || members.union(removed).iter().any(|node| node.index() >= MAX_NODES) {
            return Err(ClusterError::Size { asked: self.nodes.len(), max: MAX_NODES });
        }
        if members.len() < self.nodes.len() || !members.intersection(removed).is_empty() {
            return Err(ClusterError::SharedName(names(self.nodes.iter().map(|member| member.name))));
        }
        if addresses.len() < self.nodes.len() {
            return Err(ClusterError::SharedAddress);
        }
        if !(0.0..1.0).contains(&self.loss) {
            return Err(ClusterError::Usage(format!("the part of lost datagrams is 0 to below 1, not {}", self.loss)));
        }
        let founders: NodeSet = self.initial_master_nodes.iter().copied().collect();
        let random = self.cluster.0[..8].try_into().expect("eight of sixteen bytes");
        if founders.len() < self.initial_master_nodes.len() || founded(random, founders) != self.cluster {
            return Err(FoundersError::Edited { cluster: self.cluster }.into());
        }
        self.coordinator_settings(&[]).map(drop)
    }

    /// The configuration of a node that starts with `overrides`, given as `name=value`.
    pub fn coordinator_settings(&self, overrides: &[String]) -> Result<CoordinatorSettings, ClusterError> {
        let founders: NodeSet = self.initial_master_nodes.iter().copied().collect();
        let (mut given, list) = read_settings(overrides, &self.nodes)?;
        if let Some(list) = list.filter(|list| *list != founders) {
            return Err(FoundersError::Differ { given: names(list.iter()), cluster: names(founders.iter()) }.into());
        }
        given.remove(FOUNDERS);
        let mut all = self.timing.settings();
        all.extend(self.settings.clone());
        all.extend(given);
        let elasticsearch = Settings::from_map(&all)?;
        fixed_settings(&elasticsearch, self.nodes.len() + self.removed.len())?;
        let settings = CoordinatorSettings {
            nodes: NodeSet::first(MAX_NODES),
            seeds: self.nodes.iter().map(|member| member.name).collect(),
            master_eligible: NodeSet::first(MAX_NODES),
            voting_only: NodeSet::EMPTY,
            initial_master_nodes: founders,
            cluster_uuid: u64::from(u32::from_le_bytes(self.cluster.0[..4].try_into().expect("four of sixteen bytes"))),
            elasticsearch,
            driven: Driven::ALL,
        };
        settings.validate()?;
        Ok(settings)
    }

    /// Takes other timings and further settings for the next start.
    pub(super) fn change_settings(&mut self, timing: Option<Timing>, settings: &[String]) -> Result<(), ClusterError> {
        self.timing = timing.unwrap_or(self.timing);
        self.coordinator_settings(settings)?;
        let (mut given, _) = read_settings(settings, &self.nodes)?;
        given.remove(FOUNDERS);
        self.settings.extend(given);
        Ok(())
    }

    /// The name of the next node.
    pub(super) fn free_name(&self) -> Option<NodeId> {
        let taken: NodeSet = self.nodes.iter().map(|member| member.name).chain(self.removed.iter().copied()).collect();
        (0..MAX_NODES).map(NodeId::from_index).find(|node| !taken.contains(*node))
    }
}

/// The id of a cluster with these founders.
fn founded(random: [u8; 8], founders: NodeSet) -> ClusterId {
    let mut hasher = blake3::Hasher::new_derive_key("quorate 2026 founders of a cluster");
    hasher.update(&random);
    founders.iter().for_each(|node| {
        hasher.update(&[node.index() as u8]);
    });
    let mut id = [0; 16];
    id[..8].copy_from_slice(&random);
    id[8..].copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    ClusterId(id)
}

/// Settings by name, and the founders if they are among them.
fn read_settings(pairs: &[String], nodes: &[Member]) -> Result<(BTreeMap<String, String>, Option<NodeSet>), ClusterError> {
    let settings = Settings::parse(pairs.iter().map(String::as_str))?;
    let given: BTreeMap<String, String> = pairs
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let founders = given.contains_key(FOUNDERS).then(|| resolve(&settings.initial_master_nodes, nodes)).transpose()?;
    Ok((given, founders))
}

/// The nodes that a list of names and addresses means.
fn resolve(list: &[String], nodes: &[Member]) -> Result<NodeSet, FoundersError> {
    if list.is_empty() {
        return Err(FoundersError::Nobody);
    }
    let mut meant: BTreeMap<NodeId, &String> = BTreeMap::new();
    for text in list {
        let fits = |member: &&Member| {
            let (name, address) = (member.name.to_string(), member.address.to_string());
            DiscoveredNode { id: member.name, name: &name, address: &address }.fits(text)
        };
        let fitting: Vec<NodeId> = nodes.iter().filter(fits).map(|member| member.name).collect();
        match fitting[..] {
            [] => {
                let nodes = names(nodes.iter().map(|member| member.name));
                return Err(FoundersError::FitsNobody { text: text.clone(), nodes });
            }
            [node] => {
                if let Some(other) = meant.insert(node, text) {
                    return Err(FoundersError::SameNode { one: other.clone(), other: text.clone(), node });
                }
            }
            _ => return Err(FoundersError::FitsSeveral { text: text.clone(), nodes: names(fitting.into_iter()) }),
        }
    }
    Ok(meant.into_keys().collect())
}

/// Refuses settings that a cluster of this program gives itself.
fn fixed_settings(settings: &Settings, nodes: usize) -> Result<(), ClusterError> {
    let defaults = Settings::default();
    if settings.roles != defaults.roles {
        let why = "every node of this cluster is master-eligible and holds data";
        return Err(ClusterError::FixedSetting { name: "node.roles", value: settings.roles.to_string(), why });
    }
    if !settings.seed_hosts.is_empty() {
        let why = "the nodes find each other by the cluster's folder";
        return Err(ClusterError::FixedSetting { name: "discovery.seed_hosts", value: settings.seed_hosts.join(","), why });
    }
    if settings.discovery_type == DiscoveryType::SingleNode && nodes != 1 {
        return Err(ClusterError::Setting(SettingsError::Contradiction {
            name: "discovery.type",
            value: String::from("single-node"),
            other: "the number of nodes",
            other_value: nodes.to_string(),
            why: "a single node looks for nobody",
        }));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(count: usize) -> Vec<Member> {
        let member =
            |index| Member { name: NodeId::from_index(index), address: SocketAddr::from(([127, 0, 0, 1], 4_000 + index as u16)) };
        (0..count).map(member).collect()
    }

    fn plan(settings: &[&str]) -> Result<ClusterPlan, String> {
        let settings: Vec<String> = settings.iter().map(|&text| text.to_owned()).collect();
        ClusterPlan::new(members(3), Timing::Quick, &settings, 0.0).map_err(|error| error.to_string())
    }

    #[test]
    fn founders_are_named_by_name_or_address_and_never_by_guess() {
        let all = [NodeId(0), NodeId(1), NodeId(2)];
        assert_eq!(plan(&[]).unwrap().initial_master_nodes, all);
        assert_eq!(plan(&["cluster.initial_master_nodes=n3,127.0.0.1:4000"]).unwrap().initial_master_nodes, [all[0], all[2]]);
        for (list, words) in [
            ("127.0.0.1", "127.0.0.1 fits several nodes, n1, n2, n3"),
            ("n1,n2,n1", "'n1' is there twice"),
            ("n1,127.0.0.1:4000", "n1 and 127.0.0.1:4000 both mean n1"),
            ("n1,n4", "n4 fits no node of the cluster: its nodes are n1, n2, n3"),
            ("", "is empty"),
        ] {
            let error = plan(&[&format!("cluster.initial_master_nodes={list}")]).unwrap_err();
            assert!(error.contains(words) && error.contains("cluster.initial_master_nodes"), "{list}: {error}");
        }
    }

    #[test]
    fn another_list_is_another_cluster() {
        let plan = plan(&[]).unwrap();
        let mut edited = plan.clone();
        edited.initial_master_nodes.pop();
        assert!(edited.validate().unwrap_err().to_string().contains("was changed after the cluster was made"));
        let error = plan.coordinator_settings(&[String::from("cluster.initial_master_nodes=n1")]).unwrap_err().to_string();
        assert!(error.contains("n1 is not the list of the cluster, n1, n2, n3"), "{error}");
        plan.coordinator_settings(&[String::from("cluster.initial_master_nodes=n2,n3,n1")]).unwrap();
        assert_ne!(founded([7; 8], NodeSet::first(2)), founded([7; 8], NodeSet::first(3)));
    }

    #[test]
    fn given_settings_win_over_timings_and_later_ones_over_earlier() {
        let mut plan = plan(&["cluster.publish.timeout=7s"]).unwrap();
        let settings = plan.coordinator_settings(&[]).unwrap().elasticsearch;
        assert_eq!((settings.publish_timeout_ms, settings.leader_check_interval_ms), (7_000, 200));
        plan.change_settings(Some(Timing::Elasticsearch), &[String::from("cluster.publish.timeout=8s")]).unwrap();
        let settings = plan.coordinator_settings(&[]).unwrap().elasticsearch;
        assert_eq!((settings.publish_timeout_ms, settings.leader_check_interval_ms), (8_000, 1_000));
        let before = plan.clone();
        let wrong = [String::from("cluster.election.max_timeout=200ms"), String::from("cluster.election.initial_timeout=1s")];
        assert!(plan.change_settings(None, &wrong).unwrap_err().to_string().contains("contradicts"));
        assert_eq!(plan, before);
    }

    #[test]
    fn names_and_addresses_are_nobody_elses() {
        let whole = plan(&[]).unwrap();
        let mut shared = whole.clone();
        shared.nodes[1].name = NodeId(0);
        assert!(matches!(shared.validate(), Err(ClusterError::SharedName(_))));
        let mut shared = whole.clone();
        shared.nodes[1].address = shared.nodes[0].address;
        assert!(matches!(shared.validate(), Err(ClusterError::SharedAddress)));
        let mut back = whole;
        back.removed = vec![NodeId(3)];
        assert_eq!(back.free_name(), Some(NodeId(4)), "a name is not given again");
        back.removed = vec![NodeId(2)];
        assert!(back.validate().is_err());
    }
}
