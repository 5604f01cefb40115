//! How states lie in a chunk of the frontier.
//!
//! ```text
//!   one number for each node, one for the ledger, one for what is out of order:
//!       0: new in this chunk, and then its content; else 1 + its place among the new ones
//!   how many messages of the state before are gone, and the distance from each to the next
//!   how many are new in the network, and each as a number likewise
//! ```
//!
//! Places are places among what this chunk has written, so a chunk can be read
//! by whoever has it.

use std::hash::Hash;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use stateright::actor::Actor;

use super::super::environment::SlotOf;
use super::tables::{Ids, Tables};
use crate::explorer::CodecError;
use crate::node_set::NodeId;

/// The places of one kind of parts in the chunk that is written.
#[derive(Default)]
struct Places {
    /// For each number the chunk in which it was written last, and its place there.
    places: Vec<(u32, u32)>,
    count: u32,
}

impl Places {
    /// Writes the number of a part, and what it is if it is new.
    fn write<T: Serialize>(&mut self, chunk: u32, number: u32, content: &T, bytes: &mut Vec<u8>) -> Result<(), CodecError> {
        let index = number as usize;
        if self.places.len() <= index {
            self.places.resize(index + 1, (0, 0));
        }
        let (written_in, place) = self.places[index];
        if written_in == chunk {
            put(bytes, place + 1);
            return Ok(());
        }
        put(bytes, 0);
        postcard::to_io(content, &mut *bytes).map_err(|error| CodecError::Encode(error.to_string()))?;
        self.places[index] = (chunk, self.count);
        self.count += 1;
        Ok(())
    }
}

/// Writes states into a chunk.
#[derive(Default)]
pub(super) struct Writer {
    chunk: u32,
    slots: Places,
    envelopes: Places,
    ledgers: Places,
    outages: Places,
    network: Vec<u32>,
}

impl Writer {
    pub fn begin(&mut self) {
        self.chunk += 1;
        for places in [&mut self.slots, &mut self.envelopes, &mut self.ledgers, &mut self.outages] {
            places.count = 0;
        }
        self.network.clear();
    }

    /// Writes a state.
    pub fn write<A, L>(&mut self, ids: &Ids, tables: &Tables<A, L>, bytes: &mut Vec<u8>) -> Result<(), CodecError>
    where
        A: Actor<Msg: Serialize, State: Serialize, Timer: Serialize, Storage: Serialize>,
        L: Serialize,
    {
        let rank = |number: u32| tables.ranks[number as usize];
        for number in &ids.slots {
            self.slots.write(self.chunk, *number, &*tables.slots.get(*number).slot, bytes)?;
        }
        self.ledgers.write(self.chunk, ids.ledger, tables.ledgers.get(ids.ledger), bytes)?;
        self.outages.write(self.chunk, ids.outage, tables.outages.get(ids.outage), bytes)?;
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        let (mut old_at, mut new_at) = (0, 0);
        let mut last_gone = 0;
        while old_at < self.network.len() || new_at < ids.network.len() {
            let old = self.network.get(old_at).map(|number| rank(*number));
            let now = ids.network.get(new_at).map(|number| rank(*number));
            match (old, now) {
                (Some(old), Some(now)) if old == now => (old_at, new_at) = (old_at + 1, new_at + 1),
                (Some(old), now) if now.is_none_or(|now| old < now) => {
                    gone.push((old_at - last_gone) as u32);
                    last_gone = old_at;
                    old_at += 1;
                }
                _ => {
                    new.push(ids.network[new_at]);
                    new_at += 1;
                }
            }
        }
        put(bytes, gone.len() as u32);
        gone.iter().for_each(|distance| put(bytes, *distance));
        put(bytes, new.len() as u32);
        for number in new {
            self.envelopes.write(self.chunk, number, tables.envelopes.get(number), bytes)?;
        }
        self.network.clone_from(&ids.network);
        Ok(())
    }
}

/// Reads the states of a chunk.
#[derive(Default)]
pub(super) struct Reader {
    slots: Vec<u32>,
    envelopes: Vec<u32>,
    ledgers: Vec<u32>,
    outages: Vec<u32>,
    /// Of the state that was read last.
    network: Vec<u32>,
}

impl Reader {
    pub fn begin(&mut self) {
        for numbers in [&mut self.slots, &mut self.envelopes, &mut self.ledgers, &mut self.outages] {
            numbers.clear();
        }
        self.network.clear();
    }

    /// Reads a state of `nodes` nodes into `ids`, and gives numbers to what is new in it.
    pub fn read<A, L>(
        &mut self,
        nodes: usize,
        ids: &mut Ids,
        tables: &mut Tables<A, L>,
        bytes: &mut &[u8],
    ) -> Result<(), CodecError>
    where
        A: Actor<Msg: Ord + DeserializeOwned, Timer: DeserializeOwned>,
        A: Actor<State: Eq + DeserializeOwned, Storage: Eq + DeserializeOwned>,
        L: Clone + Eq + Hash + DeserializeOwned,
    {
        ids.slots.clear();
        for node in (0..nodes).map(NodeId::from_index) {
            let met = |slot: SlotOf<A>| {
                let slot = Arc::new(slot);
                tables.slot(node, &slot, || Arc::clone(&slot))
            };
            ids.slots.push(part(&mut self.slots, bytes, met)?);
        }
        ids.ledger = part(&mut self.ledgers, bytes, |ledger: L| tables.ledger(&ledger))?;
        ids.outage = part(&mut self.outages, bytes, |outage| tables.outage(&outage))?;
        let (mut at, mut removed) = (0, 0);
        for _ in 0..take(bytes)? {
            at += take(bytes)? as usize;
            let place = at - removed;
            if place >= self.network.len() {
                return Err(CodecError::Decode(format!("there is no message {at} in the network before")));
            }
            self.network.remove(place);
            removed += 1;
        }
        let mut from = 0;
        for _ in 0..take(bytes)? {
            let number = part(&mut self.envelopes, bytes, |envelope| tables.envelope(&envelope))?;
            let rank = tables.rank(number);
            from += self.network[from..].partition_point(|known| tables.rank(*known) < rank);
            self.network.insert(from, number);
        }
        ids.network.clone_from(&self.network);
        Ok(())
    }
}

fn part<T: DeserializeOwned>(known: &mut Vec<u32>, bytes: &mut &[u8], met: impl FnOnce(T) -> u32) -> Result<u32, CodecError> {
    match take(bytes)? {
        0 => {
            let (content, rest) = postcard::take_from_bytes(bytes).map_err(|error| CodecError::Decode(error.to_string()))?;
            *bytes = rest;
            known.push(met(content));
            Ok(known[known.len() - 1])
        }
        place => known.get(place as usize - 1).copied().ok_or_else(|| CodecError::Decode(format!("there is no part {place}"))),
    }
}

/// Seven bits in a byte, the lowest first; the eighth says that there are more.
fn put(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Result<u32, CodecError> {
    let mut number = 0;
    for shift in (0..32).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or_else(|| CodecError::Decode(String::from("a state ends too early")))?;
        *bytes = rest;
        number |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(CodecError::Decode(String::from("a number is too long")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 127, 128, 300, 1 << 14, 1 << 21, u32::MAX] {
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            let mut rest = bytes.as_slice();
            assert_eq!((take(&mut rest), rest.len()), (Ok(number), 0));
            let mut cut = &bytes[..bytes.len() - 1];
            assert!(take(&mut cut).is_err());
        }
        assert!(take(&mut [0x80; 6].as_slice()).is_err());
    }
}
