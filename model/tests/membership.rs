//! Pre-votes, joins, checks and terms: each guard, and the dumb twins.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quorate_model::coordination::{CoordinationState, Durable, Join, Sound};
use quorate_model::membership::MembershipRejection::{self, *};
use quorate_model::membership::{
    CheckCount, CheckFailure, ElectionAttempts, ElectionView, FollowerCheckRuling, FollowerCheckView, JoinAccumulator, JoinBatch,
    JoinDecision, JoinRequest, JoinSteps, JoinTarget, JoinTask, JoinsClosed, LeaderCheckView, NewMode, PendingJoins,
    PreVoteResponse, PreVoteRound, PreVoteView, TermBump, TermsSeen, accept_validation, admit_join, answer_follower_check,
    answer_leader_check, answer_pre_vote, join_steps, may_start_election, run_join_tasks,
};
use quorate_model::settings::Settings;
use quorate_model::{NodeId, NodeSet};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);
const C: NodeId = NodeId(2);

fn response(term: u64, version: u64) -> PreVoteResponse {
    PreVoteResponse { current_term: 9, last_accepted_term: term, last_accepted_version: version }
}

#[test]
fn a_node_that_knows_another_leader_or_is_unwell_refuses_pre_votes() {
    let view = PreVoteView { healthy: true, leader: None };
    assert_eq!(answer_pre_vote(&Sound, &view, B), Ok(()));
    assert_eq!(answer_pre_vote(&Sound, &PreVoteView { leader: Some(B), ..view }, B), Ok(()), "the leader has stood down");
    assert_eq!(answer_pre_vote(&Sound, &PreVoteView { leader: Some(C), ..view }, B), Err(PreVoteLeaderKnown));
    assert_eq!(answer_pre_vote(&Sound, &PreVoteView { healthy: false, ..view }, B), Err(PreVoteUnhealthy));
}

#[test]
fn a_round_starts_one_election_and_ignores_the_fresher_and_the_late() {
    let two = |round: &PreVoteRound| round.voters().len() >= 2;
    let round = PreVoteRound::new(4, (2, 5));
    assert_eq!(round.handle_response(3, B, response(1, 1), two), Err(PreVoteRoundClosed));
    assert_eq!(round.handle_response(4, B, response(3, 1), two), Err(PreVoteResponderFresher));
    assert_eq!(round.handle_response(4, B, response(2, 6), two), Err(PreVoteResponderFresher));
    let (round, start) = round.handle_response(4, A, response(2, 5), two).unwrap();
    assert!(!start);
    let (round, start) = round.handle_response(4, A, response(2, 5), two).unwrap();
    assert!(!start, "the same node again");
    let (round, start) = round.handle_response(4, B, response(1, 9), two).unwrap();
    assert!(start);
    let (_, start) = round.handle_response(4, C, response(0, 0), two).unwrap();
    assert!(!start, "once");
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
                let is_quorum = |round: &PreVoteRound| {
                    let majority = |set: NodeSet| round.voters().intersection(set).len() * 2 > set.len();
                    majority(config) && majority(committed)
                };
                let mut round = PreVoteRound::new(0, accepted(0));
                let mut foretold = false;
                let (mut elected, own) = candidate.handle_start_join(&Sound, 3).unwrap();
                for node in 0..3 {
                    let (term, version) = accepted(node);
                    if let Ok((next, start)) = round.handle_response(0, NodeId(node), response(term, version), is_quorum) {
                        round = next;
                        foretold |= start;
                    }
                    let vote = Join { last_accepted_term: term, last_accepted_version: version, ..own };
                    if let Ok(next) = elected.handle_join(&Sound, NodeId(node), &vote) {
                        elected = next;
                    }
                }
                assert_eq!(foretold, elected.election_won(), "{config} {committed} {states:b}");
                started += usize::from(foretold);
                all += 1;
            }
        }
    }
    assert!(started > 100 && started < all - 100, "{started} of {all}");
}

