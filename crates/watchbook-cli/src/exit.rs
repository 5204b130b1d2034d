//! Exit codes: the one table from what went wrong to the number a script sees.

use std::process::ExitCode;

use watchbook_api::ErrorCode;
use watchbook_store::StoreError;

/// How a run of the command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// It did what was asked.
    Done,
    /// It was refused, or what was checked is different or damaged.
    Refused,
    /// The command line, its values or the configuration are wrong.
    Usage,
    /// It cannot be done now, or it is not known whether it was done.
    Unavailable,
    /// There is no such incident, file or store.
    NotFound,
    /// The caller is not known, or may not do this.
    Forbidden,
}

impl Exit {
    /// Every way to end, by number.
    pub const ALL: [Self; 6] = [
        Self::Done,
        Self::Refused,
        Self::Usage,
        Self::Unavailable,
        Self::NotFound,
        Self::Forbidden,
    ];

    /// The number that the calling shell sees.
    pub const fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Unavailable => 3,
            Self::NotFound => 4,
            Self::Forbidden => 5,
        }
    }

    /// What it means, for the help text and the manual.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => {
                "refused by the present state, or a check found a difference or damage"
            }
            Self::Usage => "wrong usage, wrong values or wrong configuration",
            Self::Unavailable => "unavailable now, or the outcome is unknown",
            Self::NotFound => "there is no such thing",
            Self::Forbidden => "not known, or not permitted",
        }
    }

    /// How a call ends that was answered with `code`.
    pub const fn of(code: ErrorCode) -> Self {
        match code {
            ErrorCode::Malformed
            | ErrorCode::InvalidParams
            | ErrorCode::UnsupportedMediaType
            | ErrorCode::Misdirected => Self::Usage,
            ErrorCode::Unauthenticated | ErrorCode::Forbidden => Self::Forbidden,
            ErrorCode::NotFound => Self::NotFound,
            ErrorCode::Conflict | ErrorCode::PreconditionFailed | ErrorCode::TooLarge => {
                Self::Refused
            }
            ErrorCode::RateLimited | ErrorCode::Unavailable | ErrorCode::Internal => {
                Self::Unavailable
            }
        }
    }

    /// How the care of a directory ends when the store says this.
    pub const fn of_store(error: &StoreError) -> Self {
        match error {
            StoreError::NotFound { .. } => Self::NotFound,
            StoreError::Refused(_)
            | StoreError::BadArtifact(_)
            | StoreError::TooLarge { .. }
            | StoreError::Corrupt(_)
            | StoreError::Diverged { .. }
            | StoreError::OtherSecret
            | StoreError::Fenced(_)
            | StoreError::FeedRestarted
            | StoreError::OutOfStep { .. }
            | StoreError::NewerFormat { .. } => Self::Refused,
            // The store's list of errors may grow; what is not known here was not done for certain.
            _ => Self::Unavailable,
        }
    }

    /// The lines of the table as help texts show them.
    pub fn table() -> String {
        let line = |exit: Self| format!("  {}  {}", exit.number(), exit.meaning());
        Self::ALL.map(line).join("\n")
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_code_has_its_exit_code() {
        let rows: Vec<String> = ErrorCode::ALL
            .iter()
            .map(|code| format!("{} {code}", Exit::of(*code).number()))
            .collect();
        insta::assert_snapshot!(rows.join("\n"));
    }

    #[test]
    fn numbers_count_up_in_the_order_of_the_table() {
        let numbers = Exit::ALL.map(Exit::number);
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
        insta::assert_snapshot!(Exit::table());
    }
}
