//! Finding the others: peers, the leader among them, or a quorum to bootstrap
//! and to be elected with (`PeerFinder`, `ClusterBootstrapService`).

use super::message::CoordinatorMsg;
use super::metadata::ClusterMetadata;
use super::policy::{Choice, Membership, Policy, Refusal};
use super::state::{CoordinatorTimer, Mode};
use super::turn::Turn;
use super::value::ClusterValue;
use crate::coordination::Term;
use crate::coordination::bootstrap::{BootstrapRejection, bootstrap_from};
use crate::coordination::placeholder::nodes_of;
use crate::membership::JoinRequest;
use crate::node_set::{NodeId, NodeSet};

impl<V: ClusterValue, R: Policy> Turn<'_, V, R> {
    /// A candidate starts to look around, with the nodes it knows of: the seeds
    /// and the members of the last state it accepted.
    pub(super) fn look_for_peers(&mut self) {
        if self.settings.driven.membership {
            self.state.peers = NodeSet::EMPTY;
            self.ask_around();
        } else {
            self.state.peers = self.settings.nodes.without(self.id);
        }
        self.peers_changed();
    }

    /// A node that follows or leads looks no further.
    pub(super) fn stop_looking_for_peers(&mut self) {
        self.state.peers = NodeSet::EMPTY;
        self.state.pre_voting = None;
        self.cancel_timer(CoordinatorTimer::FindPeers);
    }

    /// Time to ask again.
    pub(super) fn on_find_peers_timer(&mut self) {
        if self.is_candidate() {
            self.ask_around();
            self.peers_changed();
        }
    }

    fn ask_around(&mut self) {
        let known = self.state.peers;
        let everybody = self.settings.seeds.union(self.accepted().value.members.nodes).union(known);
        self.tell_all(everybody, &CoordinatorMsg::PeersRequest { known });
        self.set_timer_ms(CoordinatorTimer::FindPeers, self.settings.elasticsearch.find_peers_interval_ms);
    }

    /// Somebody looks for peers. A candidate gets to know it, and whom it knows;
    /// others say whom they follow.
    pub(super) fn on_peers_request(&mut self, source: NodeId, known: NodeSet) {
        let term = self.current_term();
        if self.is_candidate() {
            self.probe(known);
            self.found(source);
            let known = self.state.peers;
            self.tell(source, CoordinatorMsg::PeersResponse { leader: None, known, term });
            self.peers_changed();
        } else {
            let leader = self.state.leader(self.id);
            self.tell(source, CoordinatorMsg::PeersResponse { leader, known: NodeSet::EMPTY, term });
        }
    }

    /// An answer. A leader that answers for itself is asked to let this node in
    /// (`onActiveMasterFound`); anybody else named is asked in turn.
    pub(super) fn on_peers_response(&mut self, source: NodeId, leader: Option<NodeId>, known: NodeSet, term: Term) {
        if !self.is_candidate() {
            return;
        }
        self.found(source);
        if leader == Some(source) {
            self.ensure_term_at_least(source, term);
            self.ask_to_join(source);
        } else {
            self.probe(leader.map_or(known, |leader| known.with(leader)));
        }
        self.peers_changed();
    }

    fn found(&mut self, peer: NodeId) {
        self.state.peers = self.state.peers.with(peer).without(self.id);
    }

    fn probe(&mut self, nodes: NodeSet) {
        let known = self.state.peers;
        let unknown: NodeSet = nodes.iter().filter(|node| !known.contains(*node)).collect();
        self.tell_all(unknown.intersection(self.settings.nodes), &CoordinatorMsg::PeersRequest { known });
    }

    /// Asks a leader to let this node in, with its vote if that is for this
    /// leader in this term. Once at a time.
    pub(super) fn ask_to_join(&mut self, leader: NodeId) {
        if self.state.joining == Some(leader) || self.rules.permit(Refusal::Unhealthy, self.state.healthy).is_err() {
            return;
        }
        self.state.joining = Some(leader);
        let vote = self.state.last_join.and_then(|(candidate, join)| (candidate == leader).then_some(join));
        let request =
            JoinRequest { minimum_term: if self.rules.takes(Choice::JoinsSayTheirTerm) { self.current_term() } else { 0 }, vote };
        if leader == self.id {
            self.on_join(leader, request);
        } else {
            self.tell(leader, CoordinatorMsg::Join(request));
        }
    }

    /// What a candidate does with the peers that it has: bootstrap, if that is
    /// to be done, and open or close the election scheduler (`onFoundPeersUpdated`).
    pub(super) fn peers_changed(&mut self) {
        if self.state.mode != Mode::Candidate {
            return;
        }
        let found = self.state.peers.with(self.id);
        _ = self.bootstrap(found);
        self.schedule_elections(found);
    }

    /// Sets the first configuration once more than half of the initial masters
    /// are found. Those that are not are in it by placeholders, so that every
    /// quorum of any such configuration is a majority of the true set (#37463).
    fn bootstrap(&mut self, found: NodeSet) -> Result<(), BootstrapRejection> {
        let (initial, bootstrapped) = (self.settings.initial_master_nodes, self.coordination().is_bootstrapped());
        let config = bootstrap_from(self.id, initial, found, bootstrapped, |holds, guard| {
            Membership(self.rules).heed_bootstrap(holds, guard)
        })?;
        let config = if self.rules.takes(Choice::KeepsPlaceholders) { config } else { nodes_of(config) };
        let cluster_uuid = self.settings.cluster_uuid * 64 + self.id.index() as u64 + 1;
        let mut metadata = ClusterMetadata { cluster_uuid, ..ClusterMetadata::blank() };
        if !self.settings.driven.membership {
            metadata.members.nodes = self.settings.nodes;
            metadata.members.master_eligible = self.settings.master_eligible;
        }
        if let Ok(next) = self.rules.set_initial_state(self.coordination(), config, metadata) {
            self.state.coordination = next;
        }
        Ok(())
    }
}
