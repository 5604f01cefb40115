//! What goes wrong around a run: no run ends without a verdict, none that was
//! cut short says `holds`, and one that was written to disk goes on as if it had
//! never stopped, or not at all.

mod common;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use common::Grid;
use quorate_checker::{Checkpointing, Control, Options, Outcome, Stop, Verdict, Width, check};
use quorate_model::Specification;
use quorate_model::coordination::{Mutant, Rejection, RuleSet, Sound};
use quorate_model::property::Property;
use quorate_model::zen_with_terms::{ZenBounds, ZenWithTerms};
use stateright::Model;

fn zen<R: RuleSet>(rules: R, max_messages: u64) -> ZenWithTerms<R> {
    let bounds = ZenBounds { nodes: 2, max_term: 2, max_version: 2, max_initial_version: 0, values: 1, max_messages };
    ZenWithTerms::new(rules, bounds).unwrap()
}

/// Written to `dir` after every level.
fn written(dir: &Path, options: &Options) -> Options {
    Options { checkpoint: Some(Checkpointing { dir: dir.to_owned(), every: Duration::ZERO }), ..options.clone() }
}

fn resumed(dir: &Path, options: &Options) -> Options {
    Options { resume: Some(dir.to_owned()), ..options.clone() }
}

/// Interrupts a run of `model` once it is at level `depth`, or soon after.
fn interrupted<M: Specification + Clone + 'static>(model: &M, options: &Options, depth: u64) -> Outcome<M> {
    let control = Control::new();
    let switch = control.clone();
    let control = control.listen(Duration::from_millis(1), move |progress| {
        if progress.depth >= depth {
            switch.interrupt();
        }
    });
    check(model, options, &control)
}

type Said = (u64, u64, u64, Verdict, Vec<(String, Option<usize>)>, Vec<(&'static str, u64)>, Vec<(&'static str, u64)>, u64, u64);

fn said<M: Specification>(outcome: &Outcome<M>) -> Said {
    (
        outcome.distinct_states,
        outcome.generated_states,
        outcome.depth,
        outcome.verdict,
        outcome.violations().map(|property| (property.name.clone(), property.trace_length())).collect(),
        outcome.coverage.actions.clone(),
        outcome.coverage.guards.clone(),
        outcome.cut.states,
        outcome.cut.transitions,
    )
}

fn goes_on_as_if_nothing_had_happened<M: Specification + Clone + 'static>(model: &M, options: &Options) {
    let whole = check(model, options, &Control::new());
    let dir = tempfile::tempdir().unwrap();
    let first = interrupted(model, &written(dir.path(), options), 8);
    assert_eq!((first.verdict, first.stop.clone()), (Verdict::Inconclusive, Some(Stop::Interrupted)));
    assert!(first.distinct_states < whole.distinct_states && first.depth < whole.depth, "there is something left to do");
    for threads in [1, 2] {
        let options = resumed(dir.path(), &Options { threads, ..options.clone() });
        assert_eq!(said(&check(model, &options, &Control::new())), said(&whole), "{options:?}");
    }
}

#[test]
fn a_run_that_was_stopped_goes_on_from_its_checkpoint_with_the_same_counts() {
    let options = Options::default().threads(2);
    goes_on_as_if_nothing_had_happened(&zen(Sound, 12), &options);
    let on_disk = Options { frontier_limit: 0, width: Width::Wide, seed: 3, ..options.clone() };
    goes_on_as_if_nothing_had_happened(&zen(Sound, 12), &on_disk);
    // What was found before the stop is not lost, and its trace can be made.
    let mutant = zen(Mutant::waiving(&[Rejection::JoinAcceptedVersionHigher]), 11);
    goes_on_as_if_nothing_had_happened(&mutant, &options.clone().keep_going());
}

/// A square of states as large as wanted, with one property: nothing special about it.
#[derive(Clone)]
struct Square(u32);

impl Model for Square {
    type State = (u32, u32);
    type Action = bool;

    fn init_states(&self) -> Vec<(u32, u32)> {
        vec![(0, 0)]
    }

