//! The count of what callers have used.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use watchbook_core::Timestamp;

use crate::limits::bucket::Bucket;
use crate::limits::daily::Daily;
use crate::limits::{Rate, ToolLimits};
use crate::role::{RoleName, Subject};

/// The most budgets that are kept. A full one says nothing and is dropped when room is needed; when none is
/// full, callers that are not yet known wait.
pub const MAX_BUCKETS: usize = 10_000;

/// How long a caller waits when there is no room for its budget.
const NO_ROOM: Duration = Duration::from_secs(1);

/// A call to be admitted.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Whose budget pays.
    pub subject: &'a Subject,
    /// The caller's role.
    pub role: &'a RoleName,
    /// The tool.
    pub tool: &'a str,
    /// The action.
    pub action: &'a str,
    /// Whether it counts against the daily writes. A dry run does not.
    pub writes: bool,
    /// What it costs: [`crate::CostWeights::weight`].
    pub weight: u32,
}

/// What a budget is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Everything a caller does.
    Everything,
    /// What it does with one tool.
    Tool(String),
    /// What it does by one action.
    Action(String, String),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("all calls"),
            Self::Tool(tool) => write!(f, "calls of {tool}"),
            Self::Action(tool, action) => write!(f, "calls of {tool}.{action}"),
        }
    }
}

/// The limit that a call met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LimitRule {
    /// A rate.
    Rate {
        /// What it is for.
        scope: Scope,
        /// The rate.
        rate: Rate,
    },
    /// The writes of a day.
    DailyWrites {
        /// How many there are.
        cap: u32,
    },
    /// More callers at once than budgets can be kept for.
    Callers,
}

/// A call that must wait.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}; wait {} s, then repeat the call", LimitText(.rule, .subject), .retry_after.as_secs())]
pub struct Limited {
    /// Whose budget is used up.
    pub subject: Subject,
    /// The limit.
    pub rule: LimitRule,
    /// How long to wait, in whole seconds, at least one.
    pub retry_after: Duration,
}

struct LimitText<'a>(&'a LimitRule, &'a Subject);

impl fmt::Display for LimitText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(rule, subject) = self;
        match rule {
            LimitRule::Rate { scope, rate } => {
                let per_minute = rate.per_minute;
                write!(
                    f,
                    "the budget of {subject} for {scope} ({per_minute} a minute) is used up"
                )
            }
            LimitRule::DailyWrites { cap } => {
                write!(
                    f,
                    "the writes of {subject} for today (at most {cap}, UTC) are used up"
                )
            }
            LimitRule::Callers => {
                write!(
                    f,
                    "{MAX_BUCKETS} budgets are in use, and there is none free for {subject}"
                )
            }
        }
    }
}

/// Whether a call may go on.
pub type Admission = Result<(), Limited>;

/// The count of what callers have used. It lives in one process and begins anew with it.
#[derive(Debug, Clone)]
pub struct Limiter {
    limits: Arc<ToolLimits>,
    buckets: HashMap<(Subject, Scope), Bucket>,
    daily: HashMap<Subject, Daily>,
}

impl Limiter {
    /// A count under these limits, with nothing used yet.
    pub fn new(limits: Arc<ToolLimits>) -> Self {
        Self {
            limits,
            buckets: HashMap::new(),
            daily: HashMap::new(),
        }
    }

    /// Admits a call and takes its price from the caller's budgets, or says how long to wait and takes nothing.
    ///
    /// # Errors
    /// The limit that takes longest to be free again.
    pub fn admit(&mut self, call: &Call<'_>, now: Timestamp) -> Admission {
        if self.limits.exempt.contains(call.role) {
            return Ok(());
        }
        let scopes = [
            Scope::Everything,
            Scope::Tool(call.tool.to_owned()),
            Scope::Action(call.tool.to_owned(), call.action.to_owned()),
        ];
        self.make_room(call, &scopes, now)?;
        self.check_daily(call, now)?;
        self.check_rates(call, &scopes, now)?;
        self.take(call, scopes);
        Ok(())
    }

    fn check_daily(&mut self, call: &Call<'_>, now: Timestamp) -> Admission {
        if !call.writes {
            return Ok(());
        }
        let cap = self.limits.daily_cap(call.subject);
        let daily = self
            .daily
            .entry(call.subject.clone())
            .or_insert_with(|| Daily::new(now));
        daily.roll(now);
        if daily.writes() < cap {
            return Ok(());
        }
        let until_midnight = now.end_of_day().since(now);
        Err(limited(
            call,
            LimitRule::DailyWrites { cap },
            until_midnight,
        ))
    }

    /// Fills the three budgets and finds the one that takes longest to pay.
    fn check_rates(&mut self, call: &Call<'_>, scopes: &[Scope; 3], now: Timestamp) -> Admission {
        let mut longest: Option<Limited> = None;
        for scope in scopes {
            let rate = self.limits.rate(call.subject, scope);
            let bucket = self
                .buckets
                .entry((call.subject.clone(), scope.clone()))
                .or_insert_with(|| Bucket::full(rate, now));
            bucket.fill(rate, now);
            let wait = bucket.wait_for(rate, call.weight);
            let scope = scope.clone();
            if !wait.is_zero()
                && longest
                    .as_ref()
                    .is_none_or(|found| found.retry_after < wait)
            {
                longest = Some(limited(call, LimitRule::Rate { scope, rate }, wait));
            }
        }
        longest.map_or(Ok(()), Err)
    }

    fn take(&mut self, call: &Call<'_>, scopes: [Scope; 3]) {
        for scope in scopes {
            let rate = self.limits.rate(call.subject, &scope);
            if let Some(bucket) = self.buckets.get_mut(&(call.subject.clone(), scope)) {
                bucket.pay(rate, call.weight);
            }
        }
        if let Some(daily) = self.daily.get_mut(call.subject).filter(|_| call.writes) {
            daily.add();
        }
    }

    /// Sees to it that the call's budgets find room.
    fn make_room(&mut self, call: &Call<'_>, scopes: &[Scope; 3], now: Timestamp) -> Admission {
        let is_new = |scope: &&Scope| {
            let key = (call.subject.clone(), (*scope).clone());
            !self.buckets.contains_key(&key)
        };
        let wanted = scopes.iter().filter(is_new).count();
        if self.buckets.len() + wanted <= MAX_BUCKETS {
            return Ok(());
        }
        let limits = &self.limits;
        self.buckets.retain(|(subject, scope), bucket| {
            let rate = limits.rate(subject, scope);
            bucket.fill(rate, now);
            !bucket.is_full(rate)
        });
        if self.buckets.len() + scopes.len() <= MAX_BUCKETS {
            return Ok(());
        }
        Err(limited(call, LimitRule::Callers, NO_ROOM))
    }
}

/// Rounds up to whole seconds, as `Retry-After` counts them.
fn limited(call: &Call<'_>, rule: LimitRule, wait: Duration) -> Limited {
    let seconds = wait.as_millis().div_ceil(1_000).max(1);
    Limited {
        subject: call.subject.clone(),
        rule,
        retry_after: Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX)),
    }
}

#[cfg(test)]
mod tests;
