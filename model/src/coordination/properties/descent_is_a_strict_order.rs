//! S4: lineage is a strict order.

use crate::coordination::history::{Descent, History};
use crate::property::Verdict;

/// `ZenWithTerms!DescendantRelationIsStrictlyOrdered`: along a lineage terms
/// never fall and versions always grow.
pub fn descent_is_strictly_ordered(history: &impl History) -> Verdict {
    for Descent { from, to } in history.descents() {
        if from.term > to.term || from.version >= to.version {
            return Err(format!("{to} descends from {from}"));
        }
    }
    Ok(())
}

/// `ZenWithTerms!DescendantRelationIsTransitive`.
pub fn descent_is_transitive(history: &impl History) -> Verdict {
    for first in history.descents() {
        for second in history.descents().filter(|second| second.from == first.to) {
            if !history.descends(first.from, second.to) {
                return Err(format!(
                    "{} descends from {} and {} from {}, but not {} from {}",
                    first.to, first.from, second.to, second.from, second.to, first.from
                ));
            }
        }
    }
    Ok(())
}
