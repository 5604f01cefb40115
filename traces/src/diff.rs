//! What differs between two values, down to fields and elements.

use crate::value::Value;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Fields, indices and keys that lead to the place.
    pub path: Vec<String>,
    /// What was there; `None` if something appeared.
    pub before: Option<Value>,
    /// What is there; `None` if something disappeared.
    pub after: Option<Value>,
}

impl Change {
    /// `nodes[0].durable.current_term`.
    pub fn place(&self) -> String {
        let mut place = String::new();
        for step in &self.path {
            if !place.is_empty() && !step.starts_with('[') {
                place.push('.');
            }
            place.push_str(step);
        }
        place
    }
}

/// Every difference between `before` and `after`, in the order of fields;
/// of sets the elements that went and came, of maps the entries.
pub fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    compare(before, after, &mut Vec::new(), &mut found);
    found
}

fn compare(before: &Value, after: &Value, path: &mut Vec<String>, found: &mut Vec<Change>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Record(old), Value::Record(new)) => {
            for (name, value) in old {
                descend(Some(value), new.get(name), name.clone(), path, found);
            }
            for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                descend(None, Some(value), name.clone(), path, found);
            }
        }
        (Value::List(old), Value::List(new)) | (Value::Tuple(old), Value::Tuple(new)) => {
            for index in 0..old.len().max(new.len()) {
                descend(old.get(index), new.get(index), format!("[{index}]"), path, found);
            }
        }
        (Value::Set(old), Value::Set(new)) => {
            for element in old.iter().filter(|element| !new.contains(element)) {
                note(Some(element), None, path, found);
            }
            for element in new.iter().filter(|element| !old.contains(element)) {
                note(None, Some(element), path, found);
            }
        }
        (Value::Map(old), Value::Map(new)) => {
            let get = |entries: &[(Value, Value)], key: &Value| {
                entries.iter().find(|(other, _)| other == key).map(|(_, value)| value.clone())
            };
            for (key, value) in old {
                descend(Some(value), get(new, key).as_ref(), format!("[{key}]"), path, found);
            }
            for (key, value) in new.iter().filter(|(key, _)| get(old, key).is_none()) {
                descend(None, Some(value), format!("[{key}]"), path, found);
            }
        }
        (Value::Variant(old_tag, old), Value::Variant(new_tag, new)) if old_tag == new_tag => {
            compare(old, new, path, found);
        }
        _ => note(Some(before), Some(after), path, found),
    }
}

fn descend(before: Option<&Value>, after: Option<&Value>, step: String, path: &mut Vec<String>, found: &mut Vec<Change>) {
    path.push(step);
    match (before, after) {
        (Some(before), Some(after)) => compare(before, after, path, found),
        _ => note(before, after, path, found),
    }
    path.pop();
}

fn note(before: Option<&Value>, after: Option<&Value>, path: &[String], found: &mut Vec<Change>) {
    found.push(Change { path: path.to_vec(), before: before.cloned(), after: after.cloned() });
}

/// The fields of a value with their places, records taken apart:
/// `durable.accepted.term`. Anything but a record is one leaf.
pub fn leaves(value: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    collect_leaves(value, String::new(), &mut found);
    found
}

fn collect_leaves(value: &Value, place: String, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Record(fields) if !fields.is_empty() => {
            for (name, field) in fields {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                collect_leaves(field, place, found);
            }
        }
        leaf => found.push((place, leaf.clone())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(json: serde_json::Value) -> Value {
        Value::from_json(&json).unwrap()
    }

    #[test]
    fn names_the_place_of_each_difference() {
        let before = value(json!({"term": 1, "nodes": [{"votes": {"#set": ["n1"]}, "won": false}, {"same": 1}], "gone": 1}));
        let after = value(json!({"nodes": [{"votes": {"#set": ["n2", "n1"]}, "won": true}, {"same": 1}], "term": 2, "new": 1}));
        let found: Vec<String> = changes(&before, &after)
            .iter()
            .map(|change| {
                let show = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
                format!("{} {} {}", change.place(), show(&change.before), show(&change.after))
            })
            .collect();
        assert_eq!(found, ["term 1 2", "nodes[0].votes - n2", "nodes[0].won false true", "gone 1 -", "new - 1"]);
        assert!(changes(&before, &before).is_empty());
    }

    #[test]
    fn sets_maps_and_records_are_equal_in_any_order() {
        let one = value(json!({"a": {"#set": [2, 10, 2]}, "b": {"#map": [[1, 2], [3, 4]]}}));
        let other = value(json!({"b": {"#map": [[3, 4], [1, 2]]}, "a": {"#set": [10, 2]}}));
        assert_eq!(one, other);
        assert_eq!(one.field("a").unwrap().to_string(), "{2,10}");
        let negative = value(json!({"#set": [1, -1, -10, 0, -2]}));
        assert_eq!(negative.to_string(), "{-10,-2,-1,0,1}");
    }
}
