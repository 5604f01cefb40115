//! The rows of the Coordinators' kill tables: which mutant dies of what, in
//! which of the models.

use quorate_model::coordination::catalogue::catalogue;
use quorate_model::coordination::{Mutant, Rejection};
use quorate_model::coordinator::{CoordinatorEffect, CoordinatorMutant, Refusal};
use quorate_model::coordinator_world::CoordinatorModel;
use quorate_model::seeded::Seeded;

use super::super::Expected;

/// A row of a kill table.
pub(super) type Row = Seeded<CoordinatorMutant, [u64; 8]>;

/// A row of the rules' catalogue.
fn of_rules(id: &'static str, expected: Expected, bounds: [u64; 8]) -> Row {
    let entry = catalogue().into_iter().find(|entry| entry.id == id).expect("the rows are in the catalogue");
    Row { id, change: entry.change, rules: CoordinatorMutant::on(entry.rules), expected, bounds }
}

/// A guard of the Coordinator left out.
fn waived(id: &'static str, change: &'static str, guard: Refusal, dies: &'static str, bounds: [u64; 8]) -> Row {
    row(id, change, CoordinatorMutant::waiving(guard), Expected::Dies(dies), bounds)
}

/// Something else that a Coordinator does.
fn effect(id: &'static str, change: &'static str, effect: CoordinatorEffect, expected: Expected, bounds: [u64; 8]) -> Row {
    row(id, change, CoordinatorMutant::with_effect(effect), expected, bounds)
}

fn row(id: &'static str, change: &'static str, rules: CoordinatorMutant, expected: Expected, bounds: [u64; 8]) -> Row {
    Row { id, change, rules, expected, bounds }
}

pub(super) fn rows(model: CoordinatorModel) -> Vec<Row> {
    match model {
        CoordinatorModel::Coordinator => coordinator(),
        CoordinatorModel::PreVote => pre_vote(),
        CoordinatorModel::Membership => membership(),
        CoordinatorModel::Reconfiguration => reconfiguration(),
        CoordinatorModel::Duties => duties(),
    }
}

/// Scratch: rows to be placed.
fn all(b: [u64; 8]) -> Vec<Row> {
    let mut rows: Vec<Row> = catalogue()
        .into_iter()
        .map(|e| row(e.id, e.change, CoordinatorMutant::on(e.rules), Expected::Dies("none"), b))
        .collect();
    use CoordinatorEffect::*;
    for (id, e) in [
        ("E-JoinsSayNoTerm", JoinsSayNoTerm),
        ("E-MissingVotesAreIgnored", MissingVotesAreIgnored),
        ("E-ChecksMakeNoFollowers", ChecksMakeNoFollowers),
        ("E-VotesAreCountedAtOnce", VotesAreCountedAtOnce),
        ("E-LaggardsStay", LaggardsStay),
        ("E-StaysAfterTimeout", StaysAfterTimeout),
        ("E-StaysAfterRefusal", StaysAfterRefusal),
        ("E-DoesNotHandOver", DoesNotHandOver),
        ("E-DoesNotReconfigure", DoesNotReconfigure),
        ("E-AnswersBeforeApplying", AnswersBeforeApplying),
        ("E-MissingVotesReconfigure", MissingVotesReconfigure),
        ("E-EvenConfigurations", EvenConfigurations),
        ("E-NoPlaceholders", NoPlaceholders),
    ] {
        rows.push(effect(id, id, e, Expected::Dies("none"), b));
    }
    for g in Refusal::ALL {
        let id: &'static str = Box::leak(format!("W-{}", g.name()).into_boxed_str());
        rows.push(waived(id, id, g, "none", b));
    }
    rows.push(row("LM08", "", CoordinatorMutant::with_effect(MissingVotesReconfigure).and_with(StaysAfterRefusal), Expected::Dies("none"), b));
    rows.push(row("LM08b", "", CoordinatorMutant::with_effect(StaysAfterRefusal).and_waiving(Refusal::PublicationInProgress), Expected::Dies("none"), b));
    rows.push(row("NP+OC", "", CoordinatorMutant::with_effect(NoPlaceholders).and_waiving(Refusal::InitialMastersNotFound).and_waiving(Refusal::OtherCluster), Expected::Dies("none"), b));
    rows.push(row("NP", "", CoordinatorMutant::with_effect(NoPlaceholders).and_waiving(Refusal::InitialMastersNotFound), Expected::Dies("none"), b));
    rows.push(row("CM38+PIP", "", CoordinatorMutant::on(Mutant::waiving(&[Rejection::CommitBeforeOwnAcceptance])).and_waiving(Refusal::PublicationInProgress), Expected::Dies("none"), b));
    rows.push(row("PIP+prev", "", CoordinatorMutant::on(Mutant::waiving(&[Rejection::PreviousPublicationNotAccepted])).and_waiving(Refusal::PublicationInProgress), Expected::Dies("none"), b));
    rows
}
fn coordinator() -> Vec<Row> { all([2, 2, 2, 2, 1, 0, 1, 0]) }
fn pre_vote() -> Vec<Row> { all([2, 2, 2, 2, 0, 0, 0, 2]) }
fn membership() -> Vec<Row> { all([2, 2, 2, 3, 0, 0, 0, 1]) }
fn reconfiguration() -> Vec<Row> { all([2, 2, 2, 3, 0, 1, 0, 1]) }
fn duties() -> Vec<Row> { all([2, 0, 0, 1, 3, 0, 1, 1]) }
