//! Puts the requests of a transcript to the rules as Elasticsearch's Java class
//! has them, and compares acceptance, messages and state at each step.

use std::collections::{BTreeMap, BTreeSet};

use quorate_model::coordination::{
    ClientValue, ClusterState, CoordinationState, Durable, ElasticsearchJava, Join, Message, PublicationId, Rejection, RuleSet,
};
use quorate_model::{NodeId, NodeSet};

use super::reconfigurations;
use super::transcript::{HeaderLine, Observed, Request, Sent, StepLine, WireMessage};

/// A transcript that was replayed to its end or to its first mismatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// What was recorded, as the header says.
    pub implementation: String,
    /// Steps compared, the mismatch included.
    pub steps: u64,
    /// Steps that were accepted.
    pub accepted: u64,
    /// Steps that were refused, by the guard that refused them here.
    pub refused: BTreeMap<Rejection, u64>,
    /// The first answer that differs.
    pub mismatch: Option<Mismatch>,
}

/// An answer that is not what the rules say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Line of the file, from 1.
    pub line: usize,
    /// The line's request, as it stands in the file.
    pub request: String,
    /// Everything that differs.
    pub differences: Vec<Difference>,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `ok`, `send`, or the name of a field of the state.
    pub what: &'static str,
    /// As recorded.
    pub expected: String,
    /// What the rules make of it.
    pub actual: String,
}

/// A file that is no transcript, or not a whole one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TranscriptError {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// The first line is something else.
    #[error("line 1: not the header of a transcript: {0}")]
    NotATranscript(String),
    /// A line that cannot be understood.
    #[error("line {line}: {reason}")]
    BadLine {
        /// Line of the file, from 1.
        line: usize,
        /// What is wrong, with the column where there is one.
        reason: String,
    },
    /// Fewer steps than the header promises.
    #[error("the file ends after {found} of {promised} steps: it was cut off")]
    Truncated {
        /// Steps in the file.
        found: u64,
        /// Steps that the header promises.
        promised: u64,
    },
}

/// Replays the text of a transcript, or computes a table of voting
/// configurations again, up to its first mismatch.
///
/// # Errors
/// When a line cannot be understood, before or instead of a mismatch.
pub fn replay(text: &str) -> Result<Replayed, TranscriptError> {
    if text.lines().next().is_some_and(|line| line.trim() == reconfigurations::HEADER) {
        return reconfigurations::replay(text);
    }
    replay_on(&ElasticsearchJava, text)
}

/// [`replay`] on other rules: those of a mutant must not pass.
///
/// # Errors
/// See [`replay`].
pub fn replay_on(rules: &impl RuleSet, text: &str) -> Result<Replayed, TranscriptError> {
    let mut lines = text.lines().enumerate();
    let (_, first) = lines.next().ok_or(TranscriptError::Empty)?;
    let HeaderLine { header } =
        serde_json::from_str(first).map_err(|error| TranscriptError::NotATranscript(error.to_string()))?;
    let names = Names::new(header.nodes).map_err(|reason| TranscriptError::BadLine { line: 1, reason })?;
    let mut nodes = names.fresh();
    let mut replayed =
        Replayed { implementation: header.implementation, steps: 0, accepted: 0, refused: BTreeMap::new(), mismatch: None };
    for (index, text) in lines {
        let line = index + 1;
        let bad = |reason: String| TranscriptError::BadLine { line, reason };
        let step: StepLine = serde_json::from_str(text).map_err(|error| bad(explained(&error)))?;
        let outcome = take(rules, &names, &mut nodes, &step.request).map_err(bad)?;
        replayed.steps += 1;
        match outcome.refusal {
            None => replayed.accepted += 1,
            Some(guard) => *replayed.refused.entry(guard).or_default() += 1,
        }
        let differences = compare(&names, &nodes, &step, &outcome).map_err(bad)?;
        if !differences.is_empty() {
            replayed.mismatch = Some(Mismatch { line, request: request_text(text), differences });
            return Ok(replayed);
        }
    }
    match header.steps {
        Some(promised) if replayed.steps < promised => Err(TranscriptError::Truncated { found: replayed.steps, promised }),
        _ => Ok(replayed),
    }
}

/// serde_json counts lines of its own input, which is a single one here.
fn explained(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line").map_or(text.as_str(), |(reason, _)| reason);
    if error.is_eof() {
        format!("the line ends too early, in column {}", error.column())
    } else {
        format!("column {}: {reason}", error.column())
    }
}

/// The request of a line without the answer, for people.
fn request_text(line: &str) -> String {
    let json: Option<serde_json::Value> = serde_json::from_str(line).ok();
    json.and_then(|json| json.get("request").map(ToString::to_string)).unwrap_or_else(|| line.to_owned())
}

/// The names of the nodes; the rules know only their positions.
struct Names(Vec<String>);

