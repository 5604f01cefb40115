//! Walking through the states of a world at the price of what changes.
//!
//! An explorer has a number for every node, message and ledger that it has met,
//! and remembers what nodes make of messages. A state is a short tuple of
//! numbers; a step changes a few of them, and the fingerprint by their
//! difference. Handlers run once for each node and message that meet, not once
//! for each state in which they do.
//!
//! ```text
//!   (node 2, message 7) ──Turns──▶ node 5, sends 9 and 11
//!   (ledger 1, turn 40) ──Turns──▶ ledger 3
//!   fingerprint − node 2 − ledger 1 + node 5 + ledger 3 + messages that are new
//! ```
//!
//! What explorers say must be what [`Specification::successors`] says:
//! `model/tests/world_explorer.rs` compares them.

mod codec;
mod fingerprints;
mod numbers;
mod orbit;
mod tables;
mod turns;

use std::ops::Range;

use serde::{Serialize, de::DeserializeOwned};
use smallvec::SmallVec;
use stateright::Model;
use stateright::actor::Actor;

use super::action::WorldAction;
use super::environment::{ActionOf, Environment, StateOf};
use super::links::Outage;
use super::network::NetworkKind;
use super::parts;
use super::world::World;
use crate::coordination::Envelope;
use crate::explorer::{CodecError, Explorer, Identity, Parts, Step, Taken, Visit};
use crate::fingerprint::{Fingerprint, Sum};
use crate::node_set::NodeId;
use crate::specification::{ClassId, Specification};
use codec::{Reader, Writer};
use fingerprints::Parent;
use orbit::{Orbits, sorts};
use tables::{Ids, Tables};
use turns::{Cause, Turns};

/// The explorer of a world.
pub struct WorldExplorer<'a, A: Actor, E: Environment<A>> {
    world: &'a World<A, E>,
    tables: Tables<A, E::Ledger>,
    turns: Turns<A>,
    orbits: Orbits,
    /// The actions that are not deliveries and not timers, by number.
    others: numbers::Numbers<ActionOf<A>>,
    /// By the number of a ledger, whether the claims that read nothing else hold.
    good_ledgers: Vec<bool>,
    /// The current state that is looked at, and its steps; the others are put away.
    current: Ids,
    steps: Steps<A>,
    slot: usize,
    away: Vec<(Ids, Steps<A>)>,
    /// The current state, and of which parts it is built.
    built: Option<(StateOf<A, E>, Ids)>,
    /// The same for the state after a step.
    built_after: Option<(StateOf<A, E>, Ids)>,
    parent: Parent,
    reader: Reader,
    writer: Writer,
}

/// The steps out of a current state.
struct Steps<A: Actor> {
    /// Messages that appear and disappear, by their numbers; steps have ranges of it.
    messages: Vec<u32>,
    /// What happens in steps that are no turns.
    faults: Vec<ActionOf<A>>,
}

impl<A: Actor> Default for Steps<A> {
    fn default() -> Self {
        Steps { messages: Vec::new(), faults: Vec::new() }
    }
}

/// What tells a step from the others.
#[derive(Clone, Debug)]
pub struct Change {
    what: What,
    node: u32,
    slot: u32,
    ledger_before: u32,
    ledger: u32,
    outage: u32,
    gone: Range<u32>,
    new: Range<u32>,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Turn(u32),
    Fault(u32),
}

