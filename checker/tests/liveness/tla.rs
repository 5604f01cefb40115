//! The systems of `tests/data/tla`, written here a second time. TLC has decided
//! each property of each under three kinds of fairness; its verdicts are in
//! `verdicts.tsv`, made by `run-tlc` beside it.

use quorate_checker::liveness::{self, LivenessOptions};
use quorate_checker::{Control, Verdict};
use quorate_model::property::{Check, Property};
use quorate_model::specification::{Fairness, Specification};
use stateright::Model;

use crate::small::CLAIMS;

const VERDICTS: &str = include_str!("../data/tla/verdicts.tsv");

/// Two variables; `FALSE` is 0 and `TRUE` is 1.
type Vars = (u8, u8);

/// An action's name and what it does.
type Rule = (&'static str, fn(Vars) -> Option<Vars>);

#[derive(Clone)]
struct System {
    module: &'static str,
    init: Vec<Vars>,
    next: Vec<Rule>,
    p: fn(Vars) -> bool,
    q: fn(Vars) -> bool,
    /// `SpecNone`, `SpecWeak`, `SpecStrong`: names of weakly and of strongly fair actions.
    fairness: [(&'static str, &'static str); 3],
    chosen: usize,
}

const SPECIFICATIONS: [&str; 3] = ["SpecNone", "SpecWeak", "SpecStrong"];

/// From `x = from` to `x' = to`.
macro_rules! moves {
    ($($name:literal: $from:literal => $to:literal),* $(,)?) => {
        vec![$(($name, |(x, y)| (x == $from).then_some(($to, y)))),*]
    };
}

fn systems() -> Vec<System> {
    let system =
        |module, init: &[Vars], next, p, q, fairness| System { module, init: init.to_vec(), next, p, q, fairness, chosen: 0 };
    vec![
        system(
            "Resend",
            &[(0, 0)],
            vec![
                ("Send", |(net, got)| (got == 0 && net == 0).then_some((1, got))),
                ("Lose", |(net, got)| (net == 1).then_some((0, got))),
                ("Deliver", |(net, _)| (net == 1).then_some((0, 1))),
            ],
            |(_, got)| got == 1,
            |(net, _)| net == 0,
            [("", ""), ("Send Deliver", ""), ("Send", "Deliver")],
        ),
        system(
            "Mutex",
            &[(0, 0)],
            vec![
                ("RequestA", |(a, b)| (a == 0).then_some((1, b))),
                ("RequestB", |(a, b)| (b == 0).then_some((a, 1))),
                ("EnterA", |(a, b)| (a == 1 && b != 2).then_some((2, b))),
                ("EnterB", |(a, b)| (b == 1 && a != 2).then_some((a, 2))),
                ("ExitA", |(a, b)| (a == 2).then_some((0, b))),
                ("ExitB", |(a, b)| (b == 2).then_some((a, 0))),
            ],
            |(a, _)| a == 1,
            |(a, _)| a == 2,
            [("", ""), ("EnterA EnterB ExitA ExitB", ""), ("ExitA ExitB", "EnterA EnterB")],
        ),
        system(
            "Starve",
            &[(1, 1)],
            vec![
                ("DeliverX", |(x, y)| (x == 1).then_some((0, y))),
                ("SendX", |(x, y)| (x == 0).then_some((1, y))),
                ("DeliverY", |(x, y)| (y == 1).then_some((x, 0))),
            ],
            |(_, y)| y == 0,
            |(x, _)| x == 0,
            [("DeliverX SendX", ""), ("DeliverX SendX DeliverY", ""), ("DeliverX SendX", "DeliverY")],
        ),
        system(
            "SelfLoop",
            &[(0, 0)],
            vec![("Ping", Some), ("Go", |(x, y)| (x == 0).then_some((1, y))), ("Back", |(x, y)| (x == 1).then_some((2, y)))],
            |(x, _)| x == 1,
            |(x, _)| x == 2,
            [("Ping", ""), ("Ping Go", ""), ("", "Ping Go Back")],
        ),
        system(
            "TwoCycles",
            &[(0, 0)],
            moves!["Left": 0 => 1, "Right": 0 => 2, "A": 1 => 3, "B": 3 => 1, "C": 2 => 4, "D": 4 => 2],
            |(x, _)| [1, 2, 4].contains(&x),
            |(x, _)| [2, 3].contains(&x),
            [("", ""), ("Left Right A B C D", ""), ("A C", "Left Right B")],
        ),
        system(
            "Parts",
            &[(0, 0)],
            moves!["A": 0 => 1, "B": 1 => 0, "C": 1 => 2, "D": 2 => 1, "S": 2 => 9],
            |(x, _)| x == 9,
            |(x, _)| x == 1,
            [("", ""), ("A B C D", "S"), ("A B D", "C S")],
        ),
        system(
            "Overlap",
            &[(0, 0), (3, 0)],
            moves!["A": 0 => 1, "B": 1 => 2, "C": 2 => 0, "D": 3 => 4, "E": 3 => 0],
            |(x, _)| [0, 1].contains(&x),
            |(x, _)| [1, 2, 4].contains(&x),
            [("", ""), ("A B C D", ""), ("", "A B E")],
        ),
        system(
            "Join",
            &[(0, 0)],
            moves!["One": 0 => 1, "Two": 0 => 2, "FromOne": 1 => 4, "FromTwo": 2 => 4, "Up": 4 => 5, "Down": 5 => 4, "End": 4 => 6],
            |(x, _)| [1, 5].contains(&x),
            |(x, _)| x == 6,
            [("", ""), ("One Two FromOne FromTwo Up Down End", ""), ("One FromOne Down", "Up End")],
        ),
    ]
}

impl Model for System {
    type State = Vars;
    /// Index of a rule.
    type Action = u8;

    fn init_states(&self) -> Vec<Vars> {
        self.init.clone()
    }

    fn actions(&self, _state: &Vars, actions: &mut Vec<u8>) {
        actions.extend(0..self.next.len() as u8);
    }

    fn next_state(&self, state: &Vars, action: u8) -> Option<Vars> {
        self.next[usize::from(action)].1(*state)
    }
}

impl Specification for System {
    fn fairness(&self, action: &u8) -> Fairness {
        let (weak, strong) = self.fairness[self.chosen];
        let name = self.next[usize::from(*action)].0;
        match () {
            () if strong.split(' ').any(|fair| fair == name) => Fairness::Strong,
            () if weak.split(' ').any(|fair| fair == name) => Fairness::Weak,
            () => Fairness::None,
        }
    }

    fn claims(&self) -> Vec<Property<Self>> {
        let p = |model: &System, state: &Vars| (model.p)(*state);
        let q = |model: &System, state: &Vars| (model.q)(*state);
        let checks = [Check::Eventually(p), Check::AlwaysEventually(p), Check::EventuallyAlways(p), Check::LeadsTo(p, q)];
        let property = |((_, name), check)| Property { name, source: "tests/data/tla", meaning: "", check };
        CLAIMS.into_iter().zip(checks).map(property).collect()
    }
}

/// TLC's verdict on a property of a specification of a module.
fn of_tlc(module: &str, specification: &str, property: &str) -> Verdict {
    let wanted = [module, specification, property];
    let line = VERDICTS.lines().map(|line| line.split('\t').collect::<Vec<_>>()).find(|line| line[..3] == wanted);
    match line.unwrap_or_else(|| panic!("TLC was not asked for {wanted:?}"))[3] {
        "holds" => Verdict::Holds,
        "violated" => Verdict::Violated,
        other => panic!("{wanted:?}: {other}"),
    }
}

#[test]
fn verdicts_are_those_of_tlc() {
    let mut compared = std::collections::BTreeMap::new();
    for system in systems() {
        for (chosen, specification) in SPECIFICATIONS.into_iter().enumerate() {
            let system = System { chosen, ..system.clone() };
            let outcome = liveness::check(&system, &LivenessOptions::default(), &Control::new()).unwrap();
            for (_, name) in CLAIMS {
                let found = &outcome.property(name).unwrap().outcome;
                let wanted = of_tlc(system.module, specification, name);
                assert_eq!(found.verdict, wanted, "{name} of {} under {specification}: {:?}", system.module, found.reason);
                *compared.entry(wanted.to_string()).or_insert(0) += 1;
            }
        }
    }
    assert_eq!(compared.values().sum::<u32>() as usize, VERDICTS.lines().count() - 1, "each line is compared");
    assert!(compared.values().all(|count| *count >= 20), "{compared:?}");
}
