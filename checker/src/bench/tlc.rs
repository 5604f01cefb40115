//! TLC on the same instance of a TLA+ counterpart.
//!
//! The modules are the user's: Elastic's `ZenWithTerms`, `replication`, `Storage`
//! and `ReplicaEngine`. A module `MC` that extends one of them says the bounds,
//! and TLC's last lines say how many states there were.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::bench::Measurement;
use crate::outcome::Verdict;

/// How to run TLC.
#[derive(Clone, Debug)]
pub struct Tlc {
    /// The Java program.
    pub java: PathBuf,
    /// `tla2tools.jar`.
    pub jar: PathBuf,
    /// The folder of the modules.
    pub modules: PathBuf,
}

/// Why there is no measurement.
#[derive(Debug, thiserror::Error)]
pub enum TlcError {
    /// No Java.
    #[error("there is no java here that runs ({0}): TLC is left out")]
    NoJava(io::Error),
    /// A file of the user's is missing.
    #[error("{} is not there ({what})", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A file could not be handled.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// TLC ran, and its output has no counts.
    #[error("TLC has not finished {model}: {}", last_words(output))]
    NotFinished {
        /// The model.
        model: String,
        /// All it said.
        output: String,
    },
}

/// The module `MC` and its configuration for an instance of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The module that it extends.
    pub module: &'static str,
    /// `MC.tla`.
    pub text: String,
    /// `MC.cfg`.
    pub config: String,
}

impl Tlc {
    /// Complains about what is missing, before anything runs.
    pub fn ready(&self) -> Result<(), TlcError> {
        if !self.jar.is_file() {
            return Err(TlcError::Missing { path: self.jar.clone(), what: "--tla2tools is tla2tools.jar of TLA+" });
        }
        if !self.modules.is_dir() {
            return Err(TlcError::Missing {
                path: self.modules.clone(),
                what: "--tla-modules is a folder with Elastic's modules",
            });
        }
        Command::new(&self.java).arg("-version").output().map(|_| ()).map_err(TlcError::NoJava)
    }

    /// Runs an instance; `None` for a model without a counterpart.
    pub fn measure(&self, model: &str, bounds: &[u64], workers: usize) -> Result<Option<Measurement>, TlcError> {
        let Some(instance) = instance(model, bounds) else { return Ok(None) };
        let source = self.modules.join(format!("{}.tla", instance.module));
        if !source.is_file() {
            return Err(TlcError::Missing { path: source, what: "a module of elastic/elasticsearch-formal-models" });
        }
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| TlcError::File { path, source }
        };
        let folder = tempfile::tempdir().map_err(failed(&std::env::temp_dir()))?;
        let write = |name: String, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).map_err(failed(&path))
        };
        write(format!("{}.tla", instance.module), &std::fs::read(&source).map_err(failed(&source))?)?;
        write(String::from("MC.tla"), instance.text.as_bytes())?;
        write(String::from("MC.cfg"), instance.config.as_bytes())?;
        let jar = std::path::absolute(&self.jar).map_err(failed(&self.jar))?;
        let started = Instant::now();
        let output = Command::new(&self.java)
            .args(["-XX:+UseParallelGC", "-cp"])
            .arg(jar)
            .args(["tlc2.TLC", "-deadlock", "-workers", &workers.to_string(), "-config", "MC.cfg", "MC"])
            .current_dir(folder.path())
            .output()
            .map_err(TlcError::NoJava)?;
        let seconds = started.elapsed().as_secs_f64();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let Some(counts) = counts(&text) else {
            return Err(TlcError::NotFinished { model: model.to_owned(), output: text });
        };
        Ok(Some(Measurement {
            model: model.to_owned(),
            bounds: bounds.to_vec(),
            engine: String::from("tlc"),
            threads: workers,
            verdict: if output.status.success() { Verdict::Holds } else { Verdict::Violated },
            distinct_states: counts.distinct,
            generated_states: counts.generated,
            depth: counts.depth,
            seconds,
            states_per_second: counts.distinct as f64 / seconds.max(1e-9),
            bytes_per_state: None,
            speedup: None,
        }))
    }
}

/// What TLC says at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Initial states and successors.
    pub generated: u64,
    /// Different states.
    pub distinct: u64,
    /// Levels.
    pub depth: u64,
}

