//! `quorate trace` as a user runs it: output, exit codes and complaints.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/traces/tests/golden");

fn quorate(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quorate")).args(args).output().expect("the program runs")
}

fn sample() -> String {
    format!("{GOLDEN}/split-brain.itf.json")
}

#[track_caller]
fn ends(args: &[&str], code: i32, expected: &str) {
    let output = quorate(args);
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
    assert!(text.contains(expected), "{args:?}: expected '{expected}' in: {text}");
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("quorate-trace-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Folder(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a temporary file");
        path.to_string_lossy().into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn show_prints_the_table() {
    let output = quorate(&["trace", "show", &sample()]);
    let golden = std::fs::read_to_string(Path::new(GOLDEN).join("split-brain.txt")).unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), golden);
    assert_eq!(output.status.code(), Some(0));
    ends(&["trace", "show", "--diff", "--node", "n2", "--from", "4", "--to", "7", "--width", "80", &sample()], 0, "▶ n2");
    ends(&["trace", "show", "--color", "always", &sample()], 0, "\u{1b}[1;31m");
}

#[test]
fn replay_says_whether_it_is_as_recorded() {
    ends(&["trace", "replay", &sample()], 0, "all 8 steps are as recorded\nOneMasterPerTerm is violated, as recorded: n1");
    let folder = Folder::new("replay");
    let text = std::fs::read_to_string(sample()).unwrap();
    let sound = folder.file("sound.json", &text.replacen(r#"{\"mutant\":\"CM02\"}"#, "{}", 1));
    ends(&["trace", "replay", &sound], 1, "step 5, HandleJoin(n1, from n1");
    for (name, from, to, complaint) in [
        ("mutant", r#"\"CM02\""#, r#"\"CM99\""#, "has no mutant 'CM99'"),
        ("guard", r#"{\"mutant\":\"CM02\"}"#, r#"{\"waive\":[\"Nonsense\"]}"#, "has no guard 'Nonsense'"),
        ("model", "zen-with-terms", "raft", "there is no model 'raft'"),
        ("bound", r#"\"max-term\":1,"#, "", "does not say the bound 'max-term'"),
        ("nodes", r#"\"nodes\":2"#, r#"\"nodes\":0"#, "--nodes must be 1 to 8, not 0"),
    ] {
        assert!(text.contains(from), "{name}");
        let file = folder.file(name, &text.replacen(from, to, 1));
        ends(&["trace", "replay", &file], 2, complaint);
    }
    let foreign = folder.file("foreign", r#"{"vars": ["x"], "states": [{"x": 1}]}"#);
    ends(&["trace", "replay", &foreign], 2, "names no model of ours");
    ends(&["trace", "show", &foreign], 0, "a trace of another tool");
}

#[test]
fn export_writes_every_format() {
    for (format, start) in [
        ("itf", "{\n\"#meta\""),
        ("mermaid", "sequenceDiagram"),
        ("svg", "<svg "),
        ("shiviz", "n1 {\"n1\":1}\nSetInitialState"),
        ("html", "<!doctype html>"),
    ] {
        let output = quorate(&["trace", "export", "--format", format, &sample()]);
        assert!(String::from_utf8_lossy(&output.stdout).starts_with(start), "{format}");
    }
    let folder = Folder::new("export");
    let target = folder.0.join("picture.svg");
    ends(&["trace", "export", "--format", "svg", "-o", &target.to_string_lossy(), &sample()], 0, "");
    assert!(std::fs::read_to_string(&target).unwrap().ends_with("</svg>\n"));
    ends(&["trace", "export", "--format", "svg", "-o", "/nonexistent/x.svg", &sample()], 2, "/nonexistent/x.svg: ");
}

#[test]
fn files_of_several_traces_are_handled_one_by_one() {
    let folder = Folder::new("several");
    let text = std::fs::read_to_string(sample()).unwrap();
    let both = folder.file("both", &format!("[{text}, {}]", text.replacen(r#"{\"mutant\":\"CM02\"}"#, "{}", 1)));
    ends(&["trace", "replay", &both], 1, "both, trace 1: all 8 steps are as recorded");
    ends(&["trace", "replay", &both], 1, "both, trace 2: step 5");
    ends(&["trace", "show", "--diff", &both], 0, "rules     the protocol as it is");
    ends(&["trace", "export", "--format", "svg", &both], 2, "holds 2 traces");
    ends(&["trace", "export", "--format", "html", &both], 0, "<!doctype html>");
}

#[test]
fn shorten_leaves_out_what_is_not_needed() {
    let folder = Folder::new("shorten");
    let text = std::fs::read_to_string(sample()).unwrap();
    let target = folder.0.join("short.json").to_string_lossy().into_owned();
    ends(&["trace", "shorten", "-o", &target, &sample()], 0, "9 states instead of 9");
    ends(&["trace", "replay", &target], 0, "all 8 steps are as recorded");
    let other = folder.file("other", &text.replacen(r#""property":"OneMasterPerTerm""#, r#""property":"StateIsCommitted""#, 1));
    ends(&["trace", "shorten", &other], 2, "a property of whole behaviours");
}

#[test]
fn bad_usage_and_bad_files_end_with_2_and_say_where() {
    let folder = Folder::new("bad");
    let text = std::fs::read_to_string(sample()).unwrap();
    let cut = folder.file("cut.json", &text[..text.len() / 2]);
    ends(&["trace", "show", &cut], 2, "cut.json: the file ends too early, in line");
    ends(&["trace", "show", &folder.file("log.txt", "hello")], 2, "log.txt: not JSON: line 1, column 1");
    ends(&["trace", "show", &folder.file("v2", &text.replacen(r#""quorate":"1""#, r#""quorate":"7""#, 1))], 2, "version 7");
    ends(&["trace", "show", "no-such-file"], 2, "no-such-file: ");
    ends(&["trace", "show", "--node", "n7", &sample()], 2, "--node n7: the trace has the nodes n1, n2");
    ends(&["trace", "show", "--from", "9", &sample()], 2, "the states 0 to 8");
    ends(&["trace", "show", "--from", "3", "--to", "2", &sample()], 2, "must not come after");
    ends(&["trace", "show", "--width", "3", &sample()], 2, "--width");
    ends(&["trace", "export", "--format", "pdf", &sample()], 2, "possible values");
}

#[test]
fn a_scenario_is_replayed_shown_and_refused_where_it_leads_nowhere() {
    let folder = Folder::new("scenario");
    let output = quorate(&["trace", "export", "--format", "scenario", &sample()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("quorate scenario 1\nmodel zen-with-terms\nbound nodes 2\n"), "{text}");
    let file = folder.file("story.scenario", &text);
    ends(&["trace", "replay", &file], 0, "all 8 steps are as recorded\nOneMasterPerTerm is violated, as recorded: n1");
    // With its states it is the trace again.
    let table = |file: &str| {
        let output = quorate(&["trace", "show", file]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{text}");
        text.split_once("length").unwrap().1.to_owned()
    };
    assert_eq!(table(&file), table(&sample()));
    let again = quorate(&["trace", "export", "--format", "scenario", &file]);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), text);

    // Changed by hand: without its mutant the second vote is refused.
    let sound = folder.file("sound.scenario", &text.replace("mutant CM02\n", ""));
    ends(&["trace", "replay", &sound], 1, "step 6");
    ends(&["trace", "show", &sound], 2, "the guard");
    let shorter = text.lines().take(text.lines().count() - 2).collect::<Vec<_>>().join("\n");
    let shorter = folder.file("shorter.scenario", &shorter);
    ends(&["trace", "replay", &shorter], 1, "expected a violation of OneMasterPerTerm");
    for (from, to, expected) in [
        ("quorate scenario 1", "quorate scenario 2", "line 1: 'quorate scenario 2'"),
        ("bound nodes 2", "bound nodes two", "line 3: 'two' is no number"),
        ("bound nodes 2", "bound nodes 99", "--nodes must be"),
        ("bound nodes 2\n", "", "does not say the bound 'nodes'"),
        ("model zen-with-terms", "model zen", "no model 'zen'"),
        ("model zen-with-terms\n", "", "no line 'model"),
        ("mutant CM02", "mutant", "line 9: 'mutant' says nothing more"),
        ("mutant CM02", "mutate CM02", "'mutate' is none of model, bound"),
        ("initial {", "initial [", "not JSON"),
        ("\nstep {\"action\":\"SetInitialState\"", "\nstep {\"action\":\"Frobnicate\"", "step 1"),
    ] {
        assert!(text.contains(from), "{from} in {text}");
        let bad = folder.file("bad.scenario", &text.replacen(from, to, 1));
        let output = quorate(&["trace", "show", &bad]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{to}: {said}");
        assert!(said.contains(expected), "{to}: expected '{expected}' in '{said}'");
    }
    ends(&["trace", "replay", &folder.file("bad.scenario", "quorate scenario 1\n")], 2, "no line 'model");
}

#[test]
fn every_story_of_the_gallery_replays_and_so_does_its_scenario() {
    let folder = Folder::new("stories");
    let gallery = concat!(env!("CARGO_MANIFEST_DIR"), "/traces/gallery");
    let mut count = 0;
    for entry in std::fs::read_dir(gallery).expect("the gallery") {
        let path = entry.expect("an entry").path().to_string_lossy().into_owned();
        if !path.ends_with(".itf.json") {
            continue;
        }
        ends(&["trace", "replay", &path], 0, "is violated, as recorded");
        let scenario = folder.0.join("story.scenario").to_string_lossy().into_owned();
        ends(&["trace", "export", "--format", "scenario", "--output", &scenario, &path], 0, "");
        ends(&["trace", "replay", &scenario], 0, "is violated, as recorded");
        count += 1;
    }
    assert!(count >= 20);
}

/// What `quorate simulate` writes is shown, replayed and shortened like any trace.
#[test]
fn simulated_runs_are_traces_too() {
    let folder = Folder::new("simulated");
    let dir = folder.0.to_string_lossy().into_owned();
    ends(&["simulate", "--mutant", "CM07", "--seeds", "0..50", "--shorten-runs", "0", "--trace-dir", &dir], 1, "shortened from");
    let trace = std::fs::read_dir(&folder.0).unwrap().next().unwrap().unwrap().path();
    let (path, text) = (trace.to_string_lossy().into_owned(), std::fs::read_to_string(&trace).unwrap());

    ends(&["trace", "show", &path], 0, "a simulated run of");
    ends(&["trace", "show", "--diff", "--node", "n1", "--from", "2", "--to", "20", &path], 0, "events 2 to 20");
    ends(&["trace", "show", "--node", "n9", &path], 2, "--node n9: the trace has the nodes n1");
    ends(&["trace", "show", "--from", "9999999", &path], 2, "the trace has the events 0 to");
    ends(&["trace", "replay", &path], 0, "is violated, as recorded");

    let short = folder.0.join("short.json").to_string_lossy().into_owned();
    ends(&["trace", "shorten", "--output", &short, &path], 0, " steps instead of ");
    let steps = |path: &str| std::fs::read_to_string(path).unwrap().matches("\"tasks\":").count();
    assert!(steps(&short) < steps(&path));
    ends(&["trace", "replay", &short], 0, "is violated, as recorded");

    // Something else happens, another version wrote it, nothing is wrong with it, or it has no states.
    let other = folder.file("other.json", &text.replacen(" comes up: candidate", " comes up: leader", 1));
    ends(&["trace", "replay", &other], 1, "and recorded is");
    let version = folder.file("version.json", &text.replacen("\"simulation\": 2", "\"simulation\": 1", 1));
    for verb in ["show", "replay", "shorten"] {
        ends(&["trace", verb, &version], 2, "format 1");
    }
    let sound = folder.file("sound.json", &text.replacen("\"mutant\": \"CM07\",", "", 1));
    ends(&["trace", "shorten", &sound], 2, "does not fail");
    let unknown = folder.file("unknown.json", &text.replacen("CM07", "XX99", 1));
    ends(&["trace", "replay", &unknown], 2, "no mutant 'XX99'");
    ends(&["trace", "show", &folder.file("cut.json", &text[..text.len() / 2])], 2, "is no trace of a simulation");
    ends(&["trace", "export", "--format", "svg", &path], 2, "has no states");
    ends(&["explore", &path], 2, "has no states");
}
