//! The models, by name.
//!
//! To register a model, write a file beside this one with a unit struct that
//! implements [`Entry`], and add it to the list in `registry!` below; every verb
//! of the command line then knows the model, its bounds, profiles and mutants.
//!
//! Verbs are generic over the concrete model: they implement [`Visitor`] and are
//! called with it by [`with_model`].

mod coordinator;
mod coordinator_rows;
mod elsewhere;
mod replica_engine;
mod replication;
mod session;
mod shard;
mod shard_rows;
mod stabilisation;
mod storage;
mod whole;
mod zen_with_terms;

pub(crate) use coordinator_rows::coordinator_mutants;

use quorate_model::Specification;

pub use quorate_model::seeded::Expected;
use quorate_model::seeded::Seeded;
pub use whole::origin_of_row;

/// A bound of a model.
#[derive(Clone, Copy, Debug)]
pub struct BoundInfo {
    /// As the command line writes it, without dashes.
    pub name: &'static str,
    /// What it limits.
    pub meaning: &'static str,
    /// Where a choice has names and no magnitude: the names of 0, 1, ….
    pub choices: &'static [&'static str],
}

impl BoundInfo {
    /// A number.
    pub const fn number(name: &'static str, meaning: &'static str) -> Self {
        BoundInfo { name, meaning, choices: &[] }
    }

    /// A value as the command line writes it.
    pub fn shown(&self, value: u64) -> String {
        self.choices.get(value as usize).map_or_else(|| value.to_string(), |choice| (*choice).to_owned())
    }
}

/// How much a check is to cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Profile {
    /// Seconds.
    #[default]
    Quick,
    /// Minutes.
    Ci,
    /// As long as it takes.
    Deep,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Profile; 3] = [Profile::Quick, Profile::Ci, Profile::Deep];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Quick => "quick",
            Profile::Ci => "ci",
            Profile::Deep => "deep",
        }
    }
}

/// A variant of the rules that must fail, or that is known to be equivalent.
#[derive(Clone, Debug)]
pub struct MutantInfo {
    /// Its name on the command line.
    pub id: &'static str,
    /// What is different.
    pub change: &'static str,
    /// How it ends.
    pub expected: Expected,
    /// At these bounds, in the model's order.
    pub bounds: Vec<u64>,
}

/// What there is to know of a model without building it.
#[derive(Clone, Copy, Debug)]
pub struct ModelInfo {
    /// The name on the command line.
    pub name: &'static str,
    /// What it covers, in a sentence or two.
    pub summary: &'static str,
    /// Its bounds, in the order of all bound values here.
    pub bounds: &'static [BoundInfo],
    /// The instances of a profile, the most telling one first.
    pub profile: fn(Profile) -> Vec<Vec<u64>>,
    /// Instances small enough to compare all engines on, the last one under every mutant.
    pub small: fn() -> Vec<Vec<u64>>,
    /// Whether states that differ only in the names of nodes count as one unless
    /// asked otherwise. Not for the counterparts of TLA+ modules, whose counts
    /// are compared, and not where liveness is claimed.
    pub symmetric: bool,
    /// The same for the kill table, whose counts are compared with nobody's.
    pub symmetric_table: bool,
    /// Mutants whose states within the bounds have no end, or are too many for a
    /// table: their rows have what dies first.
    pub first_deaths_only: fn(&str) -> bool,
    /// The guards that can be waived.
    pub guards: fn() -> Vec<&'static str>,
    /// Properties that speak of a node's bookkeeping or of the rules themselves,
    /// and not of what the protocol is for.
    pub self_checks: &'static [&'static str],
    /// Its mutants.
    pub mutants: fn() -> Vec<MutantInfo>,
    /// For a model that is kept for a property that it violates: which, and why.
    /// It is checked only where it is named.
    pub known_violation: Option<&'static str>,
}

/// Under which rules a model runs: the sound ones by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// A mutant of the catalogue.
    pub mutant: Option<String>,
    /// Guards left out.
    pub waived: Vec<String>,
}

/// Something that runs on any model.
pub trait Visitor {
    /// What comes of it.
    type Output;
    /// Runs on this model.
    fn visit<M: Specification + Clone + 'static>(self, model: M) -> Self::Output;
}

/// A registered model.
pub trait Entry {
    /// What there is to know without building it.
    const INFO: ModelInfo;
    /// Builds the instance with these bounds, in the order of [`ModelInfo::bounds`],
    /// and runs `visitor` on it.
    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError>;
}

macro_rules! registry {
    ($($entry:ty),+ $(,)?) => {
        /// Every model.
        pub const MODELS: &[ModelInfo] = &[$(<$entry>::INFO),+];

        /// Builds the model of this name and runs `visitor` on it.
        pub fn with_model<V: Visitor>(
            name: &str,
            bounds: &[u64],
            rules: &Rules,
            visitor: V,
        ) -> Result<V::Output, RegistryError> {
            find(name)?;
            $(if name == <$entry>::INFO.name {
                return <$entry>::build(bounds, rules, visitor);
            })+
            Err(RegistryError::Model { name: name.to_owned() })
        }
    };
}

registry![
    zen_with_terms::ZenWithTermsEntry,
    coordinator::CoordinatorEntry,
    coordinator::PreVoteEntry,
    coordinator::MembershipEntry,
    coordinator::ReconfigurationEntry,
    stabilisation::StabilisationEntry,
    coordinator::DutiesEntry,
    whole::WholeEntry,
    replication::ReplicationEntry,
    replication::QuietingEntry,
    replication::FallingEntry,
    storage::StorageEntry,
    storage::ReferenceStoreEntry,
    replica_engine::ReplicaEngineEntry,
    session::SessionEntry,
    shard::ShardEntry,
    shard::ShardRecoveryEntry,
    shard::ShardExceptionsEntry,
];

