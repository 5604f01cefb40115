//! The fingerprints of successors, from that of the current state and the difference.

use serde::{Serialize, de::DeserializeOwned};
use stateright::actor::Actor;

use super::super::environment::Environment;
use super::orbit::{Sums, only_renaming, sorts};
use super::tables::Ids;
use super::{Change, WorldExplorer};
use crate::coordination::Envelope;
use crate::fingerprint::{Fingerprint, Sum};

/// Of the current state, what its successors' fingerprints are made of.
#[derive(Default)]
pub(super) struct Parent {
    /// For each renaming, once it was asked for.
    sums: Vec<Option<Sum>>,
    /// For each node, what the messages add to its key.
    messages: Vec<u64>,
    /// Room for a successor's.
    scratch: Vec<u64>,
    keys: Vec<u64>,
}

impl Parent {
    pub fn new(renamings: usize, nodes: usize) -> Self {
        Parent { sums: vec![None; renamings], messages: vec![0; nodes], ..Parent::default() }
    }
}

impl<A, E> WorldExplorer<'_, A, E>
where
    A: Actor + Send + Sync,
    A::State: Eq + Send + Sync + Serialize + DeserializeOwned,
    A::Msg: Ord + Send + Sync + Serialize + DeserializeOwned,
    A::Timer: Ord + Send + Sync + Serialize + DeserializeOwned,
    A::Storage: Eq + Send + Sync + Serialize + DeserializeOwned,
    E: Environment<A>,
{
    fn sums(&mut self) -> Sums<'_, A, E> {
        Sums { world: self.world, tables: &self.tables, known: &mut self.orbits }
    }

    /// The sum of the current state under a renaming.
    fn sum(&mut self, renaming: usize) -> Sum {
        if let Some(sum) = self.parent.sums[renaming] {
            return sum;
        }
        let mut sums = Sums { world: self.world, tables: &self.tables, known: &mut self.orbits };
        let mut sum = sums.ledger(renaming, self.current.ledger).plus(sums.outage(renaming, self.current.outage));
        for number in &self.current.slots {
            sum = sum.plus(sums.slot(renaming, *number));
        }
        for number in &self.current.network {
            sum = sum.plus(sums.envelope(renaming, *number));
        }
        self.parent.sums[renaming] = Some(sum);
        sum
    }

    /// The sum of the state after a step under a renaming.
    fn sum_after(&mut self, renaming: usize, change: &Change) -> Sum {
        let mut sum = self.sum(renaming);
        let Ids { slots, ledger, outage, .. } = &self.current;
        let mut sums = Sums { world: self.world, tables: &self.tables, known: &mut self.orbits };
        let before = slots[change.node as usize];
        if change.slot != before {
            sum = sum.minus(sums.slot(renaming, before)).plus(sums.slot(renaming, change.slot));
        }
        if change.ledger != *ledger {
            sum = sum.minus(sums.ledger(renaming, *ledger)).plus(sums.ledger(renaming, change.ledger));
        }
        if change.outage != *outage {
            sum = sum.minus(sums.outage(renaming, *outage)).plus(sums.outage(renaming, change.outage));
        }
        for index in change.gone.clone() {
            sum = sum.minus(sums.envelope(renaming, self.steps.messages[index as usize]));
        }
        for index in change.new.clone() {
            sum = sum.plus(sums.envelope(renaming, self.steps.messages[index as usize]));
        }
        sum
    }

    pub(super) fn fingerprint_after(&mut self, change: &Change) -> Fingerprint {
        if !self.orbits.identity.symmetry {
            return self.sum_after(0, change).fingerprint();
        }
        self.find_keys_after(change);
        let keys = std::mem::take(&mut self.parent.keys);
        let fingerprint = match only_renaming(&keys) {
            Some(renaming) => self.sum_after(renaming, change).fingerprint(),
            None => (0..self.orbits.renamings.len())
                .filter_map(|renaming| {
                    let sorted = sorts(&self.orbits.renamings[renaming], &keys);
                    sorted.then(|| self.sum_after(renaming, change).fingerprint())
                })
                .min()
                .expect("some renaming sorts"),
        };
        self.parent.keys = keys;
        fingerprint
    }

    /// The keys of the nodes after a step.
    fn find_keys_after(&mut self, change: &Change) {
        let Self { world, tables, orbits, current, steps, parent, .. } = self;
        let mut sums = Sums { world, tables, known: orbits };
        parent.scratch.clone_from(&parent.messages);
        let mut add = |number: u32, sign: fn(u64, u64) -> u64, sums: &mut Sums<'_, A, E>| {
            let (from, to) = sums.envelope_key(number);
            let Envelope { source, dest, .. } = tables.envelopes.get(number);
            parent.scratch[source.index()] = sign(parent.scratch[source.index()], from);
            parent.scratch[dest.index()] = sign(parent.scratch[dest.index()], to);
        };
        for index in change.gone.clone() {
            add(steps.messages[index as usize], u64::wrapping_sub, &mut sums);
        }
        for index in change.new.clone() {
            add(steps.messages[index as usize], u64::wrapping_add, &mut sums);
        }
        let node = change.node as usize;
        let slots = current.slots.iter().enumerate().map(|(index, slot)| if index == node { change.slot } else { *slot });
        sums.keys(slots, &parent.scratch, change.ledger, change.outage, &mut parent.keys);
    }

    /// What successors' fingerprints start from.
    pub(super) fn prepare(&mut self) {
        self.steps.messages.clear();
        self.steps.faults.clear();
        self.parent.sums.iter_mut().for_each(|sum| *sum = None);
        if !self.orbits.identity.symmetry {
            return;
        }
        let mut messages = std::mem::take(&mut self.parent.messages);
        messages.iter_mut().for_each(|key| *key = 0);
        for index in 0..self.current.network.len() {
            let number = self.current.network[index];
            let (from, to) = self.sums().envelope_key(number);
            let Envelope { source, dest, .. } = self.tables.envelopes.get(number);
            messages[source.index()] = messages[source.index()].wrapping_add(from);
            messages[dest.index()] = messages[dest.index()].wrapping_add(to);
        }
        self.parent.messages = messages;
    }
}
