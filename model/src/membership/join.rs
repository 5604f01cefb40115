//! Asking to join, and being admitted (`JoinHelper`, `JoinValidationService`,
//! `Coordinator.handleJoinRequest`).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::rejection::MembershipRejection::{self, *};
use super::rejection::MembershipRules;
use crate::coordination::{Join, Term};
use crate::node_set::NodeId;

/// `internal:cluster/coordination/join`. The sender wants to be part of the
/// receiver's cluster, and votes for it if it has entered its term for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JoinRequest {
    /// The sender's term: a leader of a lower one cannot have it as a follower,
    /// and has to stand again (#53338).
    pub minimum_term: Term,
    /// The vote, if there is one.
    pub vote: Option<Join>,
}

impl JoinRequest {
    /// The term that it speaks of: what the receiver hears.
    pub fn term(&self) -> Term {
        self.vote.map_or(0, |vote| vote.term).max(self.minimum_term)
    }
}

/// `JoinHelper.pendingOutgoingJoins`: requests that wait for an answer. An
/// answer may take as long as a publication, and discovery finds the same
/// leader again meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PendingJoins(BTreeSet<(NodeId, JoinRequest)>);

impl PendingJoins {
    /// A request is about to be sent. Another request to the same node, such as
    /// one with the vote of a newer term, is not the same request.
    ///
    /// # Errors
    /// `JoinAlreadyPending`; `JoinSenderUnhealthy` if this node's disk is not well.
    pub fn begin(&self, healthy: bool, target: NodeId, request: JoinRequest) -> Result<Self, MembershipRejection> {
        JoinSenderUnhealthy.unless(healthy)?;
        JoinAlreadyPending.unless(!self.0.contains(&(target, request)))?;
        let mut next = self.clone();
        next.0.insert((target, request));
        Ok(next)
    }

    /// The request was answered, or the session has ended.
    #[must_use]
    pub fn end(&self, target: NodeId, request: &JoinRequest) -> Self {
        let mut next = self.clone();
        next.0.remove(&(target, *request));
        next
    }

    /// The session with `target` has ended: none of the requests to it will be answered.
    #[must_use]
    pub fn disconnected(&self, target: NodeId) -> Self {
        PendingJoins(self.0.iter().filter(|(node, _)| *node != target).copied().collect())
    }

    /// `isJoinPending`: what lets a candidate answer follower checks of a leader
    /// that it has asked to join.
    pub fn is_pending(&self) -> bool {
        !self.0.is_empty()
    }
}

/// What a node knows when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JoinTarget {
    /// This node.
    pub local: NodeId,
    /// Whether it runs alone.
    pub single_node: bool,
    /// Whether it leads, has accepted a state of its term, and is the master in it.
    pub established: bool,
}

/// What has to succeed before a join is looked at, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JoinSteps {
    /// Connect back to the sender.
    pub connect: bool,
    /// Let the sender read the cluster state (`…/join/validate`).
    pub validate: bool,
    /// Ping it on both channels (`…/join/ping`).
    pub ping: bool,
}

/// What a request of `sender` takes: an established leader has the sender
/// validate its state, any target makes sure that it reaches the sender. The
/// node's own join, which is a vote for itself, takes nothing.
///
/// # Errors
/// `JoinSingleNodeDiscovery`.
pub fn join_steps(target: &JoinTarget, sender: NodeId) -> Result<JoinSteps, MembershipRejection> {
    let own = sender == target.local;
    JoinSingleNodeDiscovery.unless(own || !target.single_node)?;
    Ok(JoinSteps { connect: !own, validate: !own && target.established, ping: !own })
}

/// Whether the steps succeeded: only then is the vote counted and the join
/// accumulated. `connected`, `validated` and `pinged` say how those went that
/// were asked for.
///
/// # Errors
/// `JoinConnectBackFailed`, `JoinValidationFailed`, `JoinPingFailed`.
pub fn admit_join(steps: JoinSteps, connected: bool, validated: bool, pinged: bool) -> Result<(), MembershipRejection> {
    JoinConnectBackFailed.unless(!steps.connect || connected)?;
    JoinValidationFailed.unless(!steps.validate || validated)?;
    JoinPingFailed.unless(!steps.ping || pinged)
}

/// What the sender makes of the state that it is asked to validate. `own` is the
/// UUID of its cluster, if one is committed: a node never changes its cluster.
/// `acceptable` is what the plugins' validators say.
///
/// # Errors
/// `JoinClusterUuidDiffers`, `JoinValidationFailed`.
pub fn accept_validation<U: PartialEq>(
    rules: &impl MembershipRules,
    own: Option<&U>,
    offered: &U,
    acceptable: bool,
) -> Result<(), MembershipRejection> {
    rules.heed(JoinClusterUuidDiffers, own.is_none_or(|own| own == offered))?;
    JoinValidationFailed.unless(acceptable)
}
