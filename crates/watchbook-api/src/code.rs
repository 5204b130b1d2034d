//! The closed list of error codes. Each transport maps them once to its own statuses.

use std::fmt;
use std::str::FromStr;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal, $title:literal;)+) => {
        /// What went wrong, in one stable word that programs may match on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl ErrorCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The written form.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// A few words for people, the same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)+
                }
            }

            /// What it means and what to do about it.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_start(),)+
                }
            }
        }

        impl FromStr for ErrorCode {
            type Err = UnknownCode;

            fn from_str(text: &str) -> Result<Self, UnknownCode> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownCode),
                }
            }
        }
    };
}

codes! {
    /// The call cannot be read: not JSON, a repeated member, two forms at once. Send it in another form.
    Malformed = "malformed", "The call cannot be read";
    /// The key is missing, unknown, expired or revoked. Send a valid one.
    Unauthenticated = "unauthenticated", "The key is missing or not valid";
    /// The caller may not do this. The message names the line of the policy that says so.
    Forbidden = "forbidden", "The caller may not do this";
    /// There is no incident, event, artifact or tool of that name.
    NotFound = "not_found", "There is no such thing";
    /// The present state does not allow it, or the idempotency key was used for another request. Where the status is in the way, `allowed` lists the moves that it allows: none of them if there is none.
    Conflict = "conflict", "The present state does not allow this";
    /// Somebody else has changed the incident since the version in `if_match`. Read it again and decide anew; `current_version` is the one it has.
    PreconditionFailed = "precondition_failed", "The incident has changed meanwhile";
    /// The body or the artifact is larger than its limit.
    TooLarge = "too_large", "It is larger than the limit";
    /// The body is in a format that is not understood. Send JSON.
    UnsupportedMediaType = "unsupported_media_type", "The format of the body is not understood";
    /// Parameters or the action are not valid. `errors` lists all of them, each with its place.
    InvalidParams = "invalid_params", "Parameters are not valid";
    /// Too many calls, or the day's writes are used up. Wait as long as `retry_after` says.
    RateLimited = "rate_limited", "Too many calls";
    /// It cannot be done now. Try again after `retry_after`; a write with the same idempotency key.
    Unavailable = "unavailable", "It cannot be done now";
    /// A fault of watchbook. Report it with the request id.
    Internal = "internal", "A fault of watchbook";
    /// The host that was addressed is not one this server answers for.
    Misdirected = "misdirected", "This server does not answer for that host";
}

/// A word that is no error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCode;

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is not an error code")
    }
}

impl std::error::Error for UnknownCode {}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
