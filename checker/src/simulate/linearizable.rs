//! Whether histories of registers are linearizable: whether each operation can
//! be given one moment between its invocation and its answer, so that in the
//! order of these moments each saw what the ones before had left.
//!
//! The search is Wing and Gong's with Lowe's memory of dead ends, register by
//! register, as in Elasticsearch's `LinearizabilityChecker`. `stateright`'s own
//! tester has no such memory, and gives a second opinion in the tests.

use std::collections::{BTreeMap, HashSet};

use super::clients::{Attempt, Fate, Operation};

/// A history in which fewer operations than this part overlap another one says
/// little, and is no evidence.
pub const LEAST_OVERLAP: f64 = 0.2;

/// How many dead ends are remembered before the search is given up.
const DEAD_ENDS_MAX: usize = 200_000;

/// What a history shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryReport {
    /// Operations that took effect or may have.
    pub operations: usize,
    /// Operations whose outcome is known.
    pub completed: usize,
    /// Those of them that overlap another one on the same register.
    pub overlapping: usize,
    /// Registers whose history was too long to decide.
    pub undecided: usize,
}

impl HistoryReport {
    /// Part of the completed operations that overlap another one.
    pub fn overlap(&self) -> f64 {
        if self.completed == 0 { 0.0 } else { self.overlapping as f64 / self.completed as f64 }
    }

    /// Whether the history counts as evidence.
    pub fn is_evidence(&self) -> bool {
        self.undecided == 0 && self.overlap() >= LEAST_OVERLAP
    }
}

/// One operation of one register.
#[derive(Clone, Copy, Debug)]
struct Call {
    invoked: u64,
    /// `u64::MAX` for those that stay open.
    returned: u64,
    writes: Option<u64>,
    saw: Option<u64>,
}

impl Call {
    fn overlaps(&self, other: &Call) -> bool {
        self.invoked < other.returned && other.invoked < self.returned
    }
}

/// Judges a history; or why it is not linearizable.
///
/// # Errors
/// The register and its operations, in words.
pub fn check(attempts: &[Attempt]) -> Result<HistoryReport, String> {
    let mut registers: BTreeMap<u64, Vec<Call>> = BTreeMap::new();
    for attempt in attempts {
        let writes = match attempt.operation {
            Operation::Write(value) => Some(value),
            Operation::Read => None,
        };
        let (saw, returned) = match attempt.fate {
            Fate::Saw(value) => (Some(value), attempt.returned.unwrap_or(u64::MAX)),
            Fate::Open => (None, u64::MAX),
            Fate::Failed => continue,
        };
        if saw.is_some() || writes.is_some() {
            registers.entry(attempt.key).or_default().push(Call { invoked: attempt.invoked, returned, writes, saw });
        }
    }
    let mut report = HistoryReport::default();
    for (key, calls) in registers {
        let completed: Vec<&Call> = calls.iter().filter(|call| call.saw.is_some()).collect();
        let overlaps = |(index, call): &(usize, &&Call)| {
            completed.iter().enumerate().any(|(other, overlapped)| other != *index && call.overlaps(overlapped))
        };
        report.operations += calls.len();
        report.completed += completed.len();
        report.overlapping += completed.iter().enumerate().filter(overlaps).count();
        match search(&calls) {
            Some(true) => {}
            Some(false) => return Err(format!("register k{key} is not linearizable: {calls:?}")),
            None => report.undecided += 1,
        }
    }
    Ok(report)
}

/// Whether there is an order; `None` if that takes too long to tell.
fn search(calls: &[Call]) -> Option<bool> {
    let mut dead_ends: HashSet<(Vec<u64>, u64)> = HashSet::new();
    let mut done = vec![0u64; calls.len().div_ceil(64)];
    place(calls, &mut done, 0, &mut dead_ends)
}

