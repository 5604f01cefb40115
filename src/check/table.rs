//! A report as a table of at most a hundred columns.

use std::time::Duration;

use quorate_checker::Verdict;
use quorate_checker::registry::ModelInfo;
use quorate_checker::report::{PropertyReport, Report};

use crate::output::{Paint, line, wrap};
use crate::units::{show_count, show_duration, show_size};

/// Prints the report of one run.
pub fn print(info: &ModelInfo, report: &Report, paint: Paint) {
    let values: Vec<u64> =
        info.bounds.iter().map(|bound| report.bounds.get(bound.name).and_then(serde_json::Value::as_u64).unwrap_or(0)).collect();
    line(&format!("{}  {}", paint.heading(&report.model), verdict(report.verdict, paint)));
    line(&wrap(&info.arguments(&values), 2));
    if !report.changed_rules.is_empty() {
        line(&wrap(&format!("rules changed: {}", report.changed_rules.join(", ")), 2));
    }
    line(&wrap(&summary(report), 2));
    line("");
    for property in &report.properties {
        let verdict = verdict(property.verdict, paint);
        // Padded by hand: escape sequences would count as columns.
        let padding = " ".repeat(13 - property.verdict.to_string().len());
        line(&format!("  {verdict}{padding}{:<10} {}", property.kind, property.name));
        if property.verdict == Verdict::Violated {
            violation(property);
        }
    }
    if !report.not_covered.is_empty() {
        line("");
        line(&format!("  {}", paint.heading("not covered")));
        report.not_covered.iter().for_each(|sentence| line(&wrap(sentence, 4)));
    }
    line("");
}

fn summary(report: &Report) -> String {
    let rate = report.distinct_states as f64 / report.seconds.max(1e-6);
    let threads = if report.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", report.threads) };
    format!(
        "{} distinct, {} generated, depth {}; {} ({}/s) by {} on {threads}{}; peak {}, {:.1} B per state",
        show_count(report.distinct_states),
        show_count(report.generated_states),
        report.depth,
        show_duration(Duration::from_secs_f64(report.seconds)),
        show_count(rate as u64),
        report.engine,
        if report.symmetry { " with symmetry" } else { "" },
        show_size(report.peak_memory_bytes),
        report.bytes_per_state,
    )
}

fn violation(property: &PropertyReport) {
    line(&wrap(property.reason.as_deref().unwrap_or_default(), 17));
    let Some(trace) = &property.trace else { return };
    line(&format!("{:17}a trace of {} states:", "", trace.len()));
    for (index, entry) in trace.iter().enumerate() {
        line(&format!("{:17}{:>3} {}", "", index + 1, entry.action.as_deref().unwrap_or("initial state")));
    }
    match &property.trace_file {
        // Not wrapped, so that it can be copied whole.
        Some(file) => {
            line(&format!("{:17}open it with: quorate trace show {file}", ""));
            line(&format!("{:17}or in a browser: {}", "", file.replace(".itf.json", ".html")));
        }
        None => line(&format!("{:17}write it to a file with --trace-dir DIR", "")),
    }
}

fn verdict(verdict: Verdict, paint: Paint) -> String {
    match verdict {
        Verdict::Holds => paint.good("holds"),
        Verdict::Violated => paint.bad("VIOLATED"),
        Verdict::Inconclusive => paint.unsure("inconclusive"),
    }
}
