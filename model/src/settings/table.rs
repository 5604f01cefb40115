//! The settings, one row each: names, kinds, limits, meanings.

use super::error::SettingsError;
use super::roles::{NodeRole, NodeRoles};
use super::time_value::TimeValue;
use super::values::{DiscoveryType, NoMasterBlock, Settings};

/// What a setting holds, where it is kept, and within which limits.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A time in milliseconds.
    Time {
        /// The field.
        field: fn(&mut Settings) -> &mut u64,
        /// The least value, in ms.
        min_ms: u64,
        /// The greatest value, in ms, if there is one.
        max_ms: Option<u64>,
        /// Whether `-1` is understood, and means 0: never.
        or_never: bool,
    },
    /// A whole number.
    Count {
        /// The field.
        field: fn(&mut Settings) -> &mut u64,
        /// The least value.
        min: u64,
    },
    /// `true` or `false`.
    Flag(fn(&mut Settings) -> &mut bool),
    /// Texts separated by commas, without repetition.
    List(fn(&mut Settings) -> &mut Vec<String>),
    /// `discovery.type`.
    Discovery,
    /// `cluster.no_master_block`.
    Block,
    /// `node.roles`.
    Roles,
}

/// A setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Elasticsearch's name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it can be changed while the node runs.
    pub dynamic: bool,
    /// What it is for.
    pub meaning: &'static str,
}

const MINUTE: u64 = 60_000;

const fn time(
    name: &'static str,
    (min_ms, max_ms): (u64, Option<u64>),
    field: fn(&mut Settings) -> &mut u64,
    meaning: &'static str,
) -> Setting {
    Setting { name, kind: Kind::Time { field, min_ms, max_ms, or_never: false }, dynamic: false, meaning }
}

const fn count(name: &'static str, min: u64, field: fn(&mut Settings) -> &mut u64, meaning: &'static str) -> Setting {
    Setting { name, kind: Kind::Count { field, min }, dynamic: false, meaning }
}

const fn other(name: &'static str, kind: Kind, dynamic: bool, meaning: &'static str) -> Setting {
    Setting { name, kind, dynamic, meaning }
}

