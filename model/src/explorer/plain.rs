//! The explorer of any model: every state is built, hashed whole, and written
//! as its serializer says.

use super::{CodecError, Explorer, Identity, Parts, Step, Taken, Visit, canonical_fingerprint};
use crate::fingerprint::{Fingerprint, fingerprint};
use crate::specification::Specification;

/// An explorer that knows nothing of its model.
pub struct Plain<'a, M: Specification> {
    model: &'a M,
    identity: Identity,
    current: Vec<M::State>,
}

impl<'a, M: Specification> Plain<'a, M> {
    /// An explorer of `model`.
    pub fn new(model: &'a M, identity: Identity) -> Self {
        let symmetry = identity.symmetry && model.interchangeable_nodes() > 1;
        Plain { model, identity: Identity { symmetry, ..identity }, current: Vec::new() }
    }

    fn state(&self, slot: usize) -> &M::State {
        self.current.get(slot).expect("a state was read into the slot")
    }
}

impl<M: Specification> Explorer<M> for Plain<'_, M> {
    type Change = (M::Action, M::State);
    const COMPACT: bool = false;

    #[inline]
    fn identify(&self, state: &M::State) -> Fingerprint {
        if self.identity.symmetry {
            canonical_fingerprint(self.model, state, self.identity.seed)
        } else {
            fingerprint(state, self.identity.seed)
        }
    }

    fn begin_reading(&mut self) {}

    fn read(&mut self, slot: usize, encoded: &mut &[u8]) -> Result<(), CodecError> {
        let (state, rest) =
            postcard::take_from_bytes::<M::State>(encoded).map_err(|error| CodecError::Decode(error.to_string()))?;
        *encoded = rest;
        if slot >= self.current.len() {
            self.current.resize(slot + 1, state.clone());
        }
        self.current[slot] = state;
        Ok(())
    }

    fn current(&mut self, slot: usize) -> &M::State {
        self.state(slot)
    }

    fn expand(&mut self, slot: usize, visit: &mut impl Visit<Self::Change>) {
        self.model.successors(self.state(slot), |action, result| match result {
            Err(guard) => visit.refused(guard, 1),
            Ok(after) => visit.taken(Taken {
                class: self.model.class_of(&action),
                fingerprint: self.identify(&after),
                within: self.model.within_boundary(&after),
                changed: Parts::ALL,
                unsettled: Parts::ALL,
                change: (action, after),
            }),
        });
    }

    fn step<'a>(&'a mut self, slot: usize, (action, after): &'a Self::Change) -> Step<'a, M> {
        Step { before: self.state(slot), action, after }
    }

    fn settle(&mut self, _slot: usize, _change: &Self::Change, _parts: Parts) {}

    fn begin_writing(&mut self) {}

    fn write_successor(&mut self, _slot: usize, (_, after): &Self::Change, encoded: &mut Vec<u8>) -> Result<(), CodecError> {
        self.write_initial(after, encoded)
    }

    fn write_initial(&mut self, state: &M::State, encoded: &mut Vec<u8>) -> Result<(), CodecError> {
        let before = encoded.len();
        postcard::to_io(state, &mut *encoded).map(|_| ()).map_err(|error| {
            encoded.truncate(before);
            CodecError::Encode(error.to_string())
        })
    }
}
