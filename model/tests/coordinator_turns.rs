//! Single turns of a Coordinator with everything driven, as in a running cluster.

use std::borrow::Cow;
use std::collections::BTreeMap;

use quorate_model::coordination::{Join, PublicationId, Sound};
use quorate_model::coordinator::{
    ClusterChange, Coordinator, CoordinatorMsg, CoordinatorSettings, CoordinatorSettingsError, CoordinatorState,
    CoordinatorTimer, JoinRequest, Mode, NotPublished, PublicationOutcome, actor_id,
};
use quorate_model::{NodeId, NodeSet};
use stateright::actor::{Actor, Command, Id, Out};

type Message = CoordinatorMsg<u8>;

/// One node, what it has said in its last turn, and the timers that it has set, with how often.
struct Node {
    actor: Coordinator<u8>,
    id: NodeId,
    state: CoordinatorState<u8>,
    sent: Vec<(Id, Message)>,
    timers: BTreeMap<CoordinatorTimer, usize>,
}

impl Node {
    fn start(id: u8, settings: CoordinatorSettings) -> Self {
        let actor = Coordinator::new(Sound, settings);
        let mut out = Out::new();
        let state = actor.on_start(actor_id(NodeId(id)), &None, &mut out);
        let mut node = Node { actor, id: NodeId(id), state, sent: Vec::new(), timers: BTreeMap::new() };
        node.done(out);
        node
    }

    fn done(&mut self, out: Out<Coordinator<u8>>) {
        self.sent.clear();
        for command in out.iter() {
            match command {
                Command::Send(to, message) => self.sent.push((*to, message.clone())),
                Command::SetTimer(timer, _) => *self.timers.entry(*timer).or_default() += 1,
                Command::CancelTimer(timer) => _ = self.timers.remove(timer),
                _ => {}
            }
        }
    }

