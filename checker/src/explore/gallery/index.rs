//! The gallery's table of contents, for those who read the repository.

use std::fmt::Write;

use quorate_traces::Trace;

use super::stories::STORIES;

const INTRODUCTION: &str = "\
# Gallery

What happens when a rule is left out or changed: the shortest counterexample to the property that says why the rule is
there. Open [index.html](index.html) in a browser to see them all; each file opens with `quorate explore FILE`, with the
model behind it, so that one can leave the story at any step, and with `quorate trace show FILE` on a terminal.

Everything here is generated: `quorate explore --gallery traces/gallery`. A test makes it again and compares.

";

/// The index as Markdown.
pub(super) fn markdown(traces: &[Trace]) -> String {
    let mut text = String::from(INTRODUCTION);
    let mut part = "";
    for (story, trace) in STORIES.iter().zip(traces) {
        // Writing to a string cannot fail.
        if story.part != part {
            part = story.part;
            _ = writeln!(text, "## {part}\n");
        }
        let length = match trace.loop_start {
            Some(start) => format!("{} steps, then for ever from state {start}", trace.states.len() - 1),
            None => format!("{} steps", trace.states.len() - 1),
        };
        _ = writeln!(text, "### {}\n", story.title);
        _ = writeln!(text, "- **Removed**: {}", story.removed);
        _ = writeln!(text, "- **What happens**: {}", story.happens);
        _ = writeln!(text, "- **Violated**: `{}`: {}", story.property, one_line(&trace.info.witness));
        if !story.issue.is_empty() {
            _ = writeln!(text, "- **Where it was met**: {}", story.issue);
        }
        let rules = quorate_traces::Rules::from_json(&trace.info.rules).map(|rules| rules.describe()).unwrap_or_default();
        _ = writeln!(text, "- [{0}]({0}): `{1}`, {rules}, {length}\n", story.file(), story.model);
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// A witness may span lines and be long; the index has its beginning.
fn one_line(witness: &str) -> String {
    let line = witness.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(240) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}
