//! How a run of the program ends.

/// What the exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything holds: 0.
    Holds,
    /// Something is violated or different: 1.
    Violated,
    /// It could not be told: 2, as for bad usage.
    Unknown,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Holds => 0,
            Exit::Violated => 1,
            Exit::Unknown => 2,
        }
    }
}
