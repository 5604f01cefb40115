//! Leaders come and go.

use quorate_model::coordinator::{CoordinatorSettings, Mode, Policy};
use quorate_model::settings::DiscoveryType;
use quorate_model::{NodeId, NodeSet};

use super::super::cluster::{Cluster, DEFAULT_DELAY_VARIABILITY_MS, EXTREME_DELAY_VARIABILITY_MS, Step};
use super::super::links::LinkStatus;
use super::super::times;
use super::{Bench, NoticedBy, Scenario};

pub(super) fn scenarios<R: Policy>() -> Vec<Scenario<R>> {
    vec![
        Scenario {
            name: "does-not-elect-non-master-node",
            original: "testDoesNotElectNonMasterNode",
            shows: "an elected leader is master-eligible",
            fails_under: "W-NotMasterEligible",
            noticed_by: NoticedBy::Itself,
            story: does_not_elect_non_master_node,
        },
        Scenario {
            name: "leader-disconnection-with-disconnect-event-detected-quickly",
            original: "testLeaderDisconnectionWithDisconnectEventDetectedQuickly",
            shows: "a leader whose sessions end is replaced within an election",
            fails_under: "LX02",
            noticed_by: NoticedBy::Itself,
            story: |bench| leader_disconnection(bench, true),
        },
        Scenario {
            name: "leader-disconnection-without-disconnect-event-detected-quickly",
            original: "testLeaderDisconnectionWithoutDisconnectEventDetectedQuickly",
            shows: "a leader that cannot be reached is replaced after the next check and an election",
            fails_under: "LX02",
            noticed_by: NoticedBy::Itself,
            story: |bench| leader_disconnection(bench, false),
        },
        Scenario {
            name: "unresponsive-leader-detected-eventually",
            original: "testUnresponsiveLeaderDetectedEventually",
            shows: "a silent leader is replaced after its checks have failed",
            fails_under: "LM13",
            noticed_by: NoticedBy::Itself,
            story: unresponsive_leader,
        },
        Scenario {
            name: "unhealthy-leader-is-replaced",
            original: "testUnhealthyLeaderIsReplaced",
            shows: "a leader whose disk fails loses its leadership to a healthy node",
            fails_under: "W-Unhealthy",
            noticed_by: NoticedBy::Itself,
            story: unhealthy_leader_is_replaced,
        },
        Scenario {
            name: "does-not-perform-election-when-restarting-follower",
            original: "testDoesNotPerformElectionWhenRestartingFollower",
            shows: "followers that restart one after the other leave leader and term as they are (L7)",
            fails_under: "LM01",
            noticed_by: NoticedBy::Itself,
            story: restarting_followers,
        },
        Scenario {
            name: "election-scheduling-after-discovery-outage",
            original: "testElectionSchedulingAfterDiscoveryOutage",
            shows: "after a long outage an election happens promptly: back-off began anew (L10)",
            fails_under: "W-NoQuorumFound",
            noticed_by: NoticedBy::Itself,
            story: discovery_outage,
        },
        Scenario {
            name: "election-with-slow-publication",
            original: "testElectionWithSlowPublication",
            shows: "seven nodes with long delays, longest for states and checks, elect a leader that publishes its first state",
            fails_under: "W-InitialMastersNotFound",
            noticed_by: NoticedBy::Itself,
            story: slow_publication,
        },
        Scenario {
            name: "single-node-discovery-stabilises-even-when-disrupted",
            original: "testSingleNodeDiscoveryStabilisesEvenWhenDisrupted",
            shows: "a node that is a cluster alone needs nobody, however long anything takes",
            fails_under: "CM16",
            noticed_by: NoticedBy::Itself,
            story: single_node,
        },
        Scenario {
            name: "voting-only-nodes-are-never-elected",
            original: "VotingOnlyNodeCoordinatorTests",
            shows: "nodes that only vote have votes, do not stand for election, and never lead",
            fails_under: "W-VotingOnly",
            noticed_by: NoticedBy::Itself,
            story: voting_only_nodes,
        },
    ]
}

