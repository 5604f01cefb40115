//! Pre-votes, joins, checks and terms: each guard.

use quorate_model::coordination::{CoordinationState, Durable, Join, RuleSet, Sound};
use quorate_model::membership::MembershipRejection::{self, *};
use quorate_model::membership::{
    CheckCount, CheckFailure, ElectionAttempts, ElectionView, FollowerCheckRuling, FollowerCheckView, JoinRequest,
    LeaderCheckView, PreVoteView, TermBump, TermsSeen, accept_validation, answer_follower_check, answer_leader_check,
    answer_pre_vote, may_start_election, would_vote,
};
use quorate_model::settings::Settings;
use quorate_model::{NodeId, NodeSet};

const B: NodeId = NodeId(1);
const C: NodeId = NodeId(2);

#[test]
fn a_node_that_knows_another_leader_or_is_unwell_refuses_pre_votes() {
    let view = PreVoteView { healthy: true, leader: None };
    assert_eq!(answer_pre_vote(&Sound, &view, B), Ok(()));
    assert_eq!(answer_pre_vote(&Sound, &PreVoteView { leader: Some(B), ..view }, B), Ok(()), "the leader has stood down");
    assert_eq!(answer_pre_vote(&Sound, &PreVoteView { leader: Some(C), ..view }, B), Err(PreVoteLeaderKnown));
    assert_eq!(answer_pre_vote(&Sound, &PreVoteView { healthy: false, ..view }, B), Err(PreVoteUnhealthy));
}

fn bootstrapped(config: NodeSet, committed_config: NodeSet, accepted: (u64, u64)) -> CoordinationState<u8> {
    let mut durable = Durable::blank(0u8, accepted.1);
    (durable.current_term, durable.accepted.term) = (accepted.0, accepted.0);
    (durable.accepted.config, durable.accepted.committed_config) = (config, committed_config);
    CoordinationState::restart(durable)
}

/// `testPrevotingIndicatesElectionSuccess`: an election is started exactly when
/// the same nodes' votes would win it.
#[test]
fn pre_votes_foretell_elections() {
    let (mut started, mut all) = (0, 0);
    for config in (1..8).map(NodeSet) {
        for committed in (1..8).map(NodeSet) {
            for states in 0..64u64 {
                let accepted = |node: u8| [(1, 1), (1, 2), (2, 1), (2, 2)][(states >> (2 * node) & 3) as usize];
                let candidate = bootstrapped(config, committed, accepted(0));
                let mut promised = NodeSet::EMPTY;
                let (mut elected, own) = candidate.handle_start_join(&Sound, 3).unwrap();
                for node in 0..3 {
                    let (term, version) = accepted(node);
                    if would_vote(&Sound, (term, version), accepted(0)).is_ok() {
                        promised = promised.with(NodeId(node));
                    }
                    let vote = Join { last_accepted_term: term, last_accepted_version: version, ..own };
                    if let Ok(next) = elected.handle_join(&Sound, NodeId(node), &vote) {
                        elected = next;
                    }
                }
                let foretold = Sound.is_election_quorum(promised, committed, config);
                assert_eq!(foretold, elected.election_won(), "{config} {committed} {states:b}");
                started += usize::from(foretold);
                all += 1;
            }
        }
    }
    assert!(started > 100 && started < all - 100, "{started} of {all}");
}

#[test]
fn elections_are_tried_only_where_they_could_succeed() {
    let view = ElectionView { is_candidate: true, may_win: true, healthy: true, quorum_known: true };
    assert_eq!(may_start_election(&Sound, &view), Ok(()));
    assert_eq!(may_start_election(&Sound, &ElectionView { is_candidate: false, ..view }), Err(ElectionNotCandidate));
    assert_eq!(may_start_election(&Sound, &ElectionView { quorum_known: false, ..view }), Err(ElectionNoQuorumKnown));
    assert_eq!(may_start_election(&Sound, &ElectionView { may_win: false, ..view }), Err(ElectionExcluded));
    assert_eq!(may_start_election(&Sound, &ElectionView { healthy: false, ..view }), Err(ElectionUnhealthy));
}

#[test]
fn terms_heard_of_decide_the_next_election_and_bump_a_leader() {
    let seen = TermsSeen::default().hear(5).hear(3);
    assert_eq!(seen, TermsSeen(5));
    assert_eq!((seen.next_election_term(2), seen.next_election_term(7)), (6, 8));
    assert_eq!(seen.bump(4, true, false), TermBump::Now(5));
    assert_eq!(seen.bump(4, true, true), TermBump::AfterPublication);
    assert_eq!(seen.bump(5, true, false), TermBump::None);
    assert_eq!(seen.bump(4, false, false), TermBump::None, "only leaders have something to lose");
    // One bump takes two terms.
    let TermBump::Now(entered) = TermsSeen(0).vote_is_missing(4).bump(4, true, false) else { panic!("a vote is missing") };
    assert_eq!((entered, TermsSeen(5).next_election_term(entered)), (5, 6));
}

