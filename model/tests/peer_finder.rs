//! Discovery: guards, and nodes that find each other.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quorate_model::membership::MembershipRejection::*;
use quorate_model::membership::{MasterFound, PeerFinder, PeerInfo, PeersRequest, PeersResponse};
use quorate_model::{NodeId, NodeSet};

/// Node 3 listens at "address" 30.
fn info(node: u8) -> PeerInfo<u32> {
    PeerInfo { id: NodeId(node), address: u32::from(node) * 10 }
}

fn finder(node: u8) -> PeerFinder<u32> {
    PeerFinder::new(info(node))
}

fn nobody() -> PeersResponse<u32> {
    PeersResponse { leader: None, known: vec![], term: 0 }
}

#[test]
fn addresses_are_probed_once_and_only_while_active() {
    let mut finder = finder(0);
    assert_eq!(finder.probe(&10), Err(PeerFinderInactive));
    assert_eq!(finder.activate(&[10, 20], &[0, 10]), [10, 20], "its own address is not probed, another once");
    assert_eq!(finder.probe(&0), Err(PeerIsLocal));
    assert_eq!(finder.probe(&10), Err(PeerKnown));
    finder.lost(&10);
    assert_eq!(finder.probe(&10), Ok(()));

    assert_eq!(finder.connected(&30, NodeId(3), true), Err(PeerNotProbed));
    assert_eq!(finder.connected(&10, NodeId(1), true), Ok(()));
    assert_eq!(finder.connected(&10, NodeId(1), true), Err(PeerNotProbed), "it is a peer already");
    assert_eq!(finder.connected(&20, NodeId(0), true), Err(PeerIsLocal), "another address of its own");
    assert_eq!(finder.probe(&20), Ok(()));
    assert_eq!(finder.connected(&20, NodeId(2), false), Err(PeerNotMasterEligible));
    assert_eq!(finder.found(), NodeSet::single(NodeId(1)));

    finder.deactivate(info(1));
    assert_eq!(finder.found(), NodeSet::EMPTY);
    assert_eq!(finder.connected(&20, NodeId(2), true), Err(PeerFinderInactive));
    assert_eq!(finder.wake_up(&[], &[]), Err(PeerFinderInactive));
    assert_eq!(finder.handle_response(&10, &nobody()), Err(PeerFinderInactive));
}

#[test]
fn a_peer_is_asked_one_question_at_a_time() {
    let mut finder = finder(0);
    finder.activate(&[10], &[]);
    finder.connected(&10, NodeId(1), true).unwrap();
    assert_eq!(finder.wake_up(&[], &[]).unwrap().asks, [], "asked when it was connected");
    assert_eq!(finder.handle_response(&10, &nobody()), Ok((vec![], None)));
    assert_eq!(finder.handle_response(&10, &nobody()), Err(PeerNotProbed), "nothing was asked");
    assert_eq!(finder.wake_up(&[], &[]).unwrap().asks, [info(1)]);
    finder.request_failed(&10);
    let wakeup = finder.wake_up(&[10, 20], &[30]).unwrap();
    assert_eq!((wakeup.asks, wakeup.probes), (vec![info(1)], vec![30, 20]));
}

#[test]
fn only_a_leader_that_says_so_itself_is_joined() {
    let mut finder = finder(0);
    finder.activate(&[10], &[]);
    finder.connected(&10, NodeId(1), true).unwrap();
    let follower = PeersResponse { leader: Some(info(2)), known: vec![], term: 7 };
    assert_eq!(finder.handle_response(&10, &follower), Ok((vec![20], None)), "hearsay: go and ask");
    finder.connected(&20, NodeId(2), true).unwrap();
    let found = MasterFound { leader: NodeId(2), term: 8 };
    assert_eq!(finder.handle_response(&20, &PeersResponse { term: 8, ..follower }), Ok((vec![], Some(found))));
}

