//! What an operator does with a running cluster.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::{Duration, Instant};

use quorate_model::NodeId;
use quorate_model::coordination::PublicationId;
use quorate_model::coordinator::{ClusterChange, CoordinatorMsg, KeyValues, NotPublished, PublicationOutcome, PutKey};
use quorate_model::session::PeerId;
use serde::Serialize;

use super::error::ClusterError;
use super::folder::ClusterFolder;
use super::process::is_running;
use crate::admin::{AdminAnswer, AdminRequest, NodeReport, Payload};
use crate::client::{Client, ClientError};

pub(super) const POLL: Duration = Duration::from_millis(50);
/// How long a node that runs is waited for to report.
const REPORT_PATIENCE: Duration = Duration::from_millis(1_500);

/// One node as an operator sees it.
#[derive(Clone, Debug, Serialize)]
pub struct NodeStatus {
    /// Which.
    pub node: NodeId,
    /// Where it listens.
    pub address: std::net::SocketAddr,
    /// Its process, if it runs.
    pub pid: Option<u32>,
    /// What it says of itself, if it answers.
    #[serde(flatten)]
    pub report: Option<NodeReport>,
}

/// Who leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Elected {
    /// The leader.
    pub node: NodeId,
    /// Its term.
    pub term: u64,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Published {
    /// It is committed, and applied on the leader.
    Committed {
        /// The leader.
        leader: NodeId,
        /// The state that contains it.
        id: PublicationId,
    },
    /// It was definitely not published, for this reason when last tried.
    NotPublished(Option<NotPublished>),
    /// It may be committed, now or later, or not.
    Unknown,
}

/// The operator's end.
pub struct Control<'a> {
    pub(super) folder: &'a ClusterFolder,
}

impl<'a> Control<'a> {
    /// The operator of the cluster in `folder`.
    pub fn new(folder: &'a ClusterFolder) -> Self {
        Control { folder }
    }

    /// How every node is.
    pub fn status(&self) -> Result<Vec<NodeStatus>, ClusterError> {
        self.folder
            .plan
            .nodes
            .iter()
            .map(|member| {
                let pid = is_running(self.folder, member.name);
                let report = match pid {
                    Some(_) => self.report(member.name)?,
                    None => None,
                };
                Ok(NodeStatus { node: member.name, address: member.address, pid, report })
            })
            .collect()
    }

    /// Of the nodes that lead, the one with the highest term: one that leads
    /// with a lower term has been superseded and does not know it yet.
    pub fn leader(status: &[NodeStatus]) -> Option<Elected> {
        let reports = status.iter().filter_map(|node| node.report.as_ref().map(|report| (node.node, report)));
        let leaders = reports.filter(|(_, report)| report.mode == "leader");
        leaders.max_by_key(|(_, report)| report.term).map(|(node, report)| Elected { node, term: report.term })
    }

    /// Waits until some node leads and has applied a state of its own term.
    pub fn wait_for_leader(&self, patience: Duration) -> Result<Elected, ClusterError> {
        let deadline = Instant::now() + patience;
        loop {
            let status = self.status()?;
            let serves = |elected: &Elected| {
                let report = status.iter().find(|node| node.node == elected.node).and_then(|node| node.report.as_ref());
                report.and_then(|report| report.applied).is_some_and(|applied| applied.term == elected.term)
            };
            if let Some(elected) = Self::leader(&status).filter(serves) {
                return Ok(elected);
            }
            if Instant::now() >= deadline {
                let running = status.iter().filter(|node| node.report.is_some()).count();
                return Err(ClusterError::NoLeader { seconds: patience.as_secs(), running, nodes: status.len() });
            }
            sleep(POLL);
        }
    }

    /// Asks the leader to set a key. See [`change`](Self::change).
    pub fn publish(&self, change: &PutKey, patience: Duration) -> Result<Published, ClusterError> {
        self.change(&ClusterChange::Value(change.clone()), patience)
    }

