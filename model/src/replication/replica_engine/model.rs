//! The environment: `Init` and `Next` of the module.

use serde::{Deserialize, Serialize};
use stateright::Model;

use super::claims;
use super::rules::{DocumentEngine, EngineRejection, EngineRules, Next};
use super::state::{EngineState, Label, Locals, Process};
use super::types::{Content, Kind, MAX_REQUESTS, Request, Seq, Timestamp};
use crate::property::Property;
use crate::specification::{Bound, BoundKind, ClassId, Fairness, GuardId, Specification, StepView};
use crate::specification::{BoundError, in_range};

/// The instance: what the module's constants are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineBounds {
    /// `request_count \in 1..requests`.
    pub requests: u64,
    /// `DuplicationLimit`: how often requests are repeated in all.
    pub duplication_limit: u64,
    /// The size of `DocContent`.
    pub document_contents: u64,
}

impl EngineBounds {
    /// Refuses what makes no sense or what a state cannot hold.
    pub fn validate(&self) -> Result<(), BoundError> {
        in_range("requests", self.requests, 1, MAX_REQUESTS as u64)?;
        in_range("duplication-limit", self.duplication_limit, 0, 250)?;
        in_range("document-contents", self.document_contents, 1, 250)
    }
}

/// The model: Elastic's TLA+ module `ReplicaEngine`.
#[derive(Clone, Debug)]
pub struct ReplicaEngine {
    rules: EngineRules,
    bounds: EngineBounds,
}

/// How the consumer takes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Take {
    /// It does not come again.
    Once,
    /// It comes again: an append as a retry, anything else as it is.
    AndAgain,
    /// An append comes as a retry first.
    RetryFirst,
}

/// A step of a process: one disjunct of `Next` with its choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "action")]
pub enum EngineAction {
    /// A process other than the consumer takes its one step, or ends because the consumer has.
    Step {
        /// Which.
        process: Process,
    },
    /// Retries of other documents raise the highest unsafe timestamp.
    IncreaseTimestamp {
        /// To this.
        to: Timestamp,
    },
    /// The consumer takes a request and begins to plan.
    Consume {
        /// Which.
        seq_no: Seq,
        /// And what is left of it.
        take: Take,
    },
    /// The consumer goes on from where it is.
    Continue,
    /// Nothing happens after the end: the disjunct that keeps it from being a deadlock.
    Terminated,
}

use EngineAction::{Consume, Continue, IncreaseTimestamp, Step, Terminated};

impl ReplicaEngine {
    /// The model with these rules and bounds.
    pub fn new(rules: EngineRules, bounds: EngineBounds) -> Result<Self, BoundError> {
        bounds.validate()?;
        Ok(ReplicaEngine { rules, bounds })
    }

    fn take(
        &self,
        state: &EngineState,
        action: &EngineAction,
        refused: &mut dyn FnMut(EngineRejection),
    ) -> Result<EngineState, EngineRejection> {
        let mut next = state.clone();
        match *action {
            Step { process } => self.other_process(&mut next, process)?,
            IncreaseTimestamp { to } => {
                let running = state.consumer != Label::Done && to != Timestamp::Zero;
                let at_label = running && !state.has_ended(Process::MaxUnsafeAutoIdTimestampIncreaser);
                self.at(at_label)?;
                self.rules.require(EngineRejection::TimestampNotNewer, state.engine.max_unsafe_timestamp < to)?;
                next.engine.max_unsafe_timestamp = to;
            }
            Consume { seq_no, take } => self.consume(&mut next, seq_no, take, refused)?,
            Continue => self.go_on(&mut next, refused)?,
            Terminated => self.at(state.is_terminated())?,
        }
        Ok(next)
    }

    fn at(&self, here: bool) -> Result<(), EngineRejection> {
        if here { Ok(()) } else { Err(EngineRejection::NotAtThisLabel) }
    }

