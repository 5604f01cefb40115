//! What copies have in common: S-GCP, Q-CONV, Q-GAP, S-UNIQ.

use std::collections::BTreeMap;

use super::{confirmed_prefix, highest};
use crate::node_set::NodeId;
use crate::property::Verdict;
use crate::replication::shard_copy::ShardCopy;
use crate::replication::translog::Translog;
use crate::replication::types::{PrimaryTerm, SeqNo, Source};

/// What a slot holds, whether it is pending or not.
fn contents<V: Source>(log: &Translog<V>, seq_no: SeqNo) -> Option<(PrimaryTerm, &Option<V>)> {
    log.get(seq_no).map(|operation| (operation.term, &operation.source))
}

fn first_difference<V: Source>(one: &Translog<V>, other: &Translog<V>, up_to: SeqNo) -> Option<SeqNo> {
    (0..=up_to).find(|seq_no| contents(one, *seq_no) != contents(other, *seq_no))
}

/// `replication!SameTranslogUpToGlobalCheckPoint`: up to what a copy takes for
/// stored everywhere, every active copy has the same, and has it at all.
pub fn same_up_to_global_checkpoint<'a, V: Source + 'a>(
    active: impl Iterator<Item = (NodeId, &'a ShardCopy<V>)> + Clone,
) -> Verdict {
    for (node, copy) in active.clone() {
        if let Some(gap) = (0..=copy.global_checkpoint).find(|seq_no| copy.translog.get(*seq_no).is_none()) {
            return Err(format!("{node} has global checkpoint {} and nothing at {gap}", copy.global_checkpoint));
        }
        for (other, its) in active.clone() {
            if let Some(seq_no) = first_difference(&copy.translog, &its.translog, copy.global_checkpoint) {
                return Err(format!(
                    "{node} and {other} differ at {seq_no}, not above the global checkpoint {} of {node}",
                    copy.global_checkpoint
                ));
            }
        }
    }
    Ok(())
}

/// `replication!AllCopiesSameContents`.
pub fn same_contents<'a, V: Source + 'a>(mut active: impl Iterator<Item = (NodeId, &'a ShardCopy<V>)>) -> Verdict {
    let Some((first, its)) = active.next() else { return Ok(()) };
    for (node, copy) in active {
        let end = highest(&its.translog).max(highest(&copy.translog));
        if let Some(seq_no) = first_difference(&its.translog, &copy.translog, end) {
            return Err(format!("{first} and {node} differ at {seq_no}"));
        }
    }
    Ok(())
}

/// Q-GAP (ours): nothing is missing below the highest operation of an active copy.
pub fn no_gaps<'a, V: Source + 'a>(active: impl Iterator<Item = (NodeId, &'a ShardCopy<V>)>) -> Verdict {
    for (node, copy) in active {
        if let Some(gap) = (0..highest(&copy.translog)).find(|seq_no| copy.translog.get(*seq_no).is_none()) {
            return Err(format!("{node} has nothing at {gap}"));
        }
    }
    Ok(())
}

/// Ours: every operation of an active copy is confirmed.
pub fn nothing_pending<'a, V: Source + 'a>(active: impl Iterator<Item = (NodeId, &'a ShardCopy<V>)>) -> Verdict {
    for (node, copy) in active {
        let (confirmed, highest) = (confirmed_prefix(&copy.translog), highest(&copy.translog));
        if confirmed != highest {
            return Err(format!("{node} has operations up to {highest}, confirmed up to {confirmed}"));
        }
    }
    Ok(())
}

/// S-UNIQ (ours): sequence number and term say which operation it is.
pub fn seq_no_and_term_identify_operation<'a, V: Source + 'a>(
    copies: impl Iterator<Item = (NodeId, &'a ShardCopy<V>)>,
) -> Verdict {
    let mut seen: BTreeMap<(SeqNo, PrimaryTerm), (NodeId, &Option<V>)> = BTreeMap::new();
    for (node, copy) in copies {
        for (seq_no, operation) in copy.translog.iter() {
            let (first, source) = *seen.entry((seq_no, operation.term)).or_insert((node, &operation.source));
            if source != &operation.source {
                return Err(format!(
                    "{seq_no} of term {} is {source:?} on {first} and {:?} on {node}",
                    operation.term, operation.source
                ));
            }
        }
    }
    Ok(())
}
