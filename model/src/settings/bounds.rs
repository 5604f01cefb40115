//! Within what time a cluster settles once nothing goes wrong any more: the
//! arithmetic of `AbstractCoordinatorTestCase`.
//!
//! Each wait is taken with one message delay on top, as the Java simulation
//! does; a state update is counted as [`UPDATE_DELAYS`] message delays.

use super::schedule::{election_timeout_ms_max, follower_check, leader_check};
use super::values::Settings;

/// `DEFAULT_DELAY_VARIABILITY`: the longest that a message or a task takes.
pub const MESSAGE_DELAY_MS: u64 = 100;
/// `CLUSTER_STATE_UPDATE_NUMBER_OF_DELAYS`: message delays of one state update.
pub const UPDATE_DELAYS: u64 = 10;
/// `ELECTION_RETRIES`: attempts after which an election is taken for won.
pub const ELECTION_ATTEMPTS: u64 = 10;

/// What the settle time depends on beside the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Environment {
    /// The longest that a message takes, in ms.
    pub message_delay_ms: u64,
    /// How often an election may collide with a publication that has to time
    /// out first: 2 in Elasticsearch 9, 1 in 7.10.
    pub collisions: u64,
    /// Whether join validation keeps a state that must go first (not in 7.10).
    pub join_validation_cache: bool,
}

impl Default for Environment {
    fn default() -> Self {
        Environment { message_delay_ms: MESSAGE_DELAY_MS, collisions: 2, join_validation_cache: true }
    }
}

impl Environment {
    /// As in Elasticsearch 7.10.
    pub fn elasticsearch_7_10() -> Self {
        Environment { collisions: 1, join_validation_cache: false, ..Environment::default() }
    }

    /// `DEFAULT_CLUSTER_STATE_UPDATE_DELAY`: how long a submitted update takes
    /// to reach every node of a stable cluster.
    pub fn update_ms_max(&self) -> u64 {
        UPDATE_DELAYS * self.message_delay_ms
    }

    fn delayed(&self, ms: u64) -> u64 {
        ms.saturating_add(self.message_delay_ms)
    }

    /// `DEFAULT_ELECTION_DELAY`: how long it takes to elect a leader whose first
    /// state is committed: two rounds of discovery, ten attempts with growing
    /// waits, the four messages of an election, and an update.
    pub fn election_ms_max(&self, settings: &Settings) -> u64 {
        let delayed = |ms| self.delayed(ms);
        let growth = ELECTION_ATTEMPTS * (ELECTION_ATTEMPTS - 1) / 2;
        [
            delayed(settings.find_peers_interval_ms).saturating_mul(2),
            delayed(settings.election_initial_timeout_ms).saturating_mul(ELECTION_ATTEMPTS),
            delayed(settings.election_back_off_ms).saturating_mul(growth),
            delayed(settings.election_duration_ms).saturating_mul(ELECTION_ATTEMPTS),
            4 * self.message_delay_ms,
            self.update_ms_max(),
        ]
        .into_iter()
        .fold(0, u64::saturating_add)
    }

    /// `DEFAULT_STABILISATION_TIME`: how long a cluster takes to settle after
    /// the last fault: the old leader is given up, a new one elected, elections
    /// that collide with publications repeated, and lost followers removed.
    pub fn settle_ms_max(&self, settings: &Settings) -> u64 {
        let delayed = |ms| self.delayed(ms);
        let election = self.election_ms_max(settings);
        let collision = delayed(settings.publish_timeout_ms).saturating_add(election);
        let (leader, follower) = (leader_check(settings), follower_check(settings));
        let detection = |check: super::schedule::CheckTiming| {
            delayed(check.interval_ms).saturating_add(delayed(check.timeout_ms)).saturating_mul(check.retry_count)
        };
        let cache = if self.join_validation_cache { delayed(settings.join_validation_cache_timeout_ms) } else { 0 };
        [detection(leader), election, collision.saturating_mul(self.collisions), detection(follower), self.update_ms_max(), cache]
            .into_iter()
            .fold(0, u64::saturating_add)
    }

    /// How long it takes until `count` new nodes have joined a settled cluster:
    /// each is found, and costs up to two updates.
    pub fn join_ms_max(&self, settings: &Settings, count: u64) -> u64 {
        let updates = self.update_ms_max().saturating_mul(2).saturating_mul(count);
        self.delayed(settings.find_peers_interval_ms).saturating_add(updates)
    }
}

/// The longest that the first `attempts` attempts of an election wait in all,
/// one after the other, grace included: an attempt is scheduled when the one
/// before it runs.
pub fn election_attempts_ms_max(settings: &Settings, attempts: u64) -> u64 {
    let grace = settings.election_duration_ms.saturating_mul(attempts.saturating_sub(1));
    (0..attempts).map(|attempt| election_timeout_ms_max(settings, attempt)).fold(grace, u64::saturating_add)
}
