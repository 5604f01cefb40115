//! `zen-with-terms`: the specification model of the coordination rules.
//!
//! The environment of Elastic's TLA+ module `ZenWithTerms`: every handler may
//! be called at any time with any message ever sent, nodes restart at will,
//! and clients ask for any value and any configuration. It has the same
//! reachable state graph, so distinct states, generated states and depth are
//! what TLC prints for the same bounds.

mod action;
mod claims;
mod codec;
mod environment;
mod explorer;
mod intern;
mod memory;
mod messages;
mod nodes;
mod state;

pub use action::ZenAction;
pub use environment::{ZenBounds, ZenWithTerms};
pub use messages::{Descents, ZenMessage, ZenMessages};
pub use nodes::ZenNodes;
pub use state::{Bootstrap, ZenState};
