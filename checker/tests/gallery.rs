//! The gallery is what today's code makes of its stories.

use std::path::{Path, PathBuf};

use quorate_checker::explore::gallery::{self, STORIES};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces/gallery")
}

#[test]
fn every_file_is_what_its_story_gives() {
    let files = gallery::files().unwrap_or_else(|error| panic!("{error}"));
    let mut stale: Vec<&str> = Vec::new();
    for (name, text) in &files {
        let committed = std::fs::read_to_string(folder().join(name)).unwrap_or_default();
        if committed != *text {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "stale: {stale:?}; quorate explore --gallery traces/gallery makes them again");
    let there = std::fs::read_dir(folder()).expect("the gallery");
    let there: Vec<String> = there.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect();
    let surplus: Vec<&String> = there.iter().filter(|name| !files.iter().any(|(known, _)| known == *name)).collect();
    assert!(surplus.is_empty(), "nobody makes {surplus:?}");
}

#[test]
fn every_story_is_told_in_full() {
    assert!(STORIES.len() >= 20);
    for (index, story) in STORIES.iter().enumerate() {
        for text in [story.title, story.removed, story.happens] {
            assert!(!text.is_empty(), "{}", story.slug);
        }
        let unique = |other: &gallery::Story| other.slug != story.slug && other.title != story.title;
        assert!(STORIES[index + 1..].iter().all(unique), "{} twice", story.slug);
        let known = |issue: &str| {
            let number =
                issue.strip_prefix("elastic/elasticsearch-formal-models#").or(issue.strip_prefix("elastic/elasticsearch#"));
            number.is_some_and(|number| number.parse::<u32>().is_ok())
        };
        assert!(story.issue.split_whitespace().all(known), "{}: {}", story.slug, story.issue);
    }
}
