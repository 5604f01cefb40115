//! Histories in bulk: all short ones of a small shard, and random ones of a
//! larger, with whatever nodes, primaries old and new, and administrators may
//! ask for. No claim is violated, and what is refused changes nothing.

use std::collections::HashSet;

use proptest::prelude::*;
use quorate_model::allocation::{FailedShard, Rejection, ShardAllocation, StoreFound};
use quorate_model::replication::{AllocationId, Sound};
use quorate_model::{NodeId, NodeSet};

use crate::script::{Step, run, violated_by};
use crate::twin::twin;

/// Everything that can be asked for in a state, sensible or not.
pub fn steps(shard: &ShardAllocation, nodes: u8) -> Vec<Step> {
    let all = || (0..nodes).map(NodeId);
    let ids: Vec<AllocationId> = (0..=shard.next_allocation_id).map(AllocationId).collect();
    let term = shard.primary_term;
    let mut steps = vec![Step::Expired, Step::Retry, Step::Restart];
    let failed = |allocation_id, primary_term, mark_as_stale| FailedShard { allocation_id, primary_term, mark_as_stale };
    for id in &ids {
        for (term, stale) in [(0, true), (term, true), (term, false), (term.saturating_sub(1), true)] {
            steps.push(Step::Fail(vec![failed(*id, term, stale)], None));
        }
        for prefer in shard.promotion_candidates(&Sound).iter() {
            steps.push(Step::Fail(vec![failed(*id, 0, true)], Some(prefer)));
        }
        steps.push(Step::Fail(vec![failed(*id, term, false), failed(*id, term, true)], None));
        steps.push(Step::Start(vec![(*id, None)]));
        steps.push(Step::Start(vec![(*id, Some(term.saturating_sub(1)))]));
        for other in ids.iter().filter(|other| *other != id) {
            steps.push(Step::Fail(vec![failed(*id, 0, true), failed(*other, term, true)], None));
            steps.push(Step::Fail(vec![failed(*id, term, false), failed(*other, 0, true)], None));
            steps.push(Step::Start(vec![(*id, None), (*other, None)]));
        }
        for node in all() {
            for primary in [false, true] {
                let found = StoreFound { node, allocation_id: *id, primary, failed: false };
                steps.push(Step::Store(vec![found]));
                // No two nodes have the same copy.
                if *id == AllocationId(0) {
                    continue;
                }
                let other =
                    StoreFound { node: NodeId((node.0 + 1) % nodes), allocation_id: AllocationId(0), primary, failed: primary };
                steps.push(Step::Store(vec![other, found]));
            }
        }
    }
    for node in all() {
        for prefer in shard.promotion_candidates(&Sound).iter().map(Some).chain([None]) {
            steps.push(Step::Left(node, prefer));
            steps.push(Step::Cancel(node, true, prefer));
        }
        steps.extend([false, true].map(|yes| Step::Replica(node, yes)));
        steps.extend([false, true].map(|yes| Step::Stale(node, yes)));
        steps.extend([false, true].map(|yes| Step::Empty(node, yes)));
        steps.extend([Step::Joined(node), Step::New(node), Step::Cancel(node, false, None)]);
        steps.extend(all().map(|to| Step::Move(node, to)));
    }
    steps
}

/// A step violates nothing, and the second copy of its rule agrees.
fn check(before: &ShardAllocation, step: &Step, after: &ShardAllocation) {
    let violated = violated_by(before, after);
    assert!(violated.is_empty(), "{before}\n  {step:?}\n{after}\n{violated:?}");
    if let Some(mut twin) = twin(before, step) {
        twin.version = after.version;
        assert_eq!(*after, twin, "{before}\n  {step:?}\n{after}, or\n{twin}");
    }
}

/// All histories up to a depth; returns the distinct states and what was refused.
fn explore(start: ShardAllocation, depth: usize) -> (usize, HashSet<Rejection>) {
    let nodes = start.nodes.len() as u8;
    let unversioned = |shard: ShardAllocation| ShardAllocation { version: 0, ..shard };
    let start = unversioned(start);
    let (mut seen, mut level, mut refused) = (HashSet::from([start.clone()]), vec![start], HashSet::new());
    for _ in 0..depth {
        let mut following = Vec::new();
        for shard in &level {
            for step in steps(shard, nodes) {
                match step.apply(&Sound, shard) {
                    Err(guard) => drop(refused.insert(guard)),
                    Ok((next, answers)) => {
                        refused.extend(answers.iter().filter_map(|answer| answer.err()));
                        check(shard, &step, &next);
                        let all_refused = !answers.is_empty() && answers.iter().all(Result::is_err);
                        assert!(!all_refused || next == *shard, "{shard}\n  {step:?}\n{next}");
                        let next = unversioned(next);
                        if seen.insert(next.clone()) {
                            following.push(next);
                        }
                    }
                }
            }
        }
        level = following;
    }
    (seen.len(), refused)
}

#[test]
fn short_histories_violate_nothing() {
    let new = |nodes, replicas| ShardAllocation::created(NodeSet::first(nodes), replicas);
    let rows = [
        (new(2, 0), 9, 2102),
        (new(3, 1), 8, 22157),
        (new(4, 2), 6, 10472),
        (run(&Sound, "FULL"), 4, 22021),
        (run(&Sound, "PAIR | move n1 n3 | replica n4"), 3, 2955),
    ];
    let mut refused = HashSet::new();
    for (start, depth, expected) in rows {
        let name = format!("{start}, depth {depth}");
        let (states, by) = explore(start, depth);
        assert_eq!(states, expected, "{name}");
        refused.extend(by);
    }
    // Not a refusal, too deep, never asked.
    let elsewhere = [Rejection::NotActive, Rejection::TooManyFailures, Rejection::StoreFailed];
    let missing: Vec<_> = Rejection::ALL.iter().filter(|guard| !refused.contains(guard)).collect();
    assert_eq!(missing, elsewhere.iter().collect::<Vec<_>>());
}

/// Nodes have no names: a renaming before a step is the same as one after it.
#[test]
fn rules_do_not_look_at_the_names_of_nodes() {
    let permutations: [[u8; 3]; 5] = [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let mut level = vec![ShardAllocation::created(NodeSet::first(3), 2)];
    let mut seen: HashSet<ShardAllocation> = level.iter().cloned().collect();
    for _ in 0..6 {
        let mut following = Vec::new();
        for shard in &level {
            for step in steps(shard, 3) {
                let next = step.apply(&Sound, shard);
                for permutation in &permutations {
                    let renamed = step.permuted(permutation).apply(&Sound, &shard.permuted(permutation));
                    let expected = next.clone().map(|(next, answers)| (next.permuted(permutation), answers));
                    assert_eq!(renamed, expected, "{shard}\n  {step:?} under {permutation:?}");
                }
                following.extend(next.into_iter().map(|(next, _)| next).filter(|next| seen.insert(next.clone())));
            }
        }
        level = following;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn long_histories_violate_nothing(choices in proptest::collection::vec(any::<u32>(), 1..80)) {
        let mut shard = ShardAllocation::created(NodeSet::first(4), 2);
        for choice in choices {
            // Most of what could be asked is refused, so choose among what is not.
            let possible: Vec<_> = steps(&shard, 4)
                .into_iter()
                .filter_map(|step| Some((step.clone(), step.apply(&Sound, &shard).ok()?.0)))
                .filter(|(_, next)| *next != shard)
                .collect();
            let Some((step, next)) = possible.get(choice as usize % possible.len().max(1)) else { break };
            check(&shard, step, next);
            shard = next.clone();
        }
    }
}
