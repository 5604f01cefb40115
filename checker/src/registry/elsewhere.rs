//! What a model is not there to exercise, and why that is no gap.
//!
//! Above the profile `quick`, an action that is never taken and a guard that
//! never refuses fail a check as vacuous. These are the exceptions, each with
//! the reason.

use super::ModelInfo;

struct Elsewhere {
    /// Models whose names begin like this.
    models: &'static str,
    what: What,
    /// Why, in a sentence.
    because: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    EveryGuard,
    Action(&'static str),
}

const ELSEWHERE: [Elsewhere; 4] = [
    Elsewhere {
        models: "coordinator",
        what: What::EveryGuard,
        because: "a message that a rule will refuse for ever is removed from this world as obsolete, and a correct actor asks \
                  for nothing that is refused; zen-with-terms exercises every guard",
    },
    Elsewhere { models: "coordinator", what: What::Action("Outcome"), because: "clients take it, and they are no actors" },
    Elsewhere {
        models: "coordinator",
        what: What::Action("FollowerCheckResponse"),
        because: "with up to three voters one answer is a quorum, so that it is obsolete when it is sent",
    },
    Elsewhere {
        models: "replication-falling-checkpoint",
        what: What::EveryGuard,
        because: "it is a part of the model replication, which exercises them",
    },
];

impl ModelInfo {
    /// Why no check of this model need exercise any guard, if none need.
    pub fn guards_elsewhere(&self) -> Option<&'static str> {
        self.elsewhere(What::EveryGuard)
    }

    /// Why no check of this model need take this action, if none need.
    pub fn action_elsewhere(&self, action: &str) -> Option<&'static str> {
        let actions = ELSEWHERE.iter().filter_map(|entry| match entry.what {
            What::Action(name) if name == action => Some(entry.what),
            _ => None,
        });
        actions.filter_map(|what| self.elsewhere(what)).next()
    }

    fn elsewhere(&self, what: What) -> Option<&'static str> {
        let entry = ELSEWHERE.iter().find(|entry| self.name.starts_with(entry.models) && entry.what == what)?;
        Some(entry.because)
    }
}
