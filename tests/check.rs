//! The verbs `check`, `models`, `mutants` and `graph` from outside: exit codes,
//! messages and files.

use assert_cmd::Command;
use serde_json::Value;

const SMALL: [&str; 6] = ["--max-term", "1", "--max-version", "2", "--max-messages", "8"];

fn quorate(args: &[&str]) -> (i32, String, String) {
    run(Command::cargo_bin("quorate").unwrap().env_remove("GITHUB_ACTIONS").args(args))
}

fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn check(args: &[&str]) -> (i32, String, String) {
    quorate(&[&["check", "zen-with-terms"], &SMALL[..], args].concat())
}

#[test]
fn what_holds_ends_with_0_and_a_table_that_fits() {
    for engine in ["native", "naive", "stateright"] {
        // The library's depth is exact with one thread only.
        let (code, out, err) = check(&["--engine", engine, "--threads", "1"]);
        assert_eq!(code, 0, "{out}{err}");
        assert!(out.contains("zen-with-terms  holds") && out.contains("7,963 distinct, 44,293 generated, depth 16"), "{out}");
        assert!(out.contains("not covered") && out.contains("guards that never refused: JoinAcceptedTermHigher"), "{out}");
        assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
        assert!(!out.contains('\x1b') && err.is_empty(), "{out}{err}");
    }
}

#[test]
fn what_is_violated_ends_with_1_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let traces = dir.path().join("new/traces");
    let (code, out, _) = check(&[
        "--waive",
        "JoinAcceptedTermHigher",
        "--mutant",
        "CM02",
        "--keep-going",
        "--trace-dir",
        traces.to_str().unwrap(),
    ]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("rules changed: CM02, JoinAcceptedTermHigher"), "{out}");
    assert!(out.contains("VIOLATED     invariant  OneMasterPerTerm") && out.contains("a trace of 9 states\n"), "{out}");
    let written = |line: &str| line.contains("quorate trace show") || line.contains("in a browser");
    assert!(out.lines().all(|line| line.chars().count() <= 100 || written(line)), "{out}");
    let file = traces.join("zen-with-terms-CM02-JoinAcceptedTermHigher-OneMasterPerTerm.itf.json");
    assert!(serde_json::from_str::<Value>(&std::fs::read_to_string(&file).unwrap()).is_ok());
    // The page beside it has the trace in it.
    let page = std::fs::read_to_string(file.to_string_lossy().replace(".itf.json", ".html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("OneMasterPerTerm") && page.contains("\"states\": ["));
}

#[test]
fn the_report_has_every_field_and_the_same_counts_on_any_number_of_threads() {
    let report = |threads: &str| -> Value {
        let (code, out, _) = check(&["--report", "-", "--threads", threads]);
        assert_eq!(code, 0);
        serde_json::from_str(&out).unwrap()
    };
    let (one, two) = (report("1"), report("2"));
    let fields = [
        "model",
        "bounds",
        "engine",
        "threads",
        "symmetry",
        "verdict",
        "distinct_states",
        "generated_states",
        "depth",
        "seconds",
        "peak_memory_bytes",
        "bytes_per_state",
        "collision_probability",
        "properties",
        "coverage",
        "cut",
        "not_covered",
    ];
    for field in fields {
        assert!(one.get(field).is_some(), "{field}");
    }
    for field in ["distinct_states", "generated_states", "depth", "coverage", "cut", "verdict", "properties", "not_covered"] {
        assert_eq!(one[field], two[field], "{field}");
    }
    assert_eq!((&one["threads"], &two["threads"]), (&1.into(), &2.into()));
    assert_eq!(one["bounds"]["max-messages"], 8);
    let (code, out, _) = quorate(&["check", "--report", "-", "--quiet", "--time-limit", "1ms"]);
    assert_eq!(code, 2);
    assert!(serde_json::from_str::<Value>(&out).unwrap().is_array(), "several runs give an array");
}

#[test]
fn a_limit_ends_with_2_and_what_is_known() {
    let (code, out, _) = quorate(&["check", "zen-with-terms", "--max-messages", "40", "--time-limit", "300ms"]);
    assert_eq!(code, 2, "{out}");
    assert!(out.contains("inconclusive") && out.contains("stopped at the time limit of 300ms"), "{out}");
    let (code, out, _) = quorate(&["check", "zen-with-terms", "--max-messages", "40", "--memory-limit", "1MiB"]);
    assert_eq!(code, 2, "{out}");
    assert!(out.contains("stopped at the memory limit of 1048576 bytes"), "{out}");
}

