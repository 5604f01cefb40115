//! A model of one's own on this engine: a token passed around a ring.
//!
//! Run it with `cargo run -p quorate-checker --example token_ring`.

use quorate_checker::{Control, Options, Outcome, check};
use quorate_model::property::{Property, Verdict};
use quorate_model::specification::{ClassId, GuardId, Specification};
use serde::{Deserialize, Serialize};
use stateright::Model;

/// `careful` nodes leave the critical section before they pass the token on.
#[derive(Clone)]
struct TokenRing {
    nodes: u8,
    careful: bool,
}

/// Who holds the token, and who is in the critical section (a bit for each node).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Ring {
    token: u8,
    inside: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Action {
    Enter(u8),
    Leave(u8),
    PassToken,
}

const NO_TOKEN: GuardId = GuardId(0);
const INSIDE: GuardId = GuardId(1);
const OUTSIDE: GuardId = GuardId(2);

impl Model for TokenRing {
    type State = Ring;
    type Action = Action;

    fn init_states(&self) -> Vec<Ring> {
        vec![Ring { token: 0, inside: 0 }]
    }
    fn actions(&self, _: &Ring, actions: &mut Vec<Action>) {
        actions.extend((0..self.nodes).flat_map(|node| [Action::Enter(node), Action::Leave(node)]));
        actions.push(Action::PassToken);
    }
    fn next_state(&self, ring: &Ring, action: Action) -> Option<Ring> {
        self.step(ring, &action).ok()
    }
}

impl Specification for TokenRing {
    fn guards(&self) -> Vec<&'static str> {
        vec!["NoToken", "Inside", "Outside"]
    }
    fn action_classes(&self) -> Vec<&'static str> {
        vec!["Enter", "Leave", "PassToken"]
    }
    fn class_of(&self, action: &Action) -> ClassId {
        ClassId(match action {
            Action::Enter(_) => 0,
            Action::Leave(_) => 1,
            Action::PassToken => 2,
        })
    }
    fn step(&self, ring: &Ring, action: &Action) -> Result<Ring, GuardId> {
        let is_inside = |node: u8| ring.inside >> node & 1 == 1;
        match *action {
            Action::Enter(node) if node != ring.token => Err(NO_TOKEN),
            Action::Enter(node) => Ok(Ring { inside: ring.inside | 1 << node, ..*ring }),
            Action::Leave(node) if !is_inside(node) => Err(OUTSIDE),
            Action::Leave(node) => Ok(Ring { inside: ring.inside & !(1 << node), ..*ring }),
            Action::PassToken if self.careful && is_inside(ring.token) => Err(INSIDE),
            Action::PassToken => Ok(Ring { token: (ring.token + 1) % self.nodes, ..*ring }),
        }
    }
    fn claims(&self) -> Vec<Property<Self>> {
        let exclusive = |_: &TokenRing, ring: &Ring| -> Verdict {
            if ring.inside.count_ones() <= 1 { Ok(()) } else { Err(format!("nodes {:b} are inside at once", ring.inside)) }
        };
        let some_enters = |_: &TokenRing, ring: &Ring| ring.inside == 4;
        vec![
            Property::invariant("MutualExclusion", "ours", "at most one node is inside", exclusive),
            Property::reachable("ThirdEnters", "ours", "the third node gets its turn", some_enters),
        ]
    }
}

fn explore(careful: bool) -> Outcome<TokenRing> {
    let outcome = check(&TokenRing { nodes: 3, careful }, &Options::default(), &Control::new());
    println!("careful = {careful}: {}, {} states, depth {}", outcome.verdict, outcome.distinct_states, outcome.depth);
    for property in outcome.violations() {
        println!("{}: {}", property.name, property.reason.as_deref().unwrap_or_default());
        for (action, ring) in property.path.iter().flat_map(|path| &path.steps) {
            println!("  {action:?} -> {ring:?}");
        }
    }
    outcome
}

fn main() {
    explore(true);
    explore(false);
}

#[cfg(test)]
mod tests {
    use quorate_checker::Verdict;

    use super::explore;

    #[test]
    fn careful_nodes_exclude_each_other() {
        let outcome = explore(true);
        // Three places of the token, each with its holder outside or inside.
        assert_eq!((outcome.verdict, outcome.distinct_states), (Verdict::Holds, 6));
    }

    #[test]
    fn careless_ones_do_not() {
        let outcome = explore(false);
        let violated: Vec<_> = outcome.violations().map(|p| (p.name.as_str(), p.trace_length())).collect();
        // Enter, pass the token on, enter.
        assert_eq!(violated, [("MutualExclusion", Some(4))]);
    }
}