#[test]
fn an_active_node_probes_who_asks_and_an_inactive_one_names_its_leader() {
    let mut finder = finder(0);
    let request = PeersRequest { source: info(1), master_eligible: true, known: vec![info(0), info(2)] };
    finder.set_term(5);
    finder.activate(&[], &[]);
    assert_eq!(finder.handle_request(&request), (PeersResponse { term: 5, ..nobody() }, vec![10, 20]));
    let data_node = PeersRequest { source: info(3), master_eligible: false, known: vec![] };
    assert_eq!(finder.handle_request(&data_node).1, [0u32; 0], "it may not vote");
    finder.connected(&20, NodeId(2), true).unwrap();
    assert_eq!(finder.handle_request(&data_node).0.known, [info(2)]);
    assert_eq!(finder.request(true), PeersRequest { source: info(0), master_eligible: true, known: vec![info(2)] });
    finder.deactivate(info(2));
    let answer = PeersResponse { leader: Some(info(2)), known: vec![], term: 5 };
    assert_eq!(finder.handle_request(&request), (answer, vec![]));
}

/// Candidates that each know some seeds, over connections that always work.
fn find_each_other(seeds: &[Vec<u8>]) -> Vec<NodeSet> {
    let mut finders: Vec<PeerFinder<u32>> = (0..seeds.len() as u8).map(finder).collect();
    let mut probes: Vec<(usize, u32)> = Vec::new();
    for (node, seeds) in seeds.iter().enumerate() {
        let seeds: Vec<u32> = seeds.iter().map(|seed| info(*seed).address).collect();
        probes.extend(finders[node].activate(&seeds, &[]).into_iter().map(|address| (node, address)));
    }
    for _ in 0..seeds.len() {
        // Everybody is connected and asked, then everybody wakes up.
        while let Some((node, address)) = probes.pop() {
            let peer = (address / 10) as usize;
            if peer < finders.len() && finders[node].connected(&address, NodeId(peer as u8), true).is_ok() {
                ask(&mut finders, node, peer, &mut probes);
            }
        }
        for node in 0..finders.len() {
            let wakeup = finders[node].wake_up(&[], &[]).unwrap();
            probes.extend(wakeup.probes.into_iter().map(|address| (node, address)));
            for peer in wakeup.asks {
                ask(&mut finders, node, peer.id.index(), &mut probes);
            }
        }
    }
    finders.iter().map(PeerFinder::found).collect()
}

fn ask(finders: &mut [PeerFinder<u32>], node: usize, peer: usize, probes: &mut Vec<(usize, u32)>) {
    let request = finders[node].request(true);
    let (response, theirs) = finders[peer].handle_request(&request);
    probes.extend(theirs.into_iter().map(|address| (peer, address)));
    let (mine, _) = finders[node].handle_response(&(peer as u32 * 10), &response).unwrap();
    probes.extend(mine.into_iter().map(|address| (node, address)));
}

proptest! {
    /// The dumb twin: whoever is connected by seeds, in whichever direction, finds each other.
    #[test]
    fn whoever_is_connected_by_seeds_finds_each_other(seeds in proptest::collection::vec(proptest::collection::vec(0..5u8, 0..3), 5)) {
        let mut component: BTreeMap<u8, BTreeSet<u8>> = (0..5).map(|node| (node, BTreeSet::from([node]))).collect();
        for (node, seeds) in seeds.iter().enumerate() {
            for seed in seeds {
                let joined: BTreeSet<u8> = component[&(node as u8)].union(&component[seed]).copied().collect();
                for member in &joined {
                    component.insert(*member, joined.clone());
                }
            }
        }
        for (node, found) in find_each_other(&seeds).into_iter().enumerate() {
            let others: NodeSet = component[&(node as u8)].iter().filter(|other| usize::from(**other) != node).map(|n| NodeId(*n)).collect();
            prop_assert_eq!(found, others, "node {} of {:?}", node, seeds);
        }
    }
}