#[test]
fn attempts_are_counted_until_a_state_of_the_term_is_applied() {
    let settings = Settings::default();
    let (once, first) = ElectionAttempts::default().next(&settings);
    let (_, second) = once.next(&settings);
    assert_eq!((first.end.as_millis(), second.end.as_millis()), (100, 700));
    assert!(ElectionAttempts::is_done(false, 3, 3));
    assert!(!ElectionAttempts::is_done(true, 3, 3), "still a candidate");
    assert!(!ElectionAttempts::is_done(false, 2, 3), "its first publication may fail yet");
}

fn request(minimum_term: u64, vote: Option<u64>) -> JoinRequest {
    let vote = vote.map(|term| Join { term, last_accepted_term: 0, last_accepted_version: 0 });
    JoinRequest { minimum_term, vote }
}

#[test]
fn a_request_speaks_of_the_higher_of_its_terms() {
    assert_eq!((request(3, None).term(), request(3, Some(2)).term(), request(3, Some(4)).term()), (3, 3, 4));
}

#[test]
fn a_node_stays_in_its_cluster() {
    assert_eq!(accept_validation(&Sound, None, &7), Ok(()));
    assert_eq!(accept_validation(&Sound, Some(&7), &7), Ok(()));
    assert_eq!(accept_validation(&Sound, Some(&6), &7), Err(JoinClusterUuidDiffers));
}

#[test]
fn follower_checks_make_followers_of_those_that_have_not_given_up() {
    let view = FollowerCheckView { healthy: true, is_follower: false, current_term: 3, accepted_term: 2, join_pending: false };
    use FollowerCheckRuling::*;
    let ruling = |view: FollowerCheckView, term| answer_follower_check(&Sound, &view, term);
    assert_eq!(ruling(FollowerCheckView { healthy: false, ..view }, 3), Err(FollowerCheckUnhealthy));
    assert_eq!(ruling(view, 2), Err(FollowerCheckTermOlder));
    assert_eq!(ruling(view, 4), Ok(EnterTerm));
    assert_eq!(ruling(view, 3), Ok(Follow), "nothing accepted in this term");
    let gave_up = FollowerCheckView { accepted_term: 3, ..view };
    assert_eq!(ruling(gave_up, 3), Err(FollowerCheckFaultyMaster));
    assert_eq!(ruling(FollowerCheckView { join_pending: true, ..gave_up }, 3), Ok(Nothing), "it stays a candidate");
    assert_eq!(ruling(FollowerCheckView { is_follower: true, ..gave_up }, 3), Ok(Nothing));
}

#[test]
fn leader_checks_are_answered_by_masters_of_the_sender() {
    let view = LeaderCheckView { healthy: true, is_master: true, nodes: NodeSet::single(B) };
    assert_eq!(answer_leader_check(&Sound, &view, B), Ok(()));
    assert_eq!(answer_leader_check(&Sound, &LeaderCheckView { healthy: false, ..view }, B), Err(LeaderCheckUnhealthy));
    assert_eq!(answer_leader_check(&Sound, &LeaderCheckView { is_master: false, ..view }, B), Err(LeaderCheckNotMaster));
    assert_eq!(answer_leader_check(&Sound, &view, C), Err(LeaderCheckSenderRemoved));
}

#[test]
fn so_many_failures_in_a_row_or_a_lost_session_make_a_peer_faulty() {
    let count = CheckCount::default();
    let (count, faulty) = count.failed(CheckFailure::Timeout, 3);
    assert!(!faulty);
    let (twice, faulty) = count.failed(CheckFailure::Rejected, 3);
    assert!(!faulty, "timeouts and refusals are summed up");
    assert!(twice.failed(CheckFailure::Timeout, 3).1);
    assert!(!twice.succeeded().failed(CheckFailure::Timeout, 3).1, "a success forgets them");
    for at_once in [CheckFailure::Disconnected, CheckFailure::Unhealthy] {
        assert!(CheckCount::default().failed(at_once, 3).1);
    }
}

#[test]
fn guards_have_names_of_their_own() {
    let names: std::collections::BTreeSet<&str> = MembershipRejection::ALL.iter().map(|guard| guard.name()).collect();
    assert_eq!(names.len(), MembershipRejection::ALL.len());
    assert_eq!(PreVoteUnhealthy.to_string(), "PreVoteUnhealthy");
}
