//! Counterexamples of TLC, as `-dumpTrace json` writes them.
//!
//! ```text
//!   {"counterexample": {"state": [[1, {"x": 0}], …],
//!                       "action": [[[1, {…}], {"name": "Next", …}, [2, {…}]], …]},
//!    "vars": ["x"]}
//! ```
//!
//! A lasso shows only as the action that leads to an earlier state.

use serde_json::{Map, Value as Json, json};

/// The document as ITF; `None` if it is not one of TLC's.
pub fn to_itf(document: &Json) -> Option<Json> {
    let counterexample = document.get("counterexample")?;
    let states = counterexample.get("state")?.as_array()?;
    let no_actions = Vec::new();
    let actions = counterexample.get("action").and_then(Json::as_array).unwrap_or(&no_actions);
    let numbers: Vec<&Json> = states.iter().map(|state| &state[0]).collect();
    let first_variables = || states.first().and_then(|state| state[1].as_object()).into_iter().flat_map(Map::keys);
    let vars = document.get("vars").cloned().unwrap_or_else(|| first_variables().cloned().collect());
    let mut converted = Vec::new();
    for (position, state) in states.iter().enumerate() {
        let taken = position.checked_sub(1).and_then(|before| {
            actions.iter().find(|action| action[0][0] == *numbers[before] && action[2][0] == *numbers[position])
        });
        let mut fields = Map::new();
        fields.insert("#meta".to_owned(), json!({"action": taken.map(|action| title(&action[1])).unwrap_or_default()}));
        fields.extend(state[1].as_object().cloned().unwrap_or_default());
        converted.push(Json::Object(fields));
    }
    let mut itf = json!({"#meta": {"tool": "TLC"}, "vars": vars, "states": converted});
    let place = |state: &Json| numbers.iter().position(|number| **number == state[0]);
    let back = actions.iter().find_map(|action| {
        let (from, to) = (place(&action[0])?, place(&action[2])?);
        (to <= from).then_some(to)
    });
    if let Some(start) = back {
        itf["loop"] = json!(start);
    }
    Some(itf)
}

/// `HandleJoin(n = n1)`: the name, with the parameters where TLC tells them.
fn title(action: &Json) -> String {
    let name = action["name"].as_str().unwrap_or_default();
    let parameters = action["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let shown: Vec<String> = parameters
        .iter()
        .filter_map(Json::as_str)
        .filter_map(|parameter| {
            let value = action["context"].get(parameter)?;
            Some(format!("{parameter} = {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        })
        .collect();
    if shown.is_empty() { name.to_owned() } else { format!("{name}({})", shown.join(", ")) }
}
