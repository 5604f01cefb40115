//! A recorded run of a cluster as a trace.
//!
//! Each line of a recording becomes a step in its node's lane. Between files the
//! order is that of messages: a delivery comes after the sending; what is
//! independent is taken in turns. Nothing is judged here and no model is needed;
//! whether the run is a behaviour of the model is for the checker to say.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use quorate_model::NodeId;
use quorate_model::specification::{MessageView, StepView};
use serde_json::Value as Json;

use crate::recording::{
    Kept, RecordedEvent, RecordedInput, RecordedTurn, Recording, RecordingError, find_recordings, read_recording,
};
use crate::trace::{StateRecord, Trace, TraceInfo};
use crate::value::Value;

type Line = RecordedEvent<Json, Json, Json, Json>;
/// Sender, its incarnation, receiver, number.
type Sent = (u64, u64, u64, u64);

/// The name of the model in such traces.
pub const MODEL: &str = "recorded-run";

/// Whether a text is a recording.
pub fn is_recording(text: &str) -> bool {
    text.trim_start().starts_with("{\"recording\"")
}

/// The run that the recordings below a folder tell of.
///
/// # Errors
/// When one of them cannot be read, or there is none.
pub fn read_folder(folder: &Path) -> Result<Trace, RecordingError> {
    let paths = find_recordings(folder)?;
    if paths.is_empty() {
        let nothing = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no recording (*.jsonl) below it");
        return Err(RecordingError::Io { path: folder.to_owned(), source: nothing });
    }
    read_files(&paths)
}

/// The run that these recordings tell of.
///
/// # Errors
/// When one of them cannot be read.
pub fn read_files(paths: &[PathBuf]) -> Result<Trace, RecordingError> {
    let mut recordings = Vec::new();
    for path in paths {
        recordings.push(read_recording(path)?);
    }
    Ok(Run::of(recordings).trace())
}

/// What is still to be told of a node.
struct Lane {
    node: NodeId,
    name: String,
    /// Incarnation and event, the earliest first.
    left: VecDeque<(u64, Line)>,
    taken: usize,
}

struct Run {
    cluster: String,
    lanes: Vec<Lane>,
    /// Senders whose recordings are there; others' messages are taken on trust.
    known: BTreeSet<(u64, u64)>,
    sent: BTreeSet<Sent>,
    states: Vec<Value>,
    steps: Vec<StateRecord>,
}

impl Run {
    fn of(mut recordings: Vec<Recording<Json, Json, Json, Json>>) -> Self {
        recordings.sort_by_key(|recording| (recording.header.node, recording.header.incarnation));
        let cluster = recordings.first().map(|recording| recording.header.cluster.clone()).unwrap_or_default();
        let mut lanes: BTreeMap<NodeId, Lane> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for recording in recordings {
            let (node, incarnation) = (recording.header.node, recording.header.incarnation);
            known.insert((node.index() as u64, incarnation));
            let empty = || Lane { node, name: node.to_string(), left: VecDeque::new(), taken: 0 };
            let lane = lanes.entry(node).or_insert_with(empty);
            lane.left.extend(recording.lines.into_iter().map(|line| (incarnation, line.event)));
        }
        let lanes: Vec<Lane> = lanes.into_values().collect();
        let states: Vec<Value> = lanes.iter().map(|_| Value::String(String::from("not started"))).collect();
        let first = StateRecord { values: vec![Value::List(states.clone())], ..StateRecord::default() };
        Run { cluster, lanes, known, sent: BTreeSet::new(), states, steps: vec![first] }
    }

    fn trace(mut self) -> Trace {
        while let Some(lane) = self.next() {
            let (incarnation, event) = self.lanes[lane].left.pop_front().expect("the lane has something left");
            self.lanes[lane].taken += 1;
            self.take(lane, incarnation, event);
        }
        Trace {
            tool: format!("quorate {}", env!("CARGO_PKG_VERSION")),
            model: String::from(MODEL),
            lanes: self.lanes.into_iter().map(|lane| lane.name).collect(),
            info: TraceInfo { kind: String::from("run"), title: format!("cluster {}", self.cluster), ..TraceInfo::default() },
            vars: vec![String::from("nodes")],
            states: self.steps,
            ..Trace::default()
        }
    }

    /// The lane that has told least among those whose next line may come now;
    /// where a message was sent by nobody, it comes all the same.
    fn next(&self) -> Option<usize> {
        let open = || (0..self.lanes.len()).filter(|lane| !self.lanes[*lane].left.is_empty());
        let told = |lane: &usize| self.lanes[*lane].taken;
        open().filter(|lane| self.ready(*lane)).min_by_key(told).or_else(|| open().min_by_key(told))
    }

    fn ready(&self, lane: usize) -> bool {
        match &self.lanes[lane].left[0].1 {
            RecordedEvent::Turn(RecordedTurn { input: RecordedInput::Deliver { source, incarnation, message, .. }, .. }) => {
                let sender = (*source, *incarnation);
                let own = self.lanes[lane].node.index() as u64;
                !self.known.contains(&sender) || self.sent.contains(&(sender.0, sender.1, own, *message))
            }
            _ => true,
        }
    }

