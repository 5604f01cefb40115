//! Fingerprints of states from those of their parts, up to renamings of nodes.
//!
//! The fingerprint is the sum of the parts' fingerprints. Under symmetry it is
//! the least over the renamings that sort the nodes by their keys; a part is
//! renamed once for each renaming, not once for each state.

use smallvec::SmallVec;
use stateright::actor::Actor;

use super::super::environment::{Environment, SlotOf};
use super::super::keys::{self, NodeKey};
use super::super::state::Slot;
use super::super::world::World;
use super::tables::Tables;
use crate::coordination::Envelope;
use crate::explorer::Identity;
use crate::fingerprint::Sum;
use crate::node_set::NodeId;

/// All orders of the nodes 0 to `nodes`, as renamings: `renaming[i]` is the new
/// index of node `i`. The first leaves everything as it is.
pub(super) fn renamings(nodes: usize) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for _ in 0..nodes {
        all = (all.iter())
            .flat_map(|shorter: &Vec<u8>| {
                (0..nodes as u8).filter(|node| !shorter.contains(node)).map(|node| [shorter.as_slice(), &[node]].concat())
            })
            .collect();
    }
    all
}

/// Whether a renaming puts the nodes in the order of their keys.
#[inline]
pub(super) fn sorts(renaming: &[u8], keys: &[u64]) -> bool {
    // With few nodes comparing all pairs is faster than inverting the renaming.
    (0..keys.len()).all(|one| {
        (one + 1..keys.len()).all(|other| match keys[one].cmp(&keys[other]) {
            std::cmp::Ordering::Less => renaming[one] < renaming[other],
            std::cmp::Ordering::Greater => renaming[one] > renaming[other],
            std::cmp::Ordering::Equal => true,
        })
    })
}

fn renamed(renaming: &[u8], node: NodeId) -> NodeId {
    NodeId(renaming[node.index()])
}

fn is_identity(renaming: &[u8]) -> bool {
    renaming.iter().enumerate().all(|(index, to)| index == usize::from(*to))
}

impl<A, E> World<A, E>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    E: Environment<A>,
{
    /// A node under a renaming.
    pub(in crate::world) fn permuted_slot(&self, slot: &SlotOf<A>, renaming: &[u8]) -> SlotOf<A> {
        let mut timers: SmallVec<_> = slot.timers.iter().map(|timer| self.environment.permuted_timer(timer, renaming)).collect();
        timers.sort_unstable();
        Slot {
            state: self.environment.permuted_node(&slot.state, renaming),
            disk: slot.disk.as_ref().map(|disk| self.environment.permuted_disk(disk, renaming)),
            timers,
        }
    }

    pub(super) fn slot_sum(&self, node: NodeId, slot: &SlotOf<A>, renaming: &[u8], seed: u64) -> Sum
    where
        SlotOf<A>: std::hash::Hash,
    {
        if is_identity(renaming) {
            return Sum::of(&(0u8, node, slot), seed);
        }
        Sum::of(&(0u8, renamed(renaming, node), &self.permuted_slot(slot, renaming)), seed)
    }

    pub(super) fn envelope_sum(&self, e: &Envelope<A::Msg>, renaming: &[u8], seed: u64) -> Sum {
        if is_identity(renaming) {
            return Sum::of(&(1u8, e), seed);
        }
        let message = self.environment.permuted_message(&e.message, renaming);
        let envelope = Envelope { source: renamed(renaming, e.source), dest: renamed(renaming, e.dest), message };
        Sum::of(&(1u8, &envelope), seed)
    }

    pub(super) fn ledger_sum(&self, ledger: &E::Ledger, renaming: &[u8], seed: u64) -> Sum {
        if is_identity(renaming) {
            return Sum::of(&(2u8, ledger), seed);
        }
        Sum::of(&(2u8, &self.environment.permuted_ledger(ledger, renaming)), seed)
    }
}

/// The sums of one kind of part: by renaming, then by number.
#[derive(Default)]
struct Column(Vec<Vec<Sum>>);

