//! Voting configurations grow and shrink (`CoordinatorVotingConfigurationTests`).

use quorate_model::coordinator::{ClusterChange, CoordinatorSettings, Policy};
use quorate_model::{NodeId, NodeSet};

use super::super::cluster::{Cluster, State, Step};
use super::super::failure::Failure;
use super::super::links::LinkStatus;
use super::super::times;
use super::{Bench, Scenario};

pub(super) fn scenarios<R: Policy>() -> Vec<Scenario<R>> {
    vec![
        Scenario {
            name: "cannot-set-initial-configuration-twice",
            original: "testCannotSetInitialConfigurationTwice",
            shows: "a cluster that has a configuration takes no first one again, not even after a restart",
            fails_under: "CM15",
            story: bootstrapped_once,
        },
        Scenario {
            name: "setting-initial-configuration-triggers-election",
            original: "testSettingInitialConfigurationTriggersElection",
            shows: "nodes without a configuration elect nobody; those that get one do at once",
            fails_under: "W-NotAnInitialMaster",
            story: bootstrap_triggers_election,
        },
        Scenario {
            name: "expands-configuration-when-growing-from-three-to-five-nodes-and-shrinks-back-to-three-on-failure",
            original: "testExpandsConfigurationWhenGrowingFromThreeToFiveNodesAndShrinksBackToThreeOnFailure",
            shows: "three become five, survive two failures, shrink to three, survive one more, and no second",
            fails_under: "LM-DoesNotReconfigure",
            story: expands_and_shrinks,
        },
        Scenario {
            name: "does-not-shrink-configuration-below-three-nodes",
            original: "testDoesNotShrinkConfigurationBelowThreeNodes",
            shows: "a configuration of three stays when one of them fails",
            fails_under: "LM-DoesNotReconfigure",
            story: stays_three,
        },
        Scenario {
            name: "can-shrink-from-five-nodes-to-three",
            original: "testCanShrinkFromFiveNodesToThree",
            shows: "a configuration that auto-shrink left alone shrinks when it is turned on",
            fails_under: "LM-DoesNotReconfigure",
            story: can_shrink,
        },
        Scenario {
            name: "does-not-shrink-configuration-with-auto-shrink-disabled",
            original: "testDoesNotShrinkWhenAutoShrinkIsDisabled",
            shows: "without auto-shrink failed nodes keep their votes",
            fails_under: "LM-DoesNotReconfigure",
            story: without_auto_shrink,
        },
        Scenario {
            name: "single-node-grows-to-three",
            original: "testGrowsFromOneToThree…",
            shows: "a single node becomes three voters, and stays three when one fails",
            fails_under: "LM-DoesNotReconfigure",
            story: grows_from_one,
        },
        Scenario {
            name: "invariant-when-two-node-cluster-becomes-single-node-cluster",
            original: "testInvariantWhenTwoNodeClusterBecomesSingleNodeCluster",
            shows: "two nodes of which the voter hands over and leaves become one",
            fails_under: "LM19",
            story: two_become_one,
        },
    ]
}

fn bootstrapped_once<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(3)?;
    let (config, follower) = (cluster.config(leader), cluster.some_follower(leader));
    cluster.configure(|settings| settings.initial_master_nodes = NodeSet::single(follower));
    let all: Vec<NodeId> = cluster.nodes().iter().collect();
    for node in all {
        cluster.reboot(node)?;
    }
    let last = cluster.stabilise()?;
    cluster.expect(cluster.config(last) == config, || format!("the configuration was {config} and is {}", cluster.config(last)))
}

fn bootstrap_triggers_election<R: Policy>(bench: &Bench<R>) -> Step {
    let none = CoordinatorSettings { initial_master_nodes: NodeSet::EMPTY, ..CoordinatorSettings::of(3) };
    let mut cluster = bench.start(none)?;
    cluster.run_for(times::stabilisation_ms(&cluster.settings().elasticsearch))?;
    cluster.expect(cluster.leaders().is_empty(), || String::from("somebody leads without a configuration"))?;
    let listed = NodeSet::first(1);
    cluster.configure(|settings| settings.initial_master_nodes = listed);
    let ms = times::election_ms(&cluster.settings().elasticsearch) + 4 * times::update_ms();
    let end_ms = cluster.now_ms() + ms;
    while cluster.leaders().is_empty() && cluster.now_ms() < end_ms {
        cluster.run_task()?;
        let begun = cluster.up().find(|(id, state)| !listed.contains(*id) && is_bootstrapped_alone(state));
        cluster.expect(begun.is_none(), || String::from("a node that is not listed has bootstrapped"))?;
    }
    cluster.stabilise_within(ms).map(|_| ())
}

/// Whether a node has a configuration, and not from a leader.
fn is_bootstrapped_alone(state: &State) -> bool {
    state.coordination.is_bootstrapped() && state.coordination.accepted().term == 0
}

/// Fails nodes and lets the rest settle; the leader.
fn fail<R: Policy>(cluster: &mut Cluster<R>, nodes: &[NodeId]) -> Result<NodeId, Failure> {
    for node in nodes {
        cluster.links.set_node(*node, LinkStatus::Disconnected);
    }
    cluster.stabilise()
}

