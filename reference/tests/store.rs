//! A store gives back what was synced last, or refuses.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use quorate_model::NodeId;
use quorate_model::coordination::Durable;
use quorate_model::coordinator::{ClusterMetadata, KeyValues};
use quorate_model::wire::ClusterId;
use quorate_reference::store::{Identity, Store, StoreError};
use tempfile::TempDir;

type Disk = Durable<ClusterMetadata<KeyValues>>;

fn identity(node: u8) -> Identity {
    Identity { cluster: ClusterId([1; 16]), node: NodeId(node) }
}

fn disk(term: u64, entries: &[(&str, &str)]) -> Disk {
    let value: KeyValues = entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let mut disk = Durable::blank(ClusterMetadata { value, ..ClusterMetadata::blank() }, 3);
    disk.current_term = term;
    disk
}

/// A store in which two saves were made.
fn made() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    Store::<Disk>::create(&path, identity(0)).unwrap();
    let mut store = Store::open(&path, identity(0)).unwrap();
    store.save(disk(1, &[("a", "1"), ("b", "2")])).unwrap();
    store.save(last()).unwrap();
    (folder, path)
}

fn last() -> Disk {
    disk(2, &[("a", "1"), ("c", "3")])
}

fn open(path: &Path) -> Result<Store<Disk>, StoreError> {
    Store::open(path, identity(0))
}

#[test]
fn what_was_saved_is_there_and_incarnations_count_up() {
    let (_folder, path) = made();
    for incarnation in 2..5 {
        let store = open(&path).unwrap();
        assert_eq!(store.incarnation(), incarnation);
        assert_eq!(store.storage(), Some(&last()));
    }
}

#[test]
fn a_store_that_was_never_saved_to_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    Store::<Disk>::create(&path, identity(0)).unwrap();
    let store = open(&path).unwrap();
    assert_eq!((store.incarnation(), store.storage()), (1, None));
}

#[test]
fn a_missing_store_is_refused_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    assert!(matches!(open(&path), Err(StoreError::Missing(_))));
    assert!(!path.exists());
}

#[test]
fn a_store_is_made_once() {
    let (_folder, path) = made();
    assert!(matches!(Store::<Disk>::create(&path, identity(0)), Err(StoreError::Exists(_))));
    assert_eq!(open(&path).unwrap().storage(), Some(&last()));
}

#[test]
fn a_store_in_use_is_refused() {
    let (_folder, path) = made();
    let first = open(&path).unwrap();
    assert!(matches!(open(&path), Err(StoreError::InUse(_))));
    drop(first);
    assert!(open(&path).is_ok());
}

#[test]
fn a_store_of_another_node_or_cluster_is_refused() {
    let (_folder, path) = made();
    let message = Store::<Disk>::open(&path, identity(1)).err().unwrap().to_string();
    assert!(message.contains("belongs to node n1") && message.contains("not to n2"), "{message}");
    let other = Identity { cluster: ClusterId([2; 16]), node: NodeId(0) };
    assert!(matches!(Store::<Disk>::open(&path, other), Err(StoreError::Foreign { .. })));
    assert_eq!(open(&path).unwrap().storage(), Some(&last()), "nothing was lost");
}

#[test]
fn a_truncated_store_is_refused_at_every_length() {
    let (_folder, path) = made();
    let whole = fs::read(&path).unwrap();
    for length in [0, 1, 63, 4096, 8192, whole.len() / 2, whole.len() - 4096, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        match open(&path) {
            Err(StoreError::Damaged { .. } | StoreError::RolledBack { .. }) => {}
            Ok(store) => panic!("{length} of {} bytes were taken for {:?}", whole.len(), store.storage()),
            Err(other) => panic!("{length}: {other}"),
        }
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(open(&path).unwrap().storage(), Some(&last()));
}

/// Damage is found, or it was in a place that holds nothing.
#[test]
fn a_damaged_store_never_gives_back_something_else() {
    let (folder, path) = made();
    let whole = fs::read(&path).unwrap();
    let note = fs::read(path.with_extension("generation")).unwrap();
    let copy = folder.path().join("copy.redb");
    let used: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] != 0).collect();
    let mut refused = 0;
    // The head closely, and a sample of everything else that is in use.
    let (head, rest): (Vec<usize>, Vec<usize>) = used.into_iter().partition(|at| *at < 320);
    let rest_step = rest.len() / 60 + 1;
    let positions = head.into_iter().chain(rest.into_iter().step_by(rest_step));
    let mut tried = 0;
    for position in positions {
        fs::write(&copy, &whole).unwrap();
        fs::write(copy.with_extension("generation"), &note).unwrap();
        flip(&copy, position);
        tried += 1;
        match open(&copy) {
            Ok(store) => {
                assert_eq!(store.storage(), Some(&last()), "byte {position}");
                // Closing may find damage where there is nothing of ours, and says so with a panic.
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(store)));
            }
            Err(StoreError::Damaged { .. } | StoreError::RolledBack { .. }) => refused += 1,
            Err(StoreError::Foreign { .. }) => panic!("byte {position}: damage is no other node"),
            Err(other) => panic!("byte {position}: {other}"),
        }
    }
    println!("{refused} of {tried} damaged bytes were noticed; the others hold nothing");
    assert!(refused > 50, "{refused} of {tried}");
}

fn flip(path: &Path, position: usize) {
    let mut file = fs::File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(position as u64)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(position as u64)).unwrap();
    file.write_all(&[byte[0] ^ 0xff]).unwrap();
}

#[test]
fn an_older_copy_is_refused() {
    let (_folder, path) = made();
    let older = fs::read(&path).unwrap();
    let mut store = open(&path).unwrap();
    store.save(disk(9, &[])).unwrap();
    drop(store);
    let newer = fs::read(&path).unwrap();
    fs::write(&path, older).unwrap();
    let message = open(&path).err().unwrap().to_string();
    assert!(message.contains("is an old one: it holds save"), "{message}");
    fs::write(&path, newer).unwrap();
    assert_eq!(open(&path).unwrap().storage(), Some(&disk(9, &[])));
}

#[test]
fn a_save_costs_what_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    Store::<Disk>::create(&path, identity(0)).unwrap();
    let mut store = open(&path).unwrap();
    let value: KeyValues = (0..50_000).map(|key| (format!("{key:08}"), String::from("value"))).collect();
    let mut disk = Durable::blank(ClusterMetadata { value, ..ClusterMetadata::blank() }, 0);
    store.save(disk.clone()).unwrap();
    let began = std::time::Instant::now();
    for version in 1..=20 {
        disk.accepted.version = version;
        disk.accepted.value.value.insert(format!("{version:08}"), String::from("changed"));
        store.save(disk.clone()).unwrap();
    }
    println!("one key of 50,000: {:?} a save", began.elapsed() / 20);
    drop(store);
    assert_eq!(open(&path).unwrap().storage(), Some(&disk));
}
