//! Clients that write and read registers, and what they heard.
//!
//! A write learns the value that it replaced, and a read is a published state
//! that changes nothing, as in Elasticsearch's tests. What a request saw is
//! the state on top of which its own was published. An answer that leaves open
//! whether the state was committed, or none at all, leaves a write open.

use std::collections::BTreeMap;

use quorate_model::NodeId;
use quorate_model::coordination::PublicationId;
use quorate_model::coordinator::{CoordinatorMsg, KeyValues, PublicationOutcome, PutKey};

use super::cluster::State;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Replaces the register's value.
    Write(u64),
    /// Asks for it.
    Read,
}

/// What a client knows of its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It has not heard, or only that nobody knows: it may take effect at any time, or never.
    Open,
    /// It took effect, and this was the value before.
    Saw(u64),
    /// It did not and will not take effect, or it was a read that failed.
    Failed,
}

/// An operation on a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The register.
    pub key: u64,
    /// What it does.
    pub operation: Operation,
    /// The node that was asked.
    pub node: NodeId,
    /// Its place among all invocations and answers.
    pub invoked: u64,
    /// That of its answer, if there was one.
    pub returned: Option<u64>,
    /// What came of it.
    pub fate: Fate,
    /// The state that it was published in, if it is committed.
    pub published: Option<PublicationId>,
}

/// All clients of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    attempts: Vec<Attempt>,
    events: u64,
    /// What each publication was made on top of.
    bases: BTreeMap<PublicationId, KeyValues>,
}

/// The value of a register that was never written to.
const INITIAL: u64 = 0;

fn name(key: u64) -> String {
    format!("k{key}")
}

impl Clients {
    /// What was attempted, in the order of invocation.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// What came of a request.
    pub fn attempt(&self, request: u64) -> &Attempt {
        &self.attempts[request as usize]
    }

    /// Whether somebody still waits for an answer.
    pub fn is_awaited(&self, request: u64) -> bool {
        self.attempt(request).returned.is_none()
    }

    fn invoke(&mut self, node: NodeId, key: u64, operation: Operation) -> u64 {
        self.events += 1;
        let (invoked, returned, fate, published) = (self.events, None, Fate::Open, None);
        self.attempts.push(Attempt { key, operation, node, invoked, returned, fate, published });
        self.attempts.len() as u64 - 1
    }

    /// A write begins: its request number, and what to ask the node for.
    pub fn write(&mut self, node: NodeId, key: u64, value: u64) -> (u64, PutKey) {
        let request = self.invoke(node, key, Operation::Write(value));
        (request, PutKey { key: name(key), value: value.to_string() })
    }

    /// A read begins.
    pub fn read(&mut self, node: NodeId, key: u64) -> (u64, PutKey) {
        let request = self.invoke(node, key, Operation::Read);
        (request, PutKey { key: String::from("reads"), value: request.to_string() })
    }

    /// Sees on top of what a node publishes.
    pub(super) fn observe(&mut self, node: NodeId, before: Option<&State>, after: &State) {
        let Some(before) = before else { return };
        let (was, is) = (before.coordination.accepted(), after.coordination.accepted());
        if is.id() != was.id() && is.value.master == Some(node) {
            self.bases.insert(is.id(), was.value.value.clone());
        }
    }

    /// An answer arrives.
    pub(super) fn hear(&mut self, message: &CoordinatorMsg<KeyValues>) {
        let CoordinatorMsg::Outcome { request, outcome } = message else { return };
        let Some(attempt) = self.attempts.get_mut(*request as usize) else { return };
        self.events += 1;
        attempt.returned = Some(self.events);
        attempt.fate = match (outcome, attempt.operation) {
            (PublicationOutcome::Committed(id), _) => {
                attempt.published = Some(*id);
                let value = self.bases.get(id).map(|base| base.get(&name(attempt.key)));
                let parsed = |value: &String| value.parse().unwrap_or(INITIAL);
                value.map_or(Fate::Open, |value| Fate::Saw(value.map_or(INITIAL, parsed)))
            }
            (PublicationOutcome::NotPublished(_), _) | (PublicationOutcome::Unknown, Operation::Read) => Fate::Failed,
            (PublicationOutcome::Unknown, Operation::Write(_)) => Fate::Open,
        };
    }
}
