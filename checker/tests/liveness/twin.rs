//! Random small graphs, decided once by the engine and once by a dumb twin.
//!
//! A behaviour visits some set of states for ever. The twin tries every set of
//! states, whether it is strongly connected, fair and violating, and whether it
//! can be reached as the claim says; it knows no components and no removal.
//! Taking every step within the set is the fairest that a behaviour can do.

use quorate_checker::Verdict;

use crate::small::{CLAIMS, Small, assert_violation, is_fair};

/// A sequence of numbers that is the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

fn random(dice: &mut Dice) -> Small {
    let states = 2 + dice.below(5) as u8;
    let letters = ['a', 'b', 'c', 'd'];
    let used = 1 + dice.below(4) as usize;
    let density = 15 + dice.below(60);
    let mut graph = Small { initial: vec![0], ..Small::default() };
    for from in 0..states {
        for letter in &letters[..used] {
            if dice.chance(density) {
                graph.edges.push((from, *letter, dice.below(u64::from(states)) as u8));
            }
        }
    }
    for letter in &letters[..used] {
        match dice.below(5) {
            0 | 1 => graph.weak.push(*letter),
            2 | 3 => graph.strong.push(*letter),
            _ => {}
        }
    }
    let some = |dice: &mut Dice, percent: u64| (0..states).filter(|_| dice.chance(percent)).collect();
    (graph.p, graph.q) = (some(dice, 40), some(dice, 30));
    if dice.chance(30) {
        graph.outside = (1..states).filter(|_| dice.chance(20)).collect();
    }
    if dice.chance(20) {
        graph.initial = vec![0, states - 1];
    }
    graph
}

/// The states reachable from `from` by steps within the bounds to states that `within` admits.
fn reach(model: &Small, from: &[u8], within: &dyn Fn(u8) -> bool) -> Vec<u8> {
    let admitted = |state: u8| !model.outside.contains(&state) && within(state);
    let mut reached: Vec<u8> = from.iter().copied().filter(|state| admitted(*state)).collect();
    let mut next = 0;
    while next < reached.len() {
        for (begin, _, end) in &model.edges {
            if *begin == reached[next] && admitted(*end) && !reached.contains(end) {
                reached.push(*end);
            }
        }
        next += 1;
    }
    reached
}

fn twin(model: &Small, claim: char) -> Verdict {
    let p = |state: u8| model.p.contains(&state);
    let q = |state: u8| model.q.contains(&state);
    let everything = reach(model, &model.initial, &|_| true);
    let region = match claim {
        'E' => reach(model, &model.initial, &|state| !p(state)),
        'A' => everything.iter().copied().filter(|state| !p(*state)).collect(),
        'S' => everything.clone(),
        _ => {
            let triggers: Vec<u8> = everything.iter().copied().filter(|state| p(*state) && !q(*state)).collect();
            reach(model, &triggers, &|state| !q(state))
        }
    };
    for chosen in 1..1u32 << region.len() {
        let set: Vec<u8> = (0..region.len()).filter(|index| chosen >> index & 1 == 1).map(|index| region[index]).collect();
        let connected = set.iter().all(|state| reach(model, &[*state], &|other| set.contains(&other)).len() == set.len());
        let steps = model.edges.iter().filter(|(from, _, to)| from != to && set.contains(from) && set.contains(to));
        let taken: Vec<char> = steps.map(|(_, action, _)| *action).collect();
        let violates = claim != 'S' || set.iter().any(|state| !p(*state));
        if connected && violates && is_fair(model, &set, &taken) {
            return Verdict::Violated;
        }
    }
    let leaves = |from: &[u8], matters: &dyn Fn(u8) -> bool| {
        let outside = |state: &u8| model.outside.contains(state) && matters(*state);
        model.initial.iter().any(outside) || model.edges.iter().any(|(begin, _, end)| from.contains(begin) && outside(end))
    };
    let open = if claim == 'E' { leaves(&region, &|state| !p(state)) } else { leaves(&everything, &|_| true) };
    if open { Verdict::Inconclusive } else { Verdict::Holds }
}

#[test]
fn the_engine_and_the_dumb_twin_agree_on_random_graphs() {
    let mut dice = Dice(0x5eed);
    let mut verdicts = std::collections::BTreeMap::new();
    for _ in 0..20_000 {
        let model = random(&mut dice);
        let outcome = model.run();
        for (claim, name) in CLAIMS {
            let found = &outcome.property(name).unwrap().outcome;
            assert_eq!(found.verdict, twin(&model, claim), "{name} of {model:?}");
            if let Some(path) = &found.path {
                assert_violation(&model, claim, path);
            }
            *verdicts.entry(format!("{name} {}", found.verdict)).or_insert(0) += 1;
        }
    }
    // Each verdict on each claim must have been seen often, or nothing was compared.
    println!("{verdicts:?}");
    assert_eq!(verdicts.len(), 12);
    assert!(verdicts.values().all(|count| *count > 300), "{verdicts:?}");
}

#[test]
fn examples_of_what_holds_are_fair_behaviours() {
    let mut dice = Dice(7);
    let mut shown = 0;
    for _ in 0..3000 {
        let model = random(&mut dice);
        for property in model.run().properties {
            let Some(path) = property.evidence.example else { continue };
            let goal = if property.outcome.name == "LeadsTo" { &model.q } else { &model.p };
            assert!(path.states().any(|state| goal.contains(state)));
            // With P and Q nowhere, any fair lasso violates `<>P`.
            assert_violation(&Small { p: Vec::new(), q: Vec::new(), ..model.clone() }, 'E', &path);
            shown += 1;
        }
    }
    assert!(shown > 3000, "{shown}");
}
