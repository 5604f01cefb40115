//! Exclusions, voting-only nodes, nodes without a vote.

use proptest::prelude::*;
use quorate_model::coordination::exclusions::{Exclusion, ExclusionRejection, Exclusions, Named, PresentNode};
use quorate_model::coordination::placeholder::STALE_STATE;
use quorate_model::coordination::quorum::is_majority;
use quorate_model::coordination::roles::{
    AbdicationView, RoleRejection, RolesOf, abdication_candidates, may_win_election, stored_without_role,
};
use quorate_model::coordination::{CoordinationState, Durable, Join, Sound};
use quorate_model::{NodeId, NodeSet};

fn set(ids: &[u8]) -> NodeSet {
    ids.iter().map(|id| NodeId(*id)).collect()
}

fn node(id: u8, name: &str) -> PresentNode {
    PresentNode { id: NodeId(id), name: name.to_owned(), master_eligible: true }
}

fn names(names: &[&str]) -> Named {
    Named::Names(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn exclusions_by_id_and_by_name_come_to_the_same() {
    let present = [node(0, "a"), node(1, "b"), PresentNode { master_eligible: false, ..node(2, "c") }];
    let none = Exclusions::default();
    let by_id = none.add(&Named::Ids(vec![NodeId(1)]), &present, 10).unwrap();
    assert_eq!(by_id, none.add(&names(&["b"]), &present, 10).unwrap());
    assert_eq!(by_id.ids(), set(&[1]));
    assert_eq!(none.add(&names(&["c"]), &present, 10), Ok(none.clone()), "c has no vote to lose");
    assert_eq!(none.add(&names(&[]), &present, 10), Err(ExclusionRejection::NobodyNamed));
    assert_eq!(none.add(&Named::Ids(vec![]), &present, 10), Err(ExclusionRejection::NobodyNamed));

    let full = none.add(&names(&["a", "b"]), &present, 2).unwrap();
    assert_eq!(full.add(&names(&["x"]), &present, 2), Err(ExclusionRejection::TooManyExclusions));
    assert_eq!(full.add(&names(&["a"]), &present, 1), Ok(full.clone()), "nothing new, so nothing too many");
}

#[test]
fn an_exclusion_of_an_absent_node_is_completed_when_it_joins() {
    let none = Exclusions::default();
    let named = none.add(&names(&["d"]), &[], 10).unwrap();
    assert_eq!(named.ids(), NodeSet::EMPTY, "the id is not known yet");
    assert!(!named.are_valid(&[node(3, "d")]), "the cluster state may not have the node with half an exclusion");
    let complete = named.joined(&node(3, "d"));
    assert_eq!(complete.ids(), set(&[3]));
    assert!(complete.are_valid(&[node(3, "d")]));
    assert_eq!(named.joined(&node(3, "e")), named);
    assert_eq!(named.joined(&PresentNode { master_eligible: false, ..node(3, "d") }), named);

    let by_id = none.add(&Named::Ids(vec![NodeId(3)]), &[], 10).unwrap();
    assert_eq!(by_id.joined(&node(3, "d")), complete);
    let nobody = Exclusions([Exclusion { id: None, name: None }].into());
    assert!(!nobody.are_valid(&[]));
}

#[test]
fn excluding_is_done_when_both_configurations_are_without_and_clearing_when_the_node_is_gone() {
    let excluded = Exclusions::default().add(&Named::Ids(vec![NodeId(1)]), &[node(1, "b")], 10).unwrap();
    for (accepted, committed, out) in
        [(&[0, 1][..], &[0, 1][..], false), (&[0], &[0, 1], false), (&[0, 1], &[0], false), (&[0], &[0], true)]
    {
        let done = excluded.are_out(set(accepted), set(committed));
        assert_eq!(done, if out { Ok(()) } else { Err(ExclusionRejection::StillInConfiguration) });
    }
    assert_eq!(excluded.clear(set(&[0, 1]), true), Err(ExclusionRejection::StillInCluster));
    assert_eq!(excluded.clear(set(&[0]), true), Ok(Exclusions::default()));
    assert_eq!(excluded.clear(set(&[0, 1]), false), Ok(Exclusions::default()));
}

fn any_present() -> impl Strategy<Value = Vec<PresentNode>> {
    proptest::collection::btree_map(0..5u8, (any::<bool>(), 0..5u8), 0..5).prop_map(|nodes| {
        let mut taken = NodeSet::EMPTY;
        let fresh = |(id, (master_eligible, name)): (u8, (bool, u8))| {
            let free = !taken.contains(NodeId(name));
            taken = taken.with(NodeId(name));
            free.then(|| PresentNode { id: NodeId(id), name: format!("m{name}"), master_eligible })
        };
        nodes.into_iter().filter_map(fresh).collect()
    })
}

proptest! {
    /// However nodes are named and come and go, a state never has a node with half an exclusion.
    #[test]
    fn exclusions_stay_valid(present in any_present(), ids in proptest::collection::vec(0..5u8, 1..4), wanted in proptest::collection::vec(0..5u8, 1..4), joiner in 0..5u8) {
        let mut present = present;
        let ids = Named::Ids(ids.into_iter().map(NodeId).collect());
        let wanted = Named::Names(wanted.into_iter().map(|name| format!("m{name}")).collect());
        let mut list = Exclusions::default().add(&ids, &present, 10).unwrap().add(&wanted, &present, 10).unwrap();
        prop_assert!(list.are_valid(&present), "{:?} {:?}", list, present);
        let newcomer = node(joiner, &format!("m{joiner}"));
        let clash = |one: &PresentNode| one.id == newcomer.id || one.name == newcomer.name;
        if !present.iter().any(clash) {
            list = list.joined(&newcomer);
            present.push(newcomer);
            prop_assert!(list.are_valid(&present), "{:?} {:?}", list, present);
        }
    }
}

fn vote(node: u8, term: u64, version: u64) -> (NodeId, Join) {
    (NodeId(node), Join { term: 9, last_accepted_term: term, last_accepted_version: version })
}

/// n1 is voting-only.
const ROLES: RolesOf = RolesOf { master_eligible: NodeSet(0b1111), voting_only: NodeSet(0b1001) };

#[test]
fn a_voting_only_candidate_wins_only_to_hand_over_what_others_lack() {
    let elected =
        |candidate, accepted, votes: &[(NodeId, Join)]| ROLES.may_be_elected(NodeId(candidate), accepted, votes.iter().copied());
    let own = vote(0, 2, 5);
    assert_eq!(elected(0, (2, 5), &[own, vote(3, 2, 5)]), Err(RoleRejection::OnlyVotingOnlyVotes));
    assert_eq!(elected(0, (2, 5), &[own, vote(1, 2, 5)]), Err(RoleRejection::FullMasterIsAsFresh));
    assert_eq!(elected(0, (2, 5), &[own, vote(1, 2, 4)]), Ok(()));
    assert_eq!(elected(0, (2, 5), &[own, vote(1, 1, 9)]), Ok(()));
    assert_eq!(
        elected(0, (2, 5), &[own, vote(1, 2, 5), vote(2, 2, 4)]),
        Ok(()),
        "else the second vote would revoke the election"
    );
    assert_eq!(elected(0, (0, 0), &[vote(0, 0, 0), vote(1, 0, 0)]), Ok(()), "a cluster is founded");
    assert_eq!(elected(1, (2, 5), &[own, vote(1, 2, 5)]), Ok(()), "full masters are always electable");
}

/// All sets of votes of four nodes, each absent, older, or as fresh.
fn all_votes() -> impl Iterator<Item = Vec<(NodeId, Join)>> {
    let state = |choice: u32| [None, Some((1, 9)), Some((2, 4)), Some((2, 5))][choice as usize];
    (0..256u32).map(move |number| {
        let choice = |id: u8| state(number >> (2 * id) & 3).map(|(term, version)| vote(id, term, version));
        (0..4).filter_map(choice).collect()
    })
}

#[test]
fn another_vote_never_revokes_an_election() {
    type Votes = [(NodeId, Join)];
    let monotone = |elected: &dyn Fn(&Votes) -> bool| {
        all_votes().all(|votes| {
            (0..votes.len()).all(|dropped| {
                let mut fewer = votes.clone();
                fewer.remove(dropped);
                !elected(&fewer) || elected(&votes)
            })
        })
    };
    for roles in (0..16).map(|voting_only| RolesOf { master_eligible: NodeSet(15), voting_only: NodeSet(voting_only) }) {
        assert!(monotone(&|votes| roles.may_be_elected(NodeId(0), (2, 5), votes.iter().copied()).is_ok()), "{roles:?}");
    }
    // Without the exception for an older vote it is revoked.
    let without = |votes: &[(NodeId, Join)]| {
        let mut full = votes.iter().filter(|(voter, _)| ROLES.is_full_master(*voter)).peekable();
        full.peek().is_some() && full.all(|(_, join)| (join.last_accepted_term, join.last_accepted_version) != (2, 5))
    };
    assert!(!monotone(&without));
}

#[test]
fn a_voting_only_leader_publishes_to_full_masters_and_commits_nothing() {
    let all = set(&[0, 1, 2, 3, 4]);
    assert_eq!(ROLES.publication_targets(NodeId(0), all), set(&[1, 2]));
    assert_eq!(ROLES.publication_targets(NodeId(1), all), all);
    for acceptor in 0..5 {
        assert_eq!(ROLES.may_count_acceptance(NodeId(0), NodeId(acceptor)), Err(RoleRejection::VotingOnlyDoesNotCommit));
    }
    assert_eq!(ROLES.may_count_acceptance(NodeId(1), NodeId(0)), Ok(()), "their acceptances count for others");
    assert_eq!(ROLES.may_count_acceptance(NodeId(1), NodeId(4)), Err(RoleRejection::VoterNotMasterEligible));
    assert_eq!(ROLES.counts(NodeId(4)), Err(RoleRejection::VoterNotMasterEligible));
}

#[test]
fn an_excluded_node_wins_only_while_it_is_a_member() {
    let may =
        |node: u8, accepted: &[u8], committed: &[u8]| may_win_election(NodeId(node), set(accepted), set(committed), set(&[0]));
    assert_eq!(may(0, &[0, 1], &[1]), Ok(()));
    assert_eq!(may(0, &[1], &[0, 1]), Ok(()));
    assert_eq!(may(0, &[1], &[1]), Err(RoleRejection::ExcludedMayNotWin));
    assert_eq!(may(2, &[1], &[1]), Ok(()), "outside, but not excluded");
}

fn view() -> AbdicationView {
    AbdicationView {
        local: NodeId(0),
        completed: set(&[0, 1, 2]),
        roles: RolesOf::all_full(set(&[0, 1, 2])),
        excluded: set(&[0]),
        accepted_config: set(&[1]),
        committed_config: set(&[1]),
        published: (3, 7),
    }
}

#[test]
fn an_excluded_leader_hands_over_to_somebody_who_would_win() {
    assert_eq!(abdication_candidates(&view()), set(&[1, 2]), "n3 is no member, and would win with the vote of n2");
    assert_eq!(abdication_candidates(&AbdicationView { excluded: NodeSet::EMPTY, ..view() }), NodeSet::EMPTY, "it may stay");
    let member = AbdicationView { accepted_config: set(&[0, 1, 2]), ..view() };
    assert_eq!(abdication_candidates(&member), NodeSet::EMPTY, "it may stay until it is out");
    let unheard = AbdicationView { completed: set(&[0, 2]), ..view() };
    assert_eq!(abdication_candidates(&unheard), NodeSet::EMPTY, "nobody would win without n2");
    let both = AbdicationView { excluded: set(&[0, 2]), ..view() };
    assert_eq!(abdication_candidates(&both), set(&[1]));
    let voting_only = RolesOf { master_eligible: set(&[0, 1, 2]), voting_only: set(&[1]) };
    assert_eq!(abdication_candidates(&AbdicationView { roles: voting_only, ..view() }), set(&[2]), "n2 would be as fresh as n3");
    let ineligible = RolesOf::all_full(set(&[0, 1]));
    assert_eq!(abdication_candidates(&AbdicationView { roles: ineligible, ..view() }), set(&[1]));
}

/// Whoever is chosen does win: with the votes of all that completed, by the rules.
#[test]
fn whoever_is_handed_over_to_wins() {
    let all = NodeSet::first(4);
    let mut handed_over = 0;
    for completed in all.non_empty_subsets() {
        for config in all.non_empty_subsets().filter(|config| !config.contains(NodeId(0))) {
            let view = AbdicationView {
                completed,
                roles: RolesOf::all_full(all),
                accepted_config: config,
                committed_config: config,
                ..view()
            };
            for successor in abdication_candidates(&view).iter() {
                handed_over += 1;
                let mut state = Durable::blank(0u8, 0);
                state.accepted.config = config;
                state.accepted.committed_config = config;
                let (mut node, vote) = CoordinationState::restart(state).handle_start_join(&Sound, 4).unwrap();
                for voter in completed.iter() {
                    node = node.handle_join(&Sound, voter, &vote).unwrap();
                }
                assert!(node.election_won(), "{successor} with {completed} of {config}");
            }
        }
    }
    assert!(handed_over > 90, "{handed_over}");
}

/// LM18: a node that has acknowledged more than its disk holds cannot win once
/// it is started as master-eligible.
#[test]
fn a_state_stored_without_the_role_wins_no_election() {
    let mut durable = Durable::blank(0u8, 3);
    durable.accepted.config = set(&[0]);
    durable.accepted.committed_config = set(&[0]);
    let won = |durable: Durable<u8>| {
        let (node, vote) = CoordinationState::restart(durable).handle_start_join(&Sound, 1).unwrap();
        node.handle_join(&Sound, NodeId(0), &vote).unwrap().election_won()
    };
    assert!(won(durable.clone()));
    let stored = stored_without_role(&durable);
    assert!(!won(stored.clone()));
    assert_eq!((stored.accepted.version, stored.current_term), (3, 0));
    assert!(!is_majority(NodeSet::first(64).without(STALE_STATE), stored.accepted.config));
}
