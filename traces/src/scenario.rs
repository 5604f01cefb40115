//! Scenarios: a behaviour as the actions to take, in plain text.
//!
//! ```text
//!   quorate scenario 1
//!   # Half is not a majority
//!   model zen-with-terms
//!   bound nodes 2
//!   mutant CM02
//!   property OneMasterPerTerm
//!   initial {"nodes":[…],"messages":{"#set":[]},…}
//!   # 1. SetInitialState(n1, {n1,n2})
//!   step {"action":"SetInitialState","node":"n1","config":["n1","n2"]}
//!   …
//! ```
//!
//! A trace says what every state was; a scenario only how to get there. So it
//! can be written and changed by hand, and still means something when states
//! have changed. Lines that begin with `#` are for readers.

use serde_json::Value as Json;

use crate::rules::{Rules, rules_json};
use crate::trace::{StateRecord, Trace};
use crate::value::Value;

/// The first line.
pub const FIRST_LINE: &str = "quorate scenario 1";

/// What is wrong with a scenario, or with a trace that is to become one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// A version that only a later program understands.
    #[error("line 1: '{0}': this program reads '{FIRST_LINE}'")]
    Version(String),
    /// A line that means nothing.
    #[error("line {line}: {reason}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// Something that every scenario says.
    #[error("there is no line '{0} …'")]
    Missing(&'static str),
    /// A trace of another tool.
    #[error("the trace names no model of this program")]
    Foreign,
    /// A step that nobody can take again.
    #[error("step {0} of the trace does not say its action")]
    NoAction(usize),
}

/// Whether a text is a scenario.
pub fn is_scenario(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with("quorate scenario")
}

/// The scenario of a trace.
///
/// # Errors
/// When the trace does not say its model or its actions.
pub fn render(trace: &Trace) -> Result<String, ScenarioError> {
    if trace.model.is_empty() {
        return Err(ScenarioError::Foreign);
    }
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut lines = vec![String::from(FIRST_LINE)];
    lines.extend(Some(&trace.info.title).filter(|title| !title.is_empty()).map(|title| format!("# {}", one_line(title))));
    lines.push(format!("model {}", trace.model));
    lines.extend(trace.bounds.iter().map(|(name, value)| format!("bound {name} {value}")));
    let rules = Rules::from_json(&trace.info.rules).unwrap_or_default();
    lines.extend(rules.mutant.iter().map(|mutant| format!("mutant {mutant}")));
    lines.extend(rules.waive.iter().map(|guard| format!("waive {guard}")));
    if !trace.info.property.is_empty() && trace.info.verdict == "violated" {
        lines.push(format!("property {}", trace.info.property));
    }
    lines.extend(trace.loop_start.map(|start| format!("loop {start}")));
    for (index, state) in trace.states.iter().enumerate() {
        if index == 0 {
            let fields = trace.vars.iter().zip(&state.values).map(|(name, value)| (name.clone(), value.to_json()));
            lines.push(format!("initial {}", Json::Object(fields.collect())));
            continue;
        }
        let params = state.params.as_ref().ok_or(ScenarioError::NoAction(index))?;
        lines.push(format!("# {index}. {}", one_line(&state.title)));
        lines.push(format!("step {params}"));
    }
    Ok(lines.join("\n") + "\n")
}

/// Reads a scenario. The answer is a trace that has the values of its first
/// state only; [`replay`](crate::replay::replay) on the model gives the rest.
///
/// # Errors
/// Which line is wrong, and why.
pub fn read(text: &str) -> Result<Trace, ScenarioError> {
    let mut trace = Trace::default();
    let (mut mutant, mut waived, mut initial) = (None, Vec::new(), None);
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    match lines.next() {
        Some((_, FIRST_LINE)) => {}
        other => return Err(ScenarioError::Version(other.map_or_else(String::new, |(_, line)| line.chars().take(80).collect()))),
    }
    for (line, content) in lines {
        let wrong = |reason: String| ScenarioError::Line { line, reason };
        let (word, rest) = content.split_once(char::is_whitespace).unwrap_or((content, ""));
        let rest = rest.trim();
        let json = || serde_json::from_str::<Json>(rest).map_err(|error| wrong(format!("not JSON: {error}")));
        let number = |text: &str| text.parse::<u64>().map_err(|_| wrong(format!("'{text}' is no number")));
        if rest.is_empty() {
            return Err(wrong(format!("'{word}' says nothing more")));
        }
        match word {
            "model" => trace.model = rest.to_owned(),
            "bound" => {
                let (name, value) =
                    rest.split_once(char::is_whitespace).ok_or_else(|| wrong(format!("the bound {rest} has no value")))?;
                trace.bounds.insert(name.to_owned(), number(value.trim())?);
            }
            "mutant" => mutant = Some(rest.to_owned()),
            "waive" => waived.push(rest.to_owned()),
            "property" => trace.info.property = rest.to_owned(),
            "loop" => trace.loop_start = Some(number(rest)? as usize),
            "initial" => initial = Some(first_state(json()?).map_err(wrong)?),
            "step" => trace.states.push(StateRecord { params: Some(json()?), ..StateRecord::default() }),
            other => {
                return Err(wrong(format!("'{other}' is none of model, bound, mutant, waive, property, loop, initial, step")));
            }
        }
    }
    if trace.model.is_empty() {
        return Err(ScenarioError::Missing("model"));
    }
    let (vars, values) = initial.ok_or(ScenarioError::Missing("initial"))?;
    trace.vars = vars;
    trace.states.insert(0, StateRecord { values, ..StateRecord::default() });
    if trace.loop_start.is_some_and(|start| start >= trace.states.len()) {
        return Err(ScenarioError::Line { line: 1, reason: String::from("the loop goes back to a state that is not there") });
    }
    trace.info.rules = rules_json(mutant.as_deref(), &waived);
    if !trace.info.property.is_empty() {
        trace.info.verdict = String::from("violated");
    }
    Ok(trace)
}

fn first_state(json: Json) -> Result<(Vec<String>, Vec<Value>), String> {
    let Json::Object(fields) = json else { return Err(String::from("the initial state is no object")) };
    let mut read = (Vec::new(), Vec::new());
    for (name, value) in fields {
        read.1.push(Value::from_json(&value).map_err(|reason| format!("{name}: {reason}"))?);
        read.0.push(name);
    }
    Ok(read)
}
