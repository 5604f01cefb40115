//! The one place where a variant of the replication rules may differ from them.
//!
//! The handlers are generic over a [`RuleSet`] and read as if there were only
//! one. [`Sound`] is the protocol; [`Mutant`](super::mutant::Mutant) overrides
//! some methods, for checks that must fail.

use super::rejection::Rejection;
use super::shard_copy::Resync;
use super::translog::Translog;
use super::types::{Operation, PrimaryTerm, Role, RoutingTable, SeqNo, TrimRequest};
use crate::node_set::NodeId;

/// Guards and effects of the replication rules.
pub trait RuleSet: Clone + Send + Sync + 'static {
    /// A guard: the input is refused unless `holds`.
    #[inline]
    fn require(&self, guard: Rejection, holds: bool) -> Result<(), Rejection> {
        if holds { Ok(()) } else { Err(guard) }
    }

    /// The sequence number of the next operation of a primary.
    fn next_seq_no<V: Clone>(&self, translog: &Translog<V>) -> SeqNo {
        translog.max_seq_no() + 1
    }

    /// The local checkpoint of a copy.
    fn local_checkpoint<V: Clone>(&self, translog: &Translog<V>) -> SeqNo {
        translog.max_confirmed_seq_no()
    }

    /// What a copy makes of an operation that it receives.
    fn store<V: Clone>(&self, translog: &mut Translog<V>, seq_no: SeqNo, operation: Operation<V>) {
        translog.put(seq_no, operation);
    }

    /// The global checkpoint of a replica that knows one and receives another:
    /// it never falls.
    fn replica_global_checkpoint(&self, known: SeqNo, received: SeqNo, _new_term: bool) -> SeqNo {
        known.max(received)
    }

    /// What a copy does when it hears of a new primary: nothing above the global
    /// checkpoint counts until confirmed, and nothing of it is forgotten.
    fn roll_back<V: Clone>(&self, translog: Translog<V>, _known: SeqNo, global_checkpoint: SeqNo) -> Translog<V> {
        translog.mark_pending_above(global_checkpoint)
    }

    /// How a new primary closes its history.
    fn fill_and_confirm<V: Clone>(&self, translog: Translog<V>, global_checkpoint: SeqNo, term: PrimaryTerm) -> Translog<V> {
        translog.fill_and_confirm_above(global_checkpoint, term)
    }

    /// What a replica drops at the end of its new primary's history.
    fn trim<V: Clone>(&self, translog: Translog<V>, request: &TrimRequest) -> Translog<V> {
        translog.trimmed(request.above, request.primary_term)
    }

    /// What a new primary sends to its replicas.
    fn resync<V: Clone>(&self, resync: Resync<V>) -> Resync<V> {
        resync
    }

    /// The global checkpoint: what every copy that counts has, `None` where none counts.
    fn global_checkpoint(&self, local_checkpoints: &[SeqNo]) -> Option<SeqNo> {
        local_checkpoints.iter().copied().min()
    }

    /// The primary term after the primary failed.
    fn term_after_primary_failure(&self, term: PrimaryTerm) -> PrimaryTerm {
        term + 1
    }

    /// The routing table after the copy on `node` failed, where `promoted` is to be the new primary.
    fn routing_after_failure(&self, routing: &RoutingTable, node: NodeId, promoted: Option<NodeId>) -> RoutingTable {
        let failed = routing.with_role(node, Role::Unassigned);
        promoted.map_or(failed, |promoted| failed.with_role(promoted, Role::Primary))
    }

    /// Whether a primary has the master fail the copy that did not do as told,
    /// before it goes on. `resync` tells an operation of a client from one of a resync.
    fn reports_failed_copy(&self, _resync: bool) -> bool {
        true
    }

    /// Whether the answer to a request takes the request from the network.
    fn answer_consumes_request(&self) -> bool {
        true
    }
}

/// The protocol: every guard, every effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sound;

impl RuleSet for Sound {}
