//! Variants of the engine that must fail, or must not.

use super::model::EngineBounds;
use super::rules::{EngineEffect, EngineRejection, EngineRules};
use crate::seeded::{Expected, Seeded};

/// An entry of the catalogue.
pub type EngineMutant = Seeded<EngineRules, EngineBounds>;

/// One request, repeated once.
const ONE: EngineBounds = EngineBounds { requests: 1, duplication_limit: 1, document_contents: 1 };
/// Two requests, none repeated.
const TWO: EngineBounds = EngineBounds { requests: 2, duplication_limit: 0, document_contents: 1 };
/// Two requests, one of them repeated.
const TWO_REPEATED: EngineBounds = EngineBounds { requests: 2, duplication_limit: 1, document_contents: 1 };
/// Three requests, none repeated.
const THREE: EngineBounds = EngineBounds { requests: 3, duplication_limit: 0, document_contents: 1 };
/// Two requests with different contents.
const TWO_CONTENTS: EngineBounds = EngineBounds { requests: 2, duplication_limit: 0, document_contents: 2 };

/// The catalogue: seeded mutants of the engine's rules.
pub fn catalogue() -> Vec<EngineMutant> {
    use EngineEffect::*;
    use EngineRejection::*;
    let (lost, twice) = (Expected::Dies("Invariant"), Expected::Dies("AddsOnlyWhereNothingIs"));
    let effect = |id, change, effect, bounds, expected| EngineMutant {
        id,
        change,
        rules: EngineRules::with_effect(effect),
        bounds,
        expected,
    };
    let waive =
        |id, change, guard, bounds, expected| EngineMutant { id, change, rules: EngineRules::waiving(guard), bounds, expected };
    vec![
        effect("EM01", "a retried append does not raise the highest unsafe timestamp", RetryKeepsTimestamp, ONE, twice),
        effect("EM02", "an update is not recorded as a non-append", UpdateNotRecorded, TWO, twice),
        effect("EM03", "a deletion is not recorded as a non-append", DeletionNotRecorded, TWO, lost),
        effect(
            "EM04",
            "planning does not require safe access",
            SafeAccessNotRequired,
            TWO_REPEATED,
            Expected::Equivalent(
                "other documents require safe access, or a refresh ends that, at any time: every such state is reached anyway",
            ),
        ),
        effect(
            "EM05",
            "safe access is not required again after a refresh",
            SafeAccessNotRequiredAfterRefresh,
            TWO_REPEATED,
            Expected::Equivalent(
                "other documents require safe access, or a refresh ends that, at any time: every such state is reached anyway",
            ),
        ),
        effect("EM06", "what is not entered in the version map leaves it safe", PutLeavesMapSafe, TWO, lost),
        effect("EM07", "a tombstone stays below a later append (#29619)", OlderTombstoneStays, THREE, lost),
        effect("EM08", "a refresh forgets tombstones", RefreshForgetsTombstones, TWO, lost),
        effect("EM09", "a deletion leaves no tombstone", NoTombstoneLeft, TWO, lost),
        effect(
            "EM10",
            "a refresh does not make the version map safe",
            RefreshLeavesMapUnsafe,
            TWO_REPEATED,
            Expected::Equivalent("more operations than need to wait for a refresh"),
        ),
        effect("EM11", "a document is replaced by adding another", AddsOverDocument, TWO, twice),
        waive(
            "W-SafeAccessRequired",
            "the map becomes unsafe under safe access",
            SafeAccessRequired,
            ONE,
            Expected::Equivalent("more operations than need to wait for a refresh"),
        ),
        waive("W-TimestampNotNewer", "the highest unsafe timestamp falls", TimestampNotNewer, ONE, twice),
        waive(
            "W-TombstoneAboveLocalCheckpoint",
            "a needed tombstone is collected (#28790)",
            TombstoneAboveLocalCheckpoint,
            TWO,
            lost,
        ),
        waive(
            "W-TombstoneNotFlushed",
            "a tombstone is collected before Lucene knows",
            TombstoneNotFlushed,
            THREE,
            Expected::Equivalent(
                "what is older is below the local checkpoint, and what is newer wins over whatever Lucene still has",
            ),
        ),
        waive(
            "W-NextNotCompleted",
            "the local checkpoint runs ahead",
            NextNotCompleted,
            ONE,
            Expected::Dies("LocalCheckpointCompleted"),
        ),
        waive("W-RefreshOutstanding", "nobody waits for the refresh", RefreshOutstanding, ONE, twice),
        waive("W-NotAppendOnly", "every write is taken for an append", NotAppendOnly, TWO, twice),
        waive("W-MayHaveBeenIndexedBefore", "repeated appends are optimised", MayHaveBeenIndexedBefore, ONE, twice),
        waive("W-NonAppendOnlySeen", "appends are optimised after later operations (#28787)", NonAppendOnlySeen, TWO, twice),
        waive(
            "W-AlreadyCompleted",
            "completed operations are compared",
            AlreadyCompleted,
            THREE,
            Expected::Equivalent(
                "index operations are checked again after the wait, and a completed deletion finds something newer or nothing",
            ),
        ),
        waive(
            "W-CompletedMeanwhile",
            "operations completed while waiting are compared (#29276)",
            CompletedMeanwhile,
            TWO_REPEATED,
            lost,
        ),
        waive("W-VersionMapUnsafe", "an unsafe version map is trusted", VersionMapUnsafe, ONE, twice),
        waive("W-NotNewerThanVersionMap", "the version map does not stop older operations", NotNewerThanVersionMap, TWO, lost),
        waive("W-NotNewerThanLucene", "Lucene does not stop older operations", NotNewerThanLucene, TWO_CONTENTS, lost),
    ]
}
