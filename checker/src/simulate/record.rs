//! Simulated runs as recordings, to be judged as those of real clusters are.

use std::collections::BTreeMap;
use std::path::PathBuf;

use quorate_model::NodeId;
use quorate_model::coordination::Sound;
use quorate_model::coordinator::{Coordinator, CoordinatorSettings, KeyValues};
use quorate_model::session::Incarnation;
use quorate_traces::recording::{
    Kept, RECORDING_FORMAT, RecordedEvent, RecordedLine, RecordedMessage, RecordedTurn, RecordingHeader,
};

use super::cluster::{Disk, Input, Msg, State};
use crate::recording::{Accepted, CoordinatorJudge, RecordingOf, RecordingRejected, validate};

type SimulatedRecording = RecordingOf<Coordinator<KeyValues, Sound>>;

/// Keeps what nodes do, one recording for each start of a node.
pub struct Recorder {
    settings: CoordinatorSettings,
    recordings: Vec<SimulatedRecording>,
    /// The present recording of each node, and the last turn that saved something.
    present: BTreeMap<NodeId, (usize, u64)>,
}

impl Recorder {
    /// Nothing has happened yet.
    pub fn new(settings: &CoordinatorSettings) -> Self {
        Recorder { settings: settings.clone(), recordings: Vec::new(), present: BTreeMap::new() }
    }

    pub(super) fn begin(&mut self, node: NodeId, incarnation: Incarnation) {
        let header = RecordingHeader {
            recording: RECORDING_FORMAT,
            cluster: String::from("simulated"),
            node,
            incarnation,
            actor: String::from("Coordinator"),
            settings: serde_json::to_value(&self.settings).expect("settings can be written"),
        };
        let path = PathBuf::from(format!("{node}-{incarnation}.jsonl"));
        self.present.insert(node, (self.recordings.len(), 0));
        self.recordings.push(SimulatedRecording { path, header, lines: Vec::new(), torn: false });
    }

    pub(super) fn turn(
        &mut self,
        node: NodeId,
        input: &Input,
        sent: &[RecordedMessage<Msg>],
        saved: Option<&Disk>,
        before: Option<&State>,
        after: &State,
    ) {
        let Some((index, last_saved)) = self.present.get_mut(&node) else { return };
        let lines = &mut self.recordings[*index].lines;
        let seq = lines.len() as u64 + 1;
        if saved.is_some() {
            *last_saved = seq;
        }
        let state = (before != Some(after)).then(|| Kept::of(after));
        let turn = RecordedTurn { input: input.clone(), sent: sent.to_vec(), saved: saved.map(Kept::of), state };
        lines.push(RecordedLine { seq, event: RecordedEvent::Turn(turn) });
    }

    pub(super) fn synced(&mut self, node: NodeId) {
        let Some((index, turn)) = self.present.get(&node) else { return };
        let lines = &mut self.recordings[*index].lines;
        let seq = lines.len() as u64 + 1;
        lines.push(RecordedLine { seq, event: RecordedEvent::Synced { turn: *turn } });
    }

    /// Judges what was recorded: whether it is a behaviour of the model.
    ///
    /// # Errors
    /// The first line that is not.
    pub fn judge(self) -> Result<Accepted, RecordingRejected> {
        let actor = Coordinator::new(Sound, self.settings.clone());
        let mut judge = CoordinatorJudge::new(actor.clone());
        let recordings = self.recordings.into_iter().filter(|recording| !recording.lines.is_empty()).collect();
        validate(recordings, |_| Ok(actor.clone()), &mut judge)
    }
}
