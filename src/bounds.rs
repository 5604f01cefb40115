//! A flag for every bound of every registered model.

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use clap::{Arg, ArgMatches, Command};
use quorate_checker::registry::MODELS;

/// The bounds given on the command line, in the order of the registry.
#[derive(Clone, Debug, Default)]
pub struct BoundArgs(pub Vec<(String, u64)>);

/// Each bound's name once, with the meaning that its first model gives it.
fn all() -> Vec<(&'static str, String, &'static [&'static str])> {
    let mut bounds: Vec<(&'static str, String, &'static [&'static str])> = Vec::new();
    for info in MODELS {
        for bound in info.bounds {
            if !bounds.iter().any(|(name, ..)| *name == bound.name) {
                bounds.push((bound.name, format!("{} ({})", bound.meaning, info.name), bound.choices));
            }
        }
    }
    bounds
}

impl clap::FromArgMatches for BoundArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = all().into_iter().filter_map(|(name, ..)| Some((name.to_owned(), *matches.get_one::<u64>(name)?)));
        Ok(BoundArgs(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for BoundArgs {
    fn augment_args(command: Command) -> Command {
        let flag = |(name, meaning, choices): (&'static str, String, &'static [&'static str])| {
            let position = move |given: String| choices.iter().position(|choice| *choice == given).unwrap_or(0) as u64;
            let parser = match choices {
                [] => ValueParser::from(clap::value_parser!(u64)),
                _ => ValueParser::new(PossibleValuesParser::new(choices.iter().copied()).map(position)),
            };
            let value_name = if choices.is_empty() { "N" } else { "NAME" };
            Arg::new(name).long(name).value_name(value_name).help(meaning).help_heading("Bounds").value_parser(parser)
        };
        command.args(all().into_iter().map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