    /// A step of a process that lives as long as the consumer.
    fn other_process(&self, state: &mut EngineState, process: Process) -> Result<(), EngineRejection> {
        self.at(!state.has_ended(process))?;
        let (rules, engine) = (&self.rules, &mut state.engine);
        let consumer_runs = state.consumer != Label::Done;
        let runs = match process {
            Process::ReplicaLucene => consumer_runs || !engine.lucene_buffer.is_empty(),
            Process::UnsafeSeqnoIncreaser => consumer_runs && engine.max_non_append_only < state.request_count + 1,
            _ => consumer_runs,
        };
        if !runs {
            state.ended |= 1 << process as u8;
            return Ok(());
        }
        match process {
            Process::SafeAccessEnabler => engine.needs_safe_access = !engine.needs_safe_access,
            Process::UnsafePutter => {
                rules.require(EngineRejection::SafeAccessRequired, !engine.needs_safe_access)?;
                engine.is_unsafe = true;
            }
            Process::MaxUnsafeAutoIdTimestampIncreaser => return Err(EngineRejection::NotAtThisLabel),
            Process::ReplicaLucene => engine.refresh(rules),
            Process::DeleteCollector => engine.collect_tombstone(rules)?,
            Process::LocalCheckpointTracker => engine.advance_local_checkpoint(rules)?,
            Process::UnsafeSeqnoIncreaser => engine.max_non_append_only += 1,
        }
        Ok(())
    }

    /// `ConsumerLoop` with a request.
    fn consume(
        &self,
        state: &mut EngineState,
        seq_no: Seq,
        take: Take,
        refused: &mut dyn FnMut(EngineRejection),
    ) -> Result<(), EngineRejection> {
        let slot = &mut state.requests[usize::from(seq_no) - 1];
        let (true, Some(request)) = (state.consumer == Label::ConsumerLoop, *slot) else {
            return Err(EngineRejection::NotAtThisLabel);
        };
        let retry = Request { kind: Kind::RetryAdd, ..request };
        let append = request.kind == Kind::Add;
        self.at(append || take != Take::RetryFirst)?;
        let mut taken = request;
        if take == Take::Once {
            *slot = None;
        } else {
            let left = u64::from(state.duplications) < self.bounds.duplication_limit;
            self.rules.require(EngineRejection::DuplicationLimitReached, left)?;
            state.duplications += 1;
            match take {
                Take::AndAgain if append => *slot = Some(retry),
                Take::RetryFirst => taken = retry,
                _ => {}
            }
        }
        state.locals.request = Some(taken);
        let (rules, engine, locals) = (&self.rules, &mut state.engine, &mut state.locals);
        state.consumer = if taken.kind == Kind::Delete {
            match engine.plan_deletion(rules, &taken, refused) {
                Next::Execute(plan) => {
                    locals.set_deletion(&plan);
                    Label::ExecuteDeletePlan
                }
                Next::Compare => Label::CompareDelete,
                Next::AwaitRefresh => Label::AwaitRefreshOnDelete,
            }
        } else {
            match engine.plan_indexing(rules, &taken, refused) {
                Next::Execute(plan) => {
                    locals.set_indexing(&plan);
                    Label::ExecuteIndexPlan
                }
                Next::Compare => Label::CompareIndex,
                Next::AwaitRefresh => Label::AwaitRefreshOnIndex,
            }
        };
        Ok(())
    }

    /// The consumer's other labels, and the end of its loop.
    fn go_on(&self, state: &mut EngineState, refused: &mut dyn FnMut(EngineRejection)) -> Result<(), EngineRejection> {
        let (rules, engine, locals) = (&self.rules, &mut state.engine, &mut state.locals);
        if state.consumer == Label::ConsumerLoop {
            self.at(state.requests.iter().all(Option::is_none))?;
            state.consumer = Label::Done;
            return Ok(());
        }
        let (Some(request), true) = (locals.request, state.consumer != Label::Done) else {
            return Err(EngineRejection::NotAtThisLabel);
        };
        state.consumer = match state.consumer {
            Label::AwaitRefreshOnDelete => {
                engine.refreshed(rules)?;
                Label::CompareDelete
            }
            Label::CompareDelete => {
                locals.set_deletion(&engine.compare_deletion(rules, &request, refused));
                Label::ExecuteDeletePlan
            }
            Label::AwaitRefreshOnIndex => {
                engine.refreshed(rules)?;
                Label::CompareIndex
            }
            Label::CompareIndex => {
                locals.set_indexing(&engine.compare_indexing(rules, &request, refused));
                Label::ExecuteIndexPlan
            }
            Label::ExecuteDeletePlan => {
                let plan = locals.deletion().ok_or(EngineRejection::NotAtThisLabel)?;
                engine.execute_deletion(rules, request.seq_no, &plan);
                Label::ConsumerLoop
            }
            Label::ExecuteIndexPlan => {
                let plan = locals.indexing().ok_or(EngineRejection::NotAtThisLabel)?;
                engine.execute_indexing(rules, &request, &plan);
                Label::ConsumerLoop
            }
            at_rest @ (Label::ConsumerLoop | Label::Done) => at_rest,
        };
        Ok(())
    }

