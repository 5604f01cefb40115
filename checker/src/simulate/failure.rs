//! Why a simulated run fails.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A property that does not hold, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The property: a safety property of the model, one of `stabilise`, or [`Failure::PANIC`].
    pub property: String,
    /// What is wrong, in words.
    pub why: String,
    /// When, in virtual milliseconds.
    pub at_ms: u64,
}

impl Failure {
    /// A handler that panics has no property of its own.
    pub const PANIC: &'static str = "NoPanic";
    /// What is sent must be readable.
    pub const WIRE: &'static str = "MessagesArriveAsSent";

    /// A failure of `property`.
    pub fn new(property: &str, why: impl Into<String>, at_ms: u64) -> Self {
        Failure { property: property.to_owned(), why: why.into(), at_ms }
    }

    /// A verdict in the words of a judge, which begin with the property's name.
    pub fn from_verdict(verdict: &str, at_ms: u64) -> Self {
        match verdict.split_once(": ") {
            Some((property, why)) if !property.contains(' ') => Failure::new(property, why, at_ms),
            _ => Failure::new("Unnamed", verdict, at_ms),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} ms: {}", self.property, self.at_ms, self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;

    #[test]
    fn the_property_is_read_from_a_verdict() {
        let failure = Failure::from_verdict("LogMatching: n1: twice", 5);
        assert_eq!((failure.property.as_str(), failure.why.as_str()), ("LogMatching", "n1: twice"));
        assert_eq!(failure.to_string(), "LogMatching at 5 ms: n1: twice");
        assert_eq!(Failure::from_verdict("no name: here", 5).property, "Unnamed");
    }
}
