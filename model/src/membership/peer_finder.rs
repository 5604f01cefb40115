//! Discovery: who is there, and who leads (`PeerFinder`).
//!
//! ```text
//!   candidate (active)                            any node
//!     probes addresses: seeds, nodes of the last state, whatever it hears of
//!     ── PeersRequest(known peers) ───────────▶   active: probes the sender and
//!                                                 those that it knows
//!     ◀── PeersResponse(leader, peers, term) ──   active: no leader, its peers
//!                                                 inactive: its leader, no peers
//!     the responder itself leads: join it
//! ```
//!
//! A finder is active exactly while its node is a candidate. Every
//! `discovery.find_peers_interval` it probes again and asks again; there is one
//! question to a peer under way at a time.
//!
//! Addresses are of any kind: of sockets in a cluster, node ids in a model.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rejection::MembershipRejection::{self, *};
use crate::coordination::Term;
use crate::node_set::{NodeId, NodeSet};

/// A node that may vote, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PeerInfo<A> {
    /// Which node.
    pub id: NodeId,
    /// Where.
    pub address: A,
}

/// `internal:discovery/request_peers`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PeersRequest<A> {
    /// Who asks.
    pub source: PeerInfo<A>,
    /// Whether it may vote: others are not probed back.
    pub master_eligible: bool,
    /// Whom it knows.
    pub known: Vec<PeerInfo<A>>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PeersResponse<A> {
    /// The responder's leader: itself, or whom it follows.
    pub leader: Option<PeerInfo<A>>,
    /// Whom it knows, if it has no leader.
    pub known: Vec<PeerInfo<A>>,
    /// Its term.
    pub term: Term,
}

/// What is known of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Peer {
    /// The node there, once connected.
    node: Option<NodeId>,
    /// Whether it was asked and has not answered.
    asked: bool,
}

/// A finder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PeerFinder<A: Ord> {
    local: PeerInfo<A>,
    active: bool,
    term: Term,
    leader: Option<PeerInfo<A>>,
    peers: BTreeMap<A, Peer>,
}

/// What is to be done when time has passed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wakeup<A> {
    /// Addresses to connect to.
    pub probes: Vec<A>,
    /// Peers to ask.
    pub asks: Vec<PeerInfo<A>>,
}

/// The responder leads: enter its term at least, and join it
/// (`onActiveMasterFound`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MasterFound {
    /// Who.
    pub leader: NodeId,
    /// In which term.
    pub term: Term,
}

impl<A: Ord + Clone> PeerFinder<A> {
    /// The finder of a node that is not started.
    pub fn new(local: PeerInfo<A>) -> Self {
        PeerFinder { local, active: false, term: 0, leader: None, peers: BTreeMap::new() }
    }

    /// Whether it looks for peers.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// The peers found, this node not included.
    pub fn found(&self) -> NodeSet {
        self.peers.values().filter_map(|peer| peer.node).collect()
    }

    /// `setCurrentTerm`.
    pub fn set_term(&mut self, term: Term) {
        self.term = term;
    }

    /// `activate`: the node has become a candidate. `last_nodes` are those of its
    /// last accepted state; the addresses to probe.
    pub fn activate(&mut self, seeds: &[A], last_nodes: &[A]) -> Vec<A> {
        self.active = true;
        self.leader = None;
        self.probe_all(last_nodes.iter().chain(seeds))
    }

    /// `deactivate`: the node leads, or follows `leader`. What was found is forgotten.
    pub fn deactivate(&mut self, leader: PeerInfo<A>) {
        self.active = false;
        self.leader = Some(leader);
        self.peers.clear();
    }

    /// `startProbe`: connect to `address`, if this is `Ok`.
    ///
    /// # Errors
    /// `PeerFinderInactive`, `PeerIsLocal`, `PeerKnown`.
    pub fn probe(&mut self, address: &A) -> Result<(), MembershipRejection> {
        PeerFinderInactive.unless(self.active)?;
        PeerIsLocal.unless(*address != self.local.address)?;
        PeerKnown.unless(!self.peers.contains_key(address))?;
        self.peers.insert(address.clone(), Peer { node: None, asked: false });
        Ok(())
    }

