//! Settings as they are given, refused, listed and used.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quorate_model::settings::bounds::{Environment, election_attempts_ms_max};
use quorate_model::settings::schedule::{
    election_delay, election_delay_ms, follower_check, follower_lag_timeout_ms, leader_check, publish_timeout_ms,
};
use quorate_model::settings::{DiscoveryType, Kind, NoMasterBlock, NodeRoles, SETTINGS, Settings};

fn refused(pairs: &[&str]) -> String {
    Settings::parse(pairs.iter().copied()).unwrap_err().to_string()
}

/// Names, defaults and limits as Elasticsearch 9 has them.
#[test]
fn the_table_is_elasticsearchs() {
    let table: Vec<String> =
        SETTINGS.iter().map(|setting| format!("{}={} [{}]", setting.name, setting.default_value(), setting.range())).collect();
    let expected = "\
cluster.initial_master_nodes= [texts separated by commas, none of them twice]
discovery.seed_hosts= [texts separated by commas, none of them twice]
discovery.type=multi-node [multi-node, single-node]
node.roles=master,data [any of master, voting_only, data]
cluster.election.initial_timeout=100ms [1ms to 10s]
cluster.election.back_off_time=100ms [1ms to 1m]
cluster.election.max_timeout=10s [200ms to 10m]
cluster.election.duration=500ms [1ms to 10m]
cluster.fault_detection.leader_check.interval=1s [at least 100ms]
cluster.fault_detection.leader_check.timeout=10s [at least 1ms]
cluster.fault_detection.leader_check.retry_count=3 [at least 1]
cluster.fault_detection.follower_check.interval=1s [at least 100ms]
cluster.fault_detection.follower_check.timeout=10s [at least 1ms]
cluster.fault_detection.follower_check.retry_count=3 [at least 1]
cluster.publish.timeout=30s [at least 1ms]
cluster.publish.info_timeout=10s [at least 1ms]
cluster.follower_lag.timeout=90s [at least 0ms, or -1]
cluster.join_validation.cache_timeout=1m [at least 1ms]
discovery.find_peers_interval=1s [at least 1ms]
discovery.request_peers_timeout=3s [at least 1ms]
discovery.find_peers_warning_timeout=3m [at least 0ms]
discovery.probe.connect_timeout=30s [at least 1ms]
discovery.probe.handshake_timeout=30s [at least 1ms]
discovery.unconfigured_bootstrap_timeout=3s [at least 1ms]
discovery.cluster_formation_warning_timeout=10s [at least 1ms]
cluster.discovery_configuration_check.interval=30s [at least 0ms]
cluster.auto_shrink_voting_configuration=true [true or false]
cluster.max_voting_config_exclusions=10 [at least 1]
cluster.no_master_block=write [write, metadata_write, all]
monitor.fs.health.refresh_interval=2m [at least 1ms]";
    assert_eq!(table.join("\n"), expected);
    Settings::default().validate().unwrap();
}

#[test]
fn pairs_and_maps_are_read() {
    let pairs = [
        "cluster.initial_master_nodes=a, b ,c",
        "cluster.election.initial_timeout = 250ms",
        "cluster.fault_detection.leader_check.retry_count=5",
        "cluster.auto_shrink_voting_configuration=false",
        "cluster.no_master_block=metadata_write",
        "cluster.follower_lag.timeout=-1",
        "node.roles=voting_only,master",
    ];
    let settings = Settings::parse(pairs).unwrap();
    assert_eq!(settings.initial_master_nodes, ["a", "b", "c"]);
    assert_eq!(settings.election_initial_timeout_ms, 250);
    assert_eq!(leader_check(&settings).retry_count, 5);
    assert!(!settings.auto_shrink_voting_configuration);
    assert_eq!(settings.no_master_block, NoMasterBlock::MetadataWrite);
    assert_eq!(follower_lag_timeout_ms(&settings), None);
    assert_eq!(settings.roles, NodeRoles { master: true, voting_only: true, data: false });
    assert_eq!(settings.publish_timeout_ms, 30_000, "what is not named keeps its default");

    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.to_owned())).unwrap();
    let map: BTreeMap<String, String> = pairs.into_iter().map(pair).collect();
    assert_eq!(Settings::from_map(&map).unwrap(), settings);
    assert_eq!(Settings::parse(["node.roles="]).unwrap().roles, NodeRoles::NONE);
}

