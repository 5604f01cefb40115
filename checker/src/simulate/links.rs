//! The network: what each link does to what is sent over it, and sessions.
//!
//! ```text
//!   Connected      arrives
//!   Disconnected   does not arrive; the session ends, both ends are told at once
//!   BlackHole      does not arrive; the session ends once its ends give up
//! ```
//!
//! A link has a direction. What it does is decided when a message arrives, as
//! in Elasticsearch's `DisruptableMockTransport`: a message sent over a good
//! link may be lost, and a request may have taken effect although its answer
//! is. Whatever is lost ends the session of its two ends, so that both are told
//! and nothing sent before arrives after it ([`quorate_model::session::contract`]).

use std::collections::BTreeMap;

use quorate_model::{NodeId, NodeSet};

/// What a link does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkStatus {
    /// Messages arrive.
    #[default]
    Connected,
    /// Messages are refused, and their senders are told.
    Disconnected,
    /// Messages vanish.
    BlackHole,
}

/// What has been done to links, and the sessions over them.
#[derive(Clone, Debug, Default)]
pub struct Links {
    nodes: BTreeMap<NodeId, LinkStatus>,
    one_way: BTreeMap<(NodeId, NodeId), LinkStatus>,
    /// How many sessions two nodes have ended, by the lower one.
    ended: BTreeMap<(NodeId, NodeId), u32>,
    /// How many of them a node has been told of, with which other.
    told: BTreeMap<(NodeId, NodeId), u32>,
}

fn pair(one: NodeId, other: NodeId) -> (NodeId, NodeId) {
    (one.min(other), one.max(other))
}

impl Links {
    /// What happens to a message from `source` that arrives at `dest` now.
    pub fn status(&self, source: NodeId, dest: NodeId) -> LinkStatus {
        let of = |node| self.nodes.get(&node).copied().unwrap_or_default();
        if source == dest {
            return LinkStatus::Connected;
        }
        let link = self.one_way.get(&(source, dest)).copied().unwrap_or_default();
        of(source).max(of(dest)).max(link)
    }

    /// Whether both directions work.
    pub fn connects(&self, one: NodeId, other: NodeId) -> bool {
        [self.status(one, other), self.status(other, one)] == [LinkStatus::Connected; 2]
    }

    /// Everything that a node sends or is sent.
    pub fn set_node(&mut self, node: NodeId, status: LinkStatus) {
        self.nodes.insert(node, status);
    }

    /// Everything that `source` sends to `dest`.
    pub fn set_one_way(&mut self, source: NodeId, dest: NodeId, status: LinkStatus) {
        self.one_way.insert((source, dest), status);
    }

    /// Everything between two groups of nodes.
    pub fn set_between(&mut self, some: NodeSet, others: NodeSet, status: LinkStatus) {
        for one in some.iter() {
            for other in others.iter().filter(|other| *other != one) {
                self.set_one_way(one, other, status);
                self.set_one_way(other, one, status);
            }
        }
    }

    /// Every link works again.
    pub fn heal(&mut self) {
        self.nodes.clear();
        self.one_way.clear();
    }

    /// The session in which `node` is with `other`, as far as it knows.
    pub fn session(&self, node: NodeId, other: NodeId) -> u32 {
        self.told.get(&(node, other)).copied().unwrap_or(0) + 1
    }

    /// The session between two nodes ends; its number, if it is the one `number` means.
    pub fn end_session(&mut self, one: NodeId, other: NodeId, number: u32) -> bool {
        let ended = self.ended.entry(pair(one, other)).or_insert(0);
        let ends = *ended < number;
        *ended = (*ended).max(number);
        ends
    }

    /// The number of the session that has not ended.
    pub fn present_session(&self, one: NodeId, other: NodeId) -> u32 {
        self.ended.get(&pair(one, other)).copied().unwrap_or(0) + 1
    }

    /// Tells `node` of what has ended; whether that is news.
    pub fn tell(&mut self, node: NodeId, other: NodeId) -> bool {
        let ended = self.ended.get(&pair(node, other)).copied().unwrap_or(0);
        let told = self.told.entry((node, other)).or_insert(0);
        let is_news = *told < ended;
        *told = ended;
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_both_ends_and_the_link_counts_in_one_direction() {
        let mut links = Links::default();
        let [a, b, c] = [NodeId(0), NodeId(1), NodeId(2)];
        links.set_one_way(a, b, LinkStatus::BlackHole);
        assert_eq!(links.status(a, b), LinkStatus::BlackHole);
        assert_eq!(links.status(b, a), LinkStatus::Connected);
        assert!(!links.connects(b, a) && links.connects(a, c));
        links.set_node(c, LinkStatus::Disconnected);
        assert_eq!(links.status(c, a), LinkStatus::Disconnected);
        assert_eq!(links.status(c, c), LinkStatus::Connected);
        links.heal();
        assert!(links.connects(a, b) && links.connects(a, c));
    }

    #[test]
    fn each_end_of_a_session_is_told_once() {
        let mut links = Links::default();
        let (a, b) = (NodeId(0), NodeId(1));
        assert_eq!((links.session(a, b), links.present_session(b, a)), (1, 1));
        assert!(links.end_session(b, a, 1) && !links.end_session(a, b, 1));
        assert_eq!((links.session(a, b), links.present_session(a, b)), (1, 2));
        assert!(links.tell(a, b) && !links.tell(a, b) && links.tell(b, a));
        assert_eq!(links.session(a, b), 2);
    }
}
