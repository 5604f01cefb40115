//! The rows of the Coordinators' kill tables: which mutant dies of what, in
//! which of the models, at bounds that take seconds at most.
//!
//! `CM…` are the mutants of the rules, here under an actor that asks for less
//! than the rules allow: some can do no harm any more, and say why. `LM…` change
//! what the Coordinator does, and `W-…` leave one of its own guards out.
//!
//! What has no row here, and why:
//!
//! | mutant | reason |
//! | --- | --- |
//! | LM02 joins say no term, LM03 missing votes are ignored, LM14 failures are called final, LM19 an excluded leader stays | what should happen does not: they die in `stabilisation` |
//! | LM05 the election scheduler is closed when a candidate wins | only the time between elections changes |
//! | LM18 a state written later, with its configuration | the actor writes before it answers; the rule is `stored_without_role` |
//! | LM20 the constraint on voting-only winners is not monotone | such a node never wins here; the rule is `RolesOf::may_be_elected` |
//! | LM23 the base of differences is kept before it is accepted | the base is the accepted state itself |
//! | LM24 a request to join an old master blocks others | a node remembers the last request only |

use quorate_model::coordination::catalogue::{CatalogueEntry, catalogue};
use quorate_model::coordinator::CoordinatorEffect::{self, *};
use quorate_model::coordinator::{CoordinatorMutant, Refusal};
use quorate_model::coordinator_world::CoordinatorModel;
use quorate_model::seeded::Seeded;

use super::Expected::{self, Dies, Equivalent};

/// A row of a kill table.
pub(super) type Row = Seeded<CoordinatorMutant, [u64; 8]>;

/// A mutant of the Coordinator, in the kill table of one of its models.
pub(crate) struct TabulatedMutant {
    pub model: &'static str,
    pub id: &'static str,
    pub change: &'static str,
    pub rules: CoordinatorMutant,
    pub expected: Expected,
}

/// Every mutant of the Coordinator's models.
pub(crate) fn coordinator_mutants() -> Vec<TabulatedMutant> {
    let models = [
        ("coordinator", CoordinatorModel::Coordinator),
        ("prevote", CoordinatorModel::PreVote),
        ("membership", CoordinatorModel::Membership),
        ("reconfiguration", CoordinatorModel::Reconfiguration),
        ("duties", CoordinatorModel::Duties),
    ];
    fn tabulated<B>(model: &'static str, row: Seeded<CoordinatorMutant, B>) -> TabulatedMutant {
        TabulatedMutant { model, id: row.id, change: row.change, rules: row.rules, expected: row.expected }
    }
    let without_sessions =
        models.into_iter().flat_map(|(name, model)| rows(model).into_iter().map(move |row| tabulated(name, row)));
    without_sessions.chain(super::stabilisation::rows().into_iter().map(|row| tabulated("stabilisation", row))).collect()
}

/// The rows of a model.
pub(super) fn rows(model: CoordinatorModel) -> Vec<Row> {
    match model {
        CoordinatorModel::Coordinator => coordinator(),
        CoordinatorModel::PreVote => pre_vote(),
        CoordinatorModel::Membership => membership(),
        CoordinatorModel::Reconfiguration => reconfiguration(),
        CoordinatorModel::Duties => duties(),
        CoordinatorModel::Stabilisation => Vec::new(), // see `stabilisation`
        CoordinatorModel::Whole => Vec::new(),         // those of the others, in `tests/whole.rs`
    }
}

/// A row of the rules' catalogue.
fn of_rules(id: &'static str, expected: Expected, bounds: [u64; 8]) -> Row {
    let entry = catalogued(id);
    row(id, entry.change, CoordinatorMutant::on(entry.rules), expected, bounds)
}

fn catalogued(id: &str) -> CatalogueEntry {
    catalogue().into_iter().find(|entry| entry.id == id).expect("the rows are in the catalogue")
}

/// A guard of the Coordinator left out.
fn waived(id: &'static str, change: &'static str, guard: Refusal, dies: &'static str, bounds: [u64; 8]) -> Row {
    row(id, change, CoordinatorMutant::waiving(guard), Dies(dies), bounds)
}

/// Something else that a Coordinator does.
fn effect(id: &'static str, change: &'static str, effect: CoordinatorEffect, expected: Expected, bounds: [u64; 8]) -> Row {
    row(id, change, CoordinatorMutant::with_effect(effect), expected, bounds)
}

