//! `quorate trace`: shows, replays, shortens and exports saved traces.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use quorate_checker::registry::{self, Visitor};
use quorate_checker::simulate::file::SimulationTrace;
use quorate_model::Specification;
use quorate_traces::recording::RecordingError;
use quorate_traces::replay::{self, Divergence};
use quorate_traces::sanitize::printable;
use quorate_traces::scenario::{self, ScenarioError};
use quorate_traces::table::{self, TableOptions};
use quorate_traces::{Rules, Trace, TraceError, TraceInfo, file, itf, mermaid, page, recorded, shiviz, shorten, svg};

use crate::simulated_trace::{self, Shown, SimulatedTraceError};
use crate::{Conclusion, Failure};

/// What to do with a trace.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  quorate trace show violation.itf.json
  quorate trace show --diff --node n1,n2 --from 4 violation.itf.json.gz
  quorate trace replay violation.itf.json
  quorate trace shorten --output short.itf.json violation.itf.json
  quorate trace export --format svg --output violation.svg violation.itf.json
  quorate trace export --format scenario --output story.scenario violation.itf.json
  quorate trace replay story.scenario
  quorate trace show --diff seed-17.json          what `quorate simulate` wrote; also replay and shorten")]
pub struct Args {
    #[command(subcommand)]
    verb: TraceVerb,
}

#[derive(Subcommand)]
enum TraceVerb {
    /// Prints a trace as a table with one column for each node.
    #[command(after_help = "▶ marks the node at which a step happens, * what the step changes.")]
    Show(ShowArgs),
    /// Re-executes a trace or a scenario on today's code; stops at the first divergence (exit code 1).
    Replay {
        /// An ITF file, a scenario, or a run of `quorate simulate`; compressed or not.
        file: PathBuf,
    },
    /// Leaves out the steps that a violation does not need.
    Shorten {
        /// Where to; standard output if left out.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// An ITF file or a run of `quorate simulate`, compressed or not.
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
    /// An ITF file or a run of `quorate simulate`, compressed or not.
    file: PathBuf,
    /// Show only what each step changes.
    #[arg(long)]
    diff: bool,
    /// Show only these nodes, and the steps that concern them: n1,n2.
    #[arg(long, value_name = "NODE", value_delimiter = ',')]
    node: Vec<String>,
    /// The first state, or event of a simulated run, to show.
    #[arg(long, value_name = "STATE", default_value_t = 0)]
    from: usize,
    /// The last one to show.
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
    /// The actions alone, in plain text, to be changed by hand and replayed.
    Scenario,
    /// The explorer with the trace in it: one page for any browser, without network.
    Html,
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
    /// A scenario that is none.
    #[error("{}: {error}", path.display())]
    Scenario {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: ScenarioError,
    },
    /// A run of a simulation that is none, or does not fit.
    #[error(transparent)]
    Simulated(#[from] SimulatedTraceError),
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
        TraceError::Io { .. } | TraceError::Packed { .. } | TraceError::TooLarge { .. } | TraceError::NotText { .. } => {
            String::new()
        }
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
        TraceVerb::Shorten { output, file } => shorten_file(file, output.as_deref()),
        TraceVerb::Export { format, output, file } => export(*format, output.as_deref(), file),
    }?)
}

/// The traces of a file, with all their states.
pub fn load(path: &Path) -> Result<Vec<Trace>, TraceCommandError> {
    load_raw(path)?.into_iter().map(|trace| whole(path, trace)).collect()
}

