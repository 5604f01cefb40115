//! Founding a cluster: who matches the list, placeholders, and why two nodes
//! that found it at the same time found the same one.

use quorate_model::coordination::bootstrap::{
    BootstrapRejection::{self, *},
    BootstrapView, DiscoveredNode, best_effort_configuration, bootstrap_configuration, bootstrap_from,
    may_set_initial_configuration, may_start_alone, require, same_list, with_placeholders,
};
use quorate_model::coordination::placeholder::{nodes_of, placeholders};
use quorate_model::coordination::quorum::is_majority;
use quorate_model::{NodeId, NodeSet};

const NODES: [DiscoveredNode; 4] = [
    DiscoveredNode { id: NodeId(0), name: "a", address: "10.0.0.1:9300" },
    DiscoveredNode { id: NodeId(1), name: "b", address: "10.0.0.2:9300" },
    DiscoveredNode { id: NodeId(2), name: "c", address: "[::3]:9300" },
    DiscoveredNode { id: NodeId(3), name: "d", address: "10.0.0.1:9301" },
];

fn set(ids: &[u8]) -> NodeSet {
    ids.iter().map(|id| NodeId(*id)).collect()
}

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What node a makes of it.
fn bootstrap(required: &[&str], discovered: &[DiscoveredNode<'_>]) -> Result<NodeSet, BootstrapRejection> {
    let required = list(required);
    bootstrap_configuration(&BootstrapView {
        local: NodeId(0),
        local_master_eligible: true,
        bootstrapped: false,
        required: &required,
        discovered,
    })
}

#[test]
fn a_majority_of_the_list_is_enough_and_the_rest_are_placeholders() {
    let [a, b, c, d] = NODES;
    let all = [a, b, c, d];
    assert_eq!(bootstrap(&["a", "b", "c"], &all), Ok(set(&[0, 1, 2])), "d is not in the list");
    assert_eq!(bootstrap(&["a", "b", "c"], &[a, c]), Ok(set(&[0, 2]).union(placeholders(1))));
    assert_eq!(bootstrap(&["a", "b", "c"], &[a]), Err(NoMajorityFound));
    assert_eq!(bootstrap(&["a", "b"], &[a]), Err(NoMajorityFound), "half is no majority");
    assert_eq!(bootstrap(&["a"], &[a, b]), Ok(set(&[0])));
    // By address, and by host where the port is not needed to tell nodes apart.
    assert_eq!(bootstrap(&["10.0.0.1:9300", "10.0.0.2", "::3"], &[a, b, c]), Ok(set(&[0, 1, 2])));
}

#[test]
fn what_is_wrong_with_a_list_is_said() {
    let [a, b, c, d] = NODES;
    assert_eq!(bootstrap(&[], &[a]), Err(NothingRequired));
    assert_eq!(bootstrap(&["a", "a"], &[a]), Err(RequiredTwice));
    assert_eq!(bootstrap(&["b", "c"], &[a, b, c]), Err(LocalNodeNotRequired));
    assert_eq!(bootstrap(&["10.0.0.1", "x"], &[a, d]), Err(RequirementFitsSeveralNodes), "one host, two nodes");
    assert_eq!(bootstrap(&["a", "10.0.0.1"], &[a]), Err(NodeFitsSeveralRequirements));
    let many: Vec<String> = (0..32).map(|number| format!("m{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(bootstrap(&many, &[a]), Err(TooManyRequired));

    let required = list(&["d"]);
    let view = BootstrapView {
        local: NodeId(3),
        local_master_eligible: true,
        bootstrapped: false,
        required: &required,
        discovered: &[d],
    };
    assert_eq!(bootstrap_configuration(&view), Ok(set(&[3])));
    let data_node = BootstrapView { local_master_eligible: false, ..view };
    assert_eq!(bootstrap_configuration(&data_node), Err(NotMasterEligible));
    let again = BootstrapView { bootstrapped: true, ..view };
    assert_eq!(bootstrap_configuration(&again), Err(AlreadyBootstrapped));
}

#[test]
fn a_configuration_is_set_once_by_a_member_that_knows_a_quorum() {
    let config = set(&[0, 1]).union(placeholders(1));
    let set_it = |local, eligible, bootstrapped, known: &[u8]| {
        may_set_initial_configuration(NodeId(local), eligible, bootstrapped, config, set(known))
    };
    assert_eq!(set_it(0, true, false, &[1]), Ok(()));
    assert_eq!(set_it(0, true, false, &[2]), Err(NoQuorumKnown));
    assert_eq!(set_it(0, true, true, &[1]), Err(AlreadyBootstrapped));
    assert_eq!(set_it(0, false, false, &[1]), Err(NotMasterEligible));
    assert_eq!(set_it(2, true, false, &[0, 1]), Err(LocalNodeNotInConfiguration));

    assert_eq!(may_start_alone(NodeId(0), NodeSet::EMPTY), Ok(()));
    assert_eq!(may_start_alone(NodeId(0), set(&[0])), Ok(()));
    assert_eq!(may_start_alone(NodeId(0), set(&[0, 1])), Err(NotAloneInConfiguration));
}

#[test]
fn nodes_that_meet_compare_their_lists() {
    assert_eq!(same_list(&list(&["a", "b"]), &list(&["b", "a"])), Ok(()));
    assert_eq!(same_list(&list(&["a", "b"]), &[]), Ok(()), "a node that founds nothing has no list");
    for theirs in [list(&["a"]), list(&["a", "b", "c"]), list(&["c", "d"])] {
        assert_eq!(same_list(&list(&["a", "b"]), &theirs), Err(ListsDiffer));
    }
}

#[test]
fn only_what_discovery_can_mend_is_tried_again() {
    let tried_again: Vec<BootstrapRejection> = BootstrapRejection::ALL.into_iter().filter(|why| !why.is_final()).collect();
    assert_eq!(tried_again, [NoMajorityFound, NoQuorumKnown]);
}

#[test]
fn ids_and_names_agree() {
    let names = ["a", "b", "c", "d"];
    for required in 1..16u64 {
        let wanted: Vec<&str> = (0..4).filter(|index| required >> index & 1 == 1).map(|index| names[index]).collect();
        for found in (0..16u64).filter(|found| found & 1 == 1) {
            let discovered: Vec<DiscoveredNode> = NODES.into_iter().filter(|node| found >> node.id.0 & 1 == 1).collect();
            let by_id = bootstrap_from(NodeId(0), NodeSet(required), NodeSet(found), false, require);
            assert_eq!(bootstrap(&wanted, &discovered), by_id, "{wanted:?} {found:b}");
        }
    }
}

/// Two nodes of one list that each win an election with a configuration of their own.
fn two_winners(size: usize, rule: impl Fn(NodeSet) -> Option<NodeSet>) -> bool {
    let all = NodeSet::first(size);
    let configs: Vec<NodeSet> = all.non_empty_subsets().filter_map(rule).collect();
    configs.iter().any(|one| {
        configs.iter().any(|other| {
            let voters = || nodes_of(*one).union(nodes_of(*other)).non_empty_subsets();
            let disjoint =
                |a: NodeSet, b: NodeSet| is_majority(a, *one) && is_majority(b, *other) && a.intersection(b).is_empty();
            voters().any(|a| voters().any(|b| disjoint(a, b)))
        })
    })
}

#[test]
fn clusters_founded_from_one_list_are_one_cluster() {
    for size in 1..=5 {
        let required = NodeSet::first(size);
        let found_by_first = |found: NodeSet| {
            let local = found.iter().next()?;
            bootstrap_from(local, required, found, false, require).ok()
        };
        assert!(!two_winners(size, found_by_first), "{size} nodes");
    }
    // Without placeholders, as a node that bootstraps with whoever is there does it.
    assert!(two_winners(2, |found| found.iter().next().map(|local| best_effort_configuration(local, found))));
    // Without placeholders, though with a majority of the list: of three nodes,
    // {a,b} and {b,c} have quorums that meet, of five {a,b,c} and {c,d,e} have not.
    let majority_alone = |found: NodeSet| (found.len() * 2 > 5).then_some(found);
    assert!(two_winners(5, majority_alone));
    // With placeholders, the majority is needed only to win, not for safety.
    assert!(!two_winners(4, |found| Some(with_placeholders(found, 4))));
}
