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
            if info.action_elsewhere(name).is_none() && never(&|report| count(&report.coverage.actions, name)) {
                sentences.push(format!("{}: the action {name} is never taken", info.name));
            }
        }
        for name in first.coverage.guards.keys() {
            if info.guards_elsewhere().is_none() && never(&|report| count(&report.coverage.guards, name)) {
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

#[cfg(test)]
mod tests {
    use quorate_checker::registry::{Rules, find, with_model};
    use quorate_checker::{Control, Options};

    use super::*;
    use crate::check::instance::Checking;

    #[test]
    fn what_one_instance_exercises_is_exercised() {
        let info = find("replication").unwrap();
        let (options, control, rules) = (Options::default(), Control::new(), Rules::default());
        let report = |bounds: &[u64]| {
            let checking = Checking {
                options: &options,
                control: &control,
                rules: &rules,
                safety_only: true,
                trace_dir: None,
                colour: false,
            };
            with_model(info.name, bounds, &rules, checking).unwrap().unwrap()
        };
        let two_nodes = report(&[2, 1, 3, 3]);
        let sentences = vacuous(&[info], std::slice::from_ref(&two_nodes));
        assert!(sentences.contains(&String::from("replication: the action HandleTrimTranslogRequest is never taken")));
        assert!(sentences.contains(&String::from("replication: the guard TrimTermTooOld never refuses")));
        assert_eq!(vacuous(&[info], &[two_nodes, report(&[3, 1, 2, 2])]), [""; 0]);
    }
}
