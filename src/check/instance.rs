//! One run: a model at some bounds.

use std::path::{Path, PathBuf};

use quorate_checker::registry::{Rules, Visitor};
use quorate_checker::{Control, Options, Outcome, PropertyOutcome, Report, Verdict, check, liveness};
use quorate_model::Specification;
use quorate_traces::table::{TableOptions, render_steps};
use quorate_traces::{Trace, TraceInfo, itf, rules_json};

use crate::Failure;
use crate::output::{WIDTH, write_to};

/// Columns before the table of a trace.
pub const MARGIN: usize = 4;

/// Checks a model and reports it.
pub struct Checking<'a> {
    pub options: &'a Options,
    pub control: &'a Control,
    pub rules: &'a Rules,
    /// Leaves out what is decided after safety.
    pub safety_only: bool,
    /// Where traces are written.
    pub trace_dir: Option<&'a Path>,
    /// Whether the table of a trace has colours.
    pub colour: bool,
}

impl Visitor for Checking<'_> {
    type Output = Result<Report, Failure>;

    fn visit<M: Specification + Clone + 'static>(self, model: M) -> Result<Report, Failure> {
        if !self.safety_only {
            liveness::admits(&model, self.options)?;
        }
        let mut outcome = check(&model, self.options, self.control);
        let weak =
            if self.safety_only { Vec::new() } else { liveness::complete(&model, self.options, self.control, &mut outcome)? };
        let mut report = Report::of(&model, &outcome);
        report.not_covered.extend(weak);
        report.changed_rules = self.rules.mutant.iter().chain(&self.rules.waived).cloned().collect();
        self.add_traces(&model, &outcome, &mut report)?;
        Ok(report)
    }
}

impl Checking<'_> {
    /// Writes the trace of each violation, if that is wanted, and draws the first.
    fn add_traces<M: Specification>(&self, model: &M, outcome: &Outcome<M>, report: &mut Report) -> Result<(), Failure> {
        let names: Vec<String> = report.properties.iter().map(|property| report.trace_name(property)).collect();
        let mut drawn = false;
        for ((property, entry), name) in outcome.properties.iter().zip(&mut report.properties).zip(names) {
            let Some(trace) = self.trace_of(model, property) else { continue };
            if !drawn {
                drawn = true;
                let options =
                    TableOptions { width: WIDTH - MARGIN, colour: self.colour, diff: true, from: 1, ..TableOptions::default() };
                entry.table = Some(render_steps(&trace, &options));
            }
            if let Some(dir) = self.trace_dir {
                let (file, text) = (dir.join(name), itf::to_string(&trace));
                write_to(&file, text.trim_end())?;
                // The page beside it opens in any browser, without this program.
                let page = PathBuf::from(file.display().to_string().replace(".itf.json", ".html"));
                write_to(&page, quorate_traces::page::embed(&text).trim_end())?;
                entry.trace_file = Some(file.display().to_string());
            }
        }
        Ok(())
    }

    fn trace_of<M: Specification>(&self, model: &M, property: &PropertyOutcome<M>) -> Option<Trace> {
        let path = property.path.as_ref().filter(|_| property.verdict == Verdict::Violated)?;
        let info = TraceInfo {
            rules: rules_json(self.rules.mutant.as_deref(), &self.rules.waived),
            property: property.name.clone(),
            kind: property.kind.to_owned(),
            verdict: String::from("violated"),
            witness: property.reason.clone().unwrap_or_default(),
            ..TraceInfo::default()
        };
        Some(Trace::of_path(model, path, &info))
    }
}
