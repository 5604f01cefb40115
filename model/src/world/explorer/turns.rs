//! What nodes make of what happens to them, each worked out once.
//!
//! A turn depends on the node and on what happens to it, and on nothing else of
//! the state; so does whether a node will ignore a message for ever.

use stateright::actor::{Actor, Id};

use super::super::environment::{ActionOf, Environment, Observed, SlotOf};
use super::super::parts;
use super::super::world::World;
use super::numbers::Memo;
use super::tables::Tables;
use crate::coordination::Envelope;
use crate::coordinator::node_id;
use crate::explorer::Parts;
use crate::node_set::NodeId;
use crate::specification::{ClassId, GuardId, Specification};

/// A turn that has an effect.
pub(super) struct Turn<A: Actor> {
    pub action: ActionOf<A>,
    pub node: NodeId,
    pub class: ClassId,
    /// The node before and after, by its numbers.
    pub before: u32,
    pub after: u32,
    /// What it sent, to nodes and to clients.
    pub sent: Vec<(Id, A::Msg)>,
    /// What it sent to nodes, by the numbers of the messages.
    pub posts: Vec<u32>,
    pub changed: Parts,
    /// Whether the ledger has to do with it.
    pub noted: bool,
    /// Whether the node after it is within the bounds.
    pub within: bool,
    /// Whether the claims that read nothing but the turn are known to hold.
    pub settled: bool,
}

/// What happens, for a node that is known.
#[derive(Clone, Copy)]
pub(super) enum Cause {
    /// The message with this number arrives.
    Deliver(u32),
    /// The node's timer at this place fires.
    Timer(u32),
    /// The action with this number.
    Other(u32),
}

impl Cause {
    fn code(self) -> u64 {
        match self {
            Cause::Deliver(number) => u64::from(number) << 2,
            Cause::Timer(place) => u64::from(place) << 2 | 1,
            Cause::Other(number) => u64::from(number) << 2 | 2,
        }
    }
}

/// The number of a turn, or the guard that refuses it.
pub(super) type Answer = Result<u32, GuardId>;

/// The turns that are known.
pub(super) struct Turns<A: Actor> {
    turns: Vec<Turn<A>>,
    answers: Memo<Answer>,
    obsolete: Memo<bool>,
    ledgers: Memo<Noted>,
}

/// What a ledger has to do with a turn.
#[derive(Clone, Copy)]
pub(super) struct Noted {
    /// The ledger after it.
    pub after: u32,
    /// Whether the claims about the turn are known to hold with this ledger.
    pub settled: bool,
}

impl<A: Actor> Turns<A> {
    pub fn new() -> Self {
        Turns { turns: Vec::new(), answers: Memo::default(), obsolete: Memo::default(), ledgers: Memo::default() }
    }

    #[inline]
    pub fn get(&self, number: u32) -> &Turn<A> {
        &self.turns[number as usize]
    }

    /// The claims about a turn hold, given this ledger before it.
    pub fn settle(&mut self, ledger: u32, number: u32) {
        let turn = &mut self.turns[number as usize];
        turn.settled = !turn.noted;
        if let Some(noted) = self.ledgers.get_mut(&key(ledger, number)).filter(|_| turn.noted) {
            noted.settled = true;
        }
    }

    /// What the node `before` makes of what happens to it.
    #[inline]
    pub fn answer<E>(
        &mut self,
        world: &World<A, E>,
        tables: &mut Tables<A, E::Ledger>,
        before: u32,
        cause: Cause,
        action: impl FnOnce(&Tables<A, E::Ledger>) -> ActionOf<A>,
    ) -> Answer
    where
        E: Environment<A>,
        A::Msg: Ord,
        A::Timer: Ord,
        SlotOf<A>: Eq + std::hash::Hash,
        World<A, E>: Specification<Action = ActionOf<A>>,
    {
        let key = u64::from(before) << 34 | cause.code();
        if let Some(answer) = self.answers.get(&key) {
            return *answer;
        }
        let answer = self.take(world, tables, before, action(tables));
        self.answers.insert(key, answer);
        answer
    }