    /// Every disjunct of `Next`, whether its guards hold or not; of the consumer
    /// and of the end, those whose program counter is right.
    fn attempts(&self, state: &EngineState, mut attempt: impl FnMut(EngineAction)) {
        let consumer_runs = state.consumer != Label::Done;
        for process in Process::ALL {
            if process == Process::MaxUnsafeAutoIdTimestampIncreaser && consumer_runs {
                Timestamp::ALL[1..].iter().for_each(|to| attempt(IncreaseTimestamp { to: *to }));
            } else {
                attempt(Step { process });
            }
        }
        if state.consumer == Label::ConsumerLoop && state.requests.iter().any(Option::is_some) {
            for request in state.requests.iter().flatten() {
                let seq_no = request.seq_no;
                attempt(Consume { seq_no, take: Take::Once });
                attempt(Consume { seq_no, take: Take::AndAgain });
                if request.kind == Kind::Add {
                    attempt(Consume { seq_no, take: Take::RetryFirst });
                }
            }
        } else if consumer_runs {
            attempt(Continue);
        }
        if state.is_terminated() {
            attempt(Terminated);
        }
    }

    /// `Request(request_count)` with sequence number `seq_no`.
    fn requests_at(&self, seq_no: Seq) -> Vec<Request> {
        let contents = || 0..self.bounds.document_contents as Content;
        let writes = |kind| contents().map(move |content| Request { kind, seq_no, content });
        let mut requests: Vec<Request> = writes(Kind::RetryAdd).chain(writes(Kind::Update)).collect();
        requests.push(Request { kind: Kind::Delete, seq_no, content: 0 });
        if seq_no == 1 {
            requests.extend(writes(Kind::Add));
        }
        requests
    }

    /// `RequestSet(request_count)`: one request for each sequence number, all appends alike.
    fn request_sets(&self, request_count: u8) -> Vec<Vec<Request>> {
        let extended = |sets: Vec<Vec<Request>>, seq_no: Seq| -> Vec<Vec<Request>> {
            let requests = self.requests_at(seq_no);
            let with = |set: &Vec<Request>, request: &Request| set.iter().chain([request]).copied().collect();
            sets.iter().flat_map(|set| requests.iter().map(move |request| with(set, request))).collect()
        };
        let mut sets = (1..=request_count).fold(vec![Vec::new()], extended);
        sets.retain(|set| {
            let mut appends = set.iter().filter(|request| matches!(request.kind, Kind::Add | Kind::RetryAdd));
            let first = appends.next();
            appends.all(|request| Some(request.content) == first.map(|first| first.content))
        });
        sets
    }
}

impl Model for ReplicaEngine {
    type State = EngineState;
    type Action = EngineAction;

    fn init_states(&self) -> Vec<EngineState> {
        let mut states = Vec::new();
        for request_count in 1..=self.bounds.requests as u8 {
            for set in self.request_sets(request_count) {
                let mut requests = [None; MAX_REQUESTS];
                for (slot, request) in requests.iter_mut().zip(&set) {
                    *slot = Some(*request);
                }
                for timestamp in Timestamp::ALL {
                    states.push(EngineState {
                        request_count,
                        requests,
                        expected: set.last().and_then(Request::result),
                        engine: DocumentEngine::new(timestamp),
                        duplications: 0,
                        locals: Locals::default(),
                        consumer: Label::ConsumerLoop,
                        ended: 0,
                    });
                }
            }
        }
        states
    }

