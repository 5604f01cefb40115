//! What a Coordinator refuses by itself, beside what the rules refuse, and the
//! one place where a variant of it may differ.
//!
//! The handlers are generic over a [`Policy`] and read as if there were only
//! one. [`Sound`] takes every default below.

use serde::{Deserialize, Serialize};

use crate::coordination::bootstrap::{BootstrapRejection, require};
use crate::coordination::reconfigurator::{LeaderView, Reconfigurator, improve_configuration};
use crate::coordination::{ElasticsearchJava, RuleSet, Sound, Term};
use crate::membership::{MembershipRejection, MembershipRules};
use crate::node_set::NodeSet;

/// Why a Coordinator does not do what an input asks for: one variant for each
/// guard that is not a rule's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Refusal {
    /// Bootstrapping: this node is not one of the initial masters.
    NotAnInitialMaster,
    /// Bootstrapping: too few of the initial masters are found.
    InitialMastersNotFound,
    /// An election: no quorum of nodes is found.
    NoQuorumFound,
    /// An election: the node is excluded and in no configuration (`nodeMayWinElection`).
    MayNotWin,
    /// An election: the node is not master-eligible (#35996).
    NotMasterEligible,
    /// An election, a hand-over: the node only votes (`VotingOnlyNodePlugin`).
    VotingOnly,
    /// An election, a vote or a check: the node's disk is not well.
    Unhealthy,
    /// A pre-vote: another leader is known.
    LeaderKnown,
    /// A pre-vote's answer: the voter has accepted something newer.
    VoterIsFresher,
    /// A vote: the voter is not master-eligible (#43688).
    VoterNotMasterEligible,
    /// A join: its target follows somebody else.
    JoinTargetIsFollower,
    /// A join or a publication: the cluster is another one (#37775).
    OtherCluster,
    /// A publication: the previous one is not complete.
    PublicationInProgress,
    /// A follower check: its term is over.
    CheckTermIsOver,
    /// A follower check: the node has accepted a state in this term and given
    /// its leader up; it must ask to be let in again (#36449).
    GivenUpInThisTerm,
    /// A leader check: the node does not lead.
    DoesNotLead,
    /// A leader check: the sender is no member of the cluster.
    NotAMember,
}

impl Refusal {
    /// Every guard.
    pub const ALL: [Refusal; 17] = {
        use Refusal::*;
        [
            NotAnInitialMaster,
            InitialMastersNotFound,
            NoQuorumFound,
            MayNotWin,
            NotMasterEligible,
            VotingOnly,
            Unhealthy,
            LeaderKnown,
            VoterIsFresher,
            VoterNotMasterEligible,
            JoinTargetIsFollower,
            OtherCluster,
            PublicationInProgress,
            CheckTermIsOver,
            GivenUpInThisTerm,
            DoesNotLead,
            NotAMember,
        ]
    };

    /// Its name: `LeaderKnown`.
    pub fn name(self) -> &'static str {
        use Refusal::*;
        match self {
            NotAnInitialMaster => "NotAnInitialMaster",
            InitialMastersNotFound => "InitialMastersNotFound",
            NoQuorumFound => "NoQuorumFound",
            MayNotWin => "MayNotWin",
            NotMasterEligible => "NotMasterEligible",
            VotingOnly => "VotingOnly",
            Unhealthy => "Unhealthy",
            LeaderKnown => "LeaderKnown",
            VoterIsFresher => "VoterIsFresher",
            VoterNotMasterEligible => "VoterNotMasterEligible",
            JoinTargetIsFollower => "JoinTargetIsFollower",
            OtherCluster => "OtherCluster",
            PublicationInProgress => "PublicationInProgress",
            CheckTermIsOver => "CheckTermIsOver",
            GivenUpInThisTerm => "GivenUpInThisTerm",
            DoesNotLead => "DoesNotLead",
            NotAMember => "NotAMember",
        }
    }
}

impl Refusal {
    /// The name here of a guard that the rules of membership ask, if it can be
    /// left out. Four of theirs are one here: a disk is well or is not.
    fn of(guard: MembershipRejection) -> Option<Refusal> {
        use MembershipRejection::*;
        match guard {
            PreVoteUnhealthy | ElectionUnhealthy | FollowerCheckUnhealthy | LeaderCheckUnhealthy => Some(Refusal::Unhealthy),
            PreVoteLeaderKnown => Some(Refusal::LeaderKnown),
            PreVoteResponderFresher => Some(Refusal::VoterIsFresher),
            ElectionExcluded => Some(Refusal::MayNotWin),
            ElectionNoQuorumKnown => Some(Refusal::NoQuorumFound),
            JoinClusterUuidDiffers => Some(Refusal::OtherCluster),
            FollowerCheckTermOlder => Some(Refusal::CheckTermIsOver),
            FollowerCheckFaultyMaster => Some(Refusal::GivenUpInThisTerm),
            LeaderCheckNotMaster => Some(Refusal::DoesNotLead),
            LeaderCheckSenderRemoved => Some(Refusal::NotAMember),
            _ => None,
        }
    }
}

