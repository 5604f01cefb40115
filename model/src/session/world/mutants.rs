//! Sessions with something wrong, for checks that must fail.

use serde::{Deserialize, Serialize};

use crate::seeded::{Expected, Seeded};
use crate::session::{AnswerDrop, LossReason, PacketDrop, SessionRules};

/// A habit of sessions that is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Habit {
    /// The incarnation is not durable: a restart repeats it.
    IncarnationReused,
    /// A session that this end has ended goes on under the same number.
    SessionReused,
    /// Nobody is told when a session ends for this reason.
    Silent(LossReason),
    /// Payloads are transmitted once.
    NoRetransmission,
    /// Nobody asks whether a peer that owes an answer is there.
    NoProbes,
    /// The numbers received from one life are held against the next.
    NumbersKept,
    /// A peer that writes to an earlier life is answered and not remembered.
    SurvivorsNotAdmitted,
    /// A `Goodbye` is not taken for the end of the session.
    GoodbyeIgnored,
    /// Requests of an ended session are answered all the same.
    CallersKept,
    /// Requests are not settled when their session ends.
    LostNotSettled,
    /// Somebody else can write packets.
    Forgery,
}

/// The rules of sessions with something wrong; by default, nothing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionMutant {
    waived: u16,
    habit: Option<Habit>,
}

/// The guards that can be waived; their positions in a set of them. Where there
/// is no session (`NoSession`) there is nothing to go on with.
pub const GUARDS: [&str; 9] =
    ["Malformed", "FutureReceiver", "TooManyPeers", "OldSender", "Departed", "OldReceiver", "Duplicate", "NotOwed", "NotWaiting"];

impl SessionMutant {
    /// Sessions as they are run.
    pub const SOUND: SessionMutant = SessionMutant { waived: 0, habit: None };

    /// Sessions without this habit.
    pub const fn without(habit: Habit) -> Self {
        SessionMutant { waived: 0, habit: Some(habit) }
    }

    /// These, without one more guard; `None` if there is no guard of this name.
    #[must_use]
    pub fn and_waiving(self, guard: &str) -> Option<Self> {
        let index = GUARDS.iter().position(|name| *name == guard)?;
        Some(SessionMutant { waived: self.waived | 1 << index, ..self })
    }

    pub(super) fn is(&self, habit: Habit) -> bool {
        self.habit == Some(habit)
    }

    fn waives(&self, name: &str) -> bool {
        GUARDS.iter().position(|guard| *guard == name).is_some_and(|index| self.waived >> index & 1 == 1)
    }
}

impl SessionRules for SessionMutant {
    fn require(&self, guard: PacketDrop, holds: bool) -> Result<(), PacketDrop> {
        if holds || self.waives(guard.name()) { Ok(()) } else { Err(guard) }
    }

    fn require_answer(&self, guard: AnswerDrop, holds: bool) -> Result<(), AnswerDrop> {
        if holds || self.waives(guard.name()) { Ok(()) } else { Err(guard) }
    }

    fn session_after(&self, session: u32) -> u32 {
        session + u32::from(!self.is(Habit::SessionReused))
    }

    fn tells(&self, reason: LossReason) -> bool {
        !self.is(Habit::Silent(reason))
    }

    fn retransmits(&self) -> bool {
        !self.is(Habit::NoRetransmission)
    }

    fn probes(&self) -> bool {
        !self.is(Habit::NoProbes)
    }

    fn forgets_numbers(&self) -> bool {
        !self.is(Habit::NumbersKept)
    }

    fn admits_survivors(&self) -> bool {
        !self.is(Habit::SurvivorsNotAdmitted)
    }

    fn believes_goodbye(&self) -> bool {
        !self.is(Habit::GoodbyeIgnored)
    }

    fn forgets_callers(&self) -> bool {
        !self.is(Habit::CallersKept)
    }

    fn settles_lost(&self) -> bool {
        !self.is(Habit::LostNotSettled)
    }
}

/// An entry of the catalogue, at bounds of `session`: network, questions of
/// either process, restarts, suspicions, goodbyes, deaths, losses, duplications.
pub type SeededSession = Seeded<SessionMutant, [u64; 9]>;

