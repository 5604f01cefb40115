//! What a submitter learns, and when: acknowledgements are `Applied`, the
//! leader's own comes last and is the answer to the client.

use quorate_model::coordinator::{CoordinatorMsg, Mode, Policy};

use super::super::clients::Fate;
use super::super::cluster::{DEFAULT_DELAY_VARIABILITY_MS, Step};
use super::super::links::LinkStatus;
use super::super::times;
use super::{Bench, NoticedBy, Scenario};

pub(super) fn scenarios<R: Policy>() -> Vec<Scenario<R>> {
    vec![
        Scenario {
            name: "ack-listener-receives-acks-from-all-nodes",
            original: "testAckListenerReceivesAcksFromAllNodes",
            shows: "every node has applied a change when its submitter hears of it, the leader last",
            fails_under: "LX06",
            noticed_by: NoticedBy::Itself,
            story: acks_from_all_nodes,
        },
        Scenario {
            name: "ack-listener-receives-no-ack-from-hanging-follower",
            original: "testAckListenerReceivesNoAckFromHangingFollower",
            shows: "a follower that does not answer is waited for until the publication times out",
            fails_under: "LX06",
            noticed_by: NoticedBy::Itself,
            story: hanging_follower,
        },
        Scenario {
            name: "ack-listener-receives-nacks-if-publication-times-out",
            original: "testAckListenerReceivesNacksIfPublicationTimesOut",
            shows: "a change that nobody accepts is of unknown outcome when time is up, and the leader stands down",
            fails_under: "LM13",
            noticed_by: NoticedBy::Itself,
            story: publication_times_out,
        },
        Scenario {
            name: "ack-listener-receives-nacks-if-leader-stands-down",
            original: "testAckListenerReceivesNacksIfLeaderStandsDown",
            shows: "of two leaders in different terms the older cannot publish",
            fails_under: "LX02",
            noticed_by: NoticedBy::Itself,
            story: leader_stands_down,
        },
        Scenario {
            name: "ack-listener-receives-nacks-from-follower-in-higher-term",
            original: "testAckListenerReceivesNacksFromFollowerInHigherTerm",
            shows: "a follower that is a term ahead refuses, the others commit, and a new term brings all together (L6)",
            fails_under: "LX02",
            noticed_by: NoticedBy::Itself,
            story: follower_in_higher_term,
        },
    ]
}

fn acks_from_all_nodes<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(4)?;
    let request = cluster.write(leader, 5, 1)?;
    while cluster.clients.is_awaited(request) {
        cluster.run_task()?;
    }
    let published = cluster.clients.attempt(request).published;
    cluster.expect(published.is_some(), || String::from("the change is not committed"))?;
    for node in cluster.nodes().iter() {
        let applied = cluster.applied(node);
        cluster.expect(applied == published, || format!("{node} has applied {applied:?}, and {published:?} is acknowledged"))?;
    }
    Ok(())
}

fn hanging_follower<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(3)?;
    let follower = cluster.some_follower(leader);
    cluster.set_applier(follower, true);
    let request = cluster.write(leader, 5, 1)?;
    let timeout_ms = cluster.settings().elasticsearch.publish_timeout_ms;
    cluster.run_for(timeout_ms - 1)?;
    cluster.expect(cluster.clients.is_awaited(request), || String::from("the follower was not waited for"))?;
    cluster.run_for(2 * DEFAULT_DELAY_VARIABILITY_MS)?;
    let fate = cluster.clients.attempt(request).fate;
    cluster.expect(matches!(fate, Fate::Saw(_)), || format!("when time is up the submitter hears {fate:?}"))?;
    cluster.heal()?;
    let last = cluster.stabilise()?;
    cluster.updates_reach_everybody(last)
}

fn publication_times_out<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(3)?;
    let term = cluster.term(leader);
    for follower in cluster.followers(leader) {
        cluster.links.set_node(follower, LinkStatus::BlackHole);
    }
    let request = cluster.write(leader, 5, 1)?;
    let timeout_ms = cluster.settings().elasticsearch.publish_timeout_ms;
    cluster.run_for(timeout_ms - 1)?;
    cluster.expect(cluster.clients.is_awaited(request), || String::from("somebody answered for the followers"))?;
    cluster.run_for(2 * DEFAULT_DELAY_VARIABILITY_MS)?;
    let attempt = *cluster.clients.attempt(request);
    cluster.expect(attempt.returned.is_some() && attempt.fate == Fate::Open, || format!("the submitter hears {attempt:?}"))?;
    let mode = cluster.node(leader).map(|state| state.mode);
    cluster.expect(mode == Some(Mode::Candidate) && cluster.term(leader) == term, || format!("{leader} is {mode:?}"))?;
    cluster.heal()?;
    cluster.stabilise().map(|_| ())
}

fn leader_stands_down<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(3)?;
    // The followers are told that it is gone; it is not.
    cluster.links.set_node(leader, LinkStatus::BlackHole);
    for follower in cluster.followers(leader) {
        cluster.inject(follower, leader, CoordinatorMsg::Disconnected)?;
    }
    cluster.run_for(times::election_ms(&cluster.settings().elasticsearch))?;
    let leaders = cluster.leaders();
    cluster.expect(leaders.len() == 2 && leaders.contains(&leader), || format!("{leaders:?} lead"))?;
    let request = cluster.write(leader, 5, 1)?;
    cluster.heal()?;
    cluster.run_for(times::update_ms() * 2)?;
    let attempt = *cluster.clients.attempt(request);
    let refused = attempt.returned.is_some() && attempt.published.is_none();
    cluster.expect(refused, || format!("the older of two leaders says {attempt:?}"))?;
    let last = cluster.stabilise()?;
    cluster.updates_reach_everybody(last)
}

fn follower_in_higher_term<R: Policy>(bench: &Bench<R>) -> Step {
    let (mut cluster, leader) = bench.settled(3)?;
    let (term, follower) = (cluster.term(leader), cluster.some_follower(leader));
    cluster.inject(follower, leader, CoordinatorMsg::StartJoin { candidate: follower, term: term + 1 })?;
    cluster.expect(cluster.term(follower) == term + 1, || format!("{follower} has not entered the next term"))?;
    let request = cluster.write(leader, 5, 1)?;
    cluster.run_for(2 * times::update_ms())?;
    // Which comes first, the change or the news of the term, is open; the answer is not wrong either way.
    cluster.expect(!cluster.clients.is_awaited(request), || format!("the submitter waits for {follower}"))?;
    let last = cluster.settles_so_that(|cluster, last| {
        cluster.expect(cluster.term(last) > term, || format!("{last} still leads in term {term}"))
    })?;
    cluster.updates_reach_everybody(last)
}
