//! Traces as files: what we write is ITF that others read, and bad files are
//! refused with the place.

mod support;

use proptest::prelude::*;
use quorate_traces::itf;
use quorate_traces::value::Value;
use quorate_traces::{StateRecord, Trace};
use serde::Deserialize;
use support::{bounds, itf_of};

fn sample() -> String {
    itf_of("CM02", bounds(2, 1, 1, 1, 12), "OneMasterPerTerm")
}

#[test]
fn the_itf_crate_reads_what_we_write() {
    #[derive(Deserialize)]
    struct State {
        nodes: Vec<Node>,
        messages: std::collections::BTreeSet<Message>,
        #[serde(rename = "staleDisks")]
        stale_disks: Disk,
    }
    #[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
    struct Message {
        method: String,
        source: String,
    }
    #[derive(Deserialize)]
    #[serde(tag = "tag", content = "value")]
    enum Disk {
        None(serde::de::IgnoredAny),
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Node {
        election_won: bool,
        join_votes: std::collections::BTreeSet<String>,
        #[serde(with = "::itf::de::As::<::itf::de::Integer>")]
        current_term: u64,
    }
    let trace: ::itf::Trace<State> = ::itf::trace_from_str(&sample()).expect("a trace that the itf crate reads");
    assert_eq!(trace.meta.format.as_deref(), Some("ITF"));
    assert_eq!(trace.meta.other["model"], "zen-with-terms");
    assert_eq!(trace.meta.other["rules"], r#"{"mutant":"CM02"}"#);
    assert_eq!(trace.vars, ["nodes", "messages", "descendant", "bootstrap", "staleDisks"]);
    let last = trace.states.last().expect("states");
    let action = &last.meta.other["action"];
    assert!(action.starts_with("HandleClientValue(n2"), "{action}");
    let nodes = &last.value.nodes;
    assert!(nodes.iter().all(|node| node.election_won && node.current_term == 1));
    assert_eq!(nodes[0].join_votes.len(), 1);
    let sent: Vec<_> = last.value.messages.iter().map(|message| (message.method.as_str(), message.source.as_str())).collect();
    assert_eq!(sent, [("Join", "n1"), ("Join", "n2"), ("PublishRequest", "n1"), ("PublishRequest", "n2")]);
    assert!(matches!(last.value.stale_disks, Disk::None(_)));
}

#[test]
fn reading_and_writing_again_changes_nothing() {
    let text = sample();
    let trace = itf::read(&text).unwrap();
    assert_eq!(itf::to_string(&trace), text);
    assert_eq!(trace.lanes, ["n1", "n2"]);
    assert_eq!(trace.bounds["max-messages"], 12);
    assert_eq!(trace.states.len(), 9);
    assert!(trace.states[8].claims.as_ref().unwrap().violated.contains_key("OneMasterPerTerm"));
    assert!(trace.states[0].claims.as_ref().unwrap().violated.is_empty());
}

#[test]
fn traces_of_apalache_and_quint_are_read() {
    let apalache = r##"{"#meta": {"format": "ITF", "varTypes": {"x": "Int"}, "description": "by Apalache"},
        "params": ["N"], "vars": ["x", "m"], "loop": 0,
        "states": [{"#meta": {"index": 0}, "N": {"#bigint": "3"}, "x": {"#bigint": "-170141183460469231731687303715884105728000"},
                    "m": {"#map": [[{"#tup": ["a", true]}, {"#set": []}]]}}]}"##;
    let trace = itf::read(apalache).unwrap();
    assert_eq!(trace.vars, ["N", "x", "m"]);
    assert_eq!(trace.value(0, "x").unwrap().to_string(), "-170141183460469231731687303715884105728000");
    assert_eq!(trace.loop_start, Some(0));
    assert_eq!(trace.model, "");
    assert!(trace.info.other["varTypes"].contains("Int"));

    let quint = r##"{"vars": ["n", "mbt::actionTaken"],
        "states": [{"n": 1, "mbt::actionTaken": "init"}, {"n": 18446744073709551615, "mbt::actionTaken": "step"}]}"##;
    let trace = itf::read(quint).unwrap();
    assert_eq!(trace.states[1].title, "step");
    assert_eq!(trace.value(1, "n").unwrap(), &Value::Integer("18446744073709551615".to_owned()));
}

