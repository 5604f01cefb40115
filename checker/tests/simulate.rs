//! Random simulation of the Coordinator finds nothing; and what it looks for,
//! it finds where it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quorate_checker::simulate::cluster::Cluster;
use quorate_checker::simulate::coverage::{CountedRules, NOT_IN_RUNS};
use quorate_checker::simulate::guided::explore;
use quorate_checker::simulate::links::LinkStatus;
use quorate_checker::simulate::mutants::{self, SEEDS_MAX, first_seed, pinned};
use quorate_checker::simulate::scenarios::{MOODY, NoticedBy, Scenario, scenarios};
use quorate_checker::simulate::shorten::shorten;
use quorate_checker::simulate::sweep::{Sweep, sweep};
use quorate_checker::simulate::{Failure, Plan, RunOptions, Simulated, run_plan};
use quorate_model::NodeId;
use quorate_model::coordination::{RuleSet, Sound};
use quorate_model::coordinator::{Choice, CoordinatorMutant, CoordinatorSettings, Policy};

#[test]
fn two_hundred_seeds_settle_and_exercise_what_there_is() {
    let rules = CountedRules::default();
    let report = sweep(&Sweep { record_every: 20, ..Sweep::of(0..200) }, &rules, |_, _| true).unwrap();
    assert_eq!(report.failures, Default::default());
    assert_eq!((report.seeds, report.recorded), (200, 10), "ten of them are behaviours of the model, line by line");
    assert!(report.evidence >= 20 && report.undecided == 0, "{} histories overlap enough", report.evidence);

    // What is never exercised cannot be, and the table says why; the rest comes with more seeds.
    let never = report.coverage.never(&rules.refusals());
    let cannot: Vec<_> = NOT_IN_RUNS.iter().map(|(name, _)| *name).collect();
    for name in &cannot {
        assert!(never.contains(name), "{name} was exercised: NOT_IN_RUNS says that it cannot be");
    }
    let rest: Vec<_> = never.into_iter().filter(|name| !cannot.contains(name)).collect();
    assert!(rest.iter().all(|name| RARE.contains(name)), "{rest:?} were never exercised");
}

/// What takes more than 200 seeds, and less than 1,000.
const RARE: [&str; 3] = ["NoStartJoinSinceRestart", "PublishRequestVersionNotNewer", "PublishResponseTermMismatch"];

#[test]
fn the_same_plan_is_the_same_run_and_another_seed_another() {
    let plan = (0..).map(|seed| Plan::random(seed, 300, &[])).find(|plan| plan.nodes == 3).expect("one of them");
    let log = |seed| {
        let plan = Plan { seed, ..plan.clone() };
        run_plan(&plan, Sound, RunOptions { log: true, ..RunOptions::default() }).unwrap().log
    };
    let first = log(9);
    assert!(first.len() > 100);
    assert_eq!(first, log(9));
    assert_ne!(first, log(10));
}

#[test]
fn every_scenario_holds() {
    for scenario in scenarios::<Sound>() {
        for seed in 0..3 {
            assert_eq!(scenario.play(seed, Sound, true), Ok(()), "{} with seed {seed}", scenario.name);
        }
    }
}

