//! How long things may take, from the settings: Elasticsearch's formulas
//! ([`Environment`]), and the waits that scenarios are made of.

use quorate_model::settings::Settings;
use quorate_model::settings::bounds::{Environment, MESSAGE_DELAY_MS};
use quorate_model::settings::schedule::{CheckTiming, follower_check, leader_check};

/// A published change reaches everybody (L8).
pub fn update_ms() -> u64 {
    Environment::default().update_ms_max()
}

/// Nodes that see a quorum have elected a leader and published its first state.
pub fn election_ms(settings: &Settings) -> u64 {
    Environment::default().election_ms_max(settings)
}

/// Whatever happened before, the cluster has settled: 250.3 seconds with the defaults.
pub fn stabilisation_ms(settings: &Settings) -> u64 {
    Environment::default().settle_ms_max(settings)
}

/// Nodes find a leader and are let in.
pub fn joining_ms(settings: &Settings, nodes: usize) -> u64 {
    Environment::default().join_ms_max(settings, nodes as u64)
}

fn failure_ms(check: CheckTiming) -> u64 {
    (check.interval_ms + check.timeout_ms + 2 * MESSAGE_DELAY_MS) * check.retry_count
}

/// A follower notices that its leader is silent.
pub fn leader_failure_ms(settings: &Settings) -> u64 {
    failure_ms(leader_check(settings))
}

/// A leader notices that a follower is silent.
pub fn follower_failure_ms(settings: &Settings) -> u64 {
    failure_ms(follower_check(settings))
}

/// An election collides with a publication that has to time out first.
pub fn collision_ms(settings: &Settings) -> u64 {
    settings.publish_timeout_ms + MESSAGE_DELAY_MS + election_ms(settings)
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
