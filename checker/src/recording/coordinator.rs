//! The judge of Coordinators.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quorate_model::coordination::history::History;
use quorate_model::coordination::properties::{self as claim, RuleInput, RuleOutput};
use quorate_model::coordination::{PublicationId, RuleSet, Sound};
use quorate_model::coordinator::{
    Coordinator, CoordinatorMsg, CoordinatorSettings, CoordinatorState, CoordinatorTimer, KeyValues, Mode, PublicationOutcome,
    node_id,
};
use quorate_model::coordinator_world::{TurnView, refines_the_rules};
use quorate_model::{NodeId, Verdict};
use quorate_traces::recording::{RecordedInput, RecordingHeader, read_recording};
use stateright::actor::Id;

use super::history::RecordedHistory;
use super::rejected::RecordingRejected;
use super::validate::{Accepted, Judge, JudgedTurn, RecordingOf, validate};

type Node<R> = Coordinator<KeyValues, R>;
type State = CoordinatorState<KeyValues>;
type Msg = CoordinatorMsg<KeyValues>;

/// Judges the recordings in `paths`, made by nodes that run the sound Coordinator.
pub fn validate_coordinators(paths: &[PathBuf]) -> Result<Accepted, RecordingRejected> {
    let recordings: Vec<RecordingOf<Node<Sound>>> = paths.iter().map(|path| read_recording(path)).collect::<Result<_, _>>()?;
    let Some(first) = recordings.first() else {
        return Err(RecordingRejected::Nothing(PathBuf::from(".")));
    };
    let settings = settings_of(&first.header).map_err(|why| RecordingRejected::at(&first.path, 1, why))?;
    let actor_of = |header: &RecordingHeader| Ok(Coordinator::new(Sound, settings_of(header)?));
    validate(recordings, actor_of, &mut CoordinatorJudge::new(&settings))
}

fn settings_of(header: &RecordingHeader) -> Result<CoordinatorSettings, String> {
    if header.actor != "Coordinator" {
        return Err(format!("this is a recording of the actor '{}', not of the Coordinator", header.actor));
    }
    let settings: CoordinatorSettings =
        serde_json::from_value(header.settings.clone()).map_err(|error| format!("the settings: {error}"))?;
    settings.validate().map_err(|error| error.to_string())?;
    Ok(settings)
}

/// The safety properties along a run, and refinement of the rules in each turn.
pub struct CoordinatorJudge {
    history: RecordedHistory<KeyValues>,
    nodes: BTreeMap<NodeId, State>,
}

impl CoordinatorJudge {
    /// The judge of a cluster with these settings, in which nothing has happened.
    pub fn new(settings: &CoordinatorSettings) -> Self {
        let nodes = settings.nodes.iter().map(NodeId::index).max().map_or(0, |last| last + 1);
        CoordinatorJudge { history: RecordedHistory::new(settings.initial_config, nodes), nodes: BTreeMap::new() }
    }

    /// What the run has published, accepted and committed so far.
    pub fn history(&self) -> &RecordedHistory<KeyValues> {
        &self.history
    }

    /// Writes a turn into the history; whether that has changed.
    fn observe<R: RuleSet>(&mut self, turn: &JudgedTurn<'_, Node<R>>) -> bool {
        let mut news = false;
        let base = turn.before.map_or(PublicationId::new(0, 0), accepted);
        if let Some(publication) = turn.after.publication.as_ref() {
            news |= self.history.publish(turn.node, &publication.request, base);
        }
        if turn.before.is_some() && accepted(turn.after) != base {
            self.history.accept(turn.node, accepted(turn.after));
            news = true;
        }
        let applied = turn.after.applied.iter().map(|applied| applied.id);
        let ordered = turn.sent.iter().filter_map(|sent| match sent.content {
            CoordinatorMsg::Commit(id) => Some(id),
            CoordinatorMsg::Outcome { outcome: PublicationOutcome::Committed(id), .. } => Some(id),
            _ => None,
        });
        for id in applied.chain(ordered) {
            news |= self.history.commit(id);
        }
        news
    }

