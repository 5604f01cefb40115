//! Values of traces, as ITF's `expr` knows them, and the way any serializable
//! state becomes one.
//!
//! ```text
//!   Rust                                        ITF
//!   bool, String, unit variants                 true, "text", "Variant"
//!   integers                                    {"#bigint": "7"}
//!   sequences, arrays, slices                   [ … ]
//!   tuples, unit                                {"#tup": [ … ]}
//!   a newtype struct named "#set"               {"#set": [ … ]}, sorted, each element once
//!   maps whose keys are strings, structs        { "field": … }
//!   other maps                                  {"#map": [[key, value], …]}
//!   variants with data, Option                  {"tag": "Some", "value": … }
//! ```

use std::fmt;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value as Json;

pub use crate::serializer::to_value;

/// A value of a trace. Sets and maps are sorted, and records are equal in any
/// order of their fields, so that `==` is the equality of the model's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A truth value.
    Bool(bool),
    /// A text; also a variant without data.
    String(String),
    /// An integer of any size, in canonical decimal digits.
    Integer(String),
    /// A sequence.
    List(Vec<Value>),
    /// A tuple.
    Tuple(Vec<Value>),
    /// A set; made by [`Value::set`].
    Set(Vec<Value>),
    /// A map; made by [`Value::map`].
    Map(Vec<(Value, Value)>),
    /// A record; made by [`Value::record`].
    Record(IndexMap<String, Value>),
    /// A variant with data.
    Variant(String, Box<Value>),
    /// What the writer could not express, in its own words.
    Unserializable(String),
}

impl Value {
    /// The set of these elements.
    pub fn set(mut elements: Vec<Value>) -> Self {
        elements.sort_by_cached_key(Value::sort_key);
        elements.dedup();
        Value::Set(elements)
    }

    /// The map with these entries; of equal keys the last one counts.
    pub fn map(mut entries: Vec<(Value, Value)>) -> Self {
        entries.reverse();
        entries.sort_by_cached_key(|(key, _)| key.sort_key());
        entries.dedup_by(|later, earlier| later.0 == earlier.0);
        Value::Map(entries)
    }

    /// The record with these fields. One that looks exactly like a variant
    /// (a text `tag` and a `value`) is one, since ITF cannot tell them apart.
    pub fn record(mut fields: IndexMap<String, Value>) -> Self {
        if fields.len() == 2 && fields.contains_key("value") && matches!(fields.get("tag"), Some(Value::String(_))) {
            let (tag, value) = (fields.swap_remove("tag"), fields.swap_remove("value"));
            if let (Some(Value::String(tag)), Some(value)) = (tag, value) {
                return Value::Variant(tag, Box::new(value));
            }
        }
        Value::Record(fields)
    }

    /// The integer with these decimal digits, or `None` if they are none.
    pub fn integer(digits: &str) -> Option<Self> {
        let (sign, magnitude) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
        if magnitude.is_empty() || !magnitude.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let magnitude = magnitude.trim_start_matches('0');
        Some(Value::Integer(if magnitude.is_empty() { "0".to_owned() } else { format!("{sign}{magnitude}") }))
    }

    /// The field of a record.
    pub fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Record(fields) => fields.get(name),
            _ => None,
        }
    }

    /// An order that depends on the value alone and keeps numbers in theirs.
    fn sort_key(&self) -> String {
        let joined = |open: &str, parts: Vec<String>| format!("{open}{}", parts.join("\u{1}"));
        match self {
            Value::Bool(value) => format!("0{value}"),
            Value::Integer(digits) => match digits.strip_prefix('-') {
                // Of two negative numbers the longer one comes first, and so does the larger digit.
                Some(magnitude) => {
                    let flipped: String = magnitude.bytes().map(|digit| char::from(b'0' + (b'9' - digit.min(b'9')))).collect();
                    format!("1-{:010}{flipped}", 9_999_999_999usize.saturating_sub(magnitude.len()))
                }
                None => format!("1.{:010}{digits}", digits.len()),
            },
            Value::String(text) => format!("2{text}"),
            Value::List(elements) => joined("3", elements.iter().map(Value::sort_key).collect()),
            Value::Tuple(elements) => joined("4", elements.iter().map(Value::sort_key).collect()),
            Value::Set(elements) => joined("5", elements.iter().map(Value::sort_key).collect()),
            Value::Map(entries) => {
                joined("6", entries.iter().flat_map(|(key, value)| [key.sort_key(), value.sort_key()]).collect())
            }
            Value::Record(fields) => {
                let mut sorted: Vec<_> = fields.iter().collect();
                sorted.sort_by_key(|(name, _)| name.as_str());
                joined("7", sorted.into_iter().flat_map(|(name, value)| [name.clone(), value.sort_key()]).collect())
            }
            Value::Variant(tag, value) => joined("8", vec![tag.clone(), value.sort_key()]),
            Value::Unserializable(text) => format!("9{text}"),
        }
    }

    /// The value as ITF writes it.
    pub fn to_json(&self) -> Json {
        let tagged = |tag: &str, inner: Json| Json::Object([(tag.to_owned(), inner)].into_iter().collect());
        let list = |elements: &[Value]| Json::Array(elements.iter().map(Value::to_json).collect());
        match self {
            Value::Bool(value) => Json::Bool(*value),
            Value::String(text) => Json::String(text.clone()),
            Value::Integer(digits) => tagged("#bigint", Json::String(digits.clone())),
            Value::List(elements) => list(elements),
            Value::Tuple(elements) => tagged("#tup", list(elements)),
            Value::Set(elements) => tagged("#set", list(elements)),
            Value::Map(entries) => {
                let pairs = entries.iter().map(|(key, value)| Json::Array(vec![key.to_json(), value.to_json()]));
                tagged("#map", Json::Array(pairs.collect()))
            }
            Value::Record(fields) => Json::Object(fields.iter().map(|(name, value)| (name.clone(), value.to_json())).collect()),
            Value::Variant(tag, value) => Json::Object(
                [("tag".to_owned(), Json::String(tag.clone())), ("value".to_owned(), value.to_json())].into_iter().collect(),
            ),
            Value::Unserializable(text) => tagged("#unserializable", Json::String(text.clone())),
        }
    }

    /// Reads what ITF writes, and the plain integers of older writers.
    ///
    /// # Errors
    /// What is wrong and at which place inside the value.
    pub fn from_json(json: &Json) -> Result<Self, String> {
        match json {
            Json::Null => Err("null is no value of ITF".to_owned()),
            Json::Bool(value) => Ok(Value::Bool(*value)),
            Json::String(text) => Ok(Value::String(text.clone())),
            Json::Number(number) => Value::integer(&number.to_string())
                .ok_or_else(|| format!("{number} is no integer; large ones are written {{\"#bigint\": \"…\"}}")),
            Json::Array(elements) => Ok(Value::List(list(elements)?)),
            Json::Object(fields) => {
                if fields.len() == 1
                    && let Some((tag, inner)) = fields.iter().next()
                    && tag.starts_with('#')
                {
                    return special(tag, inner);
                }
                let field = |(name, inner): (&String, &Json)| {
                    if name.starts_with('#') {
                        return Err(format!("'{name}' cannot name a field"));
                    }
                    let value = Value::from_json(inner).map_err(|error| within(name, &error))?;
                    Ok((name.clone(), value))
                };
                Ok(Value::record(fields.iter().map(field).collect::<Result<_, String>>()?))
            }
        }
    }
}

