//! A copy's operations against a map, on random histories.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quorate_model::NodeId;
use quorate_model::replication::{
    NO_OPS_PERFORMED, Operation, PrimaryTerm, Rejection, ReplicationRequest, Role, RoutingTable, SeqNo, ShardClusterState,
    ShardCopy, Sound, Translog, TrimRequest,
};

/// The dumb twin: sequence number to (term, source, pending).
type Map = BTreeMap<SeqNo, (PrimaryTerm, Option<u8>, bool)>;

fn as_map(log: &Translog<u8>) -> Map {
    log.iter().map(|(seq_no, held)| (seq_no, (held.term, held.source, held.pending_confirmation))).collect()
}

#[derive(Clone, Debug)]
enum Change {
    Put(SeqNo, PrimaryTerm, Option<u8>, bool),
    MarkPendingAbove(SeqNo),
    FillAndConfirmAbove(SeqNo, PrimaryTerm),
    Trim(SeqNo, PrimaryTerm),
    CutAbove(SeqNo),
}

fn change() -> impl Strategy<Value = Change> {
    let (place, term) = (|| -1..7i64, || 1..4u64);
    prop_oneof![
        4 => (0..7i64, term(), any::<Option<u8>>(), any::<bool>()).prop_map(|(s, t, v, p)| Change::Put(s, t, v, p)),
        1 => place().prop_map(Change::MarkPendingAbove),
        1 => (place(), term()).prop_map(|(s, t)| Change::FillAndConfirmAbove(s, t)),
        1 => (place(), term()).prop_map(|(s, t)| Change::Trim(s, t)),
        1 => place().prop_map(Change::CutAbove),
    ]
}

fn apply(log: Translog<u8>, change: &Change) -> Translog<u8> {
    match *change {
        Change::Put(seq_no, term, source, pending_confirmation) => {
            let mut log = log;
            log.put(seq_no, Operation { term, source, pending_confirmation });
            log
        }
        Change::MarkPendingAbove(above) => log.mark_pending_above(above),
        Change::FillAndConfirmAbove(above, term) => log.fill_and_confirm_above(above, term),
        Change::Trim(above, term) => log.trimmed(above, term),
        Change::CutAbove(above) => log.cut_above(above),
    }
}

fn apply_to_map(map: &mut Map, change: &Change) {
    match *change {
        Change::Put(seq_no, term, source, pending) => _ = map.insert(seq_no, (term, source, pending)),
        Change::MarkPendingAbove(above) => map.range_mut(above + 1..).for_each(|(_, held)| held.2 = true),
        Change::FillAndConfirmAbove(above, new_term) => {
            let end = highest(map);
            for seq_no in above + 1..=end {
                let (term, source, _) = map.get(&seq_no).copied().unwrap_or((new_term, None, true));
                map.insert(seq_no, (term, source, false));
            }
        }
        Change::Trim(above, min_term) => map.retain(|seq_no, held| *seq_no <= above || held.0 >= min_term),
        Change::CutAbove(above) => map.retain(|seq_no, _| *seq_no <= above),
    }
}

fn highest(map: &Map) -> SeqNo {
    map.keys().copied().max().unwrap_or(-1)
}

fn confirmed(map: &Map) -> SeqNo {
    let mut end = -1;
    while map.get(&(end + 1)).is_some_and(|held| !held.2) {
        end += 1;
    }
    end
}

/// A request of some primary, or the trim that ends a resync.
#[derive(Clone, Debug)]
enum Request {
    Replicate(ReplicationRequest<u8>),
    Trim(TrimRequest),
}

fn request() -> impl Strategy<Value = Request> {
    let fields = (1..4u64, 0..6i64, 0..3u64, any::<Option<u8>>(), -1..6i64, any::<bool>());
    fields.prop_map(|(primary_term, seq_no, older, source, global_checkpoint, trim)| {
        let stored_term = primary_term.saturating_sub(older).max(1);
        if trim {
            Request::Trim(TrimRequest { primary_term, above: seq_no, global_checkpoint })
        } else {
            Request::Replicate(ReplicationRequest { primary_term, seq_no, stored_term, source, global_checkpoint })
        }
    })
}

proptest! {
    #[test]
    fn a_translog_is_a_map(changes in proptest::collection::vec(change(), 0..25)) {
        let (mut log, mut map) = (Translog::default(), Map::new());
        for change in &changes {
            log = apply(log, change);
            apply_to_map(&mut map, change);
            prop_assert_eq!(as_map(&log), map.clone(), "{:?}", change);
            prop_assert_eq!(log.max_seq_no(), highest(&map));
            prop_assert_eq!(log.max_confirmed_seq_no(), confirmed(&map));
            let again: Translog<u8> = log.iter().map(|(seq_no, held)| (seq_no, *held)).collect();
            prop_assert_eq!(&again, &log, "equal contents are equal logs");
        }
    }

    #[test]
    fn a_replica_is_a_map(requests in proptest::collection::vec(request(), 0..25)) {
        let replica = NodeId(0);
        let routing = RoutingTable::default().with_role(replica, Role::Replica).with_role(NodeId(1), Role::Primary);
        let mut copy = ShardCopy::<u8>::empty(ShardClusterState { routing, primary_term: 1 }, 2);
        let (mut map, mut term, mut global_checkpoint) = (Map::new(), 1, NO_OPS_PERFORMED);
        for request in &requests {
            let (its_term, its_checkpoint) = match request {
                Request::Replicate(r) => (r.primary_term, r.global_checkpoint),
                Request::Trim(r) => (r.primary_term, r.global_checkpoint),
            };
            let outcome = match request {
                Request::Replicate(r) => copy.handle_replication_request(&Sound, r),
                Request::Trim(r) => copy.handle_trim_request(&Sound, r).map(|copy| (copy, NO_OPS_PERFORMED)),
            };
            if its_term < term {
                let refusal = match request {
                    Request::Replicate(_) => Rejection::ReplicationTermTooOld,
                    Request::Trim(_) => Rejection::TrimTermTooOld,
                };
                prop_assert_eq!(outcome.unwrap_err(), refusal);
                continue;
            }
            global_checkpoint = global_checkpoint.max(its_checkpoint);
            if its_term > term {
                map.range_mut(global_checkpoint + 1..).for_each(|(_, held)| held.2 = true);
            }
            term = its_term;
            match request {
                Request::Replicate(r) => _ = map.insert(r.seq_no, (r.stored_term, r.source, false)),
                Request::Trim(r) => map.retain(|seq_no, held| *seq_no <= r.above || held.0 >= r.primary_term),
            }
            let (next, local_checkpoint) = outcome.unwrap();
            copy = next;
            prop_assert_eq!(as_map(&copy.translog), map.clone());
            prop_assert_eq!((copy.primary_term, copy.global_checkpoint), (term, global_checkpoint));
            if let Request::Replicate(_) = request {
                prop_assert_eq!(local_checkpoint, confirmed(&map));
            }
        }
    }
}
