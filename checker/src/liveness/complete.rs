//! After the safety pass: liveness and recovery of the same model.

use quorate_model::specification::Specification;

use super::options::{LivenessError, LivenessOptions};
use crate::control::Control;
use crate::options::Options;
use crate::outcome::Outcome;
use crate::{liveness, recovery};

/// Whether `options` can be used on `model`: not symmetry with liveness or
/// recovery. To be asked before a long run.
pub fn admits<M: Specification>(model: &M, options: &Options) -> Result<(), LivenessError> {
    let needed = liveness::has_claims(model) || recovery::has_claims(model);
    if needed { LivenessOptions::from(options).refuse_symmetry() } else { Ok(()) }
}

/// Decides what `model` claims beyond safety, and puts it into the `outcome` of
/// the safety pass. A pass that stopped early is left as it is: its liveness
/// claims stay inconclusive. Returns what weakens the verdicts, one sentence each.
pub fn complete<M: Specification>(
    model: &M,
    options: &Options,
    control: &Control,
    outcome: &mut Outcome<M>,
) -> Result<Vec<String>, LivenessError> {
    admits(model, options)?;
    let mut not_covered = Vec::new();
    if outcome.stop.is_some() {
        return Ok(not_covered);
    }
    // What the safety pass has used of the time is gone.
    let left = |outcome: &Outcome<M>| LivenessOptions {
        time_limit: options.time_limit.map(|limit| limit.saturating_sub(outcome.duration)),
        ..LivenessOptions::from(options)
    };
    if liveness::has_claims(model) {
        let found = liveness::check(model, &left(outcome), control)?;
        not_covered.extend(found.not_covered());
        found.join_into(outcome);
    }
    if recovery::has_claims(model) {
        let found = recovery::check(model, &left(outcome), control)?.outcome;
        not_covered.extend(found.not_covered());
        found.join_into(outcome);
    }
    Ok(not_covered)
}
