//! The Coordinator: a node that elects, leads, follows and publishes.
//!
//! It decides *when* to call the [rules](crate::coordination); the rules decide
//! whether. The same actor runs in the checker's [worlds](crate::world) and as
//! a process.
//!
//! ```text
//!                    election timer: enter a term, ask for votes
//!        ┌───────────────────────────────────────────┐
//!        ▼                                           │
//!   ┌─────────┐   votes are a quorum   ┌────────┐    │
//!   │Candidate│───────────────────────▶│ Leader │    │
//!   └─────────┘                        └────────┘    │
//!     ▲  │  ▲     higher term, publication timed out, │
//!     │  │  └──── no quorum of followers heard ───────┘
//!     │  │ publication or follower check of a leader
//!     │  ▼
//!   ┌────────┐
//!   │Follower│ ── leader silent, or a higher term ──▶ Candidate
//!   └────────┘
//! ```
//!
//! The way of one published value:
//! [`submit`](publication) → `handle_client_value` → `PublishRequest` to all →
//! `handle_publish_request` → `PublishResponse` → `handle_publish_response` →
//! `Commit` to all → `handle_commit` → applied, and the client hears of it.
//!
//! This version has a fixed set of nodes and one voting configuration, no
//! pre-vote and no discovery.

mod actor;
mod detection;
mod election;
mod message;
mod publication;
pub mod settings;
mod state;
mod turn;
mod value;

pub use actor::Coordinator;
pub use message::{CoordinatorMsg, NotPublished, PublicationOutcome};
pub use settings::{CoordinatorSettings, SettingsError};
pub use state::{Applied, CoordinatorState, CoordinatorTimer, LeaderPublication, Mode};
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
