//! Which mutants random simulation finds, and after how many seeds.
//!
//! The rows of `mutants.tsv` are pinned: for each mutant the first seed, from 0
//! on, whose run violates something, and what; or `-` where none of
//! [`SEEDS_MAX`] does. Beside it stands what else finds the mutant: exhaustive
//! search, as the kill tables in `tests/data` say, and scenarios. A run of a
//! mutant is not compared with the copy of the rules, which would only say that
//! it is a mutant.

use quorate_model::coordinator::{CoordinatorEffect, CoordinatorMutant, Refusal};

use super::run::RunOptions;
use super::sweep::{Sweep, sweep};
use crate::registry::{Expected, coordinator_mutants, find as find_model};

/// How many seeds a mutant that is not found was given.
pub const SEEDS_MAX: u64 = 200;

/// A mutant of the rules or of the Coordinator.
#[derive(Clone, Copy, Debug)]
pub struct SimulatedMutant {
    /// Its name.
    pub id: &'static str,
    /// What is different.
    pub change: &'static str,
    /// The Coordinator with it.
    pub rules: CoordinatorMutant,
}

/// The pinned row of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedRow {
    /// Its name.
    pub id: &'static str,
    /// The first seed that finds it, and the property that is violated.
    pub found: Option<(u64, &'static str)>,
}

/// A mutant that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no mutant '{id}'; there are {known}")]
pub struct UnknownMutant {
    /// What was asked for.
    pub id: String,
    /// What there is.
    pub known: String,
}

/// Changes of what the Coordinator does that no kill table has: in which only
/// the time matters that something takes, or how it is sent.
const EFFECTS: [(&str, &str, CoordinatorEffect); 13] = {
    use CoordinatorEffect::*;
    [
        ("LM05", "a winner closes its election scheduler before its first state is applied", ForgetsBackOff),
        ("LX17", "checks that fail never are enough", ForgivesFailedChecks),
        ("LX05", "who accepts after the commit is not told of it", ForgetsLateAcceptances),
        ("LX06", "a publication is complete once it is committed", WaitsForNobody),
        ("LX07", "states are always sent whole", SendsWholeStates),
        ("LX08", "differences are sent to nodes that do not have what they differ from", SendsOnlyDifferences),
        ("LX09", "a node that cannot use a difference does not get the whole state", DoesNotResend),
        ("LX10", "configurations shrink though they are not to", AlwaysShrinks),
        ("LX11", "configurations do not shrink", NeverShrinks),
        ("LX12", "configurations shrink to fewer than three nodes", ShrinksBelowThree),
        ("LX13", "nodes that are no longer master-eligible keep their votes", ForgetsRoles),
        ("LX14", "nobody is given up because its session has ended", IgnoresLostSessions),
        ("LX16", "a node goes on planning elections when it has a leader", KeepsStanding),
    ]
};

/// Every mutant: those of the models' kill tables first.
pub fn mutants() -> Vec<SimulatedMutant> {
    let effects =
        EFFECTS.iter().map(|(id, change, effect)| SimulatedMutant { id, change, rules: CoordinatorMutant::with_effect(*effect) });
    let waived = std::iter::once(SimulatedMutant {
        id: "LX15",
        change: "a node whose cluster is known for certain joins another one",
        rules: CoordinatorMutant::waiving(Refusal::OtherCluster),
    });
    let tabulated =
        coordinator_mutants().into_iter().map(|row| SimulatedMutant { id: row.id, change: row.change, rules: row.rules });
    let mut all: Vec<SimulatedMutant> = Vec::new();
    for mutant in tabulated.chain(effects).chain(waived) {
        if !all.iter().any(|known| known.id == mutant.id || known.rules == mutant.rules) {
            all.push(mutant);
        }
    }
    all
}

/// The mutant of this name.
///
/// # Errors
/// [`UnknownMutant`].
pub fn find(id: &str) -> Result<SimulatedMutant, UnknownMutant> {
    let all = mutants();
    let known = || all.iter().map(|mutant| mutant.id).collect::<Vec<_>>().join(", ");
    all.iter().find(|mutant| mutant.id == id).copied().ok_or_else(|| UnknownMutant { id: id.to_owned(), known: known() })
}

/// The pinned table.
pub fn pinned() -> Vec<PinnedRow> {
    let row = |line: &'static str| {
        let mut columns = line.split('\t');
        let (id, seed, property) = (columns.next()?, columns.next()?, columns.next()?);
        Some(PinnedRow { id, found: seed.parse().ok().map(|seed| (seed, property)) })
    };
    include_str!("mutants.tsv").lines().filter(|line| !line.starts_with('#')).filter_map(row).collect()
}

