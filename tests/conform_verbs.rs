//! `quorate conform` as a user runs it.

use std::path::PathBuf;
use std::process::{Command, Output};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/traces/golden/coordination-state");

fn replay(files: &[PathBuf]) -> (Output, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_quorate")).args(["conform", "replay"]).args(files).output().expect("the program runs");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output, text)
}

#[test]
fn all_golden_transcripts_are_as_recorded() {
    let files: Vec<PathBuf> = std::fs::read_dir(GOLDEN).unwrap().map(|entry| entry.unwrap().path()).collect();
    let (output, text) = replay(&files);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.ends_with("40 files, 10001 steps: every answer is as recorded\n"), "{text}");
}

#[test]
fn a_mismatch_ends_with_1_and_an_unreadable_file_with_2() {
    let folder = std::env::temp_dir().join(format!("quorate-conform-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let good = PathBuf::from(GOLDEN).join("seed-0001-2nodes.jsonl.gz");
    let text = quorate_traces::file::read_text(&good).unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let flipped = write("flipped", &text.replacen(r#""response":{"ok":false"#, r#""response":{"ok":true"#, 1));
    let line = text.lines().position(|line| line.contains(r#""ok":false"#)).unwrap() + 1;
    let (output, said) = replay(&[good.clone(), flipped.clone()]);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("flipped, line {line}: {{\"op\":")), "{said}");
    assert!(said.contains("ok: the transcript has accepted; the rules say refused by the guard"), "{said}");

    for (name, text, complaint) in [
        ("cut", &text[..text.len() / 2], "ends too early"),
        ("foreign", "{\"vars\": []}", "line 1: not the header"),
        ("empty", "", "the file is empty"),
    ] {
        let (output, said) = replay(&[write(name, text), good.clone()]);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(complaint), "{said}");
        assert!(said.contains("250 steps as recorded"), "the other file is replayed all the same: {said}");
    }
    let (output, said) = replay(&[folder.join("missing"), flipped]);
    assert_eq!(output.status.code(), Some(1), "a mismatch is known, whatever else could not be read: {said}");
    assert!(said.contains("missing: No such file"), "{said}");
    let (output, _) = replay(&[]);
    assert_eq!(output.status.code(), Some(2));
    std::fs::remove_dir_all(&folder).unwrap();
}
