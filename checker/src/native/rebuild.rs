//! The behaviour behind a finding, by taking the logged steps once more.
//!
//! A model that does not do the same twice would give another behaviour than
//! the one that was found; each state on the way must be in the table, and the
//! last must have the fingerprint of the finding.

use quorate_model::Path;
use quorate_model::explorer::Explorer;
use quorate_model::specification::Specification;

use super::Shared;
use super::expand::Found;
use crate::assemble::Violation;
use crate::claims::ClaimIndex;
use crate::panics;

/// The violation with its behaviour and its witness in words.
pub(super) fn violation<M: Specification>(
    shared: &Shared<'_, M>,
    explorer: &impl Explorer<M>,
    claim: ClaimIndex,
    found: &Found,
) -> Violation<M> {
    match path(shared, explorer, found) {
        Ok(path) => {
            let reason = found.panic.clone().unwrap_or_else(|| shared.claims.witness(claim, shared.model, &path));
            Violation { reason, path: Some(path) }
        }
        Err(trouble) => {
            let words = found.panic.as_deref().unwrap_or("violated");
            Violation { reason: format!("{words}; its behaviour cannot be shown: {trouble}"), path: None }
        }
    }
}

fn path<M: Specification>(shared: &Shared<'_, M>, explorer: &impl Explorer<M>, found: &Found) -> Result<Path<M>, String> {
    let unknown = || String::from("the discovery log does not know the state");
    let (first, steps) = match (found.from, found.step) {
        (Some(from), last) => {
            let log = shared.log.lock().expect("no panic while held");
            let (first, mut steps) = log.steps_to(from).ok_or_else(unknown)?;
            steps.extend(last);
            (first, steps)
        }
        (None, Some(first)) => (first, Vec::new()),
        (None, None) => return Err(String::from("there is no initial state")),
    };
    let same = "the model does not have the same successors every time";
    let initial = shared.model.init_states().into_iter().nth(first as usize).ok_or(same)?;
    let mut path = Path { initial, steps: Vec::new(), loop_start: None };
    for (index, step) in steps.iter().enumerate() {
        let (action, state) = successor(shared.model, path.last(), *step).ok_or(same)?;
        let is_last_found = found.step.is_some() && index + 1 == steps.len();
        let fingerprint = explorer.identify(&state);
        let expected = if !is_last_found {
            shared.table.read().expect("no panic while held").contains(fingerprint)
        } else {
            found.panic.is_some() || fingerprint == found.fingerprint
        };
        if !expected {
            return Err(same.to_owned());
        }
        path.steps.push((action, state));
    }
    Ok(path)
}

/// The `number`-th possible step of `state`.
fn successor<M: Specification>(model: &M, state: &M::State, number: u32) -> Option<(M::Action, M::State)> {
    let (mut left, mut wanted) = (number, None);
    // A handler may panic at a later step; the one that is wanted has been seen by then.
    let _ = panics::catch(|| {
        model.successors(state, |action, result| {
            if let (Ok(after), None) = (result, &wanted) {
                match left.checked_sub(1) {
                    Some(less) => left = less,
                    None => wanted = Some((action, after)),
                }
            }
        });
    });
    wanted
}
