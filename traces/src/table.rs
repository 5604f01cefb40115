//! The terminal view of a trace: one column for each node.
//!
//! ```text
//! 3  HandleJoin(n1, from n2, term 1, accepted (t0,v0))
//!    receives Join from n2: term 1, accepted (t0,v0)
//!                           ▶ n1        n2        n3
//!      accepted.term          0         0         0
//!      volatile.join_votes  * {n1,n2}   {}        {}
//! ```
//!
//! The acting node has a `▶`, what the step changed a `*`; colours only repeat
//! that. Lanes that do not fit side by side go on below.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::diff;
use crate::rules::Rules;
use crate::sanitize::printable;
use crate::trace::Trace;
use crate::value::Value;

/// How to show a trace.
#[derive(Clone, Debug)]
pub struct TableOptions {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to use colours.
    pub colour: bool,
    /// Only what a step changes.
    pub diff: bool,
    /// Only these lanes, and the steps that concern them; all if empty.
    pub lanes: Vec<usize>,
    /// The first state to show.
    pub from: usize,
    /// The last state to show.
    pub to: usize,
}

impl Default for TableOptions {
    fn default() -> Self {
        TableOptions { width: 100, colour: false, diff: false, lanes: Vec::new(), from: 0, to: usize::MAX }
    }
}

/// The whole view: header, steps, and how it ends.
pub fn render(trace: &Trace, options: &TableOptions) -> String {
    let mut table = Table::new(trace, options);
    table.header();
    table.steps();
    table.ending();
    table.out
}

/// The steps alone, for a caller that has said the rest.
pub fn render_steps(trace: &Trace, options: &TableOptions) -> String {
    let mut table = Table::new(trace, options);
    table.steps();
    table.out
}

struct Table<'a> {
    trace: &'a Trace,
    options: &'a TableOptions,
    paint: Paint,
    out: String,
}

impl<'a> Table<'a> {
    fn new(trace: &'a Trace, options: &'a TableOptions) -> Self {
        Table { trace, options, paint: Paint { colour: options.colour }, out: String::new() }
    }

