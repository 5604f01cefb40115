//! Histories in bulk: all short ones of a small shard, and random ones of a
//! larger, with whatever nodes, primaries old and new, and administrators may
//! ask for. No claim is violated, and what is refused changes nothing.

use std::collections::HashSet;

use proptest::prelude::*;
use quorate_model::allocation::{FailedShard, Rejection, ShardAllocation, StoreFound};
use quorate_model::replication::{AllocationId, Sound};
use quorate_model::{NodeId, NodeSet};

use crate::script::{Step, violated_by};

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

/// All histories up to a depth; returns the distinct states and what was refused.
fn explore(nodes: u8, replicas: usize, depth: usize) -> (usize, HashSet<Rejection>) {
    let start = ShardAllocation::created(NodeSet::first(usize::from(nodes)), replicas);
    let (mut seen, mut level, mut refused) = (HashSet::from([start.clone()]), vec![start], HashSet::new());
    for _ in 0..depth {
        let mut following = Vec::new();
        for shard in &level {
            for step in steps(shard, nodes) {
                match step.apply(&Sound, shard) {
                    Err(guard) => drop(refused.insert(guard)),
                    Ok((mut next, answers)) => {
                        refused.extend(answers.iter().filter_map(|answer| answer.err()));
                        let violated = violated_by(shard, &next);
                        assert!(violated.is_empty(), "{shard}\n  {step:?}\n{next}\n{violated:?}");
                        next.version = 0;
                        if seen.insert(next.clone()) {
                            following.push(next);
                        }
                    }
                }
            }
        }
        for shard in &mut following {
            shard.version = 0;
        }
        level = following;
    }
    (seen.len(), refused)
}

#[test]
fn short_histories_violate_nothing() {
    for (nodes, replicas, depth) in [(2, 0, 6), (3, 1, 6), (3, 2, 6)] {
        let (states, refused) = explore(nodes, replicas, depth);
        println!("{nodes} nodes, {replicas} replicas, depth {depth}: {states} states, refused by {refused:?}");
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
            let violated = violated_by(&shard, next);
            prop_assert!(violated.is_empty(), "{}\n  {:?}\n{}\n{:?}", shard, step, next, violated);
            shard = next.clone();
        }
    }
}
