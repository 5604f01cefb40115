//! What UDP does not give: sessions between two processes, and requests above them.

use quorate_model::session::world::{GUARDS, SessionMutant, SessionWorld, catalogue};

use super::{BoundInfo, Entry, ModelInfo, Profile, RegistryError, Rules, Visitor, mutants_of};

pub(super) struct SessionEntry;

fn waiving(rules: SessionMutant, guard: &'static str) -> SessionMutant {
    rules.and_waiving(guard).expect("these guards are in the list")
}

impl Entry for SessionEntry {
    const INFO: ModelInfo = ModelInfo {
        name: "session",
        summary: "Two processes that ask each other questions over UDP as the cluster's nodes do: each is answered, or \
                  its sender hears that the session has ended. Packets may be lost, duplicated, delayed and reordered; \
                  either process may be killed, leave, stop for good, or take the other for gone.",
        bounds: &[
            BoundInfo { choices: &["retained", "consuming"], ..BoundInfo::number("network", "what delivery does to a packet") },
            BoundInfo::number("asks-a", "how many questions the first process asks"),
            BoundInfo::number("asks-b", "how many questions the second process asks"),
            BoundInfo::number("restarts", "how many restarts there are"),
            BoundInfo::number("suspicions", "how often a peer that is there is taken for gone"),
            BoundInfo::number("leaves", "how many goodbyes there are"),
            BoundInfo::number("deaths", "how many processes stop for good"),
            BoundInfo::number("losses", "how many packets are lost; a retained set needs none"),
            BoundInfo::number("duplications", "how many packets arrive twice; a retained set needs none"),
        ],
        profile: |profile| match profile {
            Profile::Quick => vec![vec![0, 1, 0, 1, 1, 0, 0, 0, 0], vec![1, 1, 0, 1, 0, 0, 0, 1, 0]],
            Profile::Ci => vec![vec![0, 1, 1, 1, 0, 0, 0, 0, 0], vec![0, 1, 0, 1, 1, 1, 0, 0, 0], vec![1, 1, 1, 1, 0, 0, 0, 1, 0]],
            Profile::Deep => vec![vec![0, 1, 1, 1, 1, 0, 0, 0, 0], vec![1, 1, 1, 1, 1, 1, 1, 1, 1]],
        },
        symmetric: false,
        symmetric_table: false,
        first_deaths_only: |_| false,
        small: || vec![vec![0, 1, 0, 1, 0, 0, 0, 0, 0], vec![1, 1, 0, 0, 0, 0, 0, 1, 0]],
        guards: || GUARDS.to_vec(),
        self_checks: &[],
        mutants: || mutants_of(catalogue(), |entry| entry.bounds.to_vec()),
        known_violation: None,
    };

    fn build<V: Visitor>(bounds: &[u64], rules: &Rules, visitor: V) -> Result<V::Output, RegistryError> {
        let guards = GUARDS.map(|guard| (guard, guard));
        let rules = Self::INFO.changed(rules, SessionMutant::SOUND, &catalogue(), &guards, waiving)?;
        let world = SessionWorld::with_bounds(rules, Self::INFO.exactly(bounds)?).map_err(|why| Self::INFO.refused(why))?;
        Ok(visitor.visit(world))
    }
}