/// At least a millisecond.
const POSITIVE: (u64, Option<u64>) = (1, None);
/// As long as one likes.
const ANY: (u64, Option<u64>) = (0, None);

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    other(
        "cluster.initial_master_nodes",
        Kind::List(|s| &mut s.initial_master_nodes),
        false,
        "names or addresses of the master-eligible nodes that form a new cluster; looked at before the first election only",
    ),
    other("discovery.seed_hosts", Kind::List(|s| &mut s.seed_hosts), false, "addresses where peers are looked for"),
    other("discovery.type", Kind::Discovery, false, "multi-node, or single-node: a cluster of this node alone"),
    other("node.roles", Kind::Roles, false, "master, voting_only (with master), data; none: coordinates requests only"),
    time(
        "cluster.election.initial_timeout",
        (1, Some(10_000)),
        |s| &mut s.election_initial_timeout_ms,
        "upper bound of the random wait before the first election attempt",
    ),
    time(
        "cluster.election.back_off_time",
        (1, Some(MINUTE)),
        |s| &mut s.election_back_off_ms,
        "by how much the upper bound grows with each failed attempt",
    ),
    time(
        "cluster.election.max_timeout",
        (200, Some(10 * MINUTE)),
        |s| &mut s.election_max_timeout_ms,
        "upper bound of that upper bound; at least the initial timeout",
    ),
    time(
        "cluster.election.duration",
        (1, Some(10 * MINUTE)),
        |s| &mut s.election_duration_ms,
        "how long an attempt is given before the next may begin",
    ),
    time(
        "cluster.fault_detection.leader_check.interval",
        (100, None),
        |s| &mut s.leader_check_interval_ms,
        "wait between two checks of the leader",
    ),
    time(
        "cluster.fault_detection.leader_check.timeout",
        POSITIVE,
        |s| &mut s.leader_check_timeout_ms,
        "how long a follower waits for the answer to a check",
    ),
    count(
        "cluster.fault_detection.leader_check.retry_count",
        1,
        |s| &mut s.leader_check_retry_count,
        "so many failed checks in a row make a leader faulty",
    ),
    time(
        "cluster.fault_detection.follower_check.interval",
        (100, None),
        |s| &mut s.follower_check_interval_ms,
        "wait between two checks of a follower",
    ),
    time(
        "cluster.fault_detection.follower_check.timeout",
        POSITIVE,
        |s| &mut s.follower_check_timeout_ms,
        "how long a leader waits for the answer to a check",
    ),
    count(
        "cluster.fault_detection.follower_check.retry_count",
        1,
        |s| &mut s.follower_check_retry_count,
        "so many failed checks in a row make a follower faulty",
    ),
    time(
        "cluster.publish.timeout",
        POSITIVE,
        |s| &mut s.publish_timeout_ms,
        "how long a publication may take to be committed, and the leader waits for it to be applied",
    ),
    time(
        "cluster.publish.info_timeout",
        POSITIVE,
        |s| &mut s.publish_info_timeout_ms,
        "after so long a publication is remarked on",
    ),
    Setting {
        name: "cluster.follower_lag.timeout",
        kind: Kind::Time { field: |s| &mut s.follower_lag_timeout_ms, min_ms: 0, max_ms: None, or_never: true },
        dynamic: false,
        meaning: "a node that has not applied a state so long after its publication is removed; 0 or -1: never",
    },
    time(
        "cluster.join_validation.cache_timeout",
        POSITIVE,
        |s| &mut s.join_validation_cache_timeout_ms,
        "how long the state that joining nodes are asked to read is kept",
    ),
    time("discovery.find_peers_interval", POSITIVE, |s| &mut s.find_peers_interval_ms, "wait between two rounds of discovery"),
    time(
        "discovery.request_peers_timeout",
        POSITIVE,
        |s| &mut s.request_peers_timeout_ms,
        "without effect since 9.2; kept so that it is not refused",
    ),
    time(
        "discovery.find_peers_warning_timeout",
        ANY,
        |s| &mut s.find_peers_warning_timeout_ms,
        "after so long without success discovery is remarked on",
    ),
    time("discovery.probe.connect_timeout", POSITIVE, |s| &mut s.probe_connect_timeout_ms, "how long connecting may take"),
    time(
        "discovery.probe.handshake_timeout",
        POSITIVE,
        |s| &mut s.probe_handshake_timeout_ms,
        "how long the first exchange with an address may take",
    ),
    time(
        "discovery.unconfigured_bootstrap_timeout",
        POSITIVE,
        |s| &mut s.unconfigured_bootstrap_timeout_ms,
        "without any discovery setting, a node bootstraps with whom it has found after so long; unsafe",
    ),
    time(
        "discovery.cluster_formation_warning_timeout",
        POSITIVE,
        |s| &mut s.cluster_formation_warning_timeout_ms,
        "after so long without a master that is remarked on",
    ),
    time(
        "cluster.discovery_configuration_check.interval",
        ANY,
        |s| &mut s.discovery_configuration_check_interval_ms,
        "how often a configuration that contradicts itself is remarked on",
    ),
    other(
        "cluster.auto_shrink_voting_configuration",
        Kind::Flag(|s| &mut s.auto_shrink_voting_configuration),
        true,
        "whether nodes that have left leave the voting configuration too, down to three",
    ),
    Setting {
        name: "cluster.max_voting_config_exclusions",
        kind: Kind::Count { field: |s| &mut s.max_voting_config_exclusions, min: 1 },
        dynamic: true,
        meaning: "how many voting configuration exclusions there may be at a time",
    },
    other("cluster.no_master_block", Kind::Block, true, "what is refused while there is no master: write, metadata_write or all"),
    time(
        "monitor.fs.health.refresh_interval",
        POSITIVE,
        |s| &mut s.fs_health_refresh_interval_ms,
        "how often a node tries its disk; an unhealthy one refuses pre-votes and checks and does not join",
    ),
];

/// Settings that older versions had.
const REMOVED: &[(&str, &str)] = &[
    ("cluster.join.timeout", "joins have had no timeout since 7.10, and 8.0 removed the setting"),
    ("discovery.zen.minimum_master_nodes", "voting configurations replaced it in 7.0"),
];

/// The setting of this name.
pub(super) fn find(name: &str) -> Result<&'static Setting, SettingsError> {
    if let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) {
        return Ok(setting);
    }
    if let Some((name, why)) = REMOVED.iter().find(|(removed, _)| *removed == name) {
        return Err(SettingsError::Removed { name, why });
    }
    let distance = |setting: &&Setting| strsim::damerau_levenshtein(setting.name, name);
    let nearest = SETTINGS.iter().min_by_key(distance).filter(|setting| distance(setting) * 3 <= name.len());
    Err(SettingsError::Unknown { name: name.to_owned(), nearest: nearest.map(|setting| setting.name) })
}

const DISCOVERY_TYPES: [(&str, DiscoveryType); 2] =
    [("multi-node", DiscoveryType::MultiNode), ("single-node", DiscoveryType::SingleNode)];
const BLOCKS: [(&str, NoMasterBlock); 3] =
    [("write", NoMasterBlock::Write), ("metadata_write", NoMasterBlock::MetadataWrite), ("all", NoMasterBlock::All)];

