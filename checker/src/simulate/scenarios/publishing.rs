//! States reach everybody: as differences where that is enough.

use quorate_model::coordinator::{CoordinatorSettings, Policy};
use quorate_model::{NodeId, NodeSet};

use super::super::cluster::{Simulated, Step};
use super::super::failure::Failure;
use super::super::links::LinkStatus;
use super::super::plan::Plan;
use super::super::times;
use super::{Bench, MOODY, NoticedBy, Scenario};

pub(super) fn scenarios<R: Policy>() -> Vec<Scenario<R>> {
    vec![
        Scenario {
            name: "repeatable-tests",
            original: "testRepeatableTests",
            shows: "the same seed is the same run, to the last message",
            fails_under: MOODY,
            noticed_by: NoticedBy::Itself,
            story: repeatable,
        },
        Scenario {
            name: "can-update-cluster-state-after-stabilisation",
            original: "testCanUpdateClusterStateAfterStabilisation",
            shows: "a change reaches every node within ten delays (L8)",
            fails_under: "LX05",
            noticed_by: NoticedBy::Itself,
            story: |bench| {
                let (mut cluster, leader) = bench.settled(5)?;
                let reached = cluster.updates_reach_everybody(leader);
                reached.map_err(|failure| Failure::new("Scenario", failure.why, failure.at_ms))
            },
        },
        Scenario {
            name: "diff-based-publishing",
            original: "testDiffBasedPublishing",
            shows: "a settled cluster publishes nothing but differences, and they are accepted",
            fails_under: "LX07",
            noticed_by: NoticedBy::Itself,
            story: diff_based_publishing,
        },
        Scenario {
            name: "joining-node-receives-full-state",
            original: "testJoiningNodeReceivesFullState",
            shows: "the first state that a node gets is whole",
            fails_under: "LX08",
            noticed_by: NoticedBy::Itself,
            story: joining_node_receives_full_state,
        },
        Scenario {
            name: "incompatible-diff-resends-full-state",
            original: "testIncompatibleDiffResendsFullState",
            shows: "a node that missed a state refuses the next difference, and gets the whole state",
            fails_under: "LX09",
            noticed_by: NoticedBy::Itself,
            story: incompatible_diff,
        },
    ]
}

fn repeatable<R: Policy>(bench: &Bench<R>) -> Step {
    let plan = Plan::random(bench.seed, 300, &[]);
    let run = || {
        let simulated = plan.simulated().map_err(|why| Failure::new("Scenario", why, 0))?;
        let mut cluster =
            super::Cluster::start(bench.rules.clone(), &Simulated { log: true, self_checks: bench.self_checks, ..simulated })?;
        cluster.run_randomly(&plan, false)?;
        cluster.cool_down()?;
        cluster.stabilise()?;
        Ok((cluster.now_ms(), cluster.turns(), cluster.take_log()))
    };
    let (first, second): ((u64, u64, Vec<String>), _) = (run()?, run()?);
    let differs = first.2.iter().zip(&second.2).position(|(one, other)| one != other);
    match differs {
        None if first == second => Ok(()),
        at => Err(Failure::new("Scenario", format!("two runs of one seed differ at event {at:?}"), first.0)),
    }
}

fn diff_based_publishing<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(3)?;
    let before = cluster.coverage.clone();
    for value in 1..=3 {
        cluster.write(leader, 5, value)?;
        cluster.run_for(times::update_ms())?;
    }
    let after = &cluster.coverage;
    let (full, diffs) = (after.full_states - before.full_states, after.diffs - before.diffs);
    let refused = after.message("PublishRefused") - before.message("PublishRefused");
    cluster.expect((full, diffs, refused) == (0, 3 * 2, 0), || {
        format!("three changes went out as {full} whole states and {diffs} differences, and {refused} were refused")
    })?;
    cluster.updates_reach_everybody(leader)
}

fn joining_node_receives_full_state<R: Policy>(bench: &Bench<R>) -> Step {
    let there = NodeSet::first(3);
    let mut cluster = bench.start(CoordinatorSettings { initial_master_nodes: there, ..CoordinatorSettings::of(4) })?;
    let new = NodeId(3);
    cluster.crash(new)?;
    let leader = cluster.stabilise()?;
    let before = cluster.coverage.clone();
    cluster.start_node(new)?;
    cluster.run_for(times::joining_ms(&cluster.settings().elasticsearch, 1))?;
    let after = &cluster.coverage;
    let (full, refused) =
        (after.full_states - before.full_states, after.message("PublishRefused") - before.message("PublishRefused"));
    cluster.expect((full, refused) == (1, 0), || format!("{full} whole states were sent, {refused} differences refused"))?;
    cluster.stabilise_within(0)?;
    cluster.expect(cluster.members(leader).contains(new), || format!("{new} has not joined"))
}

fn incompatible_diff<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(3)?;
    let follower = cluster.some_follower(leader);
    cluster.links.set_one_way(leader, follower, LinkStatus::BlackHole);
    let missed = cluster.write(leader, 5, 1)?;
    // Committed by the others; the follower has missed it when time is up, and is still a member.
    cluster.run_for(cluster.settings().elasticsearch.publish_timeout_ms + times::update_ms())?;
    cluster.expect(cluster.clients.attempt(missed).published.is_some(), || String::from("the write is not committed"))?;
    cluster.links.heal();
    let before = cluster.coverage.clone();
    cluster.write(leader, 5, 2)?;
    cluster.run_for(times::update_ms())?;
    let after = &cluster.coverage;
    let refused = after.message("PublishRefused") - before.message("PublishRefused");
    let full = after.full_states - before.full_states;
    cluster.expect(refused >= 1 && full >= 1, || {
        format!("{refused} differences were refused and {full} whole states sent to {follower}")
    })?;
    cluster.heal()?;
    let last = cluster.stabilise()?;
    cluster.updates_reach_everybody(last)
}
