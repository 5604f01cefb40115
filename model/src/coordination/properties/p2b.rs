//! S9: a later leader starts above what is committed.

use crate::coordination::history::History;
use crate::property::Verdict;

/// `ZenWithTerms!P2bInvariant`: a publication of a higher term than a commit
/// has a higher version.
pub fn p2b_invariant(history: &impl History) -> Verdict {
    for commit in history.commits() {
        for publication in history.published() {
            if publication.id.term > commit.term && publication.id.version <= commit.version {
                return Err(format!(
                    "{} was published by {} although {commit} is committed",
                    publication.id, publication.publisher
                ));
            }
        }
    }
    Ok(())
}
