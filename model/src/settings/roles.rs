//! What a node is for, as far as coordination cares (`DiscoveryNodeRole`).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A role of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NodeRole {
    /// `master`: may vote, and be elected.
    Master,
    /// `voting_only`: with `master`, votes and is never the master of a stable cluster.
    VotingOnly,
    /// `data`: holds shard copies.
    Data,
}

impl NodeRole {
    /// Every role.
    pub const ALL: [NodeRole; 3] = [NodeRole::Master, NodeRole::VotingOnly, NodeRole::Data];

    /// Its name in `node.roles`.
    pub fn name(self) -> &'static str {
        match self {
            NodeRole::Master => "master",
            NodeRole::VotingOnly => "voting_only",
            NodeRole::Data => "data",
        }
    }
}

/// The roles of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeRoles {
    /// May vote, and be elected.
    pub master: bool,
    /// Votes, but is not to lead; only with `master`.
    pub voting_only: bool,
    /// Holds shard copies.
    pub data: bool,
}

impl Default for NodeRoles {
    fn default() -> Self {
        NodeRoles { master: true, voting_only: false, data: true }
    }
}

impl NodeRoles {
    /// No role at all: a node that only coordinates requests.
    pub const NONE: NodeRoles = NodeRoles { master: false, voting_only: false, data: false };

    fn has(self, role: NodeRole) -> bool {
        match role {
            NodeRole::Master => self.master,
            NodeRole::VotingOnly => self.voting_only,
            NodeRole::Data => self.data,
        }
    }

    /// These and one more.
    #[must_use]
    pub fn with(self, role: NodeRole) -> Self {
        match role {
            NodeRole::Master => NodeRoles { master: true, ..self },
            NodeRole::VotingOnly => NodeRoles { voting_only: true, ..self },
            NodeRole::Data => NodeRoles { data: true, ..self },
        }
    }
}

impl fmt::Display for NodeRoles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = NodeRole::ALL.into_iter().filter(|role| self.has(*role)).map(NodeRole::name).collect();
        f.write_str(&names.join(","))
    }
}
