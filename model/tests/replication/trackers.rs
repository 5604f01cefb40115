//! The trackers against dumb twins on random histories.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quorate_model::replication::tracker::{AssignedCopy, InSyncOutcome};
use quorate_model::replication::{
    AllocationId, LocalCheckpointTracker, Mutant, Rejection, ReplicationTracker, RuleSet, SeqNo, Sound,
};

proptest! {
    #[test]
    fn a_local_checkpoint_is_what_counting_finds(
        start in -1..3i64,
        beyond in 0..3i64,
        marks in proptest::collection::vec((any::<bool>(), 0..12i64), 0..30),
    ) {
        let mut tracker = LocalCheckpointTracker::new(start + beyond, start);
        let (mut processed, mut persisted): (BTreeSet<SeqNo>, BTreeSet<SeqNo>) = ((0..=start).collect(), (0..=start).collect());
        let mut highest = start + beyond;
        let count = |set: &BTreeSet<SeqNo>| (0..).take_while(|seq_no| set.contains(seq_no)).last().unwrap_or(-1);
        for (on_disk, seq_no) in marks {
            if on_disk {
                tracker.mark_as_persisted(seq_no);
                persisted.insert(seq_no);
            } else {
                tracker.mark_as_processed(seq_no);
                processed.insert(seq_no);
            }
            highest = highest.max(seq_no);
            prop_assert_eq!(tracker.processed_checkpoint(), count(&processed));
            prop_assert_eq!(tracker.persisted_checkpoint(), count(&persisted));
            prop_assert_eq!(tracker.max_seq_no(), highest);
            prop_assert!((0..15).all(|seq_no| tracker.has_processed(seq_no) == processed.contains(&seq_no)));
            let gaps: Vec<SeqNo> = (0..=highest).filter(|seq_no| !processed.contains(seq_no)).collect();
            prop_assert_eq!(tracker.gaps().collect::<Vec<_>>(), gaps);
        }
        prop_assert_eq!(tracker.generate_seq_no(), highest + 1);
        prop_assert_eq!(tracker.generate_seq_no(), highest + 2);
    }
}

const ME: AllocationId = AllocationId(0);

fn copy(id: u32, primary: bool, initializing: bool) -> AssignedCopy {
    AssignedCopy { allocation_id: AllocationId(id), relocation_target: None, primary, initializing }
}

/// What happens around a primary. Numbers name copies.
#[derive(Clone, Debug)]
enum Event {
    /// A copy stores this many more operations, up to what the primary has.
    Stores(u32, SeqNo),
    /// A copy tells the primary how far it is.
    Reports(u32),
    /// The master assigns a new copy.
    Allocates(u32),
    /// The master hears that a copy has recovered, if the primary thinks so too.
    Starts(u32),
    /// The master drops a copy.
    Drops(u32),
    /// A copy's node leaves; it stays in the in-sync set.
    Leaves(u32),
    /// Recovery begins to send operations to a copy.
    Tracks(u32),
    /// Recovery of a copy ends.
    MarksInSync(u32),
    /// Recovery of a copy is given up while it waits.
    Cancels(u32),
}

fn event() -> impl Strategy<Value = Event> {
    let id = || 0..5u32;
    prop_oneof![
        4 => (id(), 1..4i64).prop_map(|(id, more)| Event::Stores(id, more)),
        4 => id().prop_map(Event::Reports),
        2 => (1..5u32).prop_map(Event::Allocates),
        1 => (1..5u32).prop_map(Event::Starts),
        1 => (1..5u32).prop_map(Event::Drops),
        1 => (1..5u32).prop_map(Event::Leaves),
        2 => id().prop_map(Event::Tracks),
        2 => id().prop_map(Event::MarksInSync),
        1 => id().prop_map(Event::Cancels),
    ]
}

/// The dumb twin: plain maps, and a global checkpoint computed anew every time.
#[derive(Clone, Debug, Default)]
struct Twin {
    /// What each copy really has.
    stored: BTreeMap<u32, SeqNo>,
    /// The master's view: assigned copies (still recovering?), and the in-sync set.
    assigned: BTreeMap<u32, bool>,
    master_in_sync: BTreeSet<u32>,
    /// The primary's view.
    reported: BTreeMap<u32, SeqNo>,
    known: BTreeSet<u32>,
    tracked: BTreeSet<u32>,
    in_sync: BTreeSet<u32>,
    waiting: BTreeSet<u32>,
    global_checkpoint: SeqNo,
    version: u64,
}

