//! Behaviours as files and as pictures.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`value`], [`serializer`] | any serializable state as a value that traces know |
//! | [`trace`] | a trace without its model |
//! | [`itf`], [`tlc`], [`file`] | the file format, read and written; TLC's, read |
//! | [`rules`] | which mutant or waived guards a trace is about |
//! | [`replay`] | re-execution on today's code |
//! | [`scenario`] | a behaviour as the actions to take, in plain text |
//! | [`shorten`] | a shorter trace that shows the same |
//! | [`diff`], [`flow`] | what changed; which message was sent and delivered when |
//! | [`recording`], [`recorded`] | what a running node writes down, one event a line; that as a trace |
//! | [`table`] | the terminal view |
//! | [`mermaid`], [`svg`], [`shiviz`] | other people's formats |
//! | [`page`] | the explorer: one self-contained page with a trace in it |
//!
//! Nothing here knows a particular model; what views show comes from
//! [`StepView`](quorate_model::specification::StepView) and from the values.

pub mod diff;
pub mod error;
pub mod file;
pub mod flow;
pub mod itf;
pub mod mermaid;
pub mod page;
pub mod recorded;
pub mod recording;
pub mod replay;
pub mod rules;
pub mod sanitize;
pub mod scenario;
pub mod serializer;
pub mod shiviz;
pub mod shorten;
pub mod svg;
pub mod table;
pub mod tlc;
pub mod trace;
pub mod value;

pub use error::TraceError;
pub use rules::{Rules, rules_json};
pub use trace::{StateRecord, Trace, TraceInfo};
