//! Small graphs whose answers are known by looking at them.
//!
//! A verdict is a claim's letter and `+` (holds), `-` (violated) or `?`
//! (inconclusive); after `-` may come the number of states of the lasso, the
//! state that closes the cycle included.

use quorate_checker::Verdict;

use crate::small::{CLAIMS, Small, assert_violation};

fn expect(model: Small, verdicts: &str) {
    let outcome = model.run();
    for wanted in verdicts.split_whitespace() {
        let (claim, verdict) = (wanted.chars().next().unwrap(), &wanted[1..2]);
        let name = CLAIMS.iter().find(|(letter, _)| *letter == claim).unwrap().1;
        let found = &outcome.property(name).unwrap().outcome;
        let verdict = match verdict {
            "+" => Verdict::Holds,
            "-" => Verdict::Violated,
            _ => Verdict::Inconclusive,
        };
        assert_eq!(found.verdict, verdict, "{wanted} of {model:?}: {:?}", found.reason);
        assert_eq!(found.path.is_some(), verdict == Verdict::Violated);
        if let Some(path) = &found.path {
            assert_violation(&model, claim, path);
            if let Some(length) = wanted.get(2..).filter(|length| !length.is_empty()) {
                assert_eq!(path.len().to_string(), length, "{wanted} of {model:?}: {:?}", path.states().collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn a_cycle_that_is_reached_late() {
    let graph = Small::new("0a1 1b2 2c3 3d2").weak("abcd");
    expect(graph.clone().p(&[1]), "E+ A-5 S-5");
    expect(graph.clone().p(&[3]), "E+ A+ S-5");
    expect(graph.p(&[2, 3]), "E+ A+ S+");
}

#[test]
fn a_join_of_paths_with_different_pasts() {
    // The way 1, 4 has had its P, the way 0, 4 has not.
    let graph = Small::new("0a4 1b4 4c6").initial(&[0, 1]).weak("abc").p(&[1]);
    expect(graph.clone(), "E-3 A-3");
    expect(graph.initial(&[1]), "E+ A-3");
}

#[test]
fn a_diamond_with_p_on_one_side() {
    let graph = Small::new("0a1 0b2 1c3 2d3 3e0").weak("abcde");
    expect(graph.clone().p(&[1]), "E-4 A-4 S-4");
    // Strong fairness to the way in makes it happen again and again.
    expect(graph.strong("a").p(&[1]), "E+ A+ S-4");
}

#[test]
fn two_disjoint_fair_cycles() {
    let graph = Small::new("0l1 0r2 1a3 3b1 2c4 4d2").weak("lrabcd");
    expect(graph.clone().p(&[1]), "E-4 A-4 S-4");
    expect(graph.clone().p(&[1, 2]), "E+ A+ S-4");
    expect(graph.clone().p(&[1, 2, 3, 4]), "E+ A+ S+");
    expect(graph.p(&[3]).q(&[2]), "L-5");
}

#[test]
fn strong_against_weak_fairness() {
    // g is possible in every second state of the cycle.
    let graph = Small::new("0a1 1b0 0g2").p(&[2]);
    expect(graph.clone().weak("abg"), "E-3 A-3");
    expect(graph.clone().weak("ab").strong("g"), "E+ A+ S+");
    // Without fairness of b the behaviour may stay where g is impossible.
    expect(graph.strong("g"), "E-2 A-2");
}

#[test]
fn possible_now_here_and_now_there_is_not_possible_all_the_time() {
    let graph = Small::new("0m1 1n0 0g2 1h2").p(&[2]);
    expect(graph.clone().weak("mngh"), "E-3");
    expect(graph.clone().weak("mn").strong("gh"), "E+");
    // One instance that is possible in both is.
    expect(Small::new("0m1 1n0 0g2 1g2").p(&[2]).weak("g"), "E+");
}

#[test]
fn a_message_starves_while_another_is_delivered() {
    // d delivers one message, r sends it again, m delivers the other one.
    let graph = Small::new("0d1 1r0 0m2 1m3 2d3 3r2").p(&[2, 3]);
    expect(graph.clone().weak("dr"), "E-3");
    expect(graph.weak("drm"), "E+ A+ S+");
}

#[test]
fn fairness_to_a_class_is_not_fairness_to_each_instance() {
    // Both d and m are deliveries; one instance for both would be content with d.
    expect(Small::new("0d1 1d0 0d2").weak("d").p(&[2]), "E-3");
    expect(Small::new("0d1 1d0 0m2 1m2").weak("dm").p(&[2]), "E+");
}

#[test]
fn stuttering_without_fairness() {
    let graph = Small::new("0a1").p(&[1]);
    expect(graph.clone(), "E-1 A-1 S-1");
    expect(graph.clone().weak("a"), "E+ A+ S+");
    expect(graph.strong("a"), "E+ A+ S+");
    // A cycle need not go round.
    expect(Small::new("0a1 1b2 2c0").p(&[2]), "E-1 A-1");
    expect(Small::new("0a1 1b2 2c0").p(&[2]).weak("abc"), "E+ A+ S-4");
}

#[test]
fn a_state_without_steps_is_a_lasso_of_one_state() {
    let graph = Small::new("");
    let outcome = graph.run();
    let path = outcome.property("Eventually").unwrap().outcome.path.clone().unwrap();
    assert_eq!((path.len(), path.loop_start), (1, Some(0)));
    expect(graph.clone(), "E-1 A-1 S-1 L+");
    expect(graph.clone().p(&[0]), "E+ A+ S+ L-1");
    expect(graph.p(&[0]).q(&[0]), "E+ A+ S+ L+");
}

#[test]
fn a_dead_end_beside_the_goal() {
    expect(Small::new("0a1 0b2").weak("ab").p(&[2]), "E-2 A-2 S-2");
    expect(Small::new("0a1 0b2").strong("ab").p(&[2]), "E-2 A-2 S-2");
}

#[test]
fn a_step_to_the_same_state_is_stuttering() {
    let graph = Small::new("0a0 0b1").p(&[1]);
    expect(graph.clone(), "E-1");
    // Fairness to a asks for nothing: <<a>>_vars is never possible.
    expect(graph.clone().weak("a"), "E-1");
    expect(graph.clone().strong("a"), "E-1");
    // And a does not count as going on: b is possible all the time.
    expect(graph.weak("ab"), "E+");
    // Where a also has a step that changes something, that step is owed.
    expect(Small::new("0a0 1a0 0c1").weak("ac").p(&[1]), "A+");
    let outcome = Small::new("0a0 1a0 0c1").run();
    assert_eq!((outcome.graph.edges, outcome.graph.stuttering_steps), (2, 1));
}

#[test]
fn unreachable_cycles_do_not_count() {
    let graph = Small::new("0a1 5b6 6c5").weak("abc").p(&[1]);
    expect(graph.clone(), "E+ A+ S+");
    assert_eq!(graph.run().graph.states, 2);
}

#[test]
fn a_fair_part_of_a_component_that_is_not() {
    // s is possible in 2 only; a behaviour that stays away from 2 is fair.
    let graph = Small::new("0a1 1b0 1c2 2d1 2s9").weak("abcd").strong("s").p(&[9]);
    expect(graph.clone(), "E-3 A-3");
    // If the way to 2 must be taken again and again, s must too.
    expect(graph.strong("cs"), "E+ A+ S+");
}

#[test]
fn parts_of_parts() {
    // Taking out 3 (for t) leaves 0, 1, 2, where s is neglected; taking out 2 leaves 0, 1.
    let graph = Small::new("0a1 1b0 1c2 2d1 2e3 3f2 3t9 2s9").weak("abcdef").strong("st").p(&[9]);
    expect(graph.clone(), "E-3");
    expect(graph.clone().strong("stc"), "E+");
    // Nothing is left where every state has a neglected one.
    expect(Small::new("0a1 1b0 0s2 1u3").strong("su").p(&[2, 3]), "E+");
    expect(Small::new("0a1 1b0 0s2 1u3").strong("su").p(&[2]), "E-3");
}

#[test]
fn the_cycle_does_all_that_it_owes() {
    let graph = Small::new("0a1 1b0 0c2 2d0").p(&[3]);
    expect(graph.clone().weak("abcd"), "E-3");
    expect(graph.strong("abcd"), "E-5");
    expect(Small::new("0a1 1b0 0c2 2d0 0e3 3f0").strong("abcdef"), "E-7");
    // The way back owes something new, u; then 3 and 4 alone are a fair cycle.
    expect(Small::new("0a1 1b2 2c3 3d0 3u4 4v3").strong("u").weak("abcdv"), "E-6");
}

#[test]
fn cut_states_are_no_dead_ends_and_no_successes() {
    let graph = Small::new("0a1 1b7").outside(&[7]).weak("ab");
    expect(graph.clone().p(&[2]), "E? A? S?");
    expect(graph.clone().p(&[1]), "E+ A? S? L?");
    // The step that leaves has its P; what comes after is not known.
    expect(graph.clone().p(&[7]), "E+ A? S?");
    let outcome = graph.run();
    assert_eq!((outcome.graph.cut_states, outcome.graph.cut_transitions, outcome.graph.states), (1, 1, 2));
    let reason = outcome.property("Eventually").unwrap().outcome.reason.clone().unwrap();
    assert!(reason.contains("from 1 states"), "{reason}");
}

#[test]
fn a_cut_step_is_a_step() {
    // Without fairness the behaviour may stay; with it, it must leave.
    expect(Small::new("0a7").outside(&[7]), "E-1");
    expect(Small::new("0a7").outside(&[7]).weak("a"), "E?");
    // A cycle that neglects the step out of the bounds is not fair.
    let graph = Small::new("0a1 1c0 0b7 1b7").outside(&[7]).weak("ac");
    expect(graph.clone(), "E-3");
    expect(graph.clone().weak("acb"), "E? A?");
    expect(Small::new("0a1 1c0 0b7").outside(&[7]).weak("acb"), "E-3");
    expect(Small::new("0a1 1c0 0b7").outside(&[7]).weak("ac").strong("b"), "E?");
}

#[test]
fn an_initial_state_outside_the_bounds_weakens_too() {
    let graph = Small::new("0a1").weak("a").initial(&[0, 7]).outside(&[7]);
    expect(graph.clone().p(&[1]), "E? A? S?");
    expect(graph.p(&[1, 7]), "E+ A? S?");
    expect(Small::new("").initial(&[7]).outside(&[7]), "E? A? S? L?");
}

#[test]
fn cuts_elsewhere_do_not_weaken_eventually() {
    // Who leaves the bounds has passed 1, which is P.
    let graph = Small::new("0a1 1b2 2c7").weak("abc").outside(&[7]);
    expect(graph.clone().p(&[1]), "E+ A?");
    expect(graph.p(&[2]), "E+ A?");
}

#[test]
fn leads_to() {
    let graph = Small::new("0a1 1b2 2c1").weak("abc");
    expect(graph.clone().p(&[1]).q(&[2]), "L+");
    expect(graph.clone().p(&[2]).q(&[1]), "L+");
    expect(graph.clone().p(&[2]).q(&[0]), "L-5");
    expect(graph.clone().p(&[0]).q(&[1]), "L+");
    expect(graph.p(&[]).q(&[]), "L+");
    // Q before P does not help.
    expect(Small::new("0a1 1b2").weak("ab").p(&[0, 2]).q(&[1]), "L-3");
}

#[test]
fn leads_to_where_both_hold() {
    let graph = Small::new("0a1 1b2").weak("ab");
    expect(graph.clone().p(&[0]).q(&[0]), "L+");
    expect(graph.clone().p(&[0, 1]).q(&[1]), "L+");
    expect(graph.clone().p(&[0, 1, 2]).q(&[1]), "L-3");
    expect(graph.p(&[0, 1, 2]).q(&[2]), "L+");
}

#[test]
fn leads_to_is_violated_only_after_p() {
    // The cycle 1, 2 without Q is reached, but not from a state with P.
    let graph = Small::new("0a1 1b2 2c1 0d3 3e4").weak("abcde");
    expect(graph.clone().p(&[3]).q(&[4]), "L+");
    expect(graph.p(&[0]).q(&[4]), "L-4");
}

#[test]
fn eventually_always_needs_the_bad_state_again_and_again() {
    // 1 is left at the latest when s, which is strongly fair, is taken.
    let graph = Small::new("0a1 1b0 0s2 2c3 3d2").weak("abcd").strong("s").p(&[2, 3]);
    expect(graph.clone(), "E+ A+ S+");
    expect(graph.clone().strong(""), "E-3 A-3 S-3");
    expect(graph.strong("").weak("abcds"), "E-3 A-3 S-3");
    // The bad state is in a fair cycle, but not in the nearest one.
    expect(Small::new("0a1 1b0 1c2 2d1").weak("abcd").p(&[0, 1]), "S-4");
}

#[test]
fn the_nearest_place_to_stay_makes_the_shorter_lasso() {
    // Going round 1, 2, 3, 4 is fair; so is staying in 5, one step away.
    let graph = Small::new("0a1 1b2 2c3 3d4 4e1 0f5").weak("abcdef");
    expect(graph, "E-2");
}

#[test]
fn what_holds_is_shown_not_to_be_vacuous() {
    let outcome = Small::new("0a1 1b2 2c1").weak("abc").p(&[1]).q(&[2]).run();
    let leads_to = outcome.property("LeadsTo").unwrap();
    assert_eq!((leads_to.evidence.trigger_states, leads_to.evidence.goal_states), (Some(1), 1));
    let example: Vec<u8> = leads_to.evidence.example.as_ref().unwrap().states().copied().collect();
    assert_eq!(example[..3], [0, 1, 2]);
    assert!(!leads_to.is_vacuous() && outcome.not_covered().iter().all(|sentence| !sentence.contains("LeadsTo")));

    let outcome = Small::new("0a1 1b2 2c1").weak("abc").q(&[2]).run();
    assert!(outcome.property("LeadsTo").unwrap().is_vacuous());
    assert_eq!(outcome.not_covered(), ["LeadsTo holds vacuously: no behaviour shows it"]);
}
