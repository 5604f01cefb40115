//! The voting configurations that Elasticsearch's `Reconfigurator` chose, and
//! what each line of the algorithm is for.

use std::io::Read;

use flate2::read::GzDecoder;
use quorate_model::coordination::quorum::is_majority;
use quorate_model::coordination::reconfigurator::{
    LeaderView, NotReconfigured, ReconfigurationInput, Reconfigurator, ReconfiguratorRules, improve_configuration, reconfigure,
};
use quorate_model::{NodeId, NodeSet};

const ROWS: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../traces/golden/reconfigurator/reconfigurator.csv.gz"));

struct Row {
    line: usize,
    input: ReconfigurationInput,
    chosen: NodeSet,
}

fn nodes(names: &str) -> NodeSet {
    names.split_whitespace().map(|name| NodeId::parse(name).unwrap()).collect()
}

fn rows() -> Vec<Row> {
    let mut text = String::new();
    GzDecoder::new(ROWS).read_to_string(&mut text).unwrap();
    let mut lines = text.lines().enumerate();
    assert_eq!(lines.next().unwrap().1, "auto_shrink,live,retired,master,current_config,new_config");
    let row = |(index, line): (usize, &str)| {
        let [auto_shrink, live, retired, master, config, chosen] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("line {}: {line}", index + 1)
        };
        let input = ReconfigurationInput {
            live: nodes(live),
            retired: nodes(retired),
            master: NodeId::parse(master).unwrap(),
            config: nodes(config),
            auto_shrink: auto_shrink.parse().unwrap(),
        };
        Row { line: index + 1, input, chosen: nodes(chosen) }
    };
    lines.map(row).collect()
}

#[test]
fn every_recorded_row_is_computed_again() {
    let rows = rows();
    assert_eq!(rows.len(), 5_511);
    for Row { line, input, chosen } in &rows {
        assert_eq!(reconfigure(input), *chosen, "line {line}: {input:?}");
    }
    let changed = rows.iter().filter(|row| row.chosen != row.input.config).count();
    assert!(changed > 1_000 && changed + 1_000 < rows.len(), "{changed} rows change something");
}

/// One line of the algorithm changed.
#[derive(Clone, Copy, Debug)]
enum Altered {
    RetiredMayBeChosen,
    OnlyLiveMayBeChosen,
    OnlyMembersMayBeChosen,
    MasterIsLikeAnyOther,
    LiveIsLikeAnyOther,
    MembersAreLikeAnyOther,
    HighIdsFirst,
    ShrinksBelowThree,
    NeverBelowThree,
    ShrinksWithoutAutoShrink,
    EvenSizes,
    RoundsUp,
    AlwaysUsed,
    NeverUsed,
    /// No alteration: no retired node is in what is asked about.
    RetiredDoNotVote,
}

const ALTERATIONS: [Altered; 14] = {
    use Altered::*;
    [
        RetiredMayBeChosen,
        OnlyLiveMayBeChosen,
        OnlyMembersMayBeChosen,
        MasterIsLikeAnyOther,
        LiveIsLikeAnyOther,
        MembersAreLikeAnyOther,
        HighIdsFirst,
        ShrinksBelowThree,
        NeverBelowThree,
        ShrinksWithoutAutoShrink,
        EvenSizes,
        RoundsUp,
        AlwaysUsed,
        NeverUsed,
    ]
};

impl ReconfiguratorRules for Altered {
    fn is_candidate(&self, input: &ReconfigurationInput, node: NodeId) -> bool {
        match self {
            Altered::RetiredMayBeChosen => true,
            Altered::OnlyLiveMayBeChosen => input.live.contains(node) && !input.retired.contains(node),
            Altered::OnlyMembersMayBeChosen => input.config.contains(node) && !input.retired.contains(node),
            _ => Reconfigurator.is_candidate(input, node),
        }
    }

    fn order(&self, input: &ReconfigurationInput, node: NodeId) -> (bool, bool, bool, NodeId) {
        let (follower, absent, newcomer, id) = Reconfigurator.order(input, node);
        match self {
            Altered::MasterIsLikeAnyOther => (false, absent, newcomer, id),
            Altered::LiveIsLikeAnyOther => (follower, false, newcomer, id),
            Altered::MembersAreLikeAnyOther => (follower, absent, false, id),
            Altered::HighIdsFirst => (follower, absent, newcomer, NodeId(u8::MAX - id.0)),
            _ => (follower, absent, newcomer, id),
        }
    }

