//! Recordings are accepted when they are behaviours of the model, and rejected
//! at the line that is not.
//!
//! The recordings are written by a bench: actors driven by hand, one turn at a
//! time, as the runtime drives them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use quorate_checker::recording::{
    Accepted, CoordinatorJudge, RecordingOf, RecordingRejected, validate, validate_coordinators, validate_folder,
};
use quorate_model::NodeId;
use quorate_model::coordination::mutant::Effect;
use quorate_model::coordination::{Durable, Mutant, Sound};
use quorate_model::coordinator::{
    ClusterChange, ClusterMetadata, Coordinator, CoordinatorMsg, CoordinatorMutant, CoordinatorSettings, CoordinatorState,
    CoordinatorTimer, Driven, KeyValues, Mode, Policy, PutKey,
};
use quorate_traces::recording::{
    Kept, RECORDING_FORMAT, RecordedEvent, RecordedInput, RecordedLine, RecordedMessage, RecordedTurn, RecordingHeader,
    read_recording,
};
use stateright::actor::{Actor, Command, Id, Out};
use tempfile::TempDir;

type Msg = CoordinatorMsg<KeyValues>;
type State = CoordinatorState<KeyValues>;
type Disk = Durable<ClusterMetadata<KeyValues>>;
type Line = RecordedLine<Msg, CoordinatorTimer, State, Disk>;
type Input = RecordedInput<Msg, CoordinatorTimer, Disk>;

/// A message that was sent and may be delivered.
#[derive(Clone)]
struct InFlight {
    source: usize,
    incarnation: u64,
    dest: usize,
    message: u64,
    content: Msg,
}

struct BenchNode {
    incarnation: u64,
    state: Option<State>,
    disk: Option<Disk>,
    lines: Vec<Line>,
    numbers: BTreeMap<u64, u64>,
}

/// Nodes that wait for nothing but votes and acceptances.
fn settings(count: usize) -> CoordinatorSettings {
    let mut settings = CoordinatorSettings { driven: Driven::NONE, ..CoordinatorSettings::of(count) };
    settings.elasticsearch.leader_check_retry_count = 1;
    settings
}

/// Nodes driven by hand, and what they recorded.
struct Bench<R> {
    rules: R,
    settings: CoordinatorSettings,
    nodes: Vec<BenchNode>,
    network: Vec<InFlight>,
    folder: TempDir,
}

impl<R: Policy> Bench<R> {
    fn new(rules: R, count: usize) -> Self {
        let node = || BenchNode { incarnation: 0, state: None, disk: None, lines: Vec::new(), numbers: BTreeMap::new() };
        let mut bench = Bench {
            rules,
            settings: settings(count),
            nodes: (0..count).map(|_| node()).collect(),
            network: Vec::new(),
            folder: tempfile::tempdir().unwrap(),
        };
        (0..count).for_each(|node| bench.start(node));
        bench
    }

    /// Starts a node, after killing it if it runs.
    fn start(&mut self, node: usize) {
        self.write(node);
        let slot = &mut self.nodes[node];
        slot.incarnation += 1;
        slot.state = None;
        slot.lines.clear();
        slot.numbers.clear();
        let storage = slot.disk.as_ref().map(Kept::of);
        self.turn(node, RecordedInput::Start { storage });
    }

    fn elect(&mut self, node: usize) {
        self.turn(node, RecordedInput::Timeout { timer: CoordinatorTimer::Election });
    }

    fn submit(&mut self, node: usize, key: &str, value: &str) {
        let change = ClusterChange::Value(PutKey { key: key.to_owned(), value: value.to_owned() });
        let content = CoordinatorMsg::Submit { request: 1, change };
        self.turn(node, RecordedInput::Deliver { source: 1000, incarnation: 1, message: 1, content });
    }

    /// Delivers what is in flight from one node to another, once.
    fn deliver(&mut self, source: usize, dest: usize) {
        let (now, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.network).into_iter().partition(|one| (one.source, one.dest) == (source, dest));
        self.network = later;
        for InFlight { source, incarnation, message, content, .. } in now {
            self.turn(dest, RecordedInput::Deliver { source: source as u64, incarnation, message, content });
        }
    }

