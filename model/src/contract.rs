//! What the coordination layer promises to whatever is built on it, as an
//! automaton of its own: one history of committed cluster states.
//!
//! ```text
//!   history   s1 ─▶ s2 ─▶ s3 ─▶ s4          grows at its end, never changes
//!                   ▲           ▲
//!   node n1 ────────┘           │           each node applies states of the history,
//!   node n2 ────────────────────┘           later ones only, possibly skipping some
//! ```
//!
//! The five clauses (the shard layer stands on them; see the composition in
//! `ARCHITECTURE.md`) are the guards of [`Contract::step`]:
//!
//! | clause | says |
//! | --- | --- |
//! | [`Clause::OneHistory`] | committed states are one sequence, which only grows |
//! | [`Clause::AppliedIsCommitted`], [`Clause::AppliedGrows`] | a node applies it in order, possibly skipping, and may begin anew after a restart |
//! | [`Clause::SuccessIsCommitted`] | success is reported of committed states that the reporting node has applied |
//! | [`Clause::RefusalIsFinal`] | "not published" is reported of what never surfaces; everything else is unknown, and may or may not |
//! | [`Clause::HistoryIsDurable`] | no restart, of any number of nodes, takes anything from the history |
//!
//! That a node may leave the history's members at any time is left open: it is
//! a state like others. The world of the Coordinators is checked to refine this
//! automaton at every step, and never to do what it does not allow.

use crate::coordination::PublicationId;
use crate::node_set::NodeId;

/// A promise, and the guard that keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Clause {
    /// Another history than the one so far.
    #[error("committed states are one sequence, which only grows")]
    OneHistory,
    /// A history that lost something.
    #[error("nothing committed is lost")]
    HistoryIsDurable,
    /// Something else than a committed state was applied.
    #[error("nodes apply committed states")]
    AppliedIsCommitted,
    /// An older state was applied.
    #[error("a node applies later states only, until it restarts")]
    AppliedGrows,
    /// Success of something that is not committed and applied.
    #[error("success means committed, and applied by the node that says so")]
    SuccessIsCommitted,
    /// "Not published" of something that is.
    #[error("what is reported as not published never surfaces")]
    RefusalIsFinal,
}

/// What happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A state with the effect of this request is published; it may be lost.
    Published {
        /// The request.
        request: u64,
    },
    /// The history up to a newly committed state; what was published on the way
    /// is committed with it.
    Committed {
        /// All of it, from the first state.
        history: Vec<PublicationId>,
    },
    /// A node applies a state.
    Applied {
        /// The node.
        node: NodeId,
        /// The state.
        state: PublicationId,
    },
    /// A node comes up with nothing applied.
    Restarted {
        /// The node.
        node: NodeId,
    },
    /// A node reports success.
    Succeeded {
        /// The node.
        node: NodeId,
        /// The state that has the effect.
        state: PublicationId,
    },
    /// A node reports that a request was not published.
    Refused {
        /// The request.
        request: u64,
    },
}

/// A state of the automaton.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Contract {
    /// The committed states, oldest first.
    pub history: Vec<PublicationId>,
    /// What each node has applied last.
    pub applied: Vec<Option<PublicationId>>,
    /// The requests whose effect is in some published state, sorted.
    pub published: Vec<u64>,
    /// The requests that were reported as not published, sorted.
    pub refused: Vec<u64>,
}

impl Contract {
    /// What becomes of it, or the clause that forbids it.
    pub fn step(&self, event: &Event) -> Result<Contract, Clause> {
        let mut next = self.clone();
        match event {
            Event::Published { request } => {
                require(Clause::RefusalIsFinal, !self.refused.contains(request))?;
                insert(&mut next.published, *request);
            }
            Event::Committed { history } => {
                require(Clause::HistoryIsDurable, history.len() >= self.history.len())?;
                require(Clause::OneHistory, history.starts_with(&self.history) && history.is_sorted_by(is_later))?;
                next.history.clone_from(history);
            }
            Event::Applied { node, state } => {
                require(Clause::AppliedIsCommitted, self.history.contains(state))?;
                let applied = &mut next.applied[node.index()];
                require(Clause::AppliedGrows, applied.is_none_or(|applied| applied <= *state))?;
                *applied = Some(*state);
            }
            Event::Restarted { node } => next.applied[node.index()] = None,
            Event::Succeeded { node, state } => {
                let applied = self.applied[node.index()].is_some_and(|applied| applied >= *state);
                require(Clause::SuccessIsCommitted, self.history.contains(state) && applied)?;
            }
            Event::Refused { request } => {
                require(Clause::RefusalIsFinal, !self.published.contains(request))?;
                insert(&mut next.refused, *request);
            }
        }
        Ok(next)
    }
}

/// Both the term, not necessarily, and the version, necessarily, grow.
fn is_later(one: &PublicationId, other: &PublicationId) -> bool {
    one.term <= other.term && one.version < other.version
}

fn require(clause: Clause, holds: bool) -> Result<(), Clause> {
    if holds { Ok(()) } else { Err(clause) }
}

fn insert(set: &mut Vec<u64>, request: u64) {
    if let Err(position) = set.binary_search(&request) {
        set.insert(position, request);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(term: u64, version: u64) -> PublicationId {
        PublicationId { term, version }
    }

    fn after(events: &[Event]) -> Result<Contract, Clause> {
        let new = Contract { applied: vec![None; 2], ..Contract::default() };
        events.iter().try_fold(new, |contract, event| contract.step(event))
    }

    /// Each clause refuses what it is about, and what is just allowed is.
    #[test]
    fn every_clause_refuses_something() {
        let node = NodeId(0);
        let committed = |ids: &[(u64, u64)]| Event::Committed { history: ids.iter().map(|(t, v)| id(*t, *v)).collect() };
        let (first, longer) = (committed(&[(1, 1)]), committed(&[(1, 1), (2, 3), (2, 4)]));
        let applied = |term, version| Event::Applied { node, state: id(term, version) };
        let succeeded = Event::Succeeded { node, state: id(1, 1) };
        let restarted = Event::Restarted { node };

        let end = after(&[first.clone(), applied(1, 1), succeeded.clone(), longer.clone(), applied(2, 4)]).unwrap();
        assert_eq!((end.history.len(), end.applied), (3, vec![Some(id(2, 4)), None]));
        assert!(after(&[longer.clone(), applied(2, 4), restarted, applied(1, 1)]).is_ok(), "a restarted node may begin anew");

        assert_eq!(after(&[first.clone(), committed(&[(1, 2)])]), Err(Clause::OneHistory));
        assert_eq!(after(&[committed(&[(2, 1), (1, 2)])]), Err(Clause::OneHistory));
        assert_eq!(after(&[longer.clone(), first.clone()]), Err(Clause::HistoryIsDurable));
        assert_eq!(after(&[first.clone(), applied(1, 2)]), Err(Clause::AppliedIsCommitted));
        assert_eq!(after(&[longer, applied(2, 4), applied(2, 3)]), Err(Clause::AppliedGrows));
        assert_eq!(after(&[first.clone(), succeeded.clone()]), Err(Clause::SuccessIsCommitted));
        assert_eq!(after(&[succeeded]), Err(Clause::SuccessIsCommitted));
        let (published, refused) = (Event::Published { request: 1 }, Event::Refused { request: 1 });
        assert_eq!(after(&[published.clone(), refused.clone()]), Err(Clause::RefusalIsFinal));
        assert_eq!(after(&[refused, published]), Err(Clause::RefusalIsFinal));
    }
}
