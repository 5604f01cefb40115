//! Computes the rows of a table of voting configurations again: what
//! Elasticsearch's `Reconfigurator` chose, one input a line.

use std::collections::{BTreeMap, BTreeSet};

use quorate_model::coordination::reconfigurator::{ReconfigurationInput, Reconfigurator, ReconfiguratorRules};
use quorate_model::{NodeId, NodeSet};

use super::replay::{Difference, Mismatch, Replayed, TranscriptError};

/// The first line, by which such a table is known.
pub(super) const HEADER: &str = "auto_shrink,live,retired,master,current_config,new_config";

/// Computes a table again up to its first mismatch, with these rules.
///
/// # Errors
/// When a line cannot be understood, before or instead of a mismatch.
pub fn replay_reconfigurations(rules: &impl ReconfiguratorRules, text: &str) -> Result<Replayed, TranscriptError> {
    let mut lines = text.lines().enumerate();
    if lines.next().is_none_or(|(_, header)| header.trim() != HEADER) {
        return Err(TranscriptError::NotATranscript(format!("the header of a table of configurations is {HEADER}")));
    }
    let implementation = String::from("Reconfigurator.reconfigure");
    let mut replayed = Replayed { implementation, steps: 0, accepted: 0, refused: BTreeMap::new(), mismatch: None };
    for (index, text) in lines {
        let row = Row::read(text).map_err(|reason| TranscriptError::BadLine { line: index + 1, reason })?;
        let actual = rules.reconfigure(&row.input);
        replayed.steps += 1;
        replayed.accepted += 1;
        if actual != row.chosen {
            let (expected, actual) = (row.show(row.chosen), row.show(actual));
            let differences = vec![Difference { what: "new_config", expected, actual }];
            replayed.mismatch = Some(Mismatch { line: index + 1, request: text.to_owned(), differences });
            break;
        }
    }
    Ok(replayed)
}

/// [`replay_reconfigurations`] with the rules as they stand.
pub(super) fn replay(text: &str) -> Result<Replayed, TranscriptError> {
    replay_reconfigurations(&Reconfigurator, text)
}

struct Row<'a> {
    /// The ids of the row in ascending order, which is how ties are broken.
    names: Vec<&'a str>,
    input: ReconfigurationInput,
    chosen: NodeSet,
}

impl<'a> Row<'a> {
    fn read(line: &'a str) -> Result<Self, String> {
        let [auto_shrink, live, retired, master, config, chosen] = line.split(',').collect::<Vec<_>>()[..] else {
            return Err(format!("{} fields, not 6: {HEADER}", line.split(',').count()));
        };
        let auto_shrink = auto_shrink.parse().map_err(|_| format!("auto_shrink is true or false, not '{auto_shrink}'"))?;
        let all: BTreeSet<&str> = [live, retired, master, config, chosen].into_iter().flat_map(str::split_whitespace).collect();
        if all.len() > NodeSet::CAPACITY {
            return Err(format!("{} nodes in one row, at most {} are understood", all.len(), NodeSet::CAPACITY));
        }
        let names: Vec<&str> = all.into_iter().collect();
        let id = |name: &str| names.binary_search(&name).ok().map(NodeId::from_index);
        let set = |list: &str| list.split_whitespace().filter_map(id).collect::<NodeSet>();
        let live_nodes = set(live);
        let master = id(master.trim())
            .filter(|master| live_nodes.contains(*master))
            .ok_or_else(|| format!("the master '{master}' is not one of the live nodes"))?;
        let (retired, config, chosen) = (set(retired), set(config), set(chosen));
        let input = ReconfigurationInput { live: live_nodes, retired, master, config, auto_shrink };
        Ok(Row { names, input, chosen })
    }

    fn show(&self, set: NodeSet) -> String {
        set.iter().map(|node| self.names[node.index()]).collect::<Vec<_>>().join(" ")
    }
}