/// The traces of a file; of a scenario the first state and the actions.
fn load_raw(path: &Path) -> Result<Vec<Trace>, TraceCommandError> {
    let refused = |error| TraceCommandError::Trace { path: path.to_owned(), error: Box::new(error) };
    let recorded = |read: Result<Trace, RecordingError>| {
        read.map(|trace| vec![trace]).map_err(|error| TraceCommandError::Usage(printable(&error.to_string()).into()))
    };
    if path.is_dir() {
        return recorded(recorded::read_folder(path));
    }
    let text = file::read_text(path).map_err(refused)?;
    if recorded::is_recording(&text) {
        return recorded(recorded::read_files(&[path.to_owned()]));
    }
    if scenario::is_scenario(&text) {
        let read = scenario::read(&text).map(|trace| vec![trace]);
        return read.map_err(|error| TraceCommandError::Scenario { path: path.to_owned(), error });
    }
    if SimulationTrace::is_one(&text) {
        let why = "a run of a simulation, which has no states: it can be shown, replayed and shortened with `quorate trace`";
        return Err(TraceCommandError::Usage(format!("{}: {why}", path.display())));
    }
    itf::read_all(&text).map_err(refused)
}

/// The text of a file that `quorate simulate` wrote.
fn simulated(path: &Path) -> Result<Option<String>, TraceCommandError> {
    if path.is_dir() {
        return Ok(None);
    }
    let read =
        file::read_text(path).map_err(|error| TraceCommandError::Trace { path: path.to_owned(), error: Box::new(error) })?;
    Ok(SimulationTrace::is_one(&read).then_some(read))
}

/// A scenario with all its states; anything else as it is.
fn whole(path: &Path, trace: Trace) -> Result<Trace, TraceCommandError> {
    if trace.states.len() < 2 || !trace.states[1].values.is_empty() || trace.vars.is_empty() {
        return Ok(trace);
    }
    let refused = |reason| TraceCommandError::NotReplayable { path: path.to_owned(), reason };
    with_model(&trace, Take(&trace)).and_then(|taken| taken).map_err(refused)
}

/// The one trace of a file, where several make no sense.
fn load_one(path: &Path) -> Result<Trace, TraceCommandError> {
    let mut traces = load(path)?;
    match (traces.pop(), traces.len()) {
        (Some(trace), 0) => Ok(trace),
        (_, others) => {
            Err(TraceCommandError::Usage(format!("{}: holds {} traces; this needs a file with one", path.display(), others + 1)))
        }
    }
}

fn write(text: &str, output: Option<&Path>) -> Result<(), TraceCommandError> {
    let Some(output) = output else { return print(text) };
    std::fs::write(output, text).map_err(|source| TraceCommandError::Write { place: output.display().to_string(), source })
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
    if let Some(text) = simulated(&args.file)? {
        let shown = Shown { changes_only: args.diff, nodes: &args.node, from: args.from, to: args.to };
        print(&simulated_trace::show(&args.file, &text, &shown)?)?;
        return Ok(Conclusion::Holds);
    }
    load(&args.file)?.iter().try_for_each(|trace| show_one(args, trace))?;
    Ok(Conclusion::Holds)
}

fn show_one(args: &ShowArgs, trace: &Trace) -> Result<(), TraceCommandError> {
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
    print(&table::render(trace, &options))
}

fn replay_file(path: &Path) -> Result<Conclusion, TraceCommandError> {
    if let Some(text) = simulated(path)? {
        let (conclusion, words) = simulated_trace::replay(path, &text)?;
        return print(&words).map(|()| conclusion);
    }
    let traces = load_raw(path)?;
    let mut exit = Conclusion::Holds;
    for (index, trace) in traces.iter().enumerate() {
        let refused = |reason| TraceCommandError::NotReplayable { path: path.to_owned(), reason };
        let replayed = with_model(trace, Replay(trace)).map_err(refused)?;
        let number = if traces.len() > 1 { format!(", trace {}", index + 1) } else { String::new() };
        let name = format!("{}{number}", path.display());
        match replayed {
            Ok((steps, violation)) => {
                print(&format!("{name}: all {steps} steps are as recorded\n"))?;
                if let Some((property, witness)) = violation {
                    print(&format!("{property} is violated, as recorded: {}\n", printable(&witness)))?;
                }
            }
            Err(divergence) => {
                print(&format!("{name}: {}\n", printable(&divergence.to_string())))?;
                exit = Conclusion::Violated;
            }
        }
    }
    Ok(exit)
}

