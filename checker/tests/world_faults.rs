//! Faults of a world with sessions: one node asks, another answers; nodes crash,
//! links are cut, sessions break. Whoever heeds that its session has ended gets
//! an answer in the end; whoever does not waits for ever.

use std::borrow::Cow;
use std::time::Duration;

use quorate_checker::liveness::{self, LivenessOptions};
use quorate_checker::{Control, Engine, Options, Outcome, Verdict, check, recovery};
use quorate_model::coordination::Envelope;
use quorate_model::property::{Check, Property};
use quorate_model::specification::{Bound, BoundKind, Fairness, Specification};
use quorate_model::world::{Environment, FaultKind, Links, NetworkKind, Observed, World, WorldAction, WorldState};
use quorate_model::{NodeId, NodeSet};
use serde::{Deserialize, Serialize};
use stateright::actor::{Actor, Id, Out};

const ASKER: NodeId = NodeId(0);
const ANSWERER: NodeId = NodeId(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Word {
    Ask,
    Answer,
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Knows {
    Nothing,
    Waits,
    Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct AskAgain;

/// Asks until it has an answer, one question at a time.
#[derive(Clone)]
struct Talker {
    /// Whether it heeds that its session has ended.
    heeds: bool,
}

impl Actor for Talker {
    type Msg = Word;
    type Timer = AskAgain;
    type State = Knows;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, out: &mut Out<Self>) -> Knows {
        if usize::from(id) == ASKER.index() {
            out.set_timer(AskAgain, Duration::ZERO..Duration::ZERO);
        }
        Knows::Nothing
    }

    fn on_msg(&self, _: Id, state: &mut Cow<Knows>, src: Id, word: Word, out: &mut Out<Self>) {
        match word {
            Word::Ask => out.send(src, Word::Answer),
            Word::Answer => *state.to_mut() = Knows::Answer,
            Word::Gone if self.heeds && **state == Knows::Waits => {
                *state.to_mut() = Knows::Nothing;
                out.set_timer(AskAgain, Duration::ZERO..Duration::ZERO);
            }
            Word::Gone => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<Knows>, _: &AskAgain, out: &mut Out<Self>) {
        *state.to_mut() = Knows::Waits;
        out.send(Id::from(ANSWERER.index()), Word::Ask);
    }
}

/// What the adversary may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Budget {
    crashes: u8,
    cuts: u8,
    disconnects: u8,
    losses: u8,
}

#[derive(Clone)]
struct Adversary(Budget);

type State = WorldState<Knows, AskAgain, (), Word, Budget>;
type Action = WorldAction<Word, AskAgain>;
type Talk = World<Talker, Adversary>;

impl Environment<Talker> for Adversary {
    type Ledger = Budget;

    fn open_ledger(&self) -> Budget {
        self.0
    }
    fn faults(&self) -> &'static [FaultKind] {
        use FaultKind::{Crash, Cut, Disconnect, Disconnected, GiveUp, Heal, Lose, Start};
        &[Crash, Start, Disconnected, Disconnect, GiveUp, Cut, Heal, Lose]
    }
    fn may_crash(&self, state: &State, _: NodeId) -> bool {
        state.ledger.crashes > 0
    }
    fn may_disconnect(&self, state: &State, _: NodeId, _: NodeId) -> bool {
        state.ledger.disconnects > 0
    }
    fn may_lose(&self, state: &State, _: &Envelope<Word>) -> bool {
        state.ledger.losses > 0
    }
    fn on_disconnect(&self, _: NodeId) -> Option<Word> {
        Some(Word::Gone)
    }
    fn cuts(&self, state: &State) -> Vec<Links> {
        let both = Links::between(NodeSet::single(ASKER), NodeSet::single(ANSWERER));
        if state.ledger.cuts > 0 { vec![both, Links::EMPTY.with(ANSWERER, ASKER)] } else { Vec::new() }
    }
    fn observe(&self, budget: &mut Budget, step: &Observed<'_, Talker>) {
        budget.crashes -= u8::from(matches!(step.action, WorldAction::Crash { .. }));
    }
    fn observe_fault(&self, budget: &mut Budget, action: &Action) {
        match action {
            WorldAction::Cut { .. } => budget.cuts -= 1,
            WorldAction::Disconnect { .. } => budget.disconnects -= 1,
            WorldAction::Lose { .. } => budget.losses -= 1,
            _ => {}
        }
    }
    /// Nodes that are down come up, and links work again, or not.
    fn fairness(&self, action: &Action) -> Fairness {
        match action {
            WorldAction::Deliver { .. }
            | WorldAction::Timeout { .. }
            | WorldAction::Disconnected { .. }
            | WorldAction::GiveUp { .. } => Fairness::Weak,
            _ => Fairness::None,
        }
    }
    fn recovery_step(&self, world: &Talk, state: &State) -> Option<Action> {
        let mut next = None;
        world.successors(state, |action, result| {
            if result.is_ok() && next.is_none() && self.allowed_in_recovery(state, &action) {
                next = Some(action);
            }
        });
        next
    }
    fn name(&self) -> String {
        String::from("talk")
    }
    fn bounds(&self) -> Vec<Bound> {
        vec![Bound { name: "crashes", value: u64::from(self.0.crashes), kind: BoundKind::Budget }]
    }
    fn claims(&self) -> Vec<Property<Talk>> {
        let claim = |name, check| Property { name, source: "ours", meaning: "", check };
        vec![
            claim(
                "WaitingEnds",
                Check::LeadsTo(|_, s: &State| s.nodes[0].state == Knows::Waits, |_, s: &State| s.nodes[0].state != Knows::Waits),
            ),
            claim("AnswerIsPossible", Check::AlwaysPossible(|_, s: &State| s.nodes[0].state == Knows::Answer)),
            Property::reachable("AnswerIsKnown", "ours", "", |_, s: &State| s.nodes[0].state == Knows::Answer),
            Property::invariant("DownNodesAreSilent", "ours", "", |_, s: &State| {
                let timers = s.outage.down.iter().any(|node| !s.nodes[node.index()].timers.is_empty());
                let waits = s.outage.down.contains(ASKER) && s.nodes[0].state != Knows::Nothing;
                if timers || waits { Err(format!("{s:?}")) } else { Ok(()) }
            }),
        ]
    }
    fn message_kinds(&self) -> Vec<&'static str> {
        vec!["Ask", "Answer", "Gone"]
    }
    fn message_kind(&self, word: &Word) -> usize {
        *word as usize
    }
    fn timer_kinds(&self) -> Vec<&'static str> {
        vec!["AskAgain"]
    }
    fn timer_kind(&self, _: &AskAgain) -> usize {
        0
    }
    fn message_text(&self, _: &Word) -> String {
        String::new()
    }
}

