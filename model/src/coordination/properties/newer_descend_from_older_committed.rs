//! S5: what is published later builds on what is committed.

use crate::coordination::history::History;
use crate::property::Verdict;

/// `ZenWithTerms!NewerOpsBasedOnOlderCommittedOps`: every publication of the
/// same or a later term with a higher version than a committed one descends from it.
pub fn newer_ops_based_on_older_committed_ops(history: &impl History) -> Verdict {
    for committed in history.published().filter(|publication| history.is_committed(publication.id)) {
        for later in history.published() {
            let newer = later.id.term >= committed.id.term && later.id.version > committed.id.version;
            if newer && !history.descends(committed.id, later.id) {
                return Err(format!(
                    "{}, published by {}, does not descend from {}, which is committed",
                    later.id, later.publisher, committed.id
                ));
            }
        }
    }
    Ok(())
}
