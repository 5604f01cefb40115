//! The discovery log: for each state, from which one it was found and by which step.
//!
//! States are found in chunks, a worker's output; a state is its chunk and its
//! place in it. A chunk's states come in the order of their parents, so that a
//! record is mostly one byte:
//!
//! ```text
//!   bits 7..2  number of the step among the parent's possible steps; 63: a varint follows
//!   bits 1..0  0 same parent as the record before
//!              1 the next state in the parent's chunk
//!              2 varint follows: so many states further in the parent's chunk
//!              3 varints follow: parent's chunk, place in it
//! ```
//!
//! A chunk of initial states has no parents; its steps are indices of initial states.

use std::io::{self, Read, Write};

use super::checkpoint::{read_bytes, read_number, write_bytes, write_number};

/// A state by where it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub(crate) struct StateRef {
    pub chunk: u32,
    pub place: u32,
}

/// How a state was found: by the `step`-th possible step of its parent, or as
/// the `step`-th initial state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub parent: Option<StateRef>,
    pub step: u32,
}

/// The records of one chunk, written in order.
#[derive(Default)]
pub(crate) struct LogWriter {
    bytes: Vec<u8>,
    last: Option<StateRef>,
}

const LONG_STEP: u32 = 63;

impl LogWriter {
    /// Appends a record. Within a chunk all records have a parent, or none has.
    pub fn push(&mut self, record: Record) {
        let (kind, further) = match (self.last, record.parent) {
            (_, None) => (0, None),
            (Some(last), Some(parent)) if last == parent => (0, None),
            (Some(last), Some(parent)) if last.chunk == parent.chunk && parent.place > last.place => {
                match parent.place - last.place {
                    1 => (1, None),
                    _ => (2, Some(parent)),
                }
            }
            (_, Some(parent)) => (3, Some(parent)),
        };
        self.bytes.push((record.step.min(LONG_STEP) << 2) as u8 | kind);
        if record.step >= LONG_STEP {
            self.varint(record.step - LONG_STEP);
        }
        if let Some(parent) = further {
            if kind == 2 {
                self.varint(parent.place - self.last.map_or(0, |last| last.place));
            } else {
                self.varint(parent.chunk);
                self.varint(parent.place);
            }
        }
        self.last = record.parent;
    }

    /// The finished records; the writer starts anew.
    pub fn finish(&mut self) -> Box<[u8]> {
        let bytes = self.bytes.as_slice().into();
        self.bytes.clear();
        self.last = None;
        bytes
    }

    fn varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }
}

/// Reads a chunk's records in order.
struct LogReader<'a> {
    bytes: &'a [u8],
    last: Option<StateRef>,
}

impl LogReader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn varint(&mut self) -> Option<u32> {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte < 0x80 {
                return Some(value);
            }
        }
    }
}

impl Iterator for LogReader<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let tag = u32::from(self.byte()?);
        let step = if tag >> 2 == LONG_STEP { LONG_STEP + self.varint()? } else { tag >> 2 };
        let last = self.last;
        self.last = match tag & 3 {
            0 => last,
            1 => last.map(|last| StateRef { place: last.place + 1, ..last }),
            2 => {
                let distance = self.varint()?;
                last.map(|last| StateRef { place: last.place + distance, ..last })
            }
            _ => Some(StateRef { chunk: self.varint()?, place: self.varint()? }),
        };
        Some(Record { parent: self.last, step })
    }
}

/// The records of all chunks.
#[derive(Default)]
pub(crate) struct DiscoveryLog {
    chunks: Vec<Box<[u8]>>,
}

impl DiscoveryLog {
    /// Appends a chunk's records and numbers the chunk.
    pub fn push(&mut self, records: Box<[u8]>) -> u32 {
        self.chunks.push(records);
        u32::try_from(self.chunks.len() - 1).expect("fewer than 2^32 chunks")
    }

    /// Writes the records of all chunks.
    pub fn write(&self, output: &mut impl Write) -> io::Result<()> {
        write_number(output, self.chunks.len() as u64)?;
        self.chunks.iter().try_for_each(|records| write_bytes(output, records))
    }

    /// Reads what [`write`](Self::write) has written.
    pub fn read(input: &mut impl Read) -> io::Result<Self> {
        let count = read_number(input)?;
        let chunks: io::Result<Vec<_>> = (0..count).map(|_| Ok(read_bytes(input)?.into())).collect();
        Ok(DiscoveryLog { chunks: chunks? })
    }

    /// How `state` was found.
    pub fn record(&self, state: StateRef) -> Option<Record> {
        let bytes = self.chunks.get(state.chunk as usize)?;
        LogReader { bytes, last: None }.nth(state.place as usize)
    }

    /// The initial state and the steps that lead to `state`.
    pub fn steps_to(&self, state: StateRef) -> Option<(u32, Vec<u32>)> {
        let mut record = self.record(state)?;
        let mut steps = Vec::new();
        while let Some(parent) = record.parent {
            steps.push(record.step);
            record = self.record(parent)?;
        }
        steps.reverse();
        Some((record.step, steps))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn records_are_read_back(
            records in proptest::collection::vec((0u32..3, 0u32..5000, prop_oneof![0u32..70, any::<u32>()]), 1..50),
            initial in any::<bool>(),
        ) {
            let records: Vec<Record> = records
                .into_iter()
                .map(|(chunk, place, step)| Record { parent: (!initial).then_some(StateRef { chunk, place }), step })
                .collect();
            let mut writer = LogWriter::default();
            let mut log = DiscoveryLog::default();
            for _ in 0..2 {
                records.iter().for_each(|record| writer.push(*record));
                let chunk = log.push(writer.finish());
                for (place, record) in records.iter().enumerate() {
                    prop_assert_eq!(log.record(StateRef { chunk, place: place as u32 }), Some(*record));
                }
                prop_assert_eq!(log.record(StateRef { chunk, place: records.len() as u32 }), None);
            }
        }
    }

    #[test]
    fn siblings_and_neighbours_take_one_byte() {
        let mut writer = LogWriter::default();
        for place in 10..110 {
            for step in 0..3 {
                writer.push(Record { parent: Some(StateRef { chunk: 7, place }), step });
            }
        }
        assert_eq!(writer.finish().len(), 300 + 2);
    }
}
