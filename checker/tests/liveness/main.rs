//! The liveness engine against graphs whose answers are known, against a dumb
//! twin, against TLC's verdicts, and beside stateright's `eventually`.

mod beside_stateright;
mod known;
mod runs;
mod small;
mod tla;
mod twin;
