//! `stabilise`: after the settle time that follows from the settings, the seven
//! groups of assertions of `AbstractCoordinatorTestCase.Cluster.stabilise`.

use quorate_model::coordination::reconfigurator::{LeaderView, Reconfigurator, improve_configuration};
use quorate_model::coordinator::{Mode, Policy};
use quorate_model::{NodeId, NodeSet};

use super::cluster::{Cluster, DEFAULT_DELAY_VARIABILITY_MS, State, Step};
use super::failure::Failure;
use super::linearizable::{self, HistoryReport};
use super::times;

/// The assertions, in Elasticsearch's order; the last is of L8.
pub const ASSERTIONS: [(&str, &str); 8] = [
    ("OneLeader", "one node leads, in one term, and has applied what it has accepted (L1)"),
    ("NoPublicationUnderWay", "nobody publishes"),
    ("FollowersAgree", "each connected node follows, has voted, and has accepted and applied the same (L2, L3)"),
    ("OthersAreAlone", "every other node is a candidate, and no member (L4)"),
    ("ElectionsAreQuiet", "no healthy node plans an election"),
    ("ConfigurationIsBest", "the voting configuration is committed, has a majority there, and cannot be improved (L5)"),
    ("HistoryIsLinearizable", "what clients heard has an order (S11)"),
    ("UpdatesReachEverybody", "a change submitted now is applied everywhere within ten delays (L8)"),
];

impl<R: Policy> Cluster<R> {
    /// Waits as long as settling may take, and asserts that it has; the leader.
    ///
    /// # Errors
    /// The first assertion that does not hold, or what a turn brought to light.
    pub fn stabilise(&mut self) -> Result<NodeId, Failure> {
        let ms = times::stabilisation_ms(&self.settings().elasticsearch);
        self.stabilise_within(ms)
    }

    /// Waits so long, and asserts that the cluster has settled; the leader.
    ///
    /// # Errors
    /// See [`stabilise`](Self::stabilise).
    pub fn stabilise_within(&mut self, ms: u64) -> Result<NodeId, Failure> {
        assert_eq!(self.variability_ms, DEFAULT_DELAY_VARIABILITY_MS, "the settle time is for short delays");
        self.run_for(ms)?;
        let leader = self.drain()?;
        self.assert_settled(leader)?;
        Ok(leader)
    }

    /// The leader publishes what still waits. Nobody else can be publishing: who
    /// does leads (S12), and only one does.
    fn drain(&mut self) -> Result<NodeId, Failure> {
        let Some(leader) = self.leaders().first().copied() else { return Err(self.unsettled("OneLeader", "nobody leads")) };
        let term = |cluster: &Self| cluster.node(leader).map(|state| state.coordination.current_term());
        let (term_before, mut waited) = (term(self), 0);
        while self.node(leader).is_some_and(|state| !state.queue.is_empty() || state.publication.is_some()) {
            self.run_for(times::update_ms())?;
            waited += 1;
            if waited > 1_000 {
                return Err(self.unsettled("NoPublicationUnderWay", format!("{leader} does not come to an end")));
            }
        }
        if term(self) != term_before {
            let why = format!("{leader} went from term {term_before:?} to {:?} while it published", term(self));
            return Err(self.unsettled("OneLeader", why));
        }
        Ok(leader)
    }

    fn unsettled(&self, property: &str, why: impl Into<String>) -> Failure {
        Failure::new(property, why, self.now_ms())
    }

    /// The nodes of its cluster that the leader can talk with, both ways, and that are well.
    pub fn connected_with(&self, leader: NodeId) -> NodeSet {
        self.up()
            .filter(|(id, state)| self.links.connects(leader, *id) && state.healthy && self.belongs(*id))
            .map(|(id, _)| id)
            .collect()
    }

