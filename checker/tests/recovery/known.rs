//! Recoveries whose outcome is known by looking at the graph.

use quorate_checker::Verdict;
use quorate_checker::liveness::{LivenessError, LivenessOptions};
use quorate_checker::recovery::RecoveryCounts;
use quorate_model::specification::BoundKind;

use crate::plan::Plan;

fn verdict(plan: &Plan) -> Verdict {
    plan.run().outcome.properties[0].outcome.verdict
}

/// The states of the path to the doomed state, and why it is doomed.
fn doomed(plan: &Plan) -> (Vec<u8>, String) {
    let outcome = plan.run().outcome;
    let found = &outcome.properties[0].outcome;
    assert_eq!(found.verdict, Verdict::Violated, "{:?}", found.reason);
    (found.path.as_ref().unwrap().states().copied().collect(), found.reason.clone().unwrap())
}

#[test]
fn the_schedule_leads_out_of_every_state() {
    let plan = Plan::new("0a1 1b2 1F3 3r0").p(&[2]).schedule("0a 1b 3r");
    let found = plan.run();
    assert_eq!(verdict(&plan), Verdict::Holds);
    // 1 is known from the schedule of 0; 3 goes to 0, which is known.
    let counts = RecoveryCounts { satisfied: 1, by_schedule: 2, known: 1, longest_schedule: 2, ..RecoveryCounts::default() };
    assert_eq!(found.recoveries, [counts]);
    let example = found.outcome.properties[0].evidence.example.as_ref().unwrap();
    assert!(example.states().eq(&[0, 1, 2]));
    assert_eq!(found.outcome.graph.states, 4);
}

#[test]
fn where_the_schedule_ends_a_search_goes_on() {
    for schedule in ["", "0a", "0x", "0a 1c 3d"] {
        // It ends, ends later, is not possible, goes round.
        let plan = Plan::new("0a1 1b2 1c3 3d0").p(&[2]).schedule(schedule);
        assert_eq!(verdict(&plan), Verdict::Holds, "{schedule}");
        let found = plan.run();
        assert!(found.recoveries[0].by_search >= 1, "{schedule}");
        assert!(found.outcome.properties[0].evidence.example.as_ref().unwrap().last() == &2);
    }
}

#[test]
fn a_dead_end_is_doomed() {
    let plan = Plan::new("0a1 1b2 1F3").p(&[2]).schedule("0a 1b").refused(&[(3, 'b')]);
    let (path, reason) = doomed(&plan);
    assert_eq!(path, [0, 1, 3]);
    assert!(reason.contains("reach 1 states"), "{reason}");
    assert!(reason.contains("possible in the last state: nothing"), "{reason}");
    assert!(reason.contains("refused in these states by: NotNow (1)"), "{reason}");
}

#[test]
fn a_cycle_without_p_is_doomed() {
    let plan = Plan::new("0a1 1F3 3b4 4c5 5d3").p(&[1]).schedule("0a 3b 4c 5d");
    let (path, reason) = doomed(&plan);
    assert_eq!(path, [0, 1, 3]);
    assert!(reason.contains("reach 3 states") && reason.contains("0 of them have no recovery step"), "{reason}");
}

#[test]
fn a_fault_is_no_recovery() {
    let plan = Plan::new("0a1 0b2 2F1").p(&[1]).schedule("0a 2F");
    let (path, reason) = doomed(&plan);
    assert_eq!(path, [0, 2]);
    assert!(reason.contains("possible, but no recovery step: 'F'"), "{reason}");
    assert!(reason.contains("not recovery steps: Fault (1)"), "{reason}");
}

#[test]
fn the_nearest_doomed_state_is_shown() {
    let plan = Plan::new("0a1 1b2 2c3 3F4 1G5 0d6").p(&[6]).schedule("0d");
    assert_eq!(doomed(&plan).0, [0, 1]);
}

#[test]
fn a_recovery_that_is_cut_is_not_known() {
    let plan = Plan::new("0a1 0F2 2b3").p(&[1]).beyond_headroom(&[3]);
    let found = plan.run();
    let property = &found.outcome.properties[0].outcome;
    assert_eq!(property.verdict, Verdict::Inconclusive);
    assert_eq!(property.reason.as_deref(), Some("from 1 states every way to it was cut by the headroom"));
    assert_eq!(found.recoveries[0].undecided, 1);
    // The same by the schedule.
    assert_eq!(verdict(&plan.schedule("0a 2b")), Verdict::Inconclusive);
}

#[test]
fn doomed_although_the_way_there_was_cut_elsewhere() {
    // From 1 there is a way that was cut; from 2, behind it, there is not.
    let plan = Plan::new("0p9 0F1 1a2 1b7 2c3").p(&[9]).beyond_headroom(&[7]);
    assert_eq!(doomed(&plan).0, [0, 1, 2]);
}

#[test]
fn headroom_is_wider_than_the_budget() {
    // 3 is out of the budget; it helps 2 to recover, and is not itself examined.
    let plan = Plan::new("0a1 0F2 2b3 3c1 3d4").p(&[1]).beyond_budget(&[3, 4]);
    for schedule in ["0a", "0a 2b 3c"] {
        let plan = plan.clone().schedule(schedule);
        assert_eq!(verdict(&plan), Verdict::Holds, "{schedule}");
        assert_eq!(plan.run().outcome.graph.states, 3);
        // A bound that cuts behaviours, or one of unknown kind, hides states.
        assert_eq!(verdict(&plan.clone().kind(Some(BoundKind::Cut))), Verdict::Inconclusive);
        assert_eq!(verdict(&plan.kind(None)), Verdict::Inconclusive);
    }
}

#[test]
fn the_schedule_may_not_leave_the_headroom() {
    let plan = Plan::new("0a5 5b1").p(&[1]).schedule("0a 5b").beyond_headroom(&[5]);
    assert_eq!(verdict(&plan), Verdict::Inconclusive);
}

#[test]
fn a_search_that_is_too_long_tells_nothing() {
    let plan = Plan::new("0a1 1b2 2c3 3d4 4e5").p(&[5]);
    let few = LivenessOptions { search_limit: 3, ..LivenessOptions::default() };
    let property = |options| plan.run_with(options).outcome.properties.remove(0).outcome;
    assert_eq!(property(&few).verdict, Verdict::Inconclusive);
    assert_eq!(property(&LivenessOptions::default()).verdict, Verdict::Holds);
}

#[test]
fn where_it_is_true_everywhere_any_state_is_an_example() {
    let found = Plan::new("0a1").p(&[0, 1]).run();
    assert_eq!(found.outcome.properties[0].outcome.verdict, Verdict::Holds);
    assert!(!found.outcome.properties[0].is_vacuous());
    assert_eq!(found.outcome.properties[0].evidence.goal_states, 2);
}

#[test]
fn symmetry_is_refused_with_the_reason() {
    let options = LivenessOptions { symmetry: true, ..LivenessOptions::default() };
    let refused = quorate_checker::recovery::check(&Plan::new(""), &options, &quorate_checker::Control::new());
    let error = refused.err().unwrap();
    assert_eq!(error, LivenessError::Symmetry);
    assert!(error.to_string().contains("cycle among classes of states"), "{error}");
}
