//! The Coordinator: a node that finds others, elects, leads, follows and publishes.
//!
//! It decides *when* to call the [rules](crate::coordination); the rules decide
//! whether. The same actor runs in the checker's [worlds](crate::world) and as
//! a process.
//!
//! ```text
//!                    votes are a quorum        ┌────────┐
//!   ┌─────────┐ ──────────────────────────────▶│ Leader │
//!   │Candidate│ ◀──────────────────────────────└────────┘
//!   └─────────┘   a higher term; a publication that is not committed
//!     ▲     │
//!     │     │ a publication, or a follower check, of a leader
//!     │     ▼
//!   ┌────────┐
//!   │Follower│ ── the leader fails, or a higher term ──▶ Candidate
//!   └────────┘
//! ```
//!
//! | part | file | Elasticsearch |
//! | --- | --- | --- |
//! | roles | `modes` | `Coordinator.become*` |
//! | finding the others, bootstrapping | `discovery` | `PeerFinder`, `ClusterBootstrapService` |
//! | standing for election | `election` | `ElectionSchedulerFactory`, `PreVoteCollector` |
//! | letting nodes in, counting votes | `joining` | `JoinHelper`, `JoinValidationService` |
//! | what to publish next | `tasks` | `MasterService`, `NodeJoinExecutor`, `Reconfigurator` |
//! | publishing | `publication` | `Publication`, `PublicationTransportHandler`, `LagDetector` |
//! | checking each other | `detection` | `LeaderChecker`, `FollowersChecker` |
//! | its own guards | `policy` | |
//! | durable before sent | `turn` | |
//!
//! The way of one published value: `submit` → `handle_client_value` → `Publish`
//! to all → `handle_publish_request` → `PublishResponse` →
//! `handle_publish_response` → `Commit` → `handle_commit` → applied →
//! `Applied`, and when all have, the leader applies and the client hears of it.

mod actor;
mod detection;
mod discovery;
mod election;
mod joining;
mod kinds;
mod message;
mod metadata;
mod modes;
pub mod mutant;
mod policy;
mod publication;
pub mod settings;
mod state;
mod tasks;
mod turn;
mod value;

pub use crate::membership::JoinRequest;
pub use actor::Coordinator;
pub use kinds::{MESSAGE_KINDS, TIMER_KINDS};
pub use message::{CoordinatorMsg, NotPublished, Publication, PublicationOutcome, StateDiff};
pub use metadata::{ClusterChange, ClusterMetadata, ClusterUuid, Members};
pub use mutant::{CoordinatorEffect, CoordinatorMutant};
pub use policy::{Choice, Policy, Refusal};
pub use settings::{CoordinatorSettings, CoordinatorSettingsError, Driven};
pub use state::{Applied, CoordinatorState, CoordinatorTimer, LeaderPublication, Mode, Submission, Waiting};
pub use value::{ClusterValue, KeyValues, PutKey};

use crate::node_set::{NodeId, NodeSet};
use stateright::actor::Id;

/// The actor id of a node.
pub fn actor_id(node: NodeId) -> Id {
    Id::from(node.index())
}

/// The node behind an actor id; `None` for clients, whose ids start at
/// [`NodeSet::CAPACITY`].
pub fn node_id(id: Id) -> Option<NodeId> {
    let index = usize::from(id);
    (index < NodeSet::CAPACITY).then(|| NodeId::from_index(index))
}