    /// The probe has found `node` at `address`: it is a peer, and is to be asked.
    /// A refusal means that the connection is of no use.
    ///
    /// # Errors
    /// `PeerFinderInactive`, `PeerNotProbed`, `PeerIsLocal`, `PeerNotMasterEligible`.
    pub fn connected(&mut self, address: &A, node: NodeId, master_eligible: bool) -> Result<(), MembershipRejection> {
        PeerFinderInactive.unless(self.active)?;
        let probed = self.peers.get(address).is_some_and(|peer| peer.node.is_none());
        PeerNotProbed.unless(probed)?;
        let wanted = PeerIsLocal.unless(node != self.local.id).and_then(|()| PeerNotMasterEligible.unless(master_eligible));
        match wanted {
            Ok(()) => _ = self.peers.insert(address.clone(), Peer { node: Some(node), asked: true }),
            Err(_) => _ = self.peers.remove(address),
        }
        wanted
    }

    /// The probe has failed, or the session has ended: the address may be probed again.
    pub fn lost(&mut self, address: &A) {
        self.peers.remove(address);
    }

    /// `handleWakeUp`: `discovery.find_peers_interval` has passed. Peers that are
    /// not waited for are asked, addresses that are not probed are probed.
    ///
    /// # Errors
    /// `PeerFinderInactive`.
    pub fn wake_up(&mut self, seeds: &[A], last_nodes: &[A]) -> Result<Wakeup<A>, MembershipRejection> {
        PeerFinderInactive.unless(self.active)?;
        let mut asks = Vec::new();
        for (address, peer) in &mut self.peers {
            if let (Some(id), false) = (peer.node, peer.asked) {
                peer.asked = true;
                asks.push(PeerInfo { id, address: address.clone() });
            }
        }
        Ok(Wakeup { probes: self.probe_all(last_nodes.iter().chain(seeds)), asks })
    }

    /// What a peer is asked.
    pub fn request(&self, master_eligible: bool) -> PeersRequest<A> {
        PeersRequest { source: self.local.clone(), master_eligible, known: self.known() }
    }

    /// `handlePeersRequest`: the answer, and the addresses to probe.
    pub fn handle_request(&mut self, request: &PeersRequest<A>) -> (PeersResponse<A>, Vec<A>) {
        if !self.active {
            return (PeersResponse { leader: self.leader.clone(), known: Vec::new(), term: self.term }, Vec::new());
        }
        let source = request.master_eligible.then_some(&request.source.address);
        let probes = self.probe_all(source.into_iter().chain(request.known.iter().map(|peer| &peer.address)));
        (PeersResponse { leader: None, known: self.known(), term: self.term }, probes)
    }

    /// `PeersResponseHandler`: the peer at `address` has answered. The addresses
    /// to probe, and the leader, if the peer is one: what it says of others is
    /// followed up by asking them.
    ///
    /// # Errors
    /// `PeerFinderInactive`, `PeerNotProbed` if the peer was not asked.
    pub fn handle_response(
        &mut self,
        address: &A,
        response: &PeersResponse<A>,
    ) -> Result<(Vec<A>, Option<MasterFound>), MembershipRejection> {
        PeerFinderInactive.unless(self.active)?;
        let peer = self.peers.get_mut(address).filter(|peer| peer.asked).ok_or(PeerNotProbed)?;
        peer.asked = false;
        let node = peer.node;
        let leader = response.leader.iter();
        let probes = self.probe_all(leader.clone().chain(&response.known).map(|peer| &peer.address));
        let master = leader.into_iter().find(|leader| Some(leader.id) == node);
        Ok((probes, master.map(|leader| MasterFound { leader: leader.id, term: response.term })))
    }

    /// The question to the peer at `address` has failed; it may be asked again.
    pub fn request_failed(&mut self, address: &A) {
        if let Some(peer) = self.peers.get_mut(address) {
            peer.asked = false;
        }
    }

    fn known(&self) -> Vec<PeerInfo<A>> {
        let known = self.peers.iter().filter_map(|(address, peer)| peer.node.map(|id| PeerInfo { id, address: address.clone() }));
        known.collect()
    }

    /// Those of `addresses` that are to be probed.
    fn probe_all<'a>(&mut self, addresses: impl Iterator<Item = &'a A>) -> Vec<A>
    where
        A: 'a,
    {
        addresses.filter(|address| self.probe(address).is_ok()).cloned().collect()
    }
}
