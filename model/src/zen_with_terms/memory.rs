//! What an explorer has asked the rules before.
//!
//! Among a hundred million states there are some ten thousand different nodes
//! and some hundred different messages. What becomes of such a node under such
//! an input is asked of the rules once and remembered; states are made of the
//! numbers of their parts.

use std::ops::Range;
use std::sync::Arc;

use super::action::ZenAction;
use super::claims::WINNERS;
use super::environment::{Happening, Place, ZenWithTerms, guard_id};
use super::intern::Interner;
use super::messages::ZenMessage;
use super::nodes::{Packed, pack, pack_durable, unpack};
use super::state::Bootstrap;
use crate::coordination::{CoordinationState, Durable, PublicationId, RuleSet, Sound};
use crate::explorer::Parts;
use crate::fingerprint::Sum;
use crate::node_set::NodeId;
use crate::specification::{ClassId, GuardId};

/// With more than this many remembered, everything is forgotten.
const MANY: usize = 1 << 17;
/// Says that a packed disk is there: a node whose disk is up to date has 0.
const DISK: u64 = 1 << 63;
/// In the memory of deliveries: refused, by the guard in the lowest bits.
const REFUSED: u32 = 1 << 31;

/// Number of a remembered node, message, pair of the lineage, or happening.
pub(super) type Number = u32;

/// A node with its disk, packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PackedPlace {
    pub node: Packed,
    pub disk: u64,
}

impl PackedPlace {
    pub fn pack(Place { node, disk }: &Place) -> Self {
        PackedPlace { node: pack(node), disk: disk.as_ref().map_or(0, |disk| pack_durable(disk) | DISK) }
    }

    pub fn unpack(self) -> Place {
        Place { node: unpack(self.node), disk: self.disk() }
    }

    pub fn disk(self) -> Option<Durable<u8>> {
        (self.disk != 0).then(|| unpack([self.disk & !DISK, 0]).durable)
    }

    /// Its part of a state's fingerprint.
    pub fn sum(self, index: usize, seed: u64) -> Sum {
        Sum::of(&(0u8, index as u8, self.node, self.disk), seed)
    }
}

/// A message's part of a state's fingerprint.
pub(super) fn sum_of_message(word: u64, seed: u64) -> Sum {
    Sum::of(&(1u8, word), seed)
}

/// A lineage's part of a state's fingerprint.
pub(super) fn sum_of_descent(word: u32, seed: u64) -> Sum {
    Sum::of(&(2u8, word), seed)
}

/// What is known of a node of some cluster.
pub(super) struct KnownNode {
    pub sum: Sum,
    /// Whether what it has published is within the bounds.
    pub within: bool,
    winner_of: Option<u64>,
    /// What may happen at it whatever was sent, once that was asked for.
    own: Option<Own>,
}

/// The steps and the refusals of a node's own attempts.
struct Own {
    steps: Range<Number>,
    refused: Box<[(GuardId, u32)]>,
}

/// What is known of a message.
pub(super) struct KnownMessage {
    pub word: u64,
    pub sum: Sum,
    pub copies: usize,
    /// The receiver, unless that is everybody.
    pub dest: Option<NodeId>,
    /// Whether it is part of what a history tells.
    pub is_history: bool,
}

/// An action at a node, and what comes of it.
pub(super) struct Known {
    pub action: ZenAction,
    pub class: ClassId,
    /// The node after it.
    pub after: Number,
    /// How that changes the fingerprint.
    pub delta: Sum,
    pub sent: Option<Number>,
    pub published: Option<(PublicationId, PublicationId)>,
    /// What changes whatever the rest of the state.
    pub changed: Parts,
    /// Of that, what is not known to be right.
    pub unsettled: Parts,
}

/// Nodes, messages and lineages by number, and what happens to nodes.
pub(super) struct Memory {
    seed: u64,
    /// A node: its cluster and its index, itself, its disk.
    node_keys: Interner<4>,
    nodes: Vec<KnownNode>,
    message_keys: Interner<1>,
    messages: Vec<KnownMessage>,
    descent_keys: Interner<1>,
    descents: Vec<Sum>,
    deliveries: Deliveries,
    known: Vec<Known>,
}

