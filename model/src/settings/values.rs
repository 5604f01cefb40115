//! The settings of a node, typed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::SettingsError;
use super::roles::NodeRoles;
use super::table::{self, Setting};

/// `discovery.type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DiscoveryType {
    /// `multi-node`: finds its peers.
    #[default]
    MultiNode,
    /// `single-node`: bootstraps with itself, refuses all others, knows no timeout of a publication.
    SingleNode,
}

/// `cluster.no_master_block`: what is refused while there is no master.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NoMasterBlock {
    /// `write`: writes.
    #[default]
    Write,
    /// `metadata_write`: writes of metadata.
    MetadataWrite,
    /// `all`: reads too.
    All,
}

/// The settings of a node. Times are milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Settings {
    /// `cluster.initial_master_nodes`
    pub initial_master_nodes: Vec<String>,
    /// `discovery.seed_hosts`
    pub seed_hosts: Vec<String>,
    /// `discovery.type`
    pub discovery_type: DiscoveryType,
    /// `node.roles`
    pub roles: NodeRoles,
    /// `cluster.election.initial_timeout`
    pub election_initial_timeout_ms: u64,
    /// `cluster.election.back_off_time`
    pub election_back_off_ms: u64,
    /// `cluster.election.max_timeout`
    pub election_max_timeout_ms: u64,
    /// `cluster.election.duration`
    pub election_duration_ms: u64,
    /// `cluster.fault_detection.leader_check.interval`
    pub leader_check_interval_ms: u64,
    /// `cluster.fault_detection.leader_check.timeout`
    pub leader_check_timeout_ms: u64,
    /// `cluster.fault_detection.leader_check.retry_count`
    pub leader_check_retry_count: u64,
    /// `cluster.fault_detection.follower_check.interval`
    pub follower_check_interval_ms: u64,
    /// `cluster.fault_detection.follower_check.timeout`
    pub follower_check_timeout_ms: u64,
    /// `cluster.fault_detection.follower_check.retry_count`
    pub follower_check_retry_count: u64,
    /// `cluster.publish.timeout`
    pub publish_timeout_ms: u64,
    /// `cluster.publish.info_timeout`
    pub publish_info_timeout_ms: u64,
    /// `cluster.follower_lag.timeout`; 0: lagging nodes are never removed
    pub follower_lag_timeout_ms: u64,
    /// `cluster.join_validation.cache_timeout`
    pub join_validation_cache_timeout_ms: u64,
    /// `discovery.find_peers_interval`
    pub find_peers_interval_ms: u64,
    /// `discovery.request_peers_timeout`
    pub request_peers_timeout_ms: u64,
    /// `discovery.find_peers_warning_timeout`
    pub find_peers_warning_timeout_ms: u64,
    /// `discovery.probe.connect_timeout`
    pub probe_connect_timeout_ms: u64,
    /// `discovery.probe.handshake_timeout`
    pub probe_handshake_timeout_ms: u64,
    /// `discovery.unconfigured_bootstrap_timeout`
    pub unconfigured_bootstrap_timeout_ms: u64,
    /// `discovery.cluster_formation_warning_timeout`
    pub cluster_formation_warning_timeout_ms: u64,
    /// `cluster.discovery_configuration_check.interval`
    pub discovery_configuration_check_interval_ms: u64,
    /// `cluster.auto_shrink_voting_configuration`
    pub auto_shrink_voting_configuration: bool,
    /// `cluster.max_voting_config_exclusions`
    pub max_voting_config_exclusions: u64,
    /// `cluster.no_master_block`
    pub no_master_block: NoMasterBlock,
    /// `monitor.fs.health.refresh_interval`
    pub fs_health_refresh_interval_ms: u64,
}

impl Default for Settings {
    /// Elasticsearch's defaults.
    fn default() -> Self {
        Settings {
            initial_master_nodes: Vec::new(),
            seed_hosts: Vec::new(),
            discovery_type: DiscoveryType::MultiNode,
            roles: NodeRoles::default(),
            election_initial_timeout_ms: 100,
            election_back_off_ms: 100,
            election_max_timeout_ms: 10_000,
            election_duration_ms: 500,
            leader_check_interval_ms: 1_000,
            leader_check_timeout_ms: 10_000,
            leader_check_retry_count: 3,
            follower_check_interval_ms: 1_000,
            follower_check_timeout_ms: 10_000,
            follower_check_retry_count: 3,
            publish_timeout_ms: 30_000,
            publish_info_timeout_ms: 10_000,
            follower_lag_timeout_ms: 90_000,
            join_validation_cache_timeout_ms: 60_000,
            find_peers_interval_ms: 1_000,
            request_peers_timeout_ms: 3_000,
            find_peers_warning_timeout_ms: 180_000,
            probe_connect_timeout_ms: 30_000,
            probe_handshake_timeout_ms: 30_000,
            unconfigured_bootstrap_timeout_ms: 3_000,
            cluster_formation_warning_timeout_ms: 10_000,
            discovery_configuration_check_interval_ms: 30_000,
            auto_shrink_voting_configuration: true,
            max_voting_config_exclusions: 10,
            no_master_block: NoMasterBlock::Write,
            fs_health_refresh_interval_ms: 120_000,
        }
    }
}