    fn steps(&mut self) {
        let layout = Layout::of(self.trace, self.options);
        for index in self.options.from..=self.options.to.min(self.trace.states.len() - 1) {
            if self.concerns(index) {
                self.step(index, &layout);
            }
        }
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// A paragraph with a hanging indent; continuation lines align with the text.
    fn paragraph(&mut self, lead: &str, text: &str, style: Style) {
        let indent = lead.width();
        let lines = wrap(&printable(text), self.options.width.saturating_sub(indent));
        for (position, line) in lines.iter().enumerate() {
            let lead = if position == 0 { lead.to_owned() } else { " ".repeat(indent) };
            let painted = self.paint.apply(style, line);
            self.line(&format!("{lead}{painted}"));
        }
    }

    fn header(&mut self) {
        let (trace, info) = (self.trace, &self.trace.info);
        let model = if trace.model.is_empty() { "a trace of another tool" } else { &trace.model };
        let title = if info.title.is_empty() { model.to_owned() } else { format!("{}: {model}", info.title) };
        self.paragraph("", &title, Style::Strong);
        if !trace.bounds.is_empty() {
            let bounds: Vec<String> = trace.bounds.iter().map(|(name, value)| format!("{name} {value}")).collect();
            self.paragraph("  bounds    ", &bounds.join(", "), Style::Plain);
        }
        if !trace.model.is_empty() {
            let rules = Rules::from_json(&info.rules).map_or_else(|_| info.rules.to_string(), |rules| rules.describe());
            self.paragraph("  rules     ", &rules, Style::Plain);
        }
        if !info.property.is_empty() {
            let kind = if info.kind.is_empty() { String::new() } else { format!(" ({})", info.kind) };
            self.paragraph("  property  ", &format!("{}{kind}", info.property), Style::Plain);
            let meaning = trace.claims.iter().find(|claim| claim.name == info.property).map(|claim| claim.meaning.clone());
            if let Some(meaning) = meaning.filter(|meaning| !meaning.is_empty()) {
                self.paragraph("            ", &meaning, Style::Faint);
            }
        }
        if !info.verdict.is_empty() {
            let style = if info.verdict == "violated" { Style::Alarm } else { Style::Plain };
            self.paragraph("  verdict   ", &info.verdict, style);
        }
        if !trace.tool.is_empty() {
            self.paragraph("  written by ", &trace.tool, Style::Faint);
        }
        let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
        let states = trace.states.len();
        let size = match trace.loop_start {
            Some(start) => format!("{}, the last goes back to {start}", count(states, "state")),
            None => format!("{}, {}", count(states, "state"), count(states - 1, "step")),
        };
        self.paragraph("  length    ", &size, Style::Plain);
        self.line("");
    }

    fn ending(&mut self) {
        let last = self.trace.states.len() - 1;
        if self.options.to < last {
            return;
        }
        if let Some(start) = self.trace.loop_start {
            self.paragraph("↻ ", &format!("back to state {start}, and so on for ever"), Style::Strong);
        }
        let info = &self.trace.info;
        if !info.witness.is_empty() {
            let lead = if info.verdict == "violated" { format!("✗ {} is violated: ", info.property) } else { String::new() };
            let text = format!("{lead}{}", info.witness);
            self.paragraph("", &text, Style::Alarm);
        }
    }

    fn shown_lanes(&self) -> Vec<usize> {
        if self.options.lanes.is_empty() { (0..self.trace.lanes.len()).collect() } else { self.options.lanes.clone() }
    }

    /// With `--node`: steps at these nodes, or that changed or concern them.
    fn concerns(&self, index: usize) -> bool {
        if self.options.lanes.is_empty() || index == 0 {
            return true;
        }
        let view = &self.trace.states[index].view;
        let ends = view.sent.iter().chain(&view.delivered).flat_map(|message| [message.source, message.dest]);
        let changed = |lane: usize| self.trace.node(index - 1, lane) != self.trace.node(index, lane);
        let mut ends: Vec<usize> = ends.chain(view.lane).collect();
        ends.dedup();
        self.options.lanes.iter().any(|lane| ends.contains(lane) || changed(*lane))
    }

    fn step(&mut self, index: usize, layout: &Layout) {
        let state = &self.trace.states[index];
        if self.trace.loop_start == Some(index) {
            self.line(&self.paint.apply(Style::Strong, "↻ the loop starts here"));
        }
        let title = match (index, state.title.as_str()) {
            (0, "") => "initial state",
            (_, "") => "(the trace names no action)",
            (_, title) => title,
        };
        self.paragraph(&format!("{index:<3}"), title, Style::Strong);
        self.messages(index);
        self.nodes(index, layout);
        self.others(index);
        if let Some(claims) = &state.claims {
            let before = index.checked_sub(1).and_then(|before| self.trace.states[before].claims.as_ref());
            for (name, witness) in &claims.violated {
                if before.is_none_or(|before| !before.violated.contains_key(name)) {
                    // What the trace is about is told in full at its end.
                    self.paragraph("   ✗ ", &shortened(&format!("{name}: {witness}"), 240), Style::Alarm);
                }
            }
        }
        self.line("");
    }

    fn messages(&mut self, index: usize) {
        let lane = |lane: usize| self.trace.lanes.get(lane).cloned().unwrap_or_else(|| format!("#{lane}"));
        let view = &self.trace.states[index].view;
        let mut lines = Vec::new();
        if let Some(message) = &view.delivered {
            lines.push(("   receives ", format!("{} from {}: {}", message.kind, lane(message.source), message.text)));
        }
        let mut groups: Vec<(String, String, Vec<String>)> = Vec::new();
        for message in &view.sent {
            match groups.iter_mut().find(|(kind, text, _)| *kind == message.kind && *text == message.text) {
                Some((_, _, receivers)) => receivers.push(lane(message.dest)),
                None => groups.push((message.kind.clone(), message.text.clone(), vec![lane(message.dest)])),
            }
        }
        for (kind, text, receivers) in groups {
            lines.push(("   sends    ", format!("{kind} to {}: {text}", receivers.join(", "))));
        }
        for (lead, text) in lines {
            self.paragraph(lead, &text, Style::Plain);
        }
    }

    fn nodes(&mut self, index: usize, layout: &Layout) {
        let Some(_) = self.trace.node_variable() else { return };
        let previous = index.checked_sub(1);
        let acting = self.trace.states[index].view.lane;
        for band in self.shown_lanes().chunks(layout.per_band) {
            let cells = |state: usize| -> Vec<Vec<(String, Value)>> {
                band.iter().map(|lane| self.trace.node(state, *lane).map(diff::leaves).unwrap_or_default()).collect()
            };
            let (now, before) = (cells(index), previous.map(cells));
            let mut rows: Vec<String> = Vec::new();
            for (place, _) in now.iter().chain(before.iter().flatten()).flatten() {
                if !rows.contains(place) {
                    rows.push(place.clone());
                }
            }
            let get = |leaves: &[(String, Value)], place: &str| -> Option<Value> {
                leaves.iter().find(|(name, _)| name == place).map(|(_, value)| value.clone())
            };
            let mut body = Vec::new();
            for place in &rows {
                let mut any_change = false;
                let mut row = Vec::new();
                for column in 0..band.len() {
                    let new = get(&now[column], place);
                    let old = before.as_ref().map(|before| get(&before[column], place));
                    let changed = old.as_ref().is_some_and(|old| *old != new);
                    any_change |= changed;
                    let text = |value: &Option<Value>| value.as_ref().map_or("–".to_owned(), cell_text);
                    let shown = match &old {
                        Some(old) if changed && self.options.diff => format!("{} → {}", text(old), text(&new)),
                        _ => text(&new),
                    };
                    row.push((shown, changed));
                }
                if !self.options.diff || any_change || previous.is_none() {
                    body.push((layout.label(place), row));
                }
            }
            if body.is_empty() {
                continue;
            }
            let mut head = " ".repeat(3 + layout.label_width);
            for lane in band {
                let mark = if acting == Some(*lane) { "▶ " } else { "  " };
                let name = printable(&self.trace.lanes[*lane]).into_owned();
                let text = pad(&format!("{mark}{name}"), layout.column);
                head.push(' ');
                head.push_str(&self.paint.apply(if acting == Some(*lane) { Style::Strong } else { Style::Plain }, &text));
            }
            self.line(&head);
            for (label, row) in body {
                self.row(&label, &row, layout);
            }
        }
    }

    fn row(&mut self, label: &str, row: &[(String, bool)], layout: &Layout) {
        let cells: Vec<Vec<String>> = row.iter().map(|(text, _)| wrap(text, layout.column.saturating_sub(2).max(4))).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(1);
        for line_number in 0..height {
            let label = if line_number == 0 { label } else { "" };
            let mut line = format!("   {}", self.paint.apply(Style::Faint, &pad(label, layout.label_width)));
            for (cell, (_, changed)) in cells.iter().zip(row) {
                let text = cell.get(line_number).map_or("", String::as_str);
                let mark = if *changed && line_number == 0 { "* " } else { "  " };
                let style = if *changed { Style::Changed } else { Style::Plain };
                line.push(' ');
                line.push_str(&self.paint.apply(style, &pad(&format!("{mark}{text}"), layout.column)));
            }
            self.line(&line);
        }
    }

    /// The variables that belong to no node.
    fn others(&mut self, index: usize) {
        let previous = index.checked_sub(1).map(|previous| &self.trace.states[previous]);
        for (position, name) in self.trace.vars.iter().enumerate() {
            if self.trace.belongs_to_lane(position) {
                continue;
            }
            let now = &self.trace.states[index].values[position];
            let name = printable(name).into_owned();
            let Some(before) = previous.map(|state| &state.values[position]) else {
                self.paragraph(&format!("   {name}  "), &cell_text(now), Style::Plain);
                continue;
            };
            if before == now {
                if !self.options.diff {
                    let text = size(now).unwrap_or_else(|| cell_text(now));
                    self.paragraph(&format!("   {name}  "), &text, Style::Plain);
                }
                continue;
            }
            let changes = diff::changes(before, now);
            match (size(now), changes.as_slice()) {
                (None, [change]) if change.path.is_empty() => {
                    let text = format!("{} → {}", cell_text(before), cell_text(now));
                    self.paragraph(&format!("   {name} * "), &text, Style::Changed);
                }
                (size, changes) => {
                    self.paragraph(&format!("   {name} * "), &size.unwrap_or_default(), Style::Changed);
                    for change in changes {
                        let place = if change.path.is_empty() { String::new() } else { format!("{} ", change.place()) };
                        let (lead, text) = match (&change.before, &change.after) {
                            (None, Some(new)) => ("     + ", format!("{place}{}", cell_text(new))),
                            (Some(old), None) => ("     - ", format!("{place}{}", cell_text(old))),
                            (old, new) => {
                                let text = |value: &Option<Value>| value.as_ref().map_or(String::new(), cell_text);
                                ("     * ", format!("{place}{} → {}", text(old), text(new)))
                            }
                        };
                        self.paragraph(lead, &text, Style::Changed);
                    }
                }
            }
        }
    }
}

/// Widths that are the same for every step, so that columns line up.
struct Layout {
    label_width: usize,
    column: usize,
    per_band: usize,
}

impl Layout {
    fn of(trace: &Trace, options: &TableOptions) -> Self {
        let lanes = if options.lanes.is_empty() { trace.lanes.len() } else { options.lanes.len() }.max(1);
        let (mut label_width, mut widest) = (0, 2);
        for index in options.from..=options.to.min(trace.states.len() - 1) {
            let nodes = (0..trace.lanes.len()).filter_map(|lane| trace.node(index, lane));
            for (place, value) in nodes.flat_map(diff::leaves) {
                label_width = label_width.max(short(&place).width());
                widest = widest.max(cell_text(&value).width());
            }
        }
        let label_width = label_width.min(options.width / 2);
        let room = options.width.saturating_sub(3 + label_width);
        let arrows = if options.diff { widest + 3 } else { 0 };
        let wanted = (widest + arrows + 2).clamp(6, 42);
        // Narrower columns, with cells wrapped, are better than lanes torn apart.
        let squeezed = (room / lanes).saturating_sub(1);
        let column = if squeezed >= wanted {
            wanted
        } else if squeezed >= 12 {
            squeezed
        } else {
            wanted.min(room.max(8) - 1)
        };
        Layout { label_width, column, per_band: (room / (column + 1)).clamp(1, lanes) }
    }

