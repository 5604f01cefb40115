//! The datagram codec: what is encoded is decoded, and nothing else is.

use proptest::prelude::*;
use quorate_model::session::{Body, Fragment, Life, Packet};
use quorate_model::wire::{
    ClusterId, ClusterKey, DATAGRAM_BYTES_MAX, Datagram, DatagramDrop, FRAGMENT_BYTES_MAX, decode, encode,
};

const CLUSTER: ClusterId = ClusterId([7; 16]);

fn key() -> ClusterKey {
    ClusterKey::derive(b"a secret")
}

fn life(incarnation: u64, session: u32) -> Life {
    Life { incarnation, session }
}

fn sample() -> Datagram {
    let payload = Fragment { message: 5, index: 1, count: 3, bytes: vec![1, 2, 3] };
    let packet = Packet { source: life(2, 3), dest: life(1, 1), body: Body::Data { number: 9, floor: 8, payload } };
    Datagram { source: 0, dest: 1, packet }
}

fn any_datagram() -> impl Strategy<Value = Datagram> {
    let fragment = (any::<u64>(), any::<u16>(), any::<u16>(), proptest::collection::vec(any::<u8>(), 0..=FRAGMENT_BYTES_MAX))
        .prop_filter_map("an index below the count", |(message, index, count, bytes)| {
            (index < count).then_some(Fragment { message, index, count, bytes })
        });
    let body = prop_oneof![
        Just(Body::Hello),
        Just(Body::Welcome),
        Just(Body::Goodbye),
        (any::<u64>(), any::<u64>(), fragment).prop_map(|(number, floor, payload)| Body::Data { number, floor, payload }),
        any::<u64>().prop_map(|number| Body::Ack { number }),
    ];
    (any::<[u64; 4]>(), any::<[u32; 2]>(), body).prop_map(|([source, dest, mine, yours], sessions, body)| Datagram {
        source,
        dest,
        packet: Packet { source: life(mine, sessions[0]), dest: life(yours, sessions[1]), body },
    })
}

/// `bytes` with `change` applied to the content and a tag that is right again.
fn resealed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = encode(CLUSTER, &key(), &sample());
    bytes.truncate(bytes.len() - 32);
    change(&mut bytes);
    let secret = blake3::derive_key("quorate 2026 datagram authentication", b"a secret");
    let tag = blake3::keyed_hash(&secret, &bytes);
    bytes.extend(tag.as_bytes());
    bytes
}

#[test]
fn each_reason_to_drop() {
    let good = encode(CLUSTER, &key(), &sample());
    let reason = |bytes: &[u8]| decode(CLUSTER, &key(), 1, bytes).unwrap_err();
    assert_eq!(decode(CLUSTER, &key(), 1, &good), Ok(sample()));

    assert_eq!(reason(&[]), DatagramDrop::Truncated);
    assert_eq!(reason(&good[..68]), DatagramDrop::Truncated);
    assert_eq!(reason(&good[..good.len() - 1]), DatagramDrop::BadTag);
    assert_eq!(reason(&vec![0; DATAGRAM_BYTES_MAX + 1]), DatagramDrop::Oversized);
    assert_eq!(reason(b"GET / HTTP/1.1"), DatagramDrop::NotQuorate);
    assert_eq!(reason(&resealed(|bytes| bytes[4] = 9)), DatagramDrop::OtherVersion);
    assert_eq!(reason(&resealed(|bytes| bytes[5] = 9)), DatagramDrop::UnknownKind);
    assert_eq!(reason(&resealed(|bytes| bytes[6] = 9)), DatagramDrop::OtherCluster);
    assert_eq!(reason(&resealed(|bytes| bytes[87] = 3)), DatagramDrop::BadFragment);
    assert_eq!(reason(&resealed(|bytes| bytes.truncate(78))), DatagramDrop::Truncated);
    assert_eq!(reason(&resealed(|bytes| bytes[5] = 3)), DatagramDrop::Oversized);
    assert_eq!(decode(CLUSTER, &key(), 2, &good), Err(DatagramDrop::OtherReceiver));
    assert_eq!(decode(CLUSTER, &ClusterKey::derive(b"another"), 1, &good), Err(DatagramDrop::BadTag));
}

#[test]
fn cluster_ids_are_read_back_and_others_refused() {
    let text = CLUSTER.to_string();
    assert_eq!(ClusterId::parse(&text), Some(CLUSTER));
    for bad in ["", "07", &text[1..], "g7070707070707070707070707070707", "é07070707070707070707070707070"] {
        assert_eq!(ClusterId::parse(bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(datagram in any_datagram()) {
        let bytes = encode(CLUSTER, &key(), &datagram);
        prop_assert!(bytes.len() <= DATAGRAM_BYTES_MAX);
        prop_assert_eq!(decode(CLUSTER, &key(), datagram.dest, &bytes), Ok(datagram));
    }

    #[test]
    fn no_bytes_are_mistaken_for_a_datagram(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(decode(CLUSTER, &key(), 1, &bytes).is_err());
    }

    #[test]
    fn no_damage_goes_unnoticed(datagram in any_datagram(), position in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut bytes = encode(CLUSTER, &key(), &datagram);
        let position = position.index(bytes.len());
        bytes[position] ^= 1 << bit;
        prop_assert!(decode(CLUSTER, &key(), datagram.dest, &bytes).is_err());
    }

    #[test]
    fn authentic_bytes_never_panic(content in proptest::collection::vec(any::<u8>(), 0..200), kind in 0..6u8) {
        let bytes = resealed(|bytes| {
            bytes.truncate(22);
            bytes[5] = kind;
            bytes.extend(content);
        });
        let _ = decode(CLUSTER, &key(), 1, &bytes);
    }
}
