//! Every turn of a Coordinator is made of rule steps that `ZenWithTerms` allows.
//!
//! The turn is taken once more with rules that write down each of their calls.
//! Each call must be an allowed step (by the second copy of the next-state
//! relation, which no mutant reaches), the calls must lead from the node as it
//! was to the node as it became, and every protocol message that was sent must
//! have come out of one of them. So a Coordinator that bypasses a rule is
//! caught by the first such step.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use stateright::actor::{Command, Out};

use super::claims::rule_outputs;
use super::environment::{CoordinatorAction, CoordinatorWorld, CoordinatorWorldState};
use crate::coordination::properties::{RuleInput, RuleOutput, allowed_step};
use crate::coordination::reconfigurator::LeaderView;
use crate::coordination::{
    ClientValue, ClusterState, CoordinationState, Durable, Join, PublicationId, Rejection, RuleSet, Term, Value,
};
use crate::coordinator::{
    Choice, ClusterMetadata, ClusterValue, Coordinator, CoordinatorMsg, CoordinatorState, CoordinatorTimer, Policy, Refusal,
};
use crate::node_set::{NodeId, NodeSet};
use crate::property::Verdict;
use crate::world::{Slot, World, WorldAction};

/// Takes a turn of a world once more, as described above.
pub(super) fn turn_refines_the_rules<R: Policy>(
    world: &CoordinatorWorld<R>,
    before: &CoordinatorWorldState,
    action: &CoordinatorAction,
    after: &SlotOf,
    sent_before: impl Fn(&RuleOutput<ClusterMetadata<u8>>) -> bool,
) -> Verdict {
    let node = action.node();
    let was = &before.nodes[node.index()];
    let rules = Recorded::new(world.actor.rules.clone());
    let again = World {
        actor: Coordinator::new(rules.clone(), world.actor.settings.clone()),
        nodes: world.nodes,
        network: world.network,
        drop_obsolete: world.drop_obsolete,
        environment: world.environment.under(rules.clone()),
    };
    let happening = again.happen(before, action);
    let sent = rule_outputs(happening.sent.iter().map(|(_, message)| message), was.state.last_join.map(|(_, join)| join));
    let before = match action {
        WorldAction::Restart { .. } | WorldAction::Start { .. } => {
            let blank = || Durable::blank(ClusterMetadata::blank(), 0);
            CoordinationState::restart(was.disk.clone().unwrap_or_else(blank))
        }
        _ => was.state.coordination.clone(),
    };
    rules.verdict(node, (&before, &after.state.coordination), &sent, sent_before)
}

