//! What UDP does not give: sessions between two processes.

use quorate_model::session::{SessionWorld, session_catalogue};

use super::{BoundInfo, Entry, ModelInfo, Profile, RegistryError, Rules, Visitor, mutants_of};

pub(super) struct SessionEntry;

impl Entry for SessionEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "session",
        summary: "Two processes that talk over UDP as the cluster's nodes do: incarnations, numbers, retransmission, \
                  deduplication. Every packet ever sent may arrive at any time and any number of times, either process may \
                  be killed, and a peer may be declared gone at any time.",
        bounds: &[
            BoundInfo::number("sends-a", "how many payloads the first process sends"),
            BoundInfo::number("sends-b", "how many payloads the second process sends"),
            BoundInfo::number("restarts", "how many restarts there are"),
            BoundInfo::number("give-ups", "how often a peer is declared gone"),
        ],
        profile: |profile| match profile {
            Profile::Quick => vec![vec![1, 1, 1, 1]],
            Profile::Ci => vec![vec![2, 1, 1, 1]],
            Profile::Deep => vec![vec![2, 2, 1, 1], vec![2, 1, 2, 1]],
        },
        symmetric: false,
        symmetric_table: false,
        first_deaths_only: |_| false,
        small: || vec![vec![1, 1, 1, 0], vec![2, 0, 1, 1]],
        guards: Vec::new,
        self_checks: &[],
        mutants: || mutants_of(session_catalogue(), |entry| entry.bounds.to_vec()),
        known_violation: None,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        let flaw = Self::INFO.changed(rules, None, &session_catalogue(), &[], |rules, ()| rules)?;
        let world = SessionWorld::new(Self::INFO.exactly(bounds)?, flaw).map_err(|why| Self::INFO.refused(why))?;
        Ok(visitor.visit(world))
    }
}
