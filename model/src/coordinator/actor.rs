//! The `stateright::actor::Actor`: which input calls which handler.

use std::borrow::Cow;

use stateright::actor::{Actor, Id, Out};

use super::message::{CoordinatorMsg, NotPublished, PublicationOutcome};
use super::node_id;
use super::settings::CoordinatorSettings;
use super::state::{CoordinatorState, CoordinatorTimer, Mode};
use super::turn::Turn;
use super::value::ClusterValue;
use crate::coordination::{CoordinationState, Durable, RuleSet, Sound};
use crate::node_set::NodeSet;

/// A node of a cluster that agrees on a `V`, under the rules `R`.
#[derive(Clone, Debug)]
pub struct Coordinator<V, R = Sound> {
    /// The rules it calls.
    pub rules: R,
    /// Its configuration.
    pub settings: CoordinatorSettings,
    value: std::marker::PhantomData<fn() -> V>,
}

impl<V: ClusterValue, R: RuleSet> Coordinator<V, R> {
    /// A node with these rules and settings.
    pub fn new(rules: R, settings: CoordinatorSettings) -> Self {
        Coordinator { rules, settings, value: std::marker::PhantomData }
    }
}

impl<V: ClusterValue, R: RuleSet> Actor for Coordinator<V, R> {
    type Msg = CoordinatorMsg<V>;
    type Timer = CoordinatorTimer;
    type State = CoordinatorState<V>;
    type Storage = Durable<V>;
    type Random = ();

    /// A node comes up with what its disk holds; a node without a disk is
    /// bootstrapped with the initial configuration. Either way it is a
    /// candidate that has entered no term since.
    fn on_start(&self, id: Id, storage: &Option<Durable<V>>, out: &mut Out<Self>) -> CoordinatorState<V> {
        let coordination = match storage {
            Some(durable) => CoordinationState::restart(self.rules.read_back(durable)),
            None => {
                let blank = CoordinationState::restart(Durable::blank(V::initial(), 0));
                let config = self.settings.initial_config;
                self.rules.set_initial_state(&blank, config, V::initial()).expect("a blank node can be bootstrapped")
            }
        };
        let state =
            CoordinatorState { coordination, mode: Mode::Candidate, publication: None, heard: NodeSet::EMPTY, applied: None };
        let mut turn = Turn::new(self, node_id(id).expect("clients do not start as nodes"), state);
        turn.schedule_election();
        turn.end_start(out)
    }

    fn on_msg(&self, id: Id, state: &mut Cow<CoordinatorState<V>>, src: Id, msg: CoordinatorMsg<V>, out: &mut Out<Self>) {
        let Some(me) = node_id(id) else { return };
        let mut turn = Turn::new(self, me, state.as_ref().clone());
        match (msg, node_id(src)) {
            (CoordinatorMsg::Submit { request, change }, _) => turn.submit(src, request, &change),
            (_, None) => return, // a client may only submit
            (_, Some(source)) if !self.settings.nodes.contains(source) => return,
            (CoordinatorMsg::StartJoin { term }, Some(source)) => turn.on_start_join(source, term),
            (CoordinatorMsg::Join(join), Some(source)) => turn.on_join(source, &join),
            (CoordinatorMsg::PublishRequest(published), Some(source)) => turn.on_publish_request(source, &published),
            (CoordinatorMsg::PublishResponse(id), Some(source)) => turn.on_publish_response(source, id),
            (CoordinatorMsg::Commit(id), Some(_)) => turn.on_commit(id),
            (CoordinatorMsg::FollowerCheck { term }, Some(source)) => turn.on_follower_check(source, term),
            (CoordinatorMsg::FollowerCheckResponse { term, accepted, applied }, Some(source)) => {
                turn.on_follower_check_response(source, term, accepted, applied);
            }
            (CoordinatorMsg::Outcome { .. }, Some(_)) => return, // for clients
        }
        turn.end(state, out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<CoordinatorState<V>>, timer: &CoordinatorTimer, out: &mut Out<Self>) {
        let Some(me) = node_id(id) else { return };
        let mut turn = Turn::new(self, me, state.as_ref().clone());
        match timer {
            CoordinatorTimer::Election => turn.on_election_timer(),
            CoordinatorTimer::FollowerCheck => turn.on_follower_check_timer(),
            // Whoever a node gives up on, it stands for election again.
            CoordinatorTimer::LeaderFailure | CoordinatorTimer::FollowerFailure | CoordinatorTimer::Publication => {
                turn.become_candidate();
            }
        }
        turn.end(state, out);
    }

    fn name(&self) -> String {
        String::from("Coordinator")
    }
}

impl<V: ClusterValue, R: RuleSet> Turn<'_, V, R> {
    /// Tells a client what became of its request.
    pub(super) fn answer(&mut self, client: Id, request: u64, outcome: PublicationOutcome) {
        self.send(client, CoordinatorMsg::Outcome { request, outcome });
    }

    /// Tells a client that its change was definitely not published.
    pub(super) fn decline(&mut self, client: Id, request: u64, reason: NotPublished) {
        self.answer(client, request, PublicationOutcome::NotPublished(reason));
    }
}
