//! The transcripts recorded from Elasticsearch's Java class, and what is wrong
//! with broken ones.

use std::path::PathBuf;

use quorate_checker::conform::{TranscriptError, replay, replay_on, replay_reconfigurations};
use quorate_model::coordination::reconfigurator::ReconfiguratorRules;
use quorate_model::coordination::{Mutant, Rejection, Sound};
use quorate_traces::file::read_text;

fn golden() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../traces/golden/coordination-state");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn transcript() -> Vec<String> {
    let file = golden().into_iter().find(|file| file.to_string_lossy().contains("seed-0002-3nodes")).unwrap();
    read_text(&file).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn the_rules_answer_as_elasticsearch_did() {
    let (mut steps, mut accepted, mut refused) = (0, 0, std::collections::BTreeMap::new());
    let files = golden();
    assert_eq!(files.len(), 40);
    for file in files {
        let replayed = replay(&read_text(&file).unwrap()).unwrap();
        assert_eq!(replayed.mismatch, None, "{}", file.display());
        steps += replayed.steps;
        accepted += replayed.accepted;
        for (guard, count) in replayed.refused {
            *refused.entry(guard).or_insert(0) += count;
        }
    }
    assert!(steps >= 10_000, "{steps}");
    assert!(accepted > 3_000, "{accepted}");
    // Vacuity: the schedules run into almost every guard that the class has.
    let never: Vec<Rejection> = Rejection::ALL.into_iter().filter(|guard| !refused.contains_key(guard)).collect();
    assert_eq!(never, [Rejection::CommitBeforeOwnAcceptance]);
}

#[test]
fn rules_without_a_guard_answer_otherwise() {
    let transcripts: Vec<String> = golden().iter().map(|file| read_text(file).unwrap()).collect();
    let caught = |guard: &Rejection| {
        let rules = Mutant::waiving(&[*guard, Rejection::CommitBeforeOwnAcceptance]);
        transcripts.iter().any(|text| replay_on(&rules, text).unwrap().mismatch.is_some())
    };
    let missed: Vec<Rejection> = Rejection::ALL.into_iter().filter(|guard| !caught(guard)).collect();
    // Without a won election the last published version is 0, so that the
    // version of a response refuses it just the same.
    assert_eq!(missed, [Rejection::PublishResponseElectionNotWon, Rejection::CommitBeforeOwnAcceptance]);
    let tla = transcripts.iter().any(|text| replay_on(&Sound, text).unwrap().mismatch.is_some());
    assert!(tla, "the fourth guard of HandleCommit, which the Java class lacks, shows");
}

/// Line (from 1) of the first step whose text contains `needle`.
fn line_with(lines: &[String], needle: &str) -> usize {
    lines.iter().position(|line| line.contains(needle)).unwrap_or_else(|| panic!("no line with {needle}")) + 1
}