impl Twin {
    fn new() -> Self {
        let ids = [0, 1, 2];
        Twin {
            stored: [(0, 2), (1, 1), (2, 3)].into(),
            assigned: ids.map(|id| (id, false)).into(),
            master_in_sync: ids.into(),
            reported: [(0, 2)].into(),
            known: ids.into(),
            tracked: ids.into(),
            in_sync: ids.into(),
            waiting: BTreeSet::new(),
            global_checkpoint: 1,
            version: 1,
        }
    }

    fn routing(&self) -> Vec<AssignedCopy> {
        self.assigned.iter().map(|(id, initializing)| copy(*id, *id == 0, *initializing)).collect()
    }

    fn settle(&mut self) {
        let all = self.in_sync.iter().map(|id| self.reported.get(id).copied()).collect::<Option<Vec<SeqNo>>>();
        if let (true, Some(all)) = (self.waiting.is_empty(), all) {
            self.global_checkpoint = all.into_iter().min().unwrap();
        }
    }

    /// A new cluster state reaches the primary.
    fn published(&mut self) {
        self.version += 1;
        let recovering = self.assigned.iter().filter(|(_, initializing)| **initializing).map(|(id, _)| *id);
        let named: BTreeSet<u32> = self.master_in_sync.iter().copied().chain(recovering).collect();
        for set in [&mut self.tracked, &mut self.in_sync, &mut self.waiting] {
            set.retain(|id| named.contains(id));
        }
        self.reported.retain(|id, _| named.contains(id));
        self.known = named;
    }
}

/// Runs a history on the tracker and on the twin, and compares them after each event.
fn run(rules: &impl RuleSet, events: &[Event]) -> Result<(), String> {
    let mut twin = Twin::new();
    let mut tracker = ReplicationTracker::new(ME, 1);
    let ids = |set: &BTreeSet<u32>| set.iter().map(|id| AllocationId(*id)).collect::<Vec<_>>();
    tracker.update_from_master(rules, 1, &ids(&twin.master_in_sync), &twin.routing()).map_err(|e| e.to_string())?;
    tracker.activate_primary_mode(rules, 2).map_err(|e| e.to_string())?;
    for event in events {
        let before = (tracker.clone(), twin.global_checkpoint);
        let mut master_spoke = false;
        let mut outcome = Ok(());
        let mut expected = Ok(());
        match *event {
            Event::Stores(id, more) => {
                let primary = twin.stored[&0];
                if let Some(stored) = twin.stored.get_mut(&id) {
                    *stored = if id == 0 { *stored + more } else { (*stored + more).min(primary.max(*stored)) };
                }
            }
            Event::Reports(id) => {
                let stored = twin.stored.get(&id).copied().unwrap_or(0);
                outcome = tracker.update_local_checkpoint(rules, AllocationId(id), stored);
                if twin.known.contains(&id) {
                    let known = twin.reported.entry(id).or_insert(stored);
                    *known = stored.max(*known);
                    if *known >= twin.global_checkpoint && twin.waiting.remove(&id) {
                        twin.in_sync.insert(id);
                    }
                } else {
                    expected = Err(Rejection::UnknownAllocationId);
                }
            }
            Event::Allocates(id) => {
                if !twin.assigned.contains_key(&id) && !twin.master_in_sync.contains(&id) {
                    twin.assigned.insert(id, true);
                    twin.stored.insert(id, -1);
                    master_spoke = true;
                }
            }
            Event::Starts(id) => {
                if twin.assigned.get(&id) == Some(&true) && twin.in_sync.contains(&id) {
                    twin.assigned.insert(id, false);
                    twin.master_in_sync.insert(id);
                    master_spoke = true;
                }
            }
            Event::Drops(id) => {
                twin.assigned.remove(&id);
                twin.master_in_sync.remove(&id);
                master_spoke = true;
            }
            Event::Leaves(id) => {
                twin.assigned.remove(&id);
                master_spoke = true;
            }
            Event::Tracks(id) => {
                outcome = tracker.initiate_tracking(rules, AllocationId(id));
                if twin.known.contains(&id) {
                    twin.tracked.insert(id);
                } else {
                    expected = Err(Rejection::UnknownAllocationId);
                }
            }
            Event::MarksInSync(id) => {
                let stored = twin.stored.get(&id).copied().unwrap_or(0);
                let marked = tracker.mark_as_in_sync(rules, AllocationId(id), stored);
                let behind = stored < twin.global_checkpoint && !twin.in_sync.contains(&id);
                if !twin.known.contains(&id) {
                    expected = Err(Rejection::UnknownAllocationId);
                } else if !twin.tracked.contains(&id) {
                    expected = Err(Rejection::NotTracked);
                } else if twin.waiting.contains(&id) {
                    expected = Err(Rejection::AlreadyPendingInSync);
                } else {
                    let known = twin.reported.entry(id).or_insert(stored);
                    *known = stored.max(*known);
                    if behind {
                        twin.waiting.insert(id)
                    } else {
                        twin.in_sync.insert(id)
                    };
                    let says = marked == Ok(if behind { InSyncOutcome::Pending } else { InSyncOutcome::InSync });
                    if !says {
                        return Err(format!("{event:?} of a copy that is behind: {behind} gives {marked:?}"));
                    }
                }
                outcome = marked.map(|_| ());
            }
            Event::Cancels(id) => {
                tracker.cancel_pending_in_sync(rules, AllocationId(id));
                twin.waiting.remove(&id);
            }
        }
        if master_spoke {
            twin.published();
            outcome = tracker.update_from_master(rules, twin.version, &ids(&twin.master_in_sync), &twin.routing());
        }
        twin.settle();
        compare(event, &before, &tracker, &twin, (outcome, expected))?;
    }
    Ok(())
}

