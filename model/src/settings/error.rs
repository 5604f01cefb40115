//! Settings that make no sense: which, what was given, and what would do.

/// Why settings were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A line without `=`.
    #[error("'{text}' is not of the form name=value")]
    NotAPair {
        /// What was given.
        text: String,
    },
    /// No such setting.
    #[error("unknown setting '{name}'{}", hint(.nearest))]
    Unknown {
        /// What was given.
        name: String,
        /// The setting that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A setting that older versions had.
    #[error("the setting '{name}' is gone: {why}")]
    Removed {
        /// Its name.
        name: &'static str,
        /// Since when, and why.
        why: &'static str,
    },
    /// The same setting twice.
    #[error("the setting '{name}' is given twice")]
    Twice {
        /// Its name.
        name: &'static str,
    },
    /// A value that cannot be read.
    #[error("{name}={value}: {why}")]
    Unreadable {
        /// The setting.
        name: &'static str,
        /// What was given.
        value: String,
        /// What is expected.
        why: String,
    },
    /// A value beyond the limits.
    #[error("{name}={value}: must be {range}")]
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// What was given.
        value: String,
        /// `1ms to 10s`, `at least 1`.
        range: String,
    },
    /// Two settings that contradict each other.
    #[error("{name}={value} contradicts {other}={other_value}: {why}")]
    Contradiction {
        /// One setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// The other.
        other: &'static str,
        /// Its value.
        other_value: String,
        /// The rule.
        why: &'static str,
    },
}

fn hint(nearest: &Option<&'static str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean '{name}'?"))
}
