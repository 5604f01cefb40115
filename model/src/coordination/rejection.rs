//! Why a rule says no: one variant for each guard.

use serde::{Deserialize, Serialize};

/// The guard that refused an input. Each stands for one conjunct of a TLA+
/// action and one early `throw` of Elasticsearch's `CoordinationState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Rejection {
    /// `SetInitialState`: the node already has a voting configuration.
    AlreadyBootstrapped,
    /// `HandleStartJoin`: the term is not greater than the current one.
    StartJoinTermNotNewer,
    /// `HandleJoin`: the vote is for another term.
    JoinTermMismatch,
    /// `HandleJoin`: no term was entered since the last restart.
    NoStartJoinSinceRestart,
    /// `HandleJoin`: the voter has accepted a state of a higher term.
    JoinAcceptedTermHigher,
    /// `HandleJoin`: the voter has accepted a higher version in the same term.
    JoinAcceptedVersionHigher,
    /// `HandleJoin`: there is no voting configuration yet.
    NotBootstrapped,
    /// `HandleClientValue`: the election is not won.
    PublishElectionNotWon,
    /// `HandleClientValue`: the previous publication is not accepted locally.
    PreviousPublicationNotAccepted,
    /// `HandleClientValue`: the state is of another term.
    PublishTermMismatch,
    /// `HandleClientValue`: the version is not above the last published one.
    PublishVersionNotNewer,
    /// `HandleClientValue`: a reconfiguration is already in progress.
    ReconfigurationInProgress,
    /// `HandleClientValue`: the votes held are no quorum of the new configuration.
    NoJoinQuorumForConfig,
    /// `HandlePublishRequest`: the publication is of another term.
    PublishRequestTermMismatch,
    /// `HandlePublishRequest`: in the same term, the version is not newer than the accepted one.
    PublishRequestVersionNotNewer,
    /// `HandlePublishResponse`: the election is not won.
    PublishResponseElectionNotWon,
    /// `HandlePublishResponse`: the response is of another term.
    PublishResponseTermMismatch,
    /// `HandlePublishResponse`: the response is for another version.
    PublishResponseVersionMismatch,
    /// `HandleCommit`: the commit is of another term than the current one.
    CommitTermMismatch,
    /// `HandleCommit`: the accepted state is of another term.
    CommitAcceptedTermMismatch,
    /// `HandleCommit`: the accepted state has another version.
    CommitVersionMismatch,
    /// `HandleCommit`: a leader that has not accepted what it published last
    /// (in TLA+ only; the Java class has no such guard).
    CommitBeforeOwnAcceptance,
}

impl Rejection {
    /// Every guard, in the order of the handlers.
    pub const ALL: [Rejection; 22] = {
        use Rejection::*;
        [
            AlreadyBootstrapped,
            StartJoinTermNotNewer,
            JoinTermMismatch,
            NoStartJoinSinceRestart,
            JoinAcceptedTermHigher,
            JoinAcceptedVersionHigher,
            NotBootstrapped,
            PublishElectionNotWon,
            PreviousPublicationNotAccepted,
            PublishTermMismatch,
            PublishVersionNotNewer,
            ReconfigurationInProgress,
            NoJoinQuorumForConfig,
            PublishRequestTermMismatch,
            PublishRequestVersionNotNewer,
            PublishResponseElectionNotWon,
            PublishResponseTermMismatch,
            PublishResponseVersionMismatch,
            CommitTermMismatch,
            CommitAcceptedTermMismatch,
            CommitVersionMismatch,
            CommitBeforeOwnAcceptance,
        ]
    };

    /// The name of the variant, as `--waive` takes it.
    pub fn name(self) -> &'static str {
        use Rejection::*;
        match self {
            AlreadyBootstrapped => "AlreadyBootstrapped",
            StartJoinTermNotNewer => "StartJoinTermNotNewer",
            JoinTermMismatch => "JoinTermMismatch",
            NoStartJoinSinceRestart => "NoStartJoinSinceRestart",
            JoinAcceptedTermHigher => "JoinAcceptedTermHigher",
            JoinAcceptedVersionHigher => "JoinAcceptedVersionHigher",
            NotBootstrapped => "NotBootstrapped",
            PublishElectionNotWon => "PublishElectionNotWon",
            PreviousPublicationNotAccepted => "PreviousPublicationNotAccepted",
            PublishTermMismatch => "PublishTermMismatch",
            PublishVersionNotNewer => "PublishVersionNotNewer",
            ReconfigurationInProgress => "ReconfigurationInProgress",
            NoJoinQuorumForConfig => "NoJoinQuorumForConfig",
            PublishRequestTermMismatch => "PublishRequestTermMismatch",
            PublishRequestVersionNotNewer => "PublishRequestVersionNotNewer",
            PublishResponseElectionNotWon => "PublishResponseElectionNotWon",
            PublishResponseTermMismatch => "PublishResponseTermMismatch",
            PublishResponseVersionMismatch => "PublishResponseVersionMismatch",
            CommitTermMismatch => "CommitTermMismatch",
            CommitAcceptedTermMismatch => "CommitAcceptedTermMismatch",
            CommitVersionMismatch => "CommitVersionMismatch",
            CommitBeforeOwnAcceptance => "CommitBeforeOwnAcceptance",
        }
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
