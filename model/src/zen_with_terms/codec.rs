//! States of a chunk as references to the parts that occur in it.
//!
//! Neighbours share most of their parts, so a part's first occurrence in a
//! chunk is written in full, which numbers it, and a state takes some twenty
//! bytes.
//!
//! ```text
//!   state      bootstrap, one reference a node, count and references of messages,
//!              count and references of the lineage
//!   reference  0 and the part in full (node: three words, message: one, lineage: one),
//!              or the part's number in this chunk and 1
//! ```
//!
//! Numbers and counts are LEB128, words little-endian.

use super::memory::{Memory, Number, PackedPlace};

/// A state by the numbers of its parts.
#[derive(Clone, Default)]
pub(super) struct Numbers {
    /// Which of the model's beginnings it comes from.
    pub bootstrap: u32,
    pub nodes: Vec<Number>,
    /// Ascending by the packed message.
    pub messages: Vec<Number>,
    /// Ascending by the packed pair.
    pub descents: Vec<Number>,
}

impl Numbers {
    /// A copy of `other`, without new memory.
    #[inline]
    pub fn become_like(&mut self, other: &Numbers) {
        self.bootstrap = other.bootstrap;
        self.nodes.clone_from(&other.nodes);
        self.messages.clone_from(&other.messages);
        self.descents.clone_from(&other.descents);
    }
}

/// The parts of a chunk that is being read.
#[derive(Default)]
pub(super) struct Reader {
    nodes: Vec<Number>,
    messages: Vec<Number>,
    descents: Vec<Number>,
}

impl Reader {
    /// A chunk begins.
    pub fn begin(&mut self) {
        self.nodes.clear();
        self.messages.clear();
        self.descents.clear();
    }

    /// Reads a state of a model with so many nodes and beginnings; `None` where
    /// the bytes do not stand for one.
    #[inline]
    pub fn read(
        &mut self,
        encoded: &mut &[u8],
        memory: &mut Memory,
        (nodes, bootstraps): (usize, usize),
        into: &mut Numbers,
    ) -> Option<()> {
        into.bootstrap = varint(encoded).filter(|bootstrap| (*bootstrap as usize) < bootstraps)?;
        into.nodes.clear();
        for index in 0..nodes {
            let node = refer(encoded, &mut self.nodes, |encoded| {
                let place = PackedPlace { node: [word(encoded)?, word(encoded)?], disk: word(encoded)? };
                Some(memory.node(into.bootstrap, index, place))
            })?;
            into.nodes.push(node);
        }
        into.messages.clear();
        for _ in 0..varint(encoded)? {
            into.messages.push(refer(encoded, &mut self.messages, |encoded| Some(memory.message(word(encoded)?, nodes)))?);
        }
        into.descents.clear();
        for _ in 0..varint(encoded)? {
            into.descents.push(refer(encoded, &mut self.descents, |encoded| Some(memory.descent(word(encoded)? as u32)))?);
        }
        Some(())
    }
}

#[inline]
fn refer(encoded: &mut &[u8], numbers: &mut Vec<Number>, in_full: impl FnOnce(&mut &[u8]) -> Option<Number>) -> Option<Number> {
    match varint(encoded)? {
        0 => {
            let number = in_full(encoded)?;
            numbers.push(number);
            Some(number)
        }
        reference => numbers.get(reference as usize - 1).copied(),
    }
}

#[inline]
fn varint(encoded: &mut &[u8]) -> Option<u32> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (first, rest) = encoded.split_first()?;
        *encoded = rest;
        value |= u32::from(first & 0x7f).checked_shl(shift)?;
        shift += 7;
        if *first < 0x80 {
            return Some(value);
        }
    }
}

fn word(encoded: &mut &[u8]) -> Option<u64> {
    let (word, rest) = encoded.split_first_chunk()?;
    *encoded = rest;
    Some(u64::from_le_bytes(*word))
}

/// The parts of a chunk that is being written.
#[derive(Default)]
pub(super) struct Writer {
    nodes: References,
    messages: References,
    descents: References,
}

/// By a part's number: its number in the chunk and 1, or 0.
#[derive(Default)]
struct References {
    of: Vec<u32>,
    /// Which numbers have one.
    given: Vec<Number>,
    count: u32,
}

impl Writer {
    /// A chunk begins.
    pub fn begin(&mut self) {
        self.forget();
        [&mut self.nodes, &mut self.messages, &mut self.descents].into_iter().for_each(|references| references.count = 0);
    }

    /// Parts have other numbers from now on. What is referred to next is written
    /// in full once more, under a further number in the same chunk.
    pub fn forget(&mut self) {
        for references in [&mut self.nodes, &mut self.messages, &mut self.descents] {
            for number in references.given.drain(..) {
                references.of[number as usize] = 0;
            }
        }
    }

    /// Writes a state.
    pub fn write(&mut self, state: &Numbers, memory: &Memory, encoded: &mut Vec<u8>) {
        push_varint(encoded, state.bootstrap);
        for node in &state.nodes {
            self.nodes.write(*node, encoded, || {
                let PackedPlace { node: [first, second], disk } = memory.packed(*node);
                [first, second, disk]
            });
        }
        push_varint(encoded, state.messages.len() as u32);
        for message in &state.messages {
            self.messages.write(*message, encoded, || [memory.known_message(*message).word]);
        }
        push_varint(encoded, state.descents.len() as u32);
        for descent in &state.descents {
            self.descents.write(*descent, encoded, || [u64::from(memory.descent_word(*descent))]);
        }
    }
}

impl References {
    #[inline]
    fn write<const N: usize>(&mut self, number: Number, encoded: &mut Vec<u8>, in_full: impl FnOnce() -> [u64; N]) {
        let index = number as usize;
        if index >= self.of.len() {
            self.of.resize(2 * index + 64, 0);
        }
        if self.of[index] != 0 {
            return push_varint(encoded, self.of[index]);
        }
        self.count += 1;
        self.of[index] = self.count;
        self.given.push(number);
        encoded.push(0);
        in_full().iter().for_each(|word| encoded.extend_from_slice(&word.to_le_bytes()));
    }
}

#[inline]
fn push_varint(encoded: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        encoded.push(value as u8 | 0x80);
        value >>= 7;
    }
    encoded.push(value as u8);
}
