//! What may be relied on of sessions, clause by clause.
//!
//! A world above sessions may do to its nodes whatever these clauses leave open,
//! and need do nothing else. What they leave open: any payload may be late, or
//! lost; payloads may overtake each other within a session and be lost or
//! delivered in any combination when it ends; a session may end at any time,
//! without a cause that anybody knows.

/// A clause of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clause {
    /// `C1`, `C2`, ….
    pub id: &'static str,
    /// What may be relied on.
    pub says: &'static str,
    /// The property of the model `session` that checks it.
    pub property: &'static str,
}

/// The contract.
pub const CONTRACT: [Clause; 10] = [
    Clause {
        id: "C1",
        says: "A payload is delivered at most once, whoever is restarted in between.",
        property: "DeliveredAtMostOnce",
    },
    Clause { id: "C2", says: "What is delivered in the name of a process was sent by it.", property: "DeliveredWasSent" },
    Clause {
        id: "C3",
        says: "A payload is delivered in the session in which it was first transmitted, to the same life of its receiver, or never.",
        property: "DeliveredToWhomItWasMeant",
    },
    Clause {
        id: "C4",
        says: "After something of a later life of a peer, or the end of a life, nothing of an earlier life is delivered.",
        property: "NothingOutdated",
    },
    Clause {
        id: "C5",
        says: "A payload is delivered, or on its way, or its sender is told that the session has ended, or is no more.",
        property: "LossIsTold",
    },
    Clause {
        id: "C6",
        says: "Whoever is told so does not know which of the payloads on their way arrived.",
        property: "LostMayHaveArrived",
    },
    Clause {
        id: "C7",
        says: "A request is settled at most once: by a reply, an error or the end of the session, never by two of them.",
        property: "SettledOnce",
    },
    Clause {
        id: "C8",
        says: "An answer settles the request that it is the answer to, and none of another incarnation of the asker.",
        property: "AnswersItsOwnQuestion",
    },
    Clause { id: "C9", says: "After a goodbye nothing of that life is delivered.", property: "NothingAfterGoodbye" },
    Clause {
        id: "C10",
        says: "Once losses stop, every request of a living process is settled, if its receiver answers or is no more.",
        property: "EveryRequestIsSettled",
    },
];
