//! The explorer of the specification model: states as numbers of their parts.
//!
//! What may happen to a node is remembered ([`Memory`]); a step only replaces
//! one node, and adds a message or a lineage. Its fingerprint is the sum of the
//! parts', so naming the state after it takes an addition or two.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::claims::HISTORY;
use super::codec::{Numbers, Reader, Writer};
use super::environment::ZenWithTerms;
use super::memory::{Known, Memory, Number, PackedPlace, sum_of_descent, sum_of_message};
use super::state::{Bootstrap, ZenState};
use crate::coordination::RuleSet;
use crate::explorer::{CodecError, Explorer, Identity, Parts, Step, Taken, Visit, canonical_fingerprint};
use crate::fingerprint::{Fingerprint, Sum};
use crate::node_set::NodeId;
use stateright::Model;

/// A state as numbers and, if it was asked for, in full.
struct Scratch {
    numbers: Numbers,
    state: ZenState,
    is_built: bool,
}

/// A state of which the steps are wanted.
struct Current {
    scratch: Scratch,
    sum: Sum,
    /// Of what its history tells, and how it began.
    history: Sum,
    cardinality: usize,
}

/// Histories of which all that is claimed of histories is known to hold, as many
/// as were met lately.
struct GoodHistories(Vec<Fingerprint>);

impl GoodHistories {
    const COUNT: usize = 1 << 14;

    fn contains(&self, history: Fingerprint) -> bool {
        self.0[history.word as usize % Self::COUNT] == history
    }

    fn insert(&mut self, history: Fingerprint) {
        self.0[history.word as usize % Self::COUNT] = history;
    }
}

/// Walks through the states of a model.
pub(super) struct ZenExplorer<'a, R> {
    model: &'a ZenWithTerms<R>,
    identity: Identity,
    bootstraps: Vec<Arc<Bootstrap>>,
    sums_of_bootstraps: Vec<Sum>,
    memory: Memory,
    reader: Reader,
    writer: Writer,
    current: Vec<Current>,
    good: GoodHistories,
    /// The state after the step that was built last.
    after: Scratch,
}

impl<'a, R: RuleSet> ZenExplorer<'a, R> {
    pub fn new(model: &'a ZenWithTerms<R>, identity: Identity) -> Self {
        // Shared with no other explorer: counting references would make them wait for each other.
        let bootstraps: Vec<Arc<Bootstrap>> = model.bootstraps();
        let initial = model.init_states().swap_remove(0);
        let scratch = || Scratch { numbers: Numbers::default(), state: initial.clone(), is_built: false };
        ZenExplorer {
            sums_of_bootstraps: bootstraps.iter().map(|bootstrap| sum_of_bootstrap(bootstrap, identity.seed)).collect(),
            memory: Memory::new(identity.seed),
            reader: Reader::default(),
            writer: Writer::default(),
            current: Vec::new(),
            good: GoodHistories(vec![Fingerprint { word: 0, second: 0 }; GoodHistories::COUNT]),
            after: scratch(),
            model,
            identity,
            bootstraps,
        }
    }

    /// What a known happening does to the current state.
    #[inline]
    fn taken(&mut self, slot: usize, happening: Number) -> Taken<Number> {
        let (known, current) = (self.memory.known(happening), &self.current[slot]);
        let mut sum = current.sum.plus(known.delta);
        let Known { mut changed, mut unsettled, .. } = *known;
        let mut cardinality = current.cardinality;
        let mut history = Sum::default();
        if let Some(sent) = known.sent.filter(|sent| !current.scratch.numbers.messages.contains(sent)) {
            let message = self.memory.known_message(sent);
            sum = sum.plus(message.sum);
            cardinality += message.copies;
            if message.is_history {
                history = message.sum;
            }
        }
        if let Some((from, to)) = known.published {
            let added = current.scratch.state.descendant.added_by(from, to);
            let added = added.fold(Sum::default(), |all, word| all.plus(sum_of_descent(word, self.identity.seed)));
            sum = sum.plus(added);
            history = history.plus(added);
        }
        if history != Sum::default() {
            changed = changed.and(HISTORY);
            if !self.good.contains(current.history.plus(history).fingerprint()) {
                unsettled = unsettled.and(HISTORY);
            }
        }
        let within = self.memory.known_node(known.after).within && cardinality <= self.model.max_messages();
        let class = known.class;
        let mut fingerprint = sum.fingerprint();
        let Identity { seed, symmetry } = self.identity;
        if symmetry {
            fingerprint = canonical_fingerprint(self.model, self.step(slot, &happening).after, seed);
        }
        Taken { class, fingerprint, within, changed, unsettled, change: happening }
    }

