//! Reports as a JUnit file, which most CI systems show.

use std::fmt::Write;

use quorate_checker::Verdict;
use quorate_checker::report::Report;

/// One suite for each run, one case for each property; a suite `coverage` says
/// what is vacuous or has shrunk, in `sentences`.
pub fn render(reports: &[Report], sentences: &[String]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for report in reports {
        // An example that was not found fails only where it is vacuous.
        let claims = || report.properties.iter().filter(|property| property.kind != "reachable");
        let count = |verdict| claims().filter(|property| property.verdict == verdict).count();
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
                _ if property.kind == "reachable" => format!("<skipped message=\"{reason}\"/>"),
                Verdict::Violated => format!("<failure message=\"{reason}\">{}</failure>", escape(&steps(property))),
                Verdict::Inconclusive => format!("<error message=\"{reason}\"/>"),
            };
            _ = writeln!(text, "    <testcase classname=\"{class}\" name=\"{name}\">{body}</testcase>");
        }
        text.push_str("  </testsuite>\n");
    }
    let failures = sentences.len();
    _ = writeln!(text, "  <testsuite name=\"coverage\" tests=\"{}\" failures=\"{failures}\" errors=\"0\">", failures.max(1));
    for sentence in sentences {
        let sentence = escape(sentence);
        _ = writeln!(
            text,
            "    <testcase classname=\"coverage\" name=\"{sentence}\"><failure message=\"{sentence}\"/></testcase>"
        );
    }
    if failures == 0 {
        text.push_str("    <testcase classname=\"coverage\" name=\"nothing is vacuous and nothing has shrunk\"></testcase>\n");
    }
    text.push_str("  </testsuite>\n</testsuites>");
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
