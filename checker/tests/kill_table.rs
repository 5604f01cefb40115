//! The kill table of every row whose space is small; the whole table is printed
//! by `quorate mutants`.

use std::collections::BTreeSet;
use std::fmt::Write;

use quorate_checker::kill_table::{deaths, run};
use quorate_checker::registry::{MutantInfo, Rules, Visitor, find, origin_of_row, with_model};
use quorate_checker::{Control, Options, check};
use quorate_model::Specification;
use quorate_model::coordinator::Refusal;

/// Compares the table of a model with `tests/data/MODEL-kills.txt`, which a run
/// with `UPDATE_EXPECT=1` writes; every row is as the catalogue expects, and the
/// unmutated model holds at the same bounds.
fn assert_table(model: &str, wanted: impl Fn(&MutantInfo) -> bool) {
    let info = find(model).unwrap();
    let (options, control) = (Options::default(), Control::new());
    let mut table = String::new();
    let mut sound_at: Vec<Vec<u64>> = Vec::new();
    for mutant in (info.mutants)().into_iter().filter(wanted) {
        let row = run(info, &mutant, &options, &control).unwrap();
        assert!(row.as_expected, "{row:#?}");
        let bounds: Vec<String> = row.bounds.iter().map(u64::to_string).collect();
        writeln!(table, "{} at {}: {} states", row.id, bounds.join(","), row.distinct_states).unwrap();
        for death in &row.deaths {
            writeln!(table, "  {:>2} {}", death.trace_length.unwrap(), death.property).unwrap();
        }
        // Storage's variant `buggy` is not to hold unmutated, and of a row that is cut short the whole space is too
        // large for a test; `quorate mutants` checks it.
        let buggy = model == "storage" && mutant.bounds[0] == 2;
        let too_large = model == "replication" && (info.first_deaths_only)(mutant.id);
        if !sound_at.contains(&mutant.bounds) && !buggy && !too_large {
            sound_at.push(mutant.bounds);
        }
    }
    for bounds in &sound_at {
        let deaths = deaths(info, bounds, &Rules::default(), &options, &control).unwrap();
        assert!(deaths.is_empty(), "unmutated {model} at {bounds:?}: {deaths:?}");
    }
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/{model}-kills.txt"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, &table).unwrap();
    }
    let recorded = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(table, recorded, "run the test with UPDATE_EXPECT=1 to record the table anew");
}

#[test]
fn zen_with_terms() {
    // Rows with more messages take longer than a test should.
    assert_table("zen-with-terms", |mutant| mutant.bounds[5] <= 12);
}

#[test]
fn replication() {
    assert_table("replication", |_| true);
    assert_table("replication-liveness", |_| true);
}

#[test]
fn storage() {
    assert_table("storage", |_| true);
    assert_table("reference-store", |_| true);
}

#[test]
fn stabilisation() {
    assert_table("stabilisation", |_| true);
}

#[test]
fn session() {
    assert_table("session", |_| true);
}

#[test]
fn replica_engine() {
    assert_table("replica-engine", |_| true);
}

#[test]
fn coordinator() {
    // One row takes longer than a test should; the gallery has its counterexample.
    assert_table("coordinator", |mutant| mutant.id != "CM13");
    assert_table("prevote", |_| true);
}

#[test]
fn membership() {
    assert_table("membership", |_| true);
    assert_table("reconfiguration", |_| true);
}

#[test]
fn shard() {
    assert_table("shard", |_| true);
    assert_table("shard-recovery", |_| true);
}

#[test]
fn duties() {
    assert_table("duties", |_| true);
}

/// With everything driven, mutants die of what they are to die of in the model
/// that leaves some of it to the environment, and of little else.
#[test]
fn whole() {
    assert_table("whole", |_| true);
    for mutant in (find("whole").unwrap().mutants)() {
        let there = recorded(origin_of_row(mutant.id).unwrap(), mutant.id);
        let here = recorded("whole", mutant.id);
        let difference = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
            one.difference(other).map(String::as_str).collect::<Vec<_>>().join(" ")
        };
        let found = (difference(&there, &here), difference(&here, &there));
        let known = DIFFERENCES.iter().find(|row| row.0 == mutant.id).map_or(("", ""), |row| (row.1, row.2));
        assert_eq!(
            (found.0.as_str(), found.1.as_str()),
            known,
            "{}: dies of it only there, only with everything driven",
            mutant.id
        );
    }
}

