//! `always possible P`: from every state that the adversary's budget allows,
//! some recovery leads to P.
//!
//! ```text
//!   every state within the bounds
//!        │ P, or known to be good ────────────────────────────▶ good
//!        ▼
//!   the model's recovery schedule, step by step, to P or a good state ─▶ good
//!        │ it ends, is refused, goes round, leaves the headroom
//!        ▼
//!   every recovery step from it within the headroom, breadth first ────▶ good
//!        │ no more states
//!        ├─ some step was cut ─▶ undecided: inconclusive
//!        └─ none was ──────────▶ doomed: violated
//! ```
//!
//! Recovery steps are those that `allowed_in_recovery` admits: no faults, no
//! spurious suspicions, no new requests. The schedule is held to them too, so
//! that it cannot cheat. The bounds are the budget; the headroom is wider and
//! serves only to look for P. Where the model's bounds are not all of the kind
//! budget or headroom, a step that leaves them is cut: states beyond it are not
//! examined, and what would hold is inconclusive.
//!
//! Memory: about 24 bytes a state (12 of fingerprint, 5 to 7.5 of table, 4 for
//! where it was reached from, a few bits), the states of schedules and searches
//! included, and the encoded states of the frontier.

mod explore;
mod search;

use quorate_model::property::Check;
use quorate_model::specification::Specification;

use crate::control::{Control, Watch};
use crate::liveness::{LivenessError, LivenessOptions, LivenessOutcome, bounds_cut, undecided, why_undecided};
use crate::panics;
pub use explore::RecoveryCounts;
use explore::{Claim, Explorer};

/// What a run has found, and how the recoveries went.
pub struct RecoveryOutcome<M: Specification> {
    /// Verdicts, counts and measurements.
    pub outcome: LivenessOutcome<M>,
    /// For each claim, in the same order.
    pub recoveries: Vec<RecoveryCounts>,
}

/// Decides every claim `always possible P` of `model`.
pub fn check<M: Specification>(
    model: &M,
    options: &LivenessOptions,
    control: &Control,
) -> Result<RecoveryOutcome<M>, LivenessError> {
    options.refuse_symmetry()?;
    let claims = claims(model);
    let watch = Watch::default();
    let mut explorer = Explorer::new(model, options, &claims, &watch, bounds_cut(model));
    let (panic, measured) = watch
        .during(&options.watched(), control, || if claims.is_empty() { None } else { panics::catch(|| explorer.run()).err() });
    // A claim that was violated before the end stays so.
    let stop = measured.stop;
    let why = why_undecided(panic.as_deref(), stop.as_ref());
    let recoveries = explorer.recoveries();
    let (graph, collision_probability) = (explorer.counts(), explorer.collision_probability());
    let properties = match panics::catch(|| explorer.properties(why.clone())) {
        Ok(properties) => properties,
        Err(words) => {
            let kind = |claim: &Claim<M>| undecided(claim.name, "always possible", Some(format!("the model panicked: {words}")));
            claims.iter().map(kind).collect()
        }
    };
    let outcome = LivenessOutcome {
        properties,
        graph,
        stop,
        panic,
        duration: measured.duration,
        peak_memory_bytes: measured.peak_memory_bytes,
        growth_bytes: measured.growth_bytes,
        collision_probability,
    };
    Ok(RecoveryOutcome { outcome, recoveries })
}

/// Whether `model` claims something that [`check`] decides.
pub fn has_claims<M: Specification>(model: &M) -> bool {
    !claims(model).is_empty()
}

fn claims<M: Specification>(model: &M) -> Vec<Claim<M>> {
    let claims = model.claims().into_iter();
    claims
        .filter_map(|property| match property.check {
            Check::AlwaysPossible(goal) => Some(Claim { name: property.name, goal }),
            _ => None,
        })
        .collect()
}