    #[cold]
    fn take<E>(&mut self, world: &World<A, E>, tables: &mut Tables<A, E::Ledger>, number: u32, action: ActionOf<A>) -> Answer
    where
        E: Environment<A>,
        A::Msg: Ord,
        A::Timer: Ord,
        SlotOf<A>: Eq + std::hash::Hash,
        World<A, E>: Specification<Action = ActionOf<A>>,
    {
        let node = action.node();
        let before = std::sync::Arc::clone(&tables.slots.get(number).slot);
        let happening = world.happen_to(&before, &action);
        let unchanged = happening.sent.is_empty() && happening.slot == *before;
        if unchanged && world.leaves_the_rest(&action, happening.silent) {
            return Err(GuardId(world.environment.refusal(&before.state, &action) as u16));
        }
        let observed =
            Observed { node, action: &action, before: &before.state, after: &happening.slot.state, sent: &happening.sent };
        let mut changed = Parts::LOCAL.and(world.environment.changed_by(&observed));
        let noted = world.environment.is_noted(&observed);
        let within = world.environment.is_within_bounds(&happening.slot.state);
        let shared = std::sync::Arc::new(happening.slot);
        let after = tables.slot(node, &shared, || std::sync::Arc::clone(&shared));
        if after != number {
            changed = changed.and(parts::NODES);
        }
        let receivers = happening.sent.iter().filter_map(|(to, message)| Some((node_id(*to)?, message)));
        let posts = receivers
            .filter(|(dest, _)| dest.index() < world.nodes)
            .map(|(dest, message)| tables.envelope(&Envelope { source: node, dest, message: message.clone() }))
            .collect();
        let class = world.class_of(&action);
        let (before, sent) = (number, happening.sent);
        self.turns.push(Turn { action, node, class, before, after, sent, posts, changed, noted, within, settled: false });
        Ok(self.turns.len() as u32 - 1)
    }

    /// Whether the node `receiver` will ignore the message for ever.
    #[inline]
    pub fn is_obsolete<E: Environment<A>>(
        &mut self,
        world: &World<A, E>,
        tables: &Tables<A, E::Ledger>,
        receiver: u32,
        envelope: u32,
    ) -> bool {
        *self.obsolete.entry(u64::from(receiver) << 32 | u64::from(envelope)).or_insert_with(|| {
            let Envelope { source, message, .. } = tables.envelopes.get(envelope);
            world.environment.is_obsolete(&tables.slots.get(receiver).slot.state, *source, message)
        })
    }

    /// What the ledger has to do with a turn.
    #[inline]
    pub fn noted<E>(&mut self, world: &World<A, E>, tables: &mut Tables<A, E::Ledger>, ledger: u32, turn: u32) -> Noted
    where
        E: Environment<A>,
        A::Msg: Ord,
        SlotOf<A>: Eq + std::hash::Hash,
    {
        let Turn { action, node, before, after, sent, noted, settled, .. } = &self.turns[turn as usize];
        if !noted {
            return Noted { after: ledger, settled: *settled };
        }
        if let Some(noted) = self.ledgers.get(&key(ledger, turn)) {
            return *noted;
        }
        let mut next = tables.ledgers.get(ledger).clone();
        let (before, after) = (tables.slots.get(*before), tables.slots.get(*after));
        let observed = Observed { node: *node, action, before: &before.slot.state, after: &after.slot.state, sent };
        world.environment.observe(&mut next, &observed);
        let noted = Noted { after: tables.ledger(&next), settled: false };
        self.ledgers.insert(key(ledger, turn), noted);
        noted
    }
}

fn key(ledger: u32, turn: u32) -> u64 {
    u64::from(ledger) << 32 | u64::from(turn)
}
