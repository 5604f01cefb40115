//! The [`Coordinator`] as a node.

use quorate_model::coordination::PublicationId;
use quorate_model::coordinator::{Coordinator, CoordinatorMsg, CoordinatorState, KeyValues, Mode, Policy};
use stateright::actor::Id;

use crate::admin::NodeReport;
use crate::node_actor::NodeActor;

impl<R: Policy> NodeActor for Coordinator<KeyValues, R> {
    fn on_disconnect(&self, _peer: Id) -> Option<CoordinatorMsg<KeyValues>> {
        Some(CoordinatorMsg::Disconnected)
    }

    fn report(&self, state: &CoordinatorState<KeyValues>, report: &mut NodeReport) {
        let accepted = state.coordination.accepted();
        let (mode, leader) = match state.mode {
            Mode::Candidate => ("candidate", None),
            Mode::Leader => ("leader", None),
            Mode::Follower(leader) => ("follower", Some(leader)),
        };
        report.mode = mode.to_owned();
        report.leader = leader;
        report.term = state.coordination.current_term();
        report.accepted = Some(PublicationId::new(accepted.term, accepted.version));
        report.applied = state.applied.as_ref().map(|applied| applied.id);
        report.voting_configuration = accepted.config;
    }

    fn read(&self, state: &CoordinatorState<KeyValues>, key: &str) -> Option<String> {
        state.applied.as_ref()?.metadata.value.get(key).cloned()
    }
}
