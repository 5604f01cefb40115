//! What a check has not exercised.

use quorate_checker::Verdict;
use quorate_checker::registry::ModelInfo;
use quorate_checker::report::Report;
use serde_json::{Map, Value};

/// What no instance of a model has exercised: actions never taken, guards that
/// never refused, examples never found. A failure where a profile above
/// `quick` is checked as it is: what nothing exercises, nothing has checked.
pub fn vacuous(models: &[&ModelInfo], reports: &[Report]) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    for info in models {
        let of_model: Vec<&Report> = reports.iter().filter(|report| report.model == info.name).collect();
        let Some(first) = of_model.first() else { continue };
        let never = |count: &dyn Fn(&Report) -> u64| of_model.iter().all(|report| count(report) == 0);
        for name in first.coverage.actions.keys() {
            if never(&|report| count(&report.coverage.actions, name)) {
                sentences.push(format!("{}: the action {name} is never taken", info.name));
            }
        }
        for name in first.coverage.guards.keys() {
            if never(&|report| count(&report.coverage.guards, name)) {
                sentences.push(format!("{}: the guard {name} never refuses", info.name));
            }
        }
        for property in first.properties.iter().filter(|property| property.kind == "reachable") {
            let found = |report: &Report| {
                report.properties.iter().any(|other| other.name == property.name && other.verdict == Verdict::Holds)
            };
            if !of_model.iter().any(|report| found(report)) {
                sentences.push(format!("{}: no example of {} is found", info.name, property.name));
            }
        }
    }
    sentences
}

fn count(counts: &Map<String, Value>, name: &str) -> u64 {
    counts.get(name).and_then(Value::as_u64).unwrap_or(0)
}