fn compare(
    event: &Event,
    (tracker_before, checkpoint_before): &(ReplicationTracker, SeqNo),
    tracker: &ReplicationTracker,
    twin: &Twin,
    (outcome, expected): (Result<(), Rejection>, Result<(), Rejection>),
) -> Result<(), String> {
    let agree = |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{event:?}: {what}\n{tracker:?}\n{twin:?}")) };
    let numbers = |ids: Vec<AllocationId>| ids.into_iter().map(|id| id.0).collect::<BTreeSet<u32>>();
    agree(outcome == expected, &format!("{outcome:?}, not {expected:?}"))?;
    agree(outcome.is_ok() || tracker == tracker_before, "a refusal changes nothing")?;
    agree(tracker.global_checkpoint() == twin.global_checkpoint, "global checkpoint")?;
    agree(tracker.global_checkpoint() >= *checkpoint_before, "the global checkpoint never falls")?;
    let everywhere = twin.in_sync.iter().all(|id| twin.stored[id] >= tracker.global_checkpoint());
    agree(everywhere, "in-sync copies have what is below the global checkpoint")?;
    let with = |predicate: fn(&quorate_model::replication::tracker::CheckpointState) -> bool| {
        numbers(tracker.checkpoints().filter(|(_, state)| predicate(state)).map(|(id, _)| id).collect())
    };
    agree(with(|_| true) == twin.known, "known copies")?;
    agree(with(|state| state.tracked) == twin.tracked, "tracked copies")?;
    agree(with(|state| state.in_sync) == twin.in_sync, "in-sync copies")?;
    agree(numbers(tracker.pending_in_sync().to_vec()) == twin.waiting, "waiting copies")?;
    let group = tracker.replication_group().ok_or("a primary has a replication group")?;
    let assigned = |id: &&u32| twin.assigned.contains_key(id);
    let targets: BTreeSet<u32> = twin.tracked.iter().filter(assigned).filter(|id| **id != 0).copied().collect();
    let unavailable: BTreeSet<u32> = twin.in_sync.iter().filter(|id| !assigned(id)).copied().collect();
    agree(numbers(group.targets.to_vec()) == targets, "targets")?;
    agree(numbers(group.unavailable_in_sync.to_vec()) == unavailable, "unavailable in-sync copies")?;
    tracker.invariant()
}

proptest! {
    #[test]
    fn a_primary_knows_what_plain_maps_say(events in proptest::collection::vec(event(), 0..40)) {
        run(&Sound, &events).map_err(TestCaseError::fail)?;
    }
}

