//! `quorate trace`: shows, replays and exports a saved trace.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use quorate_checker::registry::{self, Visitor};
use quorate_model::Specification;
use quorate_traces::replay::{self, Divergence};
use quorate_traces::sanitize::printable;
use quorate_traces::table::{self, TableOptions};
use quorate_traces::{Trace, TraceError, file, itf, mermaid, shiviz, svg};

use crate::{Conclusion, Failure};

/// What to do with a trace.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  quorate trace show violation.itf.json
  quorate trace show --diff --node n1,n2 --from 4 violation.itf.json.gz
  quorate trace replay violation.itf.json
  quorate trace export --format svg --output violation.svg violation.itf.json")]
pub struct Args {
    #[command(subcommand)]
    verb: TraceVerb,
}

#[derive(Subcommand)]
enum TraceVerb {
    /// Prints a trace as a table with one column for each node.
    #[command(after_help = "▶ marks the node at which a step happens, * what the step changes.")]
    Show(ShowArgs),
    /// Re-executes a trace on today's code; stops at the first divergence (exit code 1).
    Replay {
        /// An ITF file, compressed or not.
        file: PathBuf,
    },
    /// Writes a trace in another format.
    Export {
        /// The format.
        #[arg(long, value_enum)]
        format: Format,
        /// Where to; standard output if left out.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// An ITF file, compressed or not.
        file: PathBuf,
    },
}

#[derive(clap::Args)]
struct ShowArgs {
    /// An ITF file, compressed or not.
    file: PathBuf,
    /// Show only what each step changes.
    #[arg(long)]
    diff: bool,
    /// Show only these nodes, and the steps that concern them: n1,n2.
    #[arg(long, value_name = "NODE", value_delimiter = ',')]
    node: Vec<String>,
    /// The first state to show.
    #[arg(long, value_name = "STATE", default_value_t = 0)]
    from: usize,
    /// The last state to show.
    #[arg(long, value_name = "STATE")]
    to: Option<usize>,
    /// Columns to use, at least 40 [default: those of the terminal, else 100].
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(40..))]
    width: Option<u16>,
    /// Whether to use colours.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

#[derive(Clone, Copy, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// ITF JSON, as other tools read it.
    Itf,
    /// A Mermaid sequence diagram, for issues and wikis.
    Mermaid,
    /// A space-time diagram.
    Svg,
    /// A log for ShiViz, with vector clocks.
    Shiviz,
}

/// Why a trace could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum TraceCommandError {
    /// The file is bad.
    #[error("{}{error}", prefix(.path, .error))]
    Trace {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: Box<TraceError>,
    },
    /// An option that does not fit the trace.
    #[error("{0}")]
    Usage(String),
    /// A trace that this program has no model for.
    #[error("{}: {reason}", path.display())]
    NotReplayable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The result could not be written.
    #[error("{place}: {source}")]
    Write {
        /// Where to.
        place: String,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Errors of the file system name the file themselves.
fn prefix(path: &Path, error: &TraceError) -> String {
    match error {
        TraceError::Io { .. } | TraceError::TooLarge { .. } | TraceError::NotText { .. } => String::new(),
        _ => format!("{}: ", path.display()),
    }
}

/// Runs a verb of `quorate trace`.
///
/// # Errors
/// Bad files and options; the program ends with exit code 2.
pub fn run(args: &Args) -> Result<Conclusion, Failure> {
    Ok(match &args.verb {
        TraceVerb::Show(args) => show(args),
        TraceVerb::Replay { file } => replay_file(file),
        TraceVerb::Export { format, output, file } => export(*format, output.as_deref(), file),
    }?)
}

fn load(path: &Path) -> Result<Trace, TraceCommandError> {
    file::read_text(path)
        .and_then(|text| itf::read(&text))
        .map_err(|error| TraceCommandError::Trace { path: path.to_owned(), error: Box::new(error) })
}

fn print(text: &str) -> Result<(), TraceCommandError> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        // Whoever reads our output (`head`) may have had enough.
        Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(TraceCommandError::Write { place: "standard output".to_owned(), source })
        }
        _ => Ok(()),
    }
}

