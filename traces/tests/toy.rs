//! Traces of a model that is nothing but a stateright model: no nodes, no
//! messages, states that are no records, and properties of whole behaviours.

use quorate_model::property::Check;
use quorate_model::{Path, Property, Specification};
use quorate_traces::replay::{Difference, replay};
use quorate_traces::table::{self, TableOptions};
use quorate_traces::value::Value;
use quorate_traces::{Trace, TraceInfo, itf, mermaid, shiviz, svg};
use stateright::Model;

/// A traffic light that may skip a colour, or get stuck.
#[derive(Clone)]
struct Light {
    skips: bool,
}

impl Model for Light {
    type State = u8;
    type Action = u8;

    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }

    fn actions(&self, _: &u8, actions: &mut Vec<u8>) {
        actions.extend([1, 2]);
    }

    fn next_state(&self, state: &u8, by: u8) -> Option<u8> {
        (by == 1 || self.skips).then_some((state + by) % 4)
    }
}

impl Specification for Light {
    fn name(&self) -> String {
        "light".to_owned()
    }

    fn claims(&self) -> Vec<Property<Self>> {
        let claim = |name, check| Property { name, source: "ours", meaning: "", check };
        vec![
            claim("Small", Check::Always(|_, state| *state < 4)),
            claim(
                "NoSkip",
                Check::Step(|_, before, by, after| if *by == 1 { Ok(()) } else { Err(format!("{before} to {after}")) }),
            ),
            claim("Red", Check::Reachable(|_, state| *state == 3)),
            claim("OddOnce", Check::Eventually(|_, state| state % 2 == 1)),
            claim("OddAgain", Check::AlwaysEventually(|_, state| state % 2 == 1)),
            claim("EvenForGood", Check::EventuallyAlways(|_, state| state % 2 == 0)),
            claim("TwoThenThree", Check::LeadsTo(|_, state| *state == 2, |_, state| *state == 3)),
        ]
    }
}

const SKIPS: Light = Light { skips: true };

/// The behaviour with these steps; `loop_start` makes it a lasso.
fn trace(steps: &[u8], loop_start: Option<usize>, property: &str) -> Trace {
    let mut path = Path { initial: 0, steps: Vec::new(), loop_start };
    for by in steps {
        let next = SKIPS.next_state(path.last(), *by).unwrap();
        path.steps.push((*by, next));
    }
    let info = TraceInfo { property: property.to_owned(), verdict: "violated".to_owned(), ..TraceInfo::default() };
    itf::read(&itf::write(&SKIPS, &path, &info)).unwrap()
}

#[test]
fn lassos_are_replayed_and_judged() {
    // 0 → 2 → 0 → …: no odd number ever, and 2 never leads to 3.
    for property in ["OddOnce", "OddAgain", "TwoThenThree"] {
        let replayed = replay(&SKIPS, &trace(&[2], Some(0), property)).ok().unwrap();
        assert_eq!(replayed.violation.unwrap().0, property);
    }
    // 0 → 1 → 2 → 0 → …: odd again and again.
    let found = |steps: &[u8], start, property| replay(&SKIPS, &trace(steps, start, property)).err().map(|it| it.difference);
    assert!(matches!(found(&[1, 1], Some(0), "OddOnce"), Some(Difference::PropertyHolds { .. })));
    assert!(matches!(found(&[1, 1], Some(0), "OddAgain"), Some(Difference::PropertyHolds { .. })));
    assert_eq!(found(&[1, 1], Some(0), "EvenForGood"), None);
    // The odd number before the loop does not count for ever.
    assert_eq!(found(&[1, 1, 2, 2], Some(2), "OddAgain"), None);
    assert!(matches!(found(&[1, 1, 2, 2], Some(2), "EvenForGood"), Some(Difference::PropertyHolds { .. })));
    assert_eq!(found(&[1, 1], Some(1), "OddAgain"), Some(Difference::NoWayBack { start: 1 }));
}

#[test]
fn step_properties_and_reachability_are_judged() {
    let replayed = replay(&SKIPS, &trace(&[1, 2], None, "NoSkip")).ok().unwrap();
    assert_eq!(replayed.violation, Some(("NoSkip".to_owned(), "1 to 3".to_owned())));
    let held = replay(&SKIPS, &trace(&[2, 1], None, "NoSkip")).err().unwrap();
    assert!(matches!(held.difference, Difference::PropertyHolds { .. }));
    let refused = replay(&Light { skips: false }, &trace(&[1, 2], None, "NoSkip")).err().unwrap();
    assert_eq!((refused.step, refused.difference), (2, Difference::Refused { guard: "Ignored".to_owned() }));
}

#[test]
fn a_model_without_nodes_can_be_shown_all_the_same() {
    let trace = trace(&[1, 2], None, "NoSkip");
    assert_eq!(trace.vars, ["state"]);
    assert_eq!(trace.value(2, "state"), Some(&Value::Integer("3".to_owned())));
    let claims = trace.states[2].claims.as_ref().unwrap();
    assert_eq!(claims.violated["NoSkip"], "1 to 3");
    assert!(claims.holding.contains(&"Red".to_owned()) && !claims.holding.contains(&"EvenForGood".to_owned()));
    let text = table::render(&trace, &TableOptions { diff: true, ..TableOptions::default() });
    assert!(text.contains("2  2\n   state * 1 → 3\n   ✗ NoSkip: 1 to 3\n"), "{text}");
    assert!(mermaid::render(&trace).contains("participant L0 as system"));
    assert!(svg::render(&trace).contains(">system</text>"));
    assert!(shiviz::render(&trace).starts_with("world {\"world\":1}\n1\n"));
}
