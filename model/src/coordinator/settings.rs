//! What a Coordinator is configured with. Durations carry Elasticsearch's
//! setting names and defaults.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::node_set::{NodeId, NodeSet};

/// The configuration of a node; equal on all nodes of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoordinatorSettings {
    /// Every node of the cluster.
    pub nodes: NodeSet,
    /// `cluster.initial_master_nodes`: the first voting configuration.
    pub initial_config: NodeSet,
    /// `cluster.election.initial_timeout` plus back-off: an election is tried
    /// after a random time up to this, milliseconds.
    pub election_timeout_ms_max: u64,
    /// `cluster.election.duration`: the least time between two attempts, milliseconds.
    pub election_duration_ms: u64,
    /// `cluster.fault_detection.follower_check.interval`, milliseconds.
    pub follower_check_interval_ms: u64,
    /// How long a silent leader, or a silent quorum of followers, is tolerated
    /// (`…leader_check.timeout` times `retry_count`), milliseconds.
    pub failure_timeout_ms: u64,
    /// `cluster.publish.timeout`, milliseconds.
    pub publish_timeout_ms: u64,
}

/// A setting that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No nodes, or none to vote.
    #[error("a cluster needs at least one node in its voting configuration")]
    NoNodes,
    /// The configuration names a node that is not there.
    #[error("{0} is in the initial voting configuration and not a node of the cluster")]
    UnknownNode(NodeId),
    /// A duration outside its limits.
    #[error("{name} must be {min} ms to {max} ms, not {value} ms")]
    OutOfRange {
        /// The setting's name.
        name: &'static str,
        /// What it was set to.
        value: u64,
        /// Its least value.
        min: u64,
        /// Its greatest value.
        max: u64,
    },
}

impl CoordinatorSettings {
    /// A cluster of `count` nodes, all voting, with timings for a quick machine-local cluster.
    pub fn local(count: usize) -> Self {
        let nodes = NodeSet::first(count);
        CoordinatorSettings {
            nodes,
            initial_config: nodes,
            election_timeout_ms_max: 400,
            election_duration_ms: 200,
            follower_check_interval_ms: 200,
            failure_timeout_ms: 1_500,
            publish_timeout_ms: 5_000,
        }
    }

    /// Refuses what makes no sense.
    pub fn validate(&self) -> Result<(), SettingsError> {
        if self.nodes.is_empty() || self.initial_config.is_empty() {
            return Err(SettingsError::NoNodes);
        }
        if let Some(node) = self.initial_config.iter().find(|node| !self.nodes.contains(*node)) {
            return Err(SettingsError::UnknownNode(node));
        }
        let limits = [
            ("cluster.election.initial_timeout", self.election_timeout_ms_max, 1, 600_000),
            ("cluster.election.duration", self.election_duration_ms, 1, 600_000),
            ("cluster.fault_detection.follower_check.interval", self.follower_check_interval_ms, 1, 600_000),
            ("cluster.fault_detection.leader_check.timeout", self.failure_timeout_ms, 1, 600_000),
            ("cluster.publish.timeout", self.publish_timeout_ms, 1, 600_000),
        ];
        for (name, value, min, max) in limits {
            if !(min..=max).contains(&value) {
                return Err(SettingsError::OutOfRange { name, value, min, max });
            }
        }
        Ok(())
    }

    /// When the next election is tried.
    pub(super) fn election_delay(&self) -> Range<Duration> {
        let least = Duration::from_millis(self.election_duration_ms);
        least..least + Duration::from_millis(self.election_timeout_ms_max)
    }

    pub(super) fn exactly(ms: u64) -> Range<Duration> {
        Duration::from_millis(ms)..Duration::from_millis(ms)
    }
}
