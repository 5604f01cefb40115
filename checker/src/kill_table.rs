//! Which properties a mutant kills.
//!
//! A mutant is run to the end of its space, so that every property that dies is
//! known with the length of its shortest trace. A death of the bookkeeping
//! invariant or of the copy of the rules alone shows that the mutant is another
//! protocol, not that this protocol is unsafe; the table tells the two apart.

use quorate_model::Specification;

use crate::control::Control;
use crate::options::{Engine, Options};
use crate::outcome::Verdict;
use crate::registry::{Expected, ModelInfo, MutantInfo, RegistryError, Rules, Visitor, with_model};

/// A property that died.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Death {
    /// Its name; a panic of the model has one of its own.
    pub property: String,
    /// States in the shortest trace.
    pub trace_length: Option<usize>,
    /// The witness.
    pub reason: String,
}

/// How a mutant fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// A protocol property dies.
    Killed,
    /// Only bookkeeping, the copy of the rules, or a panic shows it.
    SelfChecksOnly,
    /// Nothing dies.
    Survived,
    /// The run stopped early and no protocol property had died.
    Unknown,
}

/// A row of the table.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Row {
    /// The mutant.
    pub id: String,
    /// What is different.
    pub change: String,
    /// The bounds of the run.
    pub bounds: Vec<u64>,
    /// How it fared.
    pub fate: Fate,
    /// What died, in the model's order.
    pub deaths: Vec<Death>,
    /// The property that must die, if one must.
    pub must_kill: Option<String>,
    /// Why nothing is expected to die, if nothing is.
    pub equivalent_because: Option<String>,
    /// Whether it is as expected.
    pub as_expected: bool,
    /// Different states within the bounds.
    pub distinct_states: u64,
    /// Wall-clock time.
    pub seconds: f64,
}

/// Runs a mutant at its bounds.
pub fn run(info: &ModelInfo, mutant: &MutantInfo, options: &Options, control: &Control) -> Result<Row, RegistryError> {
    let options = tabulated(info, options);
    let options = if (info.first_deaths_only)(mutant.id) { options } else { options.keep_going() };
    let rules = Rules { mutant: Some(mutant.id.to_owned()), waived: Vec::new() };
    let found =
        with_model(info.name, &mutant.bounds, &rules, Autopsy { options: &options, control, must_kill: mutant.expected })?;
    let protocol = found.deaths.iter().any(|death| !info.is_self_check(&death.property));
    let fate = match (protocol, found.deaths.is_empty(), found.complete) {
        (true, ..) => Fate::Killed,
        (false, _, false) => Fate::Unknown,
        (false, false, true) => Fate::SelfChecksOnly,
        (false, true, true) => Fate::Survived,
    };
    let (must_kill, equivalent_because) = match mutant.expected {
        Expected::Dies(property) => (Some(property.to_owned()), None),
        Expected::Equivalent(why) => (None, Some(why.to_owned())),
    };
    let as_expected = match &must_kill {
        Some(property) => found.deaths.iter().any(|death| death.property == *property),
        None => matches!(fate, Fate::Survived | Fate::SelfChecksOnly),
    };
    Ok(Row {
        id: mutant.id.to_owned(),
        change: mutant.change.to_owned(),
        bounds: mutant.bounds.clone(),
        fate,
        deaths: found.deaths,
        must_kill,
        equivalent_because,
        as_expected,
        distinct_states: found.distinct_states,
        seconds: found.seconds,
    })
}

/// What died in a run under some rules at some bounds; for the sound rules, nothing should.
pub fn deaths(
    info: &ModelInfo,
    bounds: &[u64],
    rules: &Rules,
    options: &Options,
    control: &Control,
) -> Result<Vec<Death>, RegistryError> {
    let options = tabulated(info, options).keep_going();
    let nothing = Expected::Equivalent("nothing is to die");
    Ok(with_model(info.name, bounds, rules, Autopsy { options: &options, control, must_kill: nothing })?.deaths)
}

fn tabulated(info: &ModelInfo, options: &Options) -> Options {
    let symmetry = info.symmetric_table && options.engine == Engine::Native;
    Options { symmetry: options.symmetry || symmetry, ..options.clone() }
}

struct Autopsy<'a> {
    options: &'a Options,
    control: &'a Control,
    must_kill: Expected,
}

struct Autopsied {
    deaths: Vec<Death>,
    complete: bool,
    distinct_states: u64,
    seconds: f64,
}

impl Visitor for Autopsy<'_> {
    type Output = Autopsied;

    fn visit<M: Specification + Clone + 'static>(self, model: M) -> Autopsied {
        let mut outcome = crate::check(&model, self.options, self.control);
        if let Expected::Dies(name) = self.must_kill
            && outcome.property(name).is_some_and(|property| property.verdict == Verdict::Inconclusive)
        {
            // What safety cannot show. It refuses symmetry, and then the row is not as expected.
            _ = crate::liveness::complete(&model, self.options, self.control, &mut outcome);
        }
        let deaths = (outcome.properties.iter())
            .filter(|property| property.verdict == Verdict::Violated && property.kind != "reachable")
            .map(|property| Death {
                property: property.name.clone(),
                trace_length: property.trace_length(),
                reason: property.reason.clone().unwrap_or_default(),
            })
            .collect();
        Autopsied {
            deaths,
            complete: outcome.is_complete(),
            distinct_states: outcome.distinct_states,
            seconds: outcome.duration.as_secs_f64(),
        }
    }
}
