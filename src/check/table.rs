//! A report as a table of at most a hundred columns.

use std::time::Duration;

use quorate_checker::Verdict;
use quorate_checker::registry::ModelInfo;
use quorate_checker::report::{PropertyReport, Report};

use super::instance::MARGIN;
use crate::output::{Paint, line, wrap};
use crate::units::{show_count, show_duration, show_size};

/// Prints the report of one run.
pub fn print(info: &ModelInfo, report: &Report, paint: Paint) {
    let values = values(info, report);
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
            violation(info, report, property);
        }
    }
    if let (Verdict::Violated, Some(why)) = (report.verdict, info.known_violation) {
        line("");
        line(&wrap(&format!("This model is kept for its violation: {why}"), 2));
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
    // Of few states the growth of memory says nothing.
    let each =
        if report.distinct_states < 10_000 { String::new() } else { format!(", {:.1} B per state", report.bytes_per_state) };
    format!(
        "{} distinct, {} generated, depth {}; {} ({}/s) by {} on {threads}{}; peak {}{each}",
        show_count(report.distinct_states),
        show_count(report.generated_states),
        report.depth,
        show_duration(Duration::from_secs_f64(report.seconds)),
        show_count(rate as u64),
        report.engine,
        if report.symmetry { " with symmetry" } else { "" },
        show_size(report.peak_memory_bytes),
    )
}

/// Why, the trace as a table (of the first violation; of the others the length),
/// and the command that opens it.
fn violation(info: &ModelInfo, report: &Report, property: &PropertyReport) {
    line(&wrap(property.reason.as_deref().unwrap_or_default(), 17));
    let Some(trace) = &property.trace else { return };
    match &property.table {
        None => line(&format!("{:17}a trace of {} states", "", trace.len())),
        Some(table) => {
            line(&format!("{:17}a trace of {} states:\n", "", trace.len()));
            table.lines().for_each(|text| line(format!("{:MARGIN$}{text}", "").trim_end()));
            if let Some(start) = property.trace_loop {
                line(&format!("{:MARGIN$}back to state {start}, and so on for ever", ""));
            }
        }
    }
    // Commands are not wrapped, so that they can be copied whole.
    match &property.trace_file {
        Some(file) => {
            line(&format!("{:MARGIN$}open it with: quorate trace show {file}", ""));
            line(&format!("{:MARGIN$}or in a browser: {}\n", "", file.replace(".itf.json", ".html")));
        }
        None if property.table.is_some() => {
            let [mutant, waive] = report.changed_rules.iter().fold([String::new(), String::new()], |[mutant, waive], rule| {
                if info.has_mutant(rule) {
                    [format!(" --mutant {rule}"), waive]
                } else {
                    [mutant, format!("{waive} --waive {rule}")]
                }
            });
            let bounds = info.arguments(&values(info, report));
            line(&format!("{:MARGIN$}to keep and open it:", ""));
            line(&format!("{:MARGIN$}  quorate check {} {bounds}{mutant}{waive} --trace-dir traces", "", report.model));
            line(&format!("{:MARGIN$}  quorate trace show traces/{}\n", "", report.trace_name(property)));
        }
        None => {}
    }
}

fn values(info: &ModelInfo, report: &Report) -> Vec<u64> {
    let value = |name| report.bounds.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
    info.bounds.iter().map(|bound| value(bound.name)).collect()
}

fn verdict(verdict: Verdict, paint: Paint) -> String {
    match verdict {
        Verdict::Holds => paint.good("holds"),
        Verdict::Violated => paint.bad("VIOLATED"),
        Verdict::Inconclusive => paint.unsure("inconclusive"),
    }
}
