//! Rows, and a digest of a set of rows that follows changes.

use serde::{Deserialize, Serialize};

/// What a save does to one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// Its key.
    pub key: Vec<u8>,
    /// What it held, if it was there.
    pub before: Option<Vec<u8>>,
    /// What it is to hold; `None` removes it.
    pub after: Option<Vec<u8>>,
}

/// The sum of the BLAKE3 hashes of rows, lane by lane: the same for the same
/// rows in any order, and a change of one row costs the hash of that row. It
/// finds damage, not forgery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest([u64; 4]);

impl Digest {
    /// This digest with a row more.
    pub fn add(&mut self, key: &[u8], value: &[u8]) {
        for (lane, part) in self.0.iter_mut().zip(Self::of_row(key, value)) {
            *lane = lane.wrapping_add(part);
        }
    }

    /// This digest with a row less.
    pub fn remove(&mut self, key: &[u8], value: &[u8]) {
        for (lane, part) in self.0.iter_mut().zip(Self::of_row(key, value)) {
            *lane = lane.wrapping_sub(part);
        }
    }

    /// This digest after a change.
    pub fn apply(&mut self, change: &RowChange) {
        if let Some(before) = &change.before {
            self.remove(&change.key, before);
        }
        if let Some(after) = &change.after {
            self.add(&change.key, after);
        }
    }

    fn of_row(key: &[u8], value: &[u8]) -> [u64; 4] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(key.len() as u64).to_be_bytes()).update(key).update(value);
        let hash = hasher.finalize();
        std::array::from_fn(|lane| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&hash.as_bytes()[8 * lane..8 * lane + 8]);
            u64::from_be_bytes(bytes)
        })
    }
}
