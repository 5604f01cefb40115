//! One node: turns, timers, and the order in which things take effect.
//!
//! ```text
//!   round:  datagrams ─▶ turns ┐
//!           due timers ─▶ turns ├─▶ lines of the recording
//!                               └─▶ one save ─▶ `synced` ─▶ messages leave
//! ```
//!
//! A round takes at most [`ROUND_DATAGRAMS`] datagrams and fires each timer at
//! most once, so that neither starves the other. Whatever a round's turns sent
//! is held until what they saved is durable; that is done in one place,
//! [`Node::end_round`].

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use quorate_model::session::{Incarnation, PeerId, SessionConfig, UNKNOWN};
use quorate_model::{NodeId, NodeSet};
use quorate_traces::recording::{Kept, RecordedEvent, RecordedInput, RecordedMessage, RecordedTurn};
use rand::RngExt;
use stateright::actor::{Actor, Command, Id, Out};
use tokio::net::UdpSocket;

use crate::admin::{AdminAnswer, AdminRequest, NodeReport, Payload};
use crate::node_actor::NodeActor;
use crate::recorder::{Recorder, RecorderError};
use crate::store::{Store, StoreError};
use crate::transport::{Arrival, Station, Transport};

/// How many datagrams a round takes before timers have their turn.
pub const ROUND_DATAGRAMS: usize = 64;

/// Why a node stopped by itself. In every case it has sent nothing that depends
/// on what it could not save.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// What had to be durable could not be saved.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// What happened could not be written down.
    #[error("{0}")]
    Recorder(#[from] RecorderError),
    /// The socket is broken.
    #[error("the socket: {0}")]
    Socket(io::Error),
    /// The actor asked for a random choice: no running actor does.
    #[error("the actor asked for the random choice '{0}', and this runtime makes none")]
    RandomChoice(String),
}

/// What a node needs to run.
pub struct NodeParts<A: NodeActor> {
    /// The actor.
    pub actor: A,
    /// Who it is on the wire.
    pub station: Station,
    /// Times and limits of its sessions.
    pub session: SessionConfig,
    /// Its socket.
    pub socket: UdpSocket,
    /// Its store, open.
    pub store: Store<A::Storage>,
    /// Its recording, begun.
    pub recorder: Recorder,
    /// The part of datagrams to lose on purpose, 0 to 1: for trying out retransmission.
    pub loss: f64,
}

/// A running node.
pub struct Node<A: NodeActor> {
    actor: A,
    id: Id,
    me: PeerId,
    incarnation: Incarnation,
    socket: UdpSocket,
    store: Store<A::Storage>,
    recorder: Recorder,
    transport: Transport,
    loss: f64,
    began: Instant,
    state: A::State,
    timers: HashMap<A::Timer, Instant>,
    /// Messages of this node to itself.
    own: VecDeque<(u64, A::Msg)>,
    /// Messages of this round.
    outgoing: Vec<(PeerId, u64, Payload<A::Msg>)>,
    /// What this round saved last, with the turn that did.
    unsaved: Option<(u64, A::Storage)>,
    /// The last remark, and how often it was made in a row.
    last_remark: (String, u64),
    /// Since when something is wrong, or since when that was said.
    worried: Option<Instant>,
}

impl<A: NodeActor> Node<A> {
    /// Starts the actor with what its store holds.
    pub fn start(parts: NodeParts<A>) -> Result<Self, RuntimeError> {
        let NodeParts { actor, station, session, socket, store, mut recorder, loss } = parts;
        let (me, incarnation) = (station.id, station.incarnation);
        let id = Id::from(me as usize);
        let storage = store.storage().cloned();
        let mut out = Out::new();
        let state = actor.on_start(id, &storage, &mut out);
        let transport = Transport::new(station, session);
        let mut node = Node {
            actor,
            id,
            me,
            incarnation,
            socket,
            store,
            transport,
            loss,
            began: Instant::now(),
            state,
            timers: HashMap::new(),
            own: VecDeque::new(),
            outgoing: Vec::new(),
            unsaved: None,
            last_remark: (String::new(), 0),
            worried: None,
            recorder: {
                recorder.flush()?;
                recorder
            },
        };
        let (sent, saved) = node.take_commands(out)?;
        let input = RecordedInput::Start { storage: storage.as_ref().map(Kept::of) };
        let state = Some(Kept::of(&node.state));
        node.record_turn(input, sent, saved, state)?;
        Ok(node)
    }

