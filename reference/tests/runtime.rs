//! The runtime, with an actor of its own: what stateright's `spawn` gets wrong.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket as StdSocket};
use std::path::Path;
use std::time::Duration;

use quorate_model::NodeId;
use quorate_model::session::{PeerId, SessionConfig};
use quorate_model::wire::{ClusterId, ClusterKey, DATAGRAM_BYTES_MAX};
use quorate_reference::admin::{AdminAnswer, AdminRequest, NodeReport, Payload};
use quorate_reference::client::{Client, ClientError};
use quorate_reference::node_actor::NodeActor;
use quorate_reference::recorder::Recorder;
use quorate_reference::runtime::{AddressBook, Node, NodeParts, RuntimeError};
use quorate_reference::store::{Identity, RowChange, Store, Stored};
use quorate_reference::transport::Station;
use quorate_traces::recording::{Kept, RECORDING_FORMAT, RecordedEvent, RecordedInput, RecordingHeader, read_recording};
use serde::{Deserialize, Serialize};
use stateright::actor::{Actor, Id, Out};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const CLUSTER: ClusterId = ClusterId([3; 16]);

fn key() -> ClusterKey {
    ClusterKey::derive(b"a secret of the tests")
}

/// Counts the bytes that it is told of, durably, and tells whoever asks.
#[derive(Clone)]
struct Counter {
    /// Whether a timer without delay sets itself again for ever.
    restless: bool,
    /// Passes everything on to this node.
    pass_on: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Msg {
    Add(Vec<u8>),
    Total(u64),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Total(u64);

impl Stored for Total {
    fn changes(&self, before: Option<&Self>) -> Vec<RowChange> {
        let row = |total: &Total| total.0.to_be_bytes().to_vec();
        vec![RowChange { key: b"total".to_vec(), before: before.map(row), after: Some(row(self)) }]
    }

    fn assemble(rows: BTreeMap<Vec<u8>, Vec<u8>>) -> Result<Self, String> {
        let bytes = rows.get(b"total".as_slice()).ok_or("no total")?.as_slice();
        Ok(Total(u64::from_be_bytes(bytes.try_into().map_err(|_| "not eight bytes")?)))
    }
}

impl Actor for Counter {
    type Msg = Msg;
    type Timer = ();
    type State = Total;
    type Storage = Total;
    type Random = ();

    fn on_start(&self, _: Id, storage: &Option<Total>, out: &mut Out<Self>) -> Total {
        if self.restless {
            out.set_timer((), Duration::ZERO..Duration::ZERO);
        }
        storage.unwrap_or_default()
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, Total>, source: Id, msg: Msg, out: &mut Out<Self>) {
        match msg {
            Msg::Add(bytes) => {
                let total = state.0 + bytes.len() as u64;
                *state.to_mut() = Total(total);
                // The order in which an actor says it does not matter: what is saved is durable first.
                out.send(source, Msg::Total(total));
                out.save(Total(total));
                if let Some(next) = self.pass_on {
                    out.send(Id::from(next), Msg::Add(bytes));
                }
            }
            Msg::Total(_) => {}
        }
    }

    fn on_timeout(&self, _: Id, _: &mut Cow<'_, Total>, (): &(), out: &mut Out<Self>) {
        if self.restless {
            out.set_timer((), Duration::ZERO..Duration::ZERO);
        }
    }
}

impl NodeActor for Counter {
    fn report(&self, _: Id, state: &Total, report: &mut NodeReport) {
        report.term = state.0;
    }
}

/// A cluster of counters, within this process.
struct Cluster {
    folder: TempDir,
    addresses: AddressBook,
    running: BTreeMap<PeerId, Running>,
}

/// How to stop a node, and how to learn what came of it.
type Running = (oneshot::Sender<()>, JoinHandle<Result<(), RuntimeError>>);

impl Cluster {
    fn new(count: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sockets: Vec<StdSocket> = (0..count).map(|_| StdSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()).collect();
        let addresses = sockets.iter().enumerate().map(|(id, socket)| (id as u64, socket.local_addr().unwrap())).collect();
        for id in 0..count {
            Store::<Total>::create(&store_path(folder.path(), id), identity(id)).unwrap();
        }
        Cluster { folder, addresses, running: BTreeMap::new() }
    }

    fn start(&mut self, id: PeerId, actor: Counter, loss: f64) {
        let store = Store::<Total>::open(&store_path(self.folder.path(), id), identity(id)).unwrap();
        let incarnation = store.incarnation();
        let header = RecordingHeader {
            recording: RECORDING_FORMAT,
            cluster: CLUSTER.to_string(),
            node: NodeId(id as u8),
            incarnation,
            actor: String::from("Counter"),
            settings: serde_json::Value::Null,
        };
        let recorder = Recorder::create(self.folder.path(), &header).unwrap();
        let socket = StdSocket::bind(self.addresses[&id]).unwrap();
        socket.set_nonblocking(true).unwrap();
        let parts = NodeParts {
            actor,
            station: Station { id, incarnation, cluster: CLUSTER, key: key(), nodes: self.addresses.clone() },
            session: SessionConfig { retransmit_ms: 20, ..SessionConfig::default() },
            socket: tokio::net::UdpSocket::from_std(socket).unwrap(),
            store,
            recorder,
            loss,
        };
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let stop = async {
                let _ = stopped.await;
            };
            Node::start(parts)?.run(stop).await
        });
        self.running.insert(id, (stop, task));
    }

