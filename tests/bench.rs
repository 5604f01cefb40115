//! `quorate bench check` from outside. TLC is played by a script that prints what
//! TLC prints at its end.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

fn bench(args: &[&str]) -> (i32, String) {
    let output = Command::cargo_bin("quorate").unwrap().args(["bench", "check", "storage", "--runs", "1"]).args(args).output();
    let output = output.unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
}

/// A folder with a module, a jar, and a `java` that finds this many states.
fn pretended_tlc(folder: &Path, distinct: u64) -> [PathBuf; 3] {
    let [java, jar] = [folder.join("java"), folder.join("tla2tools.jar")];
    let said = format!(
        "46163 states generated, {distinct} distinct states found, 0 states left on queue.\n\
         The depth of the complete state graph search is 23.\n"
    );
    fs::write(&java, format!("#!/bin/sh\nprintf '{said}'\n")).unwrap();
    fs::set_permissions(&java, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(&jar, "").unwrap();
    fs::write(folder.join("Storage.tla"), "---- MODULE Storage ----\n====\n").unwrap();
    [java, jar, folder.to_owned()]
}

#[test]
fn engines_are_measured_and_agree() {
    let (code, out) = bench(&[]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("TLC is left out: give --tla2tools") && out.contains("14,844"), "{out}");
    assert!(out.contains("all engines count the same"), "{out}");
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    let (code, out) = bench(&["--report", "-"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 0);
    assert!(report["runs"].as_array().unwrap().iter().all(|run| run["distinct_states"] == 14_844), "{out}");
    assert!(report["ratios"][0]["against"] == "stateright" && report["machine"]["cores"].is_u64(), "{out}");
}

#[test]
fn counts_of_tlc_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    for (distinct, expected) in [(14_844, 0), (14_845, 1)] {
        let [java, jar, modules] = pretended_tlc(folder.path(), distinct).map(|path| path.display().to_string());
        let (code, out) = bench(&["--java", &java, "--tla2tools", &jar, "--tla-modules", &modules]);
        assert_eq!(code, expected, "{out}");
        assert!(out.contains("native does ") && out.contains("of tlc on 1 thread"), "{out}");
        assert_eq!(out.contains("tlc on 1 threads 14,845 distinct"), expected == 1, "{out}");
    }
}

#[test]
fn what_is_missing_for_tlc_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let [java, jar, modules] = pretended_tlc(folder.path(), 1).map(|path| path.display().to_string());
    let (code, out) = bench(&["--java", &java, "--tla2tools", "/no/such.jar", "--tla-modules", &modules]);
    assert!(code == 0 && out.contains("TLC is left out: /no/such.jar is not there"), "{out}");
    let (code, out) = bench(&["--java", "/no/such/java", "--tla2tools", &jar, "--tla-modules", &modules]);
    assert!(code == 0 && out.contains("TLC is left out: there is no java here that runs"), "{out}");
    fs::remove_file(folder.path().join("Storage.tla")).unwrap();
    let (code, out) = bench(&["--java", &java, "--tla2tools", &jar, "--tla-modules", &modules]);
    assert!(code == 2 && out.contains("Storage.tla is not there"), "{out}");
    assert_eq!(bench(&["--tla2tools", &jar]).0, 2, "the folder of the modules is needed too");
}
