//! The state graph of a small instance in Graphviz's DOT.

use std::collections::HashMap;
use std::fmt::Write;

use quorate_model::specification::Specification;

/// Why there is no graph.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Nobody can read it.
    #[error("the graph has more than {limit} states; choose smaller bounds or a larger --limit")]
    TooLarge {
        /// How many states are allowed.
        limit: usize,
    },
    /// The model panicked.
    #[error("the model panicked: {0}")]
    Panic(String),
}

/// The graph of all states within the bounds; a state outside is drawn dashed
/// and has no successors. Parallel steps between two states share an edge.
pub fn dot<M: Specification>(model: &M, limit: usize) -> Result<String, GraphError> {
    crate::panics::catch(|| draw(model, limit)).map_err(GraphError::Panic)?
}

fn draw<M: Specification>(model: &M, limit: usize) -> Result<String, GraphError> {
    let mut states: Vec<M::State> = Vec::new();
    let mut index: HashMap<M::State, usize> = HashMap::new();
    let mut number = |state: M::State, states: &mut Vec<M::State>| {
        let next = states.len();
        let number = *index.entry(state.clone()).or_insert(next);
        if number == next {
            states.push(state);
        }
        if states.len() > limit { Err(GraphError::TooLarge { limit }) } else { Ok(number) }
    };
    for state in model.init_states() {
        number(state, &mut states)?;
    }
    let initial = states.len();
    let mut text = format!("digraph {} {{\n  node [shape=circle, fontsize=10];\n", quoted(&model.name()));
    let mut from = 0;
    while from < states.len() {
        let state = states[from].clone();
        let within = model.within_boundary(&state);
        let mut style = Vec::new();
        style.extend((from < initial).then_some("shape=doublecircle"));
        style.extend((!within).then_some("style=dashed"));
        // Writing to a string cannot fail.
        _ = writeln!(
            text,
            "  {from} [{}tooltip={}];",
            style.iter().map(|s| format!("{s}, ")).collect::<String>(),
            quoted(&format!("{state:?}"))
        );
        let mut edges: Vec<(usize, Vec<String>)> = Vec::new();
        let mut steps = Vec::new();
        if within {
            model.successors(&state, |action, result| steps.extend(result.ok().map(|after| (action, after))));
        }
        for (action, after) in steps {
            let to = number(after, &mut states)?;
            let label = model.format_action(&action);
            match edges.iter_mut().find(|(known, _)| *known == to) {
                Some((_, labels)) => labels.push(label),
                None => edges.push((to, vec![label])),
            }
        }
        for (to, labels) in edges {
            _ = writeln!(text, "  {from} -> {to} [label={}];", quoted(&labels.join("\n")));
        }
        from += 1;
    }
    text.push('}');
    Ok(text)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