fn special(tag: &str, inner: &Json) -> Result<Value, String> {
    let array = || inner.as_array().ok_or_else(|| format!("'{tag}' needs a list"));
    match tag {
        "#bigint" => {
            let digits = inner.as_str().ok_or("'#bigint' needs a text of digits")?;
            Value::integer(digits).ok_or_else(|| format!("'{digits}' is no integer"))
        }
        "#tup" => Ok(Value::Tuple(list(array()?)?)),
        "#set" => Ok(Value::set(list(array()?)?)),
        "#map" => {
            let entry = |pair: &Json| match pair.as_array().map(Vec::as_slice) {
                Some([key, value]) => Ok((Value::from_json(key)?, Value::from_json(value)?)),
                _ => Err("an entry of '#map' is a list of key and value".to_owned()),
            };
            Ok(Value::map(array()?.iter().map(entry).collect::<Result<_, String>>()?))
        }
        "#unserializable" => Ok(Value::Unserializable(inner.as_str().ok_or("'#unserializable' needs a text")?.to_owned())),
        _ => Err(format!("'{tag}' is no form of ITF")),
    }
}

fn list(elements: &[Json]) -> Result<Vec<Value>, String> {
    let element = |(index, json)| Value::from_json(json).map_err(|error| within(&format!("[{index}]"), &error));
    elements.iter().enumerate().map(element).collect()
}

/// Prepends a step to the place that an error names: `nodes.[0].term: …`.
fn within(step: &str, error: &str) -> String {
    match error.strip_prefix("at ") {
        Some(rest) => format!("at {step}.{rest}"),
        None => format!("at {step}: {error}"),
    }
}

/// The value as a person reads it: `{n1,n2}`, `(1, 2)`, `Some(3)`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, open: &str, elements: &[Value], separator: &str, close: &str| {
            f.write_str(open)?;
            for (position, element) in elements.iter().enumerate() {
                write!(f, "{}{element}", if position == 0 { "" } else { separator })?;
            }
            f.write_str(close)
        };
        match self {
            Value::Bool(value) => write!(f, "{value}"),
            Value::String(text) => f.write_str(text),
            Value::Integer(digits) => f.write_str(digits),
            Value::List(elements) => list(f, "[", elements, ", ", "]"),
            Value::Tuple(elements) => list(f, "(", elements, ", ", ")"),
            Value::Set(elements) => list(f, "{", elements, ",", "}"),
            Value::Map(entries) => {
                f.write_str("{")?;
                for (position, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key} ↦ {value}", if position == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
            Value::Record(fields) => {
                f.write_str("(")?;
                for (position, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{}{name} {value}", if position == 0 { "" } else { ", " })?;
                }
                f.write_str(")")
            }
            Value::Variant(tag, value) => match &**value {
                Value::Tuple(none) if none.is_empty() => f.write_str(tag),
                Value::Tuple(_) | Value::Record(_) => write!(f, "{tag}{value}"),
                _ => write!(f, "{tag}({value})"),
            },
            Value::Unserializable(text) => write!(f, "?{text}"),
        }
    }
}

/// The variables of a state: its fields if it is a record, else one variable
/// named `state`.
pub fn variables(state: &impl Serialize) -> Vec<(String, Value)> {
    match to_value(state) {
        Value::Record(fields) if !fields.is_empty() => fields.into_iter().collect(),
        other => vec![("state".to_owned(), other)],
    }
}