    fn check_history(&self) -> Verdict {
        let history = &self.history;
        let checks = [
            ("OneMasterPerTerm", claim::one_master_per_term(history)),
            ("LogMatching", claim::log_matching(history)),
            ("DescendantRelationIsStrictlyOrdered", claim::descent_is_strictly_ordered(history)),
            ("NewerOpsBasedOnOlderCommittedOps", claim::newer_ops_based_on_older_committed_ops(history)),
            ("CommittedValuesDescendantsFromCommittedValues", claim::committed_values_descend_from_committed_values(history)),
            ("CommittedValuesDescendantsFromInitialValue", claim::committed_values_descend_from_initial_value(history)),
            ("CommitHasQuorumVsPreviousCommittedConfiguration", claim::commit_has_quorum_of_committed_config(history)),
            ("CommitHasQuorumOfPublishedConfiguration", claim::commit_has_quorum_of_published_config(history)),
            ("P2bInvariant", claim::p2b_invariant(history)),
        ];
        checks.into_iter().try_for_each(|(name, verdict)| named(name, verdict))
    }

    fn check_nodes(&mut self, node: NodeId) -> Verdict {
        let states = || self.nodes.iter().map(|(id, state)| (*id, &state.coordination));
        let own = &self.nodes[&node];
        named("SingleNodeInvariant", claim::single_node_invariant(node, &own.coordination))?;
        named("OneElectionWinnerPerTerm", claim::one_election_winner_per_term(states()))?;
        named("ModesMeanWhatTheySay", mode_invariant(node, own))?;
        let Some(applied) = own.applied.clone() else { return Ok(()) };
        let value = self.history.identify(&applied.value);
        let published = self.history.published().any(|published| published.id == applied.id && published.value == value);
        if !published {
            return Err(format!("AppliedStatesAgree: {node} has applied {} with a value that was not published", applied.id));
        }
        Ok(())
    }

    fn check_refinement<R: RuleSet>(&self, turn: &JudgedTurn<'_, Node<R>>) -> Verdict {
        let Some(before) = turn.before else { return Ok(()) };
        let after = turn.after;
        let published_by = |state: &State| state.publication.as_ref().map(|publication| publication.request.clone());
        let published = published_by(after).filter(|request| published_by(before).as_ref() != Some(request));
        let sent: Vec<RuleOutput<KeyValues>> = turn
            .sent
            .iter()
            .filter(|sent| node_id(Id::from(sent.dest as usize)).is_some())
            .filter_map(|sent| output_of(&sent.content))
            .collect();
        if before.coordination == after.coordination && sent.is_empty() {
            return Ok(());
        }
        let view = TurnView {
            node: turn.node,
            before: &before.coordination,
            after: &after.coordination,
            inputs: inputs_of(turn.input, before),
            published: published.as_ref(),
            sent,
        };
        // A leader sends again what a follower has missed: what it published, what it has committed.
        let sent_before = |message: &RuleOutput<KeyValues>| match message {
            RuleOutput::PublishRequest(state) => published_by(before).as_ref() == Some(state),
            RuleOutput::Commit(id) => {
                before.publication.as_ref().is_some_and(|publication| publication.committed && publication.id() == *id)
            }
            _ => false,
        };
        named("RefinesTheRules", refines_the_rules(&view, sent_before))
    }
}

impl<R: RuleSet> Judge<Node<R>> for CoordinatorJudge {
    fn judge(&mut self, turn: &JudgedTurn<'_, Node<R>>) -> Verdict {
        let news = self.observe(turn);
        self.nodes.insert(turn.node, turn.after.clone());
        if news {
            self.check_history()?;
        }
        self.check_nodes(turn.node)?;
        applied_versions_grow(turn.node, turn.before, turn.after)?;
        success_is_applied(turn)?;
        self.check_refinement(turn)
    }
}