/// The rules of membership under the guards of a policy.
pub(super) struct Membership<'a, R>(pub &'a R);

impl<R: Policy> MembershipRules for Membership<'_, R> {
    fn heed(&self, guard: MembershipRejection, holds: bool) -> Result<(), MembershipRejection> {
        match Refusal::of(guard) {
            Some(refusal) => self.0.permit(refusal, holds).map_err(|_| guard),
            None => Sound.heed(guard, holds),
        }
    }
}

impl<R: Policy> Membership<'_, R> {
    /// The guards of bootstrapping.
    pub fn heed_bootstrap(&self, holds: bool, guard: BootstrapRejection) -> Result<(), BootstrapRejection> {
        let refusal = match guard {
            BootstrapRejection::LocalNodeNotRequired => Refusal::NotAnInitialMaster,
            BootstrapRejection::NoMajorityFound => Refusal::InitialMastersNotFound,
            _ => return require(holds, guard),
        };
        self.0.permit(refusal, holds).map_err(|_| guard)
    }
}

/// Guards and choices of the Coordinator, on top of the rules.
pub trait Policy: RuleSet {
    /// A guard: the input is refused unless `holds`.
    #[inline]
    fn permit(&self, guard: Refusal, holds: bool) -> Result<(), Refusal> {
        if holds { Ok(()) } else { Err(guard) }
    }

    /// The term that a join tells its receiver to be at least in (#53271).
    #[inline]
    fn minimum_term(&self, current: Term) -> Term {
        current
    }

    /// Whether a follower that accepts without a vote for its leader is reason
    /// for an election in which it can vote (#34335).
    #[inline]
    fn heeds_missing_votes(&self) -> bool {
        true
    }

    /// Whether a follower check may make followers at all (#37003).
    #[inline]
    fn check_makes_followers(&self) -> bool {
        true
    }

    /// Whether votes that come with acceptances wait for the end of the publication.
    #[inline]
    fn votes_wait_for_the_end(&self) -> bool {
        true
    }

    /// Whether followers that do not apply in time are removed (#35685).
    #[inline]
    fn removes_laggards(&self) -> bool {
        true
    }

    /// Whether a leader whose publication is not committed in time gives up.
    #[inline]
    fn gives_up_after_timeout(&self) -> bool {
        true
    }

    /// Whether a leader whose rules refuse its publication gives up (#41781, #96490).
    #[inline]
    fn gives_up_after_refusal(&self) -> bool {
        true
    }

    /// Whether a leader that may not win hands over (#37802).
    #[inline]
    fn hands_over(&self) -> bool {
        true
    }

    /// The voting configuration that a leader publishes next, if there is a better one.
    #[inline]
    fn better_configuration(&self, view: &LeaderView) -> Option<NodeSet> {
        improve_configuration(&Reconfigurator, view).ok()
    }

    /// Whether a first configuration has placeholders for the initial masters
    /// that were not found (#37463).
    #[inline]
    fn keeps_placeholders(&self) -> bool {
        true
    }

    /// Whether a client whose change may or may not surface is told that nobody
    /// knows (`FailedToCommitClusterStateException`).
    #[inline]
    fn admits_not_knowing(&self) -> bool {
        true
    }

    /// Whether a publication ends without the nodes that have failed, or are late.
    #[inline]
    fn ends_without_the_failed(&self) -> bool {
        true
    }

    /// Whether a leader lets nodes in that ask for it.
    #[inline]
    fn lets_nodes_in(&self) -> bool {
        true
    }

    /// Whether a client hears of success only after the leader has applied.
    #[inline]
    fn applies_before_answering(&self) -> bool {
        true
    }

    /// Whether a winner keeps its election scheduler, and with it the back-off,
    /// until a state of its own is applied (#97909).
    #[inline]
    fn keeps_back_off(&self) -> bool {
        true
    }

    /// Whether checks that fail count.
    #[inline]
    fn counts_failed_checks(&self) -> bool {
        true
    }

    /// Whether a node that has applied its leader's state plans no more elections.
    #[inline]
    fn stops_standing(&self) -> bool {
        true
    }

    /// Whether a leader or a follower is given up when its session ends.
    #[inline]
    fn heeds_lost_sessions(&self) -> bool {
        true
    }

    /// Whether a node that accepts after the commit is told of it.
    #[inline]
    fn commits_late_acceptances(&self) -> bool {
        true
    }

    /// Whether a publication that is committed waits for its nodes to apply it.
    #[inline]
    fn waits_for_appliers(&self) -> bool {
        true
    }

    /// Whether a node is sent what changed, if it has what that changes, or the whole state.
    #[inline]
    fn sends_difference(&self, has_base: bool) -> bool {
        has_base
    }

    /// Whether a node that cannot use a difference gets the whole state.
    #[inline]
    fn sends_whole_again(&self) -> bool {
        true
    }
}

impl Policy for Sound {}

impl Policy for ElasticsearchJava {}
