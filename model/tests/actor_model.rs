//! Where our world coincides with `stateright`'s `ActorModel` (a network without
//! duplicates, ignored deliveries retained, no crashes), it has the same states.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use quorate_model::coordination::{Durable, Sound};
use quorate_model::coordinator::{
    ClusterMetadata, Coordinator, CoordinatorMsg, CoordinatorSettings, CoordinatorState, CoordinatorTimer, Driven,
};
use quorate_model::world::{Environment, NetworkKind, World, WorldState};
use stateright::actor::{Actor, ActorModel, Command, Id, Network, Out};
use stateright::{Checker, Expectation, Model};

type Node = Coordinator<u8, Sound>;

/// The actor with its own index in its timers: `ActorModel` hashes the timer
/// sets of neighbours alike otherwise and merges states.
#[derive(Clone)]
struct Indexed(Node);

fn forward(out: &mut Out<Indexed>, inner: Out<Node>, id: Id) {
    let index = usize::from(id);
    for command in inner {
        match command {
            Command::Send(to, message) => out.send(to, message),
            Command::SetTimer(timer, delay) => out.set_timer((index, timer), delay as Range<Duration>),
            Command::CancelTimer(timer) => out.cancel_timer((index, timer)),
            Command::Save(storage) => out.save(storage),
            Command::ChooseRandom(..) => unreachable!("the Coordinator makes no random choices"),
        }
    }
}

impl Actor for Indexed {
    type Msg = CoordinatorMsg<u8>;
    type Timer = (usize, CoordinatorTimer);
    type State = CoordinatorState<u8>;
    type Storage = Durable<ClusterMetadata<u8>>;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Durable<ClusterMetadata<u8>>>, out: &mut Out<Self>) -> CoordinatorState<u8> {
        let mut inner = Out::new();
        let state = self.0.on_start(id, storage, &mut inner);
        forward(out, inner, id);
        state
    }

    fn on_msg(&self, id: Id, state: &mut Cow<CoordinatorState<u8>>, src: Id, msg: CoordinatorMsg<u8>, out: &mut Out<Self>) {
        let mut inner = Out::new();
        self.0.on_msg(id, state, src, msg, &mut inner);
        forward(out, inner, id);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<CoordinatorState<u8>>, timer: &(usize, CoordinatorTimer), out: &mut Out<Self>) {
        let mut inner = Out::new();
        self.0.on_timeout(id, state, &timer.1, &mut inner);
        forward(out, inner, id);
    }
}

/// Elections at any time, publications; nodes neither join nor leave.
fn settings(nodes: usize) -> CoordinatorSettings {
    CoordinatorSettings { driven: Driven::NONE, ..CoordinatorSettings::of(nodes) }
}

fn within(node: &CoordinatorState<u8>, max_term: u64) -> bool {
    node.coordination.current_term() <= max_term && node.coordination.accepted().version <= 2
}

/// An environment that remembers nothing and forbids nothing within a term.
#[derive(Clone)]
struct Plain {
    max_term: u64,
    max_messages: usize,
}

type State = WorldState<CoordinatorState<u8>, CoordinatorTimer, Durable<ClusterMetadata<u8>>, CoordinatorMsg<u8>, ()>;

impl Environment<Node> for Plain {
    type Ledger = ();
    fn open_ledger(&self) {}
    fn within_bounds(&self, state: &State) -> bool {
        state.nodes.iter().all(|slot| within(&slot.state, self.max_term)) && state.network.len() <= self.max_messages
    }
    fn name(&self) -> String {
        String::from("plain")
    }
    fn message_kinds(&self) -> Vec<&'static str> {
        vec!["Message"]
    }
    fn message_kind(&self, _message: &CoordinatorMsg<u8>) -> usize {
        0
    }
    fn timer_kinds(&self) -> Vec<&'static str> {
        vec!["Timer"]
    }
    fn timer_kind(&self, _timer: &CoordinatorTimer) -> usize {
        0
    }
    fn message_text(&self, _message: &CoordinatorMsg<u8>) -> String {
        String::new()
    }
}

fn our_distinct_states(nodes: usize, bounds: &Plain, keep_ignored: bool) -> usize {
    let world = World {
        actor: Node::new(Sound, settings(nodes)),
        nodes,
        network: NetworkKind::Consuming { keep_ignored },
        drop_obsolete: false,
        environment: bounds.clone(),
    };
    let mut seen: BTreeSet<State> = world.init_states().into_iter().collect();
    let mut frontier: Vec<State> = seen.iter().cloned().collect();
    while let Some(state) = frontier.pop() {
        for next in world.next_states(&state) {
            if world.within_boundary(&next) && seen.insert(next.clone()) {
                frontier.push(next);
            }
        }
    }
    seen.len()
}

fn their_distinct_states(nodes: usize, bounds: &Plain) -> usize {
    let actor = Indexed(Node::new(Sound, settings(nodes)));
    ActorModel::new(bounds.clone(), ())
        .actors((0..nodes).map(|_| actor.clone()))
        .init_network(Network::new_unordered_nonduplicating([]))
        .property(Expectation::Always, "true", |_, _| true)
        .within_boundary(|bounds: &Plain, state| {
            state.actor_states.iter().all(|node| within(node, bounds.max_term)) && state.network.len() <= bounds.max_messages
        })
        .checker()
        .spawn_bfs()
        .join()
        .unique_state_count()
}

#[test]
fn has_the_states_of_actor_model_where_they_coincide() {
    for (nodes, max_term, max_messages) in [(2, 1, 4), (2, 2, 6), (3, 1, 6)] {
        let bounds = Plain { max_term, max_messages };
        let (ours, theirs) = (our_distinct_states(nodes, &bounds, true), their_distinct_states(nodes, &bounds));
        assert_eq!(ours, theirs, "{nodes} nodes, term {max_term}, {max_messages} messages");
        println!("{nodes} {max_term} {max_messages}: {ours}");
        assert!(ours > 3, "the comparison is not of trivial spaces: {ours}");
    }
}

#[test]
fn consuming_ignored_deliveries_makes_a_difference() {
    let bounds = Plain { max_term: 2, max_messages: 5 };
    assert_ne!(our_distinct_states(2, &bounds, true), our_distinct_states(2, &bounds, false));
}
