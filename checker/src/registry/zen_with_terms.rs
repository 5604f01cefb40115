//! The coordination rules under the environment of Elastic's `ZenWithTerms`.

use quorate_model::coordination::catalogue::catalogue;
use quorate_model::coordination::{Mutant, Rejection, Sound};
use quorate_model::zen_with_terms::{ZenBounds, ZenWithTerms};

use super::{BoundInfo, Entry, ModelInfo, Profile, RegistryError, Rules, Visitor, mutants_of, named, names_of};

pub(super) struct ZenWithTermsEntry;

impl Entry for ZenWithTermsEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "zen-with-terms",
        summary: "The coordination rules: any handler may be called at any time with any message ever sent, nodes \
                  restart at will, clients ask for any value and configuration. The state graph of Elastic's TLA+ \
                  module ZenWithTerms (elasticsearch-formal-models at ca30663).",
        bounds: &[
            BoundInfo::number("nodes", "how many nodes there are"),
            BoundInfo::number("max-term", "the highest term that a node may enter"),
            BoundInfo::number("max-version", "the highest version that a client may ask for"),
            BoundInfo::number("max-initial-version", "the highest version that a node may hold at the start"),
            BoundInfo::number("values", "how many values there are"),
            BoundInfo::number("max-messages", "states with more messages are checked but not expanded"),
        ],
        profile: |profile| match profile {
            Profile::Quick => vec![vec![2, 2, 2, 0, 1, 8], vec![2, 1, 2, 0, 1, 8]],
            Profile::Ci => vec![vec![2, 2, 2, 0, 1, 12], vec![2, 3, 2, 0, 1, 8], vec![2, 2, 2, 0, 2, 8], vec![3, 1, 1, 0, 1, 6]],
            Profile::Deep => vec![vec![3, 1, 1, 0, 1, 8], vec![3, 2, 2, 0, 1, 7]],
        },
        symmetric: false,
        symmetric_table: false,
        first_deaths_only: |_| false,
        small: || vec![vec![2, 1, 2, 0, 1, 8], vec![1, 2, 2, 1, 2, 8], vec![3, 1, 1, 0, 1, 3], vec![2, 1, 1, 0, 1, 4]],
        guards: || names_of(guards()),
        self_checks: &["SingleNodeInvariant", "FollowsTheRules"],
        mutants: || mutants_of(catalogue(), |entry| entry.bounds.to_vec()),
        known_violation: None,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        let [nodes, max_term, max_version, max_initial_version, values, max_messages] = Self::INFO.exactly(bounds)?;
        let bounds = ZenBounds { nodes: nodes as usize, max_term, max_version, max_initial_version, values, max_messages };
        if *rules == Rules::default() {
            return Ok(visitor.visit(ZenWithTerms::new(Sound, bounds).map_err(|why| Self::INFO.refused(why))?));
        }
        let mutant = coordination_mutant(&Self::INFO, rules)?;
        Ok(visitor.visit(ZenWithTerms::new(mutant, bounds).map_err(|why| Self::INFO.refused(why))?))
    }
}

/// The mutant of the coordination rules that was asked for.
pub(super) fn coordination_mutant(info: &ModelInfo, rules: &Rules) -> Result<Mutant, RegistryError> {
    info.changed(rules, Mutant::default(), &catalogue(), &guards(), Mutant::and_waiving)
}

pub(super) fn guards() -> Vec<(&'static str, Rejection)> {
    named(&Rejection::ALL, Rejection::name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guard_has_a_mutant_that_waives_it_alone() {
        for guard in Rejection::ALL {
            let alone = Mutant::waiving(&[guard]);
            assert!(catalogue().iter().any(|entry| entry.rules == alone), "{guard} is waived by no row of the catalogue");
        }
    }
}
