//! `reference-store`: the specification model of the reference cluster's store.

use serde::{Deserialize, Serialize};
use stateright::Model;

use super::files::Generation;
use super::model::MAX_GENERATION;
use super::transaction::{Ending, Image, TransactionEffect, TransactionStep, TransactionalStore};
use crate::property::{Property, Verdict};
use crate::seeded::{Expected, Seeded};
use crate::specification::{Bound, BoundError, BoundKind, ClassId, GuardId, IGNORED, Specification, StepView, in_range};

/// The model: one transaction after another, and a stop anywhere.
#[derive(Clone, Debug)]
pub struct ReferenceStore {
    effect: Option<TransactionEffect>,
    max_generation: u64,
}

/// A step and how it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransactionAction {
    /// What the writer does.
    pub step: TransactionStep,
    /// How it ends.
    pub ending: Ending,
}

impl ReferenceStore {
    /// The model; states that write a generation above `max_generation` are not expanded.
    pub fn new(effect: Option<TransactionEffect>, max_generation: u64) -> Result<Self, BoundError> {
        in_range("max-generation", max_generation, 0, MAX_GENERATION)?;
        Ok(ReferenceStore { effect, max_generation })
    }
}

impl Model for ReferenceStore {
    type State = TransactionalStore;
    type Action = TransactionAction;

    fn init_states(&self) -> Vec<TransactionalStore> {
        vec![TransactionalStore::default()]
    }

    fn actions(&self, state: &TransactionalStore, actions: &mut Vec<TransactionAction>) {
        // Where nothing can be read there is no way on; that this is so is a violation.
        if exists(&state.seen()) {
            actions.extend(state.endings(self.effect).map(|ending| TransactionAction { step: state.step, ending }));
        }
    }

    fn next_state(&self, state: &TransactionalStore, action: TransactionAction) -> Option<TransactionalStore> {
        (action.step == state.step).then(|| state.next(self.effect, action.ending))
    }

    fn within_boundary(&self, state: &TransactionalStore) -> bool {
        state.new <= self.max_generation as Generation
    }

    fn format_action(&self, action: &TransactionAction) -> String {
        let ending = match action.ending {
            Ending::Done => String::from("done"),
            Ending::ProcessStops => String::from("the process stops"),
            Ending::MachineStops(0) => String::from("the machine stops, no unsynced write is on the disk"),
            Ending::MachineStops(kept) => {
                let kept: Vec<String> = (0..8).filter(|at| kept >> at & 1 == 1).map(|at| (at + 1).to_string()).collect();
                format!("the machine stops, of the unsynced writes on the disk: {}", kept.join(", "))
            }
        };
        format!("{}({ending})", action.step.name())
    }
}

impl Specification for ReferenceStore {
    fn name(&self) -> String {
        String::from("reference-store")
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![Bound { name: "max-generation", value: self.max_generation, kind: BoundKind::Cut }]
    }

    fn guards(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn action_classes(&self) -> Vec<&'static str> {
        TransactionStep::ALL.iter().map(|step| step.name()).collect()
    }

    fn class_of(&self, action: &TransactionAction) -> ClassId {
        ClassId(action.step as u16)
    }

    fn step(&self, state: &TransactionalStore, action: &TransactionAction) -> Result<TransactionalStore, GuardId> {
        self.next_state(state, *action).ok_or(IGNORED)
    }

    fn claims(&self) -> Vec<Property<Self>> {
        vec![
            Property::invariant(
                "MetadataFileReferencedByManifestExists",
                "Storage!MetadataFileReferencedByManifestExists, of the reference store",
                "the primary slot names a state whose pages are whole, as the disk is and as a process sees it",
                |_: &Self, store: &TransactionalStore| images(store).try_for_each(|(which, image)| whole(which, &image)),
            ),
            Property::invariant(
                "MetadataReferencedByManifestIsValid",
                "Storage!MetadataReferencedByManifestIsValid, of the reference store",
                "the primary slot names the last state that was answered for, or one whose write was interrupted since",
                |_: &Self, store: &TransactionalStore| {
                    images(store).try_for_each(|(which, image)| valid(which, &image, store.readable))
                },
            ),
            Property::reachable(
                "StateIsReplaced",
                "ours",
                "a second state can take the place of the first",
                |_, store: &TransactionalStore| store.readable.count_ones() == 1 && store.readable > 1,
            ),
            Property::reachable(
                "UnknownOutcome",
                "ours",
                "a node that opens its store may find either of two states",
                |_, store: &TransactionalStore| store.step == TransactionStep::Open && store.readable.count_ones() > 1,
            ),
        ]
    }

    fn lanes(&self) -> Vec<String> {
        vec![String::from("writer")]
    }

    fn view(&self, _before: &TransactionalStore, action: &TransactionAction, _after: &TransactionalStore) -> StepView {
        StepView { title: self.format_action(action), lane: Some(0), ..StepView::default() }
    }
}

/// What a reader finds after the machine stopped now, and after the process did.
fn images(store: &TransactionalStore) -> impl Iterator<Item = (&'static str, Image)> {
    [("on the disk", store.disk), ("in the file", store.seen())].into_iter()
}

fn exists(image: &Image) -> bool {
    image.named() >= 0 && image.pages >> image.named() & 1 == 1
}

fn whole(which: &str, image: &Image) -> Verdict {
    match image.named() {
        _ if exists(image) => Ok(()),
        named if named < 0 => Err(format!("{which}, the primary slot is torn")),
        named => Err(format!("{which}, the primary slot names state {named}, whose pages are not whole")),
    }
}

fn valid(which: &str, image: &Image, readable: u64) -> Verdict {
    match image.named() {
        named if named >= 0 && readable >> named & 1 == 0 => {
            Err(format!("{which}, the primary slot names state {named}, which a reader must not be given"))
        }
        _ => Ok(()),
    }
}

/// An entry of the catalogue, at a `max-generation`.
pub type TransactionMutant = Seeded<Option<TransactionEffect>, u64>;

/// The catalogue: seeded mutants of the reference store.
pub fn transaction_catalogue() -> Vec<TransactionMutant> {
    use TransactionEffect::*;
    let exists = Expected::Dies("MetadataFileReferencedByManifestExists");
    let valid = Expected::Dies("MetadataReferencedByManifestIsValid");
    let entry = |id, change, effect, expected| Seeded { id, change, rules: Some(effect), bounds: 3, expected };
    vec![
        entry("RS01", "the header is flipped before pages and slot are synced", NoFirstSync, exists),
        entry("RS02", "the answer does not wait for the last sync", AnsweredBeforeLastSync, valid),
        entry("RS03", "pages are written over those of the current state", PagesInPlace, exists),
        entry("RS04", "the slot that counts is written over", SlotInPlace, exists),
        entry("RS05", "a sync that reports an error is taken for done", SyncErrorIgnored, exists),
        entry("RS06", "opening reads without a sync before", OpenedWithoutSync, exists),
        entry(
            "RS07",
            "pages are synced before the slot is written, too",
            SyncInBetween,
            Expected::Equivalent("a slot that is not the primary one is not read, so that the order does not matter"),
        ),
    ]
}
