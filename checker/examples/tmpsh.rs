use quorate_checker::{Control, Options, check, liveness::LivenessOptions, recovery};
use quorate_model::allocation;
use quorate_model::replication::{Sound, mutant::Effect};
use quorate_model::shard::mutant::Guard;
use quorate_model::shard::*;
use quorate_model::shard_world::*;
use quorate_model::*;
fn show<R: ShardRules>(name: &str, r: R, a: &[u64], sound: bool, rec: bool, trace: bool) {
    let g = |i: usize| a.get(i).copied().unwrap_or(0);
    let b = ShardBounds {
        nodes: g(0) as usize,
        replicas: g(1) as usize,
        writes: g(2),
        departures: g(3),
        allocations: g(4),
        losses: g(5),
        crashes: g(6),
        failures: g(7),
        commands: g(8),
        reads: g(9),
        retries: g(10),
        syncs: g(11),
    };
    let w = shard_world(r, b, rec, sound).unwrap();
    let t = std::time::Instant::now();
    if rec {
        let r = recovery::check(&w, &LivenessOptions::default(), &Control::new()).unwrap();
        let mut line = format!("{name} {a:?} {:.1?} states {}:", t.elapsed(), r.outcome.graph.states);
        for (p, c) in r.outcome.properties.iter().zip(&r.recoveries) {
            let p = &p.outcome;
            line += &format!(
                " {}={:?}(len {:?}, search {}, longest {}, undecided {})",
                p.name,
                p.verdict,
                p.path.as_ref().map(|p| p.steps.len() + 1),
                c.by_search,
                c.longest_schedule,
                c.undecided
            );
            if trace && let Some(path) = &p.path {
                for s in &path.steps {
                    println!("    {}", stateright::Model::format_action(&w, &s.0));
                }
            }
        }
        println!("{line}");
        return;
    }
    let mut options = Options::default();
    options.threads = 1;
    options.time_limit =
        Some(std::time::Duration::from_secs(std::env::var("TL").ok().and_then(|s| s.parse().ok()).unwrap_or(60)));
    options.memory_limit = Some(4 << 30);
    if std::env::var("ALL").is_ok() {
        options.keep_going = true;
    }
    let o = check(&w, &options, &Control::new());
    let dead: Vec<String> = o
        .properties
        .iter()
        .filter(|p| format!("{:?}", p.verdict) == "Violated")
        .map(|p| format!("{}@{}", p.name, p.path.as_ref().map_or(0, |p| p.steps.len() + 1)))
        .collect();
    println!("{name} {a:?} {:.1?} states {} depth {} dead {}", t.elapsed(), o.distinct_states, o.depth, dead.join(" "));
    if trace {
        for p in o.properties.iter().filter(|p| format!("{:?}", p.verdict) == "Violated") {
            println!("  {}: {:?}", p.name, p.reason);
            if let Some(path) = &p.path {
                for s in &path.steps {
                    println!("    {}", stateright::Model::format_action(&w, &s.0));
                }
            }
        }
    }
}
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let a: Vec<u64> = args[1..].iter().map(|x| x.parse().unwrap()).collect();
    let rec = std::env::var("REC").is_ok();
    let trace = std::env::var("TRACE").is_ok();
    let m = args[0].as_str();
    if m == "sound" {
        return show("sound", Sound, &a, true, rec, trace);
    }
    let mut all: Vec<(String, ShardMutant)> = Vec::new();
    all.extend(Duty::ALL.iter().map(|d| (format!("duty:{}", d.name()), ShardMutant::neglecting(*d))));
    all.extend(Guard::all().into_iter().map(|g| (format!("guard:{}", g.name()), ShardMutant::waiving(g))));
    use Effect::*;
    for e in [
        AckWithoutMaster,
        NoResync,
        NoTrim,
        LenientResync,
        ResyncUnderNewTerm,
        NoRollback,
        DestructiveRollback,
        RollbackToOldGlobalCheckpoint,
        GlobalCheckpointNotInTermBump,
        NoFill,
        NoConfirm,
        TrimIgnoresTerm,
        TrimIgnoresPosition,
        ReplayStaysPending,
        ReplayKeepsOld,
        SeqNoReused,
        GlobalCheckpointIsMax,
        LocalCheckpointIsMax,
        GlobalCheckpointFalls,
    ] {
        all.push((format!("rep:{e:?}"), ShardMutant::with_replication(e)));
    }
    use allocation::Effect as A;
    for e in [
        A::NoRemoveOnFail,
        A::CancelKeepsId,
        A::NodeLeftMarksStale,
        A::StalesKept,
        A::EmptyInSync,
        A::LastFailedAddedBack,
        A::NoFailInitializing,
        A::PromotesNobody,
        A::ForcedKeepsIds,
        A::ForcedNamesItself,
        A::TermNotBumpedOnFailure,
        A::TermNotBumpedOnAllocation,
        A::TermBumpedPerFailure,
        A::StartedNotInSync,
        A::ReplicasStartedAfterPrimaries,
        A::NoTrim,
        A::NewIdOnStoreAllocation,
        A::NeverDelayed,
    ] {
        all.push((format!("alloc:{e:?}"), ShardMutant::with_allocation(e)));
    }
    for (n, r) in all {
        if m == "all" || n.contains(m) {
            show(&n, r, &a, false, rec, trace);
        }
    }
}