/// Whether a turn of a node is made of rule steps: `take` lets its input happen
/// to the node `before` once more.
pub fn refines_the_rules<V: ClusterValue, R: Policy>(
    actor: &Coordinator<V, R>,
    node: NodeId,
    before: &CoordinatorState<V>,
    take: impl FnOnce(&Coordinator<V, Recorded<R>>, &mut Cow<'_, CoordinatorState<V>>, &mut Out<Coordinator<V, Recorded<R>>>),
    sent_before: impl Fn(&RuleOutput<ClusterMetadata<V>>) -> bool,
) -> Verdict {
    let rules = Recorded::new(actor.rules.clone());
    let again = Coordinator::new(rules.clone(), actor.settings.clone());
    let (mut after, mut out) = (Cow::Borrowed(before), Out::new());
    take(&again, &mut after, &mut out);
    let sent: Vec<CoordinatorMsg<V>> = out
        .iter()
        .filter_map(|command| match command {
            Command::Send(_, message) => Some(message.clone()),
            _ => None,
        })
        .collect();
    let sent = rule_outputs(sent.iter(), before.last_join.map(|(_, join)| join));
    rules.verdict(node, (&before.coordination, &after.coordination), &sent, sent_before)
}

type SlotOf = Slot<CoordinatorState<u8>, CoordinatorTimer, Durable<ClusterMetadata<u8>>>;

/// One call of a rule that was not refused.
struct Call {
    before: u64,
    after: u64,
    output: u64,
    /// Why `ZenWithTerms` does not allow it.
    forbidden: Option<String>,
}

/// Rules that write down their calls.
#[derive(Clone)]
pub struct Recorded<R> {
    inner: R,
    calls: Arc<Mutex<Vec<Call>>>,
}

fn digest(content: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

/// A rule's output by its content; nothing is 0.
fn output_digest<V: Value>(output: &RuleOutput<V>) -> u64 {
    match output {
        RuleOutput::Nothing => 0,
        RuleOutput::Join(join) => digest(&(1, join)),
        RuleOutput::PublishRequest(state) => digest(&(2, state)),
        RuleOutput::PublishResponse(id) => digest(&(3, id)),
        RuleOutput::Commit(id) => digest(&(4, id)),
    }
}

impl<R> Recorded<R> {
    pub(super) fn new(inner: R) -> Self {
        Recorded { inner, calls: Arc::default() }
    }

    /// Whether the calls so far lead from `before` to `after`, and sent all of
    /// `sent` that was not `sent_before`.
    pub(super) fn verdict<V: Value>(
        &self,
        node: NodeId,
        (before, after): (&CoordinationState<V>, &CoordinationState<V>),
        sent: &[RuleOutput<V>],
        sent_before: impl Fn(&RuleOutput<V>) -> bool,
    ) -> Verdict {
        let calls = self.calls.lock().expect("no call panics while it is written down");
        let mut at = digest(before);
        for call in calls.iter() {
            if let Some(why) = &call.forbidden {
                return Err(format!("{node}: a rule does what ZenWithTerms forbids: {why}"));
            }
            if call.before != at {
                return Err(format!("{node} calls a rule with something else than itself"));
            }
            at = call.after;
        }
        if at != digest(after) {
            return Err(format!("{node}: no rule led from {before:?} to {after:?}"));
        }
        match sent.iter().find(|message| {
            let wanted = output_digest(*message);
            !calls.iter().any(|call| call.output == wanted) && !sent_before(message)
        }) {
            Some(message) => Err(format!("{node} sends what no rule returned: {message:?}")),
            None => Ok(()),
        }
    }

    fn call<V: Value, T>(
        &self,
        node: &CoordinationState<V>,
        input: &RuleInput<V>,
        ruling: Result<T, Rejection>,
        parts: impl Fn(&T) -> (&CoordinationState<V>, RuleOutput<V>),
    ) -> Result<T, Rejection> {
        if let Ok(ruled) = &ruling {
            let (after, output) = parts(ruled);
            let forbidden = match allowed_step(node, input) {
                Err(conjunct) => Some(format!("{input:?} where not {conjunct}")),
                Ok((expected, sends)) if expected != *after || sends != output => {
                    Some(format!("{input:?} leads to {after:?} and sends {output:?}, not to {expected:?} and {sends:?}"))
                }
                Ok(_) => None,
            };
            let call = Call { before: digest(node), after: digest(after), output: output_digest(&output), forbidden };
            self.calls.lock().expect("no call panics while it is written down").push(call);
        }
        ruling
    }
}

impl<R: RuleSet> RuleSet for Recorded<R> {
    fn require(&self, guard: Rejection, holds: bool) -> Result<(), Rejection> {
        self.inner.require(guard, holds)
    }

    fn is_quorum(&self, votes: NodeSet, config: NodeSet) -> bool {
        self.inner.is_quorum(votes, config)
    }

    fn is_election_quorum(&self, votes: NodeSet, committed: NodeSet, accepted: NodeSet) -> bool {
        self.inner.is_election_quorum(votes, committed, accepted)
    }

    fn is_publish_quorum(&self, votes: NodeSet, committed: NodeSet, published: NodeSet) -> bool {
        self.inner.is_publish_quorum(votes, committed, published)
    }

    fn left_on_disk<V: Value>(&self, disk: Option<&Durable<V>>, before: &Durable<V>, after: &Durable<V>) -> Option<Durable<V>> {
        self.inner.left_on_disk(disk, before, after)
    }

    fn read_back<V: Value>(&self, disk: &Durable<V>) -> Durable<V> {
        self.inner.read_back(disk)
    }

    fn set_initial_state<V: Value>(
        &self,
        node: &CoordinationState<V>,
        config: NodeSet,
        value: V,
    ) -> Result<CoordinationState<V>, Rejection> {
        let input = RuleInput::SetInitialState(config, value.clone());
        let ruling = self.inner.set_initial_state(node, config, value);
        self.call(node, &input, ruling, |after| (after, RuleOutput::Nothing))
    }

    fn handle_start_join<V: Value>(
        &self,
        node: &CoordinationState<V>,
        term: Term,
    ) -> Result<(CoordinationState<V>, Join), Rejection> {
        let ruling = self.inner.handle_start_join(node, term);
        self.call(node, &RuleInput::StartJoin(term), ruling, |(after, join)| (after, RuleOutput::Join(*join)))
    }

    fn handle_join<V: Value>(
        &self,
        node: &CoordinationState<V>,
        source: NodeId,
        join: &Join,
    ) -> Result<CoordinationState<V>, Rejection> {
        let ruling = self.inner.handle_join(node, source, join);
        self.call(node, &RuleInput::Join(source, *join), ruling, |after| (after, RuleOutput::Nothing))
    }

    fn handle_client_value<V: Value>(
        &self,
        node: &CoordinationState<V>,
        id: NodeId,
        change: &ClientValue<V>,
    ) -> Result<(CoordinationState<V>, ClusterState<V>), Rejection> {
        let ruling = self.inner.handle_client_value(node, id, change);
        let input = RuleInput::ClientValue(change.clone());
        self.call(node, &input, ruling, |(after, state)| (after, RuleOutput::PublishRequest(state.clone())))
    }

    fn handle_publish_request<V: Value>(
        &self,
        node: &CoordinationState<V>,
        request: &ClusterState<V>,
    ) -> Result<(CoordinationState<V>, PublicationId), Rejection> {
        let ruling = self.inner.handle_publish_request(node, request);
        let input = RuleInput::PublishRequest(request.clone());
        self.call(node, &input, ruling, |(after, id)| (after, RuleOutput::PublishResponse(*id)))
    }

    fn handle_publish_response<V: Value>(
        &self,
        node: &CoordinationState<V>,
        source: NodeId,
        response: PublicationId,
    ) -> Result<(CoordinationState<V>, Option<PublicationId>), Rejection> {
        let ruling = self.inner.handle_publish_response(node, source, response);
        let output = |commit: &Option<PublicationId>| commit.map_or(RuleOutput::Nothing, RuleOutput::Commit);
        self.call(node, &RuleInput::PublishResponse(source, response), ruling, |(after, commit)| (after, output(commit)))
    }

    fn handle_commit<V: Value>(
        &self,
        node: &CoordinationState<V>,
        commit: PublicationId,
    ) -> Result<CoordinationState<V>, Rejection> {
        let ruling = self.inner.handle_commit(node, commit);
        self.call(node, &RuleInput::Commit(commit), ruling, |after| (after, RuleOutput::Nothing))
    }
}

impl<R: Policy> Policy for Recorded<R> {
    fn permit(&self, guard: Refusal, holds: bool) -> Result<(), Refusal> {
        self.inner.permit(guard, holds)
    }

    fn takes(&self, choice: Choice) -> bool {
        self.inner.takes(choice)
    }

    fn better_configuration(&self, view: &LeaderView) -> Option<NodeSet> {
        self.inner.better_configuration(view)
    }
}