/// With the first seed already, and noticed by what the table says.
#[test]
fn every_scenario_fails_under_the_mutant_that_it_names() {
    let mut otherwise = Vec::new();
    for scenario in scenarios::<CoordinatorMutant>().into_iter().filter(|scenario| scenario.fails_under != MOODY) {
        let mutant = mutants::find(scenario.fails_under).unwrap();
        match scenario.play(0, mutant.rules, false) {
            Err(failure) if NoticedBy::of(&failure) == scenario.noticed_by => {}
            other => otherwise.push(format!("{} under {}: {other:?}", scenario.name, mutant.id)),
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
}

/// A Coordinator that remembers more than its state: how often it was asked.
#[derive(Clone, Default)]
struct Moody(Arc<AtomicU64>);

impl RuleSet for Moody {}

impl Policy for Moody {
    fn takes(&self, choice: Choice) -> bool {
        choice != Choice::SendsDifferences || self.0.fetch_add(1, Ordering::Relaxed) % 7 < 3
    }
}

#[test]
fn a_run_that_depends_on_more_than_its_seed_is_noticed() {
    let scenario = scenarios::<Moody>().into_iter().find(|scenario| scenario.fails_under == MOODY).unwrap();
    let failure = (0..10).find_map(|seed| scenario.play(seed, Moody::default(), true).err()).expect("some seed shows it");
    assert_eq!(NoticedBy::of(&failure), scenario.noticed_by);
    assert!(failure.why.contains("two runs of one seed differ"), "{failure}");
}

#[test]
fn names_of_scenarios_and_mutants_are_unique_and_known() {
    let all: Vec<Scenario<Sound>> = scenarios();
    let names: std::collections::BTreeSet<_> = all.iter().map(|scenario| scenario.name).collect();
    assert_eq!(names.len(), all.len());
    let error = quorate_checker::simulate::scenarios::find::<Sound>("nonsense").err().unwrap();
    assert!(error.to_string().contains("no scenario 'nonsense'"));
    assert!(mutants::find("nonsense").unwrap_err().to_string().contains("CM01"));
}

/// `quorate simulate --mutant-table` looks for every one.
#[test]
fn the_fastest_rows_of_the_table_are_as_pinned() {
    let rows = pinned();
    let ids: Vec<_> = mutants::mutants().iter().map(|mutant| mutant.id).collect();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), ids, "the table has a row for each mutant");
    assert!(rows.iter().filter(|row| row.found.is_some()).count() >= 15);
    let fastest: Vec<_> =
        rows.iter().filter_map(|row| row.found.filter(|(seed, _)| *seed <= 4).map(|found| (row.id, found))).collect();
    assert!(fastest.len() >= 10);
    for (id, (seed, property)) in fastest {
        let mutant = mutants::find(id).unwrap();
        assert_eq!(first_seed(&mutant, seed + 1, 2).unwrap(), Some((seed, property.to_owned())), "{id}");
    }
}

/// What random runs do not find is found by something else, or cannot be.
#[test]
fn the_table_says_what_else_finds_a_mutant() {
    let lines = pinned().into_iter().map(|row| mutants::line_of(row.id, row.found) + "\n");
    let expected = format!("{}\n{}", mutants::HEADER, lines.collect::<String>());
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/simulate/mutants.tsv");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, &expected).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), expected, "UPDATE_EXPECT=1 writes what else finds them anew");
    assert!(mutants::HEADER.contains(&SEEDS_MAX.to_string()));
    let only_exhaustive =
        pinned().into_iter().filter(|row| row.found.is_none() && mutants::scenarios_that_fail(row.id).is_empty());
    let mut killed = 0;
    for row in only_exhaustive {
        let found = mutants::exhaustive(row.id).unwrap_or_else(|| panic!("nothing finds {}", row.id));
        killed += usize::from(!found.starts_with("nothing: "));
    }
    assert!(killed >= 5, "{killed} are found by exhaustive search alone");
    // Overlapping reconfiguration is one of them.
    assert!(mutants::exhaustive("W-ReconfigurationInProgress").unwrap().starts_with("zen-with-terms: P2bInvariant"));
}

/// A Coordinator with a bug that no rule knows of.
#[derive(Clone)]
struct Panics;

impl RuleSet for Panics {}

impl Policy for Panics {
    fn takes(&self, choice: Choice) -> bool {
        assert!(choice != Choice::JoinsSayTheirTerm, "no term is known");
        true
    }
}

#[test]
fn a_panic_in_a_handler_is_a_failing_seed() {
    let outcome = run_plan(&Plan::random(1, 50, &[]), Panics, RunOptions::default()).unwrap();
    let failure = outcome.failure.unwrap();
    assert_eq!(failure.property, Failure::PANIC);
    assert!(failure.why.contains("no term is known"), "{failure}");
}

