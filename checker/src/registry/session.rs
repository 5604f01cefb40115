//! What UDP does not give: sessions between two processes.

use quorate_model::session::world::{GUARDS, SessionMutant, SessionWorld, catalogue};

use super::{BoundInfo, Entry, ModelInfo, Profile, RegistryError, Rules, Visitor, mutants_of};

pub(super) struct SessionEntry;

impl Entry for SessionEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "session",
        summary: "Two processes that ask each other questions over UDP as the cluster's nodes do: lives, numbers, \
                  retransmission, deduplication, goodbyes, and the book of requests and answers. Each property is a clause of \
                  the contract that worlds above sessions assume. In the retained set every packet ever sent may arrive at any \
                  time and any number of times; in the consuming set losses and duplications are budgets.",
        bounds: &[
            BoundInfo { name: "network", meaning: "what happens to packets", choices: &["retained", "consuming"] },
            BoundInfo::number("asks-a", "how many questions the first process asks"),
            BoundInfo::number("asks-b", "how many questions the second process asks"),
            BoundInfo::number("restarts", "how many restarts there are"),
            BoundInfo::number("suspicions", "how often a living peer is declared gone"),
            BoundInfo::number("leaves", "how many goodbyes there are"),
            BoundInfo::number("deaths", "how many processes stop for good"),
            BoundInfo::number("losses", "how many packets are lost (consuming)"),
            BoundInfo::number("duplications", "how many packets arrive twice (consuming)"),
        ],
        profile: |profile| match profile {
            Profile::Quick => vec![vec![0, 1, 0, 1, 1, 1, 1, 0, 0], vec![1, 1, 0, 0, 0, 1, 0, 1, 1]],
            Profile::Ci => {
                vec![vec![0, 1, 1, 1, 1, 0, 0, 0, 0], vec![0, 1, 0, 1, 1, 1, 1, 0, 0], vec![1, 1, 0, 1, 1, 0, 1, 1, 1]]
            }
            Profile::Deep => vec![vec![0, 2, 1, 1, 1, 0, 0, 0, 0], vec![1, 2, 0, 1, 0, 0, 0, 1, 0]],
        },
        symmetric: false,
        symmetric_table: false,
        // What is delivered twice may be delivered for ever.
        first_deaths_only: |_| true,
        small: || vec![vec![0, 1, 0, 1, 1, 0, 0, 0, 0], vec![0, 1, 0, 0, 0, 1, 0, 0, 0]],
        guards: || GUARDS.to_vec(),
        self_checks: &[],
        mutants: || mutants_of(catalogue(), |entry| entry.bounds.to_vec()),
        known_violation: None,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        let waive = |rules: SessionMutant, guard: &'static str| rules.and_waiving(guard).unwrap_or(rules);
        let guards = GUARDS.map(|guard| (guard, guard));
        let changed = Self::INFO.changed(rules, SessionMutant::SOUND, &catalogue(), &guards, waive)?;
        let world = SessionWorld::with_bounds(changed, Self::INFO.exactly(bounds)?).map_err(|why| Self::INFO.refused(why))?;
        Ok(visitor.visit(world))
    }
}
