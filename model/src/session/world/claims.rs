//! The clauses of the [contract](crate::session::contract) as properties.

use super::state::{Item, SessionAction, SessionState};
use super::{SessionWorld, other};
use crate::property::{Check, Property, Verdict};
use crate::session::{Body, PeerId};

type World = SessionWorld;

pub(super) fn claims() -> Vec<Property<World>> {
    vec![
        Property::invariant(
            "DeliveredAtMostOnce",
            "ours (C1)",
            "no payload is delivered twice, whoever was restarted",
            |_: &World, s| delivered_at_most_once(s),
        ),
        Property::invariant(
            "DeliveredWasSent",
            "ours (C2)",
            "what is delivered in the name of a process was sent by it",
            |_: &World, s| delivered_was_sent(s),
        ),
        Property::invariant(
            "DeliveredToWhomItWasMeant",
            "ours (C3)",
            "a payload is delivered to the life that it was first transmitted to",
            |_: &World, s| delivered_as_meant(s),
        ),
        Property::invariant(
            "NothingOutdated",
            "ours (C4)",
            "after something of a later life of a peer, or the end of a life, nothing of an earlier one is delivered",
            |_: &World, s: &SessionState| match s.ledger.outdated {
                None => Ok(()),
                Some(delivery) => Err(format!("{delivery:?} came after something newer")),
            },
        ),
        Property::invariant(
            "LossIsTold",
            "ours (C5)",
            "a payload of a living process is delivered, outstanding, or its sender heard of a disconnect",
            |_: &World, s| loss_is_told(s),
        ),
        Property::reachable(
            "LostMayHaveArrived",
            "ours (C6)",
            "a payload that its sender was told is lost has arrived",
            |_, s: &SessionState| s.ledger.delivered.iter().any(|delivery| s.ledger.told_lost.contains(&delivery.item)),
        ),
        Property::reachable(
            "LostMayBeLost",
            "ours (C6)",
            "a payload that its sender was told is lost has not arrived",
            |_, s: &SessionState| {
                s.ledger.told_lost.iter().any(|lost| s.ledger.delivered.iter().all(|delivery| delivery.item != *lost))
            },
        ),
        Property::invariant(
            "SettledOnce",
            "ours (C7)",
            "a request has one answer or one loss, not two of them",
            |_: &World, s| settled_once(s),
        ),
        Property::invariant(
            "AnswersItsOwnQuestion",
            "ours (C8)",
            "what settles a request is the answer to it",
            |_: &World, s: &SessionState| match s.ledger.mixed_up {
                None => Ok(()),
                Some((asked, answered)) => Err(format!("question {asked} was given the answer to question {answered}")),
            },
        ),
        Property::invariant(
            "NothingAfterGoodbye",
            "ours (C9)",
            "after a goodbye nothing of that life is delivered",
            |_: &World, s: &SessionState| match s.ledger.late {
                None => Ok(()),
                Some(delivery) => Err(format!("{delivery:?} came after the goodbye of its sender")),
            },
        ),
        Property::step("GoodbyeIsHeard", "ours (C9)", "a goodbye ends the session for its receiver at once", goodbye_is_heard),
        Property::step(
            "WelcomedIsKnown",
            "ours (C10)",
            "who is told of a life is known to the one who leads it, so that what it writes to that life is taken",
            welcomed_is_known,
        ),
        Property {
            name: "EveryRequestIsSettled",
            source: "ours (C10)",
            meaning: "a request of a living process is answered, or its asker is told that it is lost",
            check: Check::LeadsTo(|_, s| somebody_waits(s), |_, s| !somebody_waits(s)),
        },
        Property::reachable("EverythingIsAnswered", "ours", "all questions can be answered", |_, s: &SessionState| {
            s.budget.asks == [0, 0] && s.ledger.questions.values().all(|asked| asked.answers == 1)
        }),
    ]
}