    /// Runs until `stop` resolves, or until it cannot go on.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), RuntimeError> {
        tokio::pin!(stop);
        let mut buffer = vec![0; 65_536];
        loop {
            self.end_round().await?;
            let wake = self.next_wake();
            tokio::select! {
                biased;
                () = &mut stop => break,
                ready = self.socket.readable() => ready.map_err(RuntimeError::Socket)?,
                () = tokio::time::sleep_until(wake.into()) => {}
            }
            self.take_datagrams(&mut buffer)?;
            self.transport.tick(self.now_ms());
            self.take_arrivals()?;
            self.fire_timers()?;
            self.worry();
            // Whatever keeps a node busy, signals and other tasks get their turn.
            tokio::task::yield_now().await;
        }
        self.end_round().await?;
        self.transport.leave_all();
        self.transmit().await;
        self.event(RecordedEvent::Stopped {})?;
        Ok(self.recorder.flush()?)
    }

    fn take_datagrams(&mut self, buffer: &mut [u8]) -> Result<(), RuntimeError> {
        for _ in 0..ROUND_DATAGRAMS {
            match self.socket.try_recv_from(buffer) {
                Ok((_, _)) if self.is_lost() => {}
                Ok((bytes, from)) => {
                    let now_ms = self.now_ms();
                    self.transport.receive(now_ms, from, &buffer[..bytes]);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // The answer of some peer's machine to an earlier datagram: nobody listens there.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) => return Err(RuntimeError::Socket(error)),
            }
        }
        Ok(())
    }

    fn take_arrivals(&mut self) -> Result<(), RuntimeError> {
        for arrival in self.transport.take_arrivals() {
            match arrival {
                Arrival::Message { source, incarnation, message, bytes } => match postcard::from_bytes(&bytes) {
                    Ok(Payload::Actor(content)) => {
                        self.turn(RecordedInput::Deliver { source, incarnation, message, content })?;
                    }
                    Ok(Payload::Request(request, ask)) => {
                        let answer = self.answer(ask);
                        let number = self.transport.number_message(source);
                        self.outgoing.push((source, number, Payload::Answer(request, answer)));
                    }
                    Ok(Payload::Answer(..)) => self.transport.count("an answer that nobody asked for"),
                    Err(_) => self.transport.count("a message that makes no sense"),
                },
                Arrival::Disconnected { peer, incarnation, reason, lost } => {
                    self.event(RecordedEvent::Disconnected { peer, incarnation, reason, lost })?;
                    if peer < NodeSet::CAPACITY as PeerId && incarnation != UNKNOWN {
                        self.remark(format!("the session with {} has ended: {reason:?}", NodeId::from_index(peer as usize)));
                    }
                    if let Some(content) = self.actor.on_disconnect(Id::from(peer as usize)) {
                        self.turn(RecordedInput::Disconnect { peer, content })?;
                    }
                }
            }
        }
        // Those that arrive in the meantime are for the next round.
        for _ in 0..self.own.len() {
            if let Some((message, content)) = self.own.pop_front() {
                let (source, incarnation) = (self.me, self.incarnation);
                self.turn(RecordedInput::Deliver { source, incarnation, message, content })?;
            }
        }
        Ok(())
    }

    /// Fires what is due now, the longest due first, each timer at most once.
    fn fire_timers(&mut self) -> Result<(), RuntimeError> {
        let now = Instant::now();
        let mut due: Vec<(Instant, A::Timer)> =
            self.timers.iter().filter(|(_, at)| **at <= now).map(|(timer, at)| (*at, timer.clone())).collect();
        due.sort_by_key(|(at, _)| *at);
        for (at, timer) in due {
            // A turn before may have cancelled it or set it anew.
            if self.timers.get(&timer) == Some(&at) {
                self.timers.remove(&timer);
                self.turn(RecordedInput::Timeout { timer })?;
            }
        }
        Ok(())
    }

    /// Calls the actor, and writes down what it did.
    fn turn(&mut self, input: RecordedInput<A::Msg, A::Timer, A::Storage>) -> Result<(), RuntimeError> {
        let mut out = Out::new();
        let mut state = Cow::Borrowed(&self.state);
        match &input {
            RecordedInput::Start { .. } => unreachable!("a node starts once"),
            RecordedInput::Deliver { source, content, .. } => {
                self.actor.on_msg(self.id, &mut state, Id::from(*source as usize), content.clone(), &mut out);
            }
            RecordedInput::Timeout { timer } => self.actor.on_timeout(self.id, &mut state, timer, &mut out),
            RecordedInput::Disconnect { peer, content } => {
                self.actor.on_msg(self.id, &mut state, Id::from(*peer as usize), content.clone(), &mut out);
            }
        }
        let changed = match state {
            Cow::Owned(state) => Some(state),
            Cow::Borrowed(_) => None,
        };
        let kept = changed.as_ref().map(Kept::of);
        let said = match &input {
            RecordedInput::Deliver { source, content, .. } => Some((Id::from(*source as usize), content)),
            _ => None,
        };
        let remarks = self.actor.remarks(self.id, said, &self.state, changed.as_ref().unwrap_or(&self.state));
        remarks.into_iter().for_each(|remark| self.remark(remark));
        if let Some(state) = changed {
            self.state = state;
        }
        let (sent, saved) = self.take_commands(out)?;
        self.record_turn(input, sent, saved, kept)
    }

    /// Does what the actor asked for; what it sent, numbered, and what it saved last.
    #[allow(clippy::type_complexity)]
    fn take_commands(&mut self, out: Out<A>) -> Result<(Vec<RecordedMessage<A::Msg>>, Option<A::Storage>), RuntimeError> {
        let (mut sent, mut saved) = (Vec::new(), None);
        for command in out {
            match command {
                Command::Save(storage) => saved = Some(storage),
                Command::SetTimer(timer, range) => {
                    self.timers.insert(timer, Instant::now() + chosen(range));
                }
                Command::CancelTimer(timer) => {
                    self.timers.remove(&timer);
                }
                Command::Send(dest, content) => {
                    let dest = usize::from(dest) as PeerId;
                    let message = self.transport.number_message(dest);
                    sent.push(RecordedMessage { dest, message, content });
                }
                Command::ChooseRandom(key, _) => return Err(RuntimeError::RandomChoice(key)),
            }
        }
        for RecordedMessage { dest, message, content } in &sent {
            self.outgoing.push((*dest, *message, Payload::Actor(content.clone())));
        }
        Ok((sent, saved))
    }

    fn record_turn(
        &mut self,
        input: RecordedInput<A::Msg, A::Timer, A::Storage>,
        sent: Vec<RecordedMessage<A::Msg>>,
        saved: Option<A::Storage>,
        state: Option<Kept<A::State>>,
    ) -> Result<(), RuntimeError> {
        let turn = RecordedTurn { input, sent, saved: saved.as_ref().map(Kept::of), state };
        let seq = self.event(RecordedEvent::Turn(turn))?;
        if let Some(storage) = saved {
            self.unsaved = Some((seq, storage));
        }
        Ok(())
    }

    fn event(&mut self, event: RecordedEvent<A::Msg, A::Timer, A::State, A::Storage>) -> Result<u64, RuntimeError> {
        Ok(self.recorder.event(event)?)
    }

    /// Makes durable what the turns of the round saved, then lets go of what they sent.
    async fn end_round(&mut self) -> Result<(), RuntimeError> {
        self.recorder.flush()?;
        if let Some((turn, storage)) = self.unsaved.take() {
            self.store.save(storage)?;
            self.event(RecordedEvent::Synced { turn })?;
            self.recorder.flush()?;
        }
        let now_ms = self.now_ms();
        for (dest, message, payload) in std::mem::take(&mut self.outgoing) {
            if dest == self.me {
                if let Payload::Actor(content) = payload {
                    self.own.push_back((message, content));
                }
                continue;
            }
            let bytes = postcard::to_stdvec(&payload).expect("messages can be encoded");
            if let Err(error) = self.transport.post(now_ms, dest, message, &bytes) {
                eprintln!("{error}");
                self.transport.count("not sent: too long");
            }
        }
        let expected = self.actor.expects(self.id, &self.state);
        self.transport.expect(now_ms, expected);
        self.transmit().await;
        Ok(())
    }

    async fn transmit(&mut self) {
        for (address, datagram) in self.transport.take_datagrams() {
            if !self.is_lost() {
                // What the system does not take is lost, and is transmitted again like anything lost.
                let _ = self.socket.send_to(&datagram, address).await;
            }
        }
    }

    fn answer(&mut self, request: AdminRequest) -> AdminAnswer {
        match request {
            AdminRequest::Report => {
                let mut report = NodeReport {
                    incarnation: self.incarnation,
                    pid: std::process::id(),
                    blocked: self.transport.blocked().clone(),
                    drops: self.transport.drops().clone(),
                    ..NodeReport::default()
                };
                self.actor.report(self.id, &self.state, &mut report);
                AdminAnswer::Report(Box::new(report))
            }
            AdminRequest::Read(key) => AdminAnswer::Value(self.actor.read(&self.state, &key)),
            AdminRequest::Block(peers) => {
                self.transport.block(peers);
                AdminAnswer::Done
            }
        }
    }

    fn next_wake(&self) -> Instant {
        if !self.own.is_empty() || self.transport.has_arrivals() {
            return Instant::now();
        }
        let timer = self.timers.values().min().copied();
        let tick = self.transport.next_tick_ms().map(|ms| self.began + Duration::from_millis(ms));
        let idle = Instant::now() + Duration::from_secs(1);
        timer.into_iter().chain(tick).fold(idle, Instant::min)
    }

    /// What was said just before is said again the 2nd, 4th, 8th … time.
    fn remark(&mut self, remark: String) {
        let count = if self.last_remark.0 == remark { self.last_remark.1 + 1 } else { 1 };
        match count {
            1 => self.log(&remark),
            count if count.is_power_of_two() => self.log(&format!("{remark} ({count} times so far)")),
            _ => {}
        }
        self.last_remark = (remark, count);
    }

    /// Says what is wrong, if it has been for long, and again after as long.
    fn worry(&mut self) {
        let Some((after, what)) = self.actor.worry(self.id, &self.state) else {
            self.worried = None;
            return;
        };
        if self.worried.get_or_insert_with(Instant::now).elapsed() >= after {
            self.log(&what);
            self.worried = Some(Instant::now());
        }
    }

    /// A line of the log, with the seconds since the start.
    fn log(&self, line: &str) {
        eprintln!("{:9.3} {line}", self.began.elapsed().as_secs_f64());
    }

    fn now_ms(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    fn is_lost(&self) -> bool {
        self.loss > 0.0 && rand::rng().random_bool(self.loss)
    }
}

/// A duration in the range; its start, if it is empty.
fn chosen(range: Range<Duration>) -> Duration {
    if range.start < range.end { rand::rng().random_range(range) } else { range.start }
}

/// Where the nodes of a cluster are, by id.
pub type AddressBook = BTreeMap<PeerId, SocketAddr>;

/// The actor's own words for its types, as recordings use them.
pub type RecordingOf<A> =
    quorate_traces::recording::Recording<<A as Actor>::Msg, <A as Actor>::Timer, <A as Actor>::State, <A as Actor>::Storage>;