fn does_not_elect_non_master_node<R: Policy>(bench: &Bench<R>) -> Step {
    let master_eligible = NodeSet::first(2);
    let settings = CoordinatorSettings { master_eligible, initial_master_nodes: master_eligible, ..CoordinatorSettings::of(5) };
    let (mut cluster, leader) = bench.settled_with(settings)?;
    for round in 0..3 {
        let leader = if round == 0 { leader } else { cluster.stabilise()? };
        cluster.expect(master_eligible.contains(leader), || format!("{leader} leads and is not master-eligible"))?;
        let stranger = cluster.up().find(|(id, state)| !master_eligible.contains(*id) && state.attempts.is_some());
        cluster.expect(stranger.is_none(), || String::from("somebody who is not master-eligible plans an election"))?;
        cluster.reboot(leader)?;
        cluster.run_for(50)?;
        let standing = cluster.up().find(|(id, state)| !master_eligible.contains(*id) && state.attempts.is_some());
        cluster.expect(standing.is_none(), || String::from("somebody who is not master-eligible plans an election"))?;
    }
    Ok(())
}

/// Everybody else goes on without `leader` within `ms`; the new leader.
fn replaced_within<R: Policy>(cluster: &mut Cluster<R>, leader: NodeId, ms: u64) -> Result<NodeId, super::Failure> {
    let next = cluster.settles_within(ms)?;
    cluster.expect(next != leader, || format!("{leader} still leads"))?;
    Ok(next)
}

fn leader_disconnection<R: Policy>(bench: &Bench<R>, event: bool) -> Step {
    let (mut cluster, leader) = bench.settled(4)?;
    cluster.links.set_node(leader, LinkStatus::Disconnected);
    let settings = cluster.settings().elasticsearch.clone();
    let mut ms = times::election_ms(&settings) + 4 * times::update_ms();
    if event {
        for follower in cluster.followers(leader) {
            cluster.end_session(leader, follower);
        }
    } else {
        ms += settings.leader_check_interval_ms.max(settings.follower_check_interval_ms) + 4 * DEFAULT_DELAY_VARIABILITY_MS;
    }
    replaced_within(&mut cluster, leader, ms).map(|_| ())
}

fn unresponsive_leader<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(4)?;
    cluster.links.set_node(leader, LinkStatus::BlackHole);
    cluster.write(leader, 77, 1)?;
    let settings = cluster.settings().elasticsearch.clone();
    // Until then nobody has reason to doubt the leader.
    cluster.run_for(settings.leader_check_timeout_ms)?;
    cluster.expect(cluster.leaders() == [leader], || String::from("a leader is given up at the first silence"))?;
    let ms = times::leader_failure_ms(&settings)
        + times::collision_ms(&settings) * 2
        + times::follower_failure_ms(&settings)
        + 4 * times::update_ms();
    replaced_within(&mut cluster, leader, ms).map(|_| ())
}

fn unhealthy_leader_is_replaced<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(4)?;
    cluster.set_health(leader, false)?;
    let settings = cluster.settings().elasticsearch.clone();
    let ms = times::leader_failure_ms(&settings) + times::collision_ms(&settings) * 2 + times::follower_failure_ms(&settings);
    let next = replaced_within(&mut cluster, leader, ms)?;
    cluster.expect(!cluster.config(next).contains(leader), || format!("{leader} still has a vote"))?;
    cluster.set_health(leader, true)?;
    cluster.stabilise().map(|_| ())
}

/// Each follower restarts, and once more while it finds everybody but its
/// leader, so that it has time to stand for election.
fn restarting_followers<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(4)?;
    let term = cluster.term(leader);
    for follower in cluster.followers(leader) {
        for finds_leader in [true, false] {
            if !finds_leader {
                cluster.links.set_between(NodeSet::single(follower), NodeSet::single(leader), LinkStatus::BlackHole);
            }
            cluster.reboot(follower)?;
            cluster.run_for(times::election_ms(&cluster.settings().elasticsearch))?;
            cluster.links.heal();
            cluster.settles_so_that(|cluster, last| {
                let now = cluster.term(last);
                cluster.expect((last, now) == (leader, term), || {
                    format!("{leader} led in term {term} before {follower} restarted; now {last} leads in term {now}")
                })
            })?;
        }
    }
    Ok(())
}

