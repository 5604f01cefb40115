//! Comparing a run with an earlier report: coverage must not shrink unnoticed.

use serde_json::{Map, Value};

use crate::report::Report;

/// What is smaller in `now` than in `before`, a sentence each. Runs are matched
/// by model, bounds, changed rules and symmetry; one that is missing has shrunk
/// to nothing.
pub fn shrunk(before: &[Report], now: &[Report]) -> Vec<String> {
    let mut sentences = Vec::new();
    for old in before {
        let same = |new: &&Report| {
            (&new.model, &new.bounds, &new.changed_rules, new.symmetry)
                == (&old.model, &old.bounds, &old.changed_rules, old.symmetry)
        };
        let bounds: Vec<String> = old.bounds.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let run = format!("{} {}", old.model, bounds.join(" "));
        let Some(new) = now.iter().find(same) else {
            sentences.push(format!("{run}: no longer checked"));
            continue;
        };
        let mut compare = |what: &str, old: u64, new: u64| {
            if new < old {
                sentences.push(format!("{run}: {what} fell from {old} to {new}"));
            }
        };
        compare("distinct states", old.distinct_states, new.distinct_states);
        compare("generated states", old.generated_states, new.generated_states);
        compare("depth", old.depth, new.depth);
        compare("properties", old.properties.len() as u64, new.properties.len() as u64);
        for (kind, old, new) in
            [("action", &old.coverage.actions, &new.coverage.actions), ("guard", &old.coverage.guards, &new.coverage.guards)]
        {
            for name in old.keys() {
                compare(&format!("{kind} {name}"), count(old, name), count(new, name));
            }
        }
    }
    sentences
}

fn count(counts: &Map<String, Value>, name: &str) -> u64 {
    counts.get(name).and_then(Value::as_u64).unwrap_or(0)
}
