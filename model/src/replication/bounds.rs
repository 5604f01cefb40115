//! Instances that cannot be built, and why.

/// A bound out of range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--{name} must be {min} to {max}, not {value}")]
pub struct BoundError {
    /// Which bound, as the command line writes it, without dashes.
    pub name: &'static str,
    /// The value that was asked for.
    pub value: u64,
    /// The least that makes sense.
    pub min: u64,
    /// The most that the model holds.
    pub max: u64,
}

impl BoundError {
    /// Refuses `value` unless it lies between `min` and `max`.
    pub(super) fn check(name: &'static str, value: u64, min: u64, max: u64) -> Result<(), BoundError> {
        if (min..=max).contains(&value) { Ok(()) } else { Err(BoundError { name, value, min, max }) }
    }
}
