//! Each claim, violated by a state or a step built by hand.

use quorate_model::NodeId;
use quorate_model::property::{Check, Verdict};
use quorate_model::replication::model::{
    ClientResponse, Document, Replication, ReplicationAction, ReplicationBounds, ReplicationState,
};
use quorate_model::replication::replica_engine::{
    DocumentEngine, EngineBounds, EngineRules, EngineState, LuceneDocument, LuceneOperation, ReplicaEngine, Timestamp,
};
use quorate_model::replication::storage::{Outcome, Step, Store};
use quorate_model::replication::storage::{Storage, StorageAction, Variant};
use quorate_model::replication::{Operation, Role, SeqNo, Sound};
use quorate_model::specification::Specification;
use stateright::Model;

const N1: NodeId = NodeId(0);
const N2: NodeId = NodeId(1);

fn model() -> Replication {
    let bounds = ReplicationBounds { nodes: 2, documents: 1, max_client_value: 3, max_messages: 3 };
    Replication::new(Sound, bounds).unwrap().claiming_monotone_global_checkpoint()
}

/// n1 primary and n2 replica, with `count` confirmed operations of term 1 each.
fn state(count: u8) -> ReplicationState {
    let all = |state: &ReplicationState| {
        state.master.routing.role(N1) == Role::Primary && state.master.routing.role(N2) == Role::Replica
    };
    let mut state = model().init_states().into_iter().find(all).unwrap();
    for value in 0..count {
        for node in [N1, N2] {
            let operation = Operation::confirmed(1, Some(Document { id: 0, value: value + 1 }));
            state.copies[node.index()].translog.put(SeqNo::from(value), operation);
        }
    }
    state.copies[0].local_checkpoints[0] = SeqNo::from(count) - 1;
    state
}

fn verdict<M: Specification>(model: &M, name: &str, before: &M::State, action: &M::Action, after: &M::State) -> Verdict {
    let claim = model.claims().into_iter().find(|claim| claim.name == name).unwrap_or_else(|| panic!("no claim {name}"));
    match claim.check {
        Check::Invariant(holds) => holds(model, after),
        Check::Step(holds) => holds(model, before, action, after),
        _ => panic!("{name} is not about states or steps"),
    }
}

/// The claim holds with two operations everywhere, and not after `change`.
fn violates(name: &str, change: impl Fn(&mut ReplicationState), why: &str) {
    let model = model();
    let before = state(2);
    let action = ReplicationAction::ClientRequest { node: N1, document: 0 };
    let mut after = before.clone();
    if name == "LocalCheckPointIncremented" {
        let next = model.next_state(&before, action).unwrap();
        assert_eq!(verdict(&model, name, &before, &action, &next), Ok(()));
    } else {
        assert_eq!(verdict(&model, name, &before, &action, &after), Ok(()), "{name}");
    }
    change(&mut after);
    assert_eq!(verdict(&model, name, &before, &action, &after), Err(String::from(why)), "{name}");
}

fn pending(state: &mut ReplicationState, node: NodeId, above: SeqNo) {
    let log = &mut state.copies[node.index()].translog;
    *log = log.clone().mark_pending_above(above);
}

#[test]
fn every_claim_of_replication_is_violable() {
    let other = |term| Operation::confirmed(term, Some(Document { id: 0, value: 9 }));
    violates("AllCopiesSameContentsOnQuietDown", |s| s.copies[1].translog.put(2, other(1)), "n1 and n2 differ at 2");
    violates("WellFormedRoutingTable", |s| s.master.routing.primaries = s.master.routing.assigned(), "{n1,n2} are primaries");
    violates(
        "WellFormedRoutingTable",
        |s| s.master.routing = s.master.routing.with_role(N1, Role::Unassigned),
        "replicas {n2} without a primary",
    );
    violates(
        "GlobalCheckPointBelowLocalCheckPoints",
        |s| s.copies[1].global_checkpoint = 2,
        "n2 has global checkpoint 2 above its own local checkpoint 1",
    );
    violates(
        "SameTranslogUpToGlobalCheckPoint",
        |s| {
            s.copies[0].global_checkpoint = 1;
            s.copies[1].translog.put(1, other(2));
        },
        "n1 and n2 differ at 1, not above the global checkpoint 1 of n1",
    );
    violates(
        "AllAckedResponsesStored",
        |s| s.respond(ClientResponse::Stored { source: Some(Document { id: 0, value: 3 }), seq_no: 2, term: 1 }),
        "id1=3 at 2 was acknowledged, and n1 does not have it",
    );
    violates(
        "AllAckedResponsesStored",
        |s| s.respond(ClientResponse::Stored { source: Some(Document { id: 0, value: 2 }), seq_no: 1, term: 2 }),
        "id1=2 of term 2 at 1 was acknowledged, and n1 has id1=2 of term 1 there",
    );
    violates(
        "LocalCheckPointMatchesMaxConfirmedSeq",
        |s| pending(s, N1, 0),
        "primary n1: local checkpoint 1, confirmed up to 0, highest operation 1",
    );
    violates(
        "SeqNoAndTermIdentifyOperation",
        |s| s.copies[1].translog.put(1, other(1)),
        "1 of term 1 is Some(id1=2) on n1 and Some(id1=9) on n2",
    );
    violates("NoGapsOnQuietDown", |s| s.copies[1].translog.put(3, other(1)), "n2 has nothing at 2");
    violates("NothingPendingOnQuietDown", |s| pending(s, N2, 0), "n2 has operations up to 1, confirmed up to 0");
    violates("LocalCheckPointIncremented", |_| (), "the local checkpoint of n1 goes from 1 to 1");
    violates("PrimaryTermsNeverFall", |s| s.master.primary_term = 0, "the master's primary term goes from 1 to 0");
    violates("PrimaryTermsNeverFall", |s| s.copies[1].primary_term = 0, "the primary term of n2 falls from 1 to 0");
    violates(
        "ReplicaGlobalCheckpointNeverFalls",
        |s| s.copies[1].global_checkpoint = -2,
        "the global checkpoint of replica n2 falls from -1 to -2",
    );
    violates(
        "TrackedLocalCheckpointsNeverFall",
        |s| s.copies[0].local_checkpoints[1] = -2,
        "n1 knows local checkpoint -1 of n2, and then -2",
    );
    violates(
        "PrimaryGlobalCheckpointNeverFalls",
        |s| s.copies[0].global_checkpoint = -2,
        "the global checkpoint of primary n1 falls from -1 to -2 in term 1",
    );
}

