//! Random simulation of the Coordinator finds nothing; and what it looks for,
//! it finds where it is.

use quorate_checker::simulate::cluster::Cluster;
use quorate_checker::simulate::coverage::{CountedRules, TIMER_KINDS};
use quorate_checker::simulate::guided::explore;
use quorate_checker::simulate::links::LinkStatus;
use quorate_checker::simulate::mutants::{self, SEEDS_MAX, first_seed, pinned};
use quorate_checker::simulate::scenarios::{Scenario, scenarios};
use quorate_checker::simulate::shorten::shorten;
use quorate_checker::simulate::sweep::{Sweep, sweep};
use quorate_checker::simulate::{Failure, MESSAGE_KINDS, Plan, RunOptions, Simulated, run_plan};
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

    let coverage = &report.coverage;
    let never = |names: &[&'static str], counts: &[u64]| -> Vec<&'static str> {
        names.iter().zip(counts).filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect()
    };
    assert_eq!(never(&MESSAGE_KINDS, &coverage.messages), [""; 0]);
    // A follower that answers checks and applies nothing for 90 seconds: no disk hangs here.
    assert_eq!(never(&TIMER_KINDS, &coverage.timers), ["Lag"]);
    let [candidate, leader, follower] = coverage.mode_changes;
    assert!(candidate[1] > 0 && candidate[2] > 0 && leader[0] > 0 && follower[0] > 0);
    let refusals = rules.refusals();
    for guard in
        ["JoinAcceptedTermHigher", "PublishRequestTermMismatch", "LeaderKnown", "GivenUpInThisTerm", "Unhealthy", "NotAMember"]
    {
        assert!(refusals.iter().any(|(name, count)| *name == guard && *count > 0), "{guard} never refused anything");
    }
}

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

#[test]
fn every_scenario_fails_under_the_mutant_that_it_names() {
    for scenario in scenarios::<CoordinatorMutant>() {
        let mutant = mutants::find(scenario.fails_under).unwrap();
        let fails = (0..60).any(|seed| scenario.play(seed, mutant.rules, false).is_err());
        assert!(fails, "{} holds under {}", scenario.name, mutant.id);
    }
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
    let fastest: Vec<_> = rows.iter().filter(|row| row.found.is_some_and(|(seed, _)| seed <= 4)).collect();
    assert!(fastest.len() >= 5);
    for row in fastest {
        let mutant = mutants::find(row.id).unwrap();
        let expected = row.found.map(|(seed, property)| (seed, property.to_owned()));
        assert_eq!(first_seed(&mutant, SEEDS_MAX, 2).unwrap(), expected, "{}", row.id);
    }
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
    let mutant = mutants::find("CM09").unwrap();
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

    // An update does not reach somebody in time.
    let (mut cluster, leader) = settled(3);
    cluster.links.set_one_way(follower, leader, LinkStatus::BlackHole);
    assert_eq!(property(cluster.updates_reach_everybody(leader)), "UpdatesReachEverybody");
}
