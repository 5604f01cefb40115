//! Coordinators with something wrong: in the rules that they call, in their own
//! guards, or in what they do.

use serde::{Deserialize, Serialize};

use super::policy::{Choice, Policy, Refusal};
use crate::coordination::reconfigurator::{LeaderView, Reconfigurator, ReconfiguratorRules, improve_configuration};
use crate::coordination::{
    ClientValue, ClusterState, CoordinationState, Durable, Join, Mutant, PublicationId, Rejection, RuleSet, Term, Value,
};
use crate::node_set::{NodeId, NodeSet};

/// A change of what a Coordinator does, other than leaving out a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CoordinatorEffect {
    /// Joins do not say which term their sender is in.
    JoinsSayNoTerm,
    /// A follower that accepts without having voted is no reason for an election.
    MissingVotesAreIgnored,
    /// A follower check never makes a follower.
    ChecksMakeNoFollowers,
    /// Votes that come with acceptances are counted at once.
    VotesAreCountedAtOnce,
    /// Followers that do not apply stay.
    LaggardsStay,
    /// A leader stays leader when its publication is not committed in time.
    StaysAfterTimeout,
    /// A leader stays leader when its rules refuse its publication.
    StaysAfterRefusal,
    /// An excluded leader stays.
    DoesNotHandOver,
    /// The voting configuration is left as it is.
    DoesNotReconfigure,
    /// Clients hear of success before the leader has applied.
    AnswersBeforeApplying,
    /// Clients are told that a publication that failed will never surface.
    CallsFailureFinal,
    /// A publication waits for all its nodes, those that have failed too, for ever.
    WaitsForTheFailed,
    /// A leader publishes no state with the nodes that have asked to be let in.
    LetsNobodyIn,
    /// A better configuration is made of nodes whose votes are missing too.
    MissingVotesReconfigure,
    /// Voting configurations have all live nodes, however many there are.
    EvenConfigurations,
    /// A node bootstraps with the initial masters that it has found, and with nobody else.
    NoPlaceholders,
    /// A winner closes its election scheduler before its first state is applied.
    ForgetsBackOff,
    /// Checks that are not answered, or with no, never are enough.
    ForgivesFailedChecks,
    /// Who accepts after the commit is not told of it.
    ForgetsLateAcceptances,
    /// A publication is complete once it is committed, whoever has yet to apply it.
    WaitsForNobody,
    /// States are always sent whole.
    SendsWholeStates,
    /// States are sent as differences also to nodes that do not have what they differ from.
    SendsOnlyDifferences,
    /// A node that cannot use a difference does not get the whole state.
    DoesNotResend,
    /// Configurations shrink though `cluster.auto_shrink_voting_configuration` is off.
    AlwaysShrinks,
    /// Configurations do not shrink though it is on.
    NeverShrinks,
    /// Configurations shrink to fewer than three nodes.
    ShrinksBelowThree,
    /// Nodes that are no longer master-eligible keep their votes.
    ForgetsRoles,
    /// Nobody is given up because its session has ended.
    IgnoresLostSessions,
    /// A node goes on planning elections when it has a leader.
    KeepsStanding,
    /// A node goes on standing for election when it has a leader, or leads.
    StandsForEver,
}

impl CoordinatorEffect {
    /// What a Coordinator does that does not take this choice.
    const fn against(choice: Choice) -> Self {
        use CoordinatorEffect::*;
        match choice {
            Choice::JoinsSayTheirTerm => JoinsSayNoTerm,
            Choice::HeedsMissingVotes => MissingVotesAreIgnored,
            Choice::CheckMakesFollowers => ChecksMakeNoFollowers,
            Choice::VotesWaitForTheEnd => VotesAreCountedAtOnce,
            Choice::RemovesLaggards => LaggardsStay,
            Choice::GivesUpAfterTimeout => StaysAfterTimeout,
            Choice::GivesUpAfterRefusal => StaysAfterRefusal,
            Choice::HandsOver => DoesNotHandOver,
            Choice::KeepsPlaceholders => NoPlaceholders,
            Choice::AdmitsNotKnowing => CallsFailureFinal,
            Choice::EndsWithoutTheFailed => WaitsForTheFailed,
            Choice::LetsNodesIn => LetsNobodyIn,
            Choice::AppliesBeforeAnswering => AnswersBeforeApplying,
            Choice::StandsAsCandidateOnly => StandsForEver,
            Choice::StopsStanding => KeepsStanding,
            Choice::KeepsBackOff => ForgetsBackOff,
            Choice::CountsFailedChecks => ForgivesFailedChecks,
            Choice::HeedsLostSessions => IgnoresLostSessions,
            Choice::CommitsLateAcceptances => ForgetsLateAcceptances,
            Choice::WaitsForAppliers => WaitsForNobody,
            Choice::SendsDifferences => SendsWholeStates,
            Choice::SendsWholeStatesToOthers => SendsOnlyDifferences,
            Choice::SendsWholeAgain => DoesNotResend,
        }
    }
}

/// A Coordinator with something wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CoordinatorMutant {
    /// The rules that it calls.
    pub rules: Mutant,
    waived: u32,
    effects: u32,
}

impl CoordinatorMutant {
    /// The sound Coordinator on these rules.
    pub const fn on(rules: Mutant) -> Self {
        CoordinatorMutant { rules, waived: 0, effects: 0 }
    }