fn followers_in<R: Policy>(cluster: &Cluster<R>, leader: NodeId, count: usize) -> Vec<NodeId> {
    cluster.config(leader).without(leader).iter().take(count).collect()
}

fn expect_config<R: Policy>(cluster: &Cluster<R>, leader: NodeId, config: NodeSet) -> Step {
    cluster.expect(cluster.config(leader) == config, || format!("the configuration is {}, not {config}", cluster.config(leader)))
}

fn expands_and_shrinks<R: Policy>(bench: &Bench<R>) -> Step {
    let three = NodeSet::first(3);
    let mut cluster = bench.start(CoordinatorSettings { initial_master_nodes: three, ..CoordinatorSettings::of(5) })?;
    for node in [NodeId(3), NodeId(4)] {
        cluster.crash(node)?;
    }
    let leader = cluster.stabilise()?;
    expect_config(&cluster, leader, three)?;
    for node in [NodeId(3), NodeId(4)] {
        cluster.start_node(node)?;
    }
    let leader = cluster.stabilise()?;
    expect_config(&cluster, leader, NodeSet::first(5))?;

    let failed = followers_in(&cluster, leader, 2);
    let leader = fail(&mut cluster, &failed)?;
    cluster.expect(cluster.config(leader).len() == 3, || format!("the configuration is {}", cluster.config(leader)))?;
    let third = followers_in(&cluster, leader, 1);
    let leader = fail(&mut cluster, &third)?;
    cluster.expect(cluster.config(leader).len() == 3, || format!("the configuration is {}", cluster.config(leader)))?;

    // Without a fourth nobody can lead, and the two that lost their votes are no help.
    let fourth: Vec<NodeId> = cluster.members(leader).without(leader).iter().take(1).collect();
    cluster.links.set_node(fourth[0], LinkStatus::Disconnected);
    for node in &failed {
        cluster.links.set_node(*node, LinkStatus::Connected);
    }
    cluster.run_for(times::stabilisation_ms(&cluster.settings().elasticsearch))?;
    let committed = cluster.applied(leader);
    cluster.expect(cluster.leaders().is_empty(), || format!("{:?} lead with one of three votes", cluster.leaders()))?;
    cluster.heal()?;
    let last = cluster.stabilise()?;
    cluster.expect(cluster.applied(last) > committed, || String::from("the cluster has forgotten what it committed"))
}

fn stays_three<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(3)?;
    let config = cluster.config(leader);
    let failed = followers_in(&cluster, leader, 1);
    let leader = fail(&mut cluster, &failed)?;
    expect_config(&cluster, leader, config)?;
    cluster.heal()?;
    let leader = cluster.stabilise()?;
    expect_config(&cluster, leader, config)
}

fn can_shrink<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(5)?;
    cluster.configure(|settings| settings.elasticsearch.auto_shrink_voting_configuration = false);
    let config = cluster.config(leader);
    let failed = followers_in(&cluster, leader, 2);
    let leader = fail(&mut cluster, &failed)?;
    expect_config(&cluster, leader, config)?;
    cluster.configure(|settings| settings.elasticsearch.auto_shrink_voting_configuration = true);
    // The next publication is followed by the change.
    cluster.write(leader, 5, 1)?;
    let leader = cluster.stabilise()?;
    cluster.expect(cluster.config(leader).len() == 3, || format!("the configuration is {}", cluster.config(leader)))
}

fn without_auto_shrink<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(5)?;
    cluster.configure(|settings| settings.elasticsearch.auto_shrink_voting_configuration = false);
    let config = cluster.config(leader);
    let failed = followers_in(&cluster, leader, 2);
    let leader = fail(&mut cluster, &failed)?;
    expect_config(&cluster, leader, config)?;
    cluster.heal()?;
    let leader = cluster.stabilise()?;
    expect_config(&cluster, leader, config)
}

fn grows_from_one<R: Policy>(bench: &Bench<R>) -> Step {
    let one = NodeSet::first(1);
    let mut cluster = bench.start(CoordinatorSettings { initial_master_nodes: one, ..CoordinatorSettings::of(3) })?;
    let leader = cluster.stabilise()?;
    expect_config(&cluster, leader, NodeSet::first(3))?;
    let failed = followers_in(&cluster, leader, 1);
    let leader = fail(&mut cluster, &failed)?;
    expect_config(&cluster, leader, NodeSet::first(3))
}

fn two_become_one<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(2)?;
    // Exclude the leader: the other one must take over, alone in the configuration.
    let exclude = ClusterChange::AddVotingConfigExclusions(NodeSet::single(leader));
    cluster.ask(leader, u64::MAX, exclude)?;
    let last = cluster.stabilise()?;
    cluster.expect(last != leader, || format!("{leader} is excluded and still leads"))?;
    expect_config(&cluster, last, NodeSet::single(last))?;
    cluster.crash(leader)?;
    let only = cluster.stabilise()?;
    cluster.expect(only == last && cluster.members(only) == NodeSet::single(only), || format!("{only} leads"))?;
    cluster.updates_reach_everybody(only)
}
