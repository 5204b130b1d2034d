//! Who may do what, how often, and with whose consent: decisions, and nothing but decisions.
//!
//! Everything here is pure. The policies come in as plain structs, the moment as an argument, and what comes
//! out is a value that names the line of the policy that decided. Nobody here knows which tools and actions
//! there are: a permission is two words and whether it writes.
//!
//! - [`Matrix`]: agents and people → roles → permissions; nothing is allowed that no rule allows, and a `deny`
//!   beats every `allow`.
//! - [`Rollout`]: which actions are switched off, or only rehearsed, and for whom.
//! - [`CostWeights`]: what an action costs. [`ToolLimits`]: how much of it there is, and how long one may take;
//!   [`Limiter`] keeps the count.

mod approval;
mod cost;
mod decision;
mod glob;
mod limits;
mod matrix;
mod permission;
mod role;
mod rollout;

pub use approval::{ApprovalPolicy, ApprovalRule, Asked, AskedMove, Change};
pub use cost::{CostWeights, MAX_WEIGHT};
pub use decision::{Decision, Rule};
pub use glob::{ActionGlob, ByAction, ParseGlobError, Pattern};
pub use limits::{
    Admission, Call, LimitRule, Limited, Limiter, MAX_BUCKETS, MAX_RATE, Rate, Scope, ToolLimits,
};
pub use matrix::{DefaultRoles, Matrix, MatrixFault, MatrixPolicy, RolePolicy, Standing};
pub use permission::Permission;
pub use role::{ParseRoleError, RoleName, Subject};
pub use rollout::{Rollout, RolloutRule, RolloutState, Stage};
