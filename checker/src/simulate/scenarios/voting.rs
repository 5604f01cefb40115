//! Voting configurations grow and shrink (`CoordinatorVotingConfigurationTests`).

use quorate_model::coordinator::{ClusterChange, CoordinatorSettings, Policy};
use quorate_model::{NodeId, NodeSet};

use super::super::cluster::{Cluster, State, Step};
use super::super::failure::Failure;
use super::super::links::LinkStatus;
use super::super::times;
use super::{Bench, NoticedBy, Scenario};

pub(super) fn scenarios<R: Policy>() -> Vec<Scenario<R>> {
    vec![
        Scenario {
            name: "cannot-set-initial-configuration-twice",
            original: "testCannotSetInitialConfigurationTwice",
            shows: "a cluster that has a configuration takes no first one again, not even after a restart",
            fails_under: "CM16",
            noticed_by: NoticedBy::Safety,
            story: bootstrapped_once,
        },
        Scenario {
            name: "setting-initial-configuration-triggers-election",
            original: "testSettingInitialConfigurationTriggersElection",
            shows: "nodes without a configuration elect nobody; those that get one do at once",
            fails_under: "W-NotAnInitialMaster",
            noticed_by: NoticedBy::Itself,
            story: bootstrap_triggers_election,
        },
        Scenario {
            name: "expands-configuration-when-growing-from-three-to-five-nodes-and-shrinks-back-to-three-on-failure",
            original: "testExpandsConfigurationWhenGrowingFromThreeToFiveNodesAndShrinksBackToThreeOnFailure",
            shows: "three become five, survive two failures, shrink to three, survive one more, and no second",
            fails_under: "E-DoesNotReconfigure",
            noticed_by: NoticedBy::Itself,
            story: expands_and_shrinks,
        },
        Scenario {
            name: "does-not-shrink-configuration-below-three-nodes",
            original: "testDoesNotShrinkConfigurationBelowThreeNodes",
            shows: "a configuration of three stays when one of them fails",
            fails_under: "LX12",
            noticed_by: NoticedBy::Itself,
            story: stays_three,
        },
        Scenario {
            name: "can-shrink-from-five-nodes-to-three",
            original: "testCanShrinkFromFiveNodesToThree",
            shows: "a configuration that auto-shrink left alone shrinks when it is turned on",
            fails_under: "LX11",
            noticed_by: NoticedBy::Itself,
            story: can_shrink,
        },
        Scenario {
            name: "does-not-shrink-configuration-with-auto-shrink-disabled",
            original: "testDoesNotShrinkWhenAutoShrinkIsDisabled",
            shows: "without auto-shrink failed nodes keep their votes",
            fails_under: "LX10",
            noticed_by: NoticedBy::Itself,
            story: without_auto_shrink,
        },
        Scenario {
            name: "single-node-grows-to-three",
            original: "testGrowsFromOneToThree…",
            shows: "a single node becomes three voters, and stays three when one fails",
            fails_under: "E-DoesNotReconfigure",
            noticed_by: NoticedBy::Itself,
            story: grows_from_one,
        },
        Scenario {
            name: "invariant-when-two-node-cluster-becomes-single-node-cluster",
            original: "testInvariantWhenTwoNodeClusterBecomesSingleNodeCluster",
            shows: "two nodes of which the voter hands over and leaves become one",
            fails_under: "LM19",
            noticed_by: NoticedBy::Itself,
            story: two_become_one,
        },
        Scenario {
            name: "reconfigures-to-exclude-master-ineligible-nodes-in-voting-configuration",
            original: "testReconfiguresToExcludeMasterIneligibleNodesInVotingConfig",
            shows: "a node that is started without the role master loses its vote, without an election",
            fails_under: "LX13",
            noticed_by: NoticedBy::Itself,
            story: without_its_role,
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
    cluster.settles_so_that(|cluster, last| expect_config(cluster, last, config)).map(|_| ())
}

fn bootstrap_triggers_election<R: Policy>(bench: &Bench<R>) -> Step {
    let none = CoordinatorSettings { initial_master_nodes: NodeSet::EMPTY, ..CoordinatorSettings::of(3) };
    let mut cluster = bench.start(none)?;
    cluster.run_for(times::stabilisation_ms(&cluster.settings().elasticsearch))?;
    cluster.expect(cluster.leaders().is_empty(), || String::from("somebody leads without a configuration"))?;
    let listed = NodeSet::first(1);
    cluster.configure(|settings| settings.initial_master_nodes = listed);
    // While the disk of the one that is listed is not well it founds the cluster and does not lead it.
    cluster.set_health(NodeId(0), false)?;
    let ms = times::election_ms(&cluster.settings().elasticsearch) + 4 * times::update_ms();
    cluster.run_for(ms)?;
    let begun = cluster.up().find(|(id, state)| !listed.contains(*id) && is_bootstrapped_alone(state));
    cluster.expect(begun.is_none(), || String::from("a node that is not listed has bootstrapped"))?;
    cluster.expect(cluster.leaders().is_empty(), || String::from("somebody else leads"))?;
    cluster.set_health(NodeId(0), true)?;
    cluster.settles_within(ms).map(|_| ())
}

/// Whether a node has a configuration, and not from a leader.
fn is_bootstrapped_alone(state: &State) -> bool {
    state.coordination.is_bootstrapped() && state.coordination.accepted().term == 0
}

fn disconnect<R: Policy>(cluster: &mut Cluster<R>, nodes: &[NodeId]) {
    nodes.iter().for_each(|node| cluster.links.set_node(*node, LinkStatus::Disconnected));
}

fn followers_in<R: Policy>(cluster: &Cluster<R>, leader: NodeId, count: usize) -> Vec<NodeId> {
    cluster.config(leader).without(leader).iter().take(count).collect()
}

fn expect_config<R: Policy>(cluster: &Cluster<R>, leader: NodeId, config: NodeSet) -> Step {
    cluster.expect(cluster.config(leader) == config, || format!("the configuration is {}, not {config}", cluster.config(leader)))
}

fn expect_three<R: Policy>(cluster: &Cluster<R>, leader: NodeId) -> Step {
    cluster.expect(cluster.config(leader).len() == 3, || format!("the configuration is {}", cluster.config(leader)))
}

fn expands_and_shrinks<R: Policy>(bench: &Bench<R>) -> Step {
    let three = NodeSet::first(3);
    let mut cluster = bench.start(CoordinatorSettings { initial_master_nodes: three, ..CoordinatorSettings::of(5) })?;
    for node in [NodeId(3), NodeId(4)] {
        cluster.crash(node)?;
    }
    cluster.settles_so_that(|cluster, leader| expect_config(cluster, leader, three))?;
    for node in [NodeId(3), NodeId(4)] {
        cluster.start_node(node)?;
    }
    let leader = cluster.settles_so_that(|cluster, leader| expect_config(cluster, leader, NodeSet::first(5)))?;

    let failed = followers_in(&cluster, leader, 2);
    disconnect(&mut cluster, &failed);
    let leader = cluster.settles_so_that(expect_three)?;
    let third = followers_in(&cluster, leader, 1);
    disconnect(&mut cluster, &third);
    let leader = cluster.settles_so_that(expect_three)?;

    // Without a fourth nobody can lead, and the two that lost their votes are no help.
    let fourth: Vec<NodeId> = cluster.members(leader).without(leader).iter().take(1).collect();
    disconnect(&mut cluster, &fourth);
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

/// Of a settled cluster of `nodes` so many voters fail, and the configuration
/// stays as it was; with that.
fn keeps_its_config<R: Policy>(
    bench: &Bench<R>,
    nodes: usize,
    failing: usize,
    shrinks: bool,
) -> Result<(Cluster<R>, NodeSet), Failure> {
    let (mut cluster, leader) = bench.settled(nodes)?;
    cluster.configure(|settings| settings.elasticsearch.auto_shrink_voting_configuration = shrinks);
    let (config, failed) = (cluster.config(leader), followers_in(&cluster, leader, failing));
    disconnect(&mut cluster, &failed);
    cluster.settles_so_that(|cluster, leader| expect_config(cluster, leader, config))?;
    Ok((cluster, config))
}

fn stays_three<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, config) = keeps_its_config(bench, 3, 1, true)?;
    cluster.heal()?;
    cluster.settles_so_that(|cluster, leader| expect_config(cluster, leader, config)).map(|_| ())
}

fn can_shrink<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, _) = keeps_its_config(bench, 5, 2, false)?;
    cluster.configure(|settings| settings.elasticsearch.auto_shrink_voting_configuration = true);
    // The next publication is followed by the change.
    cluster.write(cluster.leaders()[0], 5, 1)?;
    cluster.settles_so_that(expect_three).map(|_| ())
}

