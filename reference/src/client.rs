//! How the command line talks to nodes: a peer that comes and goes.

use std::collections::BTreeSet;
use std::io;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use quorate_model::session::{PeerId, SessionConfig, UNKNOWN};
use quorate_model::wire::{ClusterId, ClusterKey};
use rand::RngExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::admin::{AdminAnswer, AdminRequest, Payload};
use crate::runtime::AddressBook;
use crate::transport::{Arrival, MessageTooLarge, Station, Transport};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The node was never met: it has not received the request.
    #[error("the node does not answer")]
    NotReached,
    /// The node was met, and then nothing more was heard: it may have received the request.
    #[error("the node was reached and has not answered")]
    NoAnswer,
    /// The request cannot be sent.
    #[error("{0}")]
    TooLarge(#[from] MessageTooLarge),
    /// The socket is broken.
    #[error("the socket: {0}")]
    Socket(#[from] io::Error),
}

/// A client with a session to each node that it asks.
pub struct Client {
    socket: UdpSocket,
    transport: Transport,
    began: Instant,
    last_request: u64,
}

impl Client {
    /// A client of the cluster whose nodes are at `nodes`.
    pub fn new(cluster: ClusterId, key: ClusterKey, nodes: AddressBook) -> Result<Self, ClientError> {
        // Far above the ids of nodes, and no two clients have the same.
        let id: PeerId = rand::rng().random::<u64>() | 1 << 63;
        let local = if nodes.values().any(|address| address.is_ipv6()) { "[::]:0" } else { "0.0.0.0:0" };
        let socket = UdpSocket::bind(local)?;
        let station = Station { id, incarnation: 1, cluster, key, nodes };
        let transport = Transport::new(station, SessionConfig { retransmit_ms: 50, ..SessionConfig::default() });
        Ok(Client { socket, transport, began: Instant::now(), last_request: 0 })
    }

    /// A number for a request that no earlier one had.
    pub fn next_request(&mut self) -> u64 {
        self.last_request += 1;
        self.last_request
    }

    /// Asks a node of an operator's things.
    pub fn ask(&mut self, node: PeerId, request: AdminRequest, patience: Duration) -> Result<AdminAnswer, ClientError> {
        let number = self.next_request();
        self.exchange(node, &Payload::<()>::Request(number, request), patience, |payload| match payload {
            Payload::<()>::Answer(answered, answer) if answered == number => Some(answer),
            _ => None,
        })
    }

    /// Sends `payload` to `node` and waits for an answer that `accept` takes.
    pub fn exchange<M: Serialize + DeserializeOwned, T>(
        &mut self,
        node: PeerId,
        payload: &Payload<M>,
        patience: Duration,
        mut accept: impl FnMut(Payload<M>) -> Option<T>,
    ) -> Result<T, ClientError> {
        let bytes = postcard::to_stdvec(payload).expect("requests can be encoded");
        let number = self.transport.number_message(node);
        let deadline = Instant::now() + patience;
        self.transport.post(self.now_ms(), node, number, &bytes)?;
        let mut met = false;
        loop {
            self.transport.expect(self.now_ms(), BTreeSet::from([node]));
            for (address, datagram) in self.transport.take_datagrams() {
                // Nobody listens there: that is found out by the lack of an answer.
                let _ = self.socket.send_to(&datagram, address);
            }
            for arrival in self.transport.take_arrivals() {
                match arrival {
                    Arrival::Message { source, bytes, .. } if source == node => {
                        if let Some(answer) = postcard::from_bytes(&bytes).ok().and_then(&mut accept) {
                            return Ok(answer);
                        }
                    }
                    Arrival::Disconnected { peer, incarnation, .. } if peer == node => {
                        return Err(if incarnation == UNKNOWN { ClientError::NotReached } else { ClientError::NoAnswer });
                    }
                    _ => {}
                }
            }
            let now = Instant::now();
            if now >= deadline {
                return Err(if met { ClientError::NoAnswer } else { ClientError::NotReached });
            }
            self.receive_until(deadline)?;
            met |= self.transport.has_met(node);
            self.transport.tick(self.now_ms());
        }
    }

    /// Waits for one datagram, until the sessions want attention at the latest.
    fn receive_until(&mut self, deadline: Instant) -> Result<(), ClientError> {
        let tick = self.transport.next_tick_ms().map(|ms| self.began + Duration::from_millis(ms));
        let wake = tick.map_or(deadline, |tick| tick.min(deadline));
        let patience = wake.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        self.socket.set_read_timeout(Some(patience))?;
        let mut buffer = [0; 65_536];
        match self.socket.recv_from(&mut buffer) {
            Ok((bytes, from)) => self.transport.receive(self.now_ms(), from, &buffer[..bytes]),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => {}
                io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => {}
                _ => return Err(ClientError::Socket(error)),
            },
        }
        Ok(())
    }

    fn now_ms(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }
}
