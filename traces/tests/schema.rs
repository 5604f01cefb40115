//! The JSON Schema of our files, in the hands of an outside validator.

mod support;

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Value as Json, json};
use support::{bounds, itf_of};

fn schema() -> Json {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/trace.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("the schema")).expect("JSON")
}

/// The validator of a definition; of whole files without a name.
fn validator(definition: &str) -> Validator {
    let mut schema = schema();
    if !definition.is_empty() {
        let root = schema.as_object_mut().expect("an object");
        root.remove("oneOf");
        root.insert(String::from("$ref"), json!(format!("#/$defs/{definition}")));
    }
    jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{definition}: {error}"))
}

fn inner(holder: &Json, key: &str) -> Option<Json> {
    Some(serde_json::from_str(holder.get(key)?.as_str().expect("a text")).expect("JSON inside"))
}

#[track_caller]
fn accepts(validator: &Validator, json: &Json, what: &str) {
    if let Some(error) = validator.iter_errors(json).next() {
        panic!("{what}: {} at {}", error, error.instance_path());
    }
}

fn files() -> Vec<(String, Json)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder.join("gallery"))
        .expect("the gallery")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().ends_with(".itf.json"))
        .collect();
    paths.push(folder.join("tests/golden/split-brain.itf.json"));
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a file");
        (path.display().to_string(), serde_json::from_str(&text).expect("JSON"))
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn every_file_of_ours_is_valid_with_what_its_strings_hold() {
    let whole = validator("");
    let parts = ["bounds", "lanes", "claims", "rules", "view", "claimsHere"].map(|name| (name, validator(name)));
    let part = |name: &str| &parts.iter().find(|(known, _)| *known == name).expect("a definition").1;
    let files = files();
    assert!(files.len() > 20);
    for (name, file) in &files {
        accepts(&whole, file, name);
        for key in ["bounds", "lanes", "claims", "rules"] {
            accepts(part(key), &inner(&file["#meta"], key).expect("our metadata"), name);
        }
        for state in file["states"].as_array().expect("states") {
            for (key, definition) in [("view", "view"), ("claims", "claimsHere")] {
                if let Some(json) = inner(&state["#meta"], key) {
                    accepts(part(definition), &json, name);
                }
            }
        }
    }
    let several: Json = files.into_iter().map(|(_, file)| file).collect();
    accepts(&whole, &several, "several in one file");
}

#[test]
fn what_is_changed_is_refused() {
    let whole = validator("");
    let good: Json = serde_json::from_str(&itf_of("CM02", bounds(2, 1, 1, 1, 12), "OneMasterPerTerm")).expect("JSON");
    accepts(&whole, &good, "unchanged");
    let changed: [(&str, &str, Json); 22] = [
        ("", "/states", json!([])),
        ("", "/states", json!({})),
        ("", "/vars", json!([1])),
        ("", "/vars", json!(["#meta"])),
        ("", "/loop", json!(-1)),
        ("", "/loop", json!("0")),
        ("", "/extra", json!(1)),
        ("/#meta", "/format", json!("FTI")),
        ("/#meta", "/quorate", json!("2")),
        ("/#meta", "/quorate", json!(1)),
        ("/#meta", "/bounds", json!({"nodes": 2})),
        ("/#meta", "/verdict", json!("perhaps")),
        ("/states/0/#meta", "/index", json!("0")),
        ("/states/1/#meta", "/action", json!("")),
        ("/states/1/#meta", "/view", json!({})),
        ("/states/1", "/nodes", json!(1)),
        ("/states/1", "/nodes", json!(null)),
        ("/states/1", "/nodes", json!({"#bigint": 1})),
        ("/states/1", "/nodes", json!({"#bigint": "01"})),
        ("/states/1", "/nodes", json!({"#set": ["a", "a"]})),
        ("/states/1", "/nodes", json!({"#map": [["key"]]})),
        ("/states/1", "/nodes", json!({"#frob": []})),
    ];
    for (holder, key, value) in changed {
        let mut file = good.clone();
        let object = file.pointer_mut(holder).and_then(Json::as_object_mut).expect("an object");
        object.insert(key.trim_start_matches('/').to_owned(), value.clone());
        assert!(!whole.is_valid(&file), "{holder}{key} = {value} is accepted");
    }
    for (holder, key) in
        [("", "#meta"), ("", "vars"), ("", "states"), ("/#meta", "format"), ("/#meta", "model"), ("/#meta", "bounds")]
    {
        let mut file = good.clone();
        let object = file.pointer_mut(holder).and_then(Json::as_object_mut).expect("an object");
        object.remove(key).expect("it was there");
        assert!(!whole.is_valid(&file), "accepted without {holder}/{key}");
    }
    let view = validator("view");
    for bad in [
        json!({}),
        json!({"title": "", "lane": -1, "delivered": null, "sent": []}),
        json!({"title": "", "lane": null, "delivered": {"source": 0}, "sent": []}),
    ] {
        assert!(!view.is_valid(&bad), "{bad}");
    }
    assert!(!validator("rules").is_valid(&json!({"waive": "A"})) && !validator("bounds").is_valid(&json!({"nodes": "2"})));
}