/// What Quint writes with `--mbt`, and what Apalache writes of what it cannot write.
#[test]
fn every_form_of_their_dialects_is_read_and_written_again() {
    let quint = r##"{"#meta": {"format": "ITF", "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
            "source": "bank.qnt", "status": "violation", "description": "Created by Quint", "timestamp": 1700000000000},
        "vars": ["balances", "mbt::actionTaken", "mbt::nondetPicks"],
        "states": [
            {"#meta": {"index": 0}, "balances": {"#map": [["alice", {"#bigint": "0"}]]}, "mbt::actionTaken": "init",
             "mbt::nondetPicks": {"account": {"tag": "None", "value": {"#tup": []}}}},
            {"#meta": {"index": 1}, "balances": {"#map": [["alice", {"#bigint": "-42"}]]}, "mbt::actionTaken": "withdraw",
             "mbt::nondetPicks": {"account": {"tag": "Some", "value": "alice"}}}]}"##;
    let trace = itf::read(quint).unwrap();
    assert_eq!((trace.tool.as_str(), trace.states[1].title.as_str()), ("bank.qnt", "withdraw"));
    assert_eq!(trace.value(1, "balances").unwrap().to_string(), "{alice ↦ -42}");
    assert_eq!(trace.value(1, "mbt::nondetPicks").unwrap().to_string(), "(account Some(alice))");
    assert_eq!(itf::read(&itf::to_string(&trace)).unwrap().states, trace.states);

    let apalache = r##"{"#meta": {"format": "ITF", "varTypes": {"all": "Set(Int)", "pair": "<<Int, Bool>>"}},
        "vars": ["all", "pair", "some", "sequence"], "states": [{"#meta": {"index": 0},
            "all": {"#unserializable": "Int"}, "pair": {"#tup": [{"#bigint": "1"}, true]},
            "some": {"#set": [{"#bigint": "10"}, {"#bigint": "9"}, {"#bigint": "9"}]}, "sequence": [{"kind": "a"}, {"kind": "b"}]}]}"##;
    let trace = itf::read(apalache).unwrap();
    let shown: Vec<String> = trace.states[0].values.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["?Int", "(1, true)", "{9,10}", "[(kind a), (kind b)]"]);
    assert_eq!(itf::read(&itf::to_string(&trace)).unwrap().states, trace.states);
}

#[test]
fn counterexamples_of_tlc_are_read() {
    let text = r#"{"counterexample": {
        "state": [[1, {"x": 0, "s": ["a"]}], [2, {"x": 1, "s": []}], [3, {"x": 2, "s": []}]],
        "action": [[[1, {}], {"name": "Next", "context": {"n": "n1", "k": 7}, "parameters": ["n", "k"]}, [2, {}]],
                   [[2, {}], {"name": "Step"}, [3, {}]], [[3, {}], {"name": "Back"}, [2, {}]]]}, "vars": ["x", "s"]}"#;
    let trace = itf::read(text).unwrap();
    let titles: Vec<&str> = trace.states.iter().map(|state| state.title.as_str()).collect();
    assert_eq!(titles, ["", "Next(n = n1, k = 7)", "Step"]);
    assert_eq!((trace.loop_start, trace.tool.as_str()), (Some(1), "TLC"));
    assert_eq!(trace.value(1, "x").unwrap().to_string(), "1");
    assert_eq!(itf::read(&itf::to_string(&trace)).unwrap(), trace, "and written as ITF");
}

#[test]
fn a_file_may_hold_several_traces() {
    let one = sample();
    let line = one.replace('\n', " ");
    let twice = itf::to_string_many(&[itf::read(&one).unwrap(), itf::read(&one).unwrap()]);
    for several in [format!("[{one}, {one}]"), format!("{one}{one}"), format!("{line}\n{line}\n"), twice] {
        let traces = itf::read_all(&several).unwrap();
        assert_eq!(traces.len(), 2);
        assert!(traces.iter().all(|trace| itf::to_string(trace) == one));
        refused(&several, "holds 2 traces");
    }
    refused("[]", "empty list");
    refused(&format!("{line}\n{}", &line[..80]), "ends too early, in line 2");
    refused(&format!("[{one}, {{\"vars\": [\"x\"], \"states\": [{{}}]}}]"), "trace 2: state 0 has no value for the variable 'x'");
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let error = itf::read(text).expect_err("a file that must be refused").to_string();
    assert!(error.contains(expected), "expected '{expected}' in '{error}'");
}