/// Reads TLC's last lines; `None` where it has not finished.
pub fn counts(output: &str) -> Option<Counts> {
    let number = |text: &str| text.trim().replace(',', "").parse().ok();
    let line =
        output.lines().rev().find(|line| line.ends_with("states left on queue.") && line.contains(" states generated, "))?;
    let (generated, rest) = line.split_once(" states generated, ")?;
    let (distinct, _) = rest.split_once(" distinct states found")?;
    let depth = output.lines().rev().find_map(|line| line.strip_prefix("The depth of the complete state graph search is "))?;
    Some(Counts { generated: number(generated)?, distinct: number(distinct)?, depth: number(depth.trim_end_matches('.'))? })
}

fn last_words(output: &str) -> String {
    let errors: Vec<&str> =
        output.lines().filter(|line| line.starts_with("Error") || line.contains("Exception")).take(3).collect();
    if errors.is_empty() { output.lines().rev().take(3).collect::<Vec<_>>().join(" / ") } else { errors.join(" / ") }
}

/// The set `{n1, …, nk}`.
fn set(prefix: &str, size: u64) -> String {
    let members: Vec<String> = (1..=size).map(|number| format!("{prefix}{number}")).collect();
    format!("{{{}}}", members.join(", "))
}

/// Constants that stand for themselves.
fn model_values(names: &[&str]) -> String {
    names.iter().map(|name| format!("  {name} = {name}\n")).collect()
}

