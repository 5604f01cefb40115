//! Each guard waived and each effect changed: what it violates, and after which
//! history. The sound rules violate nothing there (steps that they refuse are
//! left out).

use quorate_model::allocation::{Effect, Mutant, Rejection};
use quorate_model::replication::Sound;

use crate::script::violations;

/// What becomes of a mutant at this level.
#[derive(Debug)]
enum Fate {
    /// The claim of this name is violated.
    Dies(&'static str),
    /// No claim about the master's state alone can tell, but the state is
    /// another than it should be. What is lost by it shows in the data or in
    /// what can still happen: the second half says where.
    Differs(&'static str),
    /// It does nothing.
    Equivalent(&'static str),
}
use Fate::*;

fn effects() -> Vec<(Effect, &'static str, Fate)> {
    use Effect::*;
    let twice = "FULL | left n2 | left n3 | joined n2 | joined n3 | replica n2 | start a3";
    vec![
        (NoRemoveOnFail, "PAIR | fail a1 by 1", Differs("a write is acknowledged that a1 misses, and a1 may become primary")),
        (CancelKeepsId, "PAIR | cancel n2", Differs("a1 is thrown away and may become primary")),
        (
            StaleReportLostInBatch,
            "PAIR | fail a1 by 1 kept, a1 by 1",
            Differs("a write is acknowledged that a1 misses, and a1 may become primary"),
        ),
        (NodeLeftMarksStale, "PAIR | left n2", Dies("NodeLeftKeepsInSync")),
        (
            StalesKept,
            "PAIR | left n2 | fail a1 by 1",
            Differs("a write is acknowledged that a1 misses, and a1 may become primary"),
        ),
        (EmptyInSync, "new n1 | start a0 | fail a0", Dies("InSyncNonEmpty")),
        (LastFailedAddedBack, "PAIR | fail a0, a1 by 1", Dies("FailedPrimaryStaysInSync")),
        (NoFailInitializing, "PAIR | replica n3 | fail a0", Dies("RecoveriesEndWithPrimary")),
        (PromotesNobody, "PAIR | fail a0", Dies("ReplicasHaveActivePrimary")),
        (ForcedKeepsIds, "PAIR | restart | stale n3 accept", Dies("PrimarySourceMatchesInSync")),
        (ForcedKeepsIds, "PAIR | restart | empty n3 accept", Dies("PrimarySourceMatchesInSync")),
        (ForcedNamesItself, "PAIR | restart | stale n3 accept", Dies("PrimarySourceMatchesInSync")),
        (TermNotBumpedOnFailure, "PAIR | fail a0", Dies("PrimaryTermsGrow")),
        (TermNotBumpedOnFailure, "PAIR | left n1", Dies("PrimaryTermsGrow")),
        (TermNotBumpedOnAllocation, "new n1", Dies("PrimaryTermsGrow")),
        (TermNotBumpedOnAllocation, "PAIR | restart | store n1:a0", Dies("PrimaryTermsGrow")),
        (TermBumpedOnRelocation, "PAIR | move n1 n3 | start a2", Dies("PrimaryTermsGrow")),
        (TermBumpedPerFailure, "PAIR | fail a0, a1 by 1", Dies("PrimaryTermsGrow")),
        (StartedNotInSync, "new n1 | start a0", Dies("ActiveCopiesInSync")),
        (RelocationKeepsSource, "PAIR | move n1 n3 | start a2", Dies("RelocatedCopiesLeaveInSync")),
        (RecoveriesOutliveRelocation, "PAIR | replica n4 | move n1 n3 | start a3", Dies("RecoveriesEndWithPrimary")),
        (
            ReplicasStartedAfterPrimaries,
            "PAIR | replica n4 | move n1 n3 | start a2, a3",
            Differs("a replica that has just recovered begins anew"),
        ),
        (NoTrim, twice, Dies("InSyncBounded")),
        (NewIdOnStoreAllocation, "PAIR | restart | store n1:a0", Dies("NewPrimaryWasInSync")),
        (NeverDelayed, "PAIR | left n2", Differs("the copy is built anew elsewhere while its node restarts")),
        (RestartForgetsInSync, "PAIR | restart", Dies("InSyncNonEmpty")),
        (RestartForgetsTerm, "PAIR | restart", Dies("PrimaryTermsGrow")),
    ]
}

fn guards() -> Vec<(Rejection, &'static str, Fate)> {
    use Rejection::*;
    let retries = "new n1 | fail a0 | new n1 | fail a1 | new n1 | fail a2 | new n1 | fail a3 | new n1 | fail a4 | new n1";
    let stale = "PAIR | restart | store n1:a0 | fail a0 | store n1:a0 | start a0 of 2";
    let absolute = "without what it asks for there is nothing to act on";
    vec![
        (NoLongerPrimary, "FULL | fail a0 | fail a2 by 1", Differs("a replaced primary is obeyed and acknowledges")),
        (NotActive, "new n1 | start a0 | replica n2 | fail a0", Dies("NewPrimaryWasInSync")),
        (StartedUnknown, "PAIR | fail a1 by 1 | start a1", Dies("InSyncByStarting")),
        (StartedByOldPrimaryTerm, stale, Differs("a primary is active that has not recovered (#37899)")),
        (NotInitializing, "PAIR | move n1 n3 | start a0", Differs("a relocation is forgotten by a late report")),
        (AlreadyMember, "PAIR | joined n1", Equivalent("it says only that there is nothing to do")),
        (NotAMember, "PAIR | left n4 | replica n4", Dies("WellFormedRoutingTable")),
        (NothingDelayed, "PAIR | expired", Equivalent("it says only that there is nothing to do")),
        (NothingFailed, "PAIR | retry", Equivalent("it says only that there is nothing to do")),
        (NoUnassignedReplica, "FULL | replica n4", Equivalent(absolute)),
        (PrimaryNotActive, "new n1 | replica n2", Dies("ReplicasHaveActivePrimary")),
        (SameShard, "PAIR | replica n2", Dies("WellFormedRoutingTable")),
        (SameShard, "PAIR | move n1 n2", Dies("WellFormedRoutingTable")),
        (Delayed, "FULL | left n2 | replica n4", Differs("the copy is built anew elsewhere while its node restarts")),
        (TooManyFailures, retries, Differs("a copy that always fails is tried for ever")),
        (PrimaryNotUnassigned, "PAIR | empty n3 accept", Dies("PrimaryAllocatedOnceUnassigned")),
        (PrimaryNotUnassigned, "PAIR | stale n3 accept", Dies("ActiveCopiesInSync")),
        (NoExistingStore, "stale n3 accept", Dies("PrimarySourceMatchesInSync")),
        (NotInSync, "PAIR | fail a1 by 1 | restart | store n2:a1", Dies("NewPrimaryWasInSync")),
        (StoreFailed, "PAIR | restart | store n1:a0:failed", Differs("a node is asked for what it cannot open")),
        (NoValidShardCopy, "PAIR | restart | store", Equivalent(absolute)),
        (HadData, "PAIR | restart | new n3", Differs("every operation is lost, and nobody accepted it")),
        (DataLossNotAccepted, "PAIR | restart | empty n3", Differs("every operation is lost, and nobody accepted it")),
        (DataLossNotAccepted, "PAIR | restart | stale n3", Differs("operations are lost, and nobody accepted it")),
        (NoCopyOnNode, "PAIR | cancel n3", Equivalent(absolute)),
        (NoCopyOnNode, "PAIR | move n3 n4", Equivalent(absolute)),
        (NotStarted, "PAIR | replica n3 | move n3 n4", Dies("ActiveCopiesInSync")),
        (PrimaryNotAllowed, "PAIR | cancel n1", Differs("a primary is cancelled by mistake")),
    ]
}

fn check(rules: Mutant, name: &str, history: &str, fate: &Fate) {
    let (sound, violated) = violations(&Sound, history);
    assert_eq!(violated, [""; 0], "the sound rules, {history}");
    let (reached, violated) = violations(&rules, history);
    match fate {
        Dies(claim) => assert!(violated.contains(claim), "{name} after {history}: {violated:?} at {reached}"),
        Differs(loss) => {
            assert_eq!(violated, [""; 0], "{name} after {history} could die");
            assert_ne!(reached, sound, "{name} after {history}: not so that {loss}");
        }
        Equivalent(why) => assert_eq!((reached, violated), (sound, Vec::new()), "{name} after {history}: not so that {why}"),
    }
}

#[test]
fn every_changed_effect_is_seen() {
    let rows = effects();
    for (effect, history, fate) in &rows {
        check(Mutant::with_effect(*effect), &format!("{effect:?}"), history, fate);
    }
    let missing: Vec<_> = Effect::ALL.iter().filter(|effect| rows.iter().all(|row| row.0 != **effect)).collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
}

#[test]
fn every_waived_guard_is_seen() {
    let rows = guards();
    for (guard, history, fate) in &rows {
        check(Mutant::waiving(&[*guard]), guard.name(), history, fate);
        assert_eq!(
            matches!(fate, Equivalent("without what it asks for there is nothing to act on")),
            Rejection::STRUCTURAL.contains(guard),
            "{guard:?}"
        );
    }
    let missing: Vec<_> = Rejection::ALL.iter().filter(|guard| rows.iter().all(|row| row.0 != **guard)).collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
}

/// The default mutant has nothing wrong with it.
#[test]
fn no_mutation_is_sound() {
    for (_, history, _) in effects() {
        assert_eq!(violations(&Mutant::default(), history), violations(&Sound, history), "{history}");
    }
}