#[test]
fn a_failing_plan_is_shortened_and_fails_alike() {
    let mutant = mutants::find("CM15").unwrap();
    let options = RunOptions { no_self_checks: true, ..RunOptions::default() };
    let run = |plan: &Plan| run_plan(plan, mutant.rules, options).unwrap().failure;
    let found = (0..100).map(|seed| Plan::random(seed, 1_000, &[])).find_map(|plan| run(&plan).map(|failure| (plan, failure)));
    let (plan, failure) = found.expect("some seed finds it");
    let short = shorten(&plan, &failure, 300, run);
    assert!(short.plan.steps.len() < plan.steps.len() / 2, "{} of {}", short.plan.steps.len(), plan.steps.len());
    assert_eq!(run(&short.plan), Some(short.failure.clone()));
    assert_eq!(short.failure.property, failure.property);
}

#[test]
fn guided_plans_are_the_same_each_time() {
    let states = |guided| explore(5, 12, 150, &[], &Sound, guided).unwrap();
    let (one, other) = (states(true), states(true));
    assert!(one.failures.is_empty());
    assert_eq!((one.states(), one.kept), (other.states(), other.kept));
    assert!(one.kept > 1 && one.states() > 20);
    assert_ne!(one.states(), states(false).states());
}

fn settled(nodes: usize) -> (Cluster<Sound>, NodeId) {
    let mut cluster = Cluster::start(Sound, &Simulated::of(3, CoordinatorSettings::of(nodes))).unwrap();
    let leader = cluster.stabilise().unwrap();
    (cluster, leader)
}

fn property<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
    result.unwrap_err().property
}

#[test]
fn a_cluster_that_has_not_settled_is_told_apart() {
    // Nobody leads.
    let (mut cluster, _) = settled(3);
    cluster.nodes().iter().for_each(|node| cluster.links.set_node(node, LinkStatus::Disconnected));
    assert_eq!(property(cluster.stabilise()), "OneLeader");

    // A node that cannot be reached still believes that it follows.
    let (mut cluster, leader) = settled(3);
    let follower = cluster.nodes().without(leader).iter().next().unwrap();
    cluster.links.set_node(follower, LinkStatus::BlackHole);
    assert_eq!(property(cluster.stabilise_within(10)), "OthersAreAlone");

    // A node that can be reached does not follow yet.
    let (mut cluster, _) = settled(3);
    cluster.crash(follower).unwrap();
    cluster.stabilise().unwrap();
    cluster.start_node(follower).unwrap();
    assert_eq!(property(cluster.stabilise_within(0)), "FollowersAgree");

    // The configuration is worse than it could be.
    let (mut cluster, _) = settled(5);
    cluster.configure(|settings| settings.elasticsearch.auto_shrink_voting_configuration = false);
    let down: Vec<NodeId> = cluster.nodes().without(cluster.leaders()[0]).iter().take(2).collect();
    down.iter().for_each(|node| cluster.crash(*node).unwrap());
    cluster.stabilise().unwrap();
    cluster.configure(|settings| settings.elasticsearch.auto_shrink_voting_configuration = true);
    assert_eq!(property(cluster.stabilise()), "ConfigurationIsBest");

    // A publication does not come to an end: somebody does not apply it.
    let mut settings = CoordinatorSettings::of(3);
    settings.elasticsearch.publish_timeout_ms = 3_600_000;
    let mut cluster = Cluster::start(Sound, &Simulated::of(3, settings)).unwrap();
    let leader = cluster.stabilise().unwrap();
    let hanging = cluster.nodes().without(leader).iter().next().unwrap();
    cluster.set_applier(hanging, true);
    cluster.write(leader, 1, 1).unwrap();
    assert_eq!(property(cluster.stabilise_within(0)), "NoPublicationUnderWay");

    // Somebody who follows goes on planning elections.
    let rules = mutants::find("LX16").unwrap().rules;
    let mut cluster =
        Cluster::start(rules, &Simulated { self_checks: false, ..Simulated::of(3, CoordinatorSettings::of(3)) }).unwrap();
    assert_eq!(property(cluster.stabilise()), "ElectionsAreQuiet");

    // An update does not reach somebody in time.
    let (mut cluster, leader) = settled(3);
    cluster.links.set_one_way(follower, leader, LinkStatus::BlackHole);
    assert_eq!(property(cluster.updates_reach_everybody(leader)), "UpdatesReachEverybody");
}