#[test]
fn errors_name_the_setting_the_value_and_what_would_do() {
    for (pair, complaint) in [
        ("cluster.publish.timeout", "'cluster.publish.timeout' is not of the form name=value"),
        ("cluster.publish.timout=1s", "unknown setting 'cluster.publish.timout', did you mean 'cluster.publish.timeout'?"),
        ("colour=blue", "unknown setting 'colour'"),
        (
            "cluster.join.timeout=1s",
            "the setting 'cluster.join.timeout' is gone: joins have had no timeout since 7.10, and 8.0 removed the setting",
        ),
        ("cluster.election.initial_timeout=0ms", "cluster.election.initial_timeout=0ms: must be 1ms to 10s"),
        ("cluster.election.initial_timeout=11s", "cluster.election.initial_timeout=11s: must be 1ms to 10s"),
        ("cluster.election.max_timeout=199ms", "cluster.election.max_timeout=199ms: must be 200ms to 10m"),
        (
            "cluster.fault_detection.follower_check.interval=99ms",
            "cluster.fault_detection.follower_check.interval=99ms: must be at least 100ms",
        ),
        ("cluster.publish.timeout=-1", "cluster.publish.timeout=-1: must be at least 1ms"),
        (
            "cluster.publish.timeout=30",
            "cluster.publish.timeout=30: a time is a whole number with a unit (nanos, micros, ms, s, m, h or d); must be at least 1ms",
        ),
        (
            "cluster.publish.timeout=1.5s",
            "cluster.publish.timeout=1.5s: fractions are not supported, use a smaller unit; must be at least 1ms",
        ),
        ("cluster.publish.timeout=900micros", "cluster.publish.timeout=900micros: must be at least 1ms"),
        ("cluster.max_voting_config_exclusions=0", "cluster.max_voting_config_exclusions=0: must be at least 1"),
        ("cluster.max_voting_config_exclusions=-3", "cluster.max_voting_config_exclusions=-3: must be at least 1"),
        ("cluster.auto_shrink_voting_configuration=yes", "cluster.auto_shrink_voting_configuration=yes: must be true or false"),
        ("cluster.no_master_block=read", "cluster.no_master_block=read: must be write, metadata_write, all"),
        ("cluster.initial_master_nodes=a,b,a", "cluster.initial_master_nodes=a,b,a: 'a' is there twice"),
        ("node.roles=ruler", "node.roles=ruler: must be any of master, voting_only, data"),
        (
            "node.roles=voting_only",
            "node.roles=voting_only: voting_only needs master: a node that may not be elected has no vote",
        ),
    ] {
        assert_eq!(refused(&[pair]), complaint);
    }
    assert_eq!(
        refused(&["cluster.publish.timeout=1s", "cluster.publish.timeout=1s"]),
        "the setting 'cluster.publish.timeout' is given twice"
    );
    assert_eq!(
        refused(&["cluster.election.initial_timeout=2s", "cluster.election.max_timeout=1s"]),
        "cluster.election.max_timeout=1s contradicts cluster.election.initial_timeout=2s: the longest wait is not below the first"
    );
    assert_eq!(
        refused(&["discovery.type=single-node", "cluster.initial_master_nodes=a"]),
        "discovery.type=single-node contradicts cluster.initial_master_nodes=a: a single node bootstraps with itself"
    );
    assert_eq!(
        refused(&["discovery.seed_hosts=h:1", "discovery.type=single-node"]),
        "discovery.type=single-node contradicts discovery.seed_hosts=h:1: a single node looks for nobody"
    );
}

#[test]
fn only_dynamic_settings_change_while_a_node_runs() {
    let settings = Settings::default();
    let changed = settings.updated(["cluster.auto_shrink_voting_configuration=false"]).unwrap();
    assert_eq!(changed, Settings { auto_shrink_voting_configuration: false, ..settings.clone() });
    let refused = settings.updated(["cluster.publish.timeout=1s"]).unwrap_err().to_string();
    assert_eq!(refused, "cluster.publish.timeout=1s: it is fixed when the node starts");
}

/// Every limit of the table is a limit: at it, accepted, one beyond it, refused.
#[test]
fn every_limit_is_kept() {
    let mut limits = 0;
    for setting in SETTINGS {
        // Alone, so that no other setting is contradicted.
        let base = |value: String| match setting.name {
            "cluster.election.max_timeout" => vec!["cluster.election.initial_timeout=1ms".to_owned(), value],
            _ => vec![value],
        };
        let parsed = |value: String| Settings::parse(base(format!("{}={value}", setting.name)).iter().map(String::as_str));
        match setting.kind {
            Kind::Time { field, min_ms, max_ms, .. } => {
                for (limit, beyond) in [(Some(min_ms), min_ms.checked_sub(1)), (max_ms, max_ms.map(|max| max + 1))] {
                    if let Some(limit) = limit {
                        assert_eq!(*field(&mut parsed(format!("{limit}ms")).unwrap()), limit, "{}", setting.name);
                    }
                    if let Some(beyond) = beyond {
                        limits += 1;
                        assert!(parsed(format!("{beyond}ms")).is_err(), "{}={beyond}ms", setting.name);
                    }
                }
            }
            Kind::Count { min, .. } => {
                limits += 1;
                assert!(parsed(min.to_string()).is_ok() && parsed((min - 1).to_string()).is_err(), "{}", setting.name);
            }
            _ => {}
        }
    }
    assert_eq!(limits, 25);
}

