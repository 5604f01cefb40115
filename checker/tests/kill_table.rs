//! The kill table of every row whose space is small; the whole table is printed
//! by `quorate mutants`.

use std::fmt::Write;

use quorate_checker::kill_table::{deaths, run};
use quorate_checker::registry::{Rules, find};
use quorate_checker::{Control, Options};

/// Rows with more messages than this take longer than a test should.
const MAX_MESSAGES: u64 = 12;

/// Written by a run of this test with `UPDATE_EXPECT=1`.
const TABLE: &str = "tests/data/zen-with-terms-kills.txt";

#[test]
fn the_table_is_as_recorded_and_every_row_as_expected() {
    let info = find("zen-with-terms").unwrap();
    let (options, control) = (Options::default(), Control::new());
    let mut table = String::new();
    let mut sound_at: Vec<Vec<u64>> = Vec::new();
    for mutant in (info.mutants)() {
        if mutant.bounds[5] > MAX_MESSAGES {
            continue;
        }
        let row = run(info, &mutant, &options, &control).unwrap();
        assert!(row.as_expected, "{row:#?}");
        let bounds: Vec<String> = row.bounds.iter().map(u64::to_string).collect();
        writeln!(table, "{} at {}: {} states", row.id, bounds.join(","), row.distinct_states).unwrap();
        for death in &row.deaths {
            writeln!(table, "  {:>2} {}", death.trace_length.unwrap(), death.property).unwrap();
        }
        if !sound_at.contains(&mutant.bounds) {
            sound_at.push(mutant.bounds);
        }
    }
    for bounds in &sound_at {
        let deaths = deaths(info, bounds, &Rules::default(), &options, &control).unwrap();
        assert!(deaths.is_empty(), "unmutated at {bounds:?}: {deaths:?}");
    }
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(TABLE);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, &table).unwrap();
    }
    let recorded = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(table, recorded, "run the test with UPDATE_EXPECT=1 to record the table anew");
}

/// The rows of the Coordinator that take seconds: each dies as expected, and
/// the unmutated model holds at the same bounds.
#[test]
fn the_coordinators_rows_with_two_nodes_end_as_expected() {
    let (options, control) = (Options::default(), Control::new());
    let info = find("coordinator").unwrap();
    let mut killed = 0;
    for mutant in (info.mutants)().into_iter().filter(|mutant| mutant.bounds[0] == 2) {
        let row = run(info, &mutant, &options, &control).unwrap();
        assert!(row.as_expected && !row.deaths.is_empty(), "{row:#?}");
        killed += 1;
    }
    assert!(killed >= 2, "only {killed} rows died");
    assert!(deaths(info, &[2, 2, 1, 1, 0], &Rules::default(), &options, &control).unwrap().is_empty());
}