fn named(name: &str, verdict: Verdict) -> Verdict {
    verdict.map_err(|why| format!("{name}: {why}"))
}

fn accepted(state: &State) -> PublicationId {
    let accepted = state.coordination.accepted();
    PublicationId::new(accepted.term, accepted.version)
}

fn mode_invariant(node: NodeId, state: &State) -> Verdict {
    let won = state.coordination.election_won();
    match state.mode {
        Mode::Leader if !won => Err(format!("{node} leads and has not won its term")),
        Mode::Follower(_) if won => Err(format!("{node} follows and has won its term")),
        Mode::Follower(leader) if leader == node => Err(format!("{node} follows itself")),
        _ => Ok(()),
    }
}

fn applied_versions_grow(node: NodeId, before: Option<&State>, after: &State) -> Verdict {
    match (before.and_then(|before| before.applied.as_ref()), &after.applied) {
        (Some(was), Some(is)) if (is.id.version, is.id.term) < (was.id.version, was.id.term) => {
            Err(format!("AppliedVersionsGrow: {node} went back from {} to {}", was.id, is.id))
        }
        (Some(was), None) => Err(format!("AppliedVersionsGrow: {node} forgot that it had applied {}", was.id)),
        _ => Ok(()),
    }
}

fn success_is_applied<R: RuleSet>(turn: &JudgedTurn<'_, Node<R>>) -> Verdict {
    for sent in turn.sent {
        if let CoordinatorMsg::Outcome { outcome: PublicationOutcome::Committed(id), .. } = sent.content
            && turn.after.applied.as_ref().is_none_or(|applied| applied.id != id)
        {
            return Err(format!("SuccessMeansCommittedAndApplied: {} reports {id} without having applied it", turn.node));
        }
    }
    Ok(())
}

/// The rule steps that an input can cause.
fn inputs_of(
    input: &RecordedInput<Msg, CoordinatorTimer, quorate_model::coordination::Durable<KeyValues>>,
    before: &State,
) -> Vec<RuleInput<KeyValues>> {
    let (source, content) = match input {
        RecordedInput::Timeout { timer: CoordinatorTimer::Election } => {
            return vec![RuleInput::StartJoin(before.coordination.current_term() + 1)];
        }
        RecordedInput::Deliver { source, content, .. } => (node_id(Id::from(*source as usize)), content),
        _ => return Vec::new(),
    };
    let Some(source) = source else { return Vec::new() };
    match content {
        CoordinatorMsg::StartJoin { term } | CoordinatorMsg::FollowerCheck { term } => vec![RuleInput::StartJoin(*term)],
        CoordinatorMsg::Join(join) => vec![RuleInput::Join(source, *join)],
        CoordinatorMsg::PublishRequest(state) => {
            vec![RuleInput::StartJoin(state.term), RuleInput::PublishRequest(state.clone())]
        }
        CoordinatorMsg::PublishResponse(id) => vec![RuleInput::PublishResponse(source, *id)],
        CoordinatorMsg::Commit(id) => vec![RuleInput::Commit(*id)],
        _ => Vec::new(),
    }
}

/// What a rule says when a node sends this.
fn output_of(message: &Msg) -> Option<RuleOutput<KeyValues>> {
    match message {
        CoordinatorMsg::Join(join) => Some(RuleOutput::Join(*join)),
        CoordinatorMsg::PublishRequest(state) => Some(RuleOutput::PublishRequest(state.clone())),
        CoordinatorMsg::PublishResponse(id) => Some(RuleOutput::PublishResponse(*id)),
        CoordinatorMsg::Commit(id) => Some(RuleOutput::Commit(*id)),
        _ => None,
    }
}

/// The recordings below a folder, judged.
pub fn validate_folder(folder: &Path) -> Result<Accepted, RecordingRejected> {
    let paths = quorate_traces::recording::find_recordings(folder)?;
    if paths.is_empty() {
        return Err(RecordingRejected::Nothing(folder.to_owned()));
    }
    validate_coordinators(&paths)
}
