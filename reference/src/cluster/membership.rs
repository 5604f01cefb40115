//! Nodes come, go, and give up their votes.
//!
//! ```text
//!   add      plan ─▶ process ─▶ it joins ─▶ the leader makes the voting configuration larger
//!   exclude  exclusion published ─▶ the leader takes the vote away ─▶ a leader without one hands over
//!   remove   exclude ─▶ stop ─▶ the leader drops the member ─▶ plan ─▶ exclusion cleared
//! ```
//!
//! Each step is repeated safely: a verb that was interrupted is given again.

use std::thread::sleep;
use std::time::{Duration, Instant};

use quorate_model::coordinator::settings::MAX_NODES;
use quorate_model::coordinator::{ClusterChange, PutKey};
use quorate_model::{NodeId, NodeSet};

use super::control::{Control, Elected, NodeStatus, POLL, Published};
use super::error::ClusterError;
use super::folder::names;
use super::process::{is_running, stop};
use crate::admin::NodeReport;

impl Control<'_> {
    /// Waits until the leader has `node` as a member, in a state that the node
    /// has applied too.
    pub fn wait_for_member(&self, node: NodeId, patience: Duration) -> Result<(), ClusterError> {
        self.wait_for_leader_with(patience, &format!("{node} is in the cluster and has applied its state"), |leader, status| {
            let own = status.iter().find(|one| one.node == node).and_then(|one| one.report.as_ref());
            leader.members.contains(node) && own.is_some_and(|own| own.applied == leader.applied)
        })
    }

    /// Waits until every node that runs is a member, and a committed voting
    /// configuration has no votes of placeholders.
    pub fn wait_for_all_members(&self, patience: Duration) -> Result<(), ClusterError> {
        let all: NodeSet = self.folder.nodes().filter(|node| is_running(self.folder, *node).is_some()).collect();
        let what = format!("{} are in the cluster, and their votes are committed", names(all.iter()));
        self.wait_for_leader_with(patience, &what, |leader, _| {
            let voters = leader.committed_voting_configuration;
            all.is_subset(leader.members) && voters == leader.voting_configuration && is_real(voters)
        })
    }

    /// Takes the votes of `nodes` away, and waits until no voting configuration
    /// has one of them; a leader among them has handed over by then.
    pub fn exclude(&self, nodes: NodeSet, patience: Duration) -> Result<(), ClusterError> {
        let deadline = Instant::now() + patience;
        self.wait_for_leader(patience)?;
        let before = self.exclusions()?;
        let (asked, max) = (before.union(nodes).len(), self.folder.plan.coordinator_settings(&[])?.elasticsearch);
        if !nodes.is_subset(before) && asked as u64 > max.max_voting_config_exclusions {
            return Err(ClusterError::TooManyExclusions { asked, max: max.max_voting_config_exclusions });
        }
        self.publish_change(&ClusterChange::AddVotingConfigExclusions(nodes), patience)?;
        let left = deadline.saturating_duration_since(Instant::now());
        let what = format!("{} is in no voting configuration (the exclusion stays)", names(nodes.iter()));
        let waited = self.wait_for_leader_with(left, &what, |leader, _| {
            let configurations = leader.voting_configuration.union(leader.committed_voting_configuration);
            configurations.intersection(nodes).is_empty() && leader.leader.is_some_and(|leader| !nodes.contains(leader))
        });
        waited.map_err(|error| match error {
            ClusterError::NotYet { what, .. } => ClusterError::NotYet { what, seconds: patience.as_secs() },
            other => other,
        })
    }

    /// Ends all exclusions.
    pub fn clear_exclusions(&self, patience: Duration) -> Result<(), ClusterError> {
        self.wait_for_leader(patience)?;
        self.publish_change(&ClusterChange::ClearVotingConfigExclusions, patience)
    }

    /// Takes `node` out of the cluster that is running: its vote first, then its
    /// process, then its membership. The plan still has it.
    pub fn retire(&self, node: NodeId, patience: Duration) -> Result<(), ClusterError> {
        if self.folder.plan.nodes.len() == 1 {
            return Err(ClusterError::LastNode(node));
        }
        self.exclude(NodeSet::single(node), patience)?;
        if is_running(self.folder, node).is_some() {
            stop(self.folder, node)?;
        }
        self.wait_for_leader_with(patience, &format!("{node} is no member any more"), |leader, _| {
            !leader.members.contains(node)
        })?;
        if self.exclusions()? == NodeSet::single(node) {
            self.clear_exclusions(patience)?;
        }
        Ok(())
    }

    /// The exclusions, as the leader knows them.
    pub fn exclusions(&self) -> Result<NodeSet, ClusterError> {
        let status = self.status()?;
        let leader = Self::leader(&status);
        let report = leader.and_then(|leader| report_of(leader, &status));
        Ok(report.map_or(NodeSet::EMPTY, |report| report.exclusions))
    }

    fn publish_change(&self, change: &ClusterChange<PutKey>, patience: Duration) -> Result<(), ClusterError> {
        let seconds = patience.as_secs();
        match self.change(change, patience)? {
            Published::Committed { .. } => Ok(()),
            Published::NotPublished(_) => {
                Err(ClusterError::NotYet { what: String::from("the change is published (it is not)"), seconds })
            }
            // A leader that hands over, or fails, may leave the answer open: what follows shows.
            Published::Unknown => Ok(()),
        }
    }

    /// Waits until there is a leader that has applied a state of its term, and
    /// it is as wanted.
    fn wait_for_leader_with(
        &self,
        patience: Duration,
        what: &str,
        wanted: impl Fn(&NodeReport, &[NodeStatus]) -> bool,
    ) -> Result<(), ClusterError> {
        let deadline = Instant::now() + patience;
        loop {
            let status = self.status()?;
            let report = Self::leader(&status).and_then(|leader| report_of(leader, &status));
            let serves = |report: &&NodeReport| report.applied.is_some_and(|applied| applied.term == report.term);
            if report.filter(serves).is_some_and(|report| wanted(report, &status)) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(ClusterError::NotYet { what: what.to_owned(), seconds: patience.as_secs() });
            }
            sleep(POLL);
        }
    }
}

/// Whether a configuration is one of nodes alone.
fn is_real(configuration: NodeSet) -> bool {
    configuration.iter().all(|node| node.index() < MAX_NODES)
}

fn report_of(leader: Elected, status: &[NodeStatus]) -> Option<&NodeReport> {
    status.iter().find(|one| one.node == leader.node).and_then(|one| one.report.as_ref())
}
