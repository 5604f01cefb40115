//! In which term to stand for election, whether to, and when to try again.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::rejection::MembershipRejection::{self, *};
use super::rejection::MembershipRules;
use crate::coordination::Term;
use crate::settings::{Settings, schedule};

/// `maxTermSeen`: the highest term that a node has heard of, in pre-votes and
/// joins and as missing votes. It is not durable and decides nothing but the term of the
/// next election, and that a leader of a lower term has to stand again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TermsSeen(pub Term);

/// What a leader does about a higher term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TermBump {
    /// Nothing: no higher term, or no leader.
    None,
    /// Wait for the end of the publication under way, and ask again.
    AfterPublication,
    /// Enter this term (which makes it a candidate) and stand for election in
    /// the next one, without pre-votes.
    Now(Term),
}

impl TermsSeen {
    /// Hears of a term.
    #[must_use]
    pub fn hear(self, term: Term) -> Self {
        TermsSeen(self.0.max(term))
    }

    /// `Coordinator.getTermForNewElection`: above the current term and all heard of.
    pub fn next_election_term(self, current_term: Term) -> Term {
        self.0.max(current_term) + 1
    }

    /// `Coordinator.updateMaxTermSeen`: what a node in `current_term` does once
    /// it has heard.
    pub fn bump(self, current_term: Term, is_leader: bool, publication_in_progress: bool) -> TermBump {
        match (is_leader && self.0 > current_term, publication_in_progress) {
            (false, _) => TermBump::None,
            (true, true) => TermBump::AfterPublication,
            (true, false) => TermBump::Now(self.0),
        }
    }

    /// `Publication.onMissingJoin`: a master-eligible node has accepted a state of
    /// this leader, whose term is `term`, and has voted for somebody else. To have
    /// its vote, the leader must stand in a higher term (#34335).
    #[must_use]
    pub fn vote_is_missing(self, term: Term) -> Self {
        self.hear(term + 1)
    }
}

/// What a node knows when its election timer fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ElectionView {
    /// Whether it has and is no leader.
    pub is_candidate: bool,
    /// Whether [`may_win_election`](crate::coordination::roles::may_win_election).
    pub may_win: bool,
    /// Whether its disk is well.
    pub healthy: bool,
    /// Whether it and the peers found are an election quorum.
    pub quorum_known: bool,
}

/// `Coordinator.startElectionScheduler`: whether a round of pre-votes is begun.
/// Where no quorum is known, the scheduler is closed, so that the back-off
/// begins anew when there is one.
///
/// # Errors
/// `ElectionNotCandidate`, `ElectionNoQuorumKnown`, `ElectionExcluded`, `ElectionUnhealthy`.
pub fn may_start_election(rules: &impl MembershipRules, view: &ElectionView) -> Result<(), MembershipRejection> {
    ElectionNotCandidate.unless(view.is_candidate)?;
    rules.heed(ElectionNoQuorumKnown, view.quorum_known)?;
    rules.heed(ElectionExcluded, view.may_win)?;
    rules.heed(ElectionUnhealthy, view.healthy)
}

/// The election scheduler: counts attempts for as long as it is open. It is
/// opened when a quorum is found, and closed when that is lost, or when a state
/// of the current term has been applied (not before: the first publication of a
/// new leader may still fail, #97909).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ElectionAttempts {
    /// How many attempts were scheduled.
    pub scheduled: u64,
}

impl ElectionAttempts {
    /// Schedules the next attempt: within what time it is to be made. Scheduled
    /// before the present one is made.
    pub fn next(self, settings: &Settings) -> (Self, Range<Duration>) {
        (ElectionAttempts { scheduled: self.scheduled + 1 }, schedule::election_delay(settings, self.scheduled))
    }

    /// Whether the scheduler is to be closed after a state of `applied_term` has
    /// been applied.
    pub fn is_done(is_candidate: bool, applied_term: Term, current_term: Term) -> bool {
        !is_candidate && applied_term == current_term
    }
}
