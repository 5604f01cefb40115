//! Traces as pictures and tables: golden output, and hostile strings disarmed.

mod support;

use std::sync::LazyLock;

use quorate_traces::table::{self, TableOptions};
use quorate_traces::{Trace, flow, itf, mermaid, shiviz, svg};
use support::{bounds, golden, itf_of};

fn split_brain() -> Trace {
    static TRACE: LazyLock<Trace> =
        LazyLock::new(|| itf::read(&itf_of("CM02", bounds(2, 1, 1, 1, 12), "OneMasterPerTerm")).unwrap());
    TRACE.clone()
}

fn two_votes() -> Trace {
    static TRACE: LazyLock<Trace> =
        LazyLock::new(|| itf::read(&itf_of("CM13", bounds(3, 1, 1, 1, 8), "OneElectionWinnerPerTerm")).unwrap());
    TRACE.clone()
}

#[test]
fn the_file_of_a_split_brain_has_its_exact_form() {
    golden("split-brain.itf.json", &itf::to_string(&split_brain()));
}

#[test]
fn the_table_shows_a_split_brain() {
    golden("split-brain.txt", &table::render(&split_brain(), &TableOptions::default()));
}

#[test]
fn the_table_shows_only_what_changes() {
    let options = TableOptions { diff: true, ..TableOptions::default() };
    golden("two-votes-diff.txt", &table::render(&two_votes(), &options));
}

#[test]
fn the_table_shows_a_part_in_colour() {
    let options = TableOptions { colour: true, diff: true, lanes: vec![1], from: 2, to: 6, width: 72 };
    golden("two-votes-n2-colour.txt", &table::render(&two_votes(), &options));
}

#[test]
fn lanes_go_on_below_where_they_do_not_fit() {
    let options = TableOptions { width: 60, to: 1, ..TableOptions::default() };
    golden("two-votes-narrow.txt", &table::render(&two_votes(), &options));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [40, 60, 80, 100, 140] {
        for diff in [false, true] {
            let text = table::render(&two_votes(), &TableOptions { width, diff, ..TableOptions::default() });
            for line in text.lines() {
                let columns = unicode_width::UnicodeWidthStr::width(line);
                assert!(columns <= width, "{columns} > {width}: {line}");
            }
        }
    }
}

#[test]
fn a_lasso_shows_where_it_goes_back() {
    let mut trace = split_brain();
    trace.loop_start = Some(6);
    let text = table::render(&trace, &TableOptions { diff: true, from: 5, ..TableOptions::default() });
    assert!(text.contains("↻ the loop starts here\n6  "), "{text}");
    assert!(text.contains("↻ back to state 6"), "{text}");
}

#[test]
fn messages_are_paired_from_send_to_delivery() {
    let flights = flow::flights(&split_brain());
    let seen: Vec<(usize, Option<usize>, &[usize])> =
        flights.iter().map(|flight| (flight.message.dest, flight.sent, flight.delivered.as_slice())).collect();
    let (none, once) = ([].as_slice(), |step: &'static [usize]| step);
    assert_eq!(
        seen,
        [
            (0, Some(2), once(&[5])),
            (1, Some(4), once(&[7])),
            (0, Some(6), none),
            (1, Some(6), none),
            (0, Some(8), none),
            (1, Some(8), none)
        ]
    );
}

#[test]
fn exports_have_their_exact_form() {
    let trace = split_brain();
    golden("split-brain.mmd", &mermaid::render(&trace));
    golden("split-brain.svg", &svg::render(&trace));
    golden("split-brain.shiviz", &shiviz::render(&trace));
}

/// A trace whose last state repeats, to the length asked for.
fn long(states: usize) -> Trace {
    let mut trace = split_brain();
    let last = trace.states[5].clone();
    trace.states.resize(states, last);
    trace
}

#[test]
fn long_traces_are_cut_with_a_note() {
    let text = mermaid::render(&long(300));
    let drawn = |line: &&str| line.contains("->>") || line.contains(". Handle") || line.contains(". SetInitialState");
    assert_eq!(text.lines().filter(drawn).count(), 200);
    assert!(text.contains("200 of 299 steps are shown"), "{text}");
    assert!(text.len() < 50_000, "Mermaid's own limit");
    assert!(svg::render(&long(2100)).contains("cut here: 100 more states"));
}

#[test]
fn vector_clocks_order_a_delivery_after_its_send() {
    let log = shiviz::render(&split_brain());
    let clocks: Vec<(&str, serde_json::Value)> = log
        .lines()
        .step_by(2)
        .map(|line| line.split_once(' ').map(|(host, clock)| (host, serde_json::from_str(clock).unwrap())).unwrap())
        .collect();
    assert_eq!(clocks.len(), 8);
    assert!(clocks.iter().all(|(host, clock)| clock[*host].as_u64() > Some(0)));
    // n1 counts a vote of its own, n2 one that n1 sent: its clock knows of n1 from then on.
    let trace = two_votes();
    let counted = trace.states.iter().position(|state| state.title.starts_with("HandleJoin(n2, from n1")).unwrap();
    let log = shiviz::render(&trace);
    let clock = log.lines().step_by(2).nth(counted - 1).unwrap();
    assert!(clock.starts_with("n2 {\"n1\":"), "{clock}");
}

#[test]
fn hostile_strings_are_disarmed() {
    let trace = itf::read(include_str!("golden/hostile.itf.json")).unwrap();
    let plain = |text: &str, what: &str| {
        let bad = text.chars().find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
        assert_eq!(bad, None, "{what}");
    };
    for diff in [false, true] {
        let text = table::render(&trace, &TableOptions { diff, ..TableOptions::default() });
        plain(&text, "show");
        assert!(text.contains("\\u{1b}[2K"), "written out, not swallowed: {text}");
    }
    let picture = svg::render(&trace);
    plain(&picture, "svg");
    assert!(!picture.contains("<script") && !picture.contains("<img") && !picture.contains("<a "), "{picture}");
    let diagram = mermaid::render(&trace);
    plain(&diagram, "mermaid");
    assert!(!diagram.contains("<script"), "{diagram}");
    plain(&shiviz::render(&trace), "shiviz");
}
