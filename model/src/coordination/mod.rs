//! The coordination rules: who leads a term, and which cluster state is committed.
//!
//! | action | function | TLA+ (`ZenWithTerms`) | Elasticsearch (`CoordinationState`) |
//! | --- | --- | --- | --- |
//! | bootstrap | [`CoordinationState::set_initial_state`] | `SetInitialState` | `setInitialState` |
//! | enter a term, vote | [`CoordinationState::handle_start_join`] | `HandleStartJoin` | `handleStartJoin` |
//! | count a vote | [`CoordinationState::handle_join`] | `HandleJoin` | `handleJoin` |
//! | publish | [`CoordinationState::handle_client_value`] | `HandleClientValue` | `handleClientValue` |
//! | accept | [`CoordinationState::handle_publish_request`] | `HandlePublishRequest` | `handlePublishRequest` |
//! | count an acceptance | [`CoordinationState::handle_publish_response`] | `HandlePublishResponse` | `handlePublishResponse` |
//! | commit | [`CoordinationState::handle_commit`] | `HandleCommit` | `handleCommit` |
//! | restart | [`CoordinationState::restart`] | `RestartNode` | the constructor |
//!
//! A handler is a pure function: it takes the node as it is and returns the
//! node as it becomes, with what is to be sent, or the one guard that refused.

pub mod catalogue;
pub(crate) mod claims;
mod election;
pub mod history;
pub mod mutant;
pub mod properties;
mod publication;
pub mod quorum;
pub mod reconfigurator;
mod rejection;
mod rule_set;
mod state;
mod types;

pub use mutant::Mutant;
pub use rejection::Rejection;
pub use rule_set::{ElasticsearchJava, RuleSet, Sound};
pub use state::{CoordinationState, Durable, Volatile};
pub use types::{ClientValue, ClusterState, Envelope, Join, Message, PublicationId, Term, Value, Version};