fn without_auto_shrink<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, config) = keeps_its_config(bench, 5, 2, false)?;
    cluster.heal()?;
    cluster.settles_so_that(|cluster, leader| expect_config(cluster, leader, config)).map(|_| ())
}

fn grows_from_one<R: Policy>(bench: &Bench<R>) -> Step {
    let one = NodeSet::first(1);
    let mut cluster = bench.start(CoordinatorSettings { initial_master_nodes: one, ..CoordinatorSettings::of(3) })?;
    let leader = cluster.settles_so_that(|cluster, leader| expect_config(cluster, leader, NodeSet::first(3)))?;
    let failed = followers_in(&cluster, leader, 1);
    disconnect(&mut cluster, &failed);
    cluster.settles_so_that(|cluster, leader| expect_config(cluster, leader, NodeSet::first(3))).map(|_| ())
}

fn without_its_role<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(3)?;
    let (term, node) = (cluster.term(leader), cluster.some_follower(leader));
    for has_role in [false, true] {
        cluster.change_role(node)?;
        let last = cluster.settles_so_that(|cluster, last| {
            let (config, votes) = (cluster.config(last), cluster.config(last).contains(node));
            cluster.expect(votes == has_role, || format!("the configuration is {config}"))
        })?;
        let same = has_role || (last, cluster.term(last)) == (leader, term);
        cluster.expect(same, || format!("there was an election: {last} leads"))?;
    }
    Ok(())
}

fn two_become_one<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(2)?;
    // Exclude the leader: the other one must take over, alone in the configuration.
    let exclude = ClusterChange::AddVotingConfigExclusions(NodeSet::single(leader));
    cluster.ask(leader, u64::MAX, exclude)?;
    let last = cluster.settles_so_that(|cluster, last| {
        cluster.expect(last != leader, || format!("{leader} is excluded and still leads"))?;
        expect_config(cluster, last, NodeSet::single(last))
    })?;
    cluster.crash(leader)?;
    let only = cluster.stabilise()?;
    cluster.expect(only == last && cluster.members(only) == NodeSet::single(only), || format!("{only} leads"))?;
    cluster.updates_reach_everybody(only)
}
