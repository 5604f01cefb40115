//! The judge of Coordinators.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use quorate_model::coordination::history::History;
use quorate_model::coordination::properties::{self as claim, RuleOutput};
use quorate_model::coordination::{ClusterState, PublicationId, Sound};
use quorate_model::coordinator::{
    ClusterMetadata, ClusterUuid, Coordinator, CoordinatorMsg, CoordinatorSettings, CoordinatorState, KeyValues, Policy,
    PublicationOutcome, actor_id,
};
use quorate_model::coordinator_world::node_claims::{
    change_starts_from_a_committed_one, committed_uuid_stays, configurations_are_kept, mode_invariant, won_elections_stay_won,
};
use quorate_model::coordinator_world::refines_the_rules;
use quorate_model::settings::Settings;
use quorate_model::{NodeId, NodeSet, Verdict};
use quorate_traces::recording::{RecordedInput, RecordingHeader, read_recording};
use stateright::actor::{Actor, Id};

use super::history::RecordedHistory;
use super::rejected::RecordingRejected;
use super::validate::{Accepted, Judge, JudgedTurn, RecordingOf, validate};

type Node<R> = Coordinator<KeyValues, R>;
type State = CoordinatorState<KeyValues>;

/// Judges the recordings in `paths`, made by nodes that run the sound Coordinator.
pub fn validate_coordinators(paths: &[PathBuf]) -> Result<Accepted, RecordingRejected> {
    let recordings: Vec<RecordingOf<Node<Sound>>> = paths.iter().map(|path| read_recording(path)).collect::<Result<_, _>>()?;
    let Some(first) = recordings.first() else {
        return Err(RecordingRejected::Nothing(PathBuf::from(".")));
    };
    let settings = settings_of(&first.header).map_err(|why| RecordingRejected::at(&first.path, 1, why))?;
    for recording in &recordings {
        let own = settings_of(&recording.header).map_err(|why| RecordingRejected::at(&recording.path, 1, why))?;
        if shared(&own) != shared(&settings) {
            let why = "its settings are of another cluster than the others': only seeds and times may differ";
            return Err(RecordingRejected::at(&recording.path, 1, why));
        }
    }
    let actor_of = |header: &RecordingHeader| Ok(Coordinator::new(Sound, settings_of(header)?));
    judge_twice(recordings, actor_of, &Coordinator::new(Sound, settings))
}