impl Column {
    #[inline]
    fn get(&mut self, renaming: usize, number: u32, make: impl FnOnce() -> Sum) -> Sum {
        let (sums, index) = (&mut self.0[renaming], number as usize);
        if sums.len() <= index {
            sums.resize(index + 1, Sum::default());
        }
        // That a sum is zero by chance costs time and nothing else.
        if sums[index] == Sum::default() {
            sums[index] = make();
        }
        sums[index]
    }
}

/// What is known of parts for the sake of fingerprints.
pub(super) struct Orbits {
    pub identity: Identity,
    pub renamings: Vec<Vec<u8>>,
    slots: Column,
    envelopes: Column,
    ledgers: Column,
    outages: Column,
    /// For each node in its place: its key, and a summand for every node's key.
    slot_keys: Vec<(u64, Vec<u64>)>,
    /// For each message: a summand for its sender's key and one for its receiver's.
    envelope_keys: Vec<(u64, u64)>,
    ledger_keys: Vec<Vec<u64>>,
    outage_keys: Vec<Vec<u64>>,
}

impl Orbits {
    pub fn new(identity: Identity, nodes: usize) -> Self {
        let renamings = if identity.symmetry { renamings(nodes) } else { vec![(0..nodes as u8).collect()] };
        let column = || Column(renamings.iter().map(|_| Vec::new()).collect());
        Orbits {
            identity,
            slots: column(),
            envelopes: column(),
            ledgers: column(),
            outages: column(),
            slot_keys: Vec::new(),
            envelope_keys: Vec::new(),
            ledger_keys: Vec::new(),
            outage_keys: Vec::new(),
            renamings,
        }
    }
}

/// [`Orbits`] at work.
pub(super) struct Sums<'a, A: Actor, E: Environment<A>> {
    pub world: &'a World<A, E>,
    pub tables: &'a Tables<A, E::Ledger>,
    pub known: &'a mut Orbits,
}