impl Settings {
    /// Reads lines of the form `cluster.publish.timeout=30s`; what is not named
    /// keeps its default.
    ///
    /// # Errors
    /// The first that cannot be understood, is beyond its limits, is given
    /// twice, or contradicts another.
    pub fn parse<'a>(pairs: impl IntoIterator<Item = &'a str>) -> Result<Self, SettingsError> {
        let mut settings = Settings::default();
        let mut given = Vec::new();
        for pair in pairs {
            let (name, value) = pair.split_once('=').ok_or_else(|| SettingsError::NotAPair { text: pair.to_owned() })?;
            let setting = table::find(name.trim())?;
            if given.contains(&setting.name) {
                return Err(SettingsError::Twice { name: setting.name });
            }
            given.push(setting.name);
            setting.set(&mut settings, value.trim())?;
        }
        settings.validate()?;
        Ok(settings)
    }

    /// Reads a map from names to values; what is not named keeps its default.
    ///
    /// # Errors
    /// See [`parse`](Self::parse).
    pub fn from_map(map: &BTreeMap<String, String>) -> Result<Self, SettingsError> {
        let mut settings = Settings::default();
        for (name, value) in map {
            table::find(name)?.set(&mut settings, value.trim())?;
        }
        settings.validate()?;
        Ok(settings)
    }

    /// Changes settings of a running node: those that are dynamic.
    ///
    /// # Errors
    /// See [`parse`](Self::parse); also for a setting that is fixed at the start.
    pub fn updated<'a>(&self, pairs: impl IntoIterator<Item = &'a str>) -> Result<Self, SettingsError> {
        let mut settings = self.clone();
        for pair in pairs {
            let (name, value) = pair.split_once('=').ok_or_else(|| SettingsError::NotAPair { text: pair.to_owned() })?;
            let setting = table::find(name.trim())?;
            if !setting.dynamic {
                let why = String::from("it is fixed when the node starts");
                return Err(SettingsError::Unreadable { name: setting.name, value: value.to_owned(), why });
            }
            setting.set(&mut settings, value.trim())?;
        }
        settings.validate()?;
        Ok(settings)
    }

    /// Refuses values beyond their limits and values that contradict each other.
    ///
    /// # Errors
    /// The first that is found.
    pub fn validate(&self) -> Result<(), SettingsError> {
        for setting in table::SETTINGS {
            setting.check(self)?;
        }
        let (initial, max) = ("cluster.election.initial_timeout", "cluster.election.max_timeout");
        if self.election_max_timeout_ms < self.election_initial_timeout_ms {
            return Err(self.contradiction(max, initial, "the longest wait is not below the first"));
        }
        if self.roles.voting_only && !self.roles.master {
            let why = String::from("voting_only needs master: a node that may not be elected has no vote");
            return Err(SettingsError::Unreadable { name: "node.roles", value: self.roles.to_string(), why });
        }
        if self.discovery_type == DiscoveryType::SingleNode && !self.initial_master_nodes.is_empty() {
            let why = "a single node bootstraps with itself";
            return Err(self.contradiction("discovery.type", "cluster.initial_master_nodes", why));
        }
        if self.discovery_type == DiscoveryType::SingleNode && !self.seed_hosts.is_empty() {
            return Err(self.contradiction("discovery.type", "discovery.seed_hosts", "a single node looks for nobody"));
        }
        Ok(())
    }

    /// Every setting with its value, as it would be given.
    pub fn listed(&self) -> Vec<(&'static Setting, String)> {
        table::SETTINGS.iter().map(|setting| (setting, setting.show(self))).collect()
    }

    fn contradiction(&self, name: &'static str, other: &'static str, why: &'static str) -> SettingsError {
        let value =
            |name: &str| table::SETTINGS.iter().find(|one| one.name == name).map_or_else(String::new, |one| one.show(self));
        SettingsError::Contradiction { name, value: value(name), other, other_value: value(other), why }
    }
}
