//! Random simulation of the Coordinator finds nothing; and what it looks for is there.

use quorate_checker::simulate::coverage::CountedRules;
use quorate_checker::simulate::mutants::{first_seed, mutants};
use quorate_checker::simulate::scenarios::scenarios;
use quorate_checker::simulate::sweep::{Sweep, sweep};
use quorate_model::coordination::Sound;

#[test]
fn two_hundred_seeds_settle() {
    let seeds: u64 = std::env::var("SEEDS").ok().and_then(|s| s.parse().ok()).unwrap_or(200);
    let start: u64 = std::env::var("START").ok().and_then(|s| s.parse().ok()).unwrap_or(0);
    let rules = CountedRules::default();
    let begun = std::time::Instant::now();
    let report = sweep(&Sweep { record_every: 20, ..Sweep::of(start..start + seeds) }, &rules, |_, _| true).unwrap();
    eprintln!(
        "{:?} turns {} virtual {} s, ops {} overlapping {} evidence {} undecided {} recorded {}",
        begun.elapsed(),
        report.turns,
        report.virtual_ms / 1000,
        report.operations,
        report.overlapping,
        report.evidence,
        report.undecided,
        report.recorded
    );
    eprintln!("{:?}", report.coverage);
    eprintln!("{:?}", rules.refusals());
    let mut by: std::collections::BTreeMap<String, Vec<u64>> = Default::default();
    for (seed, failure) in &report.failures {
        by.entry(failure.property.clone()).or_default().push(*seed);
    }
    for (seed, failure) in report.failures.iter().take(30) {
        let t = failure.to_string();
        eprintln!("seed {seed}: {}", &t.chars().take(300).collect::<String>());
    }
    eprintln!("{by:?}");
    assert!(report.failures.is_empty());
}

#[test]
fn scenarios_hold() {
    for s in scenarios::<Sound>() {
        let begun = std::time::Instant::now();
        let bad: Vec<String> = (0..10)
            .filter_map(|seed| {
                s.play(seed, Sound).err().map(|e| format!("{seed}: {}", e.to_string().chars().take(250).collect::<String>()))
            })
            .collect();
        eprintln!("{} {:?} {:?}", s.name, begun.elapsed(), bad);
    }
}

#[test]
fn table() {
    for m in mutants() {
        let begun = std::time::Instant::now();
        let found = first_seed(&m, 60, 2).unwrap();
        eprintln!(
            "ROW {}\t{}\t{}\t{:?}",
            m.id,
            found.as_ref().map_or("-".into(), |f| f.0.to_string()),
            found.map_or("-".into(), |f| f.1),
            begun.elapsed()
        );
    }
}

#[test]
fn matrix() {
    use quorate_model::coordinator::CoordinatorMutant;
    for s in scenarios::<CoordinatorMutant>() {
        let mut red = vec![];
        for m in mutants() {
            let bad = (0..4).filter_map(|seed| s.play(seed, m.rules).err()).map(|f| f.property).collect::<Vec<_>>();
            if !bad.is_empty() {
                red.push(format!("{}:{}x{}", m.id, bad.len(), bad[0]));
            }
        }
        eprintln!("MATRIX {} {}", s.name, red.join(" "));
    }
}