impl Names {
    fn new(names: Vec<String>) -> Result<Self, String> {
        if names.is_empty() {
            return Err("there are no nodes".to_owned());
        }
        if names.len() > NodeSet::CAPACITY {
            return Err(format!("{} nodes; at most {} can be compared", names.len(), NodeSet::CAPACITY));
        }
        let mut seen = BTreeSet::new();
        match names.iter().find(|name| name.as_str() == "*" || !seen.insert(name.as_str())) {
            Some(name) if name == "*" => Err("'*' cannot name a node: it stands for all of them".to_owned()),
            Some(name) => Err(format!("two nodes are named '{name}'")),
            None => Ok(Names(names)),
        }
    }

    fn fresh(&self) -> Vec<CoordinationState<i64>> {
        vec![CoordinationState::restart(Durable::blank(0, 0)); self.0.len()]
    }

    fn id(&self, name: &str) -> Result<NodeId, String> {
        let position = self.0.iter().position(|known| known == name);
        position.map(NodeId::from_index).ok_or_else(|| format!("'{name}' is none of the nodes of the header"))
    }

    fn set(&self, names: &[String]) -> Result<NodeSet, String> {
        names.iter().map(|name| self.id(name)).collect()
    }

    fn message(&self, message: &WireMessage) -> Result<Message<i64>, String> {
        Ok(match message {
            WireMessage::StartJoin { term } => Message::StartJoin { term: *term },
            WireMessage::Join { term, last_accepted_term, last_accepted_version } => Message::Join(Join {
                term: *term,
                last_accepted_term: *last_accepted_term,
                last_accepted_version: *last_accepted_version,
            }),
            WireMessage::PublishRequest { term, version, value, config, committed_config } => {
                Message::PublishRequest(ClusterState {
                    term: *term,
                    version: *version,
                    value: *value,
                    config: self.set(config)?,
                    committed_config: self.set(committed_config)?,
                })
            }
            WireMessage::PublishResponse { term, version } => Message::PublishResponse(PublicationId::new(*term, *version)),
            WireMessage::Commit { term, version } => Message::Commit(PublicationId::new(*term, *version)),
        })
    }

    /// `{a,b}`, by the names of the transcript.
    fn show_set(&self, set: NodeSet) -> String {
        let names: Vec<&str> = set.iter().map(|id| self.show(id)).collect();
        format!("{{{}}}", names.join(","))
    }

    fn show(&self, id: NodeId) -> &str {
        self.0.get(id.index()).map_or("?", String::as_str)
    }

    fn show_message(&self, message: &Message<i64>) -> String {
        match message {
            Message::StartJoin { term } => format!("start_join term {term}"),
            Message::Join(join) => {
                format!("join term {} accepted (t{},v{})", join.term, join.last_accepted_term, join.last_accepted_version)
            }
            Message::PublishRequest(state) => format!(
                "publish_request (t{},v{}) value {} configuration {} committed {}",
                state.term,
                state.version,
                state.value,
                self.show_set(state.config),
                self.show_set(state.committed_config)
            ),
            Message::PublishResponse(id) => format!("publish_response {id}"),
            Message::Commit(id) => format!("commit {id}"),
        }
    }

    fn show_sent(&self, sent: &BTreeSet<(NodeId, Message<i64>)>) -> String {
        if sent.is_empty() {
            return "nothing".to_owned();
        }
        let parts: Vec<String> =
            sent.iter().map(|(to, message)| format!("{} to {}", self.show_message(message), self.show(*to))).collect();
        parts.join("; ")
    }
}

/// What the rules made of a request.
struct Outcome {
    /// The node that was asked; `None` for `init`.
    node: Option<NodeId>,
    refusal: Option<Rejection>,
    sent: BTreeSet<(NodeId, Message<i64>)>,
}

type Made = Result<(CoordinationState<i64>, Vec<(NodeId, Message<i64>)>), Rejection>;