proptest! {
    /// The dumb twin of a round looks at the whole list of responses each time.
    #[test]
    fn a_round_is_what_its_responses_are(
        accepted in (0..3u64, 0..3u64),
        responses in proptest::collection::vec((0..4u8, 0..3u64, 0..3u64, 0..2u64), 0..12),
    ) {
        let mut round = PreVoteRound::new(1, accepted);
        let mut starts = 0;
        for (index, (node, term, version, number)) in responses.iter().enumerate() {
            let outcome = round.handle_response(*number, NodeId(*node), response(*term, *version), |round| round.voters().len() >= 3);
            let fresher = *term > accepted.0 || (*term == accepted.0 && *version > accepted.1);
            let twin = match (*number == 1, fresher) {
                (false, _) => Err(PreVoteRoundClosed),
                (true, true) => Err(PreVoteResponderFresher),
                (true, false) => Ok(()),
            };
            prop_assert_eq!(outcome.clone().map(|_| ()), twin);
            if let Ok((next, start)) = outcome {
                round = next;
                starts += usize::from(start);
            }
            let counted: BTreeMap<u8, (u64, u64)> = responses[..=index]
                .iter()
                .filter(|(_, term, version, number)| *number == 1 && (*term, *version) <= accepted)
                .map(|(node, term, version, _)| (*node, (*term, *version)))
                .collect();
            prop_assert_eq!(&round.responses.iter().map(|(node, one)| (node.0, one.accepted())).collect::<BTreeMap<_, _>>(), &counted);
            prop_assert_eq!(starts, usize::from(counted.len() >= 3));
        }
    }
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
fn a_request_under_way_is_not_sent_again() {
    assert_eq!((request(3, None).term(), request(3, Some(2)).term(), request(3, Some(4)).term()), (3, 3, 4));
    let pending = PendingJoins::default().begin(true, B, request(1, None)).unwrap();
    assert_eq!(pending.begin(true, B, request(1, None)), Err(JoinAlreadyPending));
    assert_eq!(pending.begin(false, B, request(2, None)), Err(JoinSenderUnhealthy));
    let both = pending.begin(true, B, request(1, Some(1))).unwrap();
    assert!(both.begin(true, C, request(1, None)).is_ok(), "an old request blocks no other");
    assert_eq!(both.end(B, &request(1, Some(1))), pending);
    assert!(both.is_pending() && !both.disconnected(B).is_pending());
}

#[test]
fn a_join_is_admitted_when_its_sender_was_reached_and_can_read_the_state() {
    let target = JoinTarget { local: A, single_node: false, established: true };
    let all = JoinSteps { connect: true, validate: true, ping: true };
    assert_eq!(join_steps(&target, B), Ok(all));
    assert_eq!(join_steps(&JoinTarget { established: false, ..target }, B), Ok(JoinSteps { validate: false, ..all }));
    assert_eq!(join_steps(&JoinTarget { single_node: true, ..target }, B), Err(JoinSingleNodeDiscovery));
    let own = join_steps(&JoinTarget { single_node: true, ..target }, A).unwrap();
    assert_eq!(admit_join(own, false, false, false), Ok(()), "a vote for itself");
    assert_eq!(admit_join(all, true, true, true), Ok(()));
    assert_eq!(admit_join(all, false, true, true), Err(JoinConnectBackFailed));
    assert_eq!(admit_join(all, true, false, true), Err(JoinValidationFailed));
    assert_eq!(admit_join(all, true, true, false), Err(JoinPingFailed));
    assert_eq!(accept_validation(&Sound, None, &7, true), Ok(()));
    assert_eq!(accept_validation(&Sound, Some(&7), &7, true), Ok(()));
    assert_eq!(accept_validation(&Sound, Some(&6), &7, true), Err(JoinClusterUuidDiffers));
    assert_eq!(accept_validation(&Sound, None, &7, false), Err(JoinValidationFailed));
}

#[test]
fn joins_wait_for_the_election_and_are_refused_by_followers() {
    let starting = JoinAccumulator::default();
    assert_eq!(starting.handle_join_request(B, request(1, None)), Err(JoinTargetNotStarted));
    let (candidate, _) = starting.enter(NewMode::Candidate);
    let (candidate, decision) = candidate.handle_join_request(B, request(1, None)).unwrap();
    assert_eq!(decision, JoinDecision::Waits { superseded: None });
    let (candidate, decision) = candidate.handle_join_request(B, request(2, Some(2))).unwrap();
    assert_eq!(decision, JoinDecision::Waits { superseded: Some(request(1, None)) });
    let (candidate, _) = candidate.handle_join_request(C, request(9, None)).unwrap();
    assert_eq!(candidate.enter(NewMode::Candidate), (candidate.clone(), JoinsClosed::Nothing));

    let (leader, closed) = candidate.enter(NewMode::Leader(2));
    assert_eq!(closed, JoinsClosed::Elected { term: 2, nodes: NodeSet::single(B).with(C) }, "joins of any term");
    assert_eq!(leader.handle_join_request(A, request(2, None)), Ok((JoinAccumulator::Leader, JoinDecision::Task)));

    let (follower, closed) = candidate.enter(NewMode::Follower);
    assert_eq!(closed, JoinsClosed::Refused(BTreeMap::from([(B, request(2, Some(2))), (C, request(9, None))])));
    assert_eq!(follower.handle_join_request(B, request(2, None)), Err(JoinTargetIsFollower));
    assert_eq!(follower.enter(NewMode::Candidate), (JoinAccumulator::Candidate(BTreeMap::new()), JoinsClosed::Nothing));
}

proptest! {
    /// The dumb twin keeps every request since the node last became a candidate.
    #[test]
    fn an_accumulator_keeps_the_newest_of_each_node(events in proptest::collection::vec((0..7u8, 0..3u8, 0..4u64), 0..30)) {
        let mut accumulator = JoinAccumulator::default();
        let mut log: Vec<(NodeId, JoinRequest)> = Vec::new();
        let mut mode = None;
        for (kind, node, term) in events {
            let new_mode = match kind {
                0 => Some(NewMode::Candidate),
                1 => Some(NewMode::Leader(term)),
                2 => Some(NewMode::Follower),
                _ => None,
            };
            let newest: BTreeMap<NodeId, JoinRequest> = log.iter().copied().collect();
            if let Some(new_mode) = new_mode {
                let (next, closed) = accumulator.enter(new_mode);
                accumulator = next;
                let was_candidate = mode == Some(NewMode::Candidate);
                let expected = match new_mode {
                    NewMode::Leader(term) if was_candidate => JoinsClosed::Elected { term, nodes: newest.keys().copied().collect() },
                    NewMode::Follower if !newest.is_empty() => JoinsClosed::Refused(newest),
                    _ => JoinsClosed::Nothing,
                };
                prop_assert_eq!(closed, expected);
                if new_mode != NewMode::Candidate || !was_candidate {
                    log.clear();
                }
                mode = Some(new_mode);
                continue;
            }
            let node = NodeId(node);
            let outcome = accumulator.handle_join_request(node, request(term, None));
            match mode {
                None => prop_assert_eq!(outcome, Err(JoinTargetNotStarted)),
                Some(NewMode::Follower) => prop_assert_eq!(outcome, Err(JoinTargetIsFollower)),
                Some(NewMode::Leader(_)) => prop_assert_eq!(outcome, Ok((JoinAccumulator::Leader, JoinDecision::Task))),
                Some(NewMode::Candidate) => {
                    let (next, decision) = outcome.unwrap();
                    prop_assert_eq!(decision, JoinDecision::Waits { superseded: newest.get(&node).copied() });
                    log.push((node, request(term, None)));
                    accumulator = next;
                }
            }
        }
    }
}

#[test]
fn a_batch_of_joins_runs_in_the_highest_term_of_its_tasks() {
    let task = |term, node: NodeId, elected| JoinTask { term, nodes: NodeSet::single(node), elected };
    let elected = run_join_tasks(2, false, &[task(3, A, true), task(3, B, false), task(2, C, false)]);
    let joined = NodeSet::single(A).with(B);
    assert_eq!(elected, Ok(JoinBatch { term: 3, becomes_master: true, joined, failed: vec![(2, JoinTaskTermOlder)] }));
    let later = run_join_tasks(3, true, &[task(3, B, false)]);
    assert_eq!(later, Ok(JoinBatch { term: 3, becomes_master: false, joined: NodeSet::single(B), failed: vec![] }));
    assert_eq!(run_join_tasks(3, false, &[task(3, B, false)]), Err(JoinTaskNotMaster));
    assert_eq!(run_join_tasks(2, true, &[task(3, B, false)]), Err(JoinTaskNotMaster), "master of an earlier term");
    assert_eq!(run_join_tasks(4, false, &[task(3, A, true)]), Err(JoinTaskStateNewer), "won, and overtaken (#61437)");
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
