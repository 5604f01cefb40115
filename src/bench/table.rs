//! Measurements as a table of at most a hundred columns.

use quorate_checker::bench::{Measurement, Ratio};

use crate::units::show_count;

/// The names of the columns.
pub const HEAD: &str = "model           bounds        engine      thr    distinct   seconds  states/s  B/state  speed-up";

/// One run.
pub fn row(run: &Measurement) -> String {
    let or_nothing = |value: Option<f64>, decimals| value.map_or(String::from("–"), |value| format!("{value:.decimals$}"));
    let text = format!(
        "{:<15} {:<13} {:<11} {:>3} {:>11} {:>9.2} {:>9} {:>8}  {:>8}",
        run.model,
        bounds(&run.bounds),
        run.engine,
        run.threads,
        show_count(run.distinct_states),
        run.seconds,
        show_count(run.states_per_second as u64),
        or_nothing(run.bytes_per_state, 1),
        run.speedup.map_or(String::new(), |speedup| format!("{speedup:.2}")),
    );
    text.trim_end().to_owned()
}

/// One comparison.
pub fn ratio(ratio: &Ratio) -> String {
    let threads = if ratio.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", ratio.threads) };
    format!(
        "{} {}: {} does {:.1} times the states a second of {} on {threads}",
        ratio.model,
        bounds(&ratio.bounds),
        ratio.engine,
        ratio.ratio,
        ratio.against
    )
}

/// Runs of one instance that do not agree with the first, a sentence each.
pub fn differing(runs: &[Measurement]) -> Vec<String> {
    let same_instance = |a: &Measurement, b: &Measurement| (&a.model, &a.bounds) == (&b.model, &b.bounds);
    let counts = |run: &Measurement| {
        let (distinct, generated) = (show_count(run.distinct_states), show_count(run.generated_states));
        format!("{} on {} threads {distinct} distinct and {generated} generated", run.engine, run.threads)
    };
    (runs.chunk_by(same_instance))
        .flat_map(|group| group[1..].iter().map(|run| (&group[0], run)))
        .filter(|(first, run)| !run.agrees_with(first))
        .map(|(first, run)| format!("{} {}: {}, {}", first.model, bounds(&first.bounds), counts(first), counts(run)))
        .collect()
}

fn bounds(bounds: &[u64]) -> String {
    bounds.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use quorate_checker::Verdict;
    use quorate_checker::bench::ratios;

    use super::*;

    fn run(engine: &str, threads: usize, distinct_states: u64, rate: f64) -> Measurement {
        Measurement {
            model: String::from("replica-engine"),
            bounds: vec![10, 10, 2, 0, 1, 15],
            engine: engine.to_owned(),
            threads,
            verdict: Verdict::Holds,
            distinct_states,
            generated_states: 3 * distinct_states,
            depth: 9,
            seconds: 12_345.6,
            states_per_second: rate,
            bytes_per_state: Some(1234.5),
            speedup: Some(1.95),
        }
    }

    #[test]
    fn rows_fit_and_stand_below_their_heads() {
        let row = row(&run("stateright", 256, 500_000_000, 12_345_678.0));
        assert!(row.chars().count() <= 100, "{row}");
        assert_eq!(HEAD.find("states/s").map(|at| at + 8), Some(HEAD.find("B/state").unwrap() - 2));
    }

    #[test]
    fn counts_that_differ_are_told_and_ratios_are_of_equal_threads() {
        let runs = [run("native", 1, 100, 900.0), run("native", 2, 100, 1800.0), run("tlc", 1, 101, 3.0)];
        let differing = differing(&runs);
        assert_eq!(differing.len(), 1);
        assert!(differing[0].contains("tlc on 1 threads 101 distinct and 303 generated"), "{differing:?}");
        let ratios = ratios(&runs);
        assert_eq!(ratios.len(), 1);
        assert!((ratios[0].ratio - 300.0).abs() < 1e-9 && ratios[0].threads == 1);
    }
}