    fn turn(&mut self, take: impl FnOnce(&Coordinator<u8>, Id, &mut Cow<'_, CoordinatorState<u8>>, &mut Out<Coordinator<u8>>)) {
        let (before, mut out) = (self.state.clone(), Out::new());
        let mut state = Cow::Borrowed(&before);
        take(&self.actor, actor_id(self.id), &mut state, &mut out);
        self.state = state.into_owned();
        self.done(out);
    }

    fn hears(&mut self, source: impl Into<Id>, message: Message) {
        let source = source.into();
        self.turn(|actor, id, state, out| actor.on_msg(id, state, source, message, out));
    }

    fn hears_from(&mut self, node: u8, message: Message) {
        self.hears(actor_id(NodeId(node)), message);
    }

    fn fires(&mut self, timer: CoordinatorTimer) {
        self.timers.remove(&timer);
        self.turn(|actor, id, state, out| actor.on_timeout(id, state, &timer, out));
    }

    fn checks_sent_to(&self, node: u8) -> usize {
        let check = |sent: &&(Id, Message)| sent.0 == actor_id(NodeId(node)) && matches!(sent.1, Message::FollowerCheck { .. });
        self.sent.iter().filter(check).count()
    }

    fn publishes(&self) -> Option<PublicationId> {
        self.state.publication.as_ref().map(|publication| publication.id())
    }

    /// `follower` accepts and applies what is being published.
    fn is_followed(&mut self, follower: u8) {
        let id = self.publishes().expect("it publishes");
        self.hears_from(follower, Message::PublishResponse { id, vote: None });
        self.hears_from(follower, Message::Applied(id));
    }
}

/// The leader of two nodes, whose publication of term 1 both have applied.
fn leader_of_two() -> Node {
    let mut leader = Node::start(0, CoordinatorSettings::of(2));
    leader.hears_from(1, Message::PeersResponse { leader: None, known: NodeSet::EMPTY, term: 0 });
    leader.fires(CoordinatorTimer::Election);
    leader.hears_from(1, Message::PreVoteResponse { term: 0, accepted: PublicationId { term: 0, version: 0 } });
    let vote = Join { term: 1, last_accepted_term: 0, last_accepted_version: 0 };
    leader.hears_from(1, Message::Join(JoinRequest { minimum_term: 1, vote: Some(vote) }));
    assert_eq!(leader.state.mode, Mode::Leader);
    assert_eq!(leader.checks_sent_to(1), 1, "a member is checked from the start of the first publication");
    leader.is_followed(1);
    leader
}

fn submits(leader: &mut Node, value: u8) {
    leader.hears(NodeSet::CAPACITY, Message::Submit { request: 0, change: ClusterChange::Value(value) });
    assert!(leader.publishes().is_some());
}

/// A follower that answers no check is found out however much is published.
#[test]
fn publishing_does_not_put_off_what_a_check_finds() {
    let mut leader = leader_of_two();
    let timeout = CoordinatorTimer::FollowerCheckTimeout(NodeId(1));
    assert_eq!(leader.timers.get(&timeout), Some(&1));
    for value in 1..=5 {
        submits(&mut leader, value);
        assert_eq!(leader.checks_sent_to(1), 0, "publishing sends no further check");
        assert_eq!(leader.timers.get(&timeout), Some(&1), "the time of the check under way goes on");
        leader.is_followed(1);
    }
    for _ in 0..2 {
        leader.fires(timeout);
        assert_eq!(leader.state.mode, Mode::Leader);
        leader.fires(CoordinatorTimer::FollowerCheck(NodeId(1)));
        assert_eq!(leader.checks_sent_to(1), 1);
    }
    leader.fires(timeout);
    assert!(leader.state.faulty.contains(NodeId(1)) && leader.publishes().is_some(), "it is being removed");
}

/// A node that only votes does vote and does not stand; neither does one without the role master.
#[test]
fn only_full_masters_stand() {
    let (all, second) = (CoordinatorSettings::of(2), NodeSet::single(NodeId(1)));
    let voting_only = CoordinatorSettings { voting_only: second, ..all.clone() };
    let first = NodeSet::single(NodeId(0));
    let ineligible = CoordinatorSettings { master_eligible: first, initial_master_nodes: first, ..all.clone() };
    for (settings, stands) in [(all, true), (voting_only, false), (ineligible, false)] {
        settings.validate().unwrap();
        let mut node = Node::start(1, settings);
        node.hears_from(0, Message::PeersResponse { leader: None, known: NodeSet::EMPTY, term: 0 });
        assert_eq!(node.timers.contains_key(&CoordinatorTimer::Election), stands);
        node.hears_from(0, Message::StartJoin { candidate: NodeId(0), term: 1 });
        let votes = |sent: &(Id, Message)| matches!(&sent.1, Message::Join(request) if request.vote.is_some());
        assert!(node.sent.iter().any(votes), "its receiver decides whether the vote counts");
    }
}

#[test]
fn somebody_has_to_be_able_to_lead() {
    let all = CoordinatorSettings::of(2);
    let nobody = CoordinatorSettings { voting_only: all.nodes, ..all.clone() };
    assert_eq!(nobody.validate(), Err(CoordinatorSettingsError::NoMasterEligibleNodes));
    let stranger = CoordinatorSettings { voting_only: NodeSet::single(NodeId(5)), ..all };
    assert_eq!(stranger.validate(), Err(CoordinatorSettingsError::VotesWithoutRole(NodeId(5))));
}

/// The leader of three nodes, the first of which alone forms the configuration.
/// The third was let in without a vote, and has not answered for so long that its
/// publication ended without it.
fn leader_without_an_answer() -> (Node, PublicationId) {
    let first = NodeSet::single(NodeId(0));
    let mut leader = Node::start(0, CoordinatorSettings { initial_master_nodes: first, ..CoordinatorSettings::of(3) });
    leader.fires(CoordinatorTimer::Election);
    assert_eq!(leader.state.mode, Mode::Leader);
    for (node, vote) in [(1, Some(vote_of_term_1())), (2, None)] {
        leader.hears_from(node, Message::Join(JoinRequest { minimum_term: 1, vote }));
        leader.hears_from(node, Message::JoinValidated { valid: true });
        if node == 1 {
            leader.is_followed(1);
        }
    }
    let id = leader.publishes().expect("the third node is being let in");
    leader.is_followed(1);
    leader.fires(CoordinatorTimer::PublicationTimeout);
    assert_eq!((leader.publishes(), leader.state.mode), (None, Mode::Leader));
    (leader, id)
}

fn vote_of_term_1() -> Join {
    Join { term: 1, last_accepted_term: 0, last_accepted_version: 0 }
}

#[test]
fn a_vote_that_comes_after_its_publication_improves_the_configuration() {
    let (mut leader, id) = leader_without_an_answer();
    leader.hears_from(2, Message::PublishResponse { id, vote: Some(vote_of_term_1()) });
    let publication = leader.state.publication.as_ref().expect("three votes allow a configuration of three");
    assert_eq!(publication.state.config, NodeSet::first(3));
}

#[test]
fn a_vote_that_is_missing_after_its_publication_is_asked_for() {
    let (mut leader, id) = leader_without_an_answer();
    leader.hears_from(2, Message::PublishResponse { id, vote: None });
    assert_eq!(leader.state.coordination.current_term(), 3, "it stands again, in a term above the one that it heard of");
}

/// `CandidateJoinAccumulator` keeps joins of any term: a candidate that enters
/// another lets in those that asked it before, once it is elected.
#[test]
fn a_candidate_keeps_who_asked_it_when_it_enters_a_term() {
    let mut candidate = Node::start(0, CoordinatorSettings::of(3));
    candidate.hears_from(1, Message::PeersResponse { leader: None, known: NodeSet::EMPTY, term: 0 });
    candidate.hears_from(1, Message::Join(JoinRequest { minimum_term: 0, vote: None }));
    candidate.hears_from(2, Message::StartJoin { candidate: NodeId(2), term: 3 });
    assert_eq!(candidate.state.coordination.current_term(), 3);
    assert_eq!(candidate.state.joins, NodeSet::single(NodeId(1)));
    assert!(!candidate.sent.iter().any(|(_, message)| matches!(message, Message::JoinResponse { .. })), "it goes on waiting");
}

/// `TransportAddVotingConfigExclusionsAction`: the leader itself keeps the limit.
#[test]
fn a_leader_excludes_no_more_nodes_than_the_setting_allows() {
    let mut settings = CoordinatorSettings::of(4);
    settings.initial_master_nodes = NodeSet::single(NodeId(0));
    settings.elasticsearch.max_voting_config_exclusions = 2;
    let mut leader = Node::start(0, settings);
    leader.fires(CoordinatorTimer::Election);
    let exclude = |nodes: &[u8]| {
        let change = ClusterChange::AddVotingConfigExclusions(nodes.iter().map(|node| NodeId(*node)).collect());
        Message::Submit { request: 7, change }
    };
    let refused = Message::Outcome { request: 7, outcome: PublicationOutcome::NotPublished(NotPublished::TooManyExclusions) };
    let is_refused = |leader: &Node| leader.sent.iter().any(|(_, message)| *message == refused);
    leader.hears(NodeSet::CAPACITY, exclude(&[1, 2, 3]));
    assert!(is_refused(&leader) && leader.state.coordination.accepted().value.exclusions.is_empty());
    leader.hears(NodeSet::CAPACITY, exclude(&[1, 2]));
    assert!(!is_refused(&leader));
    assert_eq!(leader.state.coordination.accepted().value.exclusions.len(), 2);
    leader.hears(NodeSet::CAPACITY, exclude(&[3]));
    assert!(is_refused(&leader));
    leader.hears(NodeSet::CAPACITY, exclude(&[2]));
    assert!(!is_refused(&leader), "naming a node again changes nothing");
}

/// Each node has one seed, the next node, and the last none: all find each other.
#[test]
fn whoever_is_connected_by_seeds_finds_each_other() {
    let seeds = |node: u8| if node < 3 { NodeSet::single(NodeId(node + 1)) } else { NodeSet::EMPTY };
    let start = |node: u8| Node::start(node, CoordinatorSettings { seeds: seeds(node), ..CoordinatorSettings::of(4) });
    let mut nodes: Vec<Node> = (0..4).map(start).collect();
    let mut under_way: Vec<(u8, Id, Message)> = Vec::new();
    for node in &mut nodes {
        under_way.extend(node.sent.drain(..).map(|(to, message)| (node.id.0, to, message)));
    }
    while let Some((from, to, message)) = under_way.pop() {
        let node = &mut nodes[usize::from(to)];
        node.hears_from(from, message);
        under_way.extend(node.sent.drain(..).map(|(to, message)| (node.id.0, to, message)));
    }
    for node in &nodes {
        assert_eq!(node.state.peers, NodeSet::first(4).without(node.id), "{}", node.id);
    }
}
