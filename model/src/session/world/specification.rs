//! What engines and traces know of the model `session`.

use stateright::Model;

use super::state::{Letter, SessionAction, SessionState};
use super::{Refusal, SessionWorld, claims, other};
use crate::property::Property;
use crate::session::{Body, Packet};
use crate::specification::{Bound, BoundKind, ClassId, Fairness, GuardId, MessageView, Specification, StepView};

/// The guards that a step can end at. The others of sessions refuse what no
/// process of this model sends. In the consuming set a dropped packet is used
/// up, which is a change, so that only the first two refuse there.
const REFUSALS: [&str; 6] = ["Nothing", "NotOwed", "OldSender", "Departed", "OldReceiver", "Duplicate"];

impl Model for SessionWorld {
    type State = SessionState;
    type Action = SessionAction;

    fn init_states(&self) -> Vec<SessionState> {
        vec![self.initial()]
    }

    fn actions(&self, state: &SessionState, actions: &mut Vec<SessionAction>) {
        self.list(state, actions);
    }

    fn next_state(&self, before: &SessionState, action: SessionAction) -> Option<SessionState> {
        self.take(before, &action).ok()
    }

    fn format_action(&self, action: &SessionAction) -> String {
        let class = SessionAction::CLASSES[action.class()];
        let name = |process: u8| if process == 0 { "a" } else { "b" };
        match (action.packet(), action) {
            (Some(packet), _) => format!("{class}({}, {})", name(action.process()), text(packet)),
            (None, SessionAction::Answer(process, caller)) => format!("{class}({}, request {})", name(*process), caller.request),
            _ => format!("{class}({})", name(action.process())),
        }
    }
}

impl Specification for SessionWorld {
    fn name(&self) -> String {
        String::from("session")
    }

    fn bounds(&self) -> Vec<Bound> {
        let network = Bound { name: "network", value: self.network as u64, kind: BoundKind::Size };
        let budget = Self::named(&self.budget).into_iter();
        let bound = |(name, value): (&'static str, u8)| Bound { name, value: u64::from(value), kind: BoundKind::Budget };
        std::iter::once(network).chain(budget.map(bound)).collect()
    }

    fn guards(&self) -> Vec<&'static str> {
        REFUSALS.to_vec()
    }

    fn action_classes(&self) -> Vec<&'static str> {
        SessionAction::CLASSES.to_vec()
    }

    fn class_of(&self, action: &SessionAction) -> ClassId {
        ClassId(action.class() as u16)
    }

    fn step(&self, state: &SessionState, action: &SessionAction) -> Result<SessionState, GuardId> {
        self.take(state, action).map_err(|refusal| {
            let name = match refusal {
                Refusal::Dropped(reason) => reason.name(),
                Refusal::NotAnswered(reason) => reason.name(),
                Refusal::Nothing => REFUSALS[0],
            };
            GuardId(REFUSALS.iter().position(|guard| *guard == name).unwrap_or(0) as u16)
        })
    }

    /// What is under way arrives, time passes, answers are given, and a peer that
    /// is no more is given up. Everything else may happen or not.
    fn fairness(&self, action: &SessionAction) -> Fairness {
        match action {
            SessionAction::Arrive(..) | SessionAction::Tick(_) | SessionAction::Answer(..) | SessionAction::GiveUp(_) => {
                Fairness::Weak
            }
            _ => Fairness::None,
        }
    }

    fn claims(&self) -> Vec<Property<Self>> {
        claims::claims()
    }

    fn lanes(&self) -> Vec<String> {
        vec![String::from("a"), String::from("b")]
    }

    fn view(&self, before: &SessionState, action: &SessionAction, after: &SessionState) -> StepView {
        let message = |source: u8, packet: &Packet<Letter>| MessageView {
            source: usize::from(source),
            dest: usize::from(other(source)),
            kind: kind(packet).to_owned(),
            text: text(packet),
        };
        let arrives = matches!(action, SessionAction::Arrive(..) | SessionAction::Duplicate(..));
        StepView {
            title: self.format_action(action),
            lane: Some(usize::from(action.process())),
            delivered: action.packet().filter(|_| arrives).map(|packet| message(other(action.process()), packet)),
            sent: after.packets.difference(&before.packets).map(|(source, packet)| message(*source, packet)).collect(),
        }
    }
}

fn kind(packet: &Packet<Letter>) -> &'static str {
    match packet.body {
        Body::Hello => "Hello",
        Body::Welcome => "Welcome",
        Body::Data { payload: Letter::Request { .. }, .. } => "Request",
        Body::Data { payload: Letter::Answer { .. }, .. } => "Answer",
        Body::Ack { .. } => "Ack",
        Body::Goodbye => "Goodbye",
    }
}

fn text(packet: &Packet<Letter>) -> String {
    let lives = format!("{} of life {} for life {}", kind(packet), packet.source, packet.dest);
    match packet.body {
        Body::Data { number, payload: Letter::Request { request, .. } | Letter::Answer { request, .. }, .. } => {
            format!("{lives}, data {number}, request {request}")
        }
        Body::Ack { number } => format!("{lives}, data {number}"),
        Body::Hello => format!("Hello of life {}", packet.source),
        Body::Welcome | Body::Goodbye => lives,
    }
}
