//! Histories of a shard as text, one step after another:
//!
//! ```text
//! new n1 | start a0 | replica n2 | start a1 | fail a0, a1 by 1 prefer n2 | left n1
//! ```
//!
//! | step | meaning |
//! | --- | --- |
//! | `fail a0, a1 by 1, a2 by 1 kept prefer n2` | a batch: `a0` by its own node, `a1` by the primary of term 1, `a2` the same but not as stale |
//! | `start a0, a1 of 1` | a batch: with the current term, with term 1 |
//! | `left n1 prefer n2`, `joined n1`, `expired`, `retry`, `restart` | membership and time |
//! | `new n1`, `replica n2`, `replica n2 data` | allocations |
//! | `store n1:a0:primary n2:a1:failed` | what nodes found on their disks |
//! | `stale n1 accept`, `empty n1`, `move n1 n2`, `cancel n1 allow` | commands |

use quorate_model::allocation::invariants::{INVARIANTS, STEP_INVARIANTS};
use quorate_model::allocation::{AllocationRules, Answers, FailedShard, Rejection, ShardAllocation, StartedShard, StoreFound};
use quorate_model::replication::AllocationId;
use quorate_model::{NodeId, NodeSet};

/// One call of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Fail(Vec<FailedShard>, Option<NodeId>),
    /// A term of `None` is the current one.
    Start(Vec<(AllocationId, Option<u64>)>),
    Left(NodeId, Option<NodeId>),
    Joined(NodeId),
    Expired,
    Retry,
    Restart,
    New(NodeId),
    Replica(NodeId, bool),
    Store(Vec<StoreFound>),
    Stale(NodeId, bool),
    Empty(NodeId, bool),
    Move(NodeId, NodeId),
    Cancel(NodeId, bool, Option<NodeId>),
}

impl Step {
    /// The next state, and the answers to a batch.
    pub fn apply(&self, rules: &impl AllocationRules, shard: &ShardAllocation) -> Result<(ShardAllocation, Answers), Rejection> {
        let single = |next: Result<ShardAllocation, Rejection>| next.map(|next| (next, Vec::new()));
        match self {
            Step::Fail(tasks, prefer) => Ok(shard.fail_shards(rules, tasks, *prefer)),
            Step::Start(tasks) => {
                let current = shard.primary_term;
                let task = |(allocation_id, term): &(_, Option<u64>)| StartedShard {
                    allocation_id: *allocation_id,
                    primary_term: term.unwrap_or(current),
                };
                Ok(shard.start_shards(rules, &tasks.iter().map(task).collect::<Vec<_>>()))
            }
            Step::Left(node, prefer) => single(shard.node_left(rules, *node, *prefer)),
            Step::Joined(node) => single(shard.node_joined(rules, *node)),
            Step::Expired => single(shard.delay_expired(rules)),
            Step::Retry => single(shard.retry_failed(rules)),
            Step::Restart => single(Ok(shard.full_restart(rules))),
            Step::New(node) => single(shard.allocate_new_primary(rules, *node)),
            Step::Replica(node, has_data) => single(shard.allocate_replica(rules, *node, *has_data)),
            Step::Store(found) => single(shard.allocate_primary(rules, found)),
            Step::Stale(node, accept) => single(shard.allocate_stale_primary(rules, *node, *accept)),
            Step::Empty(node, accept) => single(shard.allocate_empty_primary(rules, *node, *accept)),
            Step::Move(from, to) => single(shard.relocate(rules, *from, *to)),
            Step::Cancel(node, allow, prefer) => single(shard.cancel(rules, *node, *allow, *prefer)),
        }
    }

    /// The same under a renaming of nodes.
    pub fn permuted(&self, permutation: &[u8]) -> Step {
        let rename = |node: &NodeId| NodeId(permutation[node.index()]);
        let prefer = |node: &Option<NodeId>| node.as_ref().map(rename);
        match self {
            Step::Fail(tasks, preferred) => Step::Fail(tasks.clone(), prefer(preferred)),
            Step::Left(node, preferred) => Step::Left(rename(node), prefer(preferred)),
            Step::Joined(node) => Step::Joined(rename(node)),
            Step::New(node) => Step::New(rename(node)),
            Step::Replica(node, has_data) => Step::Replica(rename(node), *has_data),
            Step::Store(found) => {
                Step::Store(found.iter().map(|store| StoreFound { node: rename(&store.node), ..*store }).collect())
            }
            Step::Stale(node, accept) => Step::Stale(rename(node), *accept),
            Step::Empty(node, accept) => Step::Empty(rename(node), *accept),
            Step::Move(from, to) => Step::Move(rename(from), rename(to)),
            Step::Cancel(node, allow, preferred) => Step::Cancel(rename(node), *allow, prefer(preferred)),
            Step::Start(_) | Step::Expired | Step::Retry | Step::Restart => self.clone(),
        }
    }