fn row(id: &'static str, change: &'static str, rules: CoordinatorMutant, expected: Expected, bounds: [u64; 8]) -> Row {
    Row { id, change, rules, expected, bounds }
}

const COMMITS_WITHOUT_A_QUORUM: Expected = Dies("CommitHasQuorumVsPreviousCommittedConfiguration");

/// Why a mutant does no harm under this actor.
const ACCEPTS_AT_ONCE: Expected = Equivalent("a leader accepts its own publication in the turn in which it publishes it");
const NEVER_THE_SAME_VERSION: Expected =
    Equivalent("a leader publishes one version above what it has accepted, so that no version is named twice by it");

fn coordinator() -> Vec<Row> {
    let smallest = [2, 2, 1, 1, 0, 0, 0, 0];
    let one_change = [2, 2, 1, 2, 1, 0, 0, 0];
    let three = [3, 3, 2, 1, 0, 0, 0, 0];
    vec![
        of_rules("CM01", Dies("OneMasterPerTerm"), smallest),
        of_rules("CM02", Dies("OneElectionWinnerPerTerm"), smallest),
        of_rules("CM07", COMMITS_WITHOUT_A_QUORUM, smallest),
        of_rules("CM08", Dies("SingleNodeInvariant"), [3, 3, 1, 1, 0, 0, 1, 0]),
        of_rules("CM09", Dies("P2bInvariant"), three),
        of_rules("CM12", Dies("OneMasterPerTerm"), three),
        of_rules("CM13", Dies("OneElectionWinnerPerTerm"), [3, 3, 1, 1, 0, 0, 0, 0]),
        of_rules("CM14", Dies("OneMasterPerTerm"), [3, 3, 1, 1, 0, 0, 1, 0]),
        of_rules("CM15", Dies("CommittedClusterUuidStays"), [2, 2, 2, 1, 0, 0, 1, 0]),
        of_rules("CM16", Dies("LogMatching"), [3, 3, 1, 1, 0, 0, 1, 0]),
        of_rules("CM18", Dies("OneElectionWinnerPerTerm"), [2, 2, 2, 2, 1, 0, 1, 0]),
        of_rules("CM22", NEVER_THE_SAME_VERSION, one_change),
        of_rules("CM23", Equivalent("only a leader publishes, and nobody leads without having won"), one_change),
        of_rules("CM25", Dies("P2bInvariant"), three),
        of_rules("CM26", Equivalent("a publication of a newer term makes the node enter that term first"), three),
        of_rules("CM28", Dies("AppliedVersionsGrow"), [2, 2, 2, 2, 1, 0, 1, 0]),
        of_rules("CM29", COMMITS_WITHOUT_A_QUORUM, one_change),
        of_rules("CM30", NEVER_THE_SAME_VERSION, [2, 2, 2, 2, 1, 0, 1, 0]),
        of_rules("CM31", COMMITS_WITHOUT_A_QUORUM, [4, 4, 1, 2, 1, 0, 0, 0]),
        of_rules("CM35", ACCEPTS_AT_ONCE, one_change),
        of_rules(
            "CM36",
            Equivalent("nobody votes for a node that has not stood, and none stands before it is bootstrapped"),
            smallest,
        ),
        of_rules("CM38", ACCEPTS_AT_ONCE, one_change),
        of_rules(
            "EQ1",
            Equivalent("the acceptances are cleared again by the next publication, before any can count"),
            one_change,
        ),
        of_rules("EQ2", Equivalent("a node that has not won has published version 0, which no response names"), one_change),
        of_rules("W-AlreadyBootstrapped", Equivalent("a node with a configuration does not try to bootstrap"), smallest),
        of_rules("W-StartJoinTermNotNewer", Dies("WonElectionsStayWon"), smallest),
        of_rules("W-JoinTermMismatch", Dies("OneMasterPerTerm"), three),
        of_rules("W-JoinAcceptedTermHigher", Dies("P2bInvariant"), three),
        of_rules("W-PreviousPublicationNotAccepted", ACCEPTS_AT_ONCE, one_change),
        of_rules("W-PublishTermMismatch", Equivalent("a leader publishes in its current term"), one_change),
        of_rules("W-PublishRequestTermMismatch", Dies("P2bInvariant"), three),
        of_rules(
            "W-CommitAcceptedTermMismatch",
            Equivalent("a commit goes to those that have accepted the state that it names"),
            [2, 2, 2, 2, 1, 0, 1, 0],
        ),
        of_rules("W-CommitVersionMismatch", COMMITS_WITHOUT_A_QUORUM, [4, 4, 1, 2, 1, 0, 0, 0]),
        waived(
            "W-CheckTermIsOver",
            "follower checks of a term that is over are obeyed",
            Refusal::CheckTermIsOver,
            "ModesMeanWhatTheySay",
            [2, 2, 2, 2, 0, 0, 0, 0],
        ),
        waived(
            "W-GivenUpInThisTerm",
            "a follower check makes a follower of a node that gave its leader up (LM09)",
            Refusal::GivenUpInThisTerm,
            "WhoGaveUpAsksToBeLetIn",
            [2, 2, 2, 2, 1, 0, 0, 0],
        ),
        effect(
            "LM10",
            "a follower check makes no followers",
            ChecksMakeNoFollowers,
            Equivalent("whoever it would make a follower, a publication does later; how much later is for the simulation to say"),
            [2, 2, 2, 2, 1, 0, 0, 0],
        ),
        effect(
            "LM11",
            "votes that come with acceptances are counted at once",
            VotesAreCountedAtOnce,
            ACCEPTS_AT_ONCE,
            [2, 2, 2, 2, 1, 0, 0, 0],
        ),
        effect(
            "LM13",
            "a leader goes on with a publication whose time is up",
            StaysAfterTimeout,
            Dies("PublicationsEndInTime"),
            [2, 2, 1, 1, 0, 0, 0, 0],
        ),
    ]
}