#[test]
fn the_baseline_fails_when_something_shrinks() {
    let dir = tempfile::tempdir().unwrap();
    let (file, junit) = (dir.path().join("base.json"), dir.path().join("junit.xml"));
    let file = file.to_str().unwrap();
    assert_eq!(check(&["--report", file, "--quiet", "--junit", junit.to_str().unwrap()]).0, 0);
    assert_eq!(check(&["--baseline", file, "--quiet"]).0, 0);
    let xml = std::fs::read_to_string(junit).unwrap();
    assert!(xml.contains("tests=\"14\" failures=\"0\" errors=\"0\"") && xml.contains("name=\"LogMatching\""), "{xml}");
    assert!(xml.contains("name=\"nothing is vacuous and nothing has shrunk\""), "{xml}");

    let more = std::fs::read_to_string(file).unwrap().replace("\"distinct_states\": 7963", "\"distinct_states\": 7964");
    std::fs::write(file, more).unwrap();
    let (code, _, err) = check(&["--baseline", file, "--quiet"]);
    assert_eq!(code, 2);
    assert!(err.contains("distinct states fell from 7964 to 7963"), "{err}");

    std::fs::write(file, "{}").unwrap();
    let (code, _, err) = check(&["--baseline", file]);
    assert!(code == 2 && err.contains("is not a report of this program"), "{err}");
}

#[test]
fn bad_usage_ends_with_2_and_names_what_there_is() {
    let cases: [(&[&str], &str); 16] = [
        (&["check", "zen"], "there is no model 'zen'; models: zen-with-terms"),
        (&["models", "zen"], "there is no model 'zen'"),
        (&["graph", "zen"], "there is no model 'zen'"),
        (&["check", "--mutant", "CM99"], "has no mutant 'CM99'; its mutants: CM01, CM02"),
        (&["mutants", "--mutant", "CM99"], "has no mutant 'CM99'; its mutants: CM01, CM02"),
        (&["check", "--waive", "Nothing"], "has no guard 'Nothing'; its guards: AlreadyBootstrapped"),
        (&["check", "--nodes", "0"], "--nodes must be 1 to 8, not 0"),
        (&["check", "--nodes", "9"], "--nodes must be 1 to 8, not 9"),
        (&["check", "--max-term", "999"], "--max-term must be 0 to 255, not 999"),
        (&["check", "--nodes", "two"], "invalid value 'two'"),
        (&["check", "--no-such-bound", "1"], "unexpected argument '--no-such-bound'"),
        (&["check", "--memory-limit", "8"], "is not a size; write a number and a unit"),
        (&["check", "--time-limit", "soon"], "is not a duration"),
        (&["check", "--threads", "0"], "0 is not in 1..=256"),
        (&["check", "--engine", "naive", "--symmetry", "on"], "--symmetry on needs the native engine"),
        (&["fly"], "unrecognized subcommand 'fly'"),
    ];
    for (args, message) in cases {
        let (code, out, err) = quorate(args);
        assert_eq!(code, 2, "{args:?}");
        assert!(err.contains(message) && out.is_empty(), "{args:?}: {err}");
    }
    assert_eq!(quorate(&[]).0, 2);
    let (code, _, err) = check(&["--report", "/no/such/directory/report.json", "--quiet"]);
    assert!(code == 2 && err.contains("cannot write /no/such/directory/report.json"), "{err}");
}

#[test]
fn help_ends_with_0_and_shows_examples() {
    for verb in [&["check"][..], &["models"], &["mutants"], &["graph"], &["bench", "check"]] {
        let (code, out, _) = quorate(&[verb, &["--help"]].concat());
        assert!(code == 0 && out.contains("Examples:"), "{verb:?}: {out}");
    }
    assert_eq!(quorate(&["--help"]).0, 0);
    assert_eq!(quorate(&["--version"]).0, 0);
}