impl Memory {
    pub fn new(seed: u64) -> Self {
        Memory {
            seed,
            node_keys: Interner::default(),
            nodes: Vec::new(),
            message_keys: Interner::default(),
            messages: Vec::new(),
            descent_keys: Interner::default(),
            descents: Vec::new(),
            deliveries: Deliveries::default(),
            known: Vec::new(),
        }
    }

    /// Whether so much is remembered that it is time to begin anew.
    pub fn is_full(&self) -> bool {
        self.nodes.len().max(self.known.len()).max(self.deliveries.used) > MANY
    }

    pub fn node(&mut self, bootstrap: u32, index: usize, place: PackedPlace) -> Number {
        let PackedPlace { node: [first, second], disk } = place;
        let (number, new) = self.node_keys.number([u64::from(bootstrap) << 8 | index as u64, first, second, disk]);
        if new {
            let node = unpack(place.node);
            self.nodes.push(KnownNode {
                sum: place.sum(index, self.seed),
                within: ZenWithTerms::<Sound>::published_within(&node),
                winner_of: winner_of(&node),
                own: None,
            });
        }
        number
    }

    pub fn packed(&self, node: Number) -> PackedPlace {
        let [_, first, second, disk] = self.node_keys.key(node);
        PackedPlace { node: [first, second], disk }
    }

    #[inline]
    pub fn known_node(&self, node: Number) -> &KnownNode {
        &self.nodes[node as usize]
    }

    pub fn message(&mut self, word: u64, nodes: usize) -> Number {
        let (number, new) = self.message_keys.number([word]);
        if new {
            let message = ZenMessage::unpack(word);
            self.messages.push(KnownMessage {
                word,
                sum: sum_of_message(word, self.seed),
                copies: message.copies(nodes),
                dest: message.ends().1,
                is_history: !matches!(message, ZenMessage::Join { .. }),
            });
        }
        number
    }

    #[inline]
    pub fn known_message(&self, message: Number) -> &KnownMessage {
        &self.messages[message as usize]
    }

    pub fn descent(&mut self, word: u32) -> Number {
        let (number, new) = self.descent_keys.number([u64::from(word)]);
        if new {
            self.descents.push(sum_of_descent(word, self.seed));
        }
        number
    }

    pub fn descent_word(&self, descent: Number) -> u32 {
        self.descent_keys.key(descent)[0] as u32
    }

    #[inline]
    pub fn sum_of_descent(&self, descent: Number) -> Sum {
        self.descents[descent as usize]
    }

    #[inline]
    pub fn known(&self, happening: Number) -> &Known {
        &self.known[happening as usize]
    }

    /// The properties that read what it does to its node were found to hold.
    pub fn settle(&mut self, happening: Number) {
        let known = &mut self.known[happening as usize];
        known.unsettled = known.unsettled.without(Parts::LOCAL);
    }

    /// What happens at a node by itself: the steps, and refusals with their number.
    #[inline]
    pub fn own<R: RuleSet>(
        &mut self,
        model: &ZenWithTerms<R>,
        bootstrap: &Arc<Bootstrap>,
        node: Number,
    ) -> (Range<Number>, &[(GuardId, u32)]) {
        if self.nodes[node as usize].own.is_none() {
            self.ask_own(model, bootstrap, node);
        }
        let own = self.nodes[node as usize].own.as_ref().expect("asked above");
        (own.steps.clone(), &own.refused)
    }

    #[cold]
    fn ask_own<R: RuleSet>(&mut self, model: &ZenWithTerms<R>, bootstrap: &Arc<Bootstrap>, node: Number) {
        let [place, ..] = self.node_keys.key(node);
        let (cluster, id) = ((place >> 8) as u32, NodeId(place as u8));
        let at = self.packed(node).unpack();
        let mut happenings = Vec::new();
        let mut refused: Vec<(GuardId, u32)> = Vec::new();
        model.own_attempts(bootstrap, id, |action| match model.happen(bootstrap, &at, &action) {
            Ok(happening) => {
                happenings.push((action, happening));
                None
            }
            Err(rejection) => {
                let guard = guard_id(rejection);
                match refused.iter_mut().find(|(other, _)| *other == guard) {
                    Some((_, times)) => *times += 1,
                    None => refused.push((guard, 1)),
                }
                Some(rejection)
            }
        });
        let first = self.known.len() as u32;
        for (action, happening) in happenings {
            self.remember(model, cluster, node, action, happening);
        }
        self.nodes[node as usize].own = Some(Own { steps: first..self.known.len() as u32, refused: refused.into() });
    }

