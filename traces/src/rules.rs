//! The rules of a trace: which mutant, or which guards were waived.

use serde_json::{Value as Json, json};

/// What a trace says about its rules: `{"mutant": "CM04"}`,
/// `{"waive": ["JoinTermMismatch"]}`, or `{}` for the sound rules.
pub fn rules_json<S: AsRef<str>>(mutant: Option<&str>, waived: &[S]) -> Json {
    let mut rules = serde_json::Map::new();
    if let Some(mutant) = mutant {
        rules.insert("mutant".to_owned(), json!(mutant));
    }
    if !waived.is_empty() {
        rules.insert("waive".to_owned(), waived.iter().map(|guard| json!(guard.as_ref())).collect());
    }
    Json::Object(rules)
}

/// The rules of a trace, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The id of a mutant of the catalogue.
    pub mutant: Option<String>,
    /// Names of waived guards.
    pub waive: Vec<String>,
}

impl Rules {
    /// Reads what [`rules_json`] wrote.
    ///
    /// # Errors
    /// In words, what is wrong.
    pub fn from_json(json: &Json) -> Result<Self, String> {
        let mut rules = Rules::default();
        let fields = match json {
            Json::Null => return Ok(rules),
            Json::Object(fields) => fields,
            other => return Err(format!("the rules are {other}, not an object")),
        };
        let text = |value: &Json| value.as_str().map(str::to_owned).ok_or_else(|| format!("{value} is no name"));
        for (key, value) in fields {
            match key.as_str() {
                "mutant" => rules.mutant = Some(text(value)?),
                "waive" => {
                    let names = value.as_array().ok_or_else(|| format!("'waive' is {value}, not a list"))?;
                    rules.waive = names.iter().map(text).collect::<Result<_, _>>()?;
                }
                other => return Err(format!("unknown rules '{other}'")),
            }
        }
        Ok(rules)
    }

    /// In words: `the protocol`, `mutant CM04`, `without JoinTermMismatch`.
    pub fn describe(&self) -> String {
        let mut parts: Vec<String> = self.mutant.iter().map(|mutant| format!("mutant {mutant}")).collect();
        if !self.waive.is_empty() {
            parts.push(format!("without the guard {}", self.waive.join(", ")));
        }
        if parts.is_empty() { "the protocol as it is".to_owned() } else { parts.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_back_and_strange_ones_refused() {
        for (mutant, waived) in [(None, vec![]), (Some("CM04"), vec![]), (None, vec!["A", "B"]), (Some("CM04"), vec!["A"])] {
            let rules = Rules::from_json(&rules_json(mutant, &waived)).unwrap();
            assert_eq!((rules.mutant.as_deref(), rules.waive), (mutant, waived.iter().map(|g| g.to_string()).collect()));
        }
        for bad in ["[]", "3", r#"{"mutant": 1}"#, r#"{"waive": "A"}"#, r#"{"waive": [1]}"#, r#"{"other": 1}"#] {
            assert!(Rules::from_json(&serde_json::from_str(bad).unwrap()).is_err(), "{bad}");
        }
    }
}
