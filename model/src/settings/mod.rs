//! Settings with Elasticsearch's names, defaults and limits.
//!
//! ```text
//!   name=value, or a map ──▶ Settings::parse ──▶ Settings ──▶ delays and bounds
//!                               │ SettingsError names setting, value and range
//!                               └ SETTINGS: one row for each setting, which
//!                                 parsing, printing and lists are made from
//! ```
//!
//! A time is a whole number with a unit ([`TimeValue`]); inside it is
//! milliseconds. [`schedule`] turns settings into the times that the protocol
//! waits for, and [`bounds`] into the times within which a cluster settles.
//! Randomness comes in as a number.

pub mod bounds;
mod error;
mod roles;
pub mod schedule;
mod table;
mod time_value;
mod values;

pub use error::SettingsError;
pub use roles::{NodeRole, NodeRoles};
pub use table::{Kind, SETTINGS, Setting};
pub use time_value::{TimeUnit, TimeValue, TimeValueError};
pub use values::{DiscoveryType, NoMasterBlock, Settings};
