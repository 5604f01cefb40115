//! Makes a trace shorter that violates the same property.
//!
//! Steps are left out, larger pieces first, and the rest is executed again from
//! the same initial state; a step that is refused without the others is left
//! out too. What remains is minimal in that no single step can go (delta
//! debugging). It need not be the shortest trace of all: that takes a search
//! over all behaviours, which is the checker's.

use quorate_model::property::Property;
use quorate_model::{Path, Specification};

use crate::trace;

/// Why a trace cannot be made shorter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShortenError {
    /// The model does not know the property.
    #[error("the model has no property named '{0}'")]
    UnknownProperty(String),
    /// Not a property of states or steps.
    #[error("{0} is a property of whole behaviours; only violations of invariants and step properties can be shortened")]
    NotSafety(String),
    /// There is nothing to preserve.
    #[error("the trace does not violate {0}")]
    NotViolated(String),
}

/// The shortened behaviour, and the witness of its violation.
///
/// # Errors
/// When the path does not violate an invariant or step property of this name.
pub fn shorten<M: Specification>(model: &M, path: &Path<M>, property: &str) -> Result<(Path<M>, String), ShortenError> {
    let claims = model.claims();
    let claim = claims.iter().find(|claim| claim.name == property);
    let claim = claim.ok_or_else(|| ShortenError::UnknownProperty(property.to_owned()))?;
    if trace::violation(model, &claim.check, None, &path.initial).is_none() {
        return Err(ShortenError::NotSafety(property.to_owned()));
    }
    let all: Vec<M::Action> = path.steps.iter().map(|(action, _)| action.clone()).collect();
    let not_violated = || ShortenError::NotViolated(property.to_owned());
    let mut best = execute(model, claim, &path.initial, &all).ok_or_else(not_violated)?;
    let mut piece = best.0.steps.len().div_ceil(2).max(1);
    loop {
        let (mut start, mut shorter) = (0, false);
        while start < best.0.steps.len() {
            let end = (start + piece).min(best.0.steps.len());
            let kept = best.0.steps[..start].iter().chain(&best.0.steps[end..]);
            let kept: Vec<M::Action> = kept.map(|(action, _)| action.clone()).collect();
            match execute(model, claim, &path.initial, &kept) {
                Some(found) => (best, shorter) = (found, true),
                None => start = end,
            }
        }
        if piece == 1 && !shorter {
            return Ok(best);
        }
        piece = if piece == 1 { 1 } else { piece.div_ceil(2) };
    }
}

/// Takes those of the actions that are not refused, up to the first violation.
fn execute<M: Specification>(
    model: &M,
    claim: &Property<M>,
    initial: &M::State,
    actions: &[M::Action],
) -> Option<(Path<M>, String)> {
    let mut path = Path { initial: initial.clone(), steps: Vec::new(), loop_start: None };
    if let Some(Err(witness)) = trace::violation(model, &claim.check, None, initial) {
        return Some((path, witness));
    }
    for action in actions {
        let before = path.last();
        let Ok(after) = model.step(before, action) else { continue };
        let verdict = trace::violation(model, &claim.check, Some((before, action)), &after);
        path.steps.push((action.clone(), after));
        if let Some(Err(witness)) = verdict {
            return Some((path, witness));
        }
    }
    None
}
