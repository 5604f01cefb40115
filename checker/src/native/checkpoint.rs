//! A run on disk: what is needed to go on after it was killed.
//!
//! ```text
//!   magic │ header │ counts and findings │ log │ table │ frontier │ digest of all before it
//! ```
//!
//! Written at the end of a level, next to the last one, and put in its place
//! when it is whole and synced, so that there is always one or none. Read only
//! after the digest is right and the header says what would be written today: a
//! checkpoint of another model, other bounds, rules or fingerprints is an error.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use quorate_model::specification::Specification;
use serde::{Deserialize, Serialize};

use super::Shared;
use super::expand::Found;
use super::frontier::Level;
use super::log::DiscoveryLog;
use super::table::Table;
use crate::assemble::Counts;
use crate::options::Options;

const MAGIC: &[u8; 8] = b"quorate\x01";
const DIGEST_BYTES: u64 = 32;

/// Why a run cannot be kept or taken up.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file cannot be read or written.
    #[error("{doing} {file}: {error}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Which file.
        file: String,
        /// What the system says.
        error: io::Error,
    },
    /// The file is not what was written.
    #[error("{file} is damaged or no checkpoint: {why}")]
    Damaged {
        /// Which file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The file is of another run.
    #[error("{file} is a checkpoint of another run: its {what} is {found}, not {expected}")]
    OtherRun {
        /// Which file.
        file: String,
        /// What differs.
        what: String,
        /// As the checkpoint says it.
        found: String,
        /// As this run says it.
        expected: String,
    },
}

/// What must be the same for a run to be taken up.
#[derive(Serialize, Deserialize)]
struct Header {
    program: String,
    model: String,
    bounds: Vec<(String, u64)>,
    rules: String,
    properties: Vec<String>,
    actions: Vec<String>,
    guards: Vec<String>,
    symmetry: bool,
    keep_going: bool,
    fingerprint_bits: u32,
    seed: u64,
}

impl Header {
    fn of<M: Specification>(shared: &Shared<'_, M>) -> Self {
        let Shared { model, options, claims, .. } = shared;
        let owned = |names: Vec<&'static str>| names.into_iter().map(str::to_owned).collect();
        Header {
            program: concat!("quorate ", env!("CARGO_PKG_VERSION")).to_owned(),
            model: model.name(),
            bounds: model.bounds().into_iter().map(|bound| (bound.name.to_owned(), bound.value)).collect(),
            rules: options.rules.clone(),
            properties: claims.all.iter().map(|claim| claim.name.to_owned()).collect(),
            actions: owned(model.action_classes()),
            guards: owned(model.guards()),
            symmetry: options.symmetry,
            keep_going: options.keep_going,
            fingerprint_bits: Table::bits_of(options.width),
            seed: options.seed,
        }
    }

    /// The first thing in which the two differ: its name, as found, as expected.
    fn difference(&self, expected: &Header) -> Option<(String, String, String)> {
        let fields = |header: &Header| match serde_json::to_value(header) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => unreachable!("a header is a record"),
        };
        let (found, expected) = (fields(self), fields(expected));
        let (name, value) = found.iter().find(|(name, value)| expected[name.as_str()] != **value)?;
        Some((name.replace('_', " "), value.to_string(), expected[name.as_str()].to_string()))
    }
}

/// What a run knows between two levels.
#[derive(Serialize, Deserialize)]
pub(super) struct Between {
    pub counts: Counts,
    pub found: Vec<Option<Found>>,
}

/// The file of this run in `dir`.
fn file<M: Specification>(dir: &Path, model: &M, options: &Options) -> PathBuf {
    let bounds = model.bounds().into_iter().map(|bound| bound.value.to_string());
    let rules = Some(options.rules.clone()).filter(|rules| !rules.is_empty());
    let parts: Vec<String> = [model.name()].into_iter().chain(bounds).chain(rules).collect();
    let name: String = parts.join("-").chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    dir.join(format!("{name}.checkpoint"))
}

