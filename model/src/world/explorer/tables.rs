//! What an explorer has met: placed nodes, messages, ledgers, outages, each with
//! a number. A state is a short tuple of them.

use std::sync::Arc;

use stateright::actor::Actor;

use super::super::environment::{Environment, SlotOf, StateOf};
use super::super::links::Outage;
use super::numbers::{NONE, Numbers};
use crate::coordination::Envelope;
use crate::node_set::NodeId;

/// A node in its place.
pub(super) struct Placed<A: Actor> {
    pub node: NodeId,
    pub slot: Arc<SlotOf<A>>,
}

/// The parts that states are made of.
pub(super) struct Tables<A: Actor, L> {
    pub slots: Numbers<Placed<A>>,
    pub envelopes: Numbers<Envelope<A::Msg>>,
    /// For each message its place in the order of all: networks are sorted by it.
    pub ranks: Vec<u32>,
    pub ledgers: Numbers<L>,
    pub outages: Numbers<Outage>,
}

/// A state by the numbers of its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ids {
    pub slots: Vec<u32>,
    /// In the order of the messages.
    pub network: Vec<u32>,
    pub ledger: u32,
    pub outage: u32,
}

impl<A: Actor, L: Clone + Eq + std::hash::Hash> Tables<A, L>
where
    A::Msg: Ord,
    SlotOf<A>: Eq + std::hash::Hash,
{
    pub fn new() -> Self {
        Tables {
            slots: Numbers::default(),
            envelopes: Numbers::default(),
            ranks: Vec::new(),
            ledgers: Numbers::default(),
            outages: Numbers::default(),
        }
    }

    pub fn slot(&mut self, node: NodeId, slot: &SlotOf<A>, share: impl FnOnce() -> Arc<SlotOf<A>>) -> u32 {
        let is = |known: &Placed<A>| known.node == node && *known.slot == *slot;
        self.slots.number(&(node, slot), is, || Placed { node, slot: share() })
    }

    pub fn envelope(&mut self, envelope: &Envelope<A::Msg>) -> u32 {
        let number = self.envelopes.number(envelope, |known| known == envelope, || envelope.clone());
        if number as usize == self.ranks.len() {
            let place = self.envelopes.iter().filter(|known| *known < envelope).count() as u32;
            self.ranks.iter_mut().filter(|rank| **rank >= place).for_each(|rank| *rank += 1);
            self.ranks.push(place);
        }
        number
    }

    #[inline]
    pub fn rank(&self, envelope: u32) -> u32 {
        self.ranks[envelope as usize]
    }

    pub fn ledger(&mut self, ledger: &L) -> u32 {
        self.ledgers.number(ledger, |known| known == ledger, || ledger.clone())
    }

    pub fn outage(&mut self, outage: &Outage) -> u32 {
        self.outages.number(outage, |known| known == outage, || *outage)
    }

    /// The numbers of a state's parts.
    pub fn ids<E: Environment<A, Ledger = L>>(&mut self, state: &StateOf<A, E>, ids: &mut Ids) {
        ids.slots.clear();
        for (index, slot) in state.nodes.iter().enumerate() {
            let number = self.slot(NodeId::from_index(index), slot, || Arc::clone(slot));
            ids.slots.push(number);
        }
        ids.network.clear();
        for envelope in state.network.copies() {
            let number = self.envelope(envelope);
            ids.network.push(number);
        }
        ids.ledger = self.ledger(&state.ledger);
        ids.outage = self.outage(&state.outage);
    }

    /// Makes `state`, which has the parts `built`, the state that has the parts `ids`.
    pub fn build<E: Environment<A, Ledger = L>>(&self, state: &mut StateOf<A, E>, built: &mut Ids, ids: &Ids) {
        if built.slots.len() != ids.slots.len() {
            state.nodes = ids.slots.iter().map(|number| Arc::clone(&self.slots.get(*number).slot)).collect();
        } else {
            for (node, number) in state.nodes.iter_mut().zip(built.slots.iter().zip(&ids.slots)) {
                if number.0 != number.1 {
                    *node = Arc::clone(&self.slots.get(*number.1).slot);
                }
            }
        }
        if built.network != ids.network {
            state.network.fill(ids.network.iter().map(|number| self.envelopes.get(*number)));
        }
        if built.ledger != ids.ledger {
            state.ledger = self.ledgers.get(ids.ledger).clone();
        }
        if built.outage != ids.outage {
            state.outage = *self.outages.get(ids.outage);
        }
        built.clone_from(ids);
    }
}

impl Ids {
    /// Of a state that has nothing in common with any.
    pub fn none() -> Self {
        Ids { slots: Vec::new(), network: vec![NONE], ledger: NONE, outage: NONE }
    }
}