impl<A, E> Sums<'_, A, E>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    SlotOf<A>: std::hash::Hash,
    E: Environment<A>,
{
    #[inline]
    pub fn slot(&mut self, renaming: usize, number: u32) -> Sum {
        let (world, tables, Orbits { slots, renamings, identity, .. }) = (self.world, self.tables, &mut *self.known);
        slots.get(renaming, number, || {
            let placed = tables.slots.get(number);
            world.slot_sum(placed.node, &placed.slot, &renamings[renaming], identity.seed)
        })
    }

    #[inline]
    pub fn envelope(&mut self, renaming: usize, number: u32) -> Sum {
        let (world, tables, Orbits { envelopes, renamings, identity, .. }) = (self.world, self.tables, &mut *self.known);
        envelopes.get(renaming, number, || world.envelope_sum(tables.envelopes.get(number), &renamings[renaming], identity.seed))
    }

    #[inline]
    pub fn ledger(&mut self, renaming: usize, number: u32) -> Sum {
        let (world, tables, Orbits { ledgers, renamings, identity, .. }) = (self.world, self.tables, &mut *self.known);
        ledgers.get(renaming, number, || world.ledger_sum(tables.ledgers.get(number), &renamings[renaming], identity.seed))
    }

    #[inline]
    pub fn outage(&mut self, renaming: usize, number: u32) -> Sum {
        let (tables, Orbits { outages, renamings, identity, .. }) = (self.tables, &mut *self.known);
        outages
            .get(renaming, number, || Sum::of(&(3u8, tables.outages.get(number).permuted(&renamings[renaming])), identity.seed))
    }

    /// A node's key, and what it adds to the keys of the others.
    #[inline]
    pub fn slot_key(&mut self, number: u32) -> &(u64, Vec<u64>) {
        let (world, tables) = (self.world, self.tables);
        while self.known.slot_keys.len() <= number as usize {
            let placed = tables.slots.get(self.known.slot_keys.len() as u32);
            let own = world.environment.node_key(&placed.slot, placed.node);
            let regard = |index: usize| match NodeId::from_index(index) {
                own if own == placed.node => 0,
                other => keys::of_regard(world.environment.regard_key(&placed.slot, other)),
            };
            self.known.slot_keys.push((own, (0..world.nodes).map(regard).collect()));
        }
        &self.known.slot_keys[number as usize]
    }

    /// What a message adds to the keys of its sender and of its receiver.
    #[inline]
    pub fn envelope_key(&mut self, number: u32) -> (u64, u64) {
        while self.known.envelope_keys.len() <= number as usize {
            let envelope = self.tables.envelopes.get(self.known.envelope_keys.len() as u32);
            let says = self.world.environment.message_key(&envelope.message);
            let key = |node| keys::of_envelope(envelope, says, node);
            let own = envelope.source == envelope.dest;
            self.known.envelope_keys.push((key(envelope.source), if own { 0 } else { key(envelope.dest) }));
        }
        self.known.envelope_keys[number as usize]
    }

    /// The keys of all nodes, given the sums over messages.
    pub fn keys(
        &mut self,
        slots: impl Iterator<Item = u32> + Clone,
        messages: &[u64],
        ledger: u32,
        outage: u32,
        keys: &mut Vec<u64>,
    ) {
        let nodes = self.world.nodes;
        while self.known.ledger_keys.len() <= ledger as usize {
            let next = self.tables.ledgers.get(self.known.ledger_keys.len() as u32);
            let of_node = |node| self.world.environment.ledger_key(next, NodeId::from_index(node));
            self.known.ledger_keys.push((0..nodes).map(of_node).collect());
        }
        while self.known.outage_keys.len() <= outage as usize {
            let next = self.tables.outages.get(self.known.outage_keys.len() as u32);
            let of_node = |node| keys::of_outage(next, NodeId::from_index(node));
            self.known.outage_keys.push((0..nodes).map(of_node).collect());
        }
        keys.clear();
        for (node, number) in slots.clone().enumerate() {
            let mut key = NodeKey { node: self.slot_key(number).0, messages: messages[node], ..NodeKey::default() };
            for (other, number) in slots.clone().enumerate() {
                if other != node {
                    key.regards = key.regards.wrapping_add(self.slot_key(number).1[node]);
                }
            }
            key.ledger = self.known.ledger_keys[ledger as usize][node];
            key.outage = self.known.outage_keys[outage as usize][node];
            keys.push(key.finish());
        }
    }
}

/// The place in [`renamings`] of the one that sorts the nodes, if no two keys
/// are equal. Renamings are listed in lexicographic order, so the place is a
/// number in the factorial base.
pub(super) fn only_renaming(keys: &[u64]) -> Option<usize> {
    let mut place = 0;
    for (one, key) in keys.iter().enumerate() {
        // `one`'s new index among those that are not yet given away.
        let mut smaller = 0;
        for other_key in &keys[one + 1..] {
            match other_key.cmp(key) {
                std::cmp::Ordering::Less => smaller += 1,
                std::cmp::Ordering::Equal => return None,
                std::cmp::Ordering::Greater => {}
            }
        }
        place = place * (keys.len() - one) + smaller;
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_renaming_is_the_one_that_sorts() {
        for nodes in 1..=5usize {
            let all = renamings(nodes);
            assert!(is_identity(&all[0]) && all.is_sorted());
            let cases = (nodes as u64).pow(nodes as u32);
            for case in 0..cases {
                let keys: Vec<u64> = (0..nodes as u32).map(|digit| case / (nodes as u64).pow(digit) % nodes as u64).collect();
                let sorting: Vec<usize> = (0..all.len()).filter(|place| sorts(&all[*place], &keys)).collect();
                match only_renaming(&keys) {
                    Some(place) => assert_eq!(sorting, [place], "{keys:?}"),
                    None => assert!(sorting.len() > 1, "{keys:?}"),
                }
                for place in sorting {
                    let mut sorted = vec![0; nodes];
                    all[place].iter().zip(&keys).for_each(|(to, key)| sorted[usize::from(*to)] = *key);
                    assert!(sorted.is_sorted());
                }
            }
        }
    }
}