#[test]
fn an_election_waits_longer_each_time_and_never_too_long() {
    let settings = Settings::default();
    let wait = |attempt, draw| election_delay_ms(&settings, attempt, draw);
    assert_eq!((wait(0, 0), wait(0, u32::MAX)), (1, 100), "the first without grace");
    assert_eq!((wait(1, 0), wait(1, u32::MAX)), (501, 700));
    assert_eq!((wait(2, 0), wait(2, u32::MAX)), (501, 800));
    assert_eq!((wait(98, u32::MAX), wait(99, u32::MAX), wait(100, u32::MAX)), (10_400, 10_500, 10_500));
    assert_eq!(wait(u64::MAX, u32::MAX), 10_500);
    assert_eq!(wait(0, 1 << 31), 51, "half way");
}

proptest! {
    #[test]
    fn a_drawn_wait_lies_in_the_range_of_its_attempt(
        initial in 1..10_000u64, back_off in 1..60_000u64, max in 200..600_000u64, attempt in 0..200u64, draw: u32,
    ) {
        let settings = Settings {
            election_initial_timeout_ms: initial.min(max),
            election_back_off_ms: back_off,
            election_max_timeout_ms: max,
            ..Settings::default()
        };
        let (range, wait) = (election_delay(&settings, attempt), election_delay_ms(&settings, attempt, draw));
        prop_assert!(u128::from(wait) >= range.start.as_millis() && u128::from(wait) <= range.end.as_millis());
        // The dumb twin: one step of back-off after the other.
        let mut bound = settings.election_initial_timeout_ms;
        for _ in 0..attempt {
            bound = (bound + back_off).min(max);
        }
        let grace = if attempt == 0 { 0 } else { 500 };
        prop_assert_eq!(range.end.as_millis(), u128::from(bound + grace));
    }

    #[test]
    fn what_is_shown_is_read_back(
        time in 1..1_000_000u64, count in 1..100u64, flag: bool, single: bool, voting_only: bool,
        names in proptest::collection::btree_set("[a-z]{1,5}", 0..4),
    ) {
        let settings = Settings {
            initial_master_nodes: if single { Vec::new() } else { names.into_iter().collect() },
            discovery_type: if single { DiscoveryType::SingleNode } else { DiscoveryType::MultiNode },
            publish_timeout_ms: time,
            follower_lag_timeout_ms: time - 1,
            max_voting_config_exclusions: count,
            auto_shrink_voting_configuration: flag,
            roles: NodeRoles { master: true, voting_only, data: flag },
            ..Settings::default()
        };
        let pairs: Vec<String> = settings.listed().into_iter().map(|(setting, value)| format!("{}={value}", setting.name)).collect();
        prop_assert_eq!(Settings::parse(pairs.iter().map(String::as_str)), Ok(settings));
    }
}

#[test]
fn a_cluster_settles_within_the_time_that_elasticsearchs_tests_allow() {
    let (settings, now) = (Settings::default(), Environment::default());
    assert_eq!(now.update_ms_max(), 1_000);
    assert_eq!(now.election_ms_max(&settings), 20_600);
    assert_eq!(now.settle_ms_max(&settings), 250_300);
    assert_eq!(Environment::elasticsearch_7_10().settle_ms_max(&settings), 139_500);
    assert_eq!(now.join_ms_max(&settings, 3), 1_100 + 6_000);

    // Each setting that it is made of moves it.
    for pair in [
        "discovery.find_peers_interval=2s",
        "cluster.election.initial_timeout=200ms",
        "cluster.election.back_off_time=200ms",
        "cluster.election.duration=600ms",
        "cluster.fault_detection.leader_check.interval=2s",
        "cluster.fault_detection.leader_check.timeout=11s",
        "cluster.fault_detection.leader_check.retry_count=4",
        "cluster.fault_detection.follower_check.interval=2s",
        "cluster.fault_detection.follower_check.timeout=11s",
        "cluster.fault_detection.follower_check.retry_count=4",
        "cluster.publish.timeout=31s",
        "cluster.join_validation.cache_timeout=61s",
    ] {
        assert!(now.settle_ms_max(&Settings::parse([pair]).unwrap()) > 250_300, "{pair}");
    }
}

#[test]
fn attempts_and_checks_add_up() {
    let settings = Settings::default();
    // 100 + 200 + 300 ms, and twice the duration of an election.
    assert_eq!(election_attempts_ms_max(&settings, 3), 600 + 1_000);
    assert_eq!(election_attempts_ms_max(&settings, 0), 0);
    assert_eq!(leader_check(&settings).detection_ms_max(), 33_000);
    assert_eq!(follower_check(&settings).detection_ms_max(), 33_000);
    assert_eq!(publish_timeout_ms(&settings), Some(30_000));
    let single = Settings::parse(["discovery.type=single-node"]).unwrap();
    assert_eq!(publish_timeout_ms(&single), None);
}
