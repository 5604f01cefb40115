//! Replays: faithful traces pass, and every kind of change is found at its step.

mod support;

use quorate_model::coordination::Sound;
use quorate_traces::replay::{Difference, Divergence, replay};
use quorate_traces::{Trace, TraceInfo, itf};
use support::{bounds, itf_of, mutant, walk, zen};

const PROPERTY: &str = "OneMasterPerTerm";

fn trace() -> Trace {
    itf::read(&itf_of("CM02", bounds(2, 1, 1, 1, 12), PROPERTY)).unwrap()
}

fn diverges(trace: &Trace) -> Divergence {
    match replay(&zen(mutant("CM02"), bounds(2, 1, 1, 1, 12)), trace) {
        Ok(_) => panic!("the change went unnoticed"),
        Err(divergence) => *divergence,
    }
}

#[test]
fn a_faithful_trace_is_reproduced_with_its_witness() {
    let replayed = replay(&zen(mutant("CM02"), bounds(2, 1, 1, 1, 12)), &trace()).ok().unwrap();
    assert_eq!(replayed.path.steps.len(), 8);
    assert_eq!(replayed.violation, Some((PROPERTY.to_owned(), trace().info.witness)));
}

#[test]
fn long_random_behaviours_survive_a_file_and_a_replay() {
    let model = zen(Sound, bounds(3, 25, 25, 2, 60_000));
    for seed in 1..6 {
        let path = walk(&model, 120, seed);
        let info = TraceInfo { kind: "run".to_owned(), ..TraceInfo::default() };
        let trace = itf::read(&itf::write(&model, &path, &info)).unwrap();
        let replayed = replay(&model, &trace).unwrap_or_else(|divergence| panic!("seed {seed}: {divergence}"));
        assert!(replayed.path.steps == path.steps && path.steps.len() > 60, "seed {seed}: {} steps", path.steps.len());
        assert_eq!(replayed.violation, None);
    }
}

#[test]
fn the_sound_rules_part_ways_where_the_mutant_did() {
    let found = *replay(&zen(Sound, bounds(2, 1, 1, 1, 12)), &trace()).err().unwrap();
    assert_eq!(found.step, 5);
    let expected = "nodes[0].electionWon: expected true, actual false";
    assert!(found.to_string().contains(expected), "{found}");
}

#[test]
fn a_changed_value_is_found_at_its_step() {
    let text = itf::to_string(&trace());
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // The states begin in the fifth line.
    let line = lines.iter().position(|line| line.contains(r#""index":4"#)).unwrap();
    lines[line] = lines[line].replacen(r#""startedJoinSinceLastReboot":true"#, r#""startedJoinSinceLastReboot":false"#, 1);
    let found = diverges(&itf::read(&lines.join("\n")).unwrap());
    assert_eq!(found.step, 4);
    assert!(
        matches!(found.difference, Difference::Value { ref place, .. }
        if place == "nodes[0].startedJoinSinceLastReboot"),
        "{found}"
    );
}

#[test]
fn every_other_change_is_found_too() {
    let changed = |change: &dyn Fn(&mut Trace)| {
        let mut trace = trace();
        change(&mut trace);
        diverges(&trace)
    };
    let found = changed(&|trace| _ = trace.states.remove(3));
    assert_eq!((found.step, matches!(found.difference, Difference::Value { .. })), (3, true), "{found}");

    let found = changed(&|trace| trace.states[5].params = trace.states[8].params.clone());
    assert_eq!((found.step, matches!(found.difference, Difference::Refused { .. })), (5, true), "{found}");
    assert!(found.to_string().contains("PublishElectionNotWon"), "{found}");

    let found = changed(&|trace| trace.states[2].params = Some(serde_json::json!({"action": "Frobnicate"})));
    assert_eq!((found.step, matches!(found.difference, Difference::UnknownAction(_))), (2, true), "{found}");

    let found = changed(&|trace| trace.states[2].params = None);
    assert_eq!((found.step, found.difference), (2, Difference::NoAction));

    let found = changed(&|trace| trace.states[0] = trace.states[3].clone());
    assert_eq!((found.step, matches!(found.difference, Difference::NotInitial { .. })), (0, true), "{found}");

    let found = changed(&|trace| trace.vars[1] = "letters".to_owned());
    assert_eq!((found.step, matches!(found.difference, Difference::Variables { .. })), (0, true), "{found}");

    let found = changed(&|trace| trace.loop_start = Some(2));
    assert_eq!(found.difference, Difference::NoWayBack { start: 2 });

    let found = changed(&|trace| trace.info.property = "Goodness".to_owned());
    assert_eq!(found.difference, Difference::UnknownProperty("Goodness".to_owned()));

    let found = changed(&|trace| trace.states.truncate(6));
    assert!(matches!(found.difference, Difference::PropertyHolds { .. }), "{found}");
}

#[test]
fn a_stuttering_lasso_closes() {
    let mut trace = trace();
    trace.loop_start = Some(8);
    let replayed = replay(&zen(mutant("CM02"), bounds(2, 1, 1, 1, 12)), &trace).ok().unwrap();
    assert_eq!(replayed.path.loop_start, Some(8));
}
