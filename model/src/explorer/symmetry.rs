//! Fingerprints of states up to a renaming of interchangeable nodes.
//!
//! The canonical form sorts nodes by the model's key, which moves with a node
//! under a renaming; nodes with equal keys are tried in every order, and the
//! least fingerprint stands for the orbit. The state itself is kept as it was
//! found, so that a trace is a behaviour and needs no renaming.

use crate::specification::Specification;

use crate::fingerprint::{Fingerprint, fingerprint};

/// The fingerprint of the orbit of `state`.
pub fn canonical_fingerprint<M: Specification>(model: &M, state: &M::State, seed: u64) -> Fingerprint {
    let nodes = model.interchangeable_nodes();
    let keys: Vec<u64> = (0..nodes).map(|node| model.node_key(state, node)).collect();
    let mut order: Vec<u8> = (0..nodes as u8).collect();
    order.sort_by_key(|node| keys[usize::from(*node)]);
    let mut least: Option<Fingerprint> = None;
    each_order(&keys, &mut order, 0, &mut |order| {
        let mut permutation = vec![0; nodes];
        order.iter().enumerate().for_each(|(place, node)| permutation[usize::from(*node)] = place as u8);
        let found = fingerprint(&model.permuted(state, &permutation), seed);
        least = Some(least.map_or(found, |least| least.min(found)));
    });
    least.unwrap_or_else(|| fingerprint(state, seed))
}

/// Every order of the nodes that keeps the keys sorted: all orders of each run of equal keys.
fn each_order(keys: &[u64], order: &mut [u8], from: usize, visit: &mut impl FnMut(&[u8])) {
    if from == order.len() {
        return visit(order);
    }
    let key = |order: &[u8], place: usize| keys[usize::from(order[place])];
    let mut place = from;
    while place < order.len() && key(order, place) == key(order, from) {
        order.swap(from, place);
        each_order(keys, order, from + 1, visit);
        order.swap(from, place);
        place += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn equal_keys_are_tried_in_every_order_and_others_in_one() {
        let orders = |keys: &[u64]| {
            let mut order: Vec<u8> = (0..keys.len() as u8).collect();
            order.sort_by_key(|node| keys[usize::from(*node)]);
            let mut found = Vec::new();
            each_order(keys, &mut order, 0, &mut |order| found.push(order.to_vec()));
            assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len());
            found
        };
        assert_eq!(orders(&[5, 5, 5]).len(), 6);
        assert_eq!(orders(&[9, 1, 9, 1]).len(), 4);
        assert_eq!(orders(&[3, 2, 1]), [[2, 1, 0]]);
        assert!(orders(&[2, 7, 2]).iter().all(|order| order[2] == 1));
    }
}
