//! What simulated runs have exercised: inputs, changes of mode, guards that
//! refused, and how many abstract states were seen.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quorate_model::NodeId;
use quorate_model::coordination::{Rejection, RuleSet};
use quorate_model::coordinator::{CoordinatorMsg, MESSAGE_KINDS, Mode, Policy, Publication, Refusal, TIMER_KINDS};
use quorate_traces::recording::RecordedInput;

use super::cluster::{Input, State};

/// The modes, as [`Coverage::mode_changes`] counts them.
pub const MODES: [&str; 3] = ["Candidate", "Leader", "Follower"];

/// What no run exercises, and why.
pub const NOT_IN_RUNS: &[(&str, &str)] = &[
    ("Outcome", "it is for clients"),
    ("AlreadyBootstrapped", "a node with a configuration does not try to bootstrap"),
    ("NotBootstrapped", "nobody votes for a node that has not stood, and none stands before it is bootstrapped"),
    ("PublishElectionNotWon", "only a leader publishes, and nobody leads without having won"),
    ("PreviousPublicationNotAccepted", ACCEPTS_AT_ONCE),
    ("PublishTermMismatch", "a leader publishes in its current term"),
    ("PublishVersionNotNewer", "a leader publishes one version above what it has accepted"),
    ("ReconfigurationInProgress", "a leader asks beforehand whether its last change is committed"),
    ("NoJoinQuorumForConfig", "a better configuration is made of nodes whose votes the leader holds"),
    ("PublishResponseElectionNotWon", "only a leader looks at acceptances"),
    ("CommitAcceptedTermMismatch", "a commit goes to those that have accepted the state that it names"),
    ("CommitBeforeOwnAcceptance", ACCEPTS_AT_ONCE),
];

const ACCEPTS_AT_ONCE: &str = "a leader accepts its own publication in the turn in which it publishes it";

fn mode_kind(mode: Mode) -> usize {
    match mode {
        Mode::Candidate => 0,
        Mode::Leader => 1,
        Mode::Follower(_) => 2,
    }
}

/// What has been exercised.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Messages that nodes took, by [`MESSAGE_KINDS`].
    pub messages: [u64; MESSAGE_KINDS.len()],
    /// Timers that fired, by [`TIMER_KINDS`].
    pub timers: [u64; TIMER_KINDS.len()],
    /// Starts of nodes.
    pub starts: u64,
    /// Turns from one mode to another, by [`MODES`].
    pub mode_changes: [[u64; 3]; 3],
    /// States that arrived whole.
    pub full_states: u64,
    /// States that arrived as differences.
    pub diffs: u64,
    /// Abstract states, if they are counted.
    pub states: Option<HashSet<u64>>,
    /// The abstraction of each node, for the next state.
    nodes: Vec<u64>,
}

impl Coverage {
    /// How many messages of this kind nodes took.
    pub fn message(&self, kind: &str) -> u64 {
        MESSAGE_KINDS.iter().position(|known| *known == kind).map_or(0, |index| self.messages[index])
    }

