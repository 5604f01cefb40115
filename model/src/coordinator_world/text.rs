//! Messages in words.

use crate::coordinator::{ClusterChange, CoordinatorMsg, JoinRequest, NotPublished, Publication, PublicationOutcome};

pub(super) fn message_text(message: &CoordinatorMsg<u8>) -> String {
    match message {
        CoordinatorMsg::PeersRequest { known } => format!("knows {known}"),
        CoordinatorMsg::PeersResponse { leader: Some(leader), term, .. } => format!("leader {leader}, term {term}"),
        CoordinatorMsg::PeersResponse { leader: None, known, term } => format!("no leader, knows {known}, term {term}"),
        CoordinatorMsg::PreVoteRequest { term } => format!("term {term}"),
        CoordinatorMsg::PreVoteResponse { term, accepted } => format!("term {term}, accepted {accepted}"),
        CoordinatorMsg::StartJoin { candidate, term } => format!("for {candidate}, term {term}"),
        CoordinatorMsg::Join(JoinRequest { vote: Some(join), .. }) => {
            format!("vote in term {}, accepted (t{},v{})", join.term, join.last_accepted_term, join.last_accepted_version)
        }
        CoordinatorMsg::Join(JoinRequest { minimum_term, vote: None }) => format!("no vote, term {minimum_term}"),
        CoordinatorMsg::JoinResponse { accepted } => (if *accepted { "let in" } else { "refused" }).to_owned(),
        CoordinatorMsg::ValidateJoin { cluster_uuid } => format!("cluster {cluster_uuid}"),
        CoordinatorMsg::JoinValidated { valid } => (if *valid { "valid" } else { "invalid" }).to_owned(),
        CoordinatorMsg::Publish(Publication::Full(state)) => format!(
            "{} value {}, members {}, configuration {}, committed {}",
            state.id(),
            state.value.value,
            state.value.members.nodes,
            state.config,
            state.committed_config
        ),
        CoordinatorMsg::Publish(Publication::Diff(diff)) => format!("{} as difference to {}", diff.state.id(), diff.base),
        CoordinatorMsg::PublishResponse { id, vote } => format!("{id}{}", if vote.is_some() { " with vote" } else { "" }),
        CoordinatorMsg::PublishRefused { id, needs_full_state } => {
            format!("{id}{}", if *needs_full_state { ": needs the full state" } else { "" })
        }
        CoordinatorMsg::Commit(id) | CoordinatorMsg::Applied(id) => id.to_string(),
        CoordinatorMsg::FollowerCheck { term } => format!("term {term}"),
        CoordinatorMsg::FollowerCheckResponse { term, follows } => {
            format!("term {term}: {}", if *follows { "follows" } else { "does not follow" })
        }
        CoordinatorMsg::LeaderCheck | CoordinatorMsg::Disconnected => String::new(),
        CoordinatorMsg::LeaderCheckResponse { leads } => (if *leads { "leads" } else { "does not lead" }).to_owned(),
        CoordinatorMsg::Health { healthy } => (if *healthy { "healthy" } else { "unhealthy" }).to_owned(),
        CoordinatorMsg::Submit { change, .. } => match change {
            ClusterChange::Value(value) => format!("value {value}"),
            ClusterChange::AddVotingConfigExclusions(nodes) => format!("exclude {nodes} from voting"),
            ClusterChange::ClearVotingConfigExclusions => String::from("clear voting exclusions"),
        },
        CoordinatorMsg::Outcome { outcome, .. } => match outcome {
            PublicationOutcome::Committed(id) => format!("committed as {id}"),
            PublicationOutcome::NotPublished(NotPublished::NotLeader) => String::from("not published: not the leader"),
            PublicationOutcome::NotPublished(NotPublished::Busy) => String::from("not published: busy"),
            PublicationOutcome::NotPublished(NotPublished::Refused) => String::from("not published: refused"),
            PublicationOutcome::NotPublished(NotPublished::TooManyExclusions) => {
                String::from("not published: too many exclusions")
            }
            PublicationOutcome::Unknown => String::from("not known whether it was published"),
        },
    }
}
