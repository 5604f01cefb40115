//! Random plans, decided once by the engine and once by looking at everything
//! that recovery steps reach from each state by itself.

use quorate_checker::Verdict;
use quorate_model::specification::BoundKind;

use crate::plan::Plan;

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

fn random(dice: &mut Dice) -> Plan {
    let states = 3 + dice.below(6) as u8;
    let density = 20 + dice.below(40);
    let mut plan = Plan { kind: Some(BoundKind::Budget), ..Plan::default() };
    for from in 0..states {
        for letter in ['a', 'b', 'c', 'F'] {
            if dice.chance(density) {
                plan.edges.push((from, letter, dice.below(u64::from(states)) as u8));
            }
        }
        if dice.chance(60) {
            plan.schedule.push((from, ['a', 'b', 'c', 'F'][dice.below(4) as usize]));
        }
    }
    let some = |dice: &mut Dice, percent| (1..states).filter(|_| dice.chance(percent)).collect::<Vec<u8>>();
    plan.p = some(dice, 40);
    if dice.chance(50) {
        plan.beyond_budget = some(dice, 30);
        plan.beyond_headroom = plan.beyond_budget.iter().copied().filter(|_| dice.chance(40)).collect();
    }
    if dice.chance(20) {
        plan.kind = [Some(BoundKind::Cut), None][dice.below(2) as usize];
    }
    plan
}

/// What `from` leads to by steps that `admitted` admits, and whether one leads to where `beyond` says.
fn reach(plan: &Plan, from: u8, beyond: &[u8], admitted: &dyn Fn(char) -> bool) -> (Vec<u8>, bool) {
    let (mut reached, mut cut, mut next) = (vec![from], false, 0);
    while next < reached.len() {
        for (begin, action, end) in &plan.edges {
            if *begin == reached[next] && admitted(*action) {
                if beyond.contains(end) {
                    cut = true;
                } else if !reached.contains(end) {
                    reached.push(*end);
                }
            }
        }
        next += 1;
    }
    (reached, cut)
}

/// The verdict, and the doomed states.
fn twin(plan: &Plan) -> (Verdict, Vec<u8>) {
    let (within, budget_spent) = reach(plan, 0, &plan.beyond_budget, &|_| true);
    let (mut doomed, mut undecided) = (Vec::new(), false);
    for state in within {
        let (recoveries, cut) = reach(plan, state, &plan.beyond_headroom, &|action| action.is_lowercase());
        if !recoveries.iter().any(|state| plan.p.contains(state)) {
            if cut { undecided = true } else { doomed.push(state) }
        }
    }
    let weakened = budget_spent && plan.kind != Some(BoundKind::Budget);
    let verdict = match () {
        () if !doomed.is_empty() => Verdict::Violated,
        () if undecided || weakened => Verdict::Inconclusive,
        () => Verdict::Holds,
    };
    (verdict, doomed)
}

#[test]
fn the_engine_and_the_dumb_twin_agree_on_random_plans() {
    let mut dice = Dice(0x5eed);
    let mut verdicts = std::collections::BTreeMap::new();
    let (mut by_search, mut by_schedule) = (0, 0);
    for _ in 0..20_000 {
        let plan = random(&mut dice);
        let (verdict, doomed) = twin(&plan);
        let found = plan.run();
        let property = &found.outcome.properties[0];
        assert_eq!(property.outcome.verdict, verdict, "{plan:?}: {:?}", property.outcome.reason);
        if let Some(path) = &property.outcome.path {
            assert!(doomed.contains(path.last()), "{plan:?}: {}", path.last());
            let states: Vec<u8> = path.states().copied().collect();
            let steps = path.steps.iter().enumerate().map(|(index, (action, to))| (states[index], *action, *to));
            assert!(steps.clone().all(|step| plan.edges.contains(&step)), "{plan:?}");
        }
        if let Some(example) = &property.evidence.example {
            assert!(plan.p.contains(example.last()), "{plan:?}");
        }
        by_search += found.recoveries[0].by_search;
        by_schedule += found.recoveries[0].by_schedule;
        *verdicts.entry(verdict.to_string()).or_insert(0) += 1;
    }
    assert!(verdicts.len() == 3 && verdicts.values().all(|count| *count > 300), "{verdicts:?}");
    assert!(by_search > 1000 && by_schedule > 1000, "{by_search} {by_schedule}");
}
