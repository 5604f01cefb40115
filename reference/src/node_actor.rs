//! What the runtime asks of an actor beyond `stateright`'s trait.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_model::session::PeerId;
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

    /// The peers of which the actor expects something in this state: when one
    /// of them falls silent, the actor is to hear of it.
    fn expects(&self, _id: Id, _state: &Self::State) -> BTreeSet<PeerId> {
        BTreeSet::new()
    }

    /// What a turn brought about that whoever reads the log wants to know.
    /// `said` is the message that it was about, and its sender.
    fn remarks(&self, _id: Id, _said: Option<(Id, &Self::Msg)>, _before: &Self::State, _after: &Self::State) -> Vec<String> {
        Vec::new()
    }

    /// What is wrong with a node in this state, if it stays so for that long.
    fn worry(&self, _id: Id, _state: &Self::State) -> Option<(Duration, String)> {
        None
    }

    /// Fills in what the actor knows about itself.
    fn report(&self, id: Id, state: &Self::State, report: &mut NodeReport);

    /// The value of `key` in what the node serves.
    fn read(&self, _state: &Self::State, _key: &str) -> Option<String> {
        None
    }
}