/// The instance of the counterpart of `model`; `None` where there is none.
pub fn instance(model: &str, bounds: &[u64]) -> Option<Instance> {
    match (model, bounds) {
        ("zen-with-terms", &[nodes, max_term, max_version, max_initial_version, values, max_messages]) => Some(Instance {
            module: "ZenWithTerms",
            text: format!(
                "---- MODULE MC ----\nEXTENDS ZenWithTerms\nMCTerms == 0..{max_term}\nMCVersions == 0..{max_version}\n\
                 MCInitialVersions == 0..{max_initial_version}\nMCConstraint ==\n  \
                 /\\ \\A n \\in Nodes: IF currentTerm[n] <= 1 THEN lastPublishedVersion[n] <= 2 ELSE lastPublishedVersion[n] <= 3\n  \
                 /\\ Cardinality(messages) <= {max_messages}\n====\n"
            ),
            config: format!(
                "CONSTANTS\n{}  Nodes = {}\n  Values = {}\n  Terms <- MCTerms\n  Versions <- MCVersions\n  \
                 InitialVersions <- MCInitialVersions\nINIT Init\nNEXT Next\nCONSTRAINT MCConstraint\nINVARIANTS\n  \
                 OneMasterPerTerm\n  LogMatching\n  SingleNodeInvariant\n  CommittedValuesDescendantsFromCommittedValues\n  \
                 CommittedValuesDescendantsFromInitialValue\n  DescendantRelationIsStrictlyOrdered\n  \
                 DescendantRelationIsTransitive\n  NewerOpsBasedOnOlderCommittedOps\n  \
                 CommitHasQuorumVsPreviousCommittedConfiguration\n  P2bInvariant\n",
                model_values(&["Join", "PublishRequest", "PublishResponse", "Commit"]),
                set("n", nodes),
                set("v", values),
            ),
        }),
        ("replication", &[nodes, documents, max_client_value, max_messages]) => Some(Instance {
            module: "replication",
            text: format!(
                "---- MODULE MC ----\nEXTENDS replication\n\
                 MCWellFormed == WellFormedRoutingTable(clusterStateOnMaster.routingTable)\nMCConstraint ==\n  \
                 /\\ nextClientValue <= {max_client_value}\n  /\\ Cardinality(messages) <= {max_messages}\n  \
                 /\\ 0 < Cardinality(Assigned(clusterStateOnMaster.routingTable))\n====\n"
            ),
            config: format!(
                "CONSTANTS\n{}  Nodes = {}\n  DocumentIds = {}\nINIT Init\nNEXT Next\nCONSTRAINT MCConstraint\nINVARIANTS\n  \
                 AllCopiesSameContentsOnQuietDown\n  MCWellFormed\n  GlobalCheckPointBelowLocalCheckPoints\n  \
                 SameTranslogUpToGlobalCheckPoint\n  AllAckedResponsesStored\n  LocalCheckPointMatchesMaxConfirmedSeq\n",
                model_values(&["Primary", "Replica", "Unassigned", "Nil", "Replication", "TrimTranslog"]),
                set("n", nodes),
                set("id", documents),
            ),
        }),
        ("storage", &[variant, max_generation]) => {
            let variant = ["Easy", "Hard", "Buggy"].get(variant as usize)?;
            Some(Instance {
                module: "Storage",
                text: format!(
                    "---- MODULE MC ----\nEXTENDS Storage\nMCConstraint == newMeta <= MaxNewMeta\nMCNext ==\n  \
                     \\/ (state = \"writeMeta\" /\\ WriteMeta)\n  \\/ (state = \"writeManifest\" /\\ WriteManifest)\n  \
                     \\/ (state = \"deleteOldManifest\" /\\ DeleteOldManifest)\n  \\/ (state = \"deleteOldMeta\" /\\ DeleteOldMeta)\n  \
                     \\/ (state = \"deleteNewManifest\" /\\ DeleteNewManifest{variant})\n  \
                     \\/ (state = \"deleteNewMeta\" /\\ DeleteNewMeta)\n====\n"
                ),
                config: format!(
                    "CONSTANTS\n  MaxNewMeta = {max_generation}\n{}INIT Init\nNEXT MCNext\nCONSTRAINT MCConstraint\nINVARIANTS\n  \
                     MetadataFileReferencedByManifestExists\n  MetadataReferencedByManifestIsValid\n",
                    model_values(&["MetaDataContent"]),
                ),
            })
        }
        ("replica-engine", &[requests, duplication_limit, document_contents]) => Some(Instance {
            module: "ReplicaEngine",
            text: format!(
                "---- MODULE MC ----\nEXTENDS ReplicaEngine\nMCInit == /\\ request_count \\in 1..{requests}\n          /\\ Init\n\
                 MCSpec == MCInit /\\ [][Next]_vars\n====\n"
            ),
            config: format!(
                "CONSTANTS\n{}  DocContent = {}\n  DocAutoIdTimestamp = 1000\n  DuplicationLimit = {duplication_limit}\n\
                 SPECIFICATION MCSpec\nINVARIANT Invariant\n",
                model_values(&[
                    "ADD",
                    "RETRY_ADD",
                    "UPDATE",
                    "DELETE",
                    "NULL",
                    "Lucene_addDocuments",
                    "Lucene_updateDocuments",
                    "Lucene_deleteDocuments",
                    "defaultInitValue",
                ]),
                set("Doc", document_contents),
            ),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_a_finished_run_are_read() {
        let output = "Progress(3) at 2026: 10 states generated, 5 distinct states found, 2 states left on queue.\n\
                      601 states generated, 160 distinct states found, 0 states left on queue.\n\
                      The depth of the complete state graph search is 8.\nFinished in 01s\n";
        assert_eq!(counts(output), Some(Counts { generated: 601, distinct: 160, depth: 8 }));
        assert_eq!(counts("Error: Parsing or semantic analysis failed."), None);
    }

    #[test]
    fn the_counterparts_have_an_instance_and_others_none() {
        let zen = instance("zen-with-terms", &[2, 1, 2, 0, 1, 8]).unwrap();
        assert!(zen.text.contains("MCTerms == 0..1\n") && zen.text.contains("Cardinality(messages) <= 8"));
        assert!(zen.config.contains("Nodes = {n1, n2}\n") && zen.config.contains("Values = {v1}\n"));
        assert!(instance("storage", &[2, 5]).unwrap().text.contains("DeleteNewManifestBuggy"));
        assert!(instance("replication", &[2, 1, 2, 3]).is_some() && instance("replica-engine", &[1, 1, 2]).is_some());
        assert_eq!(instance("coordinator", &[3, 1, 1, 1, 1]), None);
    }

    #[test]
    fn what_is_missing_is_said() {
        let tlc = Tlc { java: PathBuf::from("java"), jar: PathBuf::from("no.jar"), modules: PathBuf::from(".") };
        assert!(tlc.ready().unwrap_err().to_string().starts_with("no.jar is not there"));
    }
}