    /// Asks the leader for a change, and again if the answer is a definite no
    /// for now. Once a request may have been received and no answer came, it is
    /// not repeated.
    pub fn change(&self, change: &ClusterChange<PutKey>, patience: Duration) -> Result<Published, ClusterError> {
        let deadline = Instant::now() + patience;
        let mut reason = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Published::NotPublished(reason));
            }
            let status = self.status()?;
            if status.iter().all(|node| node.pid.is_none()) {
                return Ok(Published::NotPublished(reason)); // there is nobody to wait for
            }
            if let Some(leader) = Self::leader(&status) {
                match self.submit(leader.node, change, left)? {
                    Published::NotPublished(why) => reason = why.or(reason),
                    other => return Ok(other),
                }
            }
            sleep(POLL);
        }
    }

    /// Asks one node for a change, once.
    pub fn submit(&self, node: NodeId, change: &ClusterChange<PutKey>, patience: Duration) -> Result<Published, ClusterError> {
        // A new client: until the node has answered its greeting, nothing was transmitted.
        let mut client = self.client(node)?;
        let request = client.next_request();
        let submit = CoordinatorMsg::<KeyValues>::Submit { request, change: change.clone() };
        let answer = client.exchange(node.index() as PeerId, &Payload::Actor(submit), patience, |payload| match payload {
            Payload::Actor(CoordinatorMsg::Outcome { request: answered, outcome }) if answered == request => Some(outcome),
            _ => None,
        });
        match answer {
            Ok(PublicationOutcome::Committed(id)) => Ok(Published::Committed { leader: node, id }),
            Ok(PublicationOutcome::NotPublished(reason)) => Ok(Published::NotPublished(Some(reason))),
            Ok(PublicationOutcome::Unknown) | Err(ClientError::NoAnswer) => Ok(Published::Unknown),
            Err(ClientError::NotReached) => Ok(Published::NotPublished(None)),
            Err(source) => Err(ClusterError::Client { node, source }),
        }
    }

    /// The value of a key in the state that `node` has applied.
    pub fn read(&self, node: NodeId, key: &str) -> Result<Option<String>, ClusterError> {
        match self.ask(node, AdminRequest::Read(key.to_owned()))? {
            AdminAnswer::Value(value) => Ok(value),
            _ => Ok(None),
        }
    }

    /// Cuts the cluster into `groups`: nodes of different groups exchange no
    /// datagrams. Nodes that are named in no group form one together.
    pub fn partition(&self, groups: &[BTreeSet<NodeId>]) -> Result<(), ClusterError> {
        let named: BTreeSet<NodeId> = groups.iter().flatten().copied().collect();
        let rest: BTreeSet<NodeId> = self.folder.nodes().filter(|node| !named.contains(node)).collect();
        for node in self.folder.nodes().filter(|node| is_running(self.folder, *node).is_some()) {
            let own = groups.iter().find(|group| group.contains(&node)).unwrap_or(&rest);
            let others = self.folder.nodes().filter(|other| !own.contains(other));
            let blocked = others.map(|other| other.index() as PeerId).collect();
            self.ask(node, AdminRequest::Block(blocked))?;
        }
        Ok(())
    }

    fn report(&self, node: NodeId) -> Result<Option<NodeReport>, ClusterError> {
        match self.client(node)?.ask(node.index() as PeerId, AdminRequest::Report, REPORT_PATIENCE) {
            Ok(AdminAnswer::Report(report)) => Ok(Some(*report)),
            Ok(_) | Err(ClientError::NotReached | ClientError::NoAnswer) => Ok(None),
            Err(source) => Err(ClusterError::Client { node, source }),
        }
    }

    fn ask(&self, node: NodeId, request: AdminRequest) -> Result<AdminAnswer, ClusterError> {
        if is_running(self.folder, node).is_none() {
            return Err(ClusterError::WrongState { node, state: "not running" });
        }
        let answer = self.client(node)?.ask(node.index() as PeerId, request, Duration::from_secs(5));
        answer.map_err(|source| ClusterError::Client { node, source })
    }

    fn client(&self, node: NodeId) -> Result<Client, ClusterError> {
        let plan = &self.folder.plan;
        Client::new(plan.cluster, self.folder.key(), self.folder.addresses())
            .map_err(|source| ClusterError::Client { node, source })
    }
}