impl<'a, A, E> WorldExplorer<'a, A, E>
where
    A: Actor + Send + Sync,
    A::State: Eq + Send + Sync + Serialize + DeserializeOwned,
    A::Msg: Ord + Send + Sync + Serialize + DeserializeOwned,
    A::Timer: Ord + Send + Sync + Serialize + DeserializeOwned,
    A::Storage: Eq + Send + Sync + Serialize + DeserializeOwned,
    E: Environment<A>,
{
    /// An explorer of `world` that has met nothing yet.
    pub fn new(world: &'a World<A, E>, identity: Identity) -> Self {
        let symmetry = identity.symmetry && world.interchangeable_nodes() > 1;
        let orbits = Orbits::new(Identity { symmetry, ..identity }, world.nodes);
        WorldExplorer {
            world,
            tables: Tables::new(),
            turns: Turns::new(),
            others: numbers::Numbers::default(),
            good_ledgers: Vec::new(),
            current: Ids::default(),
            built: None,
            built_after: None,
            steps: Steps::default(),
            slot: 0,
            away: Vec::new(),
            parent: Parent::new(orbits.renamings.len(), world.nodes),
            orbits,
            reader: Reader::default(),
            writer: Writer::default(),
        }
    }

    /// Looks at the current state of a slot.
    fn enter(&mut self, slot: usize) {
        if slot == self.slot {
            return;
        }
        if self.away.len() <= slot.max(self.slot) {
            self.away.resize_with(slot.max(self.slot) + 1, Default::default);
        }
        for slot in [self.slot, slot] {
            std::mem::swap(&mut self.current, &mut self.away[slot].0);
            std::mem::swap(&mut self.steps, &mut self.away[slot].1);
        }
        self.slot = slot;
    }

    /// Builds the current state as far as it differs from the one built before.
    fn build_current(&mut self) {
        let (state, built) = self.built.get_or_insert_with(|| (initial(self.world), Ids::none()));
        self.tables.build::<E>(state, built, &self.current);
    }

    /// What is left of the current network, and what is added, for a step.
    fn network_after(&self, change: &Change, network: &mut Vec<u32>) {
        let range = |range: &Range<u32>| &self.steps.messages[range.start as usize..range.end as usize];
        network.clone_from(&self.current.network);
        for gone in range(&change.gone) {
            let place = network.iter().position(|number| number == gone).expect("only what is there disappears");
            network.remove(place);
        }
        for new in range(&change.new) {
            let rank = self.tables.rank(*new);
            let place = network.partition_point(|number| self.tables.rank(*number) < rank);
            network.insert(place, *new);
        }
    }

    fn ids_after(&self, change: &Change) -> Ids {
        let mut ids =
            Ids { slots: self.current.slots.clone(), network: Vec::new(), ledger: change.ledger, outage: change.outage };
        ids.slots[change.node as usize] = change.slot;
        self.network_after(change, &mut ids.network);
        ids
    }

    fn build_after(&mut self, change: &Change) {
        let ids = self.ids_after(change);
        let (state, built) = self.built_after.get_or_insert_with(|| (initial(self.world), Ids::none()));
        self.tables.build::<E>(state, built, &ids);
    }

    /// Something happens to a node whose turn depends on nothing else, in a
    /// network without sessions.
    fn attempt(
        &mut self,
        node: NodeId,
        cause: Cause,
        action: impl FnOnce(&Tables<A, E::Ledger>) -> ActionOf<A>,
        takes: Option<u32>,
        visit: &mut impl Visit<Change>,
    ) {
        let before = self.current.slots[node.index()];
        let number = match self.turns.answer(self.world, &mut self.tables, before, cause, action) {
            Ok(number) => number,
            Err(guard) => return visit.refused(guard, 1),
        };
        let noted = self.turns.noted(self.world, &mut self.tables, self.current.ledger, number);
        let turn = self.turns.get(number);
        let (slot, class, within, ledger) = (turn.after, turn.class, turn.within, noted.after);
        let (changed, settled) = (turn.changed, if noted.settled { Parts::LOCAL } else { Parts(0) });
        let gone = self.gone(node, slot, takes);
        let new = self.new_messages(number);
        let outage = self.current.outage;
        let (what, node, ledger_before) = (What::Turn(number), u32::from(node.0), self.current.ledger);
        let change = Change { what, node, slot, ledger_before, ledger, outage, gone, new };
        self.take(change, class, changed, settled, Some(within), visit);
    }

    /// The messages that are taken away by delivery, or are obsolete for the
    /// node as it is now.
    fn gone(&mut self, node: NodeId, slot: u32, takes: Option<u32>) -> Range<u32> {
        let start = self.steps.messages.len() as u32;
        self.steps.messages.extend(takes);
        if self.world.drop_obsolete && slot != self.current.slots[node.index()] {
            let mut taken = takes;
            for index in 0..self.current.network.len() {
                let number = self.current.network[index];
                if taken == Some(number) {
                    taken = None;
                } else if self.tables.envelopes.get(number).dest == node
                    && self.turns.is_obsolete(self.world, &self.tables, slot, number)
                {
                    self.steps.messages.push(number);
                }
            }
        }
        start..self.steps.messages.len() as u32
    }

    /// The messages that a turn puts under way.
    fn new_messages(&mut self, turn: u32) -> Range<u32> {
        let start = self.steps.messages.len();
        let is_set = !matches!(self.world.network, NetworkKind::Consuming { .. });
        for index in 0..self.turns.get(turn).posts.len() {
            let turn = self.turns.get(turn);
            let number = turn.posts[index];
            if is_set && (self.current.network.contains(&number) || self.steps.messages[start..].contains(&number)) {
                continue;
            }
            if self.world.drop_obsolete {
                let dest = self.tables.envelopes.get(number).dest;
                let receiver = if dest == turn.node { turn.after } else { self.current.slots[dest.index()] };
                if self.turns.is_obsolete(self.world, &self.tables, receiver, number) {
                    continue;
                }
            }
            self.steps.messages.push(number);
        }
        start as u32..self.steps.messages.len() as u32
    }

    /// A step is taken; `node_within` tells whether the one node that changes is
    /// within the bounds, as the others are.
    fn take(
        &mut self,
        change: Change,
        class: ClassId,
        mut changed: Parts,
        mut settled: Parts,
        node_within: Option<bool>,
        visit: &mut impl Visit<Change>,
    ) {
        if change.ledger != self.current.ledger {
            changed = changed.and(parts::LEDGER);
        }
        if self.good_ledgers.get(change.ledger as usize) == Some(&true) {
            settled = settled.and(parts::LEDGER);
        }
        if change.outage != self.current.outage {
            changed = changed.and(parts::OUTAGE);
        }
        if !change.gone.is_empty() || !change.new.is_empty() {
            changed = changed.and(parts::NETWORK);
        }
        let fingerprint = self.fingerprint_after(&change);
        let within = node_within.filter(|_| self.world.environment.bounds_are_of_nodes()).unwrap_or_else(|| {
            self.build_after(&change);
            self.built_after.as_ref().is_some_and(|(state, _)| self.world.within_boundary(state))
        });
        visit.taken(Taken { class, fingerprint, within, changed, unsettled: changed.without(settled), change });
    }

    /// Any other step: the state after it is built, and taken apart.
    fn attempt_fault(&mut self, action: ActionOf<A>, visit: &mut impl Visit<Change>) {
        let (state, _) = self.built.as_ref().expect("built by whoever expands");
        let next = match self.world.take(state, &action) {
            Ok(next) => next,
            Err(guard) => return visit.refused(guard, 1),
        };
        let mut ids = Ids::default();
        self.tables.ids::<E>(&next, &mut ids);
        let start = self.steps.messages.len() as u32;
        let mut rest = ids.network.clone();
        for number in &self.current.network {
            match rest.iter().position(|kept| kept == number) {
                Some(place) => _ = rest.remove(place),
                None => self.steps.messages.push(*number),
            }
        }
        let middle = self.steps.messages.len() as u32;
        self.steps.messages.extend(rest);
        let end = self.steps.messages.len() as u32;
        let node = action.node();
        let class = self.world.class_of(&action);
        self.steps.faults.push(action);
        let change = Change {
            what: What::Fault(self.steps.faults.len() as u32 - 1),
            node: u32::from(node.0),
            slot: ids.slots[node.index()],
            ledger_before: self.current.ledger,
            ledger: ids.ledger,
            outage: ids.outage,
            gone: start..middle,
            new: middle..end,
        };
        // What an environment has of its own it says of turns only.
        let own = Parts(u32::MAX << parts::FIRST_OWN);
        self.take(change, class, Parts::LOCAL.and(parts::NODES).and(own), Parts(0), None, visit);
    }

    fn write(&mut self, ids: &Ids, encoded: &mut Vec<u8>) -> Result<(), CodecError> {
        self.writer.write(ids, &self.tables, encoded)
    }
}

