//! A failing plan made shorter: steps are left out as long as the same property
//! still fails, first many at a time, then one by one.

use super::failure::Failure;
use super::plan::Plan;

/// A shortened plan, and what it took.
#[derive(Clone, Debug)]
pub struct Shortened {
    /// The plan.
    pub plan: Plan,
    /// Its failure.
    pub failure: Failure,
    /// How many runs it took.
    pub runs: usize,
}

/// Shortens `plan`, which fails with `failure`. `run` says how a plan fails, if
/// it does; it is asked at most `runs_max` times.
pub fn shorten(plan: &Plan, failure: &Failure, runs_max: usize, run: impl Fn(&Plan) -> Option<Failure>) -> Shortened {
    let mut best = Shortened { plan: plan.clone(), failure: failure.clone(), runs: 0 };
    let mut size = best.plan.steps.len().max(1);
    while size > 0 {
        let mut from = 0;
        while from < best.plan.steps.len() && best.runs < runs_max {
            let to = (from + size).min(best.plan.steps.len());
            let candidate = best.plan.without(from, to);
            if !try_plan(&mut best, candidate, &run) {
                from = to;
            } // else what came after has moved here
        }
        size /= 2;
    }
    best
}

/// Takes `candidate` if it fails alike.
fn try_plan(best: &mut Shortened, candidate: Plan, run: &impl Fn(&Plan) -> Option<Failure>) -> bool {
    best.runs += 1;
    match run(&candidate).filter(|failure| failure.property == best.failure.property) {
        Some(failure) => {
            best.plan = candidate;
            best.failure = failure;
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::Deed;
    use super::*;

    #[test]
    fn only_what_it_takes_to_fail_is_left() {
        let plan = Plan::random(3, 2_000, &[]);
        let needed: Vec<Deed> = [10, 11, 150].iter().map(|index| plan.steps[*index].deed).collect();
        let fails = |plan: &Plan| {
            let mut deeds = plan.steps.iter().map(|step| step.deed);
            let all = needed.iter().all(|wanted| deeds.any(|deed| deed == *wanted));
            all.then(|| Failure::new("Alike", "", 0))
        };
        let shortened = shorten(&plan, &Failure::new("Alike", "", 0), 10_000, fails);
        assert_eq!(shortened.plan.steps.iter().map(|step| step.deed).collect::<Vec<_>>(), needed);
        assert!(shortened.runs < 200, "{}", shortened.runs);
        let other = shorten(&plan, &Failure::new("Another", "", 0), 10_000, fails);
        assert_eq!(other.plan, plan, "a failure of another property is another failure");
    }
}