impl Setting {
    /// What values are allowed, in words.
    pub fn range(&self) -> String {
        let bounds = |min: String, max: Option<String>| max.map_or(format!("at least {min}"), |max| format!("{min} to {max}"));
        match self.kind {
            Kind::Time { min_ms, max_ms, or_never, .. } => {
                let shown = |ms: u64| TimeValue::from_ms(ms).to_string();
                let range = bounds(shown(min_ms), max_ms.map(shown));
                if or_never { format!("{range}, or -1") } else { range }
            }
            Kind::Count { min, .. } => bounds(min.to_string(), None),
            Kind::Flag(_) => String::from("true or false"),
            Kind::List(_) => String::from("texts separated by commas, none of them twice"),
            Kind::Discovery => names(DISCOVERY_TYPES.iter().map(|(name, _)| *name)),
            Kind::Block => names(BLOCKS.iter().map(|(name, _)| *name)),
            Kind::Roles => format!("any of {}", names(NodeRole::ALL.into_iter().map(NodeRole::name))),
        }
    }

    /// The value that it has by default.
    pub fn default_value(&self) -> String {
        self.show(&Settings::default())
    }

    /// Its value in `settings`, as it would be given.
    pub fn show(&self, settings: &Settings) -> String {
        let mut settings = settings.clone();
        match self.kind {
            Kind::Time { field, .. } => TimeValue::from_ms(*field(&mut settings)).to_string(),
            Kind::Count { field, .. } => field(&mut settings).to_string(),
            Kind::Flag(field) => field(&mut settings).to_string(),
            Kind::List(field) => field(&mut settings).join(","),
            Kind::Discovery => choice_name(&DISCOVERY_TYPES, settings.discovery_type),
            Kind::Block => choice_name(&BLOCKS, settings.no_master_block),
            Kind::Roles => settings.roles.to_string(),
        }
    }

    /// Reads `value` into `settings`.
    pub(super) fn set(&self, settings: &mut Settings, value: &str) -> Result<(), SettingsError> {
        let unreadable = |why: String| SettingsError::Unreadable { name: self.name, value: value.to_owned(), why };
        let not_in_range = || unreadable(format!("must be {}", self.range()));
        match self.kind {
            Kind::Time { field, or_never, .. } => {
                let time = TimeValue::parse(value).map_err(|why| unreadable(format!("{why}; must be {}", self.range())))?;
                *field(settings) = match time.ms() {
                    Some(ms) => ms,
                    None if or_never => 0,
                    None => return Err(self.out_of_range(value.to_owned())),
                };
            }
            Kind::Count { field, .. } => *field(settings) = value.parse().map_err(|_| not_in_range())?,
            Kind::Flag(field) => *field(settings) = value.parse().map_err(|_| not_in_range())?,
            Kind::List(field) => *field(settings) = list(value).map_err(|text| unreadable(format!("'{text}' is there twice")))?,
            Kind::Discovery => settings.discovery_type = choice(&DISCOVERY_TYPES, value).ok_or_else(not_in_range)?,
            Kind::Block => settings.no_master_block = choice(&BLOCKS, value).ok_or_else(not_in_range)?,
            Kind::Roles => {
                let names = list(value).map_err(|text| unreadable(format!("'{text}' is there twice")))?;
                let role = |name: &String| NodeRole::ALL.into_iter().find(|role| role.name() == name);
                let roles: Option<Vec<NodeRole>> = names.iter().map(role).collect();
                settings.roles = roles.ok_or_else(not_in_range)?.into_iter().fold(NodeRoles::NONE, NodeRoles::with);
            }
        }
        self.check(settings).map_err(|_| self.out_of_range(value.to_owned()))
    }

    /// Refuses a value beyond the limits.
    pub(super) fn check(&self, settings: &Settings) -> Result<(), SettingsError> {
        let within = match self.kind {
            Kind::Time { field, min_ms, max_ms, .. } => {
                let value = *field(&mut settings.clone());
                value >= min_ms && max_ms.is_none_or(|max| value <= max)
            }
            Kind::Count { field, min } => *field(&mut settings.clone()) >= min,
            Kind::Flag(_) | Kind::List(_) | Kind::Discovery | Kind::Block | Kind::Roles => true,
        };
        if within { Ok(()) } else { Err(self.out_of_range(self.show(settings))) }
    }

    fn out_of_range(&self, value: String) -> SettingsError {
        SettingsError::OutOfRange { name: self.name, value, range: self.range() }
    }
}

/// Texts separated by commas; an empty text is an empty list. The text that
/// comes twice, if one does.
fn list(value: &str) -> Result<Vec<String>, String> {
    let mut texts: Vec<String> = Vec::new();
    for text in value.split(',').map(str::trim).filter(|text| !text.is_empty()) {
        if texts.iter().any(|earlier| earlier == text) {
            return Err(text.to_owned());
        }
        texts.push(text.to_owned());
    }
    Ok(texts)
}

fn choice<T: Copy>(choices: &[(&str, T)], value: &str) -> Option<T> {
    choices.iter().find(|(name, _)| *name == value).map(|(_, choice)| *choice)
}

fn choice_name<T: PartialEq>(choices: &[(&str, T)], value: T) -> String {
    choices.iter().find(|(_, choice)| *choice == value).map_or_else(String::new, |(name, _)| (*name).to_owned())
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