/// The model of this name.
pub fn find(name: &str) -> Result<&'static ModelInfo, RegistryError> {
    MODELS.iter().find(|info| info.name == name).ok_or_else(|| RegistryError::Model { name: name.to_owned() })
}

/// What was asked for and is not there, or makes no sense; says what there is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// No such model.
    #[error("there is no model '{name}'; models: {}", names(MODELS.iter().map(|info| info.name)))]
    Model {
        /// What was asked for.
        name: String,
    },
    /// No such bound.
    #[error("the model {model} has no bound --{name}; its bounds: {valid}")]
    Bound {
        /// The model.
        model: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        valid: String,
    },
    /// Bounds that the model refuses.
    #[error("{model}: {why}")]
    Bounds {
        /// The model.
        model: &'static str,
        /// What is wrong with them.
        why: String,
    },
    /// No such mutant.
    #[error("the model {model} has no mutant '{id}'; its mutants: {valid}")]
    Mutant {
        /// The model.
        model: &'static str,
        /// What was asked for.
        id: String,
        /// What there is.
        valid: String,
    },
    /// No such guard.
    #[error("the model {model} has no guard '{name}'; its guards: {valid}")]
    Guard {
        /// The model.
        model: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        valid: String,
    },
}

impl ModelInfo {
    /// `values` with some of them replaced by name.
    pub fn with_bounds(&self, values: &[u64], changes: &[(String, u64)]) -> Result<Vec<u64>, RegistryError> {
        let mut values = values.to_vec();
        for (name, value) in changes {
            let position = self.bounds.iter().position(|bound| bound.name == name).ok_or_else(|| RegistryError::Bound {
                model: self.name,
                name: name.clone(),
                valid: self.bounds.iter().map(|bound| format!("--{}", bound.name)).collect::<Vec<_>>().join(", "),
            })?;
            values[position] = *value;
        }
        Ok(values)
    }

    /// `--nodes 2 --max-term 1 …`: the arguments that say these bounds.
    pub fn arguments(&self, values: &[u64]) -> String {
        let pairs: Vec<String> =
            self.bounds.iter().zip(values).map(|(bound, value)| format!("--{} {}", bound.name, bound.shown(*value))).collect();
        pairs.join(" ")
    }

    /// Whether a death of this property shows only that the rules are other
    /// rules; so does a panic.
    pub fn is_self_check(&self, property: &str) -> bool {
        property == crate::outcome::NO_PANIC || self.self_checks.contains(&property)
    }

    /// Whether the model has a mutant of this name.
    pub fn has_mutant(&self, id: &str) -> bool {
        (self.mutants)().iter().any(|mutant| mutant.id == id)
    }

    /// The error for a mutant that is not in the catalogue.
    pub fn no_mutant(&self, id: &str) -> RegistryError {
        let valid = names((self.mutants)().iter().map(|mutant| mutant.id));
        RegistryError::Mutant { model: self.name, id: id.to_owned(), valid }
    }

    /// The bounds as an array of the length that the model has.
    fn exactly<const N: usize>(&self, bounds: &[u64]) -> Result<[u64; N], RegistryError> {
        bounds.try_into().map_err(|_| self.refused(format!("it has {N} bounds, not {}", bounds.len())))
    }

    fn refused(&self, why: impl std::fmt::Display) -> RegistryError {
        RegistryError::Bounds { model: self.name, why: why.to_string() }
    }

    /// The rules of the mutant that was asked for, without the guards that were.
    fn changed<R: Copy, B, G: Copy>(
        &self,
        rules: &Rules,
        sound: R,
        catalogue: &[Seeded<R, B>],
        guards: &[(&'static str, G)],
        waiving: fn(R, G) -> R,
    ) -> Result<R, RegistryError> {
        let mut changed = match &rules.mutant {
            None => sound,
            Some(id) => catalogue.iter().find(|entry| entry.id == id).ok_or_else(|| self.no_mutant(id))?.rules,
        };
        for name in &rules.waived {
            let (_, guard) = guards.iter().find(|(guard, _)| guard == name).ok_or_else(|| self.no_guard(name))?;
            changed = waiving(changed, *guard);
        }
        Ok(changed)
    }

    fn no_guard(&self, name: &str) -> RegistryError {
        RegistryError::Guard { model: self.name, name: name.to_owned(), valid: names((self.guards)().into_iter()) }
    }
}

/// The rows of a catalogue, with their bounds in the model's order.
fn mutants_of<R, B>(catalogue: Vec<Seeded<R, B>>, bounds: impl Fn(&Seeded<R, B>) -> Vec<u64>) -> Vec<MutantInfo> {
    let row =
        |entry: Seeded<R, B>| MutantInfo { id: entry.id, change: entry.change, expected: entry.expected, bounds: bounds(&entry) };
    catalogue.into_iter().map(row).collect()
}

/// Guards with their names.
fn named<G: Copy>(guards: &[G], name: fn(G) -> &'static str) -> Vec<(&'static str, G)> {
    guards.iter().map(|guard| (name(*guard), *guard)).collect()
}

fn names_of<G>(guards: Vec<(&'static str, G)>) -> Vec<&'static str> {
    guards.into_iter().map(|(name, _)| name).collect()
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
