//! A serde `Serializer` that makes a [`Value`] of anything serializable.

use std::fmt::Display;

use indexmap::IndexMap;
use quorate_model::node_set::SET_MARKER;
use serde::ser::{self, Serialize};

use crate::value::Value;

/// The value of `data`. What cannot be expressed (floating point, a
/// `Serialize` that fails) becomes [`Value::Unserializable`].
pub fn to_value<T: Serialize + ?Sized>(data: &T) -> Value {
    data.serialize(ToValue).unwrap_or_else(|error| Value::Unserializable(error.0))
}

struct ToValue;

/// What a `Serialize` of somebody else complained about.
#[derive(Debug)]
struct Refusal(String);

impl Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

impl ser::Error for Refusal {
    fn custom<T: Display>(message: T) -> Self {
        Refusal(message.to_string())
    }
}

type Made = Result<Value, Refusal>;

macro_rules! integers {
    ($($method:ident $type:ty),*) => {
        $(fn $method(self, value: $type) -> Made { Ok(Value::Integer(value.to_string())) })*
    };
}

impl ser::Serializer for ToValue {
    type Ok = Value;
    type Error = Refusal;
    type SerializeSeq = Elements;
    type SerializeTuple = Elements;
    type SerializeTupleStruct = Elements;
    type SerializeTupleVariant = Elements;
    type SerializeMap = Entries;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    integers!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_u128 u128
    );

    fn serialize_bool(self, value: bool) -> Made {
        Ok(Value::Bool(value))
    }

    fn serialize_f32(self, value: f32) -> Made {
        Ok(Value::Unserializable(value.to_string()))
    }

    fn serialize_f64(self, value: f64) -> Made {
        Ok(Value::Unserializable(value.to_string()))
    }

    fn serialize_char(self, value: char) -> Made {
        Ok(Value::String(value.to_string()))
    }

    fn serialize_str(self, value: &str) -> Made {
        Ok(Value::String(value.to_owned()))
    }

    fn serialize_bytes(self, value: &[u8]) -> Made {
        Ok(Value::List(value.iter().map(|byte| Value::Integer(byte.to_string())).collect()))
    }

    fn serialize_none(self) -> Made {
        Ok(Value::Variant("None".to_owned(), Box::new(Value::Tuple(Vec::new()))))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Made {
        Ok(Value::Variant("Some".to_owned(), Box::new(value.serialize(ToValue)?)))
    }

    fn serialize_unit(self) -> Made {
        Ok(Value::Tuple(Vec::new()))
    }

    fn serialize_unit_struct(self, name: &'static str) -> Made {
        Ok(Value::String(name.to_owned()))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Made {
        Ok(Value::String(variant.to_owned()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Made {
        match value.serialize(ToValue)? {
            Value::List(elements) if name == SET_MARKER => Ok(Value::set(elements)),
            inner => Ok(inner),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(self, _: &'static str, _: u32, variant: &'static str, value: &T) -> Made {
        Ok(Value::Variant(variant.to_owned(), Box::new(value.serialize(ToValue)?)))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Elements, Refusal> {
        Ok(Elements { made: Vec::with_capacity(length.unwrap_or(0).min(1024)), finish: Value::List })
    }

    fn serialize_tuple(self, _: usize) -> Result<Elements, Refusal> {
        Ok(Elements { made: Vec::new(), finish: Value::Tuple })
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Elements, Refusal> {
        self.serialize_tuple(length)
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Elements, Refusal> {
        // The tag travels as the first element until `end`.
        let finish = |mut elements: Vec<Value>| match elements.remove(0) {
            Value::String(tag) => Value::Variant(tag, Box::new(Value::Tuple(elements))),
            other => other,
        };
        Ok(Elements { made: vec![Value::String(variant.to_owned())], finish })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries, Refusal> {
        Ok(Entries { made: Vec::new(), key: None })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, Refusal> {
        Ok(Fields { made: IndexMap::new(), variant: None })
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Fields, Refusal> {
        Ok(Fields { made: IndexMap::new(), variant: Some(variant) })
    }
}

struct Elements {
    made: Vec<Value>,
    finish: fn(Vec<Value>) -> Value,
}

macro_rules! element_by_element {
    ($($trait:ident $method:ident),*) => {
        $(impl ser::$trait for Elements {
            type Ok = Value;
            type Error = Refusal;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
                self.made.push(value.serialize(ToValue)?);
                Ok(())
            }
            fn end(self) -> Made {
                Ok((self.finish)(self.made))
            }
        })*
    };
}

element_by_element!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

struct Entries {
    made: Vec<(Value, Value)>,
    key: Option<Value>,
}

impl ser::SerializeMap for Entries {
    type Ok = Value;
    type Error = Refusal;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refusal> {
        self.key = Some(key.serialize(ToValue)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        let key = self.key.take().ok_or_else(|| Refusal("a map's value came before its key".to_owned()))?;
        self.made.push((key, value.serialize(ToValue)?));
        Ok(())
    }

    fn end(self) -> Made {
        // Field names must be texts, and none of ITF's own.
        let names_fields = |key: &Value| matches!(key, Value::String(name) if !name.starts_with('#'));
        if self.made.is_empty() || !self.made.iter().all(|(key, _)| names_fields(key)) {
            return Ok(Value::map(self.made));
        }
        let field = |(key, value)| match key {
            Value::String(name) => (name, value),
            other => (other.to_string(), value),
        };
        Ok(Value::record(self.made.into_iter().map(field).collect()))
    }
}

struct Fields {
    made: IndexMap<String, Value>,
    variant: Option<&'static str>,
}

impl Fields {
    fn add<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Refusal> {
        self.made.insert(name.to_owned(), value.serialize(ToValue)?);
        Ok(())
    }

    fn finish(self) -> Made {
        // A field that is named like a form of ITF (`#[serde(rename = "#set")]`) makes a map of it.
        let inner = if self.made.keys().any(|name| name.starts_with('#')) {
            Value::map(self.made.into_iter().map(|(name, value)| (Value::String(name), value)).collect())
        } else {
            Value::record(self.made)
        };
        Ok(match self.variant {
            Some(tag) => Value::Variant(tag.to_owned(), Box::new(inner)),
            None => inner,
        })
    }
}

impl ser::SerializeStruct for Fields {
    type Ok = Value;
    type Error = Refusal;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Refusal> {
        self.add(name, value)
    }
    fn end(self) -> Made {
        self.finish()
    }
}

impl ser::SerializeStructVariant for Fields {
    type Ok = Value;
    type Error = Refusal;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Refusal> {
        self.add(name, value)
    }
    fn end(self) -> Made {
        self.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use quorate_model::NodeSet;
    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    enum Shape {
        Unit,
        Newtype(u8),
        Tuple(u8, bool),
        Struct { side: i64 },
    }

    #[track_caller]
    fn becomes(data: impl Serialize, itf: &str) {
        let value = to_value(&data);
        assert_eq!(value.to_json().to_string(), itf);
        let read: serde_json::Value = serde_json::from_str(itf).unwrap();
        assert_eq!(Value::from_json(&read).unwrap(), value, "reads back what it wrote");
    }

    #[test]
    fn every_form_is_written_as_itf_has_it() {
        becomes(true, "true");
        becomes("text", "\"text\"");
        becomes(-12i8, r##"{"#bigint":"-12"}"##);
        becomes(u128::MAX, &format!(r##"{{"#bigint":"{}"}}"##, u128::MAX));
        becomes(vec![1u8], r##"[{"#bigint":"1"}]"##);
        becomes((1u8, "a"), r##"{"#tup":[{"#bigint":"1"},"a"]}"##);
        becomes((), r##"{"#tup":[]}"##);
        becomes(NodeSet(0b101), r##"{"#set":["n1","n3"]}"##);
        becomes(NodeSet::EMPTY, r##"{"#set":[]}"##);
        becomes(BTreeMap::from([(1u8, "a"), (0, "b")]), r##"{"#map":[[{"#bigint":"0"},"b"],[{"#bigint":"1"},"a"]]}"##);
        becomes(BTreeMap::from([("k", true)]), r#"{"k":true}"#);
        becomes(BTreeMap::from([("#k", true)]), r##"{"#map":[["#k",true]]}"##);
        becomes(BTreeMap::<u8, u8>::new(), r##"{"#map":[]}"##);
        becomes(None::<u8>, r##"{"tag":"None","value":{"#tup":[]}}"##);
        becomes(Some(1u8), r##"{"tag":"Some","value":{"#bigint":"1"}}"##);
        becomes(Shape::Unit, "\"Unit\"");
        becomes(Shape::Newtype(1), r##"{"tag":"Newtype","value":{"#bigint":"1"}}"##);
        becomes(Shape::Tuple(1, true), r##"{"tag":"Tuple","value":{"#tup":[{"#bigint":"1"},true]}}"##);
        becomes(Shape::Struct { side: 1 }, r##"{"tag":"Struct","value":{"side":{"#bigint":"1"}}}"##);
        becomes(1.5f64, r##"{"#unserializable":"1.5"}"##);
    }
}
