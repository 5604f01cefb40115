//! Counterexamples worth telling, as trace files with an index.
//!
//! Each [`Story`] names a model, what is removed from its rules, and the
//! property that dies. The files are made from nothing but this table and
//! today's code, by one thread, so that they are the same every time; a test
//! makes them again and compares.

mod index;
mod stories;

use std::path::Path as FilePath;
use std::sync::Mutex;

use quorate_traces::{Trace, itf, page};

pub use stories::{STORIES, Story};

use super::error::ExploreError;
use super::explorer::counterexample;
use super::live::Open;
use crate::control::Control;
use crate::options::Options;
use crate::registry::{Rules, find, with_model};

/// Why there is no gallery.
#[derive(Debug, thiserror::Error)]
pub enum GalleryError {
    /// A story that cannot be told any more.
    #[error("{file}: {error}")]
    Story {
        /// Its file.
        file: String,
        /// What is wrong.
        error: ExploreError,
    },
    /// The file system said no.
    #[error("cannot write {file}: {source}")]
    Write {
        /// The file.
        file: String,
        /// What it said.
        source: std::io::Error,
    },
}

impl Story {
    /// The name of its file.
    pub fn file(&self) -> String {
        format!("{}.itf.json", self.slug)
    }

    /// Its rules.
    pub fn rules(&self) -> Rules {
        Rules { mutant: self.mutant.map(str::to_owned), waived: self.waived.iter().map(|name| (*name).to_owned()).collect() }
    }

    /// The shortest counterexample, with what is told about it.
    ///
    /// # Errors
    /// When the property does not die under these rules at these bounds.
    pub fn tell(&self) -> Result<Trace, ExploreError> {
        let (info, rules) = (find(self.model)?, self.rules());
        let live = with_model(self.model, self.bounds, &rules, Open(info))?;
        let one_thread = Options::default().threads(1);
        let mut trace = counterexample(&*live, info, &rules, Some(self.property), &one_thread, &Control::new())?.trace;
        trace.info.rules = quorate_traces::rules_json(self.mutant, self.waived);
        trace.info.title = self.title.to_owned();
        for (key, text) in [("removed", self.removed), ("happens", self.happens), ("issue", self.issue)] {
            trace.info.other.insert(key.to_owned(), text.to_owned());
        }
        Ok(trace)
    }
}

/// Every file of the gallery: its name and its text.
///
/// # Errors
/// The first story that cannot be told.
pub fn files() -> Result<Vec<(String, String)>, GalleryError> {
    let traces = told()?;
    let mut files: Vec<(String, String)> =
        STORIES.iter().zip(&traces).map(|(story, trace)| (story.file(), itf::to_string(trace))).collect();
    files.push((String::from("index.html"), page::embed(&itf::to_string_many(&traces))));
    files.push((String::from("README.md"), index::markdown(&traces)));
    Ok(files)
}

/// Writes the gallery into a folder, in place of what is there under the same names.
///
/// # Errors
/// When a story cannot be told or a file cannot be written.
pub fn write(folder: &FilePath) -> Result<usize, GalleryError> {
    let refused = |path: &FilePath, source| GalleryError::Write { file: path.display().to_string(), source };
    std::fs::create_dir_all(folder).map_err(|error| refused(folder, error))?;
    let files = files()?;
    for (name, text) in &files {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| refused(&path, error))?;
    }
    Ok(files.len())
}

/// All stories, two at a time.
fn told() -> Result<Vec<Trace>, GalleryError> {
    let results: Vec<Mutex<Option<Result<Trace, ExploreError>>>> = STORIES.iter().map(|_| Mutex::default()).collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((story, result)) = {
                    let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    STORIES.get(at).zip(results.get(at))
                } {
                    *result.lock().expect("nobody panics with it") = Some(story.tell());
                }
            });
        }
    });
    let told = |(story, result): (&Story, Mutex<Option<Result<Trace, ExploreError>>>)| {
        let result = result.into_inner().ok().flatten().unwrap_or(Err(ExploreError::Busy));
        result.map_err(|error| GalleryError::Story { file: story.file(), error })
    };
    STORIES.iter().zip(results).map(told).collect()
}
