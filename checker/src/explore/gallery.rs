//! Counterexamples worth telling.
