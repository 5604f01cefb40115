//! What dropping obsolete messages is worth. Run with `--nocapture` to see the factors.

use quorate_checker::{Control, Options, Verdict, check};
use quorate_model::coordination::Sound;
use quorate_model::coordinator_world::{CoordinatorBounds, CoordinatorModel, coordinator_world};

#[test]
fn dropping_obsolete_messages_saves_states_and_changes_no_verdict() {
    let mut factors = Vec::new();
    for (nodes, max_term, max_version, submissions, restarts) in
        [(2, 2, 2, 1, 0), (2, 2, 2, 1, 1), (2, 3, 3, 1, 0), (3, 2, 2, 1, 0)]
    {
        let bounds = CoordinatorBounds {
            nodes,
            initial_masters: nodes,
            max_term,
            max_version,
            submissions,
            exclusions: 0,
            restarts,
            suspicions: 0,
            ..CoordinatorBounds::default()
        };
        let run = |drop_obsolete| {
            let world = coordinator_world(CoordinatorModel::Coordinator, Sound, bounds, drop_obsolete).unwrap();
            let outcome = check(&world, &Options { symmetry: true, ..Options::default() }, &Control::new());
            assert!(outcome.is_complete());
            let verdicts: Vec<(String, Verdict)> = outcome.properties.iter().map(|p| (p.name.clone(), p.verdict)).collect();
            (outcome.distinct_states, verdicts)
        };
        let ((all, expected), (kept, verdicts)) = (run(false), run(true));
        let factor = all as f64 / kept as f64;
        println!(
            "{nodes} nodes, {max_term} terms, {max_version} versions, {submissions} submissions, {restarts} restarts: \
             {all} states, {kept} without obsolete messages: {factor:.1} times fewer"
        );
        assert_eq!(expected, verdicts);
        factors.push(factor);
    }
    assert!(factors.iter().all(|factor| *factor > 1.5), "{factors:?}");
}
