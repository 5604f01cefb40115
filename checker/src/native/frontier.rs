//! The states of a level, encoded, in chunks; in memory or in a file.
//!
//! States next to each other are siblings and differ in a few bytes, so a chunk
//! compresses well; it is compressed when it is finished, unless the model's
//! explorer writes states that are small already. Once the chunks of a level
//! take more memory than allowed, further ones go to a file without a name that
//! the system removes with the process.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use quorate_model::explorer::CodecError;

use super::checkpoint::{read_bytes, read_number, write_bytes, write_number};
use super::log::{DiscoveryLog, LogWriter, Record};

/// A chunk is finished when it holds this many states …
const CHUNK_STATES: u32 = 2048;
/// … or this many bytes.
const CHUNK_BYTES: usize = 1 << 18;

/// The encoded states of a chunk.
pub(crate) struct Chunk {
    /// Its number in the discovery log.
    pub number: u32,
    pub states: u32,
    place: Place,
}

enum Place {
    Memory(Box<[u8]>),
    File { offset: u64, bytes: usize },
}

/// One level. Workers append finished chunks to the next one and take chunks
/// from the current one.
pub(crate) struct Level {
    chunks: Mutex<Vec<Chunk>>,
    states: AtomicU64,
    memory_bytes: AtomicU64,
    memory_limit: u64,
    spill_dir: Option<PathBuf>,
    /// Whether chunks are compressed.
    pack: bool,
    file: Mutex<Option<File>>,
}

impl Level {
    pub fn new(memory_limit: u64, spill_dir: Option<PathBuf>, pack: bool) -> Self {
        Level {
            chunks: Mutex::new(Vec::new()),
            states: AtomicU64::new(0),
            memory_bytes: AtomicU64::new(0),
            memory_limit,
            spill_dir,
            pack,
            file: Mutex::new(None),
        }
    }

    pub fn states(&self) -> u64 {
        self.states.load(Relaxed)
    }

    pub fn chunks(&self) -> usize {
        self.chunks.lock().expect("no panic while held").len()
    }

    /// Takes some chunk.
    pub fn take(&self) -> Option<Chunk> {
        let chunk = self.chunks.lock().expect("no panic while held").pop()?;
        self.states.fetch_sub(u64::from(chunk.states), Relaxed);
        Some(chunk)
    }

    fn spilled(&self, offset: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let mut compressed = vec![0; bytes];
        let mut file = self.file.lock().expect("no panic while held");
        let file = file.as_mut().ok_or_else(|| io::Error::other("the file of spilled states is gone"))?;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(&mut compressed)?;
        Ok(compressed)
    }

    /// Writes all chunks, which stay.
    pub fn write(&self, output: &mut impl Write) -> io::Result<()> {
        let chunks = self.chunks.lock().expect("no panic while held");
        write_number(output, chunks.len() as u64)?;
        for Chunk { number, states, place } in chunks.iter() {
            write_number(output, u64::from(*number) << 32 | u64::from(*states))?;
            match place {
                Place::Memory(bytes) => write_bytes(output, bytes)?,
                Place::File { offset, bytes } => write_bytes(output, &self.spilled(*offset, *bytes)?)?,
            }
        }
        Ok(())
    }

    /// Takes over the chunks that [`write`](Self::write) has written.
    pub fn fill(&self, input: &mut impl Read) -> io::Result<()> {
        for _ in 0..read_number(input)? {
            let name = read_number(input)?;
            self.keep((name >> 32) as u32, name as u32, read_bytes(input)?)?;
        }
        Ok(())
    }

    /// The encoded states of a chunk taken from this level, into `buffer`.
    pub fn read(&self, chunk: Chunk, buffer: &mut Vec<u8>) -> io::Result<()> {
        let compressed = match chunk.place {
            Place::Memory(bytes) => {
                self.memory_bytes.fetch_sub(bytes.len() as u64, Relaxed);
                bytes
            }
            Place::File { offset, bytes } => self.spilled(offset, bytes)?.into(),
        };
        if !self.pack {
            buffer.clear();
            buffer.extend_from_slice(&compressed);
            return Ok(());
        }
        let (length, body) = compressed.split_at(4);
        let length = u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
        buffer.resize(length, 0);
        let written = lz4_flex::block::decompress_into(body, buffer).map_err(io::Error::other)?;
        if written != length {
            return Err(io::Error::other("a chunk of states has another length than was written"));
        }
        Ok(())
    }

    fn append(&self, number: u32, states: u32, encoded: &[u8]) -> io::Result<()> {
        let compressed = if self.pack { lz4_flex::block::compress_prepend_size(encoded) } else { encoded.to_vec() };
        self.keep(number, states, compressed)
    }

