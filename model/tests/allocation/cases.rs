//! `cases.txt`: what each rule does and what it refuses.

use quorate_model::allocation::{Rejection, ShardAllocation};
use quorate_model::replication::Sound;

use crate::script::{created, parse, run, violations};

const CASES: &str = include_str!("cases.txt");

/// The histories of the file, with the line after each.
fn cases() -> Vec<(&'static str, &'static str)> {
    let lines: Vec<&str> = CASES.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    lines.chunks(2).map(|pair| (pair[0], pair[1].trim())).collect()
}

/// Where a history leads, or what refuses its last step.
fn outcome(history: &str) -> (ShardAllocation, String) {
    let steps = parse(history);
    let (last, before) = steps.split_last().map_or((None, &[][..]), |(last, before)| (Some(last), before));
    let shard = before.iter().fold(created(), |shard, step| match step.apply(&Sound, &shard) {
        Ok((next, answers)) if answers.iter().all(Result::is_ok) => next,
        refused => panic!("'{step:?}' of '{history}' is refused at {shard}: {refused:?}"),
    });
    match last.map(|last| last.apply(&Sound, &shard)) {
        None => (shard.clone(), shard.to_string()),
        Some(Err(guard)) => (shard, format!("refused: {}", guard.name())),
        Some(Ok((next, answers))) if answers.iter().all(Result::is_ok) => (next.clone(), next.to_string()),
        Some(Ok((next, answers))) if next == shard && answers.iter().all(Result::is_err) => {
            let names: Vec<&str> = answers.iter().filter_map(|answer| answer.err()).map(Rejection::name).collect();
            (shard, format!("refused: {}", names.join(", ")))
        }
        Some(Ok((next, answers))) => {
            let names: Vec<&str> = answers.iter().map(|answer| answer.map_or_else(Rejection::name, |()| "ok")).collect();
            (next.clone(), format!("{}: {next}", names.join(", ")))
        }
    }
}

#[test]
fn every_case_is_as_written() {
    let differing: Vec<String> = cases()
        .into_iter()
        .map(|(history, expected)| (history, expected, outcome(history).1))
        .filter(|(_, expected, reached)| expected != reached)
        .map(|(history, _, reached)| format!("{history}\n    {reached}\n"))
        .collect();
    assert!(differing.is_empty(), "cases.txt should say, or the rules should not do:\n{}", differing.concat());
}

#[test]
fn no_case_violates_anything() {
    for (history, _) in cases() {
        assert_eq!(violations(&Sound, history).1, [""; 0], "{history}");
    }
}

#[test]
fn every_guard_has_a_case_that_it_refuses() {
    let expected: String = cases().iter().map(|(_, expected)| *expected).collect::<Vec<_>>().join("\n");
    let named = |guard: &&Rejection| expected.lines().any(|line| line.split([':', ' ', ',']).any(|word| word == guard.name()));
    let missing: Vec<&Rejection> = Rejection::ALL.iter().filter(|guard| !named(guard)).collect();
    // It does not refuse a call; it says who is a candidate for promotion (`queries.rs`).
    let missing: Vec<_> = missing.into_iter().filter(|guard| **guard != Rejection::NotActive).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn versions_count_changes() {
    assert_eq!(created().version, 0);
    assert_eq!(run(&Sound, "PAIR").version, 4);
    assert_eq!(run(&Sound, "PAIR | fail a1 by 1 | fail a1 by 1 | fail a1, a7").version, 5);
    assert_eq!(run(&Sound, "PAIR | fail a1 by 1 | restart | restart").version, 6);
}

/// A report whose effect is committed and whose answer was lost may be sent
/// again, to this master or the next one: it succeeds and changes nothing.
#[test]
fn a_report_that_is_repeated_changes_nothing() {
    let repeated = ["fail a1 by 1", "fail a1 by 1 kept", "fail a1", "fail a0", "fail a1 by 1, a2 by 1", "left n2 | fail a1 by 1"];
    for report in repeated {
        let once = run(&Sound, &format!("FULL | {report}"));
        for step in parse(report).iter().rev().take(1) {
            let (twice, answers) = step.apply(&Sound, &once).expect("a batch is answered report by report");
            // What a primary still has to say may be more than it said: stale or not, an
            // id without a copy leaves. Of everything else there is nothing left to do.
            let kept = report.ends_with("kept");
            assert_eq!(twice == once, !kept, "{report}: {once} then {twice}");
            assert!(answers.iter().all(Result::is_ok), "{report}");
        }
    }
}