    fn actions(&self, _: &(u32, u32), actions: &mut Vec<bool>) {
        actions.extend([false, true]);
    }

    fn next_state(&self, &(first, second): &(u32, u32), action: bool) -> Option<(u32, u32)> {
        let next = if action { (first + 1, second) } else { (first, second + 1) };
        (next.0 < self.0 && next.1 < self.0).then_some(next)
    }

    fn properties(&self) -> Vec<stateright::Property<Self>> {
        vec![stateright::Property::always("low", |square: &Square, state: &(u32, u32)| state.0 < square.0)]
    }
}

impl Specification for Square {
    fn name(&self) -> String {
        String::from("square")
    }
}

#[test]
fn a_model_without_an_explorer_of_its_own_goes_on_too() {
    goes_on_as_if_nothing_had_happened(&Square(900), &Options::default().threads(2));
}

/// The one checkpoint in `dir`.
fn checkpoint_in(dir: &Path) -> PathBuf {
    let files: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.into_iter().next().unwrap()
}

/// Nothing is known, and the reason says why.
fn refuses<M: Specification + Clone + 'static>(model: &M, options: &Options, words: &str) {
    let outcome = check(model, options, &Control::new());
    assert_eq!((outcome.verdict, outcome.distinct_states), (Verdict::Inconclusive, 0));
    let Some(Stop::Checkpoint(why)) = &outcome.stop else { panic!("{:?}", outcome.stop) };
    assert!(why.contains(words), "{why}");
    assert!(outcome.properties.iter().all(|property| property.verdict == Verdict::Inconclusive));
}

#[test]
fn a_damaged_checkpoint_is_an_error_wherever_the_damage_is() {
    let dir = tempfile::tempdir().unwrap();
    let (model, options) = (Square(30), Options::default().threads(1));
    assert_eq!(check(&model, &written(dir.path(), &options), &Control::new()).verdict, Verdict::Holds);
    let file = checkpoint_in(dir.path());
    let whole = std::fs::read(&file).unwrap();
    let resumed = resumed(dir.path(), &options);
    assert_eq!(check(&model, &resumed, &Control::new()).distinct_states, 900);
    for place in (0..whole.len()).step_by(whole.len() / 60) {
        let mut damaged = whole.clone();
        damaged[place] ^= 1 << (place % 8);
        std::fs::write(&file, damaged).unwrap();
        refuses(&model, &resumed, "is damaged or no checkpoint");
    }
    for length in [0, 1, 31, 32, 40, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&file, &whole[..length]).unwrap();
        refuses(&model, &resumed, "is damaged or no checkpoint");
    }
    // Whoever makes a digest can make a file with it; what it says must still make sense.
    for length in [0, 7, 8, 100, whole.len() / 2] {
        let mut forged = whole[..length].to_vec();
        let digest = blake3::hash(&forged);
        forged.extend(digest.as_bytes());
        std::fs::write(&file, forged).unwrap();
        refuses(&model, &resumed, "square");
    }
    std::fs::remove_file(&file).unwrap();
    refuses(&model, &resumed, "cannot read");
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::default().threads(1);
    assert_eq!(check(&zen(Sound, 4), &written(dir.path(), &options), &Control::new()).verdict, Verdict::Holds);
    let options = resumed(dir.path(), &options);
    let same = check(&zen(Sound, 4), &options, &Control::new());
    assert_eq!(same.verdict, Verdict::Holds);
    refuses(&zen(Sound, 4), &Options { seed: 1, ..options.clone() }, "its seed is 0, not 1");
    refuses(&zen(Sound, 4), &Options { symmetry: true, ..options.clone() }, "its symmetry is false, not true");
    refuses(&zen(Sound, 4), &Options { width: Width::Wide, ..options.clone() }, "its fingerprint bits is 74, not 128");
    refuses(&zen(Sound, 4), &options.clone().keep_going(), "its keep going is false, not true");
    // Bounds and rules are in the name of the file; a file that was renamed is found out.
    let file = checkpoint_in(dir.path());
    refuses(&zen(Sound, 5), &options, "cannot read");
    std::fs::copy(&file, dir.path().join("zen-with-terms-2-2-2-0-1-5.checkpoint")).unwrap();
    refuses(&zen(Sound, 5), &options, "its bounds is [[\"nodes\",2]");
    let mutant = Options { rules: String::from("CM02"), ..options };
    std::fs::copy(&file, dir.path().join("zen-with-terms-2-2-2-0-1-4-CM02.checkpoint")).unwrap();
    refuses(&zen(Sound, 4), &mutant, "its rules is \"\", not \"CM02\"");
}

