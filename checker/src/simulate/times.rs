//! How long things may take, from the settings: Elasticsearch's formulas
//! (`AbstractCoordinatorTestCase`), each wait with the delays that
//! [`DEFAULT_DELAY_VARIABILITY_MS`] adds to it.

use quorate_model::settings::Settings;
use quorate_model::settings::schedule::{follower_check, leader_check};

use super::cluster::DEFAULT_DELAY_VARIABILITY_MS as DELAY_MS;

/// So many delays a published change takes (`CLUSTER_STATE_UPDATE_NUMBER_OF_DELAYS`).
const UPDATE_DELAYS: u64 = 10;
/// So many attempts an election takes at most (`ELECTION_RETRIES`).
const ELECTION_RETRIES: u64 = 10;

/// A published change reaches everybody (L8).
pub fn update_ms() -> u64 {
    UPDATE_DELAYS * DELAY_MS
}

/// `DEFAULT_ELECTION_DELAY`: nodes that see a quorum have elected a leader and
/// published its first state.
pub fn election_ms(settings: &Settings) -> u64 {
    let late = |ms: u64| ms + DELAY_MS;
    2 * late(settings.find_peers_interval_ms)
        + ELECTION_RETRIES * late(settings.election_initial_timeout_ms)
        + ELECTION_RETRIES * (ELECTION_RETRIES - 1) / 2 * late(settings.election_back_off_ms)
        + ELECTION_RETRIES * late(settings.election_duration_ms)
        + 4 * DELAY_MS
        + update_ms()
}

/// A follower notices that its leader is silent.
pub fn leader_failure_ms(settings: &Settings) -> u64 {
    let check = leader_check(settings);
    (check.interval_ms + check.timeout_ms + 2 * DELAY_MS) * check.retry_count
}

/// A leader notices that a follower is silent.
pub fn follower_failure_ms(settings: &Settings) -> u64 {
    let check = follower_check(settings);
    (check.interval_ms + check.timeout_ms + 2 * DELAY_MS) * check.retry_count
}

/// An election collides with another publication, which has to fail first.
pub fn collision_ms(settings: &Settings) -> u64 {
    settings.publish_timeout_ms + DELAY_MS + election_ms(settings)
}

/// `DEFAULT_STABILISATION_TIME`: whatever happened before, the cluster has settled.
///
/// 250.3 seconds with the defaults.
pub fn stabilisation_ms(settings: &Settings) -> u64 {
    leader_failure_ms(settings)
        + election_ms(settings)
        + 2 * collision_ms(settings)
        + follower_failure_ms(settings)
        + update_ms()
        + settings.join_validation_cache_timeout_ms
        + DELAY_MS
}

/// Nodes find a leader and are let in.
pub fn joining_ms(settings: &Settings, nodes: usize) -> u64 {
    settings.find_peers_interval_ms + DELAY_MS + 2 * nodes as u64 * update_ms()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_the_defaults_times_are_elasticsearchs() {
        let settings = Settings::default();
        assert_eq!((update_ms(), election_ms(&settings), stabilisation_ms(&settings)), (1_000, 20_600, 250_300));
    }
}
