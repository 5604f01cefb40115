//! Rows of catalogues of seeded mutants: rules that must fail, or must not.

/// How a check of a mutant is expected to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// This property dies (others may too).
    Dies(&'static str),
    /// Nothing dies, for this reason.
    Equivalent(&'static str),
}

/// A mutant of the rules `R`, with an instance `B` of the model that shows it.
#[derive(Clone, Copy, Debug)]
pub struct Seeded<R, B> {
    /// A number or a name; `W-` and the guard for a waived guard.
    pub id: &'static str,
    /// What is different, in a few words.
    pub change: &'static str,
    /// The rules.
    pub rules: R,
    /// At these bounds.
    pub bounds: B,
    /// How it ends there.
    pub expected: Expected,
}
