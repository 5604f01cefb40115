//! The claims that are still looked at, and when.
//!
//! A claim names the parts of a state that it reads. After a step that leaves
//! them as they were it says what it said before, and that was that it holds:
//! else it were no longer open. See [`Parts`].

use quorate_model::explorer::{Parts, Taken};
use quorate_model::specification::Specification;

use super::expand::Found;
use crate::claims::{ClaimIndex, Claims};

/// A claim that is still open, and what it reads.
#[derive(Clone, Copy)]
pub(super) struct Open {
    pub claim: ClaimIndex,
    reads: Parts,
}

impl Open {
    /// Whether it may say something else after this step.
    #[inline]
    pub fn is_concerned<C>(self, taken: &Taken<C>) -> bool {
        Watched::default().and(self.reads).are_concerned(taken)
    }
}

/// What some claims read.
#[derive(Clone, Copy, Default)]
pub(super) struct Watched {
    /// By those that read one part, which may be known to be right.
    single: u32,
    /// By those that read several.
    several: u32,
    /// Whether some read everything.
    all: bool,
}

impl Watched {
    fn and(self, reads: Parts) -> Self {
        match reads {
            Parts::ALL => Watched { all: true, ..self },
            reads if reads.is_single() => Watched { single: self.single | reads.0, ..self },
            reads => Watched { several: self.several | reads.0, ..self },
        }
    }

    /// Whether some of them may say something else after this step.
    #[inline]
    pub fn are_concerned<C>(self, taken: &Taken<C>) -> bool {
        self.all || taken.unsettled.meet(Parts(self.single)) || taken.changed.meet(Parts(self.several))
    }
}

/// The claims that a worker still looks at; what was violated at a lesser depth is not.
pub(super) struct OpenClaims {
    /// About states.
    pub states: Vec<Open>,
    /// About states, by what the last step did to its node: what that does is
    /// checked once, wherever it leads.
    pub local: Vec<Open>,
    pub steps: Vec<Open>,
    pub examples: Vec<Open>,
    /// By claims about steps and by local ones.
    pub by_steps: Watched,
    /// By claims about states and by examples.
    pub by_states: Watched,
}

impl OpenClaims {
    pub fn new<M: Specification>(model: &M, claims: &Claims<M>, found_before: &[Option<Found>]) -> Self {
        let open = |indices: &[ClaimIndex]| {
            let still = indices.iter().copied().filter(|index| found_before[*index].is_none());
            still.map(|claim| Open { claim, reads: model.parts_read_by(claims.all[claim].name) }).collect::<Vec<_>>()
        };
        let (local, states): (Vec<Open>, Vec<Open>) =
            open(&claims.states).into_iter().partition(|open| open.reads == Parts::LOCAL);
        let (steps, examples) = (open(&claims.steps), open(&claims.examples));
        let watched = |claims: &[Open], more: &[Open]| {
            claims.iter().chain(more).fold(Watched::default(), |watched, open| watched.and(open.reads))
        };
        let (by_steps, by_states) = (watched(&steps, &local), watched(&states, &examples));
        OpenClaims { states, local, steps, examples, by_steps, by_states }
    }
}
