//! How much one incident holds, and how far times may lie off.

use std::time::Duration;

/// Timeline lines of one incident.
pub const EVENTS: usize = 50_000;
/// Further lines for what ends or mends an incident whose timeline is full: moves, merges, redactions, changes of
/// what is there. A flood of notes must not make it impossible to close.
pub const EVENTS_RESERVED: usize = 1_000;
/// Follow-ups of one incident.
pub const FOLLOWUPS: usize = 500;
/// Artifact names of one incident.
pub const ARTIFACTS: usize = 200;
/// Versions of all artifacts of one incident together.
pub const VERSIONS: usize = 1_000;
/// Labels of one incident.
pub const LABELS: usize = 64;
/// Further services of one incident.
pub const AFFECTS: usize = 50;
/// Roles of one incident.
pub const ROLES: usize = 20;
/// Proposals of one incident.
pub const PROPOSALS: usize = 200;
/// Lines of an imported past.
pub const IMPORTED_EVENTS: usize = 2_000;
/// The free facts of one timeline line, as JSON, in bytes.
pub const META_BYTES: usize = 64 * 1024;
/// How deep the free facts of one timeline line may nest. JSON parsers give up somewhere (`serde_json` at 128): what
/// was acknowledged must be readable, inside whatever a journal or an answer wraps around it.
pub const META_DEPTH: usize = 32;
/// Similar incidents that a creation names.
pub const SIMILAR: usize = 10;
/// How far apart two incidents of one alert group may be opened and still be the same thing.
pub const TWINS: Duration = Duration::from_hours(24);
/// How far in the future a time that a caller gives may lie: clocks differ.
pub const AHEAD: Duration = Duration::from_mins(5);
/// The longest claim.
pub const CLAIM: Duration = Duration::from_hours(24);
/// The longest time a proposal waits.
pub const PROPOSAL: Duration = Duration::from_hours(7 * 24);
