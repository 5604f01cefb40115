//! Sessions that break their contract, and which part of it.

use super::world::SessionFlaw;
use crate::seeded::{Expected, Seeded};

/// An entry of the catalogue, at bounds of the model `session`.
pub type SessionMutant = Seeded<Option<SessionFlaw>, [u64; 4]>;

/// The catalogue: each rule of the session layer left out.
pub fn session_catalogue() -> Vec<SessionMutant> {
    use SessionFlaw::*;
    let entry = |id, change, flaw, bounds, dies| Seeded { id, change, rules: Some(flaw), bounds, expected: Expected::Dies(dies) };
    vec![
        entry("SE01", "a restart repeats the incarnation", IncarnationReused, [1, 0, 1, 0], "DeliveredAtMostOnce"),
        entry("SE02", "what was received is forgotten", ReceivedForgotten, [2, 0, 1, 0], "NothingOutdated"),
        entry("SE03", "nobody hears of a disconnect", DisconnectSilent, [1, 0, 0, 1], "LossIsTold"),
        entry("SE04", "others can write packets", Forgery, [1, 0, 0, 0], "DeliveredWasSent"),
        entry("SE05", "a packet for an older incarnation is taken", OldReceiverTaken, [1, 0, 1, 0], "DeliveredAtMostOnce"),
        entry(
            "SE06",
            "a packet of an older incarnation is taken for a new one",
            OldSenderTaken,
            [1, 1, 1, 0],
            "DeliveredWasSent",
        ),
        entry("SE07", "a payload is acknowledged and not delivered", AcknowledgedAndDropped, [1, 0, 0, 0], "LossIsTold"),
    ]
}