    /// The history of the state after a step, and how it began.
    fn history_after(&self, slot: usize, happening: Number) -> Fingerprint {
        let (known, current) = (self.memory.known(happening), &self.current[slot]);
        let sent = known.sent.filter(|sent| !current.scratch.numbers.messages.contains(sent));
        let sent = sent.map(|sent| self.memory.known_message(sent)).filter(|message| message.is_history);
        let mut history = sent.map_or(current.history, |message| current.history.plus(message.sum));
        if let Some((from, to)) = known.published {
            for word in current.scratch.state.descendant.added_by(from, to) {
                history = history.plus(sum_of_descent(word, self.identity.seed));
            }
        }
        history.fingerprint()
    }

    /// Makes `after` the state after a happening in the current state.
    fn number_after(&mut self, slot: usize, happening: Number) {
        let (current, after) = (&self.current[slot].scratch, &mut self.after.numbers);
        after.become_like(&current.numbers);
        self.after.is_built = false;
        let known = self.memory.known(happening);
        after.nodes[known.action.node().index()] = known.after;
        if let Some(sent) = known.sent {
            let word = |message: Number| self.memory.known_message(message).word;
            let place = after.messages.partition_point(|message| word(*message) < word(sent));
            if after.messages.get(place) != Some(&sent) {
                after.messages.insert(place, sent);
            }
        }
        if let Some((from, to)) = known.published {
            for word in current.state.descendant.added_by(from, to) {
                let place = after.descents.partition_point(|descent| self.memory.descent_word(*descent) < word);
                after.descents.insert(place, self.memory.descent(word));
            }
        }
    }

    fn number(&mut self, state: &ZenState) -> Numbers {
        let bootstrap = self.bootstraps.iter().position(|other| *other == state.bootstrap).expect("one of the model's");
        let place = |index| PackedPlace::pack(&state.place(NodeId::from_index(index)));
        let nodes = (0..state.nodes.len()).map(|index| self.memory.node(bootstrap as u32, index, place(index))).collect();
        let messages = state.messages.words().iter().map(|word| self.memory.message(*word, self.model.nodes())).collect();
        let descents = state.descendant.words().iter().map(|word| self.memory.descent(*word)).collect();
        Numbers { bootstrap: bootstrap as u32, nodes, messages, descents }
    }

    fn forget(&mut self) {
        self.memory = Memory::new(self.identity.seed);
        self.writer.forget();
    }
}

impl Scratch {
    fn build(&mut self, memory: &Memory, bootstraps: &[Arc<Bootstrap>]) {
        if self.is_built {
            return;
        }
        let (numbers, state) = (&self.numbers, &mut self.state);
        let bootstrap = &bootstraps[numbers.bootstrap as usize];
        if !Arc::ptr_eq(&state.bootstrap, bootstrap) {
            state.bootstrap = Arc::clone(bootstrap);
        }
        state.nodes.refill(numbers.nodes.iter().map(|node| memory.packed(*node).node));
        state.messages.refill(numbers.messages.iter().map(|message| memory.known_message(*message).word));
        state.descendant.refill(numbers.descents.iter().map(|descent| memory.descent_word(*descent)));
        if numbers.nodes.iter().all(|node| memory.packed(*node).disk == 0) {
            state.stale_disks = None;
        } else {
            let disk = |(index, node): (usize, &Number)| Some((NodeId::from_index(index), memory.packed(*node).disk()?));
            let disks: BTreeMap<_, _> = numbers.nodes.iter().enumerate().filter_map(disk).collect();
            state.stale_disks = Some(Box::new(disks));
        }
        self.is_built = true;
    }
}

fn sum_of_bootstrap(bootstrap: &Bootstrap, seed: u64) -> Sum {
    Sum::of(&(3u8, bootstrap), seed)
}

