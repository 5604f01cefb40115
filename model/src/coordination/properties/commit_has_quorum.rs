//! S8: a commit stands on two majorities.

use super::majority;
use crate::coordination::history::{History, Published};
use crate::node_set::NodeSet;
use crate::property::Verdict;

/// `ZenWithTerms!CommitHasQuorumVsPreviousCommittedConfiguration`: a committed
/// state was accepted by a majority of the committed configuration that it quotes.
pub fn commit_has_quorum_of_committed_config(history: &impl History) -> Verdict {
    commit_has_quorum(history, "committed", |publication| publication.committed_config)
}

/// S8' (ours): and by a majority of the configuration that it establishes.
pub fn commit_has_quorum_of_published_config(history: &impl History) -> Verdict {
    commit_has_quorum(history, "published", |publication| publication.config)
}

fn commit_has_quorum(history: &impl History, which: &str, config: fn(&Published) -> NodeSet) -> Verdict {
    for publication in history.published().filter(|publication| history.is_committed(publication.id)) {
        let acceptors = history.acceptors(publication.id);
        if !majority(acceptors, config(&publication)) {
            return Err(format!(
                "{} is committed with acceptances of {acceptors} only, no majority of the {which} configuration {}",
                publication.id,
                config(&publication)
            ));
        }
    }
    Ok(())
}
