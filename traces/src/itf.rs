//! The trace format: ITF (Apalache's ADR-015) with our extras as metadata.
//!
//! ```text
//!   {"#meta": {format, tool, quorate (version of the extras), model, property, …},
//!    "vars": ["nodes", …],
//!    "states": [{"#meta": {index, action, params, view, claims}, "nodes": …}, …],
//!    "loop": 3}
//! ```
//!
//! All metadata but the index are strings, those with structure being JSON
//! once more, so that other readers of ITF accept our files.

use indexmap::IndexMap;
use quorate_model::{Path, Specification};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use crate::error::TraceError;
use crate::trace::{ClaimRecord, StateRecord, Trace, TraceInfo};
use crate::value::Value;

/// Version of our metadata.
pub const VERSION: u32 = 1;

/// The ITF text of a path of `model`.
pub fn write<M: Specification>(model: &M, path: &Path<M>, info: &TraceInfo) -> String {
    to_string(&Trace::of_path(model, path, info))
}

/// The ITF text of a trace: one state a line.
pub fn to_string(trace: &Trace) -> String {
    let mut text = String::from("{\n\"#meta\": ");
    text.push_str(&Json::Object(trace_meta(trace)).to_string());
    text.push_str(",\n\"vars\": ");
    text.push_str(&Json::from(trace.vars.clone()).to_string());
    text.push_str(",\n\"states\": [");
    for (index, state) in trace.states.iter().enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        let mut fields = Map::new();
        fields.insert("#meta".to_owned(), Json::Object(state_meta(index, state)));
        for (name, value) in trace.vars.iter().zip(&state.values) {
            fields.insert(name.clone(), value.to_json());
        }
        text.push_str(&Json::Object(fields).to_string());
    }
    text.push_str("\n]");
    if let Some(start) = trace.loop_start {
        text.push_str(&format!(",\n\"loop\": {start}"));
    }
    text.push_str("\n}\n");
    text
}

/// The metadata that we know; whatever else a trace has is kept in `info.other`.
const OURS: [&str; 13] = [
    "format", "tool", "quorate", "model", "bounds", "lanes", "claims", "rules", "property", "kind", "verdict", "witness", "title",
];

fn trace_meta(trace: &Trace) -> Map<String, Json> {
    let mut meta = Map::new();
    let mut put = |key: &str, text: String| {
        if !text.is_empty() {
            meta.insert(key.to_owned(), Json::String(text));
        }
    };
    put("format", "ITF".to_owned());
    put("format-description", "https://apalache-mc.org/docs/adr/015adr-trace.html".to_owned());
    put("tool", trace.tool.clone());
    if !trace.model.is_empty() {
        put("quorate", VERSION.to_string());
        put("model", trace.model.clone());
        put("bounds", json_text(&trace.bounds));
        put("lanes", json_text(&trace.lanes));
        put("claims", json_text(&trace.claims));
        put("rules", if trace.info.rules.is_null() { "{}".to_owned() } else { trace.info.rules.to_string() });
    }
    let info = &trace.info;
    put("property", info.property.clone());
    put("kind", info.kind.clone());
    put("verdict", info.verdict.clone());
    put("witness", info.witness.clone());
    put("title", info.title.clone());
    for (key, text) in &info.other {
        if !OURS.contains(&key.as_str()) {
            put(key, text.clone());
        }
    }
    meta
}

fn state_meta(index: usize, state: &StateRecord) -> Map<String, Json> {
    let mut meta = Map::new();
    meta.insert("index".to_owned(), Json::from(index));
    if !state.title.is_empty() {
        meta.insert("action".to_owned(), Json::String(state.title.clone()));
    }
    if let Some(params) = &state.params {
        meta.insert("params".to_owned(), Json::String(params.to_string()));
        meta.insert("view".to_owned(), Json::String(json_text(&state.view)));
    }
    if let Some(claims) = &state.claims {
        meta.insert("claims".to_owned(), Json::String(json_text(claims)));
    }
    meta
}

fn json_text(data: &impl serde::Serialize) -> String {
    serde_json::to_string(data).unwrap_or_default()
}

/// Reads an ITF trace, ours or another tool's.
///
/// # Errors
/// What is wrong and where: line and column, or state and variable.
pub fn read(text: &str) -> Result<Trace, TraceError> {
    let json: Json = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        if error.is_eof() {
            TraceError::Truncated { line, column }
        } else {
            let reason = error.to_string();
            let reason = reason.rsplit_once(" at line").map_or(reason.clone(), |(reason, _)| reason.to_owned());
            TraceError::NotJson { line, column, reason }
        }
    })?;
    let not_itf = |reason: &str| TraceError::NotItf(reason.to_owned());
    let root = json.as_object().ok_or_else(|| not_itf("the file holds no object"))?;
    let states = root.get("states").ok_or_else(|| not_itf("there are no 'states'"))?;
    let states = states.as_array().ok_or_else(|| not_itf("'states' is no list"))?;
    if states.is_empty() {
        return Err(not_itf("'states' is empty"));
    }
    let mut vars = names(root.get("params"), "params")?;
    vars.extend(names(Some(root.get("vars").ok_or_else(|| not_itf("there are no 'vars'"))?), "vars")?);

    let mut trace = Trace { loop_start: loop_start(root.get("loop"), states.len())?, ..Trace::default() };
    if let Some(meta) = root.get("#meta") {
        read_trace_meta(meta.as_object().ok_or_else(|| not_itf("'#meta' is no object"))?, &mut trace)?;
    }
    trace.states = states.iter().enumerate().map(|(index, state)| read_state(index, state, &vars)).collect::<Result<_, _>>()?;
    trace.vars = vars;
    Ok(trace)
}

