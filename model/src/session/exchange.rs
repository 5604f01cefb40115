//! Requests and their answers, above sessions: every request is settled once.
//!
//! ```text
//!   asker                                     answerer
//!   ask ───────────── request 7 ───────────▶  arrived: a Caller, owed an answer
//!                                               (now or much later)
//!   answered: settled ◀── reply or error ───  answer: nothing is owed any more
//!
//!   disconnected: all requests to that peer   disconnected: nothing is owed to
//!   are settled, nobody knows whether they    callers of that life any more; an
//!   were carried out                          answer to them is dropped
//! ```
//!
//! While something is expected of a peer its [`Endpoint`](super::Endpoint) is
//! told so ([`expect`](super::Endpoint::expect)), and finds out whether the peer
//! is there even when nothing is on its way to it.
//!
//! What a request and an answer look like on the wire is the owner's business;
//! this is only the book that both ends keep.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::packet::{Life, PeerId};
use super::rules::{SessionRules, SoundSession};

/// Counts the requests of an incarnation, from 1.
pub type RequestNumber = u64;

/// Who asked, in which life, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Caller {
    /// The process.
    pub peer: PeerId,
    /// Its life when it asked.
    pub life: Life,
    /// The number of its request.
    pub request: RequestNumber,
}

/// Why an answer goes no further: one for each guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AnswerDrop {
    /// At the answerer: the request was answered before, or its session has ended.
    NotOwed,
    /// At the asker: the request was settled before, or never made.
    NotWaiting,
}

impl AnswerDrop {
    /// Every guard.
    pub const ALL: [AnswerDrop; 2] = [AnswerDrop::NotOwed, AnswerDrop::NotWaiting];

    /// The name of the variant.
    pub fn name(self) -> &'static str {
        match self {
            AnswerDrop::NotOwed => "NotOwed",
            AnswerDrop::NotWaiting => "NotWaiting",
        }
    }
}

/// The requests of one process, made and received, that are not settled.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Exchanges<R = SoundSession> {
    rules: R,
    last_request: RequestNumber,
    waiting: BTreeSet<(PeerId, RequestNumber)>,
    owed: BTreeSet<Caller>,
}

impl Exchanges {
    /// No requests yet.
    pub fn new() -> Self {
        Exchanges::with_rules(SoundSession)
    }
}

impl<R: SessionRules> Exchanges<R> {
    /// No requests yet, under these rules.
    pub fn with_rules(rules: R) -> Self {
        Exchanges { rules, last_request: 0, waiting: BTreeSet::new(), owed: BTreeSet::new() }
    }

    /// A request to `peer` is about to be sent; its number.
    pub fn ask(&mut self, peer: PeerId) -> RequestNumber {
        self.last_request += 1;
        self.waiting.insert((peer, self.last_request));
        self.last_request
    }

    /// A request was delivered; whom to answer.
    pub fn arrived(&mut self, peer: PeerId, life: Life, request: RequestNumber) -> Caller {
        let caller = Caller { peer, life, request };
        self.owed.insert(caller);
        caller
    }

    /// An answer to `caller` may be sent, if this is `Ok`. It is the only one.
    ///
    /// # Errors
    /// [`AnswerDrop::NotOwed`]: the caller hears, or has heard, of something else.
    pub fn answer(&mut self, caller: &Caller) -> Result<(), AnswerDrop> {
        self.rules.require_answer(AnswerDrop::NotOwed, self.owed.contains(caller))?;
        self.owed.remove(caller);
        Ok(())
    }

    /// An answer was delivered; it is for the owner, if this is `Ok`.
    ///
    /// # Errors
    /// [`AnswerDrop::NotWaiting`].
    pub fn answered(&mut self, peer: PeerId, request: RequestNumber) -> Result<(), AnswerDrop> {
        let waited = self.waiting.remove(&(peer, request));
        self.rules.require_answer(AnswerDrop::NotWaiting, waited)
    }

    /// The session with `peer` has ended: the requests that are settled by that,
    /// in the order in which they were made.
    pub fn disconnected(&mut self, peer: PeerId) -> Vec<RequestNumber> {
        if self.rules.forgets_callers() {
            self.owed.retain(|caller| caller.peer != peer);
        }
        if !self.rules.settles_lost() {
            return Vec::new();
        }
        let lost: Vec<RequestNumber> = self.waiting_at(peer).collect();
        self.waiting.retain(|(asked, _)| *asked != peer);
        lost
    }

    /// Whether an answer of `peer` is waited for.
    pub fn expects(&self, peer: PeerId) -> bool {
        self.waiting_at(peer).next().is_some()
    }

    /// The callers that are owed an answer.
    pub fn callers(&self) -> impl Iterator<Item = &Caller> {
        self.owed.iter()
    }

    fn waiting_at(&self, peer: PeerId) -> impl Iterator<Item = RequestNumber> {
        self.waiting.range((peer, 0)..=(peer, RequestNumber::MAX)).map(|(_, request)| *request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_settled_once() {
        let mut asker = Exchanges::new();
        let (first, second) = (asker.ask(1), asker.ask(1));
        assert!(asker.expects(1) && !asker.expects(2));
        assert_eq!(asker.answered(1, first), Ok(()));
        assert_eq!(asker.answered(1, first), Err(AnswerDrop::NotWaiting));
        assert_eq!(asker.answered(2, second), Err(AnswerDrop::NotWaiting), "it was not asked");
        assert!(asker.disconnected(2).is_empty());
        assert_eq!(asker.disconnected(1), [second]);
        assert_eq!(asker.answered(1, second), Err(AnswerDrop::NotWaiting), "too late");
        assert_eq!(asker.ask(1), 3, "numbers are not used again");
    }

    #[test]
    fn an_answer_is_owed_once_and_only_within_the_session() {
        let mut answerer = Exchanges::new();
        let caller = answerer.arrived(1, Life::first(1), 7);
        assert_eq!(answerer.answer(&caller), Ok(()));
        assert_eq!(answerer.answer(&caller), Err(AnswerDrop::NotOwed));
        let caller = answerer.arrived(1, Life::first(1), 8);
        answerer.disconnected(1);
        assert_eq!(answerer.answer(&caller), Err(AnswerDrop::NotOwed));
        assert_eq!(answerer.callers().count(), 0);
    }
}