/// Writes the run into `dir`, in place of an earlier one.
pub(super) fn write<M: Specification>(
    dir: &Path,
    shared: &Shared<'_, M>,
    between: &Between,
    level: &Level,
) -> Result<(), CheckpointError> {
    let file = file(dir, shared.model, shared.options);
    let unfinished = file.with_extension("unfinished");
    let result = (|| {
        std::fs::create_dir_all(dir)?;
        let mut output = Hashed { inner: BufWriter::new(File::create(&unfinished)?), hasher: blake3::Hasher::new() };
        output.write_all(MAGIC)?;
        write_part(&mut output, &Header::of(shared))?;
        write_part(&mut output, between)?;
        shared.log.lock().expect("no panic while held").write(&mut output)?;
        shared.read_table().write(&mut output)?;
        level.write(&mut output)?;
        let Hashed { mut inner, hasher } = output;
        inner.write_all(hasher.finalize().as_bytes())?;
        inner.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&unfinished, &file)?;
        File::open(dir)?.sync_all()
    })();
    result.map_err(|error| CheckpointError::Io { doing: "cannot write", file: file.display().to_string(), error })
}

/// Takes up the run that was written into `dir`: fills table, log and `level`.
pub(super) fn read<M: Specification>(dir: &Path, shared: &Shared<'_, M>, level: &Level) -> Result<Between, CheckpointError> {
    let path = file(dir, shared.model, shared.options);
    let file = path.display().to_string();
    let unreadable = |error| CheckpointError::Io { doing: "cannot read", file: file.clone(), error };
    let damaged = |why: &str| CheckpointError::Damaged { file: file.clone(), why: why.to_owned() };
    let length = verify(&path).map_err(unreadable)?.ok_or_else(|| damaged("its digest is not that of its contents"))?;
    let mut input = BufReader::new(File::open(&path).map_err(unreadable)?).take(length);
    let mut magic = [0; MAGIC.len()];
    input.read_exact(&mut magic).map_err(unreadable)?;
    if magic != *MAGIC {
        return Err(damaged("it does not begin as one"));
    }
    let unclear = |error: io::Error| damaged(&error.to_string());
    let header: Header = read_part(&mut input).map_err(unclear)?;
    if let Some((what, found, expected)) = header.difference(&Header::of(shared)) {
        return Err(CheckpointError::OtherRun { file: file.clone(), what, found, expected });
    }
    let between: Between = read_part(&mut input).map_err(unclear)?;
    *shared.log.lock().expect("no panic while held") = DiscoveryLog::read(&mut input).map_err(unclear)?;
    *shared.table.write().expect("no panic while held") = Table::read(shared.options.width, &mut input).map_err(unclear)?;
    level.fill(&mut input).map_err(unclear)?;
    if input.limit() > 0 {
        return Err(damaged("there is more than a checkpoint"));
    }
    Ok(between)
}

/// The length before the digest, if that is right.
fn verify(path: &Path) -> io::Result<Option<u64>> {
    let mut input = File::open(path)?;
    let Some(length) = input.metadata()?.len().checked_sub(DIGEST_BYTES) else { return Ok(None) };
    let mut hasher = blake3::Hasher::new();
    let mut contents = (&mut input).take(length);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match contents.read(&mut buffer)? {
            0 => break,
            count => _ = hasher.update(&buffer[..count]),
        }
    }
    let mut digest = [0; DIGEST_BYTES as usize];
    input.read_exact(&mut digest)?;
    Ok((hasher.finalize() == blake3::Hash::from_bytes(digest)).then_some(length))
}

/// Whatever is written is hashed too.
struct Hashed<W> {
    inner: W,
    hasher: blake3::Hasher,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn write_part(output: &mut impl Write, part: &impl Serialize) -> io::Result<()> {
    write_bytes(output, &postcard::to_stdvec(part).map_err(io::Error::other)?)
}

fn read_part<T: serde::de::DeserializeOwned>(input: &mut impl Read) -> io::Result<T> {
    postcard::from_bytes(&read_bytes(input)?).map_err(io::Error::other)
}

/// Writes a number.
pub(super) fn write_number(output: &mut impl Write, number: u64) -> io::Result<()> {
    output.write_all(&number.to_le_bytes())
}

/// Reads a number.
pub(super) fn read_number(input: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    input.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Writes bytes with their length.
pub(super) fn write_bytes(output: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    write_number(output, bytes.len() as u64)?;
    output.write_all(bytes)
}

/// Reads bytes with their length.
pub(super) fn read_bytes(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let length = read_number(input)?;
    let mut bytes = Vec::new();
    // Not allocated ahead: a length may be anything.
    input.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}