    /// Delivers everything until nothing is in flight.
    fn settle(&mut self) {
        while let Some(one) = self.network.first().cloned() {
            self.deliver(one.source, one.dest);
        }
    }

    fn turn(&mut self, node: usize, input: Input) {
        let actor: Coordinator<KeyValues, R> = Coordinator::new(self.rules.clone(), self.settings.clone());
        let id = Id::from(node);
        let slot = &mut self.nodes[node];
        let mut out = Out::new();
        let before = slot.state.clone();
        let state = match (&input, &before) {
            (RecordedInput::Start { .. }, _) => Some(actor.on_start(id, &slot.disk, &mut out)),
            (input, Some(before)) => {
                let mut state = Cow::Borrowed(before);
                match input {
                    RecordedInput::Deliver { source, content, .. } => {
                        actor.on_msg(id, &mut state, Id::from(*source as usize), content.clone(), &mut out);
                    }
                    RecordedInput::Timeout { timer } => actor.on_timeout(id, &mut state, timer, &mut out),
                    _ => unreachable!(),
                }
                if let Cow::Owned(state) = state { Some(state) } else { None }
            }
            _ => panic!("the node runs"),
        };
        if state.is_some() {
            slot.state = state.clone();
        }
        let (mut sent, mut saved) = (Vec::new(), None);
        for command in out {
            match command {
                Command::Send(dest, content) => {
                    let dest = usize::from(dest);
                    let number = slot.numbers.entry(dest as u64).or_insert(0);
                    *number += 1;
                    let message = *number;
                    sent.push(RecordedMessage { dest: dest as u64, message, content: content.clone() });
                    if dest < self.settings.nodes.len() {
                        let incarnation = slot.incarnation;
                        self.network.push(InFlight { source: node, incarnation, dest, message, content });
                    }
                }
                Command::Save(storage) => saved = Some(storage),
                _ => {}
            }
        }
        let seq = slot.lines.len() as u64 + 1;
        let event = RecordedEvent::Turn(RecordedTurn {
            input,
            sent,
            saved: saved.as_ref().map(Kept::of),
            state: state.as_ref().map(Kept::of),
        });
        slot.lines.push(RecordedLine { seq, event });
        if let Some(saved) = saved {
            slot.disk = Some(saved);
            slot.lines.push(RecordedLine { seq: seq + 1, event: RecordedEvent::Synced { turn: seq } });
        }
    }

    fn path(&self, node: usize, incarnation: u64) -> PathBuf {
        self.folder.path().join(format!("n{}-{incarnation}.jsonl", node + 1))
    }

    fn write(&self, node: usize) {
        let slot = &self.nodes[node];
        if slot.incarnation == 0 {
            return;
        }
        let header = RecordingHeader {
            recording: RECORDING_FORMAT,
            cluster: String::from("bench"),
            node: NodeId::from_index(node),
            incarnation: slot.incarnation,
            actor: String::from("Coordinator"),
            settings: serde_json::to_value(&self.settings).unwrap(),
        };
        let mut text = serde_json::to_string(&header).unwrap() + "\n";
        for line in &slot.lines {
            text += &(serde_json::to_string(line).unwrap() + "\n");
        }
        fs::write(self.path(node, slot.incarnation), text).unwrap();
    }

    fn finish(&self) -> &Path {
        (0..self.nodes.len()).for_each(|node| self.write(node));
        self.folder.path()
    }

    fn mode(&self, node: usize) -> Mode {
        self.nodes[node].state.as_ref().unwrap().mode
    }

    fn line_count(&self, node: usize) -> usize {
        self.nodes[node].lines.len() + 1
    }
}

/// Three nodes: n1 leads, publishes, is killed; n2 leads and publishes; n1 comes back.
fn sound_run() -> Bench<Sound> {
    let mut bench = Bench::new(Sound, 3);
    bench.elect(0);
    bench.settle();
    assert_eq!(bench.mode(0), Mode::Leader);
    bench.submit(0, "colour", "blue");
    bench.settle();
    bench.turn(1, RecordedInput::Timeout { timer: CoordinatorTimer::LeaderCheckTimeout });
    bench.elect(1);
    bench.deliver(1, 2);
    bench.deliver(2, 1);
    assert_eq!(bench.mode(1), Mode::Leader);
    bench.network.retain(|one| one.dest != 0);
    bench.settle();
    bench.submit(1, "colour", "red");
    bench.network.retain(|one| one.dest != 0);
    bench.settle();
    bench.start(0);
    bench.submit(1, "size", "large");
    bench.settle();
    let applied = bench.nodes[0].state.as_ref().unwrap().applied.clone().unwrap();
    assert_eq!(applied.metadata.value.get("colour").unwrap(), "red");
    bench
}

