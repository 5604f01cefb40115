//! `quorate graph`: the state graph of a small instance.

use clap::Args as ClapArgs;
use quorate_checker::graph::{GraphError, dot};
use quorate_checker::registry::{Profile, Rules, Visitor, find, with_model};
use quorate_model::Specification;

use crate::bounds::BoundArgs;
use crate::{Conclusion, Failure};

/// Print the state graph of a small instance as Graphviz DOT
#[derive(ClapArgs)]
#[command(after_help = "Examples:
  quorate graph zen-with-terms --nodes 1 --max-term 1 --max-version 1 --max-messages 5 > graph.dot
  quorate graph zen-with-terms --nodes 1 --max-term 1 --max-messages 8 | dot -Tsvg > graph.svg")]
pub struct Args {
    /// The model
    #[arg(value_name = "MODEL")]
    model: String,
    #[command(flatten)]
    bounds: BoundArgs,
    /// Refuse above this many states
    #[arg(long, value_name = "N", default_value_t = 2000)]
    limit: u32,
}

pub fn run(args: &Args) -> Result<Conclusion, Failure> {
    let info = find(&args.model)?;
    let smallest = (info.profile)(Profile::Quick).remove(0);
    let bounds = info.with_bounds(&smallest, &args.bounds.0)?;
    let text = with_model(info.name, &bounds, &Rules::default(), Draw { limit: args.limit as usize })??;
    crate::output::line(&text);
    Ok(Conclusion::Holds)
}

struct Draw {
    limit: usize,
}

impl Visitor for Draw {
    type Output = Result<String, GraphError>;

    fn visit<M: Specification + Clone + 'static>(self, model: M) -> Result<String, GraphError> {
        dot(&model, self.limit)
    }
}
