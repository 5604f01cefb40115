//! The state of the model `session`, and what can happen in it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::mutants::SessionMutant;
use crate::session::{Caller, Endpoint, Exchanges, Incarnation, Life, Packet, RequestNumber};

/// What the two processes say to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Letter {
    /// A request.
    Request {
        /// Its number, as the asker counts.
        request: RequestNumber,
        /// What is asked; no two questions are equal.
        question: u8,
    },
    /// The answer to one, be it a reply or an error.
    Answer {
        /// The number of the request.
        request: RequestNumber,
        /// What was asked.
        question: u8,
        /// How many answers to it went before.
        copy: u8,
    },
}

impl Letter {
    /// Which payload it is.
    pub fn item(self) -> Item {
        match self {
            Letter::Request { question, .. } => Item { question, answer: None },
            Letter::Answer { question, copy, .. } => Item { question, answer: Some(copy) },
        }
    }
}

/// A payload: a question, or an answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Item {
    /// The question.
    pub question: u8,
    /// Which of the answers it is, if it is one: there should be no second.
    pub answer: Option<u8>,
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Process {
    /// Its end of the session.
    pub endpoint: Endpoint<Letter, SessionMutant>,
    /// Its requests.
    pub exchanges: Exchanges<SessionMutant>,
    /// The questions that it was asked. Whoever answers them may do so late, and again.
    pub asked: BTreeMap<Caller, u8>,
    /// Whether it is there; a process that is not never comes back.
    pub alive: bool,
}

/// Ghost: a payload and who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sent {
    /// The sender.
    pub source: u8,
    /// Its incarnation.
    pub incarnation: Incarnation,
    /// How often it had been restarted.
    pub restarts: u8,
    /// The life of the receiver that it was first transmitted to.
    pub meant: Option<Life>,
}

/// Ghost: a question and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Question {
    /// Who asked.
    pub source: u8,
    /// How often that process had been restarted.
    pub restarts: u8,
    /// The number of the request.
    pub request: RequestNumber,
    /// How many answers the asker was given.
    pub answers: u8,
    /// How often the asker was told that it is lost.
    pub losses: u8,
}

/// Ghost: one delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Delivery {
    /// What.
    pub item: Item,
    /// The life in which it was sent.
    pub sender: Life,
    /// The life of the receiver.
    pub receiver: Life,
}

/// Ghost: what has happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ledger {
    /// How often each process was restarted, whatever its incarnation says.
    pub restarts: [u8; 2],
    /// Every question.
    pub questions: BTreeMap<u8, Question>,
    /// Every payload sent.
    pub sent: BTreeMap<Item, Sent>,
    /// Every delivery, sorted, with repetitions.
    pub delivered: Vec<Delivery>,
    /// What was outstanding when its sender was told of the end of the session.
    pub told_lost: BTreeSet<Item>,
    /// The latest life of the other of which each process has seen a payload or the end.
    pub newest: [Life; 2],
    /// The lives of the other that each process has heard the goodbye of.
    pub parted: [BTreeSet<Life>; 2],
    /// A delivery that came after something of a later life.
    pub outdated: Option<Delivery>,
    /// A delivery that came after a goodbye.
    pub late: Option<Delivery>,
    /// An answer that was given to another question: what was asked, and what was answered.
    pub mixed_up: Option<(u8, u8)>,
}

/// What the adversary may still do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Budget {
    /// Questions that each process may still ask.
    pub asks: [u8; 2],
    /// Restarts.
    pub restarts: u8,
    /// Times that a living peer is taken for gone.
    pub suspicions: u8,
    /// Goodbyes.
    pub leaves: u8,
    /// Processes that stop for good.
    pub deaths: u8,
    /// Packets lost; a retained set needs none.
    pub losses: u8,
    /// Packets delivered twice; a retained set needs none.
    pub duplications: u8,
}

/// A state of [`SessionWorld`](super::SessionWorld).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionState {
    /// The two processes.
    pub processes: [Process; 2],
    /// The packets under way, or every packet ever sent, with its sender.
    pub packets: BTreeSet<(u8, Packet<Letter>)>,
    /// Ghost: what has happened.
    pub ledger: Ledger,
    /// What may still happen.
    pub budget: Budget,
}

/// A step of [`SessionWorld`](super::SessionWorld).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SessionAction {
    /// A process asks the other something.
    Ask(u8),
    /// A process answers.
    Answer(u8, Caller),
    /// A packet of this process arrives at the other.
    Arrive(u8, Packet<Letter>),
    /// Time passes for a process: it retransmits, and asks whether the other is there.
    Tick(u8),
    /// A process gives up the other, which is no more.
    GiveUp(u8),
    /// A process takes the other for gone, which is there.
    Suspect(u8),
    /// A process says goodbye.
    Leave(u8),
    /// A process is killed and started again.
    Restart(u8),
    /// A process stops for good.
    Die(u8),
    /// A packet of this process is lost.
    Lose(u8, Packet<Letter>),
    /// A packet of this process arrives, and will once more.
    Duplicate(u8, Packet<Letter>),
}

impl SessionAction {
    /// The classes, in the order of the variants.
    pub const CLASSES: [&str; 11] =
        ["Ask", "Answer", "Arrive", "Tick", "GiveUp", "Suspect", "Leave", "Restart", "Die", "Lose", "Duplicate"];

    /// Which of them this is.
    pub fn class(&self) -> usize {
        match self {
            SessionAction::Ask(_) => 0,
            SessionAction::Answer(..) => 1,
            SessionAction::Arrive(..) => 2,
            SessionAction::Tick(_) => 3,
            SessionAction::GiveUp(_) => 4,
            SessionAction::Suspect(_) => 5,
            SessionAction::Leave(_) => 6,
            SessionAction::Restart(_) => 7,
            SessionAction::Die(_) => 8,
            SessionAction::Lose(..) => 9,
            SessionAction::Duplicate(..) => 10,
        }
    }

    /// The process to which it happens.
    pub fn process(&self) -> u8 {
        match self {
            SessionAction::Arrive(source, _) | SessionAction::Duplicate(source, _) | SessionAction::Lose(source, _) => 1 - source,
            SessionAction::Ask(process)
            | SessionAction::Answer(process, _)
            | SessionAction::Tick(process)
            | SessionAction::GiveUp(process)
            | SessionAction::Suspect(process)
            | SessionAction::Leave(process)
            | SessionAction::Restart(process)
            | SessionAction::Die(process) => *process,
        }
    }

    /// The packet that arrives or is lost.
    pub fn packet(&self) -> Option<&Packet<Letter>> {
        match self {
            SessionAction::Arrive(_, packet) | SessionAction::Duplicate(_, packet) | SessionAction::Lose(_, packet) => {
                Some(packet)
            }
            _ => None,
        }
    }
}
