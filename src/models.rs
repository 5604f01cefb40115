//! `quorate models`: what there is to check.

use clap::Args as ClapArgs;
use quorate_checker::registry::{Expected, MODELS, ModelInfo, Profile, Rules, Visitor, find, with_model};
use quorate_model::Specification;

use crate::output::{Color, Paint, line, wrap};
use crate::{Conclusion, Failure};

/// List every model: what it covers, its bounds with defaults, properties, mutants
#[derive(ClapArgs)]
#[command(after_help = "Examples:\n  quorate models\n  quorate models zen-with-terms")]
pub struct Args {
    /// Only these models
    #[arg(value_name = "MODEL")]
    models: Vec<String>,
    /// When to use colours
    #[arg(long, value_enum, default_value_t)]
    color: Color,
}

pub fn run(args: &Args) -> Result<Conclusion, Failure> {
    let paint = Paint::new(args.color);
    let all = || MODELS.iter().collect();
    for info in if args.models.is_empty() { all() } else { chosen(&args.models)? } {
        describe(info, paint)?;
    }
    Ok(Conclusion::Holds)
}

/// The models of these names; if there are none, all that are to hold.
pub fn chosen(names: &[String]) -> Result<Vec<&'static ModelInfo>, Failure> {
    if names.is_empty() {
        return Ok(MODELS.iter().filter(|info| info.known_violation.is_none()).collect());
    }
    Ok(names.iter().map(|name| find(name)).collect::<Result<_, _>>()?)
}

/// The models of these names. If there are none, all to which `fits` applies,
/// which asks whether a model knows what else was said; where it applies to no
/// model, the first, whose error then says what there is.
pub fn chosen_for(names: &[String], fits: impl Fn(&ModelInfo) -> bool) -> Result<Vec<&'static ModelInfo>, Failure> {
    if !names.is_empty() {
        return chosen(names);
    }
    let fitting: Vec<&ModelInfo> = chosen(&[])?.into_iter().filter(|info| fits(info)).collect();
    Ok(if fitting.is_empty() { vec![&MODELS[0]] } else { fitting })
}

fn describe(info: &ModelInfo, paint: Paint) -> Result<(), Failure> {
    line(&paint.heading(info.name));
    line(&wrap(info.summary, 2));
    if let Some(why) = info.known_violation {
        line(&wrap(&format!("Known to be violated, and checked only where it is named: {why}"), 2));
    }
    line("");
    line(&format!("  {}", paint.heading("bounds, and the instances of each profile")));
    for (index, bound) in info.bounds.iter().enumerate() {
        let defaults: Vec<String> = (Profile::ALL.iter())
            .map(|profile| {
                let values: Vec<String> = (info.profile)(*profile).iter().map(|values| values[index].to_string()).collect();
                format!("{} {}", profile.name(), values.join("/"))
            })
            .collect();
        line(&format!("    --{:<20} {}", bound.name, bound.meaning));
        line(&format!("      {:<20} {}", "", defaults.join("   ")));
    }
    line("");
    line(&format!("  {}", paint.heading("properties")));
    let smallest = (info.profile)(Profile::Quick).remove(0);
    with_model(info.name, &smallest, &Rules::default(), Properties)?;
    line("");
    line(&format!("  {}", paint.heading("guards that --waive takes")));
    line(&wrap(&(info.guards)().join(", "), 4));
    line("");
    line(&format!("  {}", paint.heading("mutants")));
    for mutant in (info.mutants)() {
        line(&format!("    {}", mutant.id));
        line(&wrap(mutant.change, 6));
        match mutant.expected {
            Expected::Dies(property) => line(&wrap(&format!("breaks {property}"), 6)),
            Expected::Equivalent(why) => line(&wrap(&format!("equivalent: {why}"), 6)),
        }
    }
    line("");
    Ok(())
}

struct Properties;

impl Visitor for Properties {
    type Output = ();

    fn visit<M: Specification + Clone + 'static>(self, model: M) {
        for claim in model.claims() {
            line(&format!("    {} ({})", claim.name, claim.check.kind()));
            line(&wrap(&format!("{}. Source: {}", claim.meaning, claim.source), 6));
        }
    }
}