#[test]
fn a_checkpoint_that_cannot_be_written_stops_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a file");
    std::fs::write(&file, "in the way").unwrap();
    let outcome = check(&Square(30), &written(&file, &Options::default()), &Control::new());
    assert_eq!(outcome.verdict, Verdict::Inconclusive);
    let Some(Stop::Checkpoint(why)) = outcome.stop else { panic!("{:?}", outcome.stop) };
    assert!(why.starts_with("cannot write ") && why.contains("a file"), "{why}");
}

#[test]
fn a_run_stops_at_a_memory_limit_that_it_reaches_on_the_way() {
    let before = check(&Square(2), &Options::default(), &Control::new()).peak_memory_bytes;
    let limit = before + (40 << 20);
    let options = Options { memory_limit: Some(limit), ..Options::default() };
    let outcome = check(&Square(1 << 30), &options, &Control::new());
    assert_eq!((outcome.verdict, outcome.stop.clone()), (Verdict::Inconclusive, Some(Stop::MemoryLimit { limit })));
    assert!(outcome.distinct_states > 100_000, "{}", outcome.distinct_states);
    assert_eq!(outcome.property("low").unwrap().verdict, Verdict::Inconclusive);
    // Other tests of this process take memory too, so only the order of magnitude says something.
    assert!(outcome.peak_memory_bytes < limit + (512 << 20), "{}", outcome.peak_memory_bytes);
}

/// A run in which something panics on one thread while others go on.
#[test]
fn a_panic_among_many_states_is_found_at_its_depth_on_any_number_of_threads() {
    for threads in [1, 2, 4] {
        let grid = Grid { handler_panics: Some((4, 4)), property_panics: Some((3, 4)), ..Grid::default() };
        let outcome = check(&grid, &Options::default().threads(threads), &Control::new());
        let panic = outcome.property("NoPanic").unwrap();
        assert_eq!((outcome.verdict, panic.trace_length()), (Verdict::Violated, Some(8)));
        assert!(panic.reason.as_ref().unwrap().contains("the property Sum panicked"), "{:?}", panic.reason);
    }
}

/// Panics once, and does as it should when it is asked again.
static PANICKED: AtomicBool = AtomicBool::new(false);

#[derive(Clone)]
struct Moody;

impl Model for Moody {
    type State = u8;
    type Action = u8;

    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }

    fn actions(&self, state: &u8, actions: &mut Vec<u8>) {
        assert!(*state != 3 || PANICKED.swap(true, Relaxed), "not today");
        actions.push((state + 1) % 9);
    }

    fn next_state(&self, _: &u8, action: u8) -> Option<u8> {
        Some(action)
    }
}

impl Specification for Moody {
    fn claims(&self) -> Vec<Property<Self>> {
        vec![Property::invariant("small", "test", "below nine", |_: &Moody, state| {
            if *state < 9 { Ok(()) } else { Err(String::from("not below nine")) }
        })]
    }
}

#[test]
fn a_panic_that_does_not_come_again_is_a_violation_all_the_same() {
    let outcome = check(&Moody, &Options::default().threads(1), &Control::new());
    assert_eq!(outcome.verdict, Verdict::Violated);
    let panic = outcome.property("NoPanic").unwrap();
    assert!(panic.reason.as_ref().unwrap().contains("not today"), "{:?}", panic.reason);
    assert_eq!(panic.trace_length(), Some(4));
}
