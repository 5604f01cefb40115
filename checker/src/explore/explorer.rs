//! A model with its mutants, ready to be asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Duration;

use quorate_traces::{Trace, rules_json};

use super::error::ExploreError;
use super::live::{Choice, Choices, Live, Open, Walk};
use crate::control::Control;
use crate::options::Options;
use crate::panics;
use crate::registry::{Expected, ModelInfo, Profile, RegistryError, Rules, with_model};

/// How long a search for a counterexample may take.
const SEARCH_TIME: Duration = Duration::from_secs(120);
/// How much memory the process may hold while it searches.
const SEARCH_MEMORY: u64 = 3 << 30;

/// What is explored.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The model.
    pub info: &'static ModelInfo,
    /// Bounds that were asked for; the others are those of the mutant, or of the profile `quick`.
    pub changes: Vec<(String, u64)>,
    /// The rules to begin with.
    pub rules: Rules,
}

impl Subject {
    /// The bounds under some rules. A mutant has its own, small ones, at which it fails.
    pub fn bounds(&self, rules: &Rules) -> Result<Vec<u64>, RegistryError> {
        let mutant = rules.mutant.as_ref().and_then(|id| (self.info.mutants)().into_iter().find(|mutant| mutant.id == id));
        let usual = mutant.map_or_else(|| (self.info.profile)(Profile::Quick).swap_remove(0), |mutant| mutant.bounds);
        self.info.with_bounds(&usual, &self.changes)
    }
}

/// Answers questions about a [`Subject`]. What is expensive is done once.
pub struct Explorer {
    subject: Subject,
    opened: Mutex<HashMap<String, Arc<dyn Live>>>,
    found: Mutex<HashMap<String, Result<Walk, ExploreError>>>,
    searching: Mutex<()>,
    control: Control,
}

impl Explorer {
    /// Builds the model once, so that bad bounds and rules are known at once.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn new(subject: Subject) -> Result<Self, ExploreError> {
        let explorer = Explorer {
            subject,
            opened: Mutex::default(),
            found: Mutex::default(),
            searching: Mutex::default(),
            control: Control::new(),
        };
        explorer.open(&explorer.subject.rules)?;
        Ok(explorer)
    }

    /// What is explored.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Ends a search that is under way.
    pub fn interrupt(&self) {
        self.control.interrupt();
    }

    /// The model under some rules.
    pub fn open(&self, rules: &Rules) -> Result<Arc<dyn Live>, ExploreError> {
        let key = key(rules, None);
        let known = |explorer: &Self| explorer.opened.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(live) = known(self) {
            return Ok(live);
        }
        let bounds = self.subject.bounds(rules)?;
        let built = panics::catch(|| with_model(self.subject.info.name, &bounds, rules, Open(self.subject.info)));
        let live: Arc<dyn Live> = Arc::from(built.map_err(ExploreError::Panicked)??);
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).insert(key, live.clone());
        Ok(live)
    }

    /// The behaviour along a path.
    pub fn walk(
        &self,
        rules: &Rules,
        path: &[Choice],
        loop_start: Option<usize>,
        property: Option<&str>,
    ) -> Result<Walk, ExploreError> {
        self.open(rules)?.walk(path, loop_start, property).map(|walk| under(rules, walk))
    }

    /// What may be attempted at the end of a path.
    pub fn choices(&self, rules: &Rules, path: &[Choice]) -> Result<Choices, ExploreError> {
        self.open(rules)?.choices(path)
    }

    /// The shortest counterexample to a property, or to the one that a mutant must violate.
    pub fn counterexample(&self, rules: &Rules, property: Option<&str>) -> Result<Walk, ExploreError> {
        let key = key(rules, property);
        if let Some(known) = self.found.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let live = self.open(rules)?;
        let _alone = match self.searching.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(ExploreError::Busy),
            Ok(alone) => alone,
            Err(TryLockError::Poisoned(alone)) => alone.into_inner(),
        };
        let found = counterexample(&*live, self.subject.info, rules, property, &self.options(), &self.control);
        let found = found.map(|walk| under(rules, walk));
        self.found.lock().unwrap_or_else(PoisonError::into_inner).insert(key, found.clone());
        found
    }

    /// The path of a saved trace under its rules.
    ///
    /// # Errors
    /// In words, where the trace and today's code part ways.
    pub fn locate(&self, trace: &Trace) -> Result<Vec<usize>, String> {
        self.open(&self.subject.rules).map_err(|error| error.to_string())?.locate(trace)
    }

    fn options(&self) -> Options {
        Options { time_limit: Some(SEARCH_TIME), memory_limit: Some(SEARCH_MEMORY), ..Options::default() }
    }
}

/// The counterexample of a model: to `property`, else to what the mutant must
/// violate, else to a property that says what the protocol is for.
pub(super) fn counterexample(
    live: &dyn Live,
    info: &ModelInfo,
    rules: &Rules,
    property: Option<&str>,
    options: &Options,
    control: &Control,
) -> Result<Walk, ExploreError> {
    let mutant = rules.mutant.as_ref().and_then(|id| (info.mutants)().into_iter().find(|mutant| mutant.id == id));
    let must_die = mutant.and_then(|mutant| match mutant.expected {
        Expected::Dies(property) => Some(property),
        Expected::Equivalent(_) => None,
    });
    let wanted: Vec<&str> = property.into_iter().chain(must_die).collect();
    // To the end of the space, where the wanted property may not be the first to die.
    let endless = rules.mutant.as_deref().is_some_and(info.first_deaths_only);
    let keep_going = !endless && !wanted.is_empty();
    let until = wanted.first().map(|name| (*name).to_owned());
    let options = Options { keep_going, until, symmetry: info.symmetric, ..options.clone() };
    let found = live.counterexample(&wanted, &options, control)?;
    match property {
        Some(property) if found.trace.info.property != property => {
            let other = &found.trace.info.property;
            Err(ExploreError::NoCounterexample(format!("{property} is not violated within these bounds; {other} is")))
        }
        _ => Ok(found),
    }
}

fn under(rules: &Rules, mut walk: Walk) -> Walk {
    walk.trace.info.rules = rules_json(rules.mutant.as_deref(), &rules.waived);
    walk
}

fn key(rules: &Rules, property: Option<&str>) -> String {
    format!("{:?} {:?} {property:?}", rules.mutant, rules.waived)
}
