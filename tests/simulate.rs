//! `quorate simulate` from the outside.

use std::fs;

use assert_cmd::Command;

/// Standard output, standard error and exit code.
fn quorate(arguments: &[&str]) -> (String, String, i32) {
    let mut command = Command::cargo_bin("quorate").expect("the binary is built");
    let output = command.args(["simulate", "--color", "never"]).args(arguments).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is text");
    (text(output.stdout), text(output.stderr), output.status.code().expect("it ends by itself"))
}

#[test]
fn seeds_hold_and_are_the_same_each_time() {
    let (out, err, code) = quorate(&["--seeds", "0..10", "--coverage"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("10 seeds: all hold") && out.contains("seeds per minute"), "{out}");
    assert!(out.contains("guards that refused") && out.contains("Candidate to Leader"), "{out}");
    let events = || quorate(&["--seed", "3", "--events", "--steps", "100"]).0;
    let without_speed =
        |text: String| text.lines().filter(|line| !line.contains("per minute")).map(str::to_owned).collect::<Vec<_>>();
    let first = without_speed(events());
    assert!(first.len() > 100, "{}", first.len());
    assert_eq!(first, without_speed(events()));
}

#[test]
fn a_mutant_leaves_a_trace_that_fails_again() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let (out, err, code) = quorate(&["--mutant", "CM07", "--seeds", "0..50", "--trace-dir", dir]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("shortened from") && out.contains("replay: quorate simulate --replay"), "{out}");
    let trace = fs::read_dir(dir).unwrap().next().unwrap().unwrap().path();
    let (out, err, code) = quorate(&["--replay", trace.to_str().unwrap(), "--events"]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("fails as the trace says") && out.contains("ms  n1"), "{out}");

    // The same plan holds where nothing is mutated.
    let text = fs::read_to_string(&trace).unwrap();
    fs::write(&trace, text.replace("\"mutant\": \"CM07\",", "")).unwrap();
    let (out, _, code) = quorate(&["--replay", trace.to_str().unwrap()]);
    assert_eq!((code, out.contains("holds")), (0, true), "{out}");

    // Another version's trace is not run.
    fs::write(&trace, text.replace("\"simulation\": 2", "\"simulation\": 7")).unwrap();
    let (_, err, code) = quorate(&["--replay", trace.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(err.contains("format 7") && err.contains("knows format 2"), "{err}");
}

#[test]
fn scenarios_are_listed_and_played() {
    let (out, _, code) = quorate(&["--list"]);
    assert_eq!(code, 0);
    assert!(out.contains("testDiffBasedPublishing") && out.contains("not here"), "{out}");
    let (out, err, code) = quorate(&["diff-based-publishing", "--seeds", "0..3"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("holds with 3 seeds"), "{out}");
    let (out, _, code) =
        quorate(&["stay-candidate-after-receiving-follower-check-from-known-master", "--mutant", "W-GivenUpInThisTerm"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("FAILS with seed"), "{out}");
}

#[test]
fn guided_mode_counts_abstract_states() {
    let (out, err, code) = quorate(&["--guided", "--seeds", "0..12", "--steps", "200"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("fresh plans: ") && out.contains("guided: "), "{out}");
}

#[test]
fn bad_input_is_refused() {
    for (arguments, expected) in [
        (&["no-such-scenario"][..], "no scenario 'no-such-scenario'"),
        (&["--setting", "cluster.no_such=1"], "cluster.no_such"),
        (&["--setting", "cluster.publish.timeout=soon"], "cluster.publish.timeout"),
        (&["--mutant", "XX99"], "no mutant 'XX99'"),
        (&["--seeds", "5..5"], "holds no seed"),
        (&["--seeds", "0..99999999999999999999"], "no range of seeds"),
        (&["--seed", "18446744073709551616"], "--seed"),
        (&["--steps", "0"], "--steps"),
        (&["--replay", "no-such-file.json"], "no-such-file.json"),
        (&["--seed", "1", "--seeds", "0..2"], "cannot be used with"),
    ] {
        let (out, err, code) = quorate(arguments);
        assert_eq!(code, 2, "{arguments:?}: {out}{err}");
        assert!(err.contains(expected), "{arguments:?}: {err}");
    }
}