    fn least_size(&self, auto_shrink: bool, members: usize) -> usize {
        match self {
            Altered::ShrinksBelowThree if auto_shrink => 1,
            Altered::NeverBelowThree if auto_shrink => 3,
            Altered::ShrinksWithoutAutoShrink => Reconfigurator.least_size(true, members),
            _ => Reconfigurator.least_size(auto_shrink, members),
        }
    }

    fn best_size(&self, live: usize) -> usize {
        match self {
            Altered::EvenSizes => live,
            Altered::RoundsUp => live | 1,
            _ => Reconfigurator.best_size(live),
        }
    }

    fn is_usable(&self, input: &ReconfigurationInput, config: NodeSet) -> bool {
        match self {
            Altered::AlwaysUsed => true,
            Altered::NeverUsed => false,
            Altered::RetiredDoNotVote => {
                let voting = input.live.iter().filter(|node| !input.retired.contains(*node)).collect();
                is_majority(voting, config)
            }
            _ => Reconfigurator.is_usable(input, config),
        }
    }
}

#[test]
fn each_line_of_the_algorithm_shows_in_the_rows() {
    let rows = rows();
    for altered in ALTERATIONS {
        let wrong = rows.iter().filter(|row| altered.reconfigure(&row.input) != row.chosen).count();
        assert!(wrong > 0, "{altered:?} computes all rows");
    }
}

#[test]
fn whether_retired_nodes_vote_for_it_makes_no_difference() {
    for input in small_inputs() {
        assert_eq!(Altered::RetiredDoNotVote.reconfigure(&input), reconfigure(&input), "{input:?}");
    }
}

/// The same choice by looking at every set of nodes: of the right size, without
/// anybody for whom somebody better is left out.
fn dumb_reconfigure(input: &ReconfigurationInput) -> NodeSet {
    let has = |set: NodeSet, node: u8| set.contains(NodeId(node));
    let candidate = |node: u8| (has(input.live, node) || has(input.config, node)) && !has(input.retired, node);
    let better = |one: u8, two: u8| {
        let rank = |node: u8| {
            let master = u32::from(NodeId(node) == input.master) * 4;
            master + u32::from(has(input.live, node)) * 2 + u32::from(has(input.config, node))
        };
        rank(one) > rank(two) || (rank(one) == rank(two) && one < two)
    };
    let count = |which: &dyn Fn(u8) -> bool| (0..8).filter(|node| candidate(*node) && which(*node)).count();
    let (live, members, all) = (count(&|n| has(input.live, n)), count(&|n| has(input.config, n)), count(&|_| true));
    let odd = [0, 1, 1, 3, 3, 5, 5, 7, 7][live];
    let least = if !input.auto_shrink { members } else { [1, 1, 1, 3, 3, 3, 3, 3, 3][members] };
    let size = all.min(odd.max(least));
    let fits = |set: &NodeSet| {
        set.len() == size
            && set.iter().all(|node| candidate(node.0))
            && set.iter().all(|inside| {
                (0..8).filter(|outside| candidate(*outside) && !has(*set, *outside)).all(|outside| better(inside.0, outside))
            })
    };
    let chosen: Vec<NodeSet> = (0..16).map(NodeSet).filter(fits).collect();
    assert_eq!(chosen.len(), 1, "{input:?}");
    if is_majority(input.live, chosen[0]) { chosen[0] } else { input.config }
}

fn small_inputs() -> impl Iterator<Item = ReconfigurationInput> {
    (0..16u64 * 16 * 16 * 4 * 2).map(|number| ReconfigurationInput {
        live: NodeSet(number & 15),
        retired: NodeSet(number >> 4 & 15),
        config: NodeSet(number >> 8 & 15),
        master: NodeId((number >> 12 & 3) as u8),
        auto_shrink: number >> 14 == 1,
    })
}

#[test]
fn agrees_with_its_dumb_twin_on_all_small_inputs() {
    for input in small_inputs() {
        assert_eq!(reconfigure(&input), dumb_reconfigure(&input), "{input:?}");
    }
}