/// The line at which the recordings in `folder` are rejected, and why.
fn rejection(folder: &Path) -> (String, usize, String) {
    match validate_folder(folder) {
        Err(RecordingRejected::Line { path, line, why }) => (path.file_name().unwrap().to_string_lossy().into_owned(), line, why),
        other => panic!("{other:?}"),
    }
}

/// Rewrites one line of a file.
fn edit(path: &Path, number: usize, change: impl FnOnce(&str) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let changed = change(&lines[number - 1]);
    assert_ne!(changed, lines[number - 1], "the edit changes the line");
    lines[number - 1] = changed;
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

/// The first line of a file that contains `text`.
fn line_with(path: &Path, text: &str) -> usize {
    let content = fs::read_to_string(path).unwrap();
    content.lines().position(|line| line.contains(text)).unwrap_or_else(|| panic!("{text} in {}", path.display())) + 1
}

#[test]
fn a_sound_run_is_accepted() {
    let bench = sound_run();
    let accepted = validate_folder(bench.finish()).unwrap();
    assert_eq!((accepted.recordings, accepted.restarts, accepted.torn.len()), (4, 1, 0));
    assert!(accepted.deliveries > 20, "{accepted:?}");
}

#[test]
fn a_torn_last_line_is_accepted_and_reported() {
    let bench = sound_run();
    let folder = bench.finish();
    let path = bench.path(0, 1);
    fs::write(&path, fs::read_to_string(&path).unwrap() + r#"{"seq":99,"event":{"tur"#).unwrap();
    assert_eq!(validate_folder(folder).unwrap().torn, [path]);
}

#[test]
fn a_forged_message_is_rejected_where_it_arrives() {
    let bench = sound_run();
    let folder = bench.finish();
    let path = bench.path(2, 1);
    let line = line_with(&path, r#""deliver":{"source":0"#);
    // It was sent as something else.
    edit(&path, line, |text| text.replacen(r#""term":1}"#, r#""term":2}"#, 1));
    let (file, at, why) = rejection(folder);
    assert_eq!((file.as_str(), at), ("n3-1.jsonl", line));
    assert!(
        why.contains("was sent as StartJoin { candidate: n1, term: 1 }, not as StartJoin { candidate: n1, term: 2 }"),
        "{why}"
    );

    // It was never sent.
    edit(&path, line, |text| text.replacen(r#""message":1,"#, r#""message":777,"#, 1));
    let (file, at, why) = rejection(folder);
    assert_eq!((file.as_str(), at), ("n3-1.jsonl", line));
    assert!(why.contains("message 777 from n1 (incarnation 1) to n3 arrives, and was never sent"), "{why}");
}

#[test]
fn a_message_delivered_twice_is_rejected() {
    let mut bench = Bench::new(Sound, 3);
    bench.elect(0);
    let again = bench.network[0].clone();
    let dest = again.dest;
    bench.settle();
    bench.network.push(again);
    let expected = bench.line_count(dest) + 1;
    bench.settle();
    let (file, at, why) = rejection(bench.finish());
    assert_eq!((file, at), (format!("n{}-1.jsonl", dest + 1), expected));
    assert!(why.contains("was delivered before"), "{why}");
}

#[test]
fn a_lost_durable_write_is_rejected_at_the_restart() {
    let mut bench = Bench::new(Sound, 3);
    bench.elect(0);
    let before_publication = bench.nodes[1].disk.clone();
    bench.settle();
    bench.nodes[1].disk = before_publication;
    bench.start(1);
    let (file, at, why) = rejection(bench.finish());
    assert_eq!((file.as_str(), at), ("n2-2.jsonl", 2));
    assert!(why.contains("n2 starts with"), "{why}");
}

#[test]
fn a_disk_lost_altogether_is_rejected_at_the_restart() {
    let mut bench = Bench::new(Sound, 3);
    bench.elect(0);
    bench.settle();
    bench.nodes[2].disk = None;
    bench.start(2);
    let (file, at, why) = rejection(bench.finish());
    assert_eq!((file.as_str(), at), ("n3-2.jsonl", 2));
    assert!(why.contains("starts with None"), "{why}");
}

#[test]
fn a_message_that_leaves_before_the_sync_is_rejected_where_it_arrives() {
    let bench = sound_run();
    let folder = bench.finish();
    let path = bench.path(1, 1);
    let sent = line_with(&path, r#""Join":{"#);
    // The sync of the vote is never recorded: renumber what follows.
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    assert!(lines[sent].contains("synced"), "{}", lines[sent]);
    lines.truncate(sent);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let (file, at, why) = rejection(folder);
    assert_eq!(file, "n1-1.jsonl");
    assert_eq!(at, line_with(&bench.path(0, 1), r#""source":1,"incarnation":1,"message":1"#));
    assert!(why.contains("was not free to leave"), "{why}");
}

#[test]
fn a_save_in_flight_at_a_kill_may_or_may_not_be_there() {
    let run = |kept: bool| {
        let mut bench = Bench::new(Sound, 3);
        let blank = bench.nodes[1].disk.clone();
        bench.elect(0);
        bench.deliver(0, 1);
        // Killed before `synced` was written: its vote never left.
        assert!(matches!(bench.nodes[1].lines.pop().unwrap().event, RecordedEvent::Synced { .. }));
        bench.network.retain(|one| one.source != 1);
        if !kept {
            bench.nodes[1].disk = blank;
        }
        bench.start(1);
        bench.finish();
        validate_folder(bench.folder.path()).map(|accepted| accepted.restarts)
    };
    assert_eq!(run(true).unwrap(), 1);
    assert_eq!(run(false).unwrap(), 1);
}

/// A leader that is a quorum alone commits in the turn in which it publishes.
/// Killed before that turn is saved, it has committed nothing.
#[test]
fn what_a_lone_leader_commits_and_does_not_save_has_not_happened() {
    let run = |kept: bool| {
        let mut bench = Bench::new(Sound, 1);
        bench.elect(0);
        bench.submit(0, "colour", "blue");
        let before = bench.nodes[0].disk.clone();
        bench.submit(0, "colour", "red");
        let applied = |bench: &Bench<Sound>| bench.nodes[0].state.as_ref().unwrap().applied.clone().unwrap();
        assert_eq!(applied(&bench).metadata.value.get("colour").unwrap(), "red");
        assert!(matches!(bench.nodes[0].lines.pop().unwrap().event, RecordedEvent::Synced { .. }));
        let undone = applied(&bench).id;
        if !kept {
            bench.nodes[0].disk = before;
        }
        bench.start(0);
        bench.elect(0);
        let again = bench.nodes[0].state.as_ref().unwrap().applied.as_ref().unwrap().id;
        assert_eq!(again.version == undone.version, !kept, "the version is given again if nobody knows of it");
        bench.submit(0, "colour", "green");
        bench.finish();
        validate_folder(bench.folder.path()).map(|accepted| accepted.restarts)
    };
    assert_eq!(run(true).unwrap(), 1);
    assert_eq!(run(false).unwrap(), 1);
}

/// What the last turn of a killed node would have done is judged all the same.
#[test]
fn a_turn_that_was_not_saved_is_judged_at_the_end() {
    let mut bench = Bench::new(CoordinatorMutant::on(Mutant::with_effect(Effect::CommitOnFirstAcceptance)), 3);
    bench.elect(0);
    bench.deliver(0, 1);
    let line = bench.line_count(0) + 1;
    bench.deliver(1, 0);
    assert!(matches!(bench.nodes[0].lines.pop().unwrap().event, RecordedEvent::Synced { .. }));
    match judged_by_properties(&bench) {
        Err(RecordingRejected::Line { path, line: at, why }) => {
            assert_eq!((path.file_name().unwrap().to_str().unwrap(), at), ("n1-1.jsonl", line));
            assert!(why.starts_with("CommitHasQuorum"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_state_that_the_actor_would_not_have_is_rejected() {
    let bench = sound_run();
    let folder = bench.finish();
    let path = bench.path(0, 1);
    let line = line_with(&path, r#""mode":"Leader""#);
    edit(&path, line, |text| text.replacen(r#""mode":"Leader""#, r#""mode":"Candidate""#, 1));
    let (file, at, why) = rejection(folder);
    assert_eq!((file.as_str(), at), ("n1-1.jsonl", line));
    assert!(why.contains("the actor knows"), "{why}");
}

#[test]
fn a_timer_that_was_not_set_is_rejected() {
    let mut bench = Bench::new(Sound, 3);
    bench.turn(0, RecordedInput::Timeout { timer: CoordinatorTimer::LeaderCheck });
    let (file, at, why) = rejection(bench.finish());
    assert_eq!((file.as_str(), at), ("n1-1.jsonl", 4));
    assert!(why.contains("LeaderCheck fires and was not set"), "{why}");
}

#[test]
fn recordings_that_do_not_belong_together_are_rejected() {
    let bench = sound_run();
    let folder = bench.finish();
    edit(&bench.path(1, 1), 1, |text| text.replace("bench", "other"));
    assert_eq!(rejection(folder).1, 1);
    assert!(matches!(validate_coordinators(&[]), Err(RecordingRejected::Nothing(_))));
}

/// A mutant commits as soon as its leader has accepted.
fn mutant_run() -> (Bench<CoordinatorMutant>, usize) {
    let mut bench = Bench::new(CoordinatorMutant::on(Mutant::with_effect(Effect::CommitOnFirstAcceptance)), 3);
    bench.elect(0);
    bench.deliver(0, 1);
    // The vote of n2 makes n1 leader, and the mutant commits in the same turn.
    let line = bench.line_count(0) + 1;
    bench.deliver(1, 0);
    assert!(bench.nodes[0].state.as_ref().unwrap().applied.is_some());
    bench.settle();
    (bench, line)
}

#[test]
fn a_mutant_is_rejected_where_it_does_what_the_actor_would_not() {
    let (bench, line) = mutant_run();
    let (file, at, why) = rejection(bench.finish());
    assert_eq!((file.as_str(), at), ("n1-1.jsonl", line));
    assert!(why.contains("the actor saves") || why.contains("the actor sends"), "{why}");
}

/// Judges the run of a mutant with the same mutant as the actor, so that only
/// the properties can object.
fn judged_by_properties(bench: &Bench<CoordinatorMutant>) -> Result<Accepted, RecordingRejected> {
    let folder = bench.finish();
    let paths = quorate_traces::recording::find_recordings(folder).unwrap();
    let recordings: Vec<RecordingOf<Coordinator<KeyValues, CoordinatorMutant>>> =
        paths.iter().map(|path| read_recording(path).unwrap()).collect();
    let actor_of = |_: &RecordingHeader| Ok(Coordinator::new(bench.rules, bench.settings.clone()));
    validate(recordings, actor_of, &mut CoordinatorJudge::new(Coordinator::new(bench.rules, bench.settings.clone())))
}

#[test]
fn the_properties_alone_reject_a_mutant_too() {
    let (bench, line) = mutant_run();
    match judged_by_properties(&bench) {
        Err(RecordingRejected::Line { path, line: at, why }) => {
            assert_eq!((path.file_name().unwrap().to_str().unwrap(), at), ("n1-1.jsonl", line));
            assert!(why.starts_with("CommitHasQuorum"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_second_vote_in_a_term_is_rejected_where_it_is_cast() {
    let mut bench = Bench::new(CoordinatorMutant::on(Mutant::with_effect(Effect::VotesTwicePerTerm)), 3);
    bench.elect(0);
    bench.deliver(0, 1);
    bench.elect(2);
    let line = bench.line_count(1) + 1;
    bench.deliver(2, 1);
    match judged_by_properties(&bench) {
        Err(RecordingRejected::Line { path, line: at, why }) => {
            assert_eq!((path.file_name().unwrap().to_str().unwrap(), at), ("n2-1.jsonl", line));
            assert!(why.starts_with("RefinesTheRules"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}
