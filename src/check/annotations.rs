//! Annotations: lines that GitHub shows beside a change.

use quorate_checker::Verdict;
use quorate_checker::report::Report;

/// `::error …` for every violation, `::warning …` for what is not known.
pub fn of_reports(reports: &[Report]) -> Vec<String> {
    let mut lines = Vec::new();
    for report in reports {
        for property in report.properties.iter().filter(|property| property.kind != "reachable") {
            let level = match property.verdict {
                Verdict::Violated => "error",
                Verdict::Inconclusive => "warning",
                Verdict::Holds => continue,
            };
            let rules = report.changed_rules.iter().map(|rule| format!(" {rule}")).collect::<String>();
            let title = format!("{}{rules}: {} {}", report.model, property.name, property.verdict);
            let length = property.trace_length.map_or(String::new(), |length| format!(" (a trace of {length} states)"));
            lines.push(line(level, &title, &format!("{}{length}", property.reason.as_deref().unwrap_or("not known"))));
        }
    }
    lines
}

/// One annotation.
pub fn line(level: &str, title: &str, message: &str) -> String {
    let title = data(title).replace(':', "%3A").replace(',', "%2C");
    format!("::{level} title={title}::{}", data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn what_the_format_reserves_is_escaped() {
        assert_eq!(line("error", "a: b, 5%", "first\nsecond: 100%"), "::error title=a%3A b%2C 5%25::first%0Asecond: 100%25");
    }
}