fn names(list: Option<&Json>, what: &str) -> Result<Vec<String>, TraceError> {
    let Some(list) = list else { return Ok(Vec::new()) };
    let name = |json: &Json| json.as_str().map(str::to_owned);
    let names: Option<Vec<String>> = list.as_array().and_then(|list| list.iter().map(name).collect());
    names.ok_or_else(|| TraceError::NotItf(format!("'{what}' is no list of names")))
}

fn loop_start(json: Option<&Json>, states: usize) -> Result<Option<usize>, TraceError> {
    match json {
        None | Some(Json::Null) => Ok(None),
        Some(index) => match index.as_u64() {
            Some(start) if (start as usize) < states => Ok(Some(start as usize)),
            _ => Err(TraceError::LoopOutOfRange { index: index.to_string(), last: states - 1 }),
        },
    }
}

/// A text stays as it is; anything else that other tools put there is shown as JSON.
fn meta_text(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

fn structured<T: DeserializeOwned + Default>(
    meta: &Map<String, Json>,
    key: &'static str,
    place: &dyn Fn() -> String,
) -> Result<T, TraceError> {
    let Some(json) = meta.get(key) else { return Ok(T::default()) };
    serde_json::from_str(&meta_text(json)).map_err(|error| TraceError::BadMetadata {
        place: place(),
        key,
        reason: error.to_string(),
    })
}

fn read_trace_meta(meta: &Map<String, Json>, trace: &mut Trace) -> Result<(), TraceError> {
    let text = |key: &str| meta.get(key).map(meta_text).unwrap_or_default();
    let place = || "the trace".to_owned();
    let ours = meta.contains_key("quorate");
    if ours {
        let version = text("quorate");
        if version != VERSION.to_string() {
            return Err(TraceError::NewerFormat { found: version, known: VERSION });
        }
        trace.model = text("model");
        trace.bounds = structured::<IndexMap<String, u64>>(meta, "bounds", &place)?;
        trace.lanes = structured::<Vec<String>>(meta, "lanes", &place)?;
        trace.claims = structured::<Vec<ClaimRecord>>(meta, "claims", &place)?;
        trace.info.rules = structured::<Json>(meta, "rules", &place)?;
    }
    trace.tool = if ours || meta.contains_key("tool") { text("tool") } else { text("source") };
    trace.info.property = text("property");
    trace.info.kind = text("kind");
    trace.info.verdict = text("verdict");
    trace.info.witness = text("witness");
    trace.info.title = text("title");
    for (key, json) in meta {
        if !OURS.contains(&key.as_str()) && key != "format-description" {
            trace.info.other.insert(key.clone(), meta_text(json));
        }
    }
    Ok(())
}

fn read_state(index: usize, json: &Json, vars: &[String]) -> Result<StateRecord, TraceError> {
    let not_itf = |reason: &str| TraceError::NotItf(format!("state {index} {reason}"));
    let fields = json.as_object().ok_or_else(|| not_itf("is no object"))?;
    let mut record = StateRecord::default();
    for variable in vars {
        let missing = || TraceError::MissingVariable { state: index, variable: variable.clone() };
        let value = Value::from_json(fields.get(variable).ok_or_else(missing)?);
        record.values.push(value.map_err(|reason| TraceError::BadValue { state: index, variable: variable.clone(), reason })?);
    }
    if let Some(unknown) = fields.keys().find(|name| *name != "#meta" && !vars.contains(name)) {
        return Err(TraceError::UnknownVariable { state: index, variable: unknown.clone() });
    }
    if let Some(meta) = fields.get("#meta") {
        let meta = meta.as_object().ok_or_else(|| not_itf("has a '#meta' that is no object"))?;
        let place = || format!("state {index}");
        record.title = meta.get("action").map(meta_text).unwrap_or_default();
        if meta.contains_key("params") {
            record.params = Some(structured(meta, "params", &place)?);
        }
        record.view = structured(meta, "view", &place)?;
        if meta.contains_key("claims") {
            record.claims = Some(structured(meta, "claims", &place)?);
        }
    }
    if record.title.is_empty() {
        // Quint names the action in a variable.
        let taken = vars.iter().position(|name| name == "mbt::actionTaken").map(|position| &record.values[position]);
        if let Some(Value::String(action)) = taken {
            record.title = action.clone();
        }
    }
    if record.view.title.is_empty() {
        record.view.title = record.title.clone();
    }
    Ok(record)
}
