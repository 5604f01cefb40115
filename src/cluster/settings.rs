//! Settings on the command line, with Elasticsearch's names.

use clap::{Args, ValueEnum};
use quorate_reference::cluster::{ClusterError, ClusterFolder, Timing};

/// What the nodes of a cluster are configured with.
#[derive(Debug, Args)]
pub struct SettingArgs {
    /// Which times settings have that are not given [default: elasticsearch, or what the cluster has].
    #[arg(long, value_enum, value_name = "TIMING")]
    timing: Option<TimingArg>,
    /// One of Elasticsearch's settings, like cluster.election.initial_timeout=100ms; may be repeated.
    /// `quorate cluster settings` lists them.
    #[arg(long = "setting", value_name = "NAME=VALUE")]
    pub settings: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TimingArg {
    /// Elasticsearch's defaults
    Elasticsearch,
    /// shorter checks and waits, for nodes on one machine
    Quick,
}

impl SettingArgs {
    /// Whether nothing was given.
    pub fn are_default(&self) -> bool {
        self.timing.is_none() && self.settings.is_empty()
    }

    /// The timing, if it was given.
    pub fn timing(&self) -> Option<Timing> {
        self.timing.map(|timing| match timing {
            TimingArg::Elasticsearch => Timing::Elasticsearch,
            TimingArg::Quick => Timing::Quick,
        })
    }
}

/// Prints every setting with its value in this cluster.
pub fn list(folder: &ClusterFolder) -> Result<(), ClusterError> {
    let settings = folder.plan.coordinator_settings(&[])?.elasticsearch;
    for (setting, value) in settings.listed() {
        let value = match setting.name {
            "cluster.initial_master_nodes" => {
                let names: Vec<String> = folder.plan.initial_master_nodes.iter().map(ToString::to_string).collect();
                names.join(",")
            }
            _ => value,
        };
        println!("{}={value}\n    {}\n    {}", setting.name, setting.range(), setting.meaning);
    }
    Ok(())
}