fn discovery_outage<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(3)?;
    let nodes = cluster.nodes();
    cluster.links.set_between(nodes, nodes, LinkStatus::Disconnected);
    for follower in cluster.followers(leader) {
        cluster.end_session(leader, follower);
    }
    // So long that a scheduler that kept running would wait for minutes.
    cluster.configure(|settings| settings.elasticsearch.election_max_timeout_ms = 600_000);
    cluster.configure(|settings| settings.elasticsearch.election_back_off_ms = 60_000);
    cluster.run_for(1_800_000)?;
    let planned = cluster.up().find(|(_, state)| state.attempts.is_some_and(|attempts| attempts > 1));
    cluster.expect(planned.is_none(), || String::from("somebody went on planning elections without a quorum"))?;
    cluster.configure(|settings| settings.elasticsearch = Default::default());
    cluster.heal()?;
    let ms = times::election_ms(&cluster.settings().elasticsearch) + 4 * times::update_ms();
    cluster.settles_within(ms).map(|_| ())
}

fn slow_publication<R: Policy>(bench: &Bench<R>) -> Step {
    let mut cluster = bench.start(CoordinatorSettings::of(7))?;
    (cluster.variability_ms, cluster.slow_states_ms) = (2_000, 500);
    cluster.run_for(300_000)?;
    let published = cluster.leaders().first().and_then(|leader| cluster.applied(*leader));
    cluster.expect(published.is_some(), || String::from("nobody has published anything in five minutes"))?;
    cluster.heal()?;
    cluster.stabilise().map(|_| ())
}

fn single_node<R: Policy>(bench: &Bench<R>) -> Step {
    let mut settings = CoordinatorSettings::of(1);
    settings.elasticsearch.discovery_type = DiscoveryType::SingleNode;
    let mut cluster = bench.start(settings)?;
    cluster.variability_ms = EXTREME_DELAY_VARIABILITY_MS * 60;
    cluster.run_for(10_000_000)?;
    let node = NodeId(0);
    cluster.expect(cluster.leaders() == [node], || String::from("the node does not lead itself"))?;
    let term = cluster.term(node);
    let request = cluster.write(node, 1, 5)?;
    cluster.run_for(10_000_000)?;
    let written = cluster.clients.attempt(request).published;
    cluster.expect(written.is_some(), || String::from("the node has not answered a client"))?;
    cluster.expect(cluster.term(node) == term, || String::from("the node has had another election"))?;
    cluster.heal()?;
    cluster.reboot(node)?;
    let leader = cluster.settles_so_that(|cluster, leader| {
        cluster.expect(cluster.applied(leader) > written, || String::from("the node has forgotten what it wrote"))
    })?;
    cluster.updates_reach_everybody(leader)
}

fn voting_only_nodes<R: Policy>(bench: &Bench<R>) -> Step {
    let voting_only: NodeSet = [NodeId(2), NodeId(3)].into_iter().collect();
    let (mut cluster, mut leader) = bench.settled_with(CoordinatorSettings { voting_only, ..CoordinatorSettings::of(5) })?;
    for _ in 0..3 {
        cluster.expect(!voting_only.contains(leader), || format!("{leader} leads, and only votes"))?;
        cluster.expect(!cluster.config(leader).intersection(voting_only).is_empty(), || String::from("they do not vote"))?;
        // Nobody else is there to stand.
        let others: Vec<NodeId> = cluster.nodes().iter().filter(|node| !voting_only.contains(*node)).collect();
        for node in &others {
            cluster.crash(*node)?;
        }
        cluster.run_for(times::election_ms(&cluster.settings().elasticsearch))?;
        let stands = cluster.up().find(|(_, state)| state.attempts.is_some() || state.mode == Mode::Leader);
        cluster.expect(stands.is_none(), || String::from("somebody who only votes stands for election"))?;
        cluster.heal()?;
        leader = cluster.stabilise()?;
    }
    Ok(())
}
