//! What the runtime asks of an actor beyond `stateright`'s trait.

use serde::{Serialize, de::DeserializeOwned};
use stateright::actor::{Actor, Id};

use crate::admin::NodeReport;
use crate::store::Stored;

/// An actor that can run as a node.
pub trait NodeActor:
    Actor<Msg: Serialize + DeserializeOwned, Timer: Serialize, State: Serialize, Storage: Stored + Serialize>
{
    /// What to tell the actor when the session with `peer` ends; `None` for an
    /// actor that does not care.
    fn on_disconnect(&self, _peer: Id) -> Option<Self::Msg> {
        None
    }

    /// Fills in what the actor knows about itself.
    fn report(&self, state: &Self::State, report: &mut NodeReport);

    /// The value of `key` in what the node serves.
    fn read(&self, _state: &Self::State, _key: &str) -> Option<String> {
        None
    }
}
