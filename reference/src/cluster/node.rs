//! The process of one node.

use std::fs;
use std::net::UdpSocket as StdSocket;

use quorate_model::coordination::{Durable, Sound};
use quorate_model::coordinator::{ClusterMetadata, Coordinator, KeyValues};
use quorate_model::session::{PeerId, SessionConfig};
use quorate_model::settings::Settings;
use quorate_traces::recording::{RECORDING_FORMAT, RecordingHeader};
use stateright::actor::Actor;
use tokio::net::UdpSocket;
use tokio::signal::unix::{SignalKind, signal};

use super::error::ClusterError;
use super::folder::{ClusterFolder, at, write_whole};
use super::process::{NodeLock, ProcessFile};
use crate::recorder::Recorder;
use crate::runtime::{Node, NodeParts};
use crate::store::{Identity, Store};
use crate::transport::Station;

/// Runs a node of the cluster in `folder` until it is asked to stop (SIGTERM or
/// SIGINT) or cannot go on. `settings`, given as `name=value`, win over those of
/// the cluster.
pub fn run_node(folder: &ClusterFolder, name: &str, settings: &[String]) -> Result<(), ClusterError> {
    let member = folder.member(name)?;
    let plan = &folder.plan;
    let settings = plan.coordinator_settings(settings)?;
    let _lock = NodeLock::take(folder, member.name)?;
    let process_file = folder.process_file(member.name);
    let _ = fs::remove_file(&process_file);
    let identity = Identity { cluster: plan.cluster, node: member.name };
    let store = Store::<Durable<ClusterMetadata<KeyValues>>>::open(&folder.store(member.name), identity)?;
    let socket = StdSocket::bind(member.address)
        .and_then(|socket| socket.set_nonblocking(true).map(|()| socket))
        .map_err(|source| ClusterError::Address { node: member.name, address: member.address, source })?;

    let incarnation = store.incarnation();
    let actor = Coordinator::<KeyValues, Sound>::new(Sound, settings.clone());
    let header = RecordingHeader {
        recording: RECORDING_FORMAT,
        cluster: plan.cluster.to_string(),
        node: member.name,
        incarnation,
        actor: actor.name(),
        settings: serde_json::to_value(&settings).expect("settings can be written"),
    };
    let recorder = Recorder::create(&folder.recordings(member.name), &header)?;
    let process = ProcessFile { pid: std::process::id(), incarnation };
    write_whole(&process_file, &serde_json::to_vec(&process).expect("a process can be written"))?;

    let station = Station {
        id: member.name.index() as PeerId,
        incarnation,
        cluster: plan.cluster,
        key: folder.key(),
        nodes: folder.addresses(),
    };
    let session = session_config(&settings.elasticsearch);
    eprintln!("{} starts as incarnation {incarnation} on {}", member.name, member.address);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(at(&process_file))?;
    let ended = runtime.block_on(async {
        let failed = |source| ClusterError::Address { node: member.name, address: member.address, source };
        let socket = UdpSocket::from_std(socket).map_err(failed)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(at(&process_file))?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(at(&process_file))?;
        let stop = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        let parts = NodeParts { actor, station, session, socket, store, recorder, loss: plan.loss };
        Node::start(parts)?.run(stop).await?;
        Ok(())
    });
    // A file that stays names a process that is no more, and is taken for that.
    let _ = fs::remove_file(&process_file);
    eprintln!("{} stops{}", member.name, if ended.is_ok() { "" } else { ": it cannot go on" });
    ended
}

/// A peer that says nothing is given up about as fast as its checks find out:
/// what a closed connection is to TCP.
fn session_config(settings: &Settings) -> SessionConfig {
    let longest = SessionConfig::default();
    let give_up_ms = settings.leader_check_timeout_ms.saturating_mul(2).clamp(1_000, longest.give_up_ms);
    SessionConfig { give_up_ms, retransmit_ms_max: longest.retransmit_ms_max.min(give_up_ms / 4), ..longest }
}
