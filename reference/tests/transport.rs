//! Who is listened to, and what becomes of what is sent to nobody.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use quorate_model::session::{Incarnation, LossReason, PeerId, SessionConfig};
use quorate_model::wire::{ClusterId, ClusterKey};
use quorate_reference::transport::{Arrival, Station, Transport};

const CLUSTER: ClusterId = ClusterId([3; 16]);

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// The end of node `id`, which is at `port` and knows where `others` are.
fn transport(id: PeerId, incarnation: Incarnation, others: &[(PeerId, u16)]) -> Transport {
    let nodes: BTreeMap<PeerId, SocketAddr> = others.iter().map(|(id, port)| (*id, address(*port))).collect();
    let key = ClusterKey::derive(b"a secret of the tests");
    Transport::new(Station { id, incarnation, cluster: CLUSTER, key, nodes }, SessionConfig::default())
}

/// Carries all datagrams between two ends, until there are none.
fn exchange(one: (&mut Transport, u16), other: (&mut Transport, u16)) {
    let mut quiet = false;
    while !quiet {
        quiet = true;
        for (_, datagram) in one.0.take_datagrams() {
            other.0.receive(0, address(one.1), &datagram);
            quiet = false;
        }
        for (_, datagram) in other.0.take_datagrams() {
            one.0.receive(0, address(other.1), &datagram);
            quiet = false;
        }
    }
}

fn post(from: &mut Transport, to: PeerId) {
    let number = from.number_message(to);
    from.post(0, to, number, b"hello").unwrap();
}

fn messages(transport: &mut Transport) -> Vec<PeerId> {
    let sources = transport.take_arrivals().into_iter().filter_map(|arrival| match arrival {
        Arrival::Message { source, .. } => Some(source),
        Arrival::Disconnected { .. } => None,
    });
    sources.collect()
}

#[test]
fn a_node_is_where_it_is_known_to_be() {
    let mut one = transport(0, 1, &[(0, 1), (1, 2)]);
    let mut two = transport(1, 1, &[(0, 1), (1, 2)]);
    let mut impostor = transport(1, 1, &[(0, 1), (1, 9)]);
    post(&mut impostor, 0);
    exchange((&mut one, 1), (&mut impostor, 9));
    assert!(messages(&mut one).is_empty());
    assert_eq!(one.drops()["of a node that is somewhere else"], 1);
    post(&mut two, 0);
    exchange((&mut one, 1), (&mut two, 2));
    assert_eq!(messages(&mut one), [1]);
}

#[test]
fn a_new_node_is_where_it_is_first_heard_of() {
    let mut one = transport(0, 1, &[(0, 1)]);
    for (id, port, heard) in [(3, 4, true), (3, 5, false), (40, 6, false)] {
        let mut new = transport(id, 1, &[(0, 1), (id, port)]);
        post(&mut new, 0);
        exchange((&mut one, 1), (&mut new, port));
        assert_eq!(!messages(&mut one).is_empty(), heard, "node {id} at {port}: {:?}", one.drops());
    }
    post(&mut one, 3);
    assert!(one.take_datagrams().iter().all(|(to, _)| *to == address(4)), "and is answered there");
}

#[test]
fn what_is_sent_to_whoever_has_left_is_lost_at_once_and_not_to_its_successor() {
    let mut one = transport(0, 1, &[(0, 1), (1, 2)]);
    let mut two = transport(1, 1, &[(0, 1), (1, 2)]);
    post(&mut two, 0);
    exchange((&mut one, 1), (&mut two, 2));
    one.take_arrivals();
    two.leave_all();
    exchange((&mut one, 1), (&mut two, 2));
    let left = |lost| Arrival::Disconnected { peer: 1, incarnation: 1, reason: LossReason::Left, lost };
    assert_eq!(one.take_arrivals(), [left(0)]);
    post(&mut one, 1);
    assert_eq!((one.take_arrivals(), one.take_datagrams().len()), (vec![left(1)], 0));

    let mut again = transport(1, 2, &[(0, 1), (1, 2)]);
    post(&mut again, 0);
    exchange((&mut one, 1), (&mut again, 2));
    assert_eq!(messages(&mut one), [1]);
    post(&mut one, 1);
    exchange((&mut one, 1), (&mut again, 2));
    assert_eq!(messages(&mut again), [0]);
}

/// What is expected of a peer that falls silent ends with its session; what is
/// expected of one with which there is no session is nothing to wait for.
#[test]
fn silence_of_whom_something_is_expected_ends_the_session() {
    for expected in [true, false] {
        let mut one = transport(0, 1, &[(0, 1), (1, 2)]);
        let mut two = transport(1, 1, &[(0, 1), (1, 2)]);
        post(&mut one, 1);
        exchange((&mut one, 1), (&mut two, 2));
        if expected {
            one.expect(0, [1, 7].into());
        }
        for now_ms in (0..20_000).step_by(100) {
            one.tick(now_ms);
            one.take_datagrams();
        }
        let ends = one.take_arrivals().len();
        assert_eq!(ends, usize::from(expected));
        one.expect(20_000, [1, 7].into());
        assert_eq!(one.next_tick_ms(), if expected { None } else { one.next_tick_ms() }, "nothing is waited for any more");
    }
}