    fn assert_settled(&self, leader: NodeId) -> Step {
        let node = self.node(leader).ok_or_else(|| self.unsettled("OneLeader", format!("{leader} is down")))?;
        let connected = self.connected_with(leader);
        let require = |holds: bool, property: &str, why: &dyn Fn() -> String| {
            if holds { Ok(()) } else { Err(self.unsettled(property, why())) }
        };
        let own = node.coordination.accepted();
        require(node.mode == Mode::Leader, "OneLeader", &|| format!("{leader} does not lead any more"))?;
        require(self.leaders() == [leader], "OneLeader", &|| format!("{:?} lead", self.leaders()))?;
        require(node.healthy, "OneLeader", &|| format!("{leader} leads and is not well"))?;
        require(self.applied(leader) == Some(own.id()), "OneLeader", &|| {
            format!("{leader} has accepted {} and applied {:?}", own.id(), self.applied(leader))
        })?;
        require(own.value.members.nodes.contains(leader), "OneLeader", &|| format!("{leader} is no member"))?;
        require(own.value.uuid_committed, "OneLeader", &|| format!("{leader} does not know that its cluster is committed"))?;

        for (id, state) in self.up().filter(|(id, _)| *id != leader) {
            if connected.contains(id) {
                self.follows(leader, node, id, state).map_err(|why| self.unsettled("FollowersAgree", why))?;
            } else {
                require(state.mode == Mode::Candidate, "OthersAreAlone", &|| format!("{id} is {:?}", state.mode))?;
                require(!own.value.members.nodes.contains(id), "OthersAreAlone", &|| format!("{id} is still a member"))?;
            }
        }
        for (id, state) in self.up().filter(|(id, _)| connected.contains(*id)) {
            require(state.attempts.is_none(), "ElectionsAreQuiet", &|| format!("{id} plans an election"))?;
        }
        self.configuration_is_best(leader, node, connected).map_err(|why| self.unsettled("ConfigurationIsBest", why))?;
        self.history_is_linearizable().map(|_| ())
    }

    fn follows(&self, leader: NodeId, led: &State, id: NodeId, state: &State) -> Result<(), String> {
        let (own, theirs) = (state.coordination.accepted(), led.coordination.accepted());
        let require = |holds: bool, what: String| if holds { Ok(()) } else { Err(format!("{id} {what}")) };
        require(state.mode == Mode::Follower(leader), format!("is {:?}, not a follower of {leader}", state.mode))?;
        let (term, led_term) = (state.coordination.current_term(), led.coordination.current_term());
        require(term == led_term, format!("is in term {term}, not {led_term}"))?;
        let votes = !self.settings().master_eligible.contains(id) || led.coordination.volatile.join_votes.contains(id);
        require(votes, format!("follows {leader}, which does not hold its vote"))?;
        require(own.id() == theirs.id(), format!("has accepted {}, not {}", own.id(), theirs.id()))?;
        require(self.applied(id) == Some(theirs.id()), format!("has applied {:?}, not {}", self.applied(id), theirs.id()))?;
        require(theirs.value.members.nodes.contains(id), String::from("is no member"))?;
        let applied = state.applied.as_ref().map(|applied| &applied.metadata);
        require(applied.is_some_and(|m| m.master == Some(leader)), format!("does not serve a state of {leader}"))?;
        let uuid = own.value.uuid_committed && own.value.cluster_uuid == theirs.value.cluster_uuid;
        require(uuid, String::from("is in another cluster, or not for good"))
    }

    fn configuration_is_best(&self, leader: NodeId, node: &State, connected: NodeSet) -> Result<(), String> {
        let own = node.coordination.accepted();
        let members = own.value.members;
        let require = |holds: bool, what: String| if holds { Ok(()) } else { Err(what) };
        require(members.nodes == connected, format!("members are {}, and connected {connected}", members.nodes))?;
        require(own.config == own.committed_config, format!("{} waits to be committed", own.config))?;
        let there = connected.intersection(own.config);
        require(there.len() * 2 > own.config.len(), format!("{there} are no majority of {}", own.config))?;
        require(own.config.contains(leader), format!("{leader} is not in {}", own.config))?;
        let view = LeaderView {
            local: leader,
            nodes: members.nodes,
            master_eligible: members.master_eligible,
            join_votes: node.coordination.volatile.join_votes,
            excluded: own.value.exclusions,
            accepted_config: own.config,
            committed_config: own.committed_config,
            auto_shrink: self.settings().elasticsearch.auto_shrink_voting_configuration,
        };
        match improve_configuration(&Reconfigurator, &view) {
            Ok(better) => Err(format!("{better} would be better than {}", own.config)),
            Err(_) => Ok(()),
        }
    }

    /// Whether what clients heard so far has an order.
    ///
    /// # Errors
    /// The register that has none.
    pub fn history_is_linearizable(&self) -> Result<HistoryReport, Failure> {
        linearizable::check(self.clients.attempts()).map_err(|why| self.unsettled("HistoryIsLinearizable", why))
    }

    /// A change submitted to a settled leader reaches every connected node in time.
    ///
    /// # Errors
    /// Who does not have it.
    pub fn updates_reach_everybody(&mut self, leader: NodeId) -> Step {
        let key = 1_000_000;
        let request = self.write(leader, key, self.turns())?;
        self.run_for(times::update_ms())?;
        let Some(id) = self.clients.attempt(request).published else {
            return Err(self.unsettled("UpdatesReachEverybody", format!("{leader} has not answered a client in time")));
        };
        match self.connected_with(leader).iter().find(|node| self.applied(*node) < Some(id)) {
            Some(node) => Err(self.unsettled("UpdatesReachEverybody", format!("{node} has not applied {id} in time"))),
            None => Ok(()),
        }
    }
}
