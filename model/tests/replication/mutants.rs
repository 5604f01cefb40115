//! The kill tables: every mutant dies as the catalogue says, at its bounds.

use quorate_model::replication::model::Replication;
use quorate_model::replication::mutant;
use crate::naive::search;

#[test]
fn table() {
    for entry in mutant::catalogue() {
        let t = std::time::Instant::now();
        let found = search(&Replication::new(entry.rules, entry.bounds).unwrap(), true);
        println!("{} {:?} {:?} -> {:?} {:?}", entry.id, entry.expected, found.row(), found.violated.iter().map(|(n,(l,_))| (n,l)).collect::<Vec<_>>(), t.elapsed());
    }
}
