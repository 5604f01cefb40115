//! Nodes that are to leave the voting configuration before they are shut down
//! (`votingConfigExclusions`, `TransportAddVotingConfigExclusionsAction`).
//!
//! ```text
//!   add n3 ──▶ the list is part of the cluster state, published like all of it
//!              the Reconfigurator retires n3; if n3 leads, it abdicates
//!   done when neither configuration has n3
//!   clear  ──▶ once n3 has left the cluster, or at once if nobody waits
//! ```
//!
//! A node can be excluded by its id or its name, before it is there too. What is
//! not known of it yet is filled in when it joins.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::node_set::{NodeId, NodeSet};

/// A node that is to stay out of the voting configuration. The half that is not
/// known is `_absent_` in Elasticsearch; at least one is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Exclusion {
    /// Its id.
    pub id: Option<NodeId>,
    /// Its name.
    pub name: Option<String>,
}

/// A node of the cluster state as exclusions see it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PresentNode {
    /// Its id.
    pub id: NodeId,
    /// Its name.
    pub name: String,
    /// Whether it may vote.
    pub master_eligible: bool,
}

/// Which nodes a request names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Named {
    /// By id.
    Ids(Vec<NodeId>),
    /// By name.
    Names(Vec<String>),
}

/// Why a request about exclusions is refused, or not done yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ExclusionRejection {
    /// The request names nobody.
    NobodyNamed,
    /// More than `cluster.max_voting_config_exclusions` at a time.
    TooManyExclusions,
    /// Not done yet: a configuration still has one of the nodes.
    StillInConfiguration,
    /// Not to be cleared yet: one of the nodes is still in the cluster.
    StillInCluster,
}

impl ExclusionRejection {
    /// Every reason.
    pub const ALL: [ExclusionRejection; 4] = {
        use ExclusionRejection::*;
        [NobodyNamed, TooManyExclusions, StillInConfiguration, StillInCluster]
    };
}

/// The list of exclusions; part of the cluster state.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Exclusions(pub BTreeSet<Exclusion>);

impl Exclusions {
    /// The excluded nodes whose ids are known: what the Reconfigurator retires.
    pub fn ids(&self) -> NodeSet {
        self.0.iter().filter_map(|exclusion| exclusion.id).collect()
    }

    /// `AddVotingConfigExclusions`: the list with those named. A node that is
    /// there and not master-eligible is passed over, it has no vote to lose.
    /// Naming a node again changes nothing, even when the list is full.
    ///
    /// # Errors
    /// [`NobodyNamed`](ExclusionRejection::NobodyNamed),
    /// [`TooManyExclusions`](ExclusionRejection::TooManyExclusions).
    pub fn add(&self, named: &Named, present: &[PresentNode], max: usize) -> Result<Self, ExclusionRejection> {
        let nobody = match named {
            Named::Ids(ids) => ids.is_empty(),
            Named::Names(names) => names.is_empty(),
        };
        if nobody {
            return Err(ExclusionRejection::NobodyNamed);
        }
        let mut list = self.0.clone();
        list.extend(resolved(named, present));
        let grown = list.len() > self.0.len();
        if grown && list.len() > max {
            return Err(ExclusionRejection::TooManyExclusions);
        }
        Ok(Exclusions(list))
    }

    /// Whether a request to exclude is done: neither configuration has any of
    /// the nodes named. Until then the request waits, and times out without
    /// taking anything back.
    ///
    /// # Errors
    /// [`StillInConfiguration`](ExclusionRejection::StillInConfiguration).
    pub fn are_out(&self, accepted_config: NodeSet, committed_config: NodeSet) -> Result<(), ExclusionRejection> {
        let configs = accepted_config.union(committed_config);
        let out = self.ids().intersection(configs).is_empty();
        if out { Ok(()) } else { Err(ExclusionRejection::StillInConfiguration) }
    }

    /// `ClearVotingConfigExclusions`: the empty list, once the excluded nodes
    /// have left the cluster, or whether or not they have.
    ///
    /// # Errors
    /// [`StillInCluster`](ExclusionRejection::StillInCluster), if `wait_for_removal`.
    pub fn clear(&self, present: NodeSet, wait_for_removal: bool) -> Result<Self, ExclusionRejection> {
        if wait_for_removal && !self.ids().intersection(present).is_empty() {
            return Err(ExclusionRejection::StillInCluster);
        }
        Ok(Exclusions::default())
    }

    /// A node joins: an exclusion that knows half of it learns the other half.
    #[must_use]
    pub fn joined(&self, node: &PresentNode) -> Self {
        if !node.master_eligible {
            return self.clone();
        }
        let whole = |exclusion: &Exclusion| {
            if half_names(exclusion, node) { exclusion_of(node) } else { exclusion.clone() }
        };
        Exclusions(self.0.iter().map(whole).collect())
    }

    /// `Coordinator.validVotingConfigExclusionState`: every exclusion of a
    /// master-eligible node that is there knows both its id and its name.
    pub fn are_valid(&self, present: &[PresentNode]) -> bool {
        let eligible = || present.iter().filter(|node| node.master_eligible);
        self.0.iter().all(|exclusion| {
            let known = exclusion.id.is_some() || exclusion.name.is_some();
            known && !eligible().any(|node| half_names(exclusion, node))
        })
    }
}

/// Whether `exclusion` means `node` by id without knowing its name, or the reverse.
fn half_names(exclusion: &Exclusion, node: &PresentNode) -> bool {
    match (&exclusion.id, &exclusion.name) {
        (Some(id), None) => *id == node.id,
        (None, Some(name)) => *name == node.name,
        _ => false,
    }
}

fn exclusion_of(node: &PresentNode) -> Exclusion {
    Exclusion { id: Some(node.id), name: Some(node.name.clone()) }
}

/// The exclusions that a request stands for: whole ones for nodes that are
/// there, halves for others.
pub fn resolved(named: &Named, present: &[PresentNode]) -> BTreeSet<Exclusion> {
    let resolve = |is: &dyn Fn(&PresentNode) -> bool, half: Exclusion| match present.iter().find(|node| is(node)) {
        Some(node) => node.master_eligible.then(|| exclusion_of(node)),
        None => Some(half),
    };
    match named {
        Named::Ids(ids) => {
            let by_id = |id: &NodeId| resolve(&|node| node.id == *id, Exclusion { id: Some(*id), name: None });
            ids.iter().filter_map(by_id).collect()
        }
        Named::Names(names) => {
            let by_name = |name: &String| resolve(&|node| node.name == *name, Exclusion { id: None, name: Some(name.clone()) });
            names.iter().filter_map(by_name).collect()
        }
    }
}
