//! Symmetry against its dumb twin: the least of all renamings, compared as whole
//! states.

use std::collections::BTreeSet;

use quorate_checker::registry::{Rules, Visitor, with_model};
use quorate_checker::{Control, Options, check};
use quorate_model::specification::Specification;

fn permutations(nodes: usize) -> Vec<Vec<u8>> {
    (0..nodes).fold(vec![Vec::new()], |shorter, _| {
        let longer = |one: &Vec<u8>| {
            let one = one.clone();
            (0..nodes as u8).filter(|node| !one.contains(node)).map(|node| [one.as_slice(), &[node]].concat()).collect::<Vec<_>>()
        };
        shorter.iter().flat_map(longer).collect()
    })
}

/// Counts orbits twice, and looks at what renaming does to states and keys.
struct Orbits;

impl Visitor for Orbits {
    type Output = ();

    fn visit<M: Specification + Clone + 'static>(self, model: M) {
        let renamings = permutations(model.interchangeable_nodes());
        assert!(renamings.len() > 1, "{} has nodes to rename", model.name());
        // Comparable text stands for the state, since states need not be ordered.
        let text = |state: &M::State| format!("{state:?}");
        let least = |state: &M::State| renamings.iter().map(|renaming| text(&model.permuted(state, renaming))).min();
        let (mut orbits, mut states, mut frontier) = (BTreeSet::new(), BTreeSet::new(), model.init_states());
        frontier.retain(|state| model.within_boundary(state) && states.insert(text(state)));
        while let Some(state) = frontier.pop() {
            if orbits.insert(least(&state)) {
                for renaming in &renamings {
                    let renamed = model.permuted(&state, renaming);
                    assert_eq!(model.within_boundary(&renamed), model.within_boundary(&state));
                    for node in 0..renaming.len() {
                        let (here, there) = (model.node_key(&state, node), model.node_key(&renamed, usize::from(renaming[node])));
                        assert_eq!(here, there, "a node's key moves with it: node {node} of {state:?} under {renaming:?}");
                    }
                }
            }
            model.successors(&state, |_, next| {
                if let Ok(next) = next
                    && model.within_boundary(&next)
                    && states.insert(text(&next))
                {
                    frontier.push(next);
                }
            });
        }
        let options = Options { symmetry: true, ..Options::default() };
        let outcome = check(&model, &options, &Control::new());
        assert_eq!(outcome.distinct_states, orbits.len() as u64, "orbits of {}", model.name());
        let plain = check(&model, &Options::default(), &Control::new());
        assert_eq!(plain.distinct_states, states.len() as u64);
        assert!(plain.distinct_states > outcome.distinct_states);
        assert_eq!(plain.verdict, outcome.verdict);
        let verdicts = |outcome: &quorate_checker::Outcome<M>| {
            outcome
                .properties
                .iter()
                .map(|p| (p.name.clone(), p.verdict, p.path.as_ref().map(|path| path.len())))
                .collect::<Vec<_>>()
        };
        assert_eq!(verdicts(&plain), verdicts(&outcome), "symmetry changes no verdict and no length of a trace");
    }
}

#[test]
fn canonical_forms_are_those_of_the_dumb_twin() {
    let sound = Rules::default();
    with_model("zen-with-terms", &[3, 1, 1, 0, 1, 3], &sound, Orbits).unwrap();
    with_model("zen-with-terms", &[2, 1, 2, 1, 1, 6], &sound, Orbits).unwrap();
    with_model("coordinator", &[3, 3, 1, 2, 0, 0, 0, 0], &sound, Orbits).unwrap();
    with_model("coordinator", &[2, 2, 2, 2, 1, 0, 1, 0], &sound, Orbits).unwrap();
}