#[test]
fn models_says_what_there_is() {
    let (code, out, _) = quorate(&["models"]);
    assert_eq!(code, 0);
    for part in ["zen-with-terms", "--max-messages", "quick 8/8", "OneMasterPerTerm (invariant)", "CM38", "PublishElectionNotWon"]
    {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
}

#[test]
fn mutants_prints_the_rows_asked_for() {
    let (code, out, _) = quorate(&["mutants", "--mutant", "CM36", "--mutant", "CM29"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("CM36  killed by self-checks only") && out.contains("CM29  killed"), "{out}");
    assert!(out.contains("8 states  CommitHasQuorumVsPreviousCommittedConfiguration  (as expected)"), "{out}");
    assert!(out.contains("unmutated  holds") && out.lines().all(|line| line.chars().count() <= 100), "{out}");
}

#[test]
fn a_small_graph_is_drawn_and_a_large_one_refused() {
    let small = ["graph", "zen-with-terms", "--nodes", "1", "--max-term", "1", "--max-version", "1", "--max-messages", "5"];
    let (code, out, _) = quorate(&small);
    assert_eq!(code, 0);
    let nodes = out.lines().filter(|line| line.contains("tooltip=") && !line.contains("style=dashed")).count();
    assert_eq!(nodes, 17, "as TLC counts this instance");
    assert!(out.starts_with("digraph \"zen-with-terms\" {") && out.trim_end().ends_with('}'));
    let (code, out, err) = quorate(&["graph", "zen-with-terms"]);
    assert!(code == 2 && out.is_empty() && err.contains("more than 2000 states; choose smaller bounds"), "{err}");
}

#[test]
fn a_violation_shows_its_trace_as_a_table_and_how_to_keep_it() {
    let (code, out, _) = check(&["--mutant", "CM02", "--keep-going"]);
    assert_eq!(code, 1);
    assert!(out.contains("\n    1  HandleStartJoin(") && out.contains("0 → 1"), "{out}");
    assert!(out.contains("--trace-dir traces\n") && out.contains("quorate trace show traces/zen-with-terms-CM02-"), "{out}");
    let command = |line: &str| line.trim_start().starts_with("quorate ");
    assert!(out.lines().all(|line| line.chars().count() <= 100 || command(line)), "{out}");
}

#[test]
fn github_is_told_what_fails() {
    let mutant = ["check", "zen-with-terms", "--nodes", "2", "--max-term", "1", "--mutant", "CM02", "--quiet"];
    let on_github = |value: &str| run(Command::cargo_bin("quorate").unwrap().env("GITHUB_ACTIONS", value).args(mutant));
    let (code, out, _) = on_github("true");
    assert_eq!(code, 1);
    assert!(out.starts_with("::error title=zen-with-terms CM02%3A ") && out.contains(" states)"), "{out}");
    assert_eq!(on_github("false").1, "");
    let (_, out, err) = quorate(&[&mutant[..], &["--annotations", "github", "--report", "-"]].concat());
    assert!(serde_json::from_str::<Value>(&out).is_ok() && err.contains("::error title="), "{err}");
    let (_, out, _) =
        quorate(&[&mutant[..4], &["--max-messages", "40", "--time-limit", "200ms", "--annotations", "github"]].concat());
    assert!(out.contains("::warning title=zen-with-terms%3A OneMasterPerTerm inconclusive::"), "{out}");
}

#[test]
fn a_known_violation_is_checked_where_it_is_named_and_ends_with_1() {
    let (code, out, _) = quorate(&["check", "replication-falling-checkpoint"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("VIOLATED     step       PrimaryGlobalCheckpointNeverFalls"), "{out}");
    assert!(out.contains("a trace of 14 states:") && out.contains("This model is kept for its violation"), "{out}");
    let (code, out, _) = quorate(&["check", "replication-falling-checkpoint", "--nodes", "3"]);
    assert!(code == 0 && !out.contains("kept for its violation"), "{out}");
    let (_, out, _) = quorate(&["check", "--time-limit", "1ms", "--report", "-", "--quiet"]);
    assert!(!out.contains("falling-checkpoint"), "not without its name");
    let (_, out, _) = quorate(&["models"]);
    assert!(out.contains("replication-falling-checkpoint"), "{out}");
}

#[test]
fn an_interruption_leaves_the_report_of_what_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("report.json");
    let large = ["check", "zen-with-terms", "--nodes", "3", "--max-term", "3", "--max-messages", "40", "--quiet"];
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_quorate"))
        .args(large)
        .args(["--memory-limit", "4GiB", "--time-limit", "60s", "--report"])
        .arg(&report)
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let interrupt = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    assert_eq!(child.wait().unwrap().code(), Some(2));
    let report: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!(report["verdict"], "inconclusive");
    assert!(report["distinct_states"].as_u64().unwrap() > 0);
    assert!(report["not_covered"][0].as_str().unwrap().starts_with("interrupted: "), "{}", report["not_covered"]);
}
