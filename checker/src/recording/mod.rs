//! Recorded runs, judged: is what a real cluster did a behaviour of the model?
//!
//! [`validate`] takes the recordings of all nodes, for any actor, and finds an
//! order of their lines in which every message is sent before it is delivered.
//! Along that order it accepts a line only if
//!
//! * a delivered message was sent by that incarnation of that node to this one,
//!   was free to leave (what its turn had saved was synced), and is delivered
//!   for the first time;
//! * a timer that fires was set;
//! * the actor, called with the recorded input, sends, saves and knows exactly
//!   what is recorded;
//! * a node that starts again has on its disk what it synced last;
//! * the judge agrees: for the Coordinator ([`CoordinatorJudge`]) the safety
//!   properties hold, and every turn refines the rules.
//!
//! The first line that is not accepted is named by file and number.

mod coordinator;
mod history;
mod rejected;
mod replay;
mod validate;

pub use coordinator::{CoordinatorJudge, validate_coordinators, validate_folder};
pub use history::RecordedHistory;
pub use rejected::RecordingRejected;
pub use validate::{Accepted, Judge, JudgedTurn, RecordingOf, validate};