    /// Reads one step; a mistake in a test is a panic.
    pub fn parse(text: &str) -> Step {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (verb, rest) = words.split_first().unwrap_or_else(|| panic!("an empty step"));
        let has = |word| rest.contains(&word);
        let prefer = rest.iter().position(|word| *word == "prefer").map(|at| node(rest[at + 1]));
        match *verb {
            "fail" | "start" => {
                let list = text.trim()[verb.len()..].split("prefer").next().unwrap_or_default();
                let items: Vec<Vec<&str>> = list.split(',').map(|item| item.split_whitespace().collect()).collect();
                let term = |item: &[&str], word| {
                    let at = item.iter().position(|found| *found == word)?;
                    Some(item[at + 1].parse().unwrap_or_else(|_| panic!("no term in '{text}'")))
                };
                if *verb == "start" {
                    return Step::Start(items.iter().map(|item| (id(item[0]), term(item, "of"))).collect());
                }
                let failed = |item: &Vec<&str>| FailedShard {
                    allocation_id: id(item[0]),
                    primary_term: term(item, "by").unwrap_or(0),
                    mark_as_stale: !item.contains(&"kept"),
                };
                Step::Fail(items.iter().map(failed).collect(), prefer)
            }
            "left" => Step::Left(node(rest[0]), prefer),
            "joined" => Step::Joined(node(rest[0])),
            "expired" => Step::Expired,
            "retry" => Step::Retry,
            "restart" => Step::Restart,
            "new" => Step::New(node(rest[0])),
            "replica" => Step::Replica(node(rest[0]), has("data")),
            "store" => Step::Store(rest.iter().map(|word| found(word)).collect()),
            "stale" => Step::Stale(node(rest[0]), has("accept")),
            "empty" => Step::Empty(node(rest[0]), has("accept")),
            "move" => Step::Move(node(rest[0]), node(rest[1])),
            "cancel" => Step::Cancel(node(rest[0]), has("allow"), prefer),
            _ => panic!("'{text}' is no step"),
        }
    }
}

/// Three copies: a0 on n1 is primary, a1 on n2, a2 on n3.
const FULL: &str = "new n1 | start a0 | replica n2 | start a1 | replica n3 | start a2";
/// Two of them.
const PAIR: &str = "new n1 | start a0 | replica n2 | start a1";

/// A history with its abbreviations written out.
pub fn expand(history: &str) -> String {
    history.replace("FULL", FULL).replace("PAIR", PAIR).replace("nothing", "")
}

/// Reads a history.
pub fn parse(history: &str) -> Vec<Step> {
    expand(history).split('|').map(str::trim).filter(|step| !step.is_empty()).map(Step::parse).collect()
}

pub fn node(name: &str) -> NodeId {
    NodeId::parse(name).unwrap_or_else(|| panic!("'{name}' is no node"))
}

pub fn id(name: &str) -> AllocationId {
    let number = name.strip_prefix('a').and_then(|number| number.parse().ok());
    AllocationId(number.unwrap_or_else(|| panic!("'{name}' is no allocation id")))
}

fn found(word: &str) -> StoreFound {
    let mut parts = word.split(':');
    let (at, on_disk) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let flags: Vec<&str> = parts.collect();
    StoreFound {
        node: node(at),
        allocation_id: id(on_disk),
        primary: flags.contains(&"primary"),
        failed: flags.contains(&"failed"),
    }
}

/// A new index with two replicas on four nodes.
pub fn created() -> ShardAllocation {
    ShardAllocation::created(NodeSet::first(4), 2)
}

/// Where a history leads; every step has to be admitted, and every report of a batch.
pub fn run(rules: &impl AllocationRules, history: &str) -> ShardAllocation {
    parse(history).iter().fold(created(), |shard, step| match step.apply(rules, &shard) {
        Ok((next, answers)) if answers.iter().all(Result::is_ok) => next,
        refused => panic!("'{step:?}' of '{history}' is refused at {shard}: {refused:?}"),
    })
}

/// What a history violates, step by step; refused steps change nothing.
pub fn violations(rules: &impl AllocationRules, history: &str) -> (ShardAllocation, Vec<&'static str>) {
    let mut shard = created();
    let mut violated = Vec::new();
    for step in parse(history) {
        let next = step.apply(rules, &shard).map_or_else(|_| shard.clone(), |(next, _)| next);
        violated.extend(violated_by(&shard, &next).into_iter().map(|(name, _)| name));
        shard = next;
    }
    (shard, violated)
}

/// The claims that a change violates, with what they say.
pub fn violated_by(before: &ShardAllocation, after: &ShardAllocation) -> Vec<(&'static str, String)> {
    let states = INVARIANTS.iter().filter_map(|(name, holds)| Some((*name, holds(after).err()?)));
    states.chain(STEP_INVARIANTS.iter().filter_map(|(name, holds)| Some((*name, holds(before, after).err()?)))).collect()
}
