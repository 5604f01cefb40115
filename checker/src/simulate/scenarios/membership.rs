//! Nodes join and are removed.

use quorate_model::coordinator::{CoordinatorMsg, CoordinatorSettings, Mode, Policy};
use quorate_model::{NodeId, NodeSet};

use super::super::cluster::{DEFAULT_DELAY_VARIABILITY_MS, Step, of_another_cluster};
use super::super::links::LinkStatus;
use super::super::times;
use super::{Bench, NoticedBy, Scenario};

pub(super) fn scenarios<R: Policy>() -> Vec<Scenario<R>> {
    vec![
        Scenario {
            name: "unhealthy-nodes-get-removed",
            original: "testUnhealthyNodesGetsRemoved",
            shows: "nodes whose disks fail are removed, and leave the voting configuration",
            fails_under: "W-Unhealthy",
            noticed_by: NoticedBy::Itself,
            story: unhealthy_nodes,
        },
        Scenario {
            name: "nodes-join-after-stable-cluster",
            original: "testNodesJoinAfterStableCluster",
            shows: "new nodes join within the time that joining takes, without an election",
            fails_under: "LX03",
            noticed_by: NoticedBy::Itself,
            story: nodes_join,
        },
        Scenario {
            name: "follower-disconnection-detected-quickly",
            original: "testFollowerDisconnectionDetectedQuickly, …WithoutDisconnectEvent…",
            shows: "a follower that cannot be reached is removed after the next check, by the same leader",
            fails_under: "LX14",
            noticed_by: NoticedBy::Itself,
            story: follower_disconnection,
        },
        Scenario {
            name: "unresponsive-follower-detected-eventually",
            original: "testUnresponsiveFollowerDetectedEventually",
            shows: "a silent follower is removed after its checks have failed (L4)",
            fails_under: "LX17",
            noticed_by: NoticedBy::Itself,
            story: unresponsive_follower,
        },
        Scenario {
            name: "follower-removed-if-unable-to-send-requests-to-master",
            original: "testFollowerRemovedIfUnableToSendRequestsToMaster",
            shows: "a follower whose messages to its leader vanish is removed, and comes back when they do not",
            fails_under: "LX17",
            noticed_by: NoticedBy::Itself,
            story: one_way_partition,
        },
        Scenario {
            name: "stay-candidate-after-receiving-follower-check-from-known-master",
            original: "testStayCandidateAfterReceivingFollowerCheckFromKnownMaster",
            shows: "a node that gave up a leader of this term joins it again, and is not made to follow by a check",
            fails_under: "W-GivenUpInThisTerm",
            noticed_by: NoticedBy::Itself,
            story: stays_candidate,
        },
        Scenario {
            name: "follower-that-does-not-apply-is-removed",
            original: "testLogsMessagesIfPublicationDelayed",
            shows: "a follower whose applier hangs is removed, however much is published meanwhile (L4)",
            fails_under: "LM12",
            noticed_by: NoticedBy::Itself,
            story: hanging_applier,
        },
        Scenario {
            name: "node-in-a-higher-term-rejoins",
            original: "none; #53271, #53338",
            shows: "a node that is a term ahead, and not master-eligible, brings the leader into its term by asking it (L6)",
            fails_under: "LM02",
            noticed_by: NoticedBy::Itself,
            story: higher_term,
        },
        Scenario {
            name: "cannot-join-cluster-with-different-uuid",
            original: "testCannotJoinClusterWithDifferentUUID",
            shows: "a node of another cluster is not let in (S14)",
            fails_under: "LX15",
            noticed_by: NoticedBy::Safety,
            story: another_cluster,
        },
    ]
}

fn unhealthy_nodes<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(5)?;
    let unwell: Vec<NodeId> = cluster.followers(leader).into_iter().take(2).collect();
    for node in &unwell {
        cluster.set_health(*node, false)?;
    }
    cluster.settles_so_that(|cluster, next| {
        unwell.iter().try_for_each(|node| {
            let gone = !cluster.members(next).contains(*node) && !cluster.config(next).contains(*node);
            cluster.expect(gone, || format!("{node} is still a member or a voter"))
        })
    })?;
    for node in &unwell {
        cluster.set_health(*node, true)?;
    }
    cluster.stabilise().map(|_| ())
}

fn nodes_join<R: Policy>(bench: &Bench<R>) -> Step {
    let there = NodeSet::first([1, 3][(bench.seed % 2) as usize]);
    let settings = CoordinatorSettings { initial_master_nodes: there, ..CoordinatorSettings::of(6) };
    let mut cluster = bench.start(settings)?;
    let new: Vec<NodeId> = cluster.nodes().iter().filter(|node| !there.contains(*node)).collect();
    for node in &new {
        cluster.crash(*node)?;
    }
    let leader = cluster.stabilise()?;
    let term = cluster.term(leader);
    for node in &new {
        cluster.start_node(*node)?;
    }
    let ms = times::joining_ms(&cluster.settings().elasticsearch, new.len());
    let last = cluster.settles_within(ms)?;
    cluster.expect((last, cluster.term(last)) == (leader, term), || format!("there was an election: {last} leads"))
}

fn follower_disconnection<R: Policy>(bench: &Bench<R>) -> Step {
    for event in [true, false] {
        let (mut cluster, leader) = bench.settled(4)?;
        let (term, follower) = (cluster.term(leader), cluster.some_follower(leader));
        cluster.links.set_node(follower, LinkStatus::Disconnected);
        let mut ms = 4 * DEFAULT_DELAY_VARIABILITY_MS + 4 * times::update_ms();
        if event {
            cluster.nodes().without(follower).iter().for_each(|node| cluster.end_session(follower, node));
        } else {
            ms += cluster.settings().elasticsearch.follower_check_interval_ms;
        }
        let last = cluster.settles_within(ms)?;
        cluster.expect((last, cluster.term(last)) == (leader, term), || format!("there was an election: {last} leads"))?;
        cluster.expect(!cluster.members(last).contains(follower), || format!("{follower} is still a member"))?;
    }
    Ok(())
}