    /// What comes of giving a message to a node.
    #[inline]
    pub fn delivery<R: RuleSet>(
        &mut self,
        model: &ZenWithTerms<R>,
        bootstrap: &Arc<Bootstrap>,
        node: Number,
        message: Number,
    ) -> Result<Number, GuardId> {
        let outcome = match self.deliveries.find(node, message) {
            Some(outcome) => outcome,
            None => {
                let outcome = self.ask_delivery(model, bootstrap, node, message);
                self.deliveries.insert(node, message, outcome);
                outcome
            }
        };
        if outcome & REFUSED == 0 { Ok(outcome) } else { Err(GuardId((outcome & !REFUSED) as u16)) }
    }

    #[cold]
    fn ask_delivery<R: RuleSet>(
        &mut self,
        model: &ZenWithTerms<R>,
        bootstrap: &Arc<Bootstrap>,
        node: Number,
        message: Number,
    ) -> u32 {
        let [place, ..] = self.node_keys.key(node);
        let (cluster, id) = ((place >> 8) as u32, NodeId(place as u8));
        let message = ZenMessage::unpack(self.messages[message as usize].word);
        let mut to_node = model.deliveries(message).filter(|action| action.node() == id);
        let action = to_node.next().expect("only receivers are asked for");
        match model.happen(bootstrap, &self.packed(node).unpack(), &action) {
            Ok(happening) => self.remember(model, cluster, node, action, happening),
            Err(rejection) => REFUSED | u32::from(guard_id(rejection).0),
        }
    }

    fn remember<R: RuleSet>(
        &mut self,
        model: &ZenWithTerms<R>,
        cluster: u32,
        node: Number,
        action: ZenAction,
        Happening { after, sent, published }: Happening,
    ) -> Number {
        let after = self.node(cluster, action.node().index(), PackedPlace::pack(&after));
        let sent = sent.map(|message| self.message(message.pack(), model.nodes()));
        let (before, now) = (&self.nodes[node as usize], &self.nodes[after as usize]);
        let winners = if before.winner_of == now.winner_of { Parts(0) } else { WINNERS };
        self.known.push(Known {
            action,
            class: ClassId(action.class() as u16),
            after,
            delta: now.sum.minus(before.sum),
            sent,
            published,
            changed: Parts::LOCAL.and(winners),
            unsettled: Parts::LOCAL.and(winners),
        });
        self.known.len() as u32 - 1
    }
}

/// What comes of giving messages to nodes; a slot has both and the outcome.
struct Deliveries {
    slots: Vec<(Number, Number, u32)>,
    used: usize,
}

/// Stands for no node.
const NOBODY: Number = Number::MAX;

impl Default for Deliveries {
    fn default() -> Self {
        Deliveries { slots: vec![(NOBODY, 0, 0); 1 << 10], used: 0 }
    }
}

impl Deliveries {
    /// The slot with this node and this message, or the one for them.
    #[inline]
    fn slot(&self, node: Number, message: Number) -> usize {
        let hash = (u64::from(node) << 32 | u64::from(message)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut slot = (hash >> 32) as usize & (self.slots.len() - 1);
        while self.slots[slot].0 != NOBODY && (self.slots[slot].0, self.slots[slot].1) != (node, message) {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        slot
    }

    #[inline]
    fn find(&self, node: Number, message: Number) -> Option<u32> {
        let (held, _, outcome) = self.slots[self.slot(node, message)];
        (held != NOBODY).then_some(outcome)
    }

    fn insert(&mut self, node: Number, message: Number, outcome: u32) {
        if 2 * self.used >= self.slots.len() {
            let larger = vec![(NOBODY, 0, 0); 2 * self.slots.len()];
            let held = std::mem::replace(&mut self.slots, larger);
            for (node, message, outcome) in held.into_iter().filter(|(node, ..)| *node != NOBODY) {
                let slot = self.slot(node, message);
                self.slots[slot] = (node, message, outcome);
            }
        }
        let slot = self.slot(node, message);
        self.slots[slot] = (node, message, outcome);
        self.used += 1;
    }
}

fn winner_of(node: &CoordinationState<u8>) -> Option<u64> {
    node.election_won().then_some(node.current_term())
}