fn take(
    rules: &impl RuleSet,
    names: &Names,
    nodes: &mut Vec<CoordinationState<i64>>,
    request: &Request,
) -> Result<Outcome, String> {
    let everyone = |message: Message<i64>| NodeSet::first(names.0.len()).iter().map(|to| (to, message.clone())).collect();
    let (id, made): (NodeId, Made) = match request {
        Request::Init { nodes: fresh } => {
            if *fresh != names.0 {
                return Err("'init' names other nodes than the header".to_owned());
            }
            *nodes = names.fresh();
            return Ok(Outcome { node: None, refusal: None, sent: BTreeSet::new() });
        }
        Request::SetInitialState { node, config, value } => {
            let id = names.id(node)?;
            let next = rules.set_initial_state(&nodes[id.index()], names.set(config)?, *value);
            (id, next.map(|next| (next, Vec::new())))
        }
        Request::ClientValue { node, term, version, value, config } => {
            let id = names.id(node)?;
            let change = ClientValue { term: *term, version: *version, value: *value, config: names.set(config)? };
            let next = rules.handle_client_value(&nodes[id.index()], id, &change);
            (id, next.map(|(next, request)| (next, everyone(Message::PublishRequest(request)))))
        }
        Request::Restart { node } => {
            let id = names.id(node)?;
            let restarted = CoordinationState::restart(nodes[id.index()].durable.clone());
            (id, Ok((restarted, Vec::new())))
        }
        Request::Deliver { node, from, msg } => {
            let (id, from) = (names.id(node)?, names.id(from)?);
            let node = &nodes[id.index()];
            let made = match names.message(msg)? {
                Message::StartJoin { term } => {
                    rules.handle_start_join(node, term).map(|(next, join)| (next, vec![(from, Message::Join(join))]))
                }
                Message::Join(join) => rules.handle_join(node, from, &join).map(|next| (next, Vec::new())),
                Message::PublishRequest(state) => rules
                    .handle_publish_request(node, &state)
                    .map(|(next, response)| (next, vec![(from, Message::PublishResponse(response))])),
                Message::PublishResponse(response) => rules
                    .handle_publish_response(node, from, response)
                    .map(|(next, commit)| (next, commit.map(|id| everyone(Message::Commit(id))).unwrap_or_default())),
                Message::Commit(commit) => rules.handle_commit(node, commit).map(|next| (next, Vec::new())),
            };
            (id, made)
        }
    };
    Ok(match made {
        Ok((next, sent)) => {
            nodes[id.index()] = next;
            Outcome { node: Some(id), refusal: None, sent: sent.into_iter().collect() }
        }
        Err(guard) => Outcome { node: Some(id), refusal: Some(guard), sent: BTreeSet::new() },
    })
}

fn compare(
    names: &Names,
    nodes: &[CoordinationState<i64>],
    step: &StepLine,
    outcome: &Outcome,
) -> Result<Vec<Difference>, String> {
    let mut found = Differences(Vec::new());
    let accepted = |ok: bool| if ok { "accepted".to_owned() } else { "refused".to_owned() };
    let actual = match outcome.refusal {
        None => accepted(true),
        Some(guard) => format!("refused by the guard {guard}"),
    };
    if step.response.ok != outcome.refusal.is_none() {
        found.0.push(Difference { what: "ok", expected: accepted(step.response.ok), actual });
    }
    let recorded = sent(names, &step.response.send)?;
    if recorded != outcome.sent {
        let (expected, actual) = (names.show_sent(&recorded), names.show_sent(&outcome.sent));
        found.0.push(Difference { what: "send", expected, actual });
    }
    match (outcome.node, &step.response.state) {
        (Some(id), Some(observed)) => compare_state(names, &nodes[id.index()], observed, &mut found)?,
        (Some(_), None) => return Err("the response has no 'state'".to_owned()),
        (None, Some(_)) => return Err("'init' is about no single node, and its response has a 'state'".to_owned()),
        (None, None) => {}
    }
    Ok(found.0)
}

fn sent(names: &Names, sent: &[Sent]) -> Result<BTreeSet<(NodeId, Message<i64>)>, String> {
    let mut set = BTreeSet::new();
    for Sent { to, msg } in sent {
        let message = names.message(msg)?;
        if to == "*" {
            set.extend(NodeSet::first(names.0.len()).iter().map(|to| (to, message.clone())));
        } else {
            set.insert((names.id(to)?, message));
        }
    }
    Ok(set)
}

struct Differences(Vec<Difference>);

impl Differences {
    fn check<T: PartialEq + ToString>(&mut self, what: &'static str, expected: T, actual: T) {
        if expected != actual {
            self.0.push(Difference { what, expected: expected.to_string(), actual: actual.to_string() });
        }
    }
}

fn compare_state(
    names: &Names,
    node: &CoordinationState<i64>,
    observed: &Observed,
    found: &mut Differences,
) -> Result<(), String> {
    let (accepted, volatile) = (node.accepted(), &node.volatile);
    found.check("currentTerm", observed.current_term, node.current_term());
    found.check("lastAcceptedTerm", observed.last_accepted_term, accepted.term);
    found.check("lastAcceptedVersion", observed.last_accepted_version, accepted.version);
    found.check("lastAcceptedValue", observed.last_accepted_value, accepted.value);
    found.check("electionWon", observed.election_won, volatile.election_won);
    found.check("lastPublishedVersion", observed.last_published_version, volatile.last_published_version);
    let sets = [
        ("lastCommittedConfig", &observed.last_committed_config, accepted.committed_config),
        ("lastAcceptedConfig", &observed.last_accepted_config, accepted.config),
        ("joinVotes", &observed.join_votes, volatile.join_votes),
    ];
    for (what, expected, actual) in sets {
        found.check(what, names.show_set(names.set(expected)?), names.show_set(actual));
    }
    Ok(())
}