fn delivered_at_most_once(state: &SessionState) -> Verdict {
    let delivered = &state.ledger.delivered;
    for (position, first) in delivered.iter().enumerate() {
        if let Some(second) = delivered[position + 1..].iter().find(|second| second.item == first.item) {
            return Err(format!("{:?} was delivered to lives {} and {}", first.item, first.receiver, second.receiver));
        }
    }
    Ok(())
}

fn delivered_was_sent(state: &SessionState) -> Verdict {
    let was_sent =
        |item: &Item, incarnation: u64| state.ledger.sent.get(item).is_some_and(|sent| sent.incarnation == incarnation);
    match state.ledger.delivered.iter().find(|delivery| !was_sent(&delivery.item, delivery.sender.incarnation)) {
        None => Ok(()),
        Some(delivery) => Err(format!("{delivery:?} was never sent")),
    }
}

fn delivered_as_meant(state: &SessionState) -> Verdict {
    let meant = |item: &Item| state.ledger.sent.get(item).and_then(|sent| sent.meant);
    match state.ledger.delivered.iter().find(|delivery| meant(&delivery.item).is_some_and(|life| life != delivery.receiver)) {
        None => Ok(()),
        Some(delivery) => Err(format!("{delivery:?} was meant for life {:?}", meant(&delivery.item))),
    }
}

fn loss_is_told(state: &SessionState) -> Verdict {
    for (item, sent) in &state.ledger.sent {
        let process = &state.processes[usize::from(sent.source)];
        let accounted = !process.alive
            || state.ledger.restarts[usize::from(sent.source)] != sent.restarts
            || process.endpoint.outstanding_payloads(PeerId::from(other(sent.source))).any(|letter| letter.item() == *item)
            || state.ledger.delivered.iter().any(|delivery| delivery.item == *item)
            || state.ledger.told_lost.contains(item);
        if !accounted {
            return Err(format!("{item:?} is lost, and its sender does not know"));
        }
    }
    Ok(())
}

fn settled_once(state: &SessionState) -> Verdict {
    match state.ledger.questions.iter().find(|(_, asked)| asked.answers + asked.losses > 1) {
        None => Ok(()),
        Some((question, asked)) => {
            Err(format!("question {question} was answered {} times and lost {} times", asked.answers, asked.losses))
        }
    }
}

fn welcomed_is_known(_: &World, before: &SessionState, action: &SessionAction, after: &SessionState) -> Verdict {
    let process = action.process();
    let knows = after.processes[usize::from(process)].endpoint.knows(PeerId::from(other(process)));
    let mut welcomes = after.packets.difference(&before.packets).filter(|(_, packet)| matches!(packet.body, Body::Welcome));
    match welcomes.next() {
        Some((_, packet)) if !knows => Err(format!("life {} is told of life {} and not known to it", packet.dest, packet.source)),
        _ => Ok(()),
    }
}

fn goodbye_is_heard(_: &World, before: &SessionState, action: &SessionAction, after: &SessionState) -> Verdict {
    let process = action.process();
    let Some(packet) = action.packet().filter(|_| !matches!(action, SessionAction::Lose(..))) else { return Ok(()) };
    let (endpoint, peer) = (&before.processes[usize::from(process)].endpoint, PeerId::from(other(process)));
    let meant = packet.source == endpoint.life_of(peer) && packet.dest == endpoint.life_towards(peer);
    let ends = matches!(packet.body, Body::Goodbye) && meant && endpoint.is_connected(peer);
    if !ends || after.ledger.parted[usize::from(process)].contains(&packet.source) {
        return Ok(());
    }
    Err(format!("the goodbye of life {} arrives, and the session goes on", packet.source))
}

/// Whether a living process has a question that is not settled.
fn somebody_waits(state: &SessionState) -> bool {
    state.ledger.questions.values().any(|asked| {
        let process = &state.processes[usize::from(asked.source)];
        let lives = process.alive && state.ledger.restarts[usize::from(asked.source)] == asked.restarts;
        lives && asked.answers + asked.losses == 0
    })
}