    /// The sound rules with one changed effect of the Coordinator.
    pub const fn with_effect(effect: CoordinatorEffect) -> Self {
        CoordinatorMutant { rules: Mutant::waiving(&[]), waived: 0, effects: 1 << effect as u32 }
    }

    /// The sound rules without one of the Coordinator's guards.
    pub const fn waiving(guard: Refusal) -> Self {
        CoordinatorMutant { rules: Mutant::waiving(&[]), waived: 1 << guard as u32, effects: 0 }
    }

    /// This mutant, without one more of the Coordinator's guards.
    #[must_use]
    pub const fn and_waiving(self, guard: Refusal) -> Self {
        CoordinatorMutant { waived: self.waived | 1 << guard as u32, ..self }
    }

    /// This mutant, with one more changed effect.
    #[must_use]
    pub const fn and_with(self, effect: CoordinatorEffect) -> Self {
        CoordinatorMutant { effects: self.effects | 1 << effect as u32, ..self }
    }

    fn is(&self, effect: CoordinatorEffect) -> bool {
        self.effects >> effect as u32 & 1 == 1
    }
}

/// A configuration of four is as good as one of three.
struct OfAnySize;

impl ReconfiguratorRules for OfAnySize {
    fn best_size(&self, live: usize) -> usize {
        live
    }
}

/// A configuration of three may become one of two.
struct WithoutLeastSize;

impl ReconfiguratorRules for WithoutLeastSize {
    fn best_size(&self, live: usize) -> usize {
        live
    }

    fn least_size(&self, _: bool, _: usize) -> usize {
        1
    }
}

impl Policy for CoordinatorMutant {
    fn permit(&self, guard: Refusal, holds: bool) -> Result<(), Refusal> {
        if holds || self.waived >> guard as u32 & 1 == 1 { Ok(()) } else { Err(guard) }
    }

    fn takes(&self, choice: Choice) -> bool {
        !self.is(CoordinatorEffect::against(choice))
    }

    fn better_configuration(&self, view: &LeaderView) -> Option<NodeSet> {
        let votes = if self.is(CoordinatorEffect::MissingVotesReconfigure) { view.nodes } else { view.join_votes };
        let shrinks = view.auto_shrink && !self.is(CoordinatorEffect::NeverShrinks);
        let auto_shrink = shrinks || self.is(CoordinatorEffect::AlwaysShrinks);
        let master_eligible = if self.is(CoordinatorEffect::ForgetsRoles) { view.nodes } else { view.master_eligible };
        let view = LeaderView { join_votes: votes, auto_shrink, master_eligible, ..*view };
        let better = if self.is(CoordinatorEffect::EvenConfigurations) {
            improve_configuration(&OfAnySize, &view)
        } else if self.is(CoordinatorEffect::ShrinksBelowThree) {
            improve_configuration(&WithoutLeastSize, &view)
        } else {
            improve_configuration(&Reconfigurator, &view)
        };
        better.ok().filter(|_| !self.is(CoordinatorEffect::DoesNotReconfigure))
    }
}

/// The rules are the mutant's.
impl RuleSet for CoordinatorMutant {
    fn require(&self, guard: Rejection, holds: bool) -> Result<(), Rejection> {
        self.rules.require(guard, holds)
    }

    fn is_quorum(&self, votes: NodeSet, config: NodeSet) -> bool {
        self.rules.is_quorum(votes, config)
    }

    fn is_election_quorum(&self, votes: NodeSet, committed: NodeSet, accepted: NodeSet) -> bool {
        self.rules.is_election_quorum(votes, committed, accepted)
    }

    fn is_publish_quorum(&self, votes: NodeSet, committed: NodeSet, published: NodeSet) -> bool {
        self.rules.is_publish_quorum(votes, committed, published)
    }

    fn left_on_disk<V: Value>(&self, disk: Option<&Durable<V>>, before: &Durable<V>, after: &Durable<V>) -> Option<Durable<V>> {
        self.rules.left_on_disk(disk, before, after)
    }

    fn read_back<V: Value>(&self, disk: &Durable<V>) -> Durable<V> {
        self.rules.read_back(disk)
    }

    fn handle_start_join<V: Value>(
        &self,
        node: &CoordinationState<V>,
        term: Term,
    ) -> Result<(CoordinationState<V>, Join), Rejection> {
        self.rules.handle_start_join(node, term)
    }

    fn handle_join<V: Value>(
        &self,
        node: &CoordinationState<V>,
        source: NodeId,
        join: &Join,
    ) -> Result<CoordinationState<V>, Rejection> {
        self.rules.handle_join(node, source, join)
    }

    fn handle_client_value<V: Value>(
        &self,
        node: &CoordinationState<V>,
        id: NodeId,
        change: &ClientValue<V>,
    ) -> Result<(CoordinationState<V>, ClusterState<V>), Rejection> {
        self.rules.handle_client_value(node, id, change)
    }

    fn handle_publish_request<V: Value>(
        &self,
        node: &CoordinationState<V>,
        request: &ClusterState<V>,
    ) -> Result<(CoordinationState<V>, PublicationId), Rejection> {
        self.rules.handle_publish_request(node, request)
    }
}