/// `ReconfiguratorTests`, the two quantified properties: how many live nodes
/// are enough to go on.
#[test]
fn so_many_live_nodes_are_enough() {
    let quiet = |input: &ReconfigurationInput| input.retired.is_empty() && input.live.contains(input.master);
    let mut seen = 0;
    for input in small_inputs().filter(quiet) {
        let (live, members) = (input.live.len(), input.config.len());
        let enough =
            if input.auto_shrink { (live / 2 + 1).max(if members < 3 { 1 } else { 2 }) } else { live.max(members) / 2 + 1 };
        let config = reconfigure(&input);
        let moved = is_majority(input.live, config);
        for survivors in input.live.non_empty_subsets().filter(|set| moved && set.len() >= enough) {
            seen += 1;
            assert!(is_majority(survivors, config), "{survivors} of {config} after {input:?}");
        }
    }
    assert!(seen > 1_000, "{seen}");
}

/// A settled configuration is left alone: reconfiguring again changes nothing.
#[test]
fn one_change_is_enough() {
    for input in small_inputs().filter(|input| input.live.contains(input.master)) {
        let config = reconfigure(&input);
        let again = ReconfigurationInput { config, ..input };
        assert_eq!(reconfigure(&again), config, "{input:?}");
    }
}

fn view() -> LeaderView {
    let three = nodes("n1 n2 n3");
    LeaderView {
        local: NodeId(0),
        nodes: three,
        master_eligible: three,
        join_votes: three,
        excluded: NodeSet::EMPTY,
        accepted_config: nodes("n1"),
        committed_config: nodes("n1"),
        auto_shrink: true,
    }
}

#[test]
fn a_leader_grows_its_configuration_by_nodes_that_voted() {
    let improve = |view: LeaderView| improve_configuration(&Reconfigurator, &view);
    assert_eq!(improve(view()), Ok(nodes("n1 n2 n3")));
    // Two live nodes make no better configuration than one: the third's vote is missing.
    let unheard = LeaderView { join_votes: nodes("n1 n2"), ..view() };
    assert_eq!(improve(unheard), Err(NotReconfigured::AlreadyBest));
    let in_flight = LeaderView { accepted_config: nodes("n1 n2 n3"), ..view() };
    assert_eq!(improve(in_flight), Err(NotReconfigured::ChangeInFlight));
}

#[test]
fn an_excluded_leader_and_a_node_that_lost_its_role_leave() {
    let three = nodes("n1 n2 n3");
    let formed = LeaderView { accepted_config: three, committed_config: three, ..view() };
    let improve = |view: LeaderView| improve_configuration(&Reconfigurator, &view);
    assert_eq!(improve(formed), Err(NotReconfigured::AlreadyBest));
    let excluded = LeaderView { excluded: nodes("n1"), ..formed };
    assert_eq!(improve(excluded), Ok(nodes("n2")), "of n2 and n3 one is enough, and better than two");
    let demoted = LeaderView { master_eligible: nodes("n1 n2"), join_votes: nodes("n1 n2"), ..formed };
    assert_eq!(improve(demoted), Ok(nodes("n1")));
    // Gone, but not known to be without its role: a configuration of three is kept.
    let gone = LeaderView { nodes: nodes("n1 n2"), join_votes: nodes("n1 n2"), ..formed };
    assert_eq!(improve(gone), Err(NotReconfigured::AlreadyBest));
}

#[test]
fn votes_that_are_no_quorum_of_it_refuse_a_configuration() {
    // Elasticsearch asserts that this cannot be: the leader's own vote is missing here.
    let view = LeaderView { join_votes: NodeSet::EMPTY, accepted_config: nodes("n2"), committed_config: nodes("n2"), ..view() };
    assert_eq!(improve_configuration(&Reconfigurator, &view), Err(NotReconfigured::VotesAreNoQuorum));
}

#[test]
fn nodes_without_a_vote_held_for_live_would_be_refused() {
    struct CountsEverybody;
    impl ReconfiguratorRules for CountsEverybody {
        fn reconfigure(&self, input: &ReconfigurationInput) -> NodeSet {
            Reconfigurator.reconfigure(&ReconfigurationInput { live: nodes("n1 n2 n3"), ..*input })
        }
    }
    let unheard = LeaderView { join_votes: nodes("n1"), ..view() };
    assert_eq!(improve_configuration(&CountsEverybody, &unheard), Err(NotReconfigured::VotesAreNoQuorum));
}