/// Recovery of a copy that is behind while all others move on.
fn late_copy() -> Vec<Event> {
    use Event::*;
    vec![Reports(1), Stores(1, 1), Reports(1), Reports(2), Allocates(3), Tracks(3), MarksInSync(3), Stores(3, 1), Reports(3)]
}

#[test]
fn a_copy_that_is_behind_must_wait() {
    run(&Sound, &late_copy()).unwrap();
    let waived = run(&Mutant::waiving(&[Rejection::BelowGlobalCheckpoint]), &late_copy());
    assert!(waived.unwrap_err().contains("MarksInSync(3)"), "no_pending_insync");
}

#[test]
fn the_global_checkpoint_stands_still_while_a_copy_waits() {
    use Event::*;
    let mut events = late_copy();
    events.truncate(7);
    events.extend([Stores(0, 2), Stores(1, 3), Stores(2, 3), Reports(0), Reports(1), Reports(2), Stores(3, 3), Reports(3)]);
    run(&Sound, &events).unwrap();
    let waived = run(&Mutant::waiving(&[Rejection::PendingInSyncCopies]), &events);
    assert!(waived.is_err());
}

#[test]
fn every_guard_of_the_tracker_refuses_something() {
    let mut tracker = ReplicationTracker::new(ME, -1);
    let (one, two) = (AllocationId(1), AllocationId(2));
    let rules = &Sound;
    assert_eq!(tracker.update_local_checkpoint(rules, ME, 0), Err(Rejection::TrackerNotPrimary));
    assert_eq!(tracker.activate_primary_mode(rules, 0), Err(Rejection::RoutedElsewhere));
    let relocating = AssignedCopy { relocation_target: Some(two), ..copy(0, true, false) };
    tracker.update_from_master(rules, 1, &[one], &[relocating]).unwrap();
    assert_eq!(tracker.activate_primary_mode(rules, 0), Err(Rejection::SelfNotInSync));
    assert_eq!(tracker.update_from_master(rules, 1, &[ME], &[relocating]), Err(Rejection::ClusterStateNotNewer));
    tracker.update_from_master(rules, 2, &[ME], &[relocating]).unwrap();
    tracker.activate_primary_mode(rules, 4).unwrap();
    assert_eq!(tracker.activate_primary_mode(rules, 4), Err(Rejection::AlreadyInPrimaryMode));
    assert_eq!(tracker.update_from_master(rules, 3, &[ME, one], &[relocating]), Err(Rejection::InSyncOutOfThinAir));
    assert_eq!(tracker.start_relocation_handoff(rules, two), Err(Rejection::HandoffTargetNotInSync));
    assert_eq!(tracker.abort_relocation_handoff(rules), Err(Rejection::NoHandoffInProgress));
    tracker.initiate_tracking(rules, two).unwrap();
    assert_eq!(tracker.mark_as_in_sync(rules, two, 1), Ok(InSyncOutcome::Pending));
    assert_eq!(tracker.start_relocation_handoff(rules, two), Err(Rejection::PendingInSyncCopies));
    tracker.update_local_checkpoint(rules, two, 4).unwrap();
    let context = tracker.start_relocation_handoff(rules, two).unwrap();
    assert_eq!(tracker.update_local_checkpoint(rules, two, 5), Err(Rejection::HandoffInProgress));
    tracker.invariant().unwrap();

    let mut target = ReplicationTracker::new(two, -1);
    assert_eq!(
        ReplicationTracker::new(one, -1).activate_with_primary_context(rules, &context),
        Err(Rejection::ContextWithoutSelf)
    );
    target.update_from_master(rules, 3, &[ME], &[relocating]).unwrap();
    target.activate_with_primary_context(rules, &context).unwrap();
    assert_eq!(target.activate_with_primary_context(rules, &context), Err(Rejection::AlreadyInPrimaryMode));
    assert_eq!(target.global_checkpoint(), 4);
    target.invariant().unwrap();
    tracker.complete_relocation_handoff(rules).unwrap();
    assert!(tracker.relocated() && !tracker.primary_mode() && tracker.replication_group().is_none());
    tracker.invariant().unwrap();
}