fn place(calls: &[Call], done: &mut Vec<u64>, value: u64, dead_ends: &mut HashSet<(Vec<u64>, u64)>) -> Option<bool> {
    let is_done = |done: &[u64], index: usize| done[index / 64] >> (index % 64) & 1 == 1;
    let left = || calls.iter().enumerate().filter(|(index, _)| !is_done(done, *index));
    // Whatever was invoked after this had returned comes later.
    let Some(first_return) = left().filter(|(_, call)| call.saw.is_some()).map(|(_, call)| call.returned).min() else {
        return Some(true);
    };
    let possible: Vec<usize> = left()
        .filter(|(_, call)| call.invoked < first_return && call.saw.is_none_or(|saw| saw == value))
        .map(|(index, _)| index)
        .collect();
    for index in possible {
        done[index / 64] |= 1 << (index % 64);
        let next = calls[index].writes.unwrap_or(value);
        let known_dead = dead_ends.contains(&(done.clone(), next));
        let found = if known_dead { Some(false) } else { place(calls, done, next, dead_ends) };
        if found == Some(false) && !known_dead {
            dead_ends.insert((done.clone(), next));
        }
        done[index / 64] &= !(1 << (index % 64));
        if found != Some(false) {
            return found;
        }
        if dead_ends.len() > DEAD_ENDS_MAX {
            return None;
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use quorate_model::NodeId;
    use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};

    use super::super::draws::{Draws, Stream};
    use super::*;

    fn attempt(operation: Operation, invoked: u64, returned: Option<u64>, fate: Fate) -> Attempt {
        Attempt { key: 0, operation, node: NodeId(0), invoked, returned, fate, published: None }
    }

    #[test]
    fn orders_are_found_and_their_absence_is() {
        use Operation::{Read, Write};
        let overlapping = [attempt(Write(1), 1, Some(4), Fate::Saw(2)), attempt(Write(2), 2, Some(3), Fate::Saw(0))];
        let report = check(&overlapping).unwrap();
        assert_eq!((report.completed, report.overlapping), (2, 2));
        assert!(report.is_evidence());
        // The same, one after the other: the first cannot have seen the second.
        let apart = [attempt(Write(1), 1, Some(2), Fate::Saw(2)), attempt(Write(2), 3, Some(4), Fate::Saw(0))];
        assert!(check(&apart).unwrap_err().contains("k0"));
        // A lost update, and a stale read.
        let lost = [attempt(Write(1), 1, Some(3), Fate::Saw(0)), attempt(Write(2), 2, Some(4), Fate::Saw(0))];
        assert!(check(&lost).is_err());
        let stale = [attempt(Write(1), 1, Some(2), Fate::Saw(0)), attempt(Read, 3, Some(4), Fate::Saw(0))];
        assert!(check(&stale).is_err());
    }

    #[test]
    fn what_is_open_may_have_happened_or_not_and_what_failed_has_not() {
        use Operation::{Read, Write};
        let read = |saw| attempt(Read, 3, Some(4), Fate::Saw(saw));
        for saw in [0, 1] {
            assert!(check(&[attempt(Write(1), 1, Some(2), Fate::Open), read(saw)]).is_ok());
        }
        assert!(check(&[attempt(Write(1), 1, Some(2), Fate::Failed), read(1)]).is_err());
        assert!(check(&[attempt(Write(1), 1, Some(2), Fate::Failed), read(0)]).is_ok());
        assert!(!check(&[read(0)]).unwrap().is_evidence(), "nothing overlaps");
    }

    /// A register whose writes return the value before.
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Register(u64);

    impl SequentialSpec for Register {
        type Op = Operation;
        type Ret = u64;

        fn invoke(&mut self, operation: &Operation) -> u64 {
            match *operation {
                Operation::Write(value) => std::mem::replace(&mut self.0, value),
                Operation::Read => self.0,
            }
        }
    }

    #[test]
    fn stateright_agrees_on_random_histories() {
        let mut verdicts = [0, 0];
        for seed in 0..600 {
            let mut draws = Draws::new(seed, Stream::Plan);
            let (mut tester, mut attempts, mut value, mut events) =
                (LinearizabilityTester::new(Register::default()), Vec::<Attempt>::new(), 0, 0);
            let mut pending: Vec<usize> = Vec::new();
            for step in 0..12 {
                events += 1;
                if attempts.len() < 6 && (pending.is_empty() || draws.happens(500)) {
                    let operation = if draws.happens(700) { Operation::Write(step + 1) } else { Operation::Read };
                    tester.on_invoke(attempts.len(), operation).unwrap();
                    pending.push(attempts.len());
                    attempts.push(attempt(operation, events, None, Fate::Open));
                } else if !pending.is_empty() {
                    let index = pending.remove(draws.below(pending.len() as u64) as usize);
                    // Mostly what an honest register would say at its answer.
                    let saw = if draws.happens(850) { value } else { draws.below(4) };
                    if let Operation::Write(written) = attempts[index].operation {
                        value = written;
                    }
                    tester.on_return(index, saw).unwrap();
                    attempts[index] = Attempt { returned: Some(events), fate: Fate::Saw(saw), ..attempts[index] };
                }
            }
            let ours = check(&attempts).is_ok();
            assert_eq!(ours, tester.is_consistent(), "{attempts:?}");
            verdicts[usize::from(ours)] += 1;
        }
        assert!(verdicts.iter().all(|count| *count > 50), "{verdicts:?}");
    }
}
