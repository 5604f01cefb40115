//! A space-time diagram: time runs down, one lane for each node, an arrow from
//! each send to each delivery.

use std::fmt::Write;

use crate::flow::flights;
use crate::sanitize::xml;
use crate::trace::Trace;

const LANE: usize = 180;
const ROW: usize = 34;
const TOP: usize = 76;
const LEFT: usize = 64;
/// More steps than this are cut, with a note.
pub const LIMIT: usize = 2000;

/// The picture, readable on light and on dark ground.
pub fn render(trace: &Trace) -> String {
    let lanes: Vec<String> = if trace.lanes.is_empty() { vec!["system".to_owned()] } else { trace.lanes.clone() };
    let shown = trace.states.len().min(LIMIT);
    let x = |lane: usize| LEFT + LANE / 2 + lane.min(lanes.len() - 1) * LANE;
    let y = |step: usize| TOP + step * ROW;
    let (width, height) = (LEFT + lanes.len() * LANE + 420, y(shown) + 70);
    let mut out = String::new();
    let title = if trace.info.property.is_empty() {
        trace.model.clone()
    } else {
        format!("{}: {} {}", trace.model, trace.info.property, trace.info.verdict)
    };
    let _ = write!(
        out,
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" "#,
            r#"font-family="ui-sans-serif, system-ui, sans-serif" font-size="12">"#,
            "\n<title>{t}</title>\n",
            "<style>\n",
            ".ground {{ fill: #ffffff }} text {{ fill: #1b1f24 }} .faint {{ fill: #59636e }} .lane {{ stroke: #c3c9d0 }}\n",
            ".message {{ stroke: #0a58ca; fill: none }} .again {{ stroke-dasharray: 5 3 }} .lost {{ stroke: #9a6700 }}\n",
            ".step {{ fill: #0a58ca }} .restart {{ fill: #b42318 }} .alarm {{ fill: #b42318; font-weight: 600 }}\n",
            "@media (prefers-color-scheme: dark) {{ .ground {{ fill: #0f1318 }} text {{ fill: #e6edf3 }} ",
            ".faint {{ fill: #9da7b1 }} .lane {{ stroke: #3d444d }} .message {{ stroke: #6cb0ff }} ",
            ".lost {{ stroke: #e3b341 }} .step {{ fill: #6cb0ff }} .restart, .alarm {{ fill: #ff8b80 }} }}\n",
            "</style>\n",
            r#"<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">"#,
            r#"<path d="M0 0L8 4L0 8z" class="step"/></marker></defs>"#,
            "\n",
            r#"<rect class="ground" width="{w}" height="{h}"/>"#,
            "\n",
            r#"<text x="{l}" y="26" font-size="15" font-weight="600">{t}</text>"#,
            "\n"
        ),
        w = width,
        h = height,
        l = LEFT / 2,
        t = xml(&title)
    );
    for (lane, name) in lanes.iter().enumerate() {
        let (x, end) = (x(lane), y(shown - 1) + ROW / 2);
        let _ = writeln!(out, r#"<text x="{x}" y="52" text-anchor="middle" font-weight="600">{}</text>"#, xml(name));
        let _ = writeln!(out, r#"<line class="lane" x1="{x}" x2="{x}" y1="{}" y2="{end}"/>"#, 60);
    }
    for flight in flights(trace) {
        let Some(sent) = flight.sent.filter(|sent| *sent < shown) else { continue };
        let (source, dest) = (flight.message.source, flight.message.dest);
        let label = xml(&format!("{}: {}", flight.message.kind, flight.message.text));
        for (position, step) in flight.delivered.iter().filter(|step| **step < shown).enumerate() {
            let again = if position > 0 { " again" } else { "" };
            let _ = writeln!(
                out,
                r#"<path class="message{again}" marker-end="url(#head)" d="{}"><title>{label}</title></path>"#,
                arrow((x(source), y(sent)), (x(dest), y(*step)))
            );
        }
        if flight.delivered.is_empty() {
            // A stub with a cross: sent, and not delivered within the trace.
            let (x1, y1) = (x(source) as i64, y(sent) as i64);
            let side = if dest < source { -1 } else { 1 };
            let (x2, y2) = (x1 + side * 34, y1 + 12);
            let _ = writeln!(
                out,
                concat!(
                    r#"<path class="message lost" d="M{} {}L{} {}M{} {}l8 8m0 -8l-8 8">"#,
                    "<title>not delivered: {}</title></path>"
                ),
                x1,
                y1,
                x2,
                y2,
                x2 - 4,
                y2 - 4,
                label
            );
        }
    }
    for (step, state) in trace.states.iter().take(shown).enumerate() {
        let y = y(step);
        let _ = writeln!(out, r#"<text class="faint" x="{}" y="{}" text-anchor="end">{step}</text>"#, LEFT / 2 + 12, y + 4);
        if let Some(lane) = state.view.lane {
            if is_restart(&state.title) {
                let x = x(lane);
                let _ = writeln!(out, r#"<path class="restart" d="M{} {y}l8 -8l8 8l-8 8z"><title>restart</title></path>"#, x - 8);
            } else {
                let _ = writeln!(out, r#"<circle class="step" cx="{}" cy="{y}" r="5"/>"#, x(lane));
            }
        }
        let title = if step == 0 && state.title.is_empty() { "initial state" } else { &state.title };
        let _ = writeln!(out, r#"<text x="{}" y="{}">{}</text>"#, LEFT + lanes.len() * LANE + 12, y + 4, xml(title));
        let known = |name: &&String| step > 0 && violated(trace, step - 1).contains(name);
        let news: Vec<&str> = violated(trace, step).into_iter().filter(|name| !known(name)).map(String::as_str).collect();
        if !news.is_empty() {
            let (place, names) = (LEFT + lanes.len() * LANE + 12, xml(&news.join(", ")));
            let _ = writeln!(out, r#"<text class="alarm" x="{place}" y="{}">✗ {names}</text>"#, y + 18);
        }
    }
    if let Some(start) = trace.loop_start.filter(|start| *start < shown) {
        let (from, to, edge) = (y(shown - 1), y(start), LEFT / 2 + 22);
        let _ = writeln!(
            out,
            r#"<path class="message" marker-end="url(#head)" d="M{edge} {from}C{a} {from} {a} {to} {edge} {to}"><title>back to state {start}</title></path>"#,
            a = edge + 26
        );
    }
    let foot = y(shown) + 30;
    if shown < trace.states.len() {
        let rest = trace.states.len() - shown;
        let _ = writeln!(out, r#"<text class="faint" x="{LEFT}" y="{foot}">cut here: {rest} more states</text>"#);
    }
    if !trace.info.witness.is_empty() {
        let _ = writeln!(out, r#"<text class="alarm" x="{LEFT}" y="{}">{}</text>"#, foot + 20, xml(&trace.info.witness));
    }
    out.push_str("</svg>\n");
    out
}

/// A straight arrow, or a loop beside the lane for a message to oneself.
fn arrow((x1, y1): (usize, usize), (x2, y2): (usize, usize)) -> String {
    if x1 == x2 {
        let out = x1 + 44;
        format!("M{x1} {y1}C{out} {y1} {out} {y2} {x2} {y2}")
    } else {
        format!("M{x1} {y1}L{x2} {y2}")
    }
}

/// Whether a step is a restart or a crash, by its words: `RestartNode(n1)`, `n1 restarts`.
pub fn is_restart(title: &str) -> bool {
    let name = title.split(['(', ':']).next().unwrap_or_default().to_ascii_lowercase();
    name.contains("restart") || name.contains("crash") || name.contains("reboot")
}

fn violated(trace: &Trace, step: usize) -> Vec<&String> {
    trace.states[step].claims.iter().flat_map(|claims| claims.violated.keys()).collect()
}
