//! The rows of the kill table of `shard`.

use quorate_model::seeded::Seeded;
use quorate_model::shard::ShardMutant;

/// The bounds of a row, in the order of the model.
type Bounds = [u64; 13];

/// The rows of the model, or of the one that asks what is possible again.
pub(super) fn rows(_recovers: bool) -> Vec<Seeded<ShardMutant, Bounds>> {
    Vec::new()
}
