//! The engine of a replica: operations on one document, out of order and repeated.
//!
//! The counterpart of Elastic's TLA+ (PlusCal) module `ReplicaEngine`. Its
//! rules are those of `InternalEngine.planIndexingAsNonPrimary` and
//! `planDeletionAsNonPrimary`; [`ReplicaEngine`] has the state graph of the
//! module, with its program counters and dead locals.
//!
//! The module publishes `Termination` switched off; without fairness it is
//! false, since any process may stop. Here every process is weakly fair. (Each
//! *instance* of a step is, which is the same for a process that offers one
//! step at a time; the consumer, which may choose, leaves no choice open for
//! ever, because every choice moves it on.)

mod claims;
mod model;
mod mutants;
mod rules;
mod state;
mod types;

pub use claims::{adds_only_where_nothing_is, the_last_operation_wins};
pub use model::{EngineAction, EngineBounds, ReplicaEngine, Take};
pub use mutants::{EngineMutant, catalogue};
pub use rules::{DocumentEngine, EngineEffect, EngineRejection, EngineRules, Next, Refused};
pub use state::{EngineState, Label, Locals, Process};
pub use types::{
    Buffer, Content, DeletePlan, IndexPlan, Kind, LuceneDocument, LuceneOperation, MAX_REQUESTS, Plan, Request, Seq, Timestamp,
    VersionEntry,
};