impl<R: RuleSet> Explorer<ZenWithTerms<R>> for ZenExplorer<'_, R> {
    type Change = Number;
    const COMPACT: bool = true;

    fn identify(&self, state: &ZenState) -> Fingerprint {
        let Identity { seed, symmetry } = self.identity;
        if symmetry {
            return canonical_fingerprint(self.model, state, seed);
        }
        let place = |index| PackedPlace::pack(&state.place(NodeId::from_index(index))).sum(index, seed);
        let nodes = (0..state.nodes.len()).map(place);
        let messages = state.messages.words().iter().map(|word| sum_of_message(*word, seed));
        let descents = state.descendant.words().iter().map(|word| sum_of_descent(*word, seed));
        nodes.chain(messages).chain(descents).fold(sum_of_bootstrap(&state.bootstrap, seed), Sum::plus).fingerprint()
    }

    fn begin_reading(&mut self) {
        if self.memory.is_full() {
            self.forget();
        }
        self.reader.begin();
    }

    fn read(&mut self, slot: usize, encoded: &mut &[u8]) -> Result<(), CodecError> {
        while slot >= self.current.len() {
            let scratch = Scratch { numbers: Numbers::default(), state: self.after.state.clone(), is_built: false };
            let (sum, history) = Default::default();
            self.current.push(Current { scratch, sum, history, cardinality: 0 });
        }
        let (current, memory) = (&mut self.current[slot], &mut self.memory);
        let trouble = || CodecError::Decode(String::from("a chunk of zen-with-terms ends early or refers to nothing"));
        let Scratch { numbers, state, is_built } = &mut current.scratch;
        self.reader.read(encoded, memory, (self.model.nodes(), self.bootstraps.len()), numbers).ok_or_else(trouble)?;
        *is_built = false;
        state.descendant.refill(numbers.descents.iter().map(|descent| memory.descent_word(*descent)));
        let begun = self.sums_of_bootstraps[numbers.bootstrap as usize];
        let messages = || numbers.messages.iter().map(|message| memory.known_message(*message));
        let told = messages().filter(|message| message.is_history).map(|message| message.sum);
        let told = told.chain(numbers.descents.iter().map(|descent| memory.sum_of_descent(*descent))).fold(begun, Sum::plus);
        let votes = messages().filter(|message| !message.is_history).map(|message| message.sum);
        let nodes = numbers.nodes.iter().map(|node| memory.known_node(*node).sum);
        current.history = told;
        current.sum = votes.chain(nodes).fold(told, Sum::plus);
        current.cardinality = messages().map(|message| message.copies).sum();
        Ok(())
    }

    fn current(&mut self, slot: usize) -> &ZenState {
        let current = &mut self.current[slot].scratch;
        current.build(&self.memory, &self.bootstraps);
        &current.state
    }

    fn expand(&mut self, slot: usize, visit: &mut impl Visit<Number>) {
        let bootstrap = self.current[slot].scratch.numbers.bootstrap as usize;
        for index in 0..self.model.nodes() {
            let node = self.current[slot].scratch.numbers.nodes[index];
            let (steps, refused) = self.memory.own(self.model, &self.bootstraps[bootstrap], node);
            refused.iter().for_each(|(guard, times)| visit.refused(*guard, u64::from(*times)));
            for happening in steps {
                visit.taken(self.taken(slot, happening));
            }
        }
        for place in 0..self.current[slot].scratch.numbers.messages.len() {
            let message = self.current[slot].scratch.numbers.messages[place];
            let receivers = match self.memory.known_message(message).dest {
                Some(dest) => dest.index()..dest.index() + 1,
                None => 0..self.model.nodes(),
            };
            for index in receivers {
                let node = self.current[slot].scratch.numbers.nodes[index];
                match self.memory.delivery(self.model, &self.bootstraps[bootstrap], node, message) {
                    Ok(happening) => visit.taken(self.taken(slot, happening)),
                    Err(guard) => visit.refused(guard, 1),
                }
            }
        }
    }

    fn step<'a>(&'a mut self, slot: usize, change: &'a Number) -> Step<'a, ZenWithTerms<R>> {
        self.number_after(slot, *change);
        let current = &mut self.current[slot].scratch;
        current.build(&self.memory, &self.bootstraps);
        self.after.build(&self.memory, &self.bootstraps);
        Step { before: &current.state, action: &self.memory.known(*change).action, after: &self.after.state }
    }

    fn settle(&mut self, slot: usize, change: &Number, parts: Parts) {
        if parts.meet(Parts::LOCAL) {
            self.memory.settle(*change);
        }
        if parts.meet(HISTORY) {
            self.good.insert(self.history_after(slot, *change));
        }
    }

    fn begin_writing(&mut self) {
        self.writer.begin();
    }

    fn write_successor(&mut self, slot: usize, change: &Number, encoded: &mut Vec<u8>) -> Result<(), CodecError> {
        self.number_after(slot, *change);
        self.writer.write(&self.after.numbers, &self.memory, encoded);
        Ok(())
    }

    fn write_initial(&mut self, state: &ZenState, encoded: &mut Vec<u8>) -> Result<(), CodecError> {
        let numbers = self.number(state);
        self.writer.write(&numbers, &self.memory, encoded);
        Ok(())
    }
}