    fn label(&self, place: &str) -> String {
        let short = short(place);
        let mut label = String::new();
        for character in short.chars() {
            if label.width() + 2 > self.label_width && short.width() > self.label_width {
                label.push('…');
                break;
            }
            label.push(character);
        }
        label
    }
}

/// The last two steps of a place: `accepted.term` for `state.durable.accepted.term`.
fn short(place: &str) -> String {
    let clean = printable(place).into_owned();
    let start = clean.rmatch_indices('.').nth(1).map_or(0, |(position, _)| position + 1);
    clean[start..].to_owned()
}

fn cell_text(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        other => printable(&other.to_string()).into_owned(),
    }
}

/// How many elements a collection has, if it is one.
fn size(value: &Value) -> Option<String> {
    let count = match value {
        Value::List(elements) | Value::Set(elements) => elements.len(),
        Value::Map(entries) => entries.len(),
        _ => return None,
    };
    Some(format!("{count} element{}", if count == 1 { "" } else { "s" }))
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// The beginning of a text that is too long.
fn shortened(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Breaks a text into lines of at most `width` columns: at blanks, and inside
/// words that are longer than a line, preferably after a comma.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(4);
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_inclusive(' ') {
        let fits = line.width() + word.trim_end().width() <= width;
        if !fits && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if word.trim_end().width() <= width {
            line.push_str(word);
            continue;
        }
        for piece in word.split_inclusive(',') {
            if !line.is_empty() && line.width() + piece.trim_end().width() > width {
                lines.push(std::mem::take(&mut line));
            }
            for character in piece.chars() {
                if line.width() + character.width().unwrap_or(0) > width && character != ' ' {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(character);
            }
        }
    }
    lines.push(line);
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

#[derive(Clone, Copy)]
enum Style {
    Plain,
    Strong,
    Faint,
    Changed,
    Alarm,
}

struct Paint {
    colour: bool,
}

impl Paint {
    fn apply(&self, style: Style, text: &str) -> String {
        let code = match style {
            Style::Plain => return text.to_owned(),
            Style::Strong => "1",
            Style::Faint => "2",
            Style::Changed => "1;33",
            Style::Alarm => "1;31",
        };
        if self.colour && !text.trim().is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
