//! How a node stands to its database.

use watchbook_store::StoreError;
use watchbook_store::auto::{AutoStatus, AutoStore, Condition, Phase};

use crate::show::text::{counted, line};

use super::{Check, bad, good, warning};

/// How the node stands to its database, which is tried if that is due.
///
/// # Errors
/// What is found when no command can work with the node.
pub(super) async fn standing(node: &AutoStore) -> Result<Vec<Check>, Check> {
    let unusable = |error: StoreError| bad("auto", error.to_string());
    node.start().await.map_err(unusable)?;
    node.status()
        .await
        .map(|status| checks(&status))
        .map_err(unusable)
}

fn checks(status: &AutoStatus) -> Vec<Check> {
    let mut checks = vec![phase(status)];
    if let Some(first) = status.quarantined.first() {
        let (log, n, why) = (first.generation, first.n, line(&first.why));
        checks.push(bad(
            "auto",
            format!(
                "{} could not be brought into the database, the first: log {log}, commit {n}: {why}; `watchbook auto status` lists them",
                count(status.quarantined.len() as u64)
            ),
        ));
    }
    checks
}

fn phase(status: &AutoStatus) -> Check {
    let Condition {
        phase,
        epoch: _,
        since,
        why,
        needs_hands,
        next_try,
        generation: _,
        store: _,
    } = &status.condition;
    let since = since.map_or_else(String::new, |since| format!(" since {since}"));
    let why = why.as_deref().map(line).unwrap_or_default();
    let waiting = count(status.pending);
    match phase {
        Phase::Primary if status.followed.is_none() => warning(
            "auto",
            "writes go to the database; the local copy is not complete, so without the database older incidents are missing here; a server makes it, or `watchbook auto retry`",
        ),
        Phase::Primary => good(
            "auto",
            "writes go to the database, and the local copy is complete",
        ),
        Phase::Degraded if *needs_hands => bad(
            "auto",
            format!(
                "the database cannot be used{since} until somebody corrects it, then `watchbook auto retry`: {why}; {waiting} waiting here"
            ),
        ),
        Phase::Degraded => {
            let next = next_try.map_or_else(String::new, |at| format!(", and is tried at {at}"));
            warning(
                "auto",
                format!("the database is lost{since}{next}: {why}; {waiting} waiting here"),
            )
        }
        Phase::Replaying => warning(
            "auto",
            format!("the database is back, and takes in what was written here: {waiting} to go"),
        ),
    }
}

fn count(commits: u64) -> String {
    counted(usize::try_from(commits).unwrap_or(usize::MAX), "commit")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use watchbook_core::Timestamp;
    use watchbook_store::FeedPosition;
    use watchbook_store::auto::{AutoCounts, Quarantined};

    use super::*;

    fn status(condition: Condition) -> AutoStatus {
        AutoStatus {
            condition,
            pending: 3,
            followed: Some(FeedPosition {
                epoch: 1,
                transaction: 2,
                number: 3,
            }),
            quarantined: Vec::new(),
            counts: AutoCounts::default(),
        }
    }

    fn lost(phase: Phase, needs_hands: bool) -> Condition {
        let at = Timestamp::from_millis(1_771_840_800_000);
        Condition {
            phase,
            since: Some(at),
            why: Some("it does not answer".to_owned()),
            needs_hands,
            next_try: Some(at.plus(Duration::from_mins(5))),
            ..Condition::first()
        }
    }

    #[test]
    fn each_condition_has_its_verdict() {
        let without_copy = AutoStatus {
            followed: None,
            ..status(Condition::first())
        };
        let left_out = Quarantined {
            generation: 2,
            n: 12,
            why: "the incident is full".to_owned(),
        };
        let quarantined = AutoStatus {
            quarantined: vec![left_out],
            ..status(Condition::first())
        };
        let told: Vec<String> = [
            status(Condition::first()),
            without_copy,
            status(lost(Phase::Degraded, false)),
            status(lost(Phase::Degraded, true)),
            status(lost(Phase::Replaying, false)),
            quarantined,
        ]
        .iter()
        .flat_map(checks)
        .map(|check| format!("{} {}", check.verdict.word(), check.says))
        .collect();
        insta::assert_snapshot!(told.join("\n"));
    }
}