    fn actions(&self, state: &EngineState, actions: &mut Vec<EngineAction>) {
        self.attempts(state, |action| actions.push(action));
    }

    fn next_state(&self, state: &EngineState, action: EngineAction) -> Option<EngineState> {
        self.take(state, &action, &mut |_| {}).ok()
    }

    fn format_action(&self, action: &EngineAction) -> String {
        match action {
            Step { process } => format!("{process:?}"),
            IncreaseTimestamp { to } => format!("MaxUnsafeAutoIdTimestampIncreaser({to:?})"),
            Consume { seq_no, take } => format!("Consumer(request {seq_no}, {take:?})"),
            Continue => String::from("Consumer"),
            Terminated => String::from("Terminated"),
        }
    }
}

fn guard_id(rejection: EngineRejection) -> GuardId {
    GuardId(rejection as u16)
}

/// The index of the consumer among the processes.
const CONSUMER: usize = Process::ALL.len();

impl EngineAction {
    /// The process that takes the step, by its place in [`Process::ALL`]; the
    /// consumer comes after these, and then the end.
    pub fn process(&self) -> usize {
        match self {
            Step { process } => *process as usize,
            IncreaseTimestamp { .. } => Process::MaxUnsafeAutoIdTimestampIncreaser as usize,
            Consume { .. } | Continue => CONSUMER,
            Terminated => CONSUMER + 1,
        }
    }
}

impl Specification for ReplicaEngine {
    fn name(&self) -> String {
        String::from("replica-engine")
    }

    fn bounds(&self) -> Vec<Bound> {
        let bound = |name, value| Bound { name, value, kind: BoundKind::Size };
        vec![
            bound("requests", self.bounds.requests),
            bound("duplication-limit", self.bounds.duplication_limit),
            bound("document-contents", self.bounds.document_contents),
        ]
    }

    fn guards(&self) -> Vec<&'static str> {
        EngineRejection::ALL.iter().map(|guard| guard.name()).collect()
    }

    fn action_classes(&self) -> Vec<&'static str> {
        vec![
            "SafeAccessEnabler",
            "UnsafePutter",
            "MaxUnsafeAutoIdTimestampIncreaser",
            "ReplicaLucene",
            "DeleteCollector",
            "LocalCheckpointTracker",
            "UnsafeSeqnoIncreaser",
            "Consumer",
            "Terminated",
        ]
    }

    fn class_of(&self, action: &EngineAction) -> ClassId {
        ClassId(action.process() as u16)
    }

    fn step(&self, state: &EngineState, action: &EngineAction) -> Result<EngineState, GuardId> {
        self.take(state, action, &mut |_| {}).map_err(guard_id)
    }

    fn successors(&self, state: &EngineState, mut visit: impl FnMut(EngineAction, Result<EngineState, GuardId>)) {
        self.attempts(state, |action| visit(action, self.step(state, &action)));
    }

    /// The consumer's plans are what guards decide on the way.
    fn inner_refusals(&self, state: &EngineState, action: &EngineAction, mut visit: impl FnMut(GuardId)) {
        if matches!(action, Consume { .. } | Continue) {
            _ = self.take(state, action, &mut |rejection| visit(guard_id(rejection)));
        }
    }

    /// Every process goes on, if it can.
    fn fairness(&self, action: &EngineAction) -> Fairness {
        if *action == Terminated { Fairness::None } else { Fairness::Weak }
    }

    fn claims(&self) -> Vec<Property<Self>> {
        claims::claims()
    }

    fn lanes(&self) -> Vec<String> {
        self.action_classes()[..=CONSUMER].iter().map(|name| String::from(*name)).collect()
    }

    fn view(&self, _before: &EngineState, action: &EngineAction, _after: &EngineState) -> StepView {
        let lane = (*action != Terminated).then(|| action.process());
        StepView { title: self.format_action(action), lane, ..StepView::default() }
    }
}