fn unresponsive_follower<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(4)?;
    let (term, follower) = (cluster.term(leader), cluster.some_follower(leader));
    cluster.links.set_node(follower, LinkStatus::BlackHole);
    let settings = cluster.settings().elasticsearch.clone();
    let ms = times::follower_failure_ms(&settings) + settings.publish_timeout_ms + 4 * times::update_ms();
    let last = cluster.settles_within(ms)?;
    cluster.expect((last, cluster.term(last)) == (leader, term), || format!("there was an election: {last} leads"))
}

fn one_way_partition<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(4)?;
    let follower = cluster.some_follower(leader);
    cluster.links.set_one_way(follower, leader, LinkStatus::BlackHole);
    let settings = cluster.settings().elasticsearch.clone();
    cluster.run_for(times::leader_failure_ms(&settings) + settings.publish_timeout_ms + 4 * times::update_ms())?;
    let leads = cluster.leaders().first().copied().unwrap_or(leader);
    cluster.expect(!cluster.members(leads).contains(follower) || leads != leader, || format!("{follower} is still a member"))?;
    cluster.heal()?;
    cluster.stabilise().map(|_| ())
}

fn stays_candidate<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(3)?;
    let (term, follower) = (cluster.term(leader), cluster.some_follower(leader));
    cluster.inject(follower, leader, CoordinatorMsg::Disconnected)?;
    let mode = |cluster: &super::Cluster<R>| cluster.node(follower).map(|state| state.mode);
    cluster.expect(mode(&cluster) == Some(Mode::Candidate), || format!("{follower} has not given {leader} up"))?;
    cluster.inject(follower, leader, CoordinatorMsg::FollowerCheck { term })?;
    cluster.expect(mode(&cluster) == Some(Mode::Candidate), || format!("a check has made {follower} a follower"))?;
    let last = cluster.stabilise()?;
    cluster.expect(cluster.members(last) == cluster.nodes(), || format!("{follower} has not come back"))
}

/// The leader publishes all the time; that puts nothing off.
fn hanging_applier<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(4)?;
    let (term, follower) = (cluster.term(leader), cluster.some_follower(leader));
    cluster.set_applier(follower, true);
    let settings = cluster.settings().elasticsearch.clone();
    // The first publication times out before anybody looks at who lags, and the last before it is removed.
    let ms = 2 * settings.publish_timeout_ms + settings.follower_lag_timeout_ms + 4 * times::update_ms();
    let end_ms = cluster.now_ms() + ms;
    let mut removed = false;
    while cluster.now_ms() < end_ms && !removed {
        cluster.write(leader, 5, 1)?;
        let next_ms = cluster.now_ms() + 10_000;
        // It is let in again soon, for it answers whoever asks.
        while cluster.now_ms() < next_ms && !removed {
            cluster.run_task()?;
            removed = !cluster.members(leader).contains(follower);
        }
    }
    cluster.expect(removed, || format!("{follower} applies nothing and is still a member"))?;
    cluster
        .expect((cluster.leaders(), cluster.term(leader)) == (vec![leader], term), || String::from("there was an election"))?;
    cluster.set_applier(follower, false);
    let last = cluster.stabilise()?;
    cluster.expect(cluster.members(last).contains(follower), || format!("{follower} has not come back"))
}

fn higher_term<R: Policy>(bench: &Bench<R>) -> Step {
    let master_eligible = NodeSet::first(3);
    let settings = CoordinatorSettings { master_eligible, initial_master_nodes: master_eligible, ..CoordinatorSettings::of(4) };
    let (mut cluster, leader) = bench.settled_with(settings)?;
    let (term, ahead) = (cluster.term(leader), NodeId(3));
    // A candidate asks for its vote, and never hears of it.
    let candidate = master_eligible.without(leader).iter().next().unwrap_or(leader);
    cluster.links.set_between(NodeSet::single(ahead), NodeSet::single(candidate), LinkStatus::BlackHole);
    cluster.inject(ahead, candidate, CoordinatorMsg::StartJoin { candidate, term: term + 1 })?;
    cluster.settles_so_that(|cluster, leader| {
        cluster.expect(cluster.term(leader) > term, || format!("{leader} has not heard of term {}", term + 1))?;
        cluster.expect(cluster.members(leader).contains(ahead), || format!("{ahead} has not come back"))
    })?;
    Ok(())
}

fn another_cluster<R: Policy>(bench: &Bench<R>) -> Step {
    let there = NodeSet::first(3);
    let settings = CoordinatorSettings { initial_master_nodes: there, ..CoordinatorSettings::of(4) };
    let mut cluster = bench.start(settings)?;
    let stranger = NodeId(3);
    cluster.crash(stranger)?;
    let leader = cluster.stabilise()?;
    cluster.set_disk(stranger, of_another_cluster(stranger));
    cluster.start_node(stranger)?;
    cluster.run_for(
        times::joining_ms(&cluster.settings().elasticsearch, 1) + times::election_ms(&cluster.settings().elasticsearch),
    )?;
    cluster.expect(!cluster.members(leader).contains(stranger), || format!("{stranger} was let in"))?;
    let mode = cluster.node(stranger).map(|state| state.mode);
    cluster.expect(mode == Some(Mode::Candidate), || format!("{stranger} is {mode:?}"))?;
    cluster.expect(cluster.applied(stranger).is_none(), || format!("{stranger} has applied a state of another cluster"))
}
