//! What a model is not there to exercise, and why that is no gap.
//!
//! Above the profile `quick`, an action that is never taken and a guard that
//! never refuses fail a check as vacuous. These are the exceptions, each with
//! the reason.

use super::ModelInfo;

struct Elsewhere {
    /// The models.
    models: &'static [&'static str],
    what: What,
    /// Why, in a sentence.
    because: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    EveryGuard,
    Action(&'static str),
}

const COORDINATORS: [&str; 5] = ["coordinator", "prevote", "membership", "reconfiguration", "duties"];

/// Messages and timers that only some of the Coordinator's models drive, with
/// those models.
const DRIVEN: [(&[&str], &[&str]); 4] = [
    (&["PreVoteRequest", "PreVoteResponse"], &["prevote"]),
    (&["PeersRequest", "PeersResponse", "FollowerCheckTimeout", "NextTask"], &["membership", "reconfiguration", "duties"]),
    (
        &[
            "JoinResponse",
            "ValidateJoin",
            "JoinValidated",
            "PublishRefused",
            "Applied",
            "FollowerCheckResponse",
            "FollowerCheckTimer",
            "LeaderCheck",
            "LeaderCheckResponse",
            "LeaderCheckTimer",
            "LagTimeout",
            "Health",
        ],
        &["duties"],
    ),
    (&["FindPeersTimer", "SessionEnded"], &[]),
];

const SHARDS: [&str; 3] = ["shard", "shard-recovery", "shard-exceptions"];

const ELSEWHERE: [Elsewhere; 26] = [
    Elsewhere {
        models: &SHARDS,
        what: What::EveryGuard,
        because: "a copy that refuses a request answers so, which is a step; the kill table shows which guards are missed",
    },
    Elsewhere { models: &SHARDS, what: What::Action("Outcome"), because: "clients take it, and they are no actors" },
    Elsewhere { models: &SHARDS, what: What::Action("Got"), because: "clients take it, and they are no actors" },
    Elsewhere {
        models: &SHARDS,
        what: What::Action("AllocateNewPrimary"),
        because: "it is taken before the first state, in which every copy has started",
    },
    Elsewhere {
        models: &["shard-recovery", "shard-exceptions"],
        what: What::Action("Get"),
        because: "reads change nothing that can be put right, and are the model shard's",
    },
    Elsewhere {
        models: &["shard-recovery"],
        what: What::Action("Cancel"),
        because: "commands of operators are the model shard's",
    },
    Elsewhere {
        models: &["shard-recovery"],
        what: What::Action("AllocateStalePrimary"),
        because: "commands of operators are the model shard's",
    },
    Elsewhere {
        models: &["shard-recovery"],
        what: What::Action("AllocateEmptyPrimary"),
        because: "commands of operators are the model shard's",
    },
    Elsewhere {
        models: &["whole"],
        what: What::Action("NextTask"),
        because: "a leader that waits for nobody's answer goes on by it; those are membership's and reconfiguration's",
    },
    Elsewhere {
        models: &["whole"],
        what: What::EveryGuard,
        because: "a correct actor asks for little that is refused; zen-with-terms exercises every guard",
    },
    Elsewhere {
        models: &["whole"],
        what: What::Action("FindPeersTimer"),
        because: "in a retained set what it would ask again is still under way",
    },
    Elsewhere {
        models: &["whole"],
        what: What::Action("SessionEnded"),
        because: "this world has no sessions; those of stabilisation end",
    },
    Elsewhere { models: &["whole"], what: What::Action("Health"), because: "disks that are not well are the model duties'" },
    Elsewhere {
        models: &["stabilisation"],
        what: What::EveryGuard,
        because: "over sessions a message is taken once and in its session, and a correct actor asks for little that is refused; \
                  zen-with-terms exercises every guard",
    },
    Elsewhere { models: &["stabilisation"], what: What::Action("Outcome"), because: "clients take it, and they are no actors" },
    Elsewhere {
        models: &["stabilisation"],
        what: What::Action("SessionEnded"),
        because: "here it is no message but what the world tells: the action Disconnected",
    },
    Elsewhere {
        models: &["stabilisation"],
        what: What::Action("Health"),
        because: "disks that are not well are the model duties'",
    },
    Elsewhere {
        models: &["stabilisation"],
        what: What::Action("LagTimeout"),
        because: "over a session every commit is answered, or its end is told; laggards are the model duties'",
    },
    Elsewhere {
        models: &COORDINATORS,
        what: What::EveryGuard,
        because: "a message that a rule will refuse for ever is removed from this world as obsolete, and a correct actor asks \
                  for nothing that is refused; zen-with-terms exercises every guard",
    },
    Elsewhere { models: &COORDINATORS, what: What::Action("Outcome"), because: "clients take it, and they are no actors" },
    Elsewhere { models: &["whole"], what: What::Action("Outcome"), because: "clients take it, and they are no actors" },
    Elsewhere {
        models: &["prevote", "membership", "reconfiguration", "duties"],
        what: What::Action("Submit"),
        because: "clients' changes are the model coordinator's",
    },
    Elsewhere {
        models: &["prevote", "membership", "reconfiguration", "duties"],
        what: What::Action("Restart"),
        because: "restarts are the model coordinator's",
    },
    Elsewhere {
        models: &["prevote", "whole"],
        what: What::Action("PublicationTimeout"),
        because: "publications that fail are the model coordinator's",
    },
    Elsewhere {
        models: &["reconfiguration"],
        what: What::Action("LeaderCheckTimeout"),
        because: "suspicions are the model membership's",
    },
    Elsewhere {
        models: &["replication-falling-checkpoint"],
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
        let driven = DRIVEN.iter().find(|(actions, _)| actions.contains(&action));
        if let Some((_, models)) = driven
            && COORDINATORS.contains(&self.name)
            && !models.contains(&self.name)
        {
            return Some("in this model it is left to the environment, which may do at any time what it would bring about");
        }
        let actions = ELSEWHERE.iter().filter_map(|entry| match entry.what {
            What::Action(name) if name == action => Some(entry.what),
            _ => None,
        });
        actions.filter_map(|what| self.elsewhere(what)).next()
    }

    fn elsewhere(&self, what: What) -> Option<&'static str> {
        let entry = ELSEWHERE.iter().find(|entry| entry.models.contains(&self.name) && entry.what == what)?;
        Some(entry.because)
    }
}
