//! S3: term and version determine the value.

use super::one_master_per_term::pairs;
use crate::coordination::history::History;
use crate::property::Verdict;

/// `ZenWithTerms!LogMatching`.
pub fn log_matching(history: &impl History) -> Verdict {
    for (first, second) in pairs(history) {
        if first.id == second.id && first.value != second.value {
            return Err(format!(
                "{} stands for value {} (published by {}) and for value {} (published by {})",
                first.id, first.value, first.publisher, second.value, second.publisher
            ));
        }
    }
    Ok(())
}
