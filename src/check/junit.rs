//! Reports as a JUnit file, which most CI systems show.

use std::fmt::Write;

use quorate_checker::Verdict;
use quorate_checker::report::Report;

/// One suite for each run, one case for each property.
pub fn render(reports: &[Report]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for report in reports {
        let count = |verdict| report.properties.iter().filter(|property| property.verdict == verdict).count();
        let bounds: Vec<String> = report.bounds.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let name = escape(&format!("{} {}", report.model, bounds.join(" ")));
        // Writing to a string cannot fail.
        _ = writeln!(
            text,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3}\">",
            report.properties.len(),
            count(Verdict::Violated),
            count(Verdict::Inconclusive),
            report.seconds
        );
        for property in &report.properties {
            let (class, name) = (escape(&report.model), escape(&property.name));
            let reason = escape(property.reason.as_deref().unwrap_or("not known"));
            let body = match property.verdict {
                Verdict::Holds => String::new(),
                Verdict::Violated => format!("<failure message=\"{reason}\">{}</failure>", escape(&steps(property))),
                Verdict::Inconclusive => format!("<error message=\"{reason}\"/>"),
            };
            _ = writeln!(text, "    <testcase classname=\"{class}\" name=\"{name}\">{body}</testcase>");
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>");
    text
}

fn steps(property: &quorate_checker::report::PropertyReport) -> String {
    let actions = property.trace.iter().flatten().map(|entry| entry.action.as_deref().unwrap_or("initial state"));
    actions.collect::<Vec<_>>().join("\n")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_xml_reserves_is_escaped() {
        assert_eq!(escape("a < b & \"c\" > d"), "a &lt; b &amp; &quot;c&quot; &gt; d");
    }
}
