//! `quorate explore`: the explorer page in the browser, with a model or a saved trace.

use std::path::{Path as FilePath, PathBuf};

use clap::Args as ClapArgs;
use quorate_checker::explore::server::{Content, Server};
use quorate_checker::explore::{Choice, ExploreError, Explorer, Subject, gallery};
use quorate_checker::registry::{self, RegistryError, Rules};
use quorate_traces::sanitize::printable;
use quorate_traces::{Trace, itf, recorded};

use crate::bounds::BoundArgs;
use crate::output::line;
use crate::{Conclusion, Failure};

/// Walk through a model or a saved trace in the browser
///
/// A model: choose what happens next, go back, branch, see what each guard refuses, jump into the counterexample of a
/// mutant and leave it at any step. A file: a trace in ITF, TLC's JSON, a scenario, plain or compressed, or
/// a folder with the recordings of a cluster.
#[derive(ClapArgs)]
#[command(after_help = "Examples:
  quorate explore coordinator
  quorate explore zen-with-terms --nodes 3 --max-term 2
  quorate explore zen-with-terms --mutant CM02
  quorate explore violation.itf.json
  quorate explore .quorate                  what the nodes of a cluster have recorded
  quorate explore replication --port 8080 --no-open

The page is at a port of this machine that no other machine can reach; Ctrl-C ends it.")]
pub struct Args {
    /// A model or a trace file; without either the page asks for a file
    #[arg(value_name = "MODEL|FILE")]
    subject: Option<String>,
    #[command(flatten)]
    bounds: BoundArgs,
    /// Begin with this mutant of the catalogue instead of the sound rules
    #[arg(long, value_name = "ID")]
    mutant: Option<String>,
    /// Leave out this guard; may be given several times
    #[arg(long, value_name = "GUARD")]
    waive: Vec<String>,
    /// Listen on this port; any free one by default
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Do not open the browser; the address is printed
    #[arg(long)]
    no_open: bool,
    /// Write the gallery of counterexamples into this directory, and nothing else
    #[arg(long, value_name = "DIR", conflicts_with_all = ["subject", "mutant", "waive", "port"])]
    gallery: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<Conclusion, Failure> {
    if let Some(folder) = &args.gallery {
        let files = gallery::write(folder)?;
        line(&format!("{files} files in {}", folder.display()));
        return Ok(Conclusion::Holds);
    }
    let rules = Rules { mutant: args.mutant.clone(), waived: args.waive.clone() };
    let (what, content) = match &args.subject {
        None if args.bounds.0.is_empty() && rules == Rules::default() => {
            (String::from("a page that opens trace files"), Content::Saved(String::new()))
        }
        None => return Err("bounds, --mutant and --waive need a model: quorate explore MODEL".into()),
        Some(name) => match registry::find(name) {
            Ok(info) => {
                let explorer = Explorer::new(Subject { info, changes: args.bounds.0.clone(), rules })?;
                let bounds = explorer.subject().bounds(&explorer.subject().rules)?;
                (format!("{} {}", info.name, info.arguments(&bounds)), Content::Live(Box::new(explorer), None))
            }
            Err(unknown) if !FilePath::new(name).exists() => return Err(neither(name, &unknown).into()),
            Err(_) if !args.bounds.0.is_empty() || rules != Rules::default() => {
                return Err(format!("{name} is a file: bounds and rules are those that the trace names").into());
            }
            Err(_) => (name.clone(), saved(FilePath::new(name))?),
        },
    };
    let server = Server::bind(args.port, content)?;
    line(&format!("exploring {what}"));
    line(&format!("open {} (Ctrl-C ends it)", server.url()));
    if !args.no_open
        && let Err(error) = open::that_detached(server.url())
    {
        eprintln!("note: no browser could be opened ({error}); open the address yourself");
    }
    server.run()?;
    Ok(Conclusion::Holds)
}

fn neither(name: &str, unknown: &RegistryError) -> String {
    format!("{unknown}; and there is no file of this name: {}", printable(name))
}

/// A saved trace: with its model behind it where today's code takes the same steps.
fn saved(path: &FilePath) -> Result<Content, Failure> {
    let traces = crate::trace::load(path)?;
    if let [trace] = traces.as_slice() {
        match with_model(trace) {
            Ok(live) => return Ok(live),
            Err(why) => eprintln!("note: shown without its model: {}", printable(&why)),
        }
    }
    Ok(Content::Saved(itf::to_string_many(&traces)))
}

fn with_model(trace: &Trace) -> Result<Content, String> {
    if trace.model.is_empty() || trace.model == recorded::MODEL {
        return Err(String::from("it is no trace of a model of this program"));
    }
    let in_words = |error: ExploreError| error.to_string();
    let info = registry::find(&trace.model).map_err(|error| error.to_string())?;
    let quorate_traces::Rules { mutant, waive } = quorate_traces::Rules::from_json(&trace.info.rules)?;
    let rules = Rules { mutant, waived: waive };
    let changes = trace.bounds.iter().map(|(name, value)| (name.clone(), *value)).collect();
    let explorer = Explorer::new(Subject { info, changes, rules: rules.clone() }).map_err(in_words)?;
    let path: Vec<Choice> = explorer.locate(trace)?.into_iter().map(Choice::Index).collect();
    let property = Some(trace.info.property.as_str()).filter(|name| !name.is_empty());
    let mut start = explorer.walk(&rules, &path, trace.loop_start, property).map_err(in_words)?;
    start.trace.info = trace.info.clone();
    Ok(Content::Live(Box::new(explorer), Some(Box::new(start))))
}