fn shorten_file(path: &Path, output: Option<&Path>) -> Result<Conclusion, TraceCommandError> {
    if let Some(text) = simulated(path)? {
        let (short, before) = simulated_trace::shortened(path, &text)?;
        write(&short.text(), output)?;
        eprintln!("{}: {} steps instead of {before}", path.display(), short.plan.steps.len());
        return Ok(Conclusion::Holds);
    }
    let trace = load_one(path)?;
    let refused = |reason| TraceCommandError::NotReplayable { path: path.to_owned(), reason };
    let shorter = with_model(&trace, Shorten(&trace)).and_then(|made| made).map_err(refused)?;
    write(&itf::to_string(&shorter), output)?;
    eprintln!("{}: {} states instead of {}", path.display(), shorter.states.len(), trace.states.len());
    Ok(Conclusion::Holds)
}

fn export(format: Format, output: Option<&Path>, path: &Path) -> Result<Conclusion, TraceCommandError> {
    let text = match format {
        Format::Itf => itf::to_string_many(&load(path)?),
        Format::Html => page::embed(&itf::to_string_many(&load(path)?)),
        Format::Mermaid => mermaid::render(&load_one(path)?),
        Format::Scenario => {
            scenario::render(&load_one(path)?).map_err(|error| TraceCommandError::Scenario { path: path.to_owned(), error })?
        }
        Format::Svg => svg::render(&load_one(path)?),
        Format::Shiviz => shiviz::render(&load_one(path)?),
    };
    write(&text, output)?;
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

struct Take<'a>(&'a Trace);

impl Visitor for Take<'_> {
    type Output = Result<Trace, String>;

    fn visit<M: Specification + Clone + 'static>(self, model: M) -> Self::Output {
        let replayed = replay::replay(&model, self.0).map_err(|divergence| divergence.to_string())?;
        let mut info = self.0.info.clone();
        if let Some((property, witness)) = replayed.violation {
            info.kind =
                model.claims().iter().find(|claim| claim.name == property).map_or("", |claim| claim.check.kind()).to_owned();
            info.witness = witness;
        }
        Ok(Trace::of_path(&model, &replayed.path, &info))
    }
}

struct Shorten<'a>(&'a Trace);

impl Visitor for Shorten<'_> {
    type Output = Result<Trace, String>;

    fn visit<M: Specification + Clone + 'static>(self, model: M) -> Self::Output {
        let replayed = replay::replay(&model, self.0).map_err(|divergence| divergence.to_string())?;
        let property = &self.0.info.property;
        let (path, witness) = shorten::shorten(&model, &replayed.path, property).map_err(|error| error.to_string())?;
        Ok(Trace::of_path(&model, &path, &TraceInfo { witness, ..self.0.info.clone() }))
    }
}

/// The model that a trace names, with its bounds and rules.
fn with_model<V: Visitor>(trace: &Trace, visitor: V) -> Result<V::Output, String> {
    if trace.model.is_empty() {
        let tool = if trace.tool.is_empty() { "another tool" } else { &trace.tool };
        return Err(format!("written by {tool}: it can be shown and exported, but names no model of ours to replay it on"));
    }
    let in_words = |error: registry::RegistryError| printable(&error.to_string()).into_owned();
    let info = registry::find(&trace.model).map_err(in_words)?;
    let bound = |known: &registry::BoundInfo| {
        trace.bounds.get(known.name).copied().ok_or_else(|| format!("the trace does not say the bound '{}'", known.name))
    };
    let bounds = info.bounds.iter().map(bound).collect::<Result<Vec<u64>, String>>()?;
    let Rules { mutant, waive } = Rules::from_json(&trace.info.rules)?;
    let rules = registry::Rules { mutant, waived: waive };
    registry::with_model(info.name, &bounds, &rules, visitor).map_err(in_words)
}