    async fn stop(&mut self, id: PeerId) {
        let (stop, task) = self.running.remove(&id).unwrap();
        stop.send(()).unwrap();
        task.await.unwrap().unwrap();
    }

    /// Ends a node wherever it is, without a word.
    async fn kill(&mut self, id: PeerId) {
        let (_stop, task) = self.running.remove(&id).unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }

    /// Asks from a thread of its own, as clients do.
    async fn ask<T: Send + 'static>(&self, ask: impl FnOnce(&mut Client) -> T + Send + 'static) -> T {
        let addresses = self.addresses.clone();
        tokio::task::spawn_blocking(move || ask(&mut Client::new(CLUSTER, key(), addresses).unwrap())).await.unwrap()
    }

    async fn add(&self, id: PeerId, bytes: usize) -> u64 {
        self.ask(move |client| add(client, id, bytes)).await.unwrap()
    }

    async fn report(&self, id: PeerId) -> NodeReport {
        let answer = self.ask(move |client| client.ask(id, AdminRequest::Report, Duration::from_secs(5))).await;
        match answer.unwrap() {
            AdminAnswer::Report(report) => *report,
            other => panic!("{other:?}"),
        }
    }
}

fn add(client: &mut Client, id: PeerId, bytes: usize) -> Result<u64, ClientError> {
    let patience = Duration::from_secs(20);
    client.exchange(id, &Payload::Actor(Msg::Add(vec![7; bytes])), patience, |answer| match answer {
        Payload::Actor(Msg::Total(total)) => Some(total),
        _ => None,
    })
}

fn identity(id: PeerId) -> Identity {
    Identity { cluster: CLUSTER, node: NodeId(id as u8) }
}

fn store_path(folder: &Path, id: PeerId) -> std::path::PathBuf {
    folder.join(format!("{id}.redb"))
}

fn quiet() -> Counter {
    Counter { restless: false, pass_on: None }
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let mut cluster = Cluster::new(1);
    cluster.start(0, quiet(), 0.0);
    assert_eq!(cluster.add(0, 5).await, 5);
    cluster.kill(0).await;
    cluster.start(0, quiet(), 0.0);
    assert_eq!(cluster.add(0, 2).await, 7);
    assert_eq!(cluster.report(0).await.incarnation, 2);
    cluster.stop(0).await;
}

#[tokio::test]
async fn a_timer_without_delay_does_not_starve_the_socket() {
    let mut cluster = Cluster::new(1);
    cluster.start(0, Counter { restless: true, pass_on: None }, 0.0);
    for total in 1..=20 {
        assert_eq!(cluster.add(0, 1).await, total);
    }
    cluster.stop(0).await;
}

#[tokio::test]
async fn messages_larger_than_a_datagram_arrive_over_a_channel_that_loses() {
    let mut cluster = Cluster::new(2);
    cluster.start(0, Counter { restless: false, pass_on: Some(1) }, 0.1);
    cluster.start(1, quiet(), 0.1);
    assert_eq!(cluster.add(0, 200_000).await, 200_000);
    while cluster.report(1).await.term < 200_000 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    cluster.stop(0).await;
    cluster.stop(1).await;
}

