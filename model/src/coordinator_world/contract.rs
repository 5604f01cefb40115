//! The world of the Coordinators as the [contract](crate::contract) sees it.
//!
//! The ghost state says what is committed and published, the nodes what they
//! have applied. A turn is some events of the automaton, in the order in which
//! they come about: published, committed, applied, answered.

use super::environment::{CoordinatorAction as Action, CoordinatorWorld as World, CoordinatorWorldState as State};
use super::ledger::Ledger;
use crate::contract::{Contract, Event};
use crate::coordination::PublicationId;
use crate::coordination::history::History;
use crate::coordinator::{CoordinatorMsg, Mode, Policy, PublicationOutcome};
use crate::node_set::NodeId;
use crate::property::Verdict;
use crate::world::WorldAction;

/// The automaton's state in this state of the world.
fn contract(state: &State) -> Contract {
    Contract {
        history: history(&state.ledger),
        applied: state.nodes.iter().map(|slot| slot.state.applied.as_ref().map(|applied| applied.id)).collect(),
        published: written(&state.ledger),
        refused: state.ledger.refused.iter().map(|request| u64::from(*request)).collect(),
    }
}

/// The newest committed state, and what it descends from. (Of two newest that
/// are not related the ledger's other claims say what is wrong.)
fn history(ledger: &Ledger) -> Vec<PublicationId> {
    let newest = ledger.committed.iter().max_by_key(|id| (id.version, id.term));
    let Some(newest) = newest else { return Vec::new() };
    let is_part = |id: &PublicationId| id == newest || ledger.descends(*id, *newest);
    let mut history: Vec<_> = ledger.published.iter().map(|published| published.id).filter(is_part).collect();
    history.sort_unstable_by_key(|id| (id.version, id.term));
    history.dedup();
    history
}

/// The requests whose values are in some published state.
fn written(ledger: &Ledger) -> Vec<u64> {
    let written = ledger.published.iter().map(|published| u64::from(Ledger::written(published)));
    let mut written: Vec<_> = written.filter(|request| *request > 0).collect();
    written.sort_unstable();
    written.dedup();
    written
}

/// Whether a step of the world is one of the contract, or nothing to it.
pub(super) fn refines_the_contract<R: Policy>(world: &World<R>, before: &State, action: &Action, after: &State) -> Verdict {
    let node = action.node();
    let (was, is) = (&before.nodes[node.index()].state.applied, &after.nodes[node.index()].state.applied);
    let quiet = before.ledger.committed == after.ledger.committed
        && before.ledger.published == after.ledger.published
        && before.ledger.refused == after.ledger.refused
        && was == is;
    let answers = answers(world, before, action);
    if quiet && answers.is_empty() {
        return Ok(());
    }
    let (from, to) = (contract(before), contract(after));
    let mut events: Vec<Event> = Vec::new();
    events.extend(
        to.published.iter().filter(|request| !from.published.contains(request)).map(|r| Event::Published { request: *r }),
    );
    if to.history != from.history {
        events.push(Event::Committed { history: to.history.clone() });
    }
    match is {
        None if was.is_some() && comes_up(action) => events.push(Event::Restarted { node }),
        Some(applied) if was != is => events.push(Event::Applied { node, state: applied.id }),
        _ => {}
    }
    events.extend(answers);
    let mut reached = from;
    for event in events {
        reached = reached.step(&event).map_err(|clause| format!("{clause}; {}", in_words(&event)))?;
    }
    if reached == to { Ok(()) } else { Err(format!("{node}'s turn leads the contract to {reached:?}, the world is at {to:?}")) }
}

fn comes_up(action: &Action) -> bool {
    matches!(action, WorldAction::Restart { .. } | WorldAction::Crash { .. } | WorldAction::Start { .. })
}

/// What a node tells clients in its turn. Only leaders have clients that wait;
/// others answer at once.
pub(super) fn answers<R: Policy>(world: &World<R>, before: &State, action: &Action) -> Vec<Event> {
    let node: NodeId = action.node();
    let may_answer = before.nodes[node.index()].state.mode == Mode::Leader || matches!(action, WorldAction::Request { .. });
    if !action.is_turn() || !may_answer {
        return Vec::new();
    }
    let sent = world.happen(before, action).sent.into_iter();
    sent.filter_map(|(_, message)| match message {
        CoordinatorMsg::Outcome { outcome: PublicationOutcome::Committed(state), .. } => Some(Event::Succeeded { node, state }),
        CoordinatorMsg::Outcome { request, outcome: PublicationOutcome::NotPublished(_) } if request > 0 => {
            Some(Event::Refused { request })
        }
        _ => None,
    })
    .collect()
}

fn in_words(event: &Event) -> String {
    match event {
        Event::Published { request } => format!("the effect of request {request} is published"),
        Event::Committed { history } => {
            let words: Vec<String> = history.iter().map(PublicationId::to_string).collect();
            format!("the history becomes {}", words.join(", "))
        }
        Event::Applied { node, state } => format!("{node} applies {state}"),
        Event::Restarted { node } => format!("{node} restarts"),
        Event::Succeeded { node, state } => format!("{node} reports success of {state}"),
        Event::Refused { request } => format!("request {request} is reported as not published"),
    }
}
