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
    /// Pre-vote: this node's disk is not well.
    PreVoteUnhealthy,
    /// Pre-vote: this node knows a leader, and it is not the one that asks.
    PreVoteLeaderKnown,
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
    /// Join, sender: the state offered is of another cluster than its own.
    JoinClusterUuidDiffers,
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