    fn keep(&self, number: u32, states: u32, compressed: Vec<u8>) -> io::Result<()> {
        let before = self.memory_bytes.fetch_add(compressed.len() as u64, Relaxed);
        let place = if before + compressed.len() as u64 <= self.memory_limit {
            Place::Memory(compressed.into())
        } else {
            self.memory_bytes.fetch_sub(compressed.len() as u64, Relaxed);
            self.spill(&compressed)?
        };
        self.chunks.lock().expect("no panic while held").push(Chunk { number, states, place });
        self.states.fetch_add(u64::from(states), Relaxed);
        Ok(())
    }

    fn spill(&self, compressed: &[u8]) -> io::Result<Place> {
        let mut slot = self.file.lock().expect("no panic while held");
        let file = match &mut *slot {
            Some(file) => file,
            empty => empty.insert(match &self.spill_dir {
                Some(dir) => tempfile::tempfile_in(dir)?,
                None => tempfile::tempfile()?,
            }),
        };
        let offset = file.seek(SeekFrom::End(0))?;
        file.write_all(compressed)?;
        Ok(Place::File { offset, bytes: compressed.len() })
    }
}

/// A chunk in the making: encoded states and how they were found.
#[derive(Default)]
pub(crate) struct ChunkWriter {
    encoded: Vec<u8>,
    log: LogWriter,
    states: u32,
}

impl ChunkWriter {
    /// Appends a state as `write` encodes it.
    pub fn push(&mut self, record: Record, write: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>) -> Result<(), CodecError> {
        write(&mut self.encoded)?;
        self.log.push(record);
        self.states += 1;
        Ok(())
    }

    pub fn is_full(&self) -> bool {
        self.states >= CHUNK_STATES || self.encoded.len() >= CHUNK_BYTES
    }

    /// Hands the chunk over to `level`, if there is anything in it.
    pub fn finish(&mut self, level: &Level, log: &Mutex<DiscoveryLog>) -> io::Result<()> {
        if self.states == 0 {
            return Ok(());
        }
        let records = self.log.finish();
        let number = log.lock().expect("no panic while held").push(records);
        let result = level.append(number, self.states, &self.encoded);
        self.encoded.clear();
        self.states = 0;
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_byte(encoded: &mut Vec<u8>) -> Result<(), CodecError> {
        encoded.push(1);
        Ok(())
    }

    #[test]
    fn states_come_back_from_memory_and_from_the_file() {
        for (limit, pack) in [(u64::MAX, true), (300, true), (0, true), (u64::MAX, false), (0, false)] {
            let level = Level::new(limit, None, pack);
            let log = Mutex::new(DiscoveryLog::default());
            let mut writer = ChunkWriter::default();
            for number in 0..2000u32 {
                let write = |encoded: &mut Vec<u8>| Ok(_ = postcard::to_io(&(number, [7u8; 20]), encoded).unwrap());
                writer.push(Record { parent: None, step: number }, write).unwrap();
                if writer.is_full() {
                    writer.finish(&level, &log).unwrap();
                }
            }
            writer.finish(&level, &log).unwrap();
            assert_eq!(level.states(), 2000);
            assert_eq!(level.file.lock().unwrap().is_some(), limit != u64::MAX);
            let (mut numbers, mut buffer) = (Vec::new(), Vec::new());
            while let Some(chunk) = level.take() {
                level.read(chunk, &mut buffer).unwrap();
                let mut rest = buffer.as_slice();
                while !rest.is_empty() {
                    let ((number, padding), after): ((u32, [u8; 20]), &[u8]) = postcard::take_from_bytes(rest).unwrap();
                    assert_eq!(padding, [7; 20]);
                    numbers.push(number);
                    rest = after;
                }
            }
            numbers.sort_unstable();
            assert_eq!(numbers, (0..2000).collect::<Vec<_>>());
            assert_eq!((level.states(), level.memory_bytes.load(Relaxed)), (0, 0));
        }
    }

    /// A device on which there is never room.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error() {
        let level = Level::new(0, None, true);
        *level.file.lock().unwrap() = Some(File::options().read(true).write(true).open("/dev/full").unwrap());
        let log = Mutex::new(DiscoveryLog::default());
        let mut writer = ChunkWriter::default();
        writer.push(Record { parent: None, step: 0 }, one_byte).unwrap();
        let error = writer.finish(&level, &log).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
        assert_eq!(level.states(), 0);
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        let level = Level::new(0, Some(PathBuf::from("/no/such/directory")), true);
        let log = Mutex::new(DiscoveryLog::default());
        let mut writer = ChunkWriter::default();
        writer.push(Record { parent: None, step: 0 }, one_byte).unwrap();
        assert!(writer.finish(&level, &log).is_err());
    }
}
