//! S6: the committed states form one line.

use crate::coordination::history::History;
use crate::property::Verdict;

/// `ZenWithTerms!CommittedValuesDescendantsFromCommittedValues`: of two
/// committed states one descends from the other.
pub fn committed_values_descend_from_committed_values(history: &impl History) -> Verdict {
    let committed =
        history.published().filter(|publication| history.is_committed(publication.id)).map(|publication| publication.id);
    for first in committed.clone() {
        for second in committed.clone() {
            if first != second && !history.descends(first, second) && !history.descends(second, first) {
                return Err(format!("{first} and {second} are both committed and neither descends from the other"));
            }
        }
    }
    Ok(())
}
