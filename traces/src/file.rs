//! Reads trace files and transcripts, compressed or not.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::error::TraceError;

/// The largest text that is read, after decompression.
const LIMIT_MIB: u64 = 512;

/// The text of a file; gzip is recognised by its first bytes, not by the name.
///
/// # Errors
/// When it cannot be read, is no UTF-8, or is too large.
pub fn read_text(path: &Path) -> Result<String, TraceError> {
    let io = |source| TraceError::Io { path: path.to_owned(), source };
    let mut reader = BufReader::new(File::open(path).map_err(io)?);
    let start = std::io::BufRead::fill_buf(&mut reader).map_err(io)?;
    let compressed = start.starts_with(&[0x1f, 0x8b]);
    let mut bytes = Vec::new();
    let limit = LIMIT_MIB << 20;
    let read = if compressed {
        MultiGzDecoder::new(reader).take(limit + 1).read_to_end(&mut bytes)
    } else {
        reader.take(limit + 1).read_to_end(&mut bytes)
    };
    let packed = |source| TraceError::Packed { path: path.to_owned(), source };
    read.map_err(|error| if compressed { packed(error) } else { io(error) })?;
    if bytes.len() as u64 > limit {
        return Err(TraceError::TooLarge { path: path.to_owned(), limit_mib: LIMIT_MIB });
    }
    String::from_utf8(bytes)
        .map_err(|error| TraceError::NotText { path: path.to_owned(), offset: error.utf8_error().valid_up_to() })
}
