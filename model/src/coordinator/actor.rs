//! The `stateright::actor::Actor`: which input calls which handler.

use std::borrow::Cow;
use std::sync::Arc;

use smallvec::SmallVec;
use stateright::actor::{Actor, Id, Out};

use super::message::CoordinatorMsg;
use super::metadata::ClusterMetadata;
use super::node_id;
use super::policy::Policy;
use super::settings::CoordinatorSettings;
use super::state::{CoordinatorState, CoordinatorTimer, Mode, Submission, Waiting};
use super::turn::Turn;
use super::value::ClusterValue;
use crate::coordination::{CoordinationState, Durable, Sound};
use crate::node_set::NodeSet;

/// A node of a cluster that agrees on a `V`, under the rules `R`.
#[derive(Clone, Debug)]
pub struct Coordinator<V, R = Sound> {
    /// The rules it calls, and its own guards.
    pub rules: R,
    /// Its configuration.
    pub settings: Arc<CoordinatorSettings>,
    value: std::marker::PhantomData<fn() -> V>,
}

impl<V: ClusterValue, R: Policy> Coordinator<V, R> {
    /// A node with these rules and settings.
    pub fn new(rules: R, settings: impl Into<Arc<CoordinatorSettings>>) -> Self {
        Coordinator { rules, settings: settings.into(), value: std::marker::PhantomData }
    }
}

impl<V: ClusterValue, R: Policy> Actor for Coordinator<V, R> {
    type Msg = CoordinatorMsg<V>;
    type Timer = CoordinatorTimer;
    type State = CoordinatorState<V>;
    type Storage = Durable<ClusterMetadata<V>>;
    type Random = ();

    /// A node comes up with what its disk holds, as a candidate that has
    /// entered no term since, and looks for the others.
    fn on_start(&self, id: Id, storage: &Option<Self::Storage>, out: &mut Out<Self>) -> CoordinatorState<V> {
        let coordination = match storage {
            Some(durable) => CoordinationState::restart(self.rules.read_back(durable)),
            None => CoordinationState::restart(Durable::blank(ClusterMetadata::blank(), 0)),
        };
        let max_term_seen = coordination.current_term();
        let state = CoordinatorState {
            coordination,
            mode: Mode::Candidate,
            last_join: None,
            max_term_seen,
            peers: NodeSet::EMPTY,
            joining: None,
            joins: NodeSet::EMPTY,
            validating: SmallVec::new(),
            pre_voting: None,
            attempts: None,
            publication: None,
            lagging: NodeSet::EMPTY,
            faulty: NodeSet::EMPTY,
            failures: SmallVec::new(),
            queue: Vec::new(),
            applied: None,
            healthy: true,
        };
        let mut turn = Turn::new(self, node_id(id).expect("clients do not start as nodes"), state);
        turn.look_for_peers();
        turn.end_start(out)
    }

    fn on_msg(&self, id: Id, state: &mut Cow<CoordinatorState<V>>, src: Id, msg: CoordinatorMsg<V>, out: &mut Out<Self>) {
        let Some(me) = node_id(id) else { return };
        let mut turn = Turn::new(self, me, state.as_ref().clone());
        match (msg, node_id(src).filter(|source| self.settings.nodes.contains(*source))) {
            (CoordinatorMsg::Submit { request, change }, _) => {
                let waiting = Waiting { client: usize::from(src) as u64, request };
                turn.submit(Submission { waiting, change });
            }
            (CoordinatorMsg::Health { healthy }, _) => turn.state.healthy = healthy,
            (_, None) => return, // from nobody that this node knows
            (CoordinatorMsg::PeersRequest { known }, Some(source)) => turn.on_peers_request(source, known),
            (CoordinatorMsg::PeersResponse { leader, known, term }, Some(source)) => {
                turn.on_peers_response(source, leader, known, term);
            }
            (CoordinatorMsg::PreVoteRequest { term }, Some(source)) => turn.on_pre_vote_request(source, term),
            (CoordinatorMsg::PreVoteResponse { term, accepted }, Some(source)) => {
                turn.on_pre_vote_response(source, term, accepted);
            }
            (CoordinatorMsg::StartJoin { candidate, term }, Some(_)) => turn.on_start_join(candidate, term),
            (CoordinatorMsg::Join(request), Some(source)) => turn.on_join(source, request),
            (CoordinatorMsg::JoinResponse { .. }, Some(source)) => turn.on_join_response(source),
            (CoordinatorMsg::ValidateJoin { cluster_uuid }, Some(source)) => turn.on_validate_join(source, cluster_uuid),
            (CoordinatorMsg::JoinValidated { valid }, Some(source)) => turn.on_join_validated(source, valid),
            (CoordinatorMsg::Publish(publication), Some(source)) => turn.on_publish(source, &publication),
            (CoordinatorMsg::PublishResponse { id, vote }, Some(source)) => turn.on_publish_response(source, id, vote),
            (CoordinatorMsg::PublishRefused { id, needs_full_state }, Some(source)) => {
                turn.on_publish_refused(source, id, needs_full_state);
            }
            (CoordinatorMsg::Commit(id), Some(source)) => turn.on_commit(source, id),
            (CoordinatorMsg::Applied(id), Some(source)) => turn.on_applied(source, id),
            (CoordinatorMsg::FollowerCheck { term }, Some(source)) => turn.on_follower_check(source, term),
            (CoordinatorMsg::FollowerCheckResponse { term, follows }, Some(source)) => {
                turn.on_follower_check_response(source, term, follows);
            }
            (CoordinatorMsg::LeaderCheck, Some(source)) => turn.on_leader_check(source),
            (CoordinatorMsg::LeaderCheckResponse { leads }, Some(source)) => turn.on_leader_check_response(source, leads),
            (CoordinatorMsg::Disconnected, Some(source)) => turn.on_disconnected(source),
            (CoordinatorMsg::Outcome { .. }, Some(_)) => return, // for clients
        }
        turn.end(state, out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<CoordinatorState<V>>, timer: &CoordinatorTimer, out: &mut Out<Self>) {
        let Some(me) = node_id(id) else { return };
        let mut turn = Turn::new(self, me, state.as_ref().clone());
        match timer {
            CoordinatorTimer::FindPeers => turn.on_find_peers_timer(),
            CoordinatorTimer::Election => turn.on_election_timer(),
            CoordinatorTimer::LeaderCheck => turn.check_leader(),
            CoordinatorTimer::LeaderCheckTimeout => turn.leader_check_failed(),
            CoordinatorTimer::FollowerCheck(follower) => turn.check_follower(*follower),
            CoordinatorTimer::FollowerCheckTimeout(follower) => turn.follower_check_failed(*follower),
            CoordinatorTimer::PublicationTimeout => turn.on_publication_timeout(),
            CoordinatorTimer::Lag => turn.on_lag_timer(),
            CoordinatorTimer::NextTask => turn.publish_next(),
        }
        turn.end(state, out);
    }

    fn name(&self) -> String {
        String::from("Coordinator")
    }
}