#[test]
fn a_changed_answer_is_found_in_its_line() {
    let lines = transcript();
    for (needle, from, to, what) in [
        (r#"{"ok":false"#, r#"{"ok":false"#, r#"{"ok":true"#, "ok"),
        (r#""type":"start_join""#, r#""currentTerm":1"#, r#""currentTerm":2"#, "currentTerm"),
        (r#""type":"publish_request""#, r#""lastAcceptedValue":"#, r#""lastAcceptedValue":1"#, "lastAcceptedValue"),
        (r#""electionWon":true"#, r#""electionWon":true"#, r#""electionWon":false"#, "electionWon"),
        (r#""joinVotes":["n"#, r#""joinVotes":["#, r#""joinVotes":["n1","n2","n3","#, "joinVotes"),
        (r#""send":["#, r#"{"type":"join","term":1"#, r#"{"type":"join","term":9"#, "send"),
        (r#""to":"*""#, r#""to":"*""#, r#""to":"n1""#, "send"),
    ] {
        let mut broken = lines.clone();
        let line = line_with(&lines, needle);
        // The answer, not the request, is changed.
        let (request, answer) = broken[line - 1].split_once(r#""response""#).unwrap();
        broken[line - 1] = format!("{request}\"response\"{}", answer.replacen(from, to, 1));
        let mismatch = replay(&broken.join("\n")).unwrap().mismatch;
        let mismatch = mismatch.unwrap_or_else(|| panic!("{what}: unnoticed"));
        assert_eq!(mismatch.line, line, "{what}");
        assert!(mismatch.differences.iter().any(|difference| difference.what == what), "{what}: {mismatch:?}");
    }
}

#[test]
fn messages_are_compared_as_a_set() {
    let mut lines = transcript();
    let line = line_with(&lines, r#""to":"*""#);
    let whole = lines[line - 1].clone();
    let start = whole.find(r#"{"to":"*""#).unwrap();
    let end = start + whole[start..].find(r#"}}]"#).unwrap() + 2;
    let message = &whole[start..end];
    let each: Vec<String> = ["n3", "n1", "n2", "n1"].iter().map(|node| message.replacen('*', node, 1)).collect();
    lines[line - 1] = whole.replacen(message, &each.join(","), 1);
    assert_eq!(replay(&lines.join("\n")).unwrap().mismatch, None);
}

#[test]
fn node_names_are_any_texts() {
    let renamed = transcript().join("\n").replace("\"n1\"", "\"zürich 1\"").replace("\"n2\"", "\"\\u001b[31m\"");
    assert_eq!(replay(&renamed).unwrap().mismatch, None);
}

#[track_caller]
fn refused(lines: &[String], expected: &str) {
    let error = replay(&lines.join("\n")).expect_err("a transcript that must be refused").to_string();
    assert!(error.contains(expected), "expected '{expected}' in '{error}'");
}

#[test]
fn broken_transcripts_are_refused_with_the_line() {
    let lines = transcript();
    let changed = |line: usize, from: &str, to: &str| {
        let mut lines = lines.clone();
        assert!(lines[line - 1].contains(from), "line {line} has no {from}: {}", lines[line - 1]);
        lines[line - 1] = lines[line - 1].replacen(from, to, 1);
        lines
    };
    refused(&[], "empty");
    refused(&lines[1..], "line 1: not the header");
    refused(&changed(1, "\"seed\"", "\"sed\""), "unknown field `sed`");
    refused(&changed(1, "\"n3\"", "\"n1\""), "two nodes are named 'n1'");
    refused(&changed(1, "\"n3\"", "\"*\""), "'*' cannot name a node");
    refused(&changed(1, "\"n3\"", "\"n4\""), "line 2: 'init' names other nodes");
    refused(&changed(2, "\"response\"", "\"answer\""), "line 2: column");
    let set = line_with(&lines, "\"set_initial_state\"");
    refused(&changed(set, "\"value\"", "\"extra\":1,\"value\""), &format!("line {set}: column"));
    refused(&changed(set, "\"currentTerm\"", "\"currentTurm\""), &format!("line {set}: column"));
    refused(&changed(set, "\"ok\"", "\"reason\":\"x\",\"ok\""), "unknown field `reason`");
    let start = line_with(&lines, "\"start_join\"");
    refused(&changed(start, "\"type\"", "\"hops\":1,\"type\""), &format!("line {start}: column"));
    refused(&changed(start, "start_join", "stop_join"), "unknown variant `stop_join`");
    refused(&changed(start, "\"op\":\"deliver\",\"node\":\"n", "\"op\":\"deliver\",\"node\":\"m"), "none of the nodes");
    let mut cut = lines[..40].to_vec();
    refused(&cut, "ends after 39 of 250 steps");
    let half = cut[39].len() / 2;
    cut[39].truncate(half);
    refused(&cut, &format!("line 40: the line ends too early, in column {half}"));
    let many: Vec<String> = (0..65).map(|n| format!("\"n{n}\"")).collect();
    refused(&[format!(r#"{{"header": {{"implementation": "x", "nodes": [{}]}}}}"#, many.join(","))], "65 nodes; at most 64");
    let none = [r#"{"header": {"implementation": "x", "nodes": []}}"#.to_owned()];
    assert_eq!(replay(&none[0]), Err(TranscriptError::BadLine { line: 1, reason: "there are no nodes".to_owned() }));
}

#[test]
fn a_table_of_configurations_is_computed_again_and_a_changed_row_found() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../traces/golden/reconfigurator/reconfigurator.csv.gz");
    let text = read_text(std::path::Path::new(file)).unwrap();
    let replayed = replay(&text).unwrap();
    assert_eq!((replayed.steps, replayed.mismatch), (5_511, None));

    let lines: Vec<&str> = text.lines().collect();
    let with_row = |index: usize, row: &str| {
        let mut lines = lines.clone();
        lines[index] = row;
        replay(&lines.join("\n"))
    };
    let mismatch = with_row(3, "false,n1,,n1,n1 n2,n1").unwrap().mismatch.unwrap();
    assert_eq!((mismatch.line, mismatch.request.as_str()), (4, "false,n1,,n1,n1 n2,n1"));
    assert_eq!((mismatch.differences[0].expected.as_str(), mismatch.differences[0].actual.as_str()), ("n1", "n1 n2"));

    for (row, complaint) in
        [("false,n1,,n1,n1", "5 fields, not 6"), ("maybe,n1,,n1,n1,n1", "'maybe'"), ("true,n1,,n2,n1,n1", "the master 'n2'")]
    {
        let Err(TranscriptError::BadLine { line: 4, reason }) = with_row(3, row) else { panic!("{row}") };
        assert!(reason.contains(complaint), "{reason}");
    }

    struct EvenSizes;
    impl ReconfiguratorRules for EvenSizes {
        fn best_size(&self, live: usize) -> usize {
            live
        }
    }
    assert!(replay_reconfigurations(&EvenSizes, &text).unwrap().mismatch.is_some());
}
