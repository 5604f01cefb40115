//! What each rule does, case by case: a history, and the state it leads to.

use quorate_model::replication::Sound;

use crate::script::{created, run, violations};

/// Three copies: a0 on n1 is primary, a1 on n2, a2 on n3.
const FULL: &str = "new n1 | start a0 | replica n2 | start a1 | replica n3 | start a2";
/// Two of them.
const PAIR: &str = "new n1 | start a0 | replica n2 | start a1";

fn check(cases: &[(&str, &str)]) {
    for (history, expected) in cases {
        let history = history.replace("FULL", FULL).replace("PAIR", PAIR);
        println!("@@ {} => {}", history, run(&Sound, &history));
        let _ = expected;
        let v = violations(&Sound, &history).1;
        if !v.is_empty() {
            println!("!! {history} {v:?}")
        }
    }
}

#[test]
fn an_index_is_created_and_filled() {
    check(&[
        ("", "?"),
        // The term is 1 from the first primary on; nobody is in sync before it starts.
        ("new n1", "?"),
        ("new n1 | start a0 | replica n2", "?"),
        ("FULL", "?"),
    ]);
}

#[test]
fn copies_fail() {
    check(&[
        // A replica that missed a write leaves the in-sync set, and the term stays.
        ("FULL | fail a1 by 1", "?"),
        ("FULL | fail a1", "?"),
        // A resync fails it without that.
        ("FULL | fail a1 by 1 kept", "?"),
        // The primary: roles are swapped, the oldest or the preferred replica is promoted.
        ("FULL | fail a0", "?"),
        ("FULL | fail a0 prefer n3", "?"),
        // Replicas that recover fail with it, and are not promoted.
        ("PAIR | replica n3 | fail a0 prefer n3", "?"),
        // Nobody to promote: it waits for a copy with its data, which stays in sync.
        ("new n1 | start a0 | replica n2 | fail a0", "?"),
        // Even where a primary says that it is itself stale.
        ("new n1 | start a0 | fail a0 by 1", "?"),
        // A primary that fails while it recovers: no term, and it may still start empty.
        ("new n1 | fail a0", "?"),
        ("PAIR | fail a1 by 1 | fail a0 | store n1:a0 | fail a0", "?"),
        // Failures in a row are counted; the start of a copy ends the row.
        ("FULL | fail a1 by 1 | replica n2 | fail a3", "?"),
        ("FULL | fail a1 by 1 | replica n2 | start a3 | fail a3 by 1", "?"),
        // A report that is sent again after its effect succeeds and changes nothing.
        ("FULL | fail a1 by 1 | fail a1 by 1", "?"),
    ]);
}

#[test]
fn copies_fail_in_a_batch() {
    check(&[
        ("FULL | fail a1 by 1, a2 by 1", "?"),
        // Two reports of one copy, of which one says that it is stale.
        ("FULL | fail a1 by 1 kept, a1 by 1", "?"),
        // The primary and its replica, in either order: the primary alone has
        // everything, though the replica was promoted on the way; one term.
        ("PAIR | fail a1 by 1, a0", "?"),
        ("PAIR | fail a0, a1 by 1", "?"),
        ("FULL | fail a0, a1 by 1, a2 by 1", "?"),
        // One replica is left.
        ("FULL | fail a0, a1 by 1 prefer n2", "?"),
    ]);
}

#[test]
fn stale_ids_leave_when_a_primary_says_so() {
    check(&[
        ("FULL | left n2", "?"),
        ("FULL | left n2 | fail a1 by 1", "?"),
        // Even where a resync reports it.
        ("FULL | left n2 | fail a1 by 1 kept", "?"),
        // A node's own report does not do it.
        ("FULL | left n2 | fail a1", "?"),
        ("FULL | left n2 | fail a1 by 1 | fail a1 by 1", "?"),
        // With the failure of the primary in one batch, before it.
        ("FULL | left n2 | fail a0, a1 by 1", "?"),
    ]);
}

#[test]
fn relocations_fail() {
    check(&[
        ("PAIR | move n1 n3", "?"),
        ("PAIR | move n2 n3", "?"),
        // The target: the source stays. With the target of a primary's
        // relocation, recoveries of replicas fail too.
        ("PAIR | replica n4 | move n1 n3 | fail a3", "?"),
        ("PAIR | replica n4 | move n2 n3 | fail a3", "?"),
        // The source: of a primary, the target goes; of a replica, it goes on recovering in its place.
        ("PAIR | move n1 n3 | fail a0", "?"),
        ("PAIR | move n2 n3 | fail a1 by 1", "?"),
        // A replica that moves is promoted where it is.
        ("PAIR | move n2 n3 | fail a0", "?"),
        ("new n1 | start a0 | move n1 n3 | fail a0", "?"),
    ]);
}

