//! Single behaviours, and what the models promise to engines and traces.

use quorate_model::property::Check;
use quorate_model::replication::Sound;
use quorate_model::replication::model::story::falling_checkpoint;
use quorate_model::replication::model::{Limits, Replication, ReplicationBounds};
use quorate_model::replication::replica_engine::{EngineBounds, EngineRules, ReplicaEngine};
use quorate_model::replication::storage::{Storage, Variant};
use quorate_model::specification::{GuardId, Specification};
use stateright::Model;

/// Where the module's promoted primary and Elasticsearch's differ.
#[test]
fn the_global_checkpoint_of_a_promoted_primary_falls_in_the_module() {
    let (model, path) = falling_checkpoint();
    let states: Vec<_> = path.states().cloned().collect();
    let mut violations = Vec::new();
    for (step, (action, after)) in path.steps.iter().enumerate() {
        assert!(model.within_boundary(after), "{action}");
        for claim in model.claims() {
            let verdict = match claim.check {
                Check::Invariant(holds) => holds(&model, after),
                Check::Step(holds) => holds(&model, &states[step], action, after),
                _ => Ok(()),
            };
            if let Err(why) = verdict {
                violations.push((step + 1, claim.name, why));
            }
        }
    }
    let why = String::from("the global checkpoint of primary n2 falls from 0 to -1 in term 2");
    assert_eq!(violations, [(13, "PrimaryGlobalCheckpointNeverFalls", why)]);
    assert_eq!(path.steps.len(), 13);
}

/// The claim is not among those that are to hold, unless asked for.
#[test]
fn what_does_not_hold_is_claimed_on_request_only() {
    let model = Replication::new(Sound, bounds()).unwrap();
    let claimed = |model: &Replication| model.claims().iter().any(|claim| claim.name == "PrimaryGlobalCheckpointNeverFalls");
    assert!(!claimed(&model));
    assert!(claimed(&model.claiming_monotone_global_checkpoint()));
}

fn bounds() -> ReplicationBounds {
    ReplicationBounds { nodes: 3, documents: 1, max_client_value: 2, max_messages: 4 }
}

/// Some states of a model: the first of each level.
fn some_states<M: Specification>(model: &M, levels: usize, of_each: usize) -> Vec<M::State> {
    let mut level = model.init_states();
    let mut states = Vec::new();
    for _ in 0..levels {
        let mut next = Vec::new();
        // From the middle, so that it is not always the first initial state.
        for state in level.iter().skip(level.len() / 2).take(of_each) {
            model.successors(state, |_, outcome| next.extend(outcome.ok().filter(|state| model.within_boundary(state))));
            states.push(state.clone());
        }
        level = next;
    }
    states
}

/// `successors`, `actions`, `step` and `next_state` are one relation.
fn is_one_relation<M: Specification>(model: &M)
where
    M::Action: PartialEq,
{
    for state in some_states(model, 12, 40) {
        let (mut visited, mut listed) = (Vec::new(), Vec::new());
        model.successors(&state, |action, outcome| visited.push((action, outcome)));
        model.actions(&state, &mut listed);
        assert_eq!(visited.iter().map(|(action, _)| action.clone()).collect::<Vec<_>>(), listed);
        for (action, outcome) in visited {
            assert_eq!(model.step(&state, &action), outcome);
            assert_eq!(model.next_state(&state, action.clone()), outcome.clone().ok());
            assert!(usize::from(model.class_of(&action).0) < model.action_classes().len());
            if let Err(GuardId(guard)) = outcome {
                assert!(usize::from(guard) < model.guards().len(), "{action:?} is refused by a guard that is not listed");
            }
        }
    }
}

/// States and actions come back from text and from bytes as they were.
fn is_written_and_read_back<M: Specification>(model: &M)
where
    M::Action: PartialEq,
{
    for state in some_states(model, 12, 10) {
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<M::State>(&text).unwrap(), state, "{text}");
        let bytes = postcard::to_stdvec(&state).unwrap();
        assert_eq!(postcard::from_bytes::<M::State>(&bytes).unwrap(), state);
        let mut actions = Vec::new();
        model.actions(&state, &mut actions);
        for action in actions {
            let text = serde_json::to_string(&action).unwrap();
            assert_eq!(serde_json::from_str::<M::Action>(&text).unwrap(), action, "{text}");
        }
    }
}

#[test]
fn models_keep_what_the_trait_promises() {
    let replication = Replication::new(Sound, bounds()).unwrap();
    is_one_relation(&replication);
    is_one_relation(&replication.clone().with_limits(Limits::Budget));
    is_written_and_read_back(&replication);
    for variant in Variant::ALL {
        is_one_relation(&Storage::of_variant(variant, 3).unwrap());
    }
    is_written_and_read_back(&Storage::of_variant(Variant::Easy, 3).unwrap());
    let bounds = EngineBounds { requests: 2, duplication_limit: 1, document_contents: 2 };
    let engine = ReplicaEngine::new(EngineRules::SOUND, bounds).unwrap();
    is_one_relation(&engine);
    is_written_and_read_back(&engine);
}

/// Renaming nodes and taking steps commute, and keys move with their nodes.
#[test]
fn nodes_of_replication_are_interchangeable() {
    let model = Replication::new(Sound, bounds()).unwrap();
    let successors = |state: &_| {
        let mut found = Vec::new();
        model.successors(state, |_, outcome| found.extend(outcome.ok()));
        found
    };
    for permutation in [[1, 0, 2], [2, 0, 1], [0, 2, 1]] {
        for state in some_states(&model, 12, 10) {
            let renamed = model.permuted(&state, &permutation);
            for node in 0..3 {
                assert_eq!(model.node_key(&state, node), model.node_key(&renamed, usize::from(permutation[node])));
            }
            let mut there: Vec<_> = successors(&state).iter().map(|state| model.permuted(state, &permutation)).collect();
            let mut here = successors(&renamed);
            there.sort();
            here.sort();
            assert_eq!(there, here);
        }
    }
}

#[test]
fn impossible_instances_are_refused_in_words() {
    let bounds = bounds();
    let refusal = |bounds| Replication::new(Sound, bounds).err().map(|error| error.to_string()).unwrap_or_default();
    assert_eq!(refusal(ReplicationBounds { nodes: 0, ..bounds }), "--nodes must be 1 to 8, not 0");
    assert_eq!(refusal(ReplicationBounds { nodes: 9, ..bounds }), "--nodes must be 1 to 8, not 9");
    assert_eq!(refusal(ReplicationBounds { documents: 0, ..bounds }), "--documents must be 1 to 30, not 0");
    assert_eq!(refusal(ReplicationBounds { max_client_value: 61, ..bounds }), "--max-client-value must be 1 to 60, not 61");
    assert_eq!(refusal(ReplicationBounds { max_messages: 1 << 20, ..bounds }), "--max-messages must be 0 to 65535, not 1048576");
    let refused = Storage::of_variant(Variant::Easy, 61).err().map(|error| error.to_string());
    assert_eq!(refused.as_deref(), Some("--max-generation must be 0 to 60, not 61"));
    let unknown = "medium".parse::<Variant>().err().map(|error| error.to_string());
    assert_eq!(unknown.as_deref(), Some("--variant must be easy, hard or buggy, not 'medium'"));
    let engine = EngineBounds { requests: 5, duplication_limit: 1, document_contents: 2 };
    let refused = ReplicaEngine::new(EngineRules::SOUND, engine).err().map(|error| error.to_string());
    assert_eq!(refused.as_deref(), Some("--requests must be 1 to 4, not 5"));
}