fn show(args: &ShowArgs) -> Result<Conclusion, TraceCommandError> {
    let trace = load(&args.file)?;
    let last = trace.states.len() - 1;
    let to = args.to.unwrap_or(last);
    if args.from > to || args.from > last {
        return Err(TraceCommandError::Usage(format!(
            "--from {} --to {to}: the trace has the states 0 to {last}, and the first must not come after the last",
            args.from
        )));
    }
    let lane = |name: &String| {
        let unknown = || format!("--node {name}: the trace has the nodes {}", trace.lanes.join(", "));
        trace.lanes.iter().position(|lane| lane == name).ok_or_else(|| TraceCommandError::Usage(printable(&unknown()).into()))
    };
    let terminal = std::io::stdout().is_terminal();
    let colour = match args.color {
        Color::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        Color::Always => true,
        Color::Never => false,
    };
    let columns = || terminal.then(terminal_size::terminal_size).flatten().map(|(width, _)| width.0.max(40));
    let options = TableOptions {
        width: usize::from(args.width.or_else(columns).unwrap_or(100)),
        colour,
        diff: args.diff,
        lanes: args.node.iter().map(lane).collect::<Result<_, _>>()?,
        from: args.from,
        to,
    };
    print(&table::render(&trace, &options))?;
    Ok(Conclusion::Holds)
}

fn replay_file(path: &Path) -> Result<Conclusion, TraceCommandError> {
    let trace = load(path)?;
    let refused = |reason| TraceCommandError::NotReplayable { path: path.to_owned(), reason };
    let replayed = replay_on_its_model(&trace).map_err(refused)?;
    let name = path.display();
    match replayed {
        Ok((steps, violation)) => {
            print(&format!("{name}: all {steps} steps are as recorded\n"))?;
            if let Some((property, witness)) = violation {
                print(&format!("{property} is violated, as recorded: {}\n", printable(&witness)))?;
            }
            Ok(Conclusion::Holds)
        }
        Err(divergence) => {
            print(&format!("{name}: {}\n", printable(&divergence.to_string())))?;
            Ok(Conclusion::Violated)
        }
    }
}

fn export(format: Format, output: Option<&Path>, path: &Path) -> Result<Conclusion, TraceCommandError> {
    let trace = load(path)?;
    let text = match format {
        Format::Itf => itf::to_string(&trace),
        Format::Mermaid => mermaid::render(&trace),
        Format::Svg => svg::render(&trace),
        Format::Shiviz => shiviz::render(&trace),
    };
    match output {
        None => print(&text)?,
        Some(output) => std::fs::write(output, text)
            .map_err(|source| TraceCommandError::Write { place: output.display().to_string(), source })?,
    }
    Ok(Conclusion::Holds)
}

struct Replay<'a>(&'a Trace);

impl Visitor for Replay<'_> {
    type Output = Result<(usize, Option<(String, String)>), Box<Divergence>>;

    fn visit<M: Specification + Clone + 'static>(self, model: M) -> Self::Output {
        let replayed = replay::replay(&model, self.0)?;
        Ok((replayed.path.steps.len(), replayed.violation))
    }
}

/// Replays a trace on the model that it names, with its bounds and rules.
fn replay_on_its_model(trace: &Trace) -> Result<<Replay<'_> as Visitor>::Output, String> {
    if trace.model.is_empty() {
        let tool = if trace.tool.is_empty() { "another tool" } else { &trace.tool };
        return Err(format!("written by {tool}: it can be shown and exported, but names no model of ours to replay it on"));
    }
    let info = registry::find(&trace.model).map_err(|error| error.to_string())?;
    let bound = |known: &registry::BoundInfo| {
        trace.bounds.get(known.name).copied().ok_or_else(|| format!("the trace does not say the bound '{}'", known.name))
    };
    let bounds = info.bounds.iter().map(bound).collect::<Result<Vec<u64>, String>>()?;
    let quorate_traces::Rules { mutant, waive } = quorate_traces::Rules::from_json(&trace.info.rules)?;
    let rules = registry::Rules { mutant, waived: waive };
    registry::with_model(info.name, &bounds, &rules, Replay(trace)).map_err(|error| error.to_string())
}