/// Judges a run with the newest part of its history at each turn and with all
/// of it at the end. If only the end finds something, the run is judged again
/// with all of the history at each turn, to name the line.
fn judge_twice<R: Policy>(
    recordings: Vec<RecordingOf<Node<R>>>,
    actor_of: impl Fn(&RecordingHeader) -> Result<Node<R>, String>,
    like: &Node<R>,
) -> Result<Accepted, RecordingRejected> {
    let again = recordings.clone();
    let mut judge = CoordinatorJudge::new(like.clone());
    let accepted = validate(recordings, &actor_of, &mut judge)?;
    let Err(why) = judge.check_whole_history() else { return Ok(accepted) };
    let mut judge = CoordinatorJudge { recent: usize::MAX, ..CoordinatorJudge::new(like.clone()) };
    let path = again[0].path.clone();
    validate(again, actor_of, &mut judge)?;
    Err(RecordingRejected::at(&path, 1, why))
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

/// What must be the same on all nodes and at all times.
fn shared(settings: &CoordinatorSettings) -> CoordinatorSettings {
    CoordinatorSettings { seeds: settings.nodes, elasticsearch: Settings::default(), ..settings.clone() }
}

/// How many of the last publications each turn is judged by. Two leaders at
/// odds publish at about the same time; what is further apart is found at the end.
const RECENT: usize = 32;

/// The safety properties along a run, and refinement of the rules in each turn.
pub struct CoordinatorJudge<R> {
    rules: PhantomData<fn() -> R>,
    history: RecordedHistory<ClusterMetadata<KeyValues>>,
    /// How many of the last publications are looked at in each turn.
    recent: usize,
    /// Whether the copy of the rules is asked as well.
    self_checks: bool,
    /// The cluster of the first state that was applied.
    cluster: Option<ClusterUuid>,
    nodes: BTreeMap<NodeId, State>,
}

impl<R: Policy> CoordinatorJudge<R> {
    /// The judge of a cluster of nodes like `actor`, in which nothing has happened.
    pub fn new(actor: Node<R>) -> Self {
        let settings = actor.settings.clone();
        let nodes = settings.nodes.iter().map(NodeId::index).max().map_or(0, |last| last + 1);
        CoordinatorJudge {
            rules: PhantomData,
            history: RecordedHistory::new(settings.initial_master_nodes, nodes),
            recent: RECENT,
            self_checks: true,
            cluster: None,
            nodes: BTreeMap::new(),
        }
    }

    /// Leaves out what only compares with a copy of the rules: for mutants, of
    /// which it says no more than that they are mutants.
    #[must_use]
    pub fn without_self_checks(self) -> Self {
        CoordinatorJudge { self_checks: false, ..self }
    }

    /// From now on nodes run like `actor`: a setting has changed. The initial
    /// masters may change as long as nothing has been published.
    pub fn nodes_are_like(&mut self, actor: Node<R>) {
        if self.history.published().next().is_none() {
            self.history = CoordinatorJudge::new(actor).history;
        }
    }

    /// What the run has published, accepted and committed so far.
    pub fn history(&self) -> &RecordedHistory<ClusterMetadata<KeyValues>> {
        &self.history
    }

    /// Whether the properties hold of everything published so far.
    pub fn check_whole_history(&self) -> Verdict {
        check_history(&self.history)
    }

    /// Writes a turn into the history; whether something was published or
    /// committed. (An acceptance alone violates nothing.)
    fn observe(&mut self, turn: &JudgedTurn<'_, Node<R>>) -> bool {
        let mut news = false;
        let base = turn.before.map_or(PublicationId::new(0, 0), accepted);
        for state in publications(turn) {
            let state = ClusterState { value: unmarked(&state.value), ..state.clone() };
            news |= self.history.publish(turn.node, &state, base);
        }
        if turn.before.is_some() && accepted(turn.after) != base {
            self.history.accept(turn.node, accepted(turn.after));
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

    fn check_nodes(&mut self, node: NodeId) -> Verdict {
        let states = || self.nodes.iter().map(|(id, state)| (*id, &state.coordination));
        let own = &self.nodes[&node];
        if self.self_checks {
            named("SingleNodeInvariant", claim::single_node_invariant(node, &own.coordination))?;
        }
        named("OneElectionWinnerPerTerm", claim::one_election_winner_per_term(states()))?;
        named("ModesMeanWhatTheySay", mode_invariant(node, own))?;
        let Some(applied) = own.applied.clone() else { return Ok(()) };
        let value = self.history.identify(&unmarked(&applied.metadata));
        if self.history.find(applied.id, value).is_none() {
            return Err(format!("AppliedStatesAgree: {node} has applied {} with a value that was not published", applied.id));
        }
        let cluster = *self.cluster.get_or_insert(applied.metadata.cluster_uuid);
        if cluster != applied.metadata.cluster_uuid {
            let other = applied.metadata.cluster_uuid;
            return Err(format!("OneClusterIsCommitted: {node} has applied {} of cluster {other}, not {cluster}", applied.id));
        }
        Ok(())
    }

    /// What compares the node with itself before, and its voters with the roles.
    fn check_turn(&self, turn: &JudgedTurn<'_, Node<R>>) -> Verdict {
        applied_versions_grow(turn.node, turn.before, turn.after)?;
        success_is_applied(turn)?;
        let (node, is) = (turn.node, &turn.after.coordination);
        let (eligible, had) = (
            turn.actor.settings.master_eligible,
            turn.before.map_or(NodeSet::EMPTY, |before| before.coordination.volatile.join_votes),
        );
        // Whoever has lost the role since had it when it voted.
        let mut new = is.volatile.join_votes.iter().filter(|voter| !had.contains(*voter));
        if let Some(stranger) = new.find(|voter| !eligible.contains(*voter)) {
            return Err(format!(
                "OnlyMasterEligibleNodesVote: {node} counts the vote of {stranger}, which is not master-eligible"
            ));
        }
        let Some(was) = turn.before.map(|before| &before.coordination) else { return Ok(()) };
        named("CommittedClusterUuidStays", committed_uuid_stays(node, was, is))?;
        named("WonElectionsStayWon", won_elections_stay_won(node, was, is))?;
        named("OneReconfigurationAtATime", configurations_are_kept(node, was, is))?;
        let change = |state: &ClusterState<_>| {
            change_starts_from_a_committed_one(node, was, state.id(), state.config, state.committed_config)
        };
        named("OneReconfigurationAtATime", publications(turn).into_iter().try_for_each(change))
    }

    fn check_refinement(&self, turn: &JudgedTurn<'_, Node<R>>) -> Verdict {
        let Some(before) = turn.before else { return Ok(()) };
        // Rules return what changes the node, or what is sent.
        if before.coordination == turn.after.coordination && turn.sent.is_empty() {
            return Ok(());
        }
        let id = actor_id(turn.node);
        let under_way = before.publication.as_ref();
        // A leader sends the whole state to whom a difference was of no use, and
        // the commit to whoever accepts late.
        let sent_before = |message: &RuleOutput<ClusterMetadata<KeyValues>>| match message {
            RuleOutput::PublishRequest(state) => under_way.is_some_and(|publication| publication.state == *state),
            RuleOutput::Commit(id) => self.history.is_committed(*id),
            _ => false,
        };
        let verdict = refines_the_rules(
            turn.actor,
            turn.node,
            before,
            |again, state, out| match turn.input {
                RecordedInput::Start { .. } => {}
                RecordedInput::Deliver { source, content, .. } | RecordedInput::Disconnect { peer: source, content } => {
                    again.on_msg(id, state, Id::from(*source as usize), content.clone(), out);
                }
                RecordedInput::Timeout { timer } => again.on_timeout(id, state, timer, out),
            },
            sent_before,
        );
        named("RefinesTheRules", verdict)
    }
}

impl<R: Policy> Judge<Node<R>> for CoordinatorJudge<R> {
    fn judge(&mut self, turn: &JudgedTurn<'_, Node<R>>) -> Verdict {
        let news = self.observe(turn);
        self.nodes.insert(turn.node, turn.after.clone());
        if news {
            check_history(&self.history.recent(self.recent))?;
        }
        self.check_nodes(turn.node)?;
        self.check_turn(turn)?;
        if self.self_checks { self.check_refinement(turn) } else { Ok(()) }
    }
}

fn check_history(history: &impl History) -> Verdict {
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

/// Without the mark that a node makes when it learns that the state is committed.
fn unmarked(metadata: &ClusterMetadata<KeyValues>) -> ClusterMetadata<KeyValues> {
    ClusterMetadata { uuid_committed: false, ..metadata.clone() }
}

fn named(name: &str, verdict: Verdict) -> Verdict {
    verdict.map_err(|why| format!("{name}: {why}"))
}

fn accepted(state: &State) -> PublicationId {
    let accepted = state.coordination.accepted();
    PublicationId::new(accepted.term, accepted.version)
}

/// What a leader publishes or has published in this turn. A node that is alone
/// has accepted, and maybe committed, in the turn in which it published.
fn publications<'a, R: Policy>(turn: &JudgedTurn<'a, Node<R>>) -> Vec<&'a ClusterState<ClusterMetadata<KeyValues>>> {
    let base = turn.before.map_or(PublicationId::new(0, 0), accepted);
    let under_way = turn.after.publication.as_ref().map(|publication| &publication.state);
    let own = turn.after.coordination.accepted();
    let at_once = turn.before.is_some() && own.value.master == Some(turn.node) && own.id() != base;
    under_way.into_iter().chain(at_once.then_some(own)).collect()
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

fn success_is_applied<R: Policy>(turn: &JudgedTurn<'_, Node<R>>) -> Verdict {
    for sent in turn.sent {
        if let CoordinatorMsg::Outcome { outcome: PublicationOutcome::Committed(id), .. } = sent.content
            && turn.after.applied.as_ref().is_none_or(|applied| applied.id < id)
        {
            return Err(format!("SuccessMeansCommittedAndApplied: {} reports {id} without having applied it", turn.node));
        }
    }
    Ok(())
}

/// The recordings below a folder, judged.
pub fn validate_folder(folder: &Path) -> Result<Accepted, RecordingRejected> {
    let paths = quorate_traces::recording::find_recordings(folder)?;
    if paths.is_empty() {
        return Err(RecordingRejected::Nothing(folder.to_owned()));
    }
    validate_coordinators(&paths)
}
