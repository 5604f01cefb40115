//! Files by generation: the abstraction of a directory.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// The number in a file's name. A file is never changed: its successor has the
/// next generation.
pub type Generation = i16;
/// `CurrentGeneration` of a directory without files.
pub const NO_GENERATION: Generation = -1;

/// The files of one kind, by generation. A reader looks at the highest only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Files<C> {
    entries: SmallVec<[(Generation, C); 4]>,
}

impl<C> Default for Files<C> {
    fn default() -> Self {
        Files { entries: SmallVec::new() }
    }
}

impl<C: Clone> Files<C> {
    /// `CurrentGeneration`: the highest, [`NO_GENERATION`] where there is no file.
    pub fn current_generation(&self) -> Generation {
        self.entries.last().map_or(NO_GENERATION, |(generation, _)| *generation)
    }

    /// The content of a file.
    pub fn get(&self, generation: Generation) -> Option<&C> {
        let position = self.entries.binary_search_by_key(&generation, |(generation, _)| *generation).ok()?;
        Some(&self.entries[position].1)
    }

    /// Every file in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (Generation, &C)> + Clone {
        self.entries.iter().map(|(generation, content)| (*generation, content))
    }

    /// `WriteFile`.
    #[must_use]
    pub fn written(&self, generation: Generation, content: C) -> Self {
        let mut entries = self.entries.clone();
        match entries.binary_search_by_key(&generation, |(generation, _)| *generation) {
            Ok(position) => entries[position].1 = content,
            Err(position) => entries.insert(position, (generation, content)),
        }
        Files { entries }
    }

    /// `DeleteFile`.
    #[must_use]
    pub fn deleted(&self, generation: Generation) -> Self {
        Files { entries: self.entries.iter().filter(|(other, _)| *other != generation).cloned().collect() }
    }

    /// `DeleteFilesExcept`.
    #[must_use]
    pub fn deleted_except(&self, generation: Generation) -> Self {
        Files { entries: self.entries.iter().filter(|(other, _)| *other == generation).cloned().collect() }
    }
}