fn pre_vote() -> Vec<Row> {
    vec![
        waived(
            "LM01",
            "pre-votes are granted while another leader is known",
            Refusal::LeaderKnown,
            "LostContactDeposesNobody",
            [3, 3, 2, 2, 0, 0, 0, 1],
        ),
        waived(
            "W-VoterIsFresher",
            "pre-votes of nodes count that have accepted something newer",
            Refusal::VoterIsFresher,
            "PromisesAreOfNodesThatKnowNoMore",
            [2, 2, 2, 2, 1, 0, 0, 2],
        ),
    ]
}

fn membership() -> Vec<Row> {
    // With whoever is there, and without placeholders for the others.
    let alone = CoordinatorMutant::with_effect(NoPlaceholders).and_waiving(Refusal::InitialMastersNotFound);
    vec![
        row(
            "CM32",
            "a node bootstraps with the initial masters that it has found, however few",
            alone,
            Dies("OneMasterPerTerm"),
            [2, 2, 2, 2, 0, 0, 0, 0],
        ),
        of_rules("CM33", Dies("OneReconfigurationAtATime"), [2, 2, 2, 2, 0, 0, 0, 0]),
        row(
            "W-OtherCluster",
            "the same, and a node whose cluster is known for certain joins another one",
            alone.and_waiving(Refusal::OtherCluster),
            Dies("CommittedClusterUuidStays"),
            [2, 2, 2, 2, 0, 0, 0, 0],
        ),
        waived(
            "W-NotAnInitialMaster",
            "a node bootstraps although it is not on the list",
            Refusal::NotAnInitialMaster,
            "FirstConfigurationsCanElect",
            [2, 1, 1, 2, 0, 0, 0, 0],
        ),
        waived(
            "W-InitialMastersNotFound",
            "a node bootstraps before it has found a majority of the list",
            Refusal::InitialMastersNotFound,
            "FirstConfigurationsCanElect",
            [2, 2, 1, 2, 0, 0, 0, 0],
        ),
        waived(
            "W-NoQuorumFound",
            "the election scheduler runs without a quorum found (LM06)",
            Refusal::NoQuorumFound,
            "ElectionsAreTriedWhereAQuorumIsFound",
            [2, 2, 1, 2, 0, 0, 0, 0],
        ),
        row(
            "CM20",
            "publication without a join quorum of the new configuration, where such a configuration is tried",
            CoordinatorMutant::on(catalogued("CM20").rules).and_with(MissingVotesReconfigure),
            Dies("SingleNodeInvariant"),
            [2, 1, 1, 4, 0, 1, 1, 0],
        ),
        effect(
            "LM21",
            "a configuration is better for nodes whose vote is missing",
            MissingVotesReconfigure,
            Dies("LeadersGiveUpOverAFailedPublication"),
            [2, 1, 1, 4, 0, 1, 1, 0],
        ),
        row(
            "LM08",
            "the same, and a leader whose rules refuse its publication stays",
            CoordinatorMutant::with_effect(MissingVotesReconfigure).and_with(StaysAfterRefusal),
            Dies("IdleLeadersHaveNothingToDo"),
            [2, 1, 1, 4, 1, 1, 1, 0],
        ),
    ]
}