#[tokio::test]
async fn bad_datagrams_are_dropped_and_counted() {
    let mut cluster = Cluster::new(1);
    cluster.start(0, quiet(), 0.0);
    assert_eq!(cluster.add(0, 1).await, 1);
    let address: SocketAddr = cluster.addresses[&0];
    let socket = StdSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    for bytes in [&b""[..], b"GET / HTTP/1.1\r\n\r\n", &[0; DATAGRAM_BYTES_MAX + 1], b"QRUM\x09"] {
        socket.send_to(bytes, address).unwrap();
    }
    // Of another cluster, and of this one by somebody without the secret.
    let other = ClusterId([4; 16]);
    let mut strangers = vec![(other, key()), (CLUSTER, ClusterKey::derive(b"a guess"))];
    while let Some((cluster_id, key)) = strangers.pop() {
        let addresses = cluster.addresses.clone();
        let refused = tokio::task::spawn_blocking(move || {
            let mut stranger = Client::new(cluster_id, key, addresses).unwrap();
            stranger.ask(0, AdminRequest::Report, Duration::from_millis(300))
        });
        assert!(matches!(refused.await.unwrap(), Err(ClientError::NotReached)));
    }
    let drops = cluster.report(0).await.drops;
    for reason in ["truncated", "not of this protocol", "oversized", "of another cluster", "not authentic"] {
        assert!(drops.contains_key(reason), "{reason}: {drops:?}");
    }
    assert_eq!(cluster.add(0, 1).await, 2, "and nothing was lost");
    cluster.stop(0).await;
}

#[tokio::test]
async fn a_node_that_is_not_there_is_told_from_one_that_does_not_answer() {
    let cluster = Cluster::new(1);
    let answer = cluster.ask(|client| client.ask(0, AdminRequest::Report, Duration::from_millis(300))).await;
    assert!(matches!(answer, Err(ClientError::NotReached)));
}

#[tokio::test]
async fn a_recording_has_every_turn_and_ends_with_the_stop() {
    let mut cluster = Cluster::new(1);
    cluster.start(0, quiet(), 0.0);
    for _ in 0..3 {
        cluster.add(0, 1).await;
    }
    cluster.stop(0).await;
    let path = cluster.folder.path().join("n1-000001.jsonl");
    let recording = read_recording::<Msg, (), Total, Total>(&path).unwrap();
    let turns = recording.lines.iter().filter_map(|line| match &line.event {
        RecordedEvent::Turn(turn) => Some(turn),
        _ => None,
    });
    let turns: Vec<_> = turns.collect();
    assert!(matches!(turns[0].input, RecordedInput::Start { storage: None }));
    assert_eq!(
        turns.iter().filter_map(|turn| turn.saved.clone()).collect::<Vec<_>>(),
        [1, 2, 3].map(|total| Kept::Whole(Total(total)))
    );
    assert!(turns[1..].iter().all(|turn| turn.sent.len() == 1 && turn.state == turn.saved));
    let synced = recording.lines.iter().filter(|line| matches!(line.event, RecordedEvent::Synced { .. })).count();
    assert_eq!(synced, 3);
    assert!(matches!(recording.lines.last().unwrap().event, RecordedEvent::Stopped {}));
}

/// Nobody waits for an answer of a node that is no more: one that stops says
/// goodbye, and the silence of one that was killed is noticed although nothing
/// is on its way to it.
#[tokio::test]
async fn whoever_waits_for_an_answer_hears_of_the_end() {
    for (killed, within) in [(false, Duration::from_secs(3)), (true, Duration::from_secs(15))] {
        let mut cluster = Cluster::new(1);
        cluster.start(0, quiet(), 0.0);
        let addresses = cluster.addresses.clone();
        let waiting = tokio::task::spawn_blocking(move || {
            let mut client = Client::new(CLUSTER, key(), addresses).unwrap();
            // The answer is never the one that is waited for.
            client.exchange(0, &Payload::Actor(Msg::Add(vec![7; 3])), Duration::from_secs(60), |_: Payload<Msg>| None::<()>)
        });
        while cluster.report(0).await.term < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let began = std::time::Instant::now();
        if killed {
            cluster.kill(0).await;
        } else {
            cluster.stop(0).await;
        }
        assert!(matches!(waiting.await.unwrap(), Err(ClientError::NoAnswer)));
        assert!(began.elapsed() < within, "{:?}, killed: {killed}", began.elapsed());
    }
}
