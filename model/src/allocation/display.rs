//! The cluster state of a shard on one line, for traces:
//!
//! ```text
//! term 2, in sync {a0, a1}: primary a1 on n2, replica unassigned (NodeLeft, waits for n1)
//! ```

use std::fmt::{Display, Formatter, Result};

use super::types::*;

impl Display for ShardAllocation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "term {}, in sync {{", self.primary_term)?;
        for (position, id) in self.in_sync.iter().enumerate() {
            f.write_str(if position == 0 { "" } else { ", " })?;
            if *id == FORCED_ALLOCATION { f.write_str("forced")? } else { write!(f, "{id}")? }
        }
        f.write_str("}")?;
        for (position, copy) in self.copies.iter().enumerate() {
            write!(f, "{}{copy}", if position == 0 { ": " } else { ", " })?;
        }
        Ok(())
    }
}

impl Display for ShardRouting {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(if self.primary { "primary " } else { "replica " })?;
        match self.state {
            CopyState::Unassigned(info) => {
                write!(f, "unassigned ({:?}", info.reason)?;
                if self.primary {
                    write!(f, ", from {:?}", info.source)?;
                }
                if let Some(node) = info.last_node {
                    write!(f, ", waits for {node}")?;
                }
                write_failures(f, info.failed_allocations)?;
                f.write_str(")")
            }
            CopyState::Initializing { node, allocation_id, source, failed_allocations } => {
                write!(f, "{allocation_id} on {node} from {source:?}")?;
                write_failures(f, failed_allocations)
            }
            CopyState::Started { node, allocation_id } => write!(f, "{allocation_id} on {node}"),
            CopyState::Relocating { node, allocation_id, target, target_id } => {
                write!(f, "{allocation_id} on {node} to {target_id} on {target}")
            }
        }
    }
}

fn write_failures(f: &mut Formatter<'_>, failures: u8) -> Result {
    if failures > 0 { write!(f, ", failed {failures} times") } else { Ok(()) }
}