const NO_FAULTS: Budget = Budget { crashes: 0, cuts: 0, disconnects: 0, losses: 0 };

fn talk(heeds: bool, budget: Budget) -> Talk {
    World {
        actor: Talker { heeds },
        nodes: 2,
        network: NetworkKind::Sessions,
        drop_obsolete: false,
        environment: Adversary(budget),
    }
}

/// What becomes of waiting, and of the answer.
fn verdicts(world: &Talk) -> (Verdict, Verdict) {
    let safe = check(world, &Options::default(), &Control::new());
    assert!(safe.is_complete() && safe.violations().next().is_none());
    let live = liveness::check(world, &LivenessOptions::default(), &Control::new()).unwrap();
    let recovered = recovery::check(world, &LivenessOptions::default(), &Control::new()).unwrap();
    let verdict = |outcome: &liveness::LivenessOutcome<Talk>, name| outcome.property(name).unwrap().outcome.verdict;
    (verdict(&live, "WaitingEnds"), verdict(&recovered.outcome, "AnswerIsPossible"))
}

#[test]
fn whoever_heeds_the_end_of_its_session_does_not_wait_for_ever() {
    use Verdict::{Holds, Violated};
    let (crash, cut, disconnect) =
        (Budget { crashes: 1, ..NO_FAULTS }, Budget { cuts: 1, ..NO_FAULTS }, Budget { disconnects: 1, ..NO_FAULTS });
    let all = Budget { crashes: 2, cuts: 2, disconnects: 2, losses: 0 };
    for budget in [NO_FAULTS, crash, cut, disconnect, all] {
        assert_eq!(verdicts(&talk(true, budget)), (Holds, Holds), "{budget:?}");
    }
    assert_eq!(verdicts(&talk(false, NO_FAULTS)), (Holds, Holds));
    for budget in [crash, cut, disconnect, all] {
        assert_eq!(verdicts(&talk(false, budget)), (Violated, Violated), "{budget:?}");
    }
}

/// What is lost without a word is no session's business, and nobody can help.
#[test]
fn a_silent_loss_is_fatal() {
    let silent = talk(true, Budget { losses: 1, ..NO_FAULTS });
    assert_eq!(verdicts(&silent), (Verdict::Violated, Verdict::Violated));
}

/// Every fault and repair happens, and is called by its name.
#[test]
fn every_kind_of_fault_happens() {
    let world = talk(true, Budget { crashes: 1, cuts: 1, disconnects: 1, losses: 1 });
    let outcome = check(&world, &Options::default(), &Control::new());
    let never: Vec<_> = outcome.coverage.actions.iter().filter(|(_, count)| *count == 0).map(|(name, _)| *name).collect();
    assert_eq!(never, ["Gone"], "nobody sends that a session has ended");
    // The naive engine knows no explorer, and compares whole states.
    let naive = check(&world, &Options::engine(Engine::Naive), &Control::new());
    let counts = |outcome: &Outcome<Talk>| (outcome.distinct_states, outcome.generated_states, outcome.depth);
    assert_eq!(counts(&outcome), counts(&naive));
    assert_eq!(outcome.coverage.actions, naive.coverage.actions);
    assert!(outcome.distinct_states > 100, "{}", outcome.distinct_states);
}