#[test]
fn every_claim_of_storage_is_violable() {
    let model = Storage::of_variant(Variant::Easy, 3).unwrap();
    let write = StorageAction { step: Step::WriteMeta, outcome: Outcome::Done };
    let clean = StorageAction { step: Step::DeleteOldManifest, outcome: Outcome::Done };
    let mut stored = Store { readable: 1 << 4, step: Step::DeleteOldManifest, ..Store::default() };
    stored.metadata = stored.metadata.written(4, ());
    stored.manifest = stored.manifest.written(2, 4);
    for name in ["MetadataFileReferencedByManifestExists", "MetadataReferencedByManifestIsValid", "CleaningUpChangesNothing"] {
        assert_eq!(verdict(&model, name, &stored, &write, &stored), Ok(()));
    }
    let lost = Store { metadata: stored.metadata.deleted(4), ..stored.clone() };
    let why = verdict(&model, "MetadataFileReferencedByManifestExists", &stored, &write, &lost);
    assert_eq!(why, Err(String::from("manifest 2 names metadata 4, which is not there")));
    let unknown = Store { readable: 1 << 3, ..stored.clone() };
    let why = verdict(&model, "MetadataReferencedByManifestIsValid", &stored, &write, &unknown);
    assert_eq!(why, Err(String::from("manifest 2 names metadata 4, which a reader must not be given")));
    let gone = Store { manifest: stored.manifest.deleted(2), ..stored.clone() };
    let why = verdict(&model, "CleaningUpChangesNothing", &stored, &clean, &gone);
    assert_eq!(why, Err(String::from("DeleteOldManifest replaces manifest 2 by -1")));
}

#[test]
fn every_claim_of_the_engine_is_violable() {
    let bounds = EngineBounds { requests: 1, duplication_limit: 0, document_contents: 1 };
    let model = ReplicaEngine::new(EngineRules::SOUND, bounds).unwrap();
    let start = model.init_states().remove(0);
    let document = |seq_no| LuceneDocument { content: 0, seq_no };
    let end = EngineState {
        consumer: quorate_model::replication::replica_engine::Label::Done,
        ended: 0x7f,
        engine: DocumentEngine { lucene_document: Some(document(1)), ..DocumentEngine::new(Timestamp::Zero) },
        ..start.clone()
    };
    let action = quorate_model::replication::replica_engine::EngineAction::Continue;
    let check = |name, state: &EngineState| verdict(&model, name, &start, &action, state);
    assert_eq!(end.expected, Some(0));
    assert_eq!(check("Invariant", &end), Ok(()));
    let mut wrong = end.clone();
    wrong.engine.lucene_document = None;
    assert_eq!(check("Invariant", &wrong), Err(String::from("Lucene has no document in the end, and should have content 0")));
    let mut twice = start.clone();
    twice.engine.lucene_buffer.extend([
        LuceneOperation::Add(document(1)),
        LuceneOperation::Delete,
        LuceneOperation::Add(document(2)),
    ]);
    assert_eq!(check("AddsOnlyWhereNothingIs", &twice), Ok(()));
    twice.engine.lucene_buffer.push(LuceneOperation::Add(document(3)));
    assert_eq!(check("AddsOnlyWhereNothingIs", &twice), Err(String::from("operation 3 is added where there is a document")));
    let mut ahead = start.clone();
    (ahead.engine.completed, ahead.engine.local_checkpoint) = (0b10, 1);
    assert_eq!(check("LocalCheckpointCompleted", &ahead), Ok(()));
    ahead.engine.local_checkpoint = 2;
    assert_eq!(check("LocalCheckpointCompleted", &ahead), Err(String::from("local checkpoint 2, operation 2 not completed")));
}