#[test]
fn bad_files_are_refused_with_the_place() {
    let text = sample();
    refused("", "ends too early, in line 1");
    refused("<html>", "not JSON: line 1, column 1");
    refused(&text[..text.len() / 2], "ends too early, in line");
    refused(&text.replacen("\"vars\"", "vars", 1), "not JSON: line 3, column 1");
    refused("[1]", "holds no object");
    refused("{}", "no 'states'");
    refused(r#"{"states": []}"#, "'states' is empty");
    refused(r#"{"states": [{}]}"#, "no 'vars'");
    refused(r#"{"vars": ["x"], "states": [7]}"#, "state 0 is no object");
    refused(r#"{"vars": [1], "states": [{}]}"#, "'vars' is no list of names");
    refused(r#"{"vars": ["x"], "states": [{"x": 1}, {}]}"#, "state 1 has no value for the variable 'x'");
    refused(r#"{"vars": [], "states": [{"x": 1}]}"#, "state 0 has the variable 'x'");
    refused(r#"{"vars": ["x"], "states": [{"x": {"a": [null]}}]}"#, "state 0, variable 'x': at a.[0]: null");
    refused(r##"{"vars": ["x"], "states": [{"x": {"#bigint": "1e9"}}]}"##, "'1e9' is no integer");
    refused(r#"{"vars": ["x"], "states": [{"x": 1e30}]}"#, "is no integer");
    refused(r##"{"vars": ["x"], "states": [{"x": {"#frob": 1}}]}"##, "'#frob' is no form of ITF");
    for index in ["1", "-1", "\"0\"", "99999999999999999999"] {
        let text = format!(r#"{{"vars": ["x"], "states": [{{"x": 1}}], "loop": {index}}}"#);
        refused(&text, &format!("goes back to state {}", if index.len() > 18 { "1e+20" } else { index }));
    }
    refused(&text.replacen(r#""quorate":"1""#, r#""quorate":"2""#, 1), "version 2 of the trace format");
    refused(&text.replacen(r#"{\"title\":"#, r#"{\"title\""#, 1), "state 1: the metadata 'view' is unreadable");
    let deep = format!(r#"{{"vars": ["x"], "states": [{{"x": {}{}}}]}}"#, "[".repeat(100_000), "]".repeat(100_000));
    refused(&deep, "recursion limit");
}

#[test]
fn files_are_read_compressed_or_not() {
    use std::io::Write;
    let folder = std::env::temp_dir().join(format!("quorate-formats-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let text = sample();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    for (name, bytes) in [("plain", text.as_bytes()), ("packed", &packed)] {
        std::fs::write(folder.join(name), bytes).unwrap();
        assert_eq!(quorate_traces::file::read_text(&folder.join(name)).unwrap(), text, "{name}");
    }
    for (name, bytes, expected) in [
        ("cut", &packed[..packed.len() / 2], "cut: the compressed file is damaged or cut off"),
        ("binary", &[b'{', 0xff, 0xfe], "not UTF-8 text (byte 1)"),
    ] {
        std::fs::write(folder.join(name), bytes).unwrap();
        let error = quorate_traces::file::read_text(&folder.join(name)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(quorate_traces::file::read_text(&folder.join("missing")).unwrap_err().to_string().contains("missing: "));
    std::fs::remove_dir_all(&folder).unwrap();
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<String>().prop_map(Value::String),
        "-?[1-9][0-9]{0,40}".prop_map(Value::Integer),
        Just(Value::Integer("0".to_owned())),
        any::<String>().prop_map(Value::Unserializable),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let list = || proptest::collection::vec(inner.clone(), 0..5);
        prop_oneof![
            list().prop_map(Value::List),
            list().prop_map(Value::Tuple),
            list().prop_map(Value::set),
            proptest::collection::vec((inner.clone(), inner.clone()), 0..4).prop_map(Value::map),
            proptest::collection::vec(("[a-z#_]{0,6}", inner.clone()), 0..4).prop_map(|fields| {
                let fields = fields.into_iter().map(|(name, value)| (name.trim_start_matches('#').to_owned(), value));
                Value::record(fields.collect())
            }),
            ("[A-Z]{1,3}", inner.clone()).prop_map(|(tag, value)| Value::Variant(tag, Box::new(value))),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_survives_a_file(values in proptest::collection::vec(value(), 1..4), title in any::<String>()) {
        let state = |value: &Value| StateRecord {
            values: vec![value.clone()],
            title: title.clone(),
            view: quorate_model::specification::StepView { title: title.clone(), ..Default::default() },
            ..StateRecord::default()
        };
        let trace = Trace {
            vars: vec!["x".to_owned()],
            states: values.iter().map(state).collect(),
            loop_start: Some(values.len() - 1),
            ..Trace::default()
        };
        prop_assert_eq!(itf::read(&itf::to_string(&trace)).unwrap(), trace);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>(), cut in 0usize..4000) {
        let _ = itf::read(&text);
        let sample = include_str!("golden/hostile.itf.json");
        let cut = sample.floor_char_boundary(cut.min(sample.len()));
        let _ = itf::read(&format!("{}{text}{}", &sample[..cut], &sample[cut..]));
    }
}