/// A state to build others in.
fn initial<A: Actor, E: Environment<A>>(world: &World<A, E>) -> StateOf<A, E> {
    super::state::WorldState {
        nodes: SmallVec::new(),
        network: Default::default(),
        outage: Outage::default(),
        ledger: world.environment.open_ledger(),
    }
}

impl<A, E> Explorer<World<A, E>> for WorldExplorer<'_, A, E>
where
    A: Actor + Send + Sync,
    A::State: Eq + Send + Sync + Serialize + DeserializeOwned,
    A::Msg: Ord + Send + Sync + Serialize + DeserializeOwned,
    A::Timer: Ord + Send + Sync + Serialize + DeserializeOwned,
    A::Storage: Eq + Send + Sync + Serialize + DeserializeOwned,
    E: Environment<A>,
{
    type Change = Change;
    const COMPACT: bool = false;

    fn identify(&self, state: &StateOf<A, E>) -> Fingerprint {
        let (world, Identity { seed, symmetry }) = (self.world, self.orbits.identity);
        let sum = |renaming: &[u8]| {
            let slots = state.nodes.iter().enumerate();
            let slots = slots.map(|(node, slot)| world.slot_sum(NodeId::from_index(node), slot, renaming, seed));
            let messages = state.network.copies().map(|e| world.envelope_sum(e, renaming, seed));
            let outage = Sum::of(&(3u8, state.outage.permuted(renaming)), seed);
            slots.chain(messages).chain([world.ledger_sum(&state.ledger, renaming, seed), outage]).fold(Sum::default(), Sum::plus)
        };
        if !symmetry {
            return sum(&self.orbits.renamings[0]).fingerprint();
        }
        let keys: Vec<u64> = (0..world.nodes).map(|node| world.node_key(state, node)).collect();
        let sorting = self.orbits.renamings.iter().filter(|renaming| sorts(renaming, &keys));
        sorting.map(|renaming| sum(renaming).fingerprint()).min().expect("some renaming sorts")
    }

    fn begin_reading(&mut self) {
        self.reader.begin();
    }

    fn read(&mut self, slot: usize, encoded: &mut &[u8]) -> Result<(), CodecError> {
        self.enter(slot);
        self.reader.read(self.world.nodes, &mut self.current, &mut self.tables, encoded)
    }

    fn current(&mut self, slot: usize) -> &StateOf<A, E> {
        self.enter(slot);
        self.build_current();
        &self.built.as_ref().expect("built above").0
    }

    fn expand(&mut self, slot: usize, visit: &mut impl Visit<Change>) {
        self.enter(slot);
        self.build_current();
        self.prepare();
        let world = self.world;
        let (environment, outage) = (&world.environment, *self.tables.outages.get(self.current.outage));
        let plain = world.network != NetworkKind::Sessions;
        let mut last = None;
        for index in 0..self.current.network.len() {
            let number = self.current.network[index];
            let envelope = self.tables.envelopes.get(number);
            if last.replace(number) == Some(number) || !outage.passes(envelope.source, envelope.dest) {
                continue;
            }
            let deliver = |tables: &Tables<A, E::Ledger>| {
                let Envelope { source, dest, message } = tables.envelopes.get(number).clone();
                WorldAction::Deliver { source, dest, message }
            };
            if plain {
                let takes = world.network.consumes().then_some(number);
                self.attempt(envelope.dest, Cause::Deliver(number), deliver, takes, visit);
            } else {
                self.attempt_fault(deliver(&self.tables), visit);
            }
        }
        let (state, built) = self.built.take().expect("built above");
        for (index, slot) in state.nodes.iter().enumerate() {
            let node = NodeId::from_index(index);
            for (place, timer) in slot.timers.iter().enumerate() {
                if !environment.may_fire(&state, node, timer) {
                    continue;
                }
                let action = |_: &_| WorldAction::Timeout { node, timer: timer.clone() };
                if plain {
                    self.attempt(node, Cause::Timer(place as u32), action, None, visit);
                }
            }
        }
        let mut rest = Vec::new();
        world.list_faults(&state, &mut rest);
        world.list_requests(&state, &mut rest);
        let timers = (!plain).then(|| world.list_timeouts(&state));
        self.built = Some((state, built));
        for action in timers.into_iter().flatten().chain(rest) {
            let is_turn_only =
                matches!(action, WorldAction::Request { .. } | WorldAction::Restart { .. } | WorldAction::Disconnected { .. });
            if plain && is_turn_only {
                let number = self.others.number(&action, |known| *known == action, || action.clone());
                self.attempt(action.node(), Cause::Other(number), |_| action, None, visit);
            } else {
                self.attempt_fault(action, visit);
            }
        }
    }

    fn step<'a>(&'a mut self, slot: usize, change: &'a Change) -> Step<'a, World<A, E>> {
        self.enter(slot);
        self.build_current();
        self.build_after(change);
        let action = match change.what {
            What::Turn(number) => &self.turns.get(number).action,
            What::Fault(number) => &self.steps.faults[number as usize],
        };
        let built = |built: &'a Option<(StateOf<A, E>, Ids)>| &built.as_ref().expect("built above").0;
        Step { before: built(&self.built), action, after: built(&self.built_after) }
    }

    fn settle(&mut self, _slot: usize, change: &Change, parts: Parts) {
        if let (What::Turn(number), true) = (change.what, parts.meet(Parts::LOCAL)) {
            self.turns.settle(change.ledger_before, number);
        }
        if parts.meet(parts::LEDGER) {
            let index = change.ledger as usize;
            if self.good_ledgers.len() <= index {
                self.good_ledgers.resize(index + 1, false);
            }
            self.good_ledgers[index] = true;
        }
    }

    fn begin_writing(&mut self) {
        self.writer.begin();
    }

    fn write_successor(&mut self, slot: usize, change: &Change, encoded: &mut Vec<u8>) -> Result<(), CodecError> {
        self.enter(slot);
        let ids = self.ids_after(change);
        self.write(&ids, encoded)
    }

    fn write_initial(&mut self, state: &StateOf<A, E>, encoded: &mut Vec<u8>) -> Result<(), CodecError> {
        let mut ids = Ids::default();
        self.tables.ids::<E>(state, &mut ids);
        self.write(&ids, encoded)
    }
}
