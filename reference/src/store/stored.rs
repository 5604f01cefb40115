//! How a storage is cut into rows.

use std::collections::BTreeMap;

use im::ordmap::DiffItem;
use quorate_model::coordination::Durable;
use quorate_model::coordinator::{ClusterMetadata, KeyValues};

use super::rows::RowChange;

/// The storage of an actor as rows.
pub trait Stored: Clone + PartialEq {
    /// What turns the rows of `before` (of nothing, if `None`) into those of
    /// `self`. Costs what differs.
    fn changes(&self, before: Option<&Self>) -> Vec<RowChange>;

    /// The storage with these rows; there is at least one.
    fn assemble(rows: BTreeMap<Vec<u8>, Vec<u8>>) -> Result<Self, String>;
}

/// What a Coordinator keeps.
type Kept = Durable<ClusterMetadata<KeyValues>>;

const HEAD: &[u8] = b"head";
const ENTRY: u8 = b'/';

/// A head of a few numbers and one row for each key. Two maps that share
/// structure are compared where they differ.
impl Stored for Kept {
    fn changes(&self, before: Option<&Self>) -> Vec<RowChange> {
        let mut changes = Vec::new();
        let (head, old_head) = (head_of(self), before.map(head_of));
        if old_head.as_ref() != Some(&head) {
            changes.push(RowChange { key: HEAD.to_vec(), before: old_head, after: Some(head) });
        }
        let empty = KeyValues::new();
        let old = before.map_or(&empty, |before| &before.accepted.value.value);
        let row = |key: &str, before: Option<&String>, after: Option<&String>| {
            let bytes = |value: &String| value.as_bytes().to_vec();
            let key = [&[ENTRY], key.as_bytes()].concat();
            RowChange { key, before: before.map(bytes), after: after.map(bytes) }
        };
        changes.extend(old.diff(&self.accepted.value.value).map(|difference| match difference {
            DiffItem::Add(key, value) => row(key, None, Some(value)),
            DiffItem::Update { old: (key, old), new: (_, new) } => row(key, Some(old), Some(new)),
            DiffItem::Remove(key, value) => row(key, Some(value), None),
        }));
        changes
    }

    fn assemble(mut rows: BTreeMap<Vec<u8>, Vec<u8>>) -> Result<Self, String> {
        let head = rows.remove(HEAD).ok_or("the row of terms and versions is missing")?;
        let head: Durable<ClusterMetadata<()>> =
            postcard::from_bytes(&head).map_err(|error| format!("the row of terms and versions: {error}"))?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string());
        let mut value = KeyValues::new();
        for (key, entry) in &rows {
            let key = key.strip_prefix(&[ENTRY]).ok_or_else(|| format!("a row with an unknown key {key:?}"))?;
            value.insert(text(key)?, text(entry)?);
        }
        Ok(with_value(&head, value))
    }
}

fn head_of(durable: &Kept) -> Vec<u8> {
    postcard::to_stdvec(&with_value(durable, ())).expect("a head can be encoded")
}

fn with_value<V, W>(durable: &Durable<ClusterMetadata<V>>, value: W) -> Durable<ClusterMetadata<W>> {
    let accepted = durable.accepted.with_value(durable.accepted.value.with_value(value));
    Durable { current_term: durable.current_term, accepted }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quorate_model::coordination::ClusterState;
    use quorate_model::coordinator::Members;
    use quorate_model::{NodeId, NodeSet};

    use super::*;

    fn any_durable() -> impl Strategy<Value = Kept> {
        let entries = proptest::collection::btree_map("[a-d]{0,2}", ".{0,3}", 0..12);
        (any::<[u64; 3]>(), any::<[u64; 5]>(), any::<bool>(), entries).prop_map(
            |([current_term, term, version], sets, flag, entries)| Durable {
                current_term,
                accepted: ClusterState {
                    term,
                    version,
                    value: ClusterMetadata {
                        cluster_uuid: sets[2],
                        uuid_committed: flag,
                        master: flag.then_some(NodeId(3)),
                        members: Members { nodes: NodeSet(sets[3]), master_eligible: NodeSet(sets[4]) },
                        exclusions: NodeSet(sets[2] >> 1),
                        value: entries.into_iter().collect(),
                    },
                    config: NodeSet(sets[0]),
                    committed_config: NodeSet(sets[1]),
                },
            },
        )
    }

    /// The rows that a storage has, and nothing before it.
    fn rows(durable: &Kept) -> BTreeMap<Vec<u8>, Vec<u8>> {
        durable.changes(None).into_iter().map(|change| (change.key, change.after.expect("nothing is removed"))).collect()
    }

    proptest! {
        #[test]
        fn changes_lead_from_one_storage_to_the_other(before in any_durable(), after in any_durable()) {
            let mut table = rows(&before);
            for change in after.changes(Some(&before)) {
                prop_assert_eq!(table.get(&change.key), change.before.as_ref());
                match change.after {
                    Some(value) => table.insert(change.key, value),
                    None => table.remove(&change.key),
                };
            }
            prop_assert_eq!(&table, &rows(&after));
            prop_assert_eq!(Durable::assemble(table).unwrap(), after);
        }
    }

    #[test]
    fn one_key_of_many_is_one_row() {
        let many: KeyValues = (0..10_000).map(|key| (key.to_string(), String::new())).collect();
        let before = Durable::blank(ClusterMetadata { value: many, ..ClusterMetadata::blank() }, 0);
        let mut after = before.clone();
        after.accepted.value.value.insert(String::from("77"), String::from("new"));
        let changes = after.changes(Some(&before));
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].key, b"/77");
    }
}
