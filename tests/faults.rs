//! A run that is killed, and a disk that is full, from outside.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const BOUNDS: [&str; 8] = ["--max-term", "2", "--max-version", "2", "--values", "2", "--max-messages", "8"];

fn quorate() -> Command {
    Command::new(assert_cmd::cargo::cargo_bin("quorate"))
}

fn check(args: &[&str]) -> Command {
    let mut command = quorate();
    command.args(["check", "zen-with-terms"]).args(BOUNDS).args(args);
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn holds_a_checkpoint(dir: &Path) -> bool {
    let Ok(mut entries) = std::fs::read_dir(dir) else { return false };
    entries.any(|entry| entry.unwrap().path().extension().is_some_and(|extension| extension == "checkpoint"))
}

#[test]
fn a_killed_run_is_taken_up_and_ends_with_the_counts_of_one_that_was_not() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    let folder = folder.to_str().unwrap();
    let mut run = check(&["--checkpoint", folder, "--checkpoint-every", "1ms"]).stdout(Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while !holds_a_checkpoint(Path::new(folder)) {
        assert!(started.elapsed() < Duration::from_secs(60), "no checkpoint appears");
        std::thread::sleep(Duration::from_millis(1));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    let output = check(&["--resume", folder]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("515,156 distinct, 3,162,764 generated, depth 16"), "{}", text(&output));

    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&file, bytes).unwrap();
    }
    let output = check(&["--resume", folder]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let words = text(&output).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("is damaged or no checkpoint"), "{words}");
    assert!(!words.contains(" holds "), "{words}");
}

/// The system refuses to let any file grow beyond a few kilobytes: what a full
/// disk looks like to the one who writes.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_a_run_without_a_verdict() {
    let dir = tempfile::tempdir().unwrap();
    let program = assert_cmd::cargo::cargo_bin("quorate");
    let arguments = BOUNDS.join(" ");
    let spill = format!(
        "trap '' XFSZ; ulimit -f 64; exec {} check zen-with-terms {arguments} --frontier-limit 1B --spill-dir {}",
        program.display(),
        dir.path().display()
    );
    let output = Command::new("sh").args(["-c", &spill]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("cannot keep the frontier"), "{}", text(&output));
    let checkpoint = format!(
        "trap '' XFSZ; ulimit -f 64; exec {} check zen-with-terms {arguments} --checkpoint {} --checkpoint-every 1ms",
        program.display(),
        dir.path().display()
    );
    let output = Command::new("sh").args(["-c", &checkpoint]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("cannot write"), "{}", text(&output));
}

#[test]
fn what_only_the_native_engine_does_is_refused_for_others() {
    for flag in ["--checkpoint", "--resume"] {
        let output = check(&["--engine", "naive", flag, "anywhere"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(text(&output).contains("needs the native engine"), "{}", text(&output));
    }
}
