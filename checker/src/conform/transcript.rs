//! The lines of a transcript. Unknown fields are errors: an answer that we do
//! not understand is an answer that we have not compared.

use serde::Deserialize;

/// The first line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderLine {
    pub header: Header,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    /// What was recorded: `elasticsearch-7.10.2 CoordinationState`.
    pub implementation: String,
    /// The names of the nodes; any texts.
    pub nodes: Vec<String>,
    /// Seed of the schedule.
    #[serde(default, rename = "seed")]
    pub _seed: Option<i64>,
    /// How many steps follow, at least.
    #[serde(default)]
    pub steps: Option<u64>,
}

/// Every other line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepLine {
    pub request: Request,
    pub response: Response,
}

#[derive(Deserialize, Debug)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Request {
    /// Fresh nodes, nothing on disk.
    Init { nodes: Vec<String> },
    /// Bootstrapping.
    SetInitialState { node: String, config: Vec<String>, value: i64 },
    /// A message arrives.
    Deliver { node: String, from: String, msg: WireMessage },
    /// The node is to publish.
    ClientValue { node: String, term: u64, version: u64, value: i64, config: Vec<String> },
    /// The node keeps its durable state and loses the rest.
    Restart { node: String },
}

#[derive(Deserialize, Debug)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum WireMessage {
    StartJoin { term: u64 },
    Join { term: u64, last_accepted_term: u64, last_accepted_version: u64 },
    PublishRequest { term: u64, version: u64, value: i64, config: Vec<String>, committed_config: Vec<String> },
    PublishResponse { term: u64, version: u64 },
    Commit { term: u64, version: u64 },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Response {
    /// Whether the input was accepted.
    pub ok: bool,
    /// What was sent.
    #[serde(default)]
    pub send: Vec<Sent>,
    /// The node afterwards; absent for `init`.
    #[serde(default)]
    pub state: Option<Observed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    /// A node, or `*` for every node.
    pub to: String,
    pub msg: WireMessage,
}

/// What can be seen of a node, by the names of the Java class.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Observed {
    pub current_term: u64,
    pub last_accepted_term: u64,
    pub last_accepted_version: u64,
    pub last_accepted_value: i64,
    pub election_won: bool,
    pub last_published_version: u64,
    pub last_committed_config: Vec<String>,
    pub last_accepted_config: Vec<String>,
    pub join_votes: Vec<String>,
}
