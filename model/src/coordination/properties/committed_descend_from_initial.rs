//! S7: the committed states descend from one initial state.

use super::majority;
use crate::coordination::PublicationId;
use crate::coordination::history::History;
use crate::node_set::{NodeId, NodeSet};
use crate::property::Verdict;

/// `ZenWithTerms!CommittedValuesDescendantsFromInitialValue`: there is an
/// initial version, not below those of a majority of the first configuration,
/// from which every committed state descends.
pub fn committed_values_descend_from_initial_value(history: &impl History) -> Verdict {
    let origin = history.origin();
    let holds_for = |initial: u64| {
        let behind: NodeSet =
            (0..origin.versions.len()).map(NodeId::from_index).filter(|node| origin.versions[node.index()] <= initial).collect();
        majority(behind, origin.config)
            && history
                .published()
                .filter(|publication| history.is_committed(publication.id))
                .all(|publication| history.descends(PublicationId::new(0, initial), publication.id))
    };
    if origin.versions.iter().any(|initial| holds_for(*initial)) {
        return Ok(());
    }
    let orphans: Vec<String> = history
        .published()
        .filter(|publication| history.is_committed(publication.id))
        .filter(|publication| {
            !origin.versions.iter().any(|initial| history.descends(PublicationId::new(0, *initial), publication.id))
        })
        .map(|publication| publication.id.to_string())
        .collect();
    Err(match orphans.as_slice() {
        [] => String::from("the committed states descend from no single initial state that a majority may have held"),
        _ => format!("committed without descending from an initial state: {}", orphans.join(", ")),
    })
}
