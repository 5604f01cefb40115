//! Why a rule of membership says no: one variant for each guard.

use serde::{Deserialize, Serialize};

macro_rules! rejections {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// The guard that refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum MembershipRejection {
            $($(#[doc = $doc])+ $name,)+
        }

        impl MembershipRejection {
            /// Every guard, in the order of the rules.
            pub const ALL: &[MembershipRejection] = &[$(MembershipRejection::$name),+];

            /// The name of the variant, as `--waive` takes it.
            pub fn name(self) -> &'static str {
                match self {
                    $(MembershipRejection::$name => stringify!($name),)+
                }
            }
        }
    };
}

rejections! {
    /// Discovery: the finder is not active, because the node has or is a leader.
    PeerFinderInactive,
    /// Discovery: the address is this node's own.
    PeerIsLocal,
    /// Discovery: the address is being probed, or its node is known.
    PeerKnown,
    /// Discovery: nothing is being probed at this address.
    PeerNotProbed,
    /// Discovery: the node at this address may not vote.
    PeerNotMasterEligible,
    /// Pre-vote: this node's disk is not well.
    PreVoteUnhealthy,
    /// Pre-vote: this node knows a leader, and it is not the one that asks.
    PreVoteLeaderKnown,
    /// Pre-vote: the response belongs to a round that is over.
    PreVoteRoundClosed,
    /// Pre-vote: the responder has accepted something fresher than the candidate.
    PreVoteResponderFresher,
    /// Election: the node has or is a leader.
    ElectionNotCandidate,
    /// Election: the node is excluded from voting, and in no configuration.
    ElectionExcluded,
    /// Election: this node's disk is not well.
    ElectionUnhealthy,
    /// Election: the nodes known are no quorum: there is no point in trying.
    ElectionNoQuorumKnown,
    /// Join, sender: the same request to the same node is under way.
    JoinAlreadyPending,
    /// Join, sender: its disk is not well; it enters the term and does not vote.
    JoinSenderUnhealthy,
    /// Join: the target runs alone (`discovery.type: single-node`).
    JoinSingleNodeDiscovery,
    /// Join: the target cannot connect back to the sender.
    JoinConnectBackFailed,
    /// Join: the sender cannot read the cluster state, or refuses it.
    JoinValidationFailed,
    /// Join, sender: the state offered is of another cluster than its own.
    JoinClusterUuidDiffers,
    /// Join: the sender does not answer on both channels.
    JoinPingFailed,
    /// Join: the target is not started yet.
    JoinTargetNotStarted,
    /// Join: the target follows somebody.
    JoinTargetIsFollower,
    /// Join: the sender has sent a newer request since.
    JoinSuperseded,
    /// Join: the target waited for its election, and came to follow somebody.
    JoinTargetBecameFollower,
    /// Join task: another of the batch is of a higher term.
    JoinTaskTermOlder,
    /// Join task: the state to build on is of a higher term.
    JoinTaskStateNewer,
    /// Join task: this node is not the master, and none of the tasks makes it.
    JoinTaskNotMaster,
    /// Follower check: this node's disk is not well.
    FollowerCheckUnhealthy,
    /// Follower check: it is of an older term.
    FollowerCheckTermOlder,
    /// Follower check: this node has accepted a state of this leader, gave it
    /// up, and has not asked to join again.
    FollowerCheckFaultyMaster,
    /// Leader check: the leader's disk is not well.
    LeaderCheckUnhealthy,
    /// Leader check: this node is not the master of what it published last.
    LeaderCheckNotMaster,
    /// Leader check: the sender is not among the nodes of what was published last.
    LeaderCheckSenderRemoved,
}

/// Who decides whether a guard may refuse. The protocol takes each as it
/// stands; a mutant leaves some out.
pub trait MembershipRules {
    /// `Ok` if `holds`, or if this guard is left out.
    ///
    /// # Errors
    /// `guard`.
    #[inline]
    fn heed(&self, guard: MembershipRejection, holds: bool) -> Result<(), MembershipRejection> {
        guard.unless(holds)
    }
}

impl MembershipRules for crate::coordination::Sound {}

impl MembershipRejection {
    /// `Ok` if `holds`, this rejection otherwise.
    pub(super) fn unless(self, holds: bool) -> Result<(), MembershipRejection> {
        if holds { Ok(()) } else { Err(self) }
    }
}

impl std::fmt::Display for MembershipRejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
