//! Which mutants random simulation finds, and after how many seeds.
//!
//! The rows of `mutants.tsv` are pinned: for each mutant the first seed, from 0
//! on, whose run violates something, and what; or `-` where none of
//! [`SEEDS_MAX`] does. A run of a mutant is not compared with the copy of the
//! rules, which would only say that it is a mutant.

use quorate_model::coordination::catalogue::catalogue;
use quorate_model::coordinator::{CoordinatorEffect, CoordinatorMutant, Refusal};

use super::run::RunOptions;
use super::sweep::{Sweep, sweep};

/// How many seeds a mutant that is not found was given.
pub const SEEDS_MAX: u64 = 60;

/// A mutant of the rules or of the Coordinator.
#[derive(Clone, Copy, Debug)]
pub struct SimulatedMutant {
    /// Its name.
    pub id: &'static str,
    /// What is different.
    pub change: &'static str,
    /// The Coordinator with it.
    pub rules: CoordinatorMutant,
}

/// The pinned row of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedRow {
    /// Its name.
    pub id: &'static str,
    /// The first seed that finds it, and the property that is violated.
    pub found: Option<(u64, &'static str)>,
}

/// A mutant that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no mutant '{id}'; there are {known}")]
pub struct UnknownMutant {
    /// What was asked for.
    pub id: String,
    /// What there is.
    pub known: String,
}

/// Changes of what the Coordinator does.
const EFFECTS: [(&str, &str, CoordinatorEffect); 10] = {
    use CoordinatorEffect::*;
    [
        ("LM02", "joins do not say which term their sender is in", JoinsSayNoTerm),
        ("LM03", "a missing vote is no reason for an election", MissingVotesAreIgnored),
        ("LM08", "a leader stays when its rules refuse its publication", StaysAfterRefusal),
        ("LM10", "follower checks make no followers", ChecksMakeNoFollowers),
        ("LM11", "votes that come with acceptances are counted at once", VotesAreCountedAtOnce),
        ("LM12", "followers that do not apply stay", LaggardsStay),
        ("LM13", "a leader stays when its publication is not committed in time", StaysAfterTimeout),
        ("LM15", "clients hear of success before the leader has applied", AnswersBeforeApplying),
        ("LM19", "an excluded leader does not hand over", DoesNotHandOver),
        ("LM-DoesNotReconfigure", "the voting configuration is left as it is", DoesNotReconfigure),
    ]
};

/// The guards of the Coordinator, each left out in a mutant of this name.
const WAIVED: [(&str, Refusal); 17] = [
    ("W-NotAnInitialMaster", Refusal::NotAnInitialMaster),
    ("W-InitialMastersNotFound", Refusal::InitialMastersNotFound),
    ("LM06", Refusal::NoQuorumFound),
    ("W-MayNotWin", Refusal::MayNotWin),
    ("W-NotMasterEligible", Refusal::NotMasterEligible),
    ("W-Unhealthy", Refusal::Unhealthy),
    ("LM01", Refusal::LeaderKnown),
    ("W-VoterIsFresher", Refusal::VoterIsFresher),
    ("LM17", Refusal::VoterNotMasterEligible),
    ("W-JoinTargetIsFollower", Refusal::JoinTargetIsFollower),
    ("W-VotingOnly", Refusal::VotingOnly),
    ("W-OtherCluster", Refusal::OtherCluster),
    ("W-PublicationInProgress", Refusal::PublicationInProgress),
    ("W-CheckTermIsOver", Refusal::CheckTermIsOver),
    ("W-GivenUpInThisTerm", Refusal::GivenUpInThisTerm),
    ("W-DoesNotLead", Refusal::DoesNotLead),
    ("W-NotAMember", Refusal::NotAMember),
];

/// Every mutant: those of the rules first.
pub fn mutants() -> Vec<SimulatedMutant> {
    let rules = catalogue().into_iter().map(|entry| SimulatedMutant {
        id: entry.id,
        change: entry.change,
        rules: CoordinatorMutant::on(entry.rules),
    });
    let effects =
        EFFECTS.iter().map(|(id, change, effect)| SimulatedMutant { id, change, rules: CoordinatorMutant::with_effect(*effect) });
    let waived =
        WAIVED.iter().map(|(id, guard)| SimulatedMutant { id, change: guard.name(), rules: CoordinatorMutant::waiving(*guard) });
    rules.chain(effects).chain(waived).collect()
}

/// The mutant of this name.
///
/// # Errors
/// [`UnknownMutant`].
pub fn find(id: &str) -> Result<SimulatedMutant, UnknownMutant> {
    let all = mutants();
    let known = || all.iter().map(|mutant| mutant.id).collect::<Vec<_>>().join(", ");
    all.iter().find(|mutant| mutant.id == id).copied().ok_or_else(|| UnknownMutant { id: id.to_owned(), known: known() })
}

/// The pinned table.
pub fn pinned() -> Vec<PinnedRow> {
    let row = |line: &'static str| {
        let mut columns = line.split('\t');
        let (id, seed, property) = (columns.next()?, columns.next()?, columns.next()?);
        Some(PinnedRow { id, found: seed.parse().ok().map(|seed| (seed, property)) })
    };
    include_str!("mutants.tsv").lines().filter(|line| !line.starts_with('#')).filter_map(row).collect()
}

/// The first seed below `seeds_max` that finds a mutant, and the property that is violated.
///
/// # Errors
/// In words, if there is no such cluster.
pub fn first_seed(mutant: &SimulatedMutant, seeds_max: u64, threads: usize) -> Result<Option<(u64, String)>, String> {
    let options = RunOptions { no_self_checks: true, ..RunOptions::default() };
    let all = Sweep { threads, stop_at_failure: true, options, ..Sweep::of(0..seeds_max) };
    // Lower seeds than the first that fails have begun before, and are waited for.
    let report = sweep(&all, &mutant.rules, |_, _| true)?;
    Ok(report.failures.into_iter().next().map(|(seed, failure)| (seed, failure.property)))
}