    fn take(&mut self, lane: usize, incarnation: u64, event: Line) {
        let name = self.lanes[lane].name.clone();
        let mut view = StepView { lane: Some(lane), ..StepView::default() };
        match event {
            RecordedEvent::Synced { .. } => return,
            RecordedEvent::Stopped {} => view.title = format!("{name} stops"),
            RecordedEvent::Disconnected { peer, reason, .. } => {
                view.title = format!("{name}: session with {} ended ({reason:?})", self.peer(peer));
            }
            RecordedEvent::Turn(turn) => {
                view.title = match turn.input {
                    RecordedInput::Start { .. } if incarnation > 1 => format!("{name} restarts (start {incarnation})"),
                    RecordedInput::Start { .. } => format!("{name} starts"),
                    RecordedInput::Timeout { timer } => format!("{name}: timer {} fires", kind_and_text(&timer).0),
                    RecordedInput::Disconnect { peer, .. } => {
                        format!("{name} is told that {} is gone", self.peer(peer))
                    }
                    RecordedInput::Deliver { source, content, .. } => {
                        let (kind, text) = kind_and_text(&content);
                        let title = format!("{name} receives from {}: {kind}", self.peer(source));
                        view.delivered = self.lane(source).map(|source| MessageView { source, dest: lane, kind, text });
                        title
                    }
                };
                for message in turn.sent {
                    let (dest, own) = (message.dest, self.lanes[lane].node.index() as u64);
                    self.sent.insert((own, incarnation, dest, message.message));
                    let (kind, text) = kind_and_text(&message.content);
                    view.sent.extend(self.lane(dest).map(|dest| MessageView { source: lane, dest, kind, text }));
                }
                match turn.state {
                    Some(Kept::Whole(state)) => self.states[lane] = plain(&state),
                    Some(Kept::Digest(digest)) => self.states[lane] = Value::String(format!("large; digest {digest}")),
                    None => {}
                }
            }
        }
        let values = vec![Value::List(self.states.clone())];
        self.steps.push(StateRecord { values, title: view.title.clone(), params: Some(Json::Null), view, claims: None });
    }

    fn lane(&self, peer: u64) -> Option<usize> {
        self.lanes.iter().position(|lane| lane.node.index() as u64 == peer)
    }

    fn peer(&self, peer: u64) -> String {
        self.lane(peer).map_or_else(|| format!("peer {peer}"), |lane| self.lanes[lane].name.clone())
    }
}

/// The name of a message or timer, and the rest of it.
fn kind_and_text(content: &Json) -> (String, String) {
    let short = |json: &Json| json.to_string().chars().take(200).collect::<String>();
    match content {
        Json::String(name) => (name.clone(), String::new()),
        Json::Object(fields) if fields.len() == 1 => {
            fields.iter().next().map(|(name, rest)| (name.clone(), short(rest))).unwrap_or_default()
        }
        other => (String::from("message"), short(other)),
    }
}

/// Any JSON as a value of traces.
fn plain(json: &Json) -> Value {
    match json {
        Json::Null => Value::Variant(String::from("None"), Box::new(Value::Tuple(Vec::new()))),
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::integer(&number.to_string()).unwrap_or_else(|| Value::String(number.to_string())),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(elements) => Value::List(elements.iter().map(plain).collect()),
        Json::Object(fields) => {
            Value::record(fields.iter().map(|(name, value)| (name.trim_start_matches('#').to_owned(), plain(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(seq: u64, event: &str) -> String {
        format!("{{\"seq\":{seq},\"event\":{event}}}\n")
    }

    fn header(node: &str, incarnation: u64) -> String {
        let rest = r#""cluster":"c","actor":"A","settings":{}"#;
        format!("{{\"recording\":1,\"node\":\"{node}\",\"incarnation\":{incarnation},{rest}}}\n")
    }

    #[test]
    fn deliveries_come_after_what_they_deliver_and_restarts_are_steps() {
        let folder = std::env::temp_dir().join(format!("quorate-recorded-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let start = r#"{"turn":{"input":{"start":{"storage":null}},"state":{"whole":{"mode":"Candidate","term":0}}}}"#;
        let elect = r#"{"turn":{"input":{"timeout":{"timer":"Election"}},"sent":[{"dest":0,"message":1,"content":{"Join":{"term":1}}}],"state":{"whole":{"mode":"Leader","term":1}}}}"#;
        let deliver = r#"{"turn":{"input":{"deliver":{"source":1,"incarnation":1,"message":1,"content":{"Join":{"term":1}}}}}}"#;
        let one = header("n1", 1) + &line(1, start) + &line(2, deliver) + &line(3, r#"{"stopped":{}}"#);
        let again = header("n1", 2) + &line(1, start);
        let two = header("n2", 1) + &line(1, start) + &line(2, r#"{"synced":{"turn":1}}"#) + &line(3, elect);
        for (name, text) in [("a.jsonl", &one), ("b.jsonl", &again), ("c.jsonl", &two)] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let trace = read_folder(&folder).unwrap();
        let titles: Vec<&str> = trace.states.iter().map(|state| state.title.as_str()).collect();
        let expected = [
            "",
            "n1 starts",
            "n2 starts",
            "n2: timer Election fires",
            "n1 receives from n2: Join",
            "n1 stops",
            "n1 restarts (start 2)",
        ];
        assert_eq!(titles, expected);
        assert_eq!(trace.node(3, 1).unwrap().to_string(), "(mode Leader, term 1)");
        assert_eq!(trace.states[4].view.delivered.as_ref().map(|message| (message.source, message.dest)), Some((1, 0)));
        assert_eq!(crate::itf::read(&crate::itf::to_string(&trace)).unwrap().lanes, ["n1", "n2"]);
        std::fs::write(folder.join("d.jsonl"), "{\"recording\":9}\n").unwrap();
        assert!(read_folder(&folder).unwrap_err().to_string().contains("d.jsonl:1: this is no header"));
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(read_folder(&folder).is_err());
    }
}
