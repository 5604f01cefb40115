//! The store of one node, in one redb file.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use quorate_model::NodeId;
use quorate_model::session::Incarnation;
use quorate_model::wire::ClusterId;
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, StorageBackend, StorageError, TableDefinition,
    WriteTransaction,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::error::StoreError;
use super::rows::Digest;
use super::stored::Stored;

const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");
const CACHE_BYTES: usize = 16 << 20;

/// Whose a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The cluster.
    pub cluster: ClusterId,
    /// The node.
    pub node: NodeId,
}

/// What `meta` holds, in one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Meta {
    identity: Identity,
    incarnation: Incarnation,
    generation: u64,
    digest: Digest,
}

/// The open store of a node.
pub struct Store<D> {
    path: PathBuf,
    database: Database,
    meta: Meta,
    storage: Option<D>,
}

impl<D: Stored> Store<D> {
    /// Makes the store of a node that was never started.
    pub fn create(path: &Path, identity: Identity) -> Result<(), StoreError> {
        if path.exists() {
            return Err(StoreError::Exists(path.to_owned()));
        }
        let failed = |source| StoreError::Io { path: path.to_owned(), source };
        let unfinished = path.with_extension("new");
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let database = Database::create(&unfinished).map_err(|error| refused(path, error))?;
        let meta = Meta { identity, incarnation: 0, generation: 0, digest: Digest::default() };
        let created = transaction(&database, |write| {
            write.open_table(ROWS)?;
            write_meta(write, &meta)
        });
        created.map_err(|error| damaged(path, error))?;
        drop(database);
        fs::rename(&unfinished, path).map_err(failed)?;
        sync_folder_of(path).map_err(failed)
    }

    /// Opens the store of a node, as it was synced last, for a new incarnation
    /// of it. The incarnation is durable when this returns.
    pub fn open(path: &Path, identity: Identity) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        Self::open_guarded(path, identity, |builder| builder.open(path))
    }

    /// As [`open`](Self::open), over a medium of the caller's: for tests that
    /// look at what is written and when it is synced. `path` is what errors name,
    /// and beside it lies the note of the last generation.
    pub fn open_over(path: &Path, identity: Identity, medium: impl StorageBackend) -> Result<Self, StoreError> {
        Self::open_guarded(path, identity, |builder| builder.create_with_backend(medium))
    }

    fn open_guarded(
        path: &Path,
        identity: Identity,
        open: impl FnOnce(&mut Builder) -> Result<Database, DatabaseError>,
    ) -> Result<Self, StoreError> {
        // redb answers some kinds of damage with a panic.
        catch_unwind(AssertUnwindSafe(|| {
            let database = open(Database::builder().set_cache_size(CACHE_BYTES)).map_err(|error| refused(path, error))?;
            Self::of_database(path, identity, database)
        }))
        .unwrap_or_else(|_| Err(damaged(path, "its pages make no sense")))
    }

    fn of_database(path: &Path, identity: Identity, database: Database) -> Result<Self, StoreError> {
        let (meta, rows) = read(&database).map_err(|why| damaged(path, why))?;
        if meta.identity != identity {
            return Err(StoreError::Foreign {
                path: path.to_owned(),
                found: meta.identity.node,
                found_cluster: meta.identity.cluster,
                expected: identity.node,
                expected_cluster: identity.cluster,
            });
        }
        let mut digest = Digest::default();
        rows.iter().for_each(|(key, value)| digest.add(key, value));
        if digest != meta.digest {
            return Err(damaged(path, "its rows are not those that were written"));
        }
        if let Some(expected) = noted_generation(path).filter(|noted| *noted > meta.generation) {
            return Err(StoreError::RolledBack { path: path.to_owned(), found: meta.generation, expected });
        }
        let storage = if rows.is_empty() { None } else { Some(D::assemble(rows).map_err(|why| damaged(path, why))?) };

        let mut store = Store { path: path.to_owned(), database, meta, storage };
        let started = Meta { incarnation: meta.incarnation + 1, generation: meta.generation + 1, ..meta };
        store.commit(started, |_| Ok(()))?;
        Ok(store)
    }

    /// How many times the node has been started, this time included.
    pub fn incarnation(&self) -> Incarnation {
        self.meta.incarnation
    }

    /// What was saved last; `None` if nothing ever was.
    pub fn storage(&self) -> Option<&D> {
        self.storage.as_ref()
    }

    /// Saves `storage`. It is durable when this returns; after an error nobody
    /// knows whether it is, and the node must stop.
    pub fn save(&mut self, storage: D) -> Result<(), StoreError> {
        let changes = storage.changes(self.storage.as_ref());
        let mut digest = self.meta.digest;
        changes.iter().for_each(|change| digest.apply(change));
        let saved = Meta { digest, generation: self.meta.generation + 1, ..self.meta };
        self.commit(saved, |write| {
            let mut rows = write.open_table(ROWS)?;
            for change in &changes {
                match &change.after {
                    Some(value) => rows.insert(change.key.as_slice(), value.as_slice())?,
                    None => rows.remove(change.key.as_slice())?,
                };
            }
            Ok(())
        })?;
        self.storage = Some(storage);
        Ok(())
    }

    fn commit(
        &mut self,
        meta: Meta,
        change: impl FnOnce(&WriteTransaction) -> Result<(), redb::Error>,
    ) -> Result<(), StoreError> {
        let committed = catch_unwind(AssertUnwindSafe(|| {
            transaction(&self.database, |write| {
                change(write)?;
                write_meta(write, &meta)
            })
        }));
        let committed = committed.map_err(|_| damaged(&self.path, "its pages make no sense"))?;
        committed.map_err(|error| damaged(&self.path, error))?;
        self.meta = meta;
        // Only a hint: without it an old store is not recognised as one.
        let _ = note_generation(&self.path, meta.generation);
        Ok(())
    }
}

