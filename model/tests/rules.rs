//! The handlers against their second copy: on random histories they accept the
//! same inputs, lead to the same state and send the same messages.

use proptest::prelude::*;
use quorate_model::coordination::properties::{RuleInput, RuleOutput, allowed_step, single_node_invariant};
use quorate_model::coordination::{
    ClientValue, ClusterState, CoordinationState, Durable, Join, PublicationId, Rejection, RuleSet, Sound,
};
use quorate_model::{NodeId, NodeSet};

type Outcome = Result<(CoordinationState<u8>, RuleOutput<u8>), Rejection>;

/// What the handlers make of an input.
fn handle(rules: &impl RuleSet, node: &CoordinationState<u8>, input: &RuleInput<u8>) -> Outcome {
    let quiet = |next| (next, RuleOutput::Nothing);
    match input {
        RuleInput::SetInitialState(config, value) => rules.set_initial_state(node, *config, *value).map(quiet),
        RuleInput::StartJoin(term) => rules.handle_start_join(node, *term).map(|(next, join)| (next, RuleOutput::Join(join))),
        RuleInput::Join(source, join) => rules.handle_join(node, *source, join).map(quiet),
        RuleInput::ClientValue(change) => {
            rules.handle_client_value(node, NodeId(0), change).map(|(next, request)| (next, RuleOutput::PublishRequest(request)))
        }
        RuleInput::PublishRequest(request) => {
            rules.handle_publish_request(node, request).map(|(next, id)| (next, RuleOutput::PublishResponse(id)))
        }
        RuleInput::PublishResponse(source, id) => rules
            .handle_publish_response(node, *source, *id)
            .map(|(next, commit)| (next, commit.map_or(RuleOutput::Nothing, RuleOutput::Commit))),
        RuleInput::Commit(id) => rules.handle_commit(node, *id).map(quiet),
        RuleInput::Restart => Ok(quiet(CoordinationState::restart(node.durable.clone()))),
    }
}

const NODES: u8 = 5;

fn node_id() -> impl Strategy<Value = NodeId> {
    (0..NODES).prop_map(NodeId)
}

fn config() -> impl Strategy<Value = NodeSet> {
    prop_oneof![3 => Just(NodeSet(0b111)), 1 => (1..1u64 << NODES).prop_map(NodeSet)]
}

fn input() -> impl Strategy<Value = RuleInput<u8>> {
    let number = || 0..4u64;
    let id = || (number(), number()).prop_map(|(term, version)| PublicationId { term, version });
    prop_oneof![
        1 => (config(), 0..3u8).prop_map(|(config, value)| RuleInput::SetInitialState(config, value)),
        3 => number().prop_map(RuleInput::StartJoin),
        6 => (node_id(), number(), 0..2u64, 0..2u64).prop_map(|(source, term, last_accepted_term, last_accepted_version)| {
            RuleInput::Join(source, Join { term, last_accepted_term, last_accepted_version })
        }),
        5 => (number(), number(), 0..3u8, config())
            .prop_map(|(term, version, value, config)| RuleInput::ClientValue(ClientValue { term, version, value, config })),
        4 => (number(), number(), 0..3u8, config(), config()).prop_map(|(term, version, value, config, committed_config)| {
            RuleInput::PublishRequest(ClusterState { term, version, value, config, committed_config })
        }),
        5 => (node_id(), id()).prop_map(|(source, id)| RuleInput::PublishResponse(source, id)),
        4 => id().prop_map(RuleInput::Commit),
        1 => Just(RuleInput::Restart),
    ]
}

/// Bootstrapping is only tried where the module's assertions hold: on a node
/// that has never accepted anything.
fn is_sensible(node: &CoordinationState<u8>, input: &RuleInput<u8>) -> bool {
    let blank = node.durable.accepted.term == 0 && node.durable.accepted.committed_config.is_empty();
    !matches!(input, RuleInput::SetInitialState(..)) || node.is_bootstrapped() || blank
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn handlers_agree_with_the_next_state_relation(bootstrapped in any::<bool>(), inputs in proptest::collection::vec(input(), 1..60)) {
        let mut node = CoordinationState::restart(Durable::blank(0, 0));
        if bootstrapped {
            node = Sound.set_initial_state(&node, NodeSet(0b111), 0).unwrap();
        }
        for input in inputs.iter().filter(|input| !matches!(input, RuleInput::SetInitialState(..)) || !bootstrapped) {
            if !is_sensible(&node, input) {
                continue;
            }
            let (handled, allowed) = (handle(&Sound, &node, input), allowed_step(&node, input));
            match (handled, allowed) {
                (Ok(handled), Ok(allowed)) => {
                    prop_assert_eq!(&handled, &allowed);
                    node = handled.0;
                }
                (Err(_), Err(_)) => {}
                (handled, allowed) => prop_assert!(false, "{:?}: handler {:?}, relation {:?}", input, handled, allowed),
            }
        }
    }
}

/// Not every random history gets far; this one does, by hand, and the handlers
/// agree with the relation all the way.
#[test]
fn the_way_of_one_publication() {
    let mut node = CoordinationState::restart(Durable::blank(0, 0));
    let published = ClusterState { term: 1, version: 1, value: 9, config: NodeSet(0b111), committed_config: NodeSet(0b111) };
    let join = Join { term: 1, last_accepted_term: 0, last_accepted_version: 0 };
    let id = PublicationId { term: 1, version: 1 };
    let history = [
        RuleInput::SetInitialState(NodeSet(0b111), 0),
        RuleInput::StartJoin(1),
        RuleInput::Join(NodeId(0), join),
        RuleInput::Join(NodeId(2), join),
        RuleInput::ClientValue(ClientValue { term: 1, version: 1, value: 9, config: NodeSet(0b111) }),
        RuleInput::PublishRequest(published),
        RuleInput::PublishResponse(NodeId(0), id),
        RuleInput::PublishResponse(NodeId(1), id),
        RuleInput::Commit(id),
    ];
    let mut outputs = Vec::new();
    for input in &history {
        let (next, output) = handle(&Sound, &node, input).unwrap_or_else(|rejection| panic!("{input:?}: {rejection}"));
        assert_eq!(allowed_step(&node, input), Ok((next.clone(), output.clone())), "{input:?}");
        assert_eq!(single_node_invariant(NodeId(0), &next), Ok(()));
        node = next;
        outputs.push(output);
    }
    assert_eq!(outputs[1], RuleOutput::Join(join));
    assert_eq!(outputs[4], RuleOutput::PublishRequest(published));
    assert_eq!(outputs[6], RuleOutput::Nothing, "one of three is no quorum");
    assert_eq!(outputs[7], RuleOutput::Commit(id));
    assert_eq!(node.accepted().committed_config, NodeSet(0b111));
}