    /// What was never exercised, of messages, timers, changes of mode that there
    /// are, and guards, which `refusals` counts.
    pub fn never(&self, refusals: &[(&'static str, u64)]) -> Vec<&'static str> {
        let [candidate, leader, follower] = self.mode_changes;
        let changes = [
            ("Candidate to Leader", candidate[1]),
            ("Candidate to Follower", candidate[2]),
            ("Leader to Candidate", leader[0]),
            ("Follower to Candidate", follower[0]),
        ];
        let messages = MESSAGE_KINDS.into_iter().zip(self.messages);
        let timers = TIMER_KINDS.into_iter().zip(self.timers);
        let states = [("whole states", self.full_states), ("differences", self.diffs), ("starts", self.starts)];
        let all = messages.chain(timers).chain(changes).chain(states).chain(refusals.iter().copied());
        all.filter(|(_, count)| *count == 0).map(|(name, _)| name).collect()
    }

    /// Counts abstract states from now on.
    pub fn count_states(&mut self) {
        self.states = Some(HashSet::new());
    }

    pub(super) fn count(&mut self, node: NodeId, input: &Input, before: Option<&State>, after: &State) {
        match input {
            RecordedInput::Start { .. } => self.starts += 1,
            RecordedInput::Deliver { content, .. } | RecordedInput::Disconnect { content, .. } => {
                self.messages[content.kind()] += 1;
                match content {
                    CoordinatorMsg::Publish(Publication::Full(_)) => self.full_states += 1,
                    CoordinatorMsg::Publish(Publication::Diff(_)) => self.diffs += 1,
                    _ => {}
                }
            }
            RecordedInput::Timeout { timer } => self.timers[timer.kind()] += 1,
        }
        if let Some(before) = before.filter(|before| before.mode != after.mode) {
            self.mode_changes[mode_kind(before.mode)][mode_kind(after.mode)] += 1;
        }
        if let Some(states) = &mut self.states {
            if self.nodes.len() <= node.index() {
                self.nodes.resize(node.index() + 1, 0);
            }
            self.nodes[node.index()] = abstraction(after);
            // Which node is which does not matter.
            let mut sorted = self.nodes.clone();
            sorted.sort_unstable();
            states.insert(digest(&sorted));
        }
    }

    /// Adds what another run has exercised.
    pub fn add(&mut self, other: &Coverage) {
        (0..self.messages.len()).for_each(|kind| self.messages[kind] += other.messages[kind]);
        (0..self.timers.len()).for_each(|kind| self.timers[kind] += other.timers[kind]);
        self.starts += other.starts;
        self.full_states += other.full_states;
        self.diffs += other.diffs;
        for (row, others) in self.mode_changes.iter_mut().zip(other.mode_changes) {
            (0..3).for_each(|to| row[to] += others[to]);
        }
        if let Some(others) = &other.states {
            self.states.get_or_insert_default().extend(others);
        }
    }
}

fn digest(content: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

/// A node without its numbers: its role, and what it is in the middle of.
fn abstraction(state: &State) -> u64 {
    let own = state.coordination.accepted();
    let term = state.coordination.current_term();
    let publication = state.publication.as_ref().map(|publication| {
        (publication.committed, publication.targets.len(), publication.applied.len(), publication.failed.len())
    });
    let volatile = &state.coordination.volatile;
    digest(&(
        (mode_kind(state.mode), state.coordination.election_won(), state.healthy),
        (own.term.cmp(&term), own.config == own.committed_config, own.config.len(), own.value.members.nodes.len()),
        (volatile.join_votes.len(), state.max_term_seen > term, state.joining.is_some(), state.joins.len()),
        (publication, state.pre_voting.map(|promised| promised.len()), state.attempts.map(|attempts| attempts.min(3))),
        (state.applied.as_ref().map(|applied| applied.id == own.id()), state.lagging.len(), state.faulty.len()),
    ))
}

/// The sound rules, counting what they refuse.
#[derive(Clone, Debug, Default)]
pub struct CountedRules(Arc<Refusals>);

#[derive(Debug)]
struct Refusals {
    rules: Vec<AtomicU64>,
    own: Vec<AtomicU64>,
}

impl Default for Refusals {
    fn default() -> Self {
        let zeros = |count| (0..count).map(|_| AtomicU64::new(0)).collect();
        Refusals { rules: zeros(Rejection::ALL.len()), own: zeros(Refusal::ALL.len()) }
    }
}

impl CountedRules {
    /// Each guard, and how often it has refused something.
    pub fn refusals(&self) -> Vec<(&'static str, u64)> {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let rules = Rejection::ALL.iter().map(|guard| (guard.name(), count(&self.0.rules[*guard as usize])));
        rules.chain(Refusal::ALL.iter().map(|guard| (guard.name(), count(&self.0.own[*guard as usize])))).collect()
    }
}

impl RuleSet for CountedRules {
    fn require(&self, guard: Rejection, holds: bool) -> Result<(), Rejection> {
        if holds {
            return Ok(());
        }
        self.0.rules[guard as usize].fetch_add(1, Ordering::Relaxed);
        Err(guard)
    }
}

impl Policy for CountedRules {
    fn permit(&self, guard: Refusal, holds: bool) -> Result<(), Refusal> {
        if holds {
            return Ok(());
        }
        self.0.own[guard as usize].fetch_add(1, Ordering::Relaxed);
        Err(guard)
    }
}