/// One transaction, durable when this returns. In two phases: after it, redb
/// takes damage for damage and never falls back to the commit before.
fn transaction(
    database: &Database,
    change: impl FnOnce(&WriteTransaction) -> Result<(), redb::Error>,
) -> Result<(), redb::Error> {
    let mut write = database.begin_write()?;
    write.set_two_phase_commit(true);
    change(&write)?;
    write.commit()?;
    Ok(())
}

fn write_meta(write: &WriteTransaction, meta: &Meta) -> Result<(), redb::Error> {
    let bytes = postcard::to_stdvec(meta).expect("numbers can be encoded");
    let seal = blake3::hash(&bytes);
    let mut table = write.open_table(META)?;
    table.insert("meta", bytes.as_slice())?;
    table.insert("seal", seal.as_bytes().as_slice())?;
    Ok(())
}

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

fn read(database: &Database) -> Result<(Meta, Rows), String> {
    let text = |error: redb::Error| error.to_string();
    let read = database.begin_read().map_err(|error| text(error.into()))?;
    let table = read.open_table(META).map_err(|error| text(error.into()))?;
    let row = |key: &str| match table.get(key) {
        Ok(Some(value)) => Ok(value.value().to_vec()),
        Ok(None) => Err(format!("'{key}' is missing")),
        Err(error) => Err(error.to_string()),
    };
    let (meta, seal) = (row("meta")?, row("seal")?);
    if blake3::hash(&meta).as_bytes().as_slice() != seal {
        return Err(String::from("its description is not the one that was written"));
    }
    let mut rows = Rows::new();
    let table = read.open_table(ROWS).map_err(|error| text(error.into()))?;
    for entry in table.iter().map_err(|error| text(error.into()))? {
        let (key, value) = entry.map_err(|error| text(error.into()))?;
        rows.insert(key.value().to_vec(), value.value().to_vec());
    }
    Ok((decode(&meta)?, rows))
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    postcard::from_bytes(bytes).map_err(|error| error.to_string())
}

fn refused(path: &Path, error: DatabaseError) -> StoreError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => StoreError::InUse(path.to_owned()),
        DatabaseError::Storage(StorageError::Io(source)) if source.kind() == io::ErrorKind::PermissionDenied => {
            StoreError::Io { path: path.to_owned(), source }
        }
        other => damaged(path, other),
    }
}

fn damaged(path: &Path, why: impl ToString) -> StoreError {
    StoreError::Damaged { path: path.to_owned(), why: why.to_string() }
}

fn note_path(path: &Path) -> PathBuf {
    path.with_extension("generation")
}

fn note_generation(path: &Path, generation: u64) -> io::Result<()> {
    // Always as long, so that it is one write without truncation.
    File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(note_path(path))?
        .write_all(format!("{generation:020}\n").as_bytes())
}

fn noted_generation(path: &Path) -> Option<u64> {
    fs::read_to_string(note_path(path)).ok()?.trim().parse().ok()
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}