#[test]
fn copies_start() {
    check(&[
        // In a batch replicas come first, so that the primary's move does not restart them.
        ("PAIR | move n1 n3 | replica n4", "?"),
        ("PAIR | move n1 n3 | replica n4 | start a2, a3", "?"),
        ("PAIR | move n1 n3 | replica n4 | start a2", "?"),
        ("PAIR | move n1 n3 | move n2 n4 | start a2", "?"),
        ("PAIR | move n2 n3 | start a2", "?"),
        // Twice in a batch is once.
        ("PAIR | replica n3 | start a2, a2", "?"),
    ]);
}

#[test]
fn the_in_sync_set_is_trimmed_when_it_grows() {
    check(&[
        // n2 and n3 come back without a write in between; their old ids are kept while there is room.
        ("FULL | left n2 | left n3 | joined n2 | joined n3", "?"),
        ("FULL | left n2 | left n3 | joined n2 | joined n3 | replica n2 | start a3", "?"),
        ("FULL | left n2 | left n3 | joined n2 | joined n3 | replica n2 | start a3 | replica n3 | start a4", "?"),
    ]);
}

#[test]
fn nodes_leave_and_come_back() {
    check(&[
        // Promotion and term at once, the in-sync set stays, the copy waits for its node.
        ("FULL | left n1 prefer n3", "?"),
        ("FULL | left n1 prefer n3 | joined n1 | replica n1", "?"),
        ("FULL | left n2 | expired", "?"),
        ("FULL | left n2 | expired | replica n4", "?"),
        ("FULL | left n2 | replica n4 data", "?"),
        // A primary never waits in this sense: it is not delayed, it has no copy.
        ("new n1 | start a0 | left n1", "?"),
        ("new n1 | left n1", "?"),
        ("PAIR | move n2 n3 | left n3", "?"),
        ("PAIR | move n2 n3 | left n2", "?"),
        ("PAIR | move n1 n3 | left n1", "?"),
        ("FULL | left n4", "?"),
    ]);
}

#[test]
fn primaries_are_made_from_stores() {
    check(&[
        // The id on the disk, a new term.
        ("PAIR | left n1 | left n2 | joined n1 | joined n2 | store n2:a1", "?"),
        ("PAIR | left n1 | left n2 | joined n1 | joined n2 | store n2:a1 | start a1", "?"),
        // Those that were primary first, then the older; unreadable and stale ones not at all.
        ("PAIR | restart | store n1:a0 n2:a1:primary", "?"),
        ("PAIR | restart | store n2:a1 n1:a0", "?"),
        ("PAIR | restart | store n2:a1 n1:a0:primary:failed", "?"),
        ("PAIR | fail a0 | restart | store n1:a0:primary n2:a1", "?"),
        // A full restart keeps terms and in-sync sets.
        ("FULL | fail a0 | restart", "?"),
        ("restart", "?"),
        ("new n1 | restart | new n2 | start a1", "?"),
    ]);
}

#[test]
fn primaries_are_forced() {
    check(&[
        // Until the stale copy starts nobody that exists is in sync.
        ("PAIR | left n2 | fail a1 by 1 | left n1 | joined n2 | stale n2 accept", "?"),
        ("PAIR | left n2 | fail a1 by 1 | left n1 | joined n2 | stale n2 accept | start a2", "?"),
        ("PAIR | left n2 | fail a1 by 1 | left n1 | joined n2 | stale n2 accept | fail a2", "?"),
        ("PAIR | left n2 | fail a1 by 1 | left n1 | joined n2 | stale n2 accept | fail a2 | stale n2 accept | start a3", "?"),
        ("PAIR | left n2 | left n1 | empty n3 accept", "?"),
        ("PAIR | left n2 | left n1 | empty n3 accept | start a2", "?"),
        ("PAIR | left n2 | left n1 | empty n3 accept | left n3 | new n4", "?"),
        ("empty n3", "?"),
    ]);
}

#[test]
fn copies_are_cancelled() {
    check(&[
        ("FULL | cancel n2", "?"),
        ("FULL | cancel n1 allow prefer n3", "?"),
        ("new n1 | start a0 | cancel n1 allow", "?"),
        ("PAIR | move n1 n3 | cancel n3", "?"),
        ("PAIR | move n1 n3 | cancel n1 allow", "?"),
        ("PAIR | move n2 n3 | cancel n2", "?"),
        ("PAIR | replica n3 | cancel n3", "?"),
    ]);
}

#[test]
fn failures_are_forgotten_when_told() {
    check(&[
        ("new n1 | fail a0 | new n1 | fail a1 | new n1 | fail a2 | new n1 | fail a3 | new n1 | fail a4", "?"),
        ("new n1 | fail a0 | new n1 | fail a1 | new n1 | fail a2 | new n1 | fail a3 | new n1 | fail a4 | retry | new n2", "?"),
    ]);
}

#[test]
fn versions_count_changes() {
    assert_eq!(created().version, 0);
    assert_eq!(run(&Sound, PAIR).version, 4);
    assert_eq!(run(&Sound, &format!("{PAIR} | fail a1 by 1 | fail a1 by 1 | fail a1, a7")).version, 5);
}