/// The kill tables of the Coordinator's models, and of the rules without it.
const KILL_TABLES: [(&str, &str); 7] = [
    ("coordinator", include_str!("../../tests/data/coordinator-kills.txt")),
    ("prevote", include_str!("../../tests/data/prevote-kills.txt")),
    ("membership", include_str!("../../tests/data/membership-kills.txt")),
    ("reconfiguration", include_str!("../../tests/data/reconfiguration-kills.txt")),
    ("duties", include_str!("../../tests/data/duties-kills.txt")),
    ("stabilisation", include_str!("../../tests/data/stabilisation-kills.txt")),
    (RULES_ALONE, include_str!("../../tests/data/zen-with-terms-kills.txt")),
];

const RULES_ALONE: &str = "zen-with-terms";

/// What dies of a mutant in a kill table, each with the states of its shortest trace.
fn deaths(model: &str, id: &str) -> Vec<(&'static str, &'static str)> {
    let table = KILL_TABLES.iter().find(|(name, _)| *name == model).map_or("", |(_, table)| table);
    let mut lines = table.lines().skip_while(|line| line.split_once(" at ").is_none_or(|(name, _)| name != id));
    lines.next();
    lines.map_while(|line| line.strip_prefix("  ")?.trim_start().split_once(' ')).map(|(length, name)| (name, length)).collect()
}

/// Why what only one effect changes can do no harm.
const HARMLESS: [(&str, &str); 1] = [(
    "LM05",
    "the back-off of the others goes on; seven nodes with delays of 1 to 10 seconds publish their first state at about the same time",
)];

/// What exhaustive search says of a mutant: the model, the property and the
/// states of the shortest trace, or why nothing can be wrong.
pub fn exhaustive(id: &str) -> Option<String> {
    let rows: Vec<_> = coordinator_mutants().into_iter().filter(|row| row.id == id).collect();
    let dies = rows.iter().find_map(|row| {
        let Expected::Dies(property) = row.expected else { return None };
        let (name, length) = deaths(row.model, id).into_iter().find(|(name, _)| *name == property)?;
        Some(format!("{}: {name} in {length} states", row.model))
    });
    // Under the actor some mutants of the rules do no harm; without it they do.
    let self_checks = ["SingleNodeInvariant", "FollowsTheRules"];
    let of_rules = || deaths(RULES_ALONE, id).into_iter().find(|(name, _)| !self_checks.contains(name));
    let dies = dies.or_else(|| of_rules().map(|(name, length)| format!("{RULES_ALONE}: {name} in {length} states")));
    // Some searches of the rules alone are too large for the tests that write the tables.
    let rules_rows = || find_model(RULES_ALONE).map(|info| (info.mutants)()).unwrap_or_default();
    let large =
        || rules_rows().into_iter().find(|row| row.id == id && deaths(RULES_ALONE, id).is_empty()).map(|row| row.expected);
    let dies = dies.or_else(|| match large() {
        Some(Expected::Dies(property)) => Some(format!("{RULES_ALONE}: {property} (`quorate mutants {RULES_ALONE}`)")),
        _ => None,
    });
    let harmless = HARMLESS.iter().find(|(known, _)| *known == id).map(|(_, why)| format!("nothing: {why}"));
    dies.or(harmless).or_else(|| {
        rows.iter().find_map(|row| match row.expected {
            Expected::Equivalent(why) => Some(format!("nothing: {why}")),
            Expected::Dies(_) => None,
        })
    })
}

/// The scenarios that fail under a mutant.
pub fn scenarios_that_fail(id: &str) -> Vec<&'static str> {
    let all = super::scenarios::scenarios::<CoordinatorMutant>();
    all.into_iter().filter(|scenario| scenario.fails_under == id).map(|scenario| scenario.name).collect()
}

/// The line of a mutant in the table.
pub fn line_of(id: &str, found: Option<(u64, &str)>) -> String {
    let (seed, property) = found.map_or((String::from("-"), "-"), |(seed, property)| (seed.to_string(), property));
    let scenarios = match scenarios_that_fail(id) {
        names if names.is_empty() => String::from("-"),
        names => names.join(", "),
    };
    format!("{id}\t{seed}\t{property}\t{}\t{scenarios}", exhaustive(id).unwrap_or_else(|| String::from("-")))
}

/// The first line of the table.
pub const HEADER: &str =
    "# mutant\tfirst seed of 200 that finds it\twhat is violated\twhat exhaustive search finds\tscenarios that fail";

/// The first seed below `seeds_max` that finds a mutant, and the property that is violated.
///
/// # Errors
/// In words, if there is no such cluster.
pub fn first_seed(mutant: &SimulatedMutant, seeds_max: u64, threads: usize) -> Result<Option<(u64, String)>, String> {
    let options = RunOptions { no_self_checks: true, ..RunOptions::default() };
    let all = Sweep { threads, stop_at_failure: true, options, ..Sweep::of(0..seeds_max) };
    // Lower seeds than the first that fails have begun before, and are waited for.
    let report = sweep(&all, &mutant.rules, |_, _| true)?;
    Ok(report.failures.into_iter().next().map(|(seed, failure)| (seed, failure.property)))
}