/// The catalogue: seeded mutants of sessions. Every guard has a row that waives it.
pub fn catalogue() -> Vec<SeededSession> {
    use Expected::{Dies, Equivalent};
    use Habit::*;
    let habit =
        |id, change, habit, expected, bounds| Seeded { id, change, rules: SessionMutant::without(habit), expected, bounds };
    let waive = |id, change, guards: &[&str], expected, bounds| {
        let waived = guards.iter().try_fold(SessionMutant::SOUND, |rules, guard| rules.and_waiving(guard));
        Seeded { id, change, rules: waived.expect("these guards are in the list"), expected, bounds }
    };
    let silent = |id, change, reason, bounds| {
        let dies = if reason == LossReason::Left { Dies("GoodbyeIsHeard") } else { Dies("LossIsTold") };
        habit(id, change, Silent(reason), dies, bounds)
    };
    let settled = Dies("EveryRequestIsSettled");
    vec![
        habit(
            "SE01",
            "the incarnation is not durable, so that a restart repeats it",
            IncarnationReused,
            Dies("DeliveredAtMostOnce"),
            [0, 1, 0, 1, 0, 0, 0, 0, 0],
        ),
        habit(
            "SE02",
            "a session that one end has ended goes on at the other",
            SessionReused,
            settled,
            [1, 1, 0, 0, 1, 0, 0, 1, 0],
        ),
        silent("SE03", "nobody hears that a peer was given up", LossReason::Gone, [0, 1, 0, 0, 1, 0, 0, 0, 0]),
        silent("SE04", "nobody hears that a peer was restarted", LossReason::Restarted, [0, 1, 0, 1, 0, 0, 0, 0, 0]),
        silent("SE05", "nobody hears that the peer has ended the session", LossReason::Reset, [0, 1, 0, 0, 1, 0, 0, 0, 0]),
        silent("SE06", "nobody hears a goodbye", LossReason::Left, [0, 1, 0, 0, 0, 1, 0, 0, 0]),
        silent("SE07", "who says goodbye forgets what it had asked", LossReason::Closed, [0, 1, 0, 0, 0, 1, 0, 0, 0]),
        habit("SE08", "payloads are transmitted once", NoRetransmission, settled, [1, 1, 0, 1, 0, 0, 0, 1, 0]),
        habit(
            "SE09",
            "a peer that owes an answer is not asked whether it is there",
            NoProbes,
            settled,
            [1, 1, 0, 1, 0, 0, 0, 1, 0],
        ),
        habit(
            "SE10",
            "the numbers received from one life are held against the next",
            NumbersKept,
            Dies("LossIsTold"),
            [0, 2, 0, 1, 0, 0, 0, 0, 0],
        ),
        habit(
            "SE11",
            "a peer that writes to an earlier life is not remembered",
            SurvivorsNotAdmitted,
            Dies("WelcomedIsKnown"),
            [0, 1, 0, 1, 0, 0, 0, 0, 0],
        ),
        habit("SE12", "a goodbye does not end the session", GoodbyeIgnored, Dies("GoodbyeIsHeard"), [0, 1, 0, 0, 0, 1, 0, 0, 0]),
        habit(
            "SE13",
            "requests of an ended session are answered in the next",
            CallersKept,
            Dies("AnswersItsOwnQuestion"),
            [0, 2, 0, 1, 0, 0, 0, 0, 0],
        ),
        habit("SE14", "requests are not settled when their session ends", LostNotSettled, settled, [0, 1, 0, 1, 0, 0, 0, 0, 0]),
        habit("SE15", "somebody else can write packets", Forgery, Dies("DeliveredWasSent"), [0, 1, 0, 0, 0, 0, 0, 0, 0]),
        waive(
            "SE16",
            "requests are answered twice, and both answers are taken",
            &["NotOwed", "NotWaiting"],
            Dies("SettledOnce"),
            [0, 1, 0, 0, 0, 0, 0, 0, 0],
        ),
        waive(
            "W-OldSender",
            "packets of an earlier life of the sender are taken",
            &["OldSender"],
            Dies("NothingOutdated"),
            [0, 1, 0, 1, 0, 0, 0, 0, 0],
        ),
        waive(
            "W-Departed",
            "packets of a life that has said goodbye are taken",
            &["Departed"],
            Dies("NothingAfterGoodbye"),
            [0, 1, 0, 0, 0, 1, 0, 0, 0],
        ),
        waive(
            "W-OldReceiver",
            "packets for an earlier life are taken",
            &["OldReceiver"],
            Dies("DeliveredToWhomItWasMeant"),
            [0, 1, 0, 1, 0, 0, 0, 0, 0],
        ),
        waive(
            "W-Duplicate",
            "a payload is delivered as often as it arrives",
            &["Duplicate"],
            Dies("DeliveredAtMostOnce"),
            [0, 1, 0, 0, 0, 0, 0, 0, 0],
        ),
        waive(
            "W-NotOwed",
            "a request is answered as often as somebody answers it",
            &["NotOwed"],
            Dies("AnswersItsOwnQuestion"),
            [0, 2, 0, 1, 0, 0, 0, 0, 0],
        ),
        waive(
            "W-NotWaiting",
            "answers that nobody waits for are taken",
            &["NotWaiting"],
            Equivalent("a request is answered once, and no answer crosses into the next session"),
            [0, 1, 1, 0, 1, 0, 0, 0, 0],
        ),
        waive(
            "W-Malformed",
            "impossible packets are taken",
            &["Malformed"],
            Equivalent("no process of the model sends one"),
            [0, 1, 0, 1, 0, 0, 0, 0, 0],
        ),
        waive(
            "W-FutureReceiver",
            "packets for a life that is yet to come are taken",
            &["FutureReceiver"],
            Equivalent("without a lost disk or a lie there is none"),
            [0, 1, 0, 1, 0, 0, 0, 0, 0],
        ),
        waive(
            "W-TooManyPeers",
            "any number of peers is remembered",
            &["TooManyPeers"],
            Equivalent("it bounds memory, and there is one peer"),
            [0, 1, 0, 1, 0, 0, 0, 0, 0],
        ),
    ]
}