/// What a mutant dies of only in the other model, and only with everything
/// driven; both at the bounds of the tables.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    // Where nodes join, two clusters of one node publish configurations too.
    ("CM01", "", "ElectionsAreTriedWhereAQuorumIsFound OneReconfigurationAtATime"),
    ("CM02", "", "OneReconfigurationAtATime"),
    // Its other model has a second term.
    (
        "CM32",
        "CommittedValuesDescendantsFromCommittedValues NewerOpsBasedOnOlderCommittedOps P2bInvariant RefinesTheContract",
        "",
    ),
    // Laggards are watched where answers are driven.
    ("W-PublicationInProgress", "", "LaggardsAreWatched"),
];

/// What a mutant dies of, as `tests/data` has it.
fn recorded(model: &str, id: &str) -> BTreeSet<String> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/{model}-kills.txt"));
    let table = std::fs::read_to_string(file).unwrap();
    let rows = table.lines().skip_while(|line| !line.starts_with(&format!("{id} at "))).skip(1);
    let deaths = rows.take_while(|line| line.starts_with(' '));
    deaths.map(|line| line.split_whitespace().last().unwrap().to_owned()).collect()
}

/// Every guard that is the Coordinator's own, and every mutant of the rules, has
/// a row in one of its models.
#[test]
fn the_coordinators_guards_and_the_rules_mutants_have_rows() {
    let models = ["coordinator", "prevote", "membership", "reconfiguration", "duties"];
    let ids: Vec<&str> = models.iter().flat_map(|model| (find(model).unwrap().mutants)()).map(|row| row.id).collect();
    for guard in Refusal::ALL {
        let row = if guard == Refusal::LeaderKnown { "LM01".to_owned() } else { format!("W-{}", guard.name()) };
        assert!(ids.contains(&row.as_str()), "nothing leaves out {guard:?}");
    }
    for row in (find("zen-with-terms").unwrap().mutants)() {
        assert!(ids.contains(&row.id), "{} is not tried under the actor", row.id);
    }
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "one row for each");
}

/// Every guard that can be waived is waived by a row, alone or with others.
#[test]
fn every_guard_has_a_row() {
    for (model, by_other_names) in [("replication", &["NoLongerPrimary"][..]), ("replica-engine", &[]), ("zen-with-terms", &[])] {
        let info = find(model).unwrap();
        let rows = (info.mutants)();
        for guard in (info.guards)() {
            let waived = rows.iter().any(|row| row.id == format!("W-{guard}")) || by_other_names.contains(&guard);
            assert!(waived || model == "zen-with-terms", "{model}: {guard}");
        }
    }
}

/// The module's difference from Elasticsearch is where the story says, and only there.
#[test]
fn the_global_checkpoint_falls_with_four_nodes_and_not_with_three() {
    let info = find("replication-falling-checkpoint").unwrap();
    let (options, control) = (Options::default(), Control::new());
    let violated = |bounds: &[u64]| {
        let found = with_model(info.name, bounds, &Rules::default(), Violations(&options, &control)).unwrap();
        found.into_iter().map(|(name, length)| format!("{name} {length}")).collect::<Vec<_>>()
    };
    assert_eq!(violated(&[4, 1, 3, 7]), ["PrimaryGlobalCheckpointNeverFalls 14"]);
    assert_eq!(violated(&[3, 1, 3, 7]), [""; 0]);
    assert!(info.known_violation.is_some());
}

struct Violations<'a>(&'a Options, &'a Control);

impl Visitor for Violations<'_> {
    type Output = Vec<(String, usize)>;

    fn visit<M: Specification + Clone + 'static>(self, model: M) -> Self::Output {
        let outcome = check(&model, self.0, self.1);
        outcome.violations().map(|property| (property.name.clone(), property.trace_length().unwrap())).collect()
    }
}
