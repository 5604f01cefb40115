//! What a Coordinator refuses by itself, beside what the rules refuse, and the
//! one place where a variant of it may differ.
//!
//! The handlers are generic over a [`Policy`] and read as if there were only
//! one. [`Sound`] takes every default below.

use serde::{Deserialize, Serialize};

use crate::coordination::bootstrap::{BootstrapRejection, require};
use crate::coordination::reconfigurator::{LeaderView, Reconfigurator, improve_configuration};
use crate::coordination::{ElasticsearchJava, RuleSet, Sound};
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

/// What a Coordinator does and a guard cannot say: what it tells, waits for, or
/// gives up. The protocol takes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Choice {
    /// A join tells its receiver the term to be at least in (#53271).
    JoinsSayTheirTerm,
    /// A follower that accepts without a vote for its leader is reason for an
    /// election in which it can vote (#34335).
    HeedsMissingVotes,
    /// A follower check may make followers (#37003).
    CheckMakesFollowers,
    /// Votes that come with acceptances wait for the end of the publication.
    VotesWaitForTheEnd,
    /// Followers that do not apply in time are removed (#35685).
    RemovesLaggards,
    /// A leader whose publication is not committed in time gives up.
    GivesUpAfterTimeout,
    /// A leader whose rules refuse its publication gives up (#41781, #96490).
    GivesUpAfterRefusal,
    /// A leader that may not win hands over (#37802).
    HandsOver,
    /// A first configuration has placeholders for the initial masters that were
    /// not found (#37463).
    KeepsPlaceholders,
    /// A client whose change may or may not surface is told that nobody knows
    /// (`FailedToCommitClusterStateException`).
    AdmitsNotKnowing,
    /// A publication ends without the nodes that have failed, or are late.
    EndsWithoutTheFailed,
    /// A leader lets nodes in that ask for it.
    LetsNodesIn,
    /// A client hears of success only after the leader has applied.
    AppliesBeforeAnswering,
    /// A node that has a leader stands for no election, and plans none once it
    /// has applied a state of its term.
    StandsAsCandidateOnly,
    /// A node that has applied its leader's state plans no more elections.
    StopsStanding,
    /// A winner keeps its election scheduler, and with it the back-off, until a
    /// state of its own is applied (#97909).
    KeepsBackOff,
    /// Checks that fail count.
    CountsFailedChecks,
    /// A leader or a follower is given up when its session ends.
    HeedsLostSessions,
    /// A node that accepts after the commit is told of it.
    CommitsLateAcceptances,
    /// A publication that is committed waits for its nodes to apply it.
    WaitsForAppliers,
    /// A node that has the previous state is sent what changed.
    SendsDifferences,
    /// Any other is sent the whole state.
    SendsWholeStatesToOthers,
    /// A node that cannot use a difference gets the whole state.
    SendsWholeAgain,
}

/// Guards and choices of the Coordinator, on top of the rules.
pub trait Policy: RuleSet {
    /// A guard: the input is refused unless `holds`.
    #[inline]
    fn permit(&self, guard: Refusal, holds: bool) -> Result<(), Refusal> {
        if holds { Ok(()) } else { Err(guard) }
    }

    /// Whether it does what the protocol does here.
    #[inline]
    fn takes(&self, _choice: Choice) -> bool {
        true
    }

    /// The voting configuration that a leader publishes next, if there is a better one.
    #[inline]
    fn better_configuration(&self, view: &LeaderView) -> Option<NodeSet> {
        improve_configuration(&Reconfigurator, view).ok()
    }
}

impl Policy for Sound {}

impl Policy for ElasticsearchJava {}
