//! The explorer page is what its sources give.

use std::path::{Path, PathBuf};

use base64::Engine;
use sha2::{Digest, Sha256};

/// The scripts, in the order in which they see each other.
const SCRIPTS: [&str; 11] = [
    "strings.js",
    "dom.js",
    "values.js",
    "trace.js",
    "filter.js",
    "diagram.js",
    "exports.js",
    "strip.js",
    "panel.js",
    "live.js",
    "main.js",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("explorer")
}

fn source(name: &str) -> String {
    std::fs::read_to_string(folder().join("src").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn build() -> String {
    let mut script = String::from("\"use strict\";\n(() => {\n");
    for name in SCRIPTS {
        script.push_str(&format!("// {name}\n{}", source(name)));
    }
    script.push_str("})();\n");
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script.as_bytes()));
    source("index.html")
        .replace("{{style}}", source("style.css").trim_end())
        .replace("{{hash}}", &hash)
        .replace("{{script}}", &script)
}

#[test]
fn the_page_is_what_its_sources_give() {
    let (path, built) = (folder().join("dist/explorer.html"), build());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &built).expect("the page can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == built,
        "explorer/dist/explorer.html is stale: UPDATE_GOLDEN=1 cargo test -p quorate-traces --test explorer"
    );
}

#[test]
fn every_source_is_used_and_none_loads_or_makes_markup() {
    for entry in std::fs::read_dir(folder().join("src")).expect("the sources") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        if !name.ends_with(".js") {
            continue;
        }
        assert!(SCRIPTS.contains(&name.as_str()), "{name} is not part of the page");
        let text = source(&name);
        for word in ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "new Function", "</script", "http:"] {
            let allowed = word == "http:" && name == "dom.js";
            assert!(allowed || !text.contains(word), "{name} uses {word}");
        }
    }
    let page = build();
    assert!(!page.contains("src=\"") && !page.contains("<link"), "the page loads nothing");
    assert!(page.len() < 200_000, "{} bytes", page.len());
}
