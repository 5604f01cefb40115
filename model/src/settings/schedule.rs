//! The times that the protocol waits for: elections and checks.

use std::ops::Range;
use std::time::Duration;

use super::values::{DiscoveryType, Settings};

/// The longest that attempt number `attempt` (0, 1, …) of an election waits,
/// without grace: it grows by the back-off until it reaches the maximum.
pub fn election_timeout_ms_max(settings: &Settings, attempt: u64) -> u64 {
    let grown = settings.election_back_off_ms.saturating_mul(attempt).saturating_add(settings.election_initial_timeout_ms);
    grown.min(settings.election_max_timeout_ms)
}

/// What every attempt but the first waits on top, so that the one before has
/// had time to succeed (#34362).
pub fn election_grace_ms(settings: &Settings, attempt: u64) -> u64 {
    if attempt == 0 { 0 } else { settings.election_duration_ms }
}

/// `ElectionSchedulerFactory`: how long attempt number `attempt` waits, counted
/// from when it was scheduled. `draw` is a uniform random number; divided by
/// 2^32 it says where between 0 (excluded) and the longest wait (included) this
/// one lies. The counter starts again only with a new scheduler.
///
/// With the defaults, attempt 2 waits 1 to 300 ms plus 500 ms.
pub fn election_delay_ms(settings: &Settings, attempt: u64, draw: u32) -> u64 {
    let longest = u128::from(election_timeout_ms_max(settings, attempt));
    let share = (longest * u128::from(draw)) >> 32;
    1 + share as u64 + election_grace_ms(settings, attempt)
}

/// The same for a timer that draws for itself: the least and the greatest wait
/// of attempt number `attempt`, both of which are possible.
pub fn election_delay(settings: &Settings, attempt: u64) -> Range<Duration> {
    let grace = election_grace_ms(settings, attempt);
    Duration::from_millis(grace + 1)..Duration::from_millis(grace + election_timeout_ms_max(settings, attempt))
}

/// How a node is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CheckTiming {
    /// Wait after a result before the next check.
    pub interval_ms: u64,
    /// How long an answer is waited for.
    pub timeout_ms: u64,
    /// So many failures in a row make the node faulty.
    pub retry_count: u64,
}

impl CheckTiming {
    /// How long a silent node stays trusted at most, from when it falls silent:
    /// it may just have answered.
    pub fn detection_ms_max(self) -> u64 {
        self.interval_ms.saturating_add(self.timeout_ms).saturating_mul(self.retry_count)
    }
}

/// How a follower watches its leader.
pub fn leader_check(settings: &Settings) -> CheckTiming {
    CheckTiming {
        interval_ms: settings.leader_check_interval_ms,
        timeout_ms: settings.leader_check_timeout_ms,
        retry_count: settings.leader_check_retry_count,
    }
}

/// How a leader watches its followers.
pub fn follower_check(settings: &Settings) -> CheckTiming {
    CheckTiming {
        interval_ms: settings.follower_check_interval_ms,
        timeout_ms: settings.follower_check_timeout_ms,
        retry_count: settings.follower_check_retry_count,
    }
}

/// How long a publication may take; `None` for a single node, which waits as
/// long as it takes.
pub fn publish_timeout_ms(settings: &Settings) -> Option<u64> {
    match settings.discovery_type {
        DiscoveryType::MultiNode => Some(settings.publish_timeout_ms),
        DiscoveryType::SingleNode => None,
    }
}

/// How long a node may lag behind a committed state before it is removed;
/// `None` where it never is.
pub fn follower_lag_timeout_ms(settings: &Settings) -> Option<u64> {
    (settings.follower_lag_timeout_ms > 0).then_some(settings.follower_lag_timeout_ms)
}

/// Wait before bootstrapping is tried again after an error
/// (`ClusterBootstrapService`; not a setting).
pub const BOOTSTRAP_RETRY_MS: u64 = 10_000;