fn reconfiguration() -> Vec<Row> {
    let excluded = [2, 2, 1, 3, 0, 1, 0, 0];
    let suspected = [2, 2, 2, 3, 0, 1, 0, 1];
    vec![
        of_rules("CM03", Dies("ElectionsAreTriedWhereAQuorumIsFound"), [2, 1, 2, 4, 0, 1, 0, 1]),
        of_rules("CM04", Dies("ElectionsAreTriedWhereAQuorumIsFound"), [2, 2, 2, 4, 0, 1, 0, 2]),
        of_rules("CM05", Dies("OneReconfigurationAtATime"), suspected),
        of_rules("CM06", Dies("CommitHasQuorumOfPublishedConfiguration"), excluded),
        of_rules("CM10", Dies("P2bInvariant"), suspected),
        of_rules("CM37", Dies("SingleNodeInvariant"), [2, 2, 2, 4, 0, 1, 0, 2]),
        of_rules(
            "W-ReconfigurationInProgress",
            Equivalent("a leader asks beforehand whether its last change is committed"),
            excluded,
        ),
        waived(
            "W-MayNotWin",
            "an excluded node in no configuration stands for election",
            Refusal::MayNotWin,
            "ExcludedNodesDoNotStand",
            suspected,
        ),
        waived(
            "W-JoinTargetIsFollower",
            "a follower lets nodes in",
            Refusal::JoinTargetIsFollower,
            "ModesMeanWhatTheySay",
            suspected,
        ),
        waived(
            "W-PublicationInProgress",
            "a leader publishes before it is done with its last publication",
            Refusal::PublicationInProgress,
            "OnePublicationAtATime",
            suspected,
        ),
        effect(
            "E-DoesNotReconfigure",
            "the voting configuration is left as it is",
            DoesNotReconfigure,
            Dies("IdleLeadersHaveNothingToDo"),
            excluded,
        ),
        effect(
            "LM22",
            "voting configurations have an even number of nodes",
            EvenConfigurations,
            Dies("IdleLeadersHaveNothingToDo"),
            excluded,
        ),
    ]
}

fn duties() -> Vec<Row> {
    vec![
        waived(
            "W-NotMasterEligible",
            "a node without the role master stands for election",
            Refusal::NotMasterEligible,
            "OnlyFullMastersLead",
            [2, 0, 1, 2, 2, 0, 0, 1],
        ),
        waived(
            "W-VotingOnly",
            "a node that only votes stands for election",
            Refusal::VotingOnly,
            "OnlyFullMastersLead",
            [2, 1, 0, 2, 2, 0, 0, 1],
        ),
        waived(
            "W-VoterNotMasterEligible",
            "votes of nodes without the role master count (LM17)",
            Refusal::VoterNotMasterEligible,
            "OnlyMasterEligibleNodesVote",
            [2, 0, 1, 2, 2, 0, 0, 1],
        ),
        waived(
            "W-Unhealthy",
            "a node whose disk is not well votes, and answers checks",
            Refusal::Unhealthy,
            "TheUnwellTakeNoPart",
            [2, 0, 1, 1, 3, 0, 1, 1],
        ),
        waived(
            "W-DoesNotLead",
            "a node that leads no longer tells a follower that it does",
            Refusal::DoesNotLead,
            "ChecksAreAnsweredTruly",
            [2, 0, 0, 2, 2, 0, 0, 1],
        ),
        waived(
            "W-NotAMember",
            "a leader tells a node that it has removed that it leads it",
            Refusal::NotAMember,
            "ChecksAreAnsweredTruly",
            [2, 1, 0, 1, 3, 0, 0, 1],
        ),
        effect("LM12", "followers that do not apply stay", LaggardsStay, Dies("LaggardsAreWatched"), [2, 1, 0, 1, 3, 0, 0, 1]),
        effect(
            "LM15",
            "clients hear of success before the leader has applied",
            AnswersBeforeApplying,
            Dies("SuccessMeansCommittedAndApplied"),
            [2, 0, 0, 1, 2, 1, 0, 0],
        ),
    ]
}
