//! The serialised form of a state: each mark written once.
//!
//! Most registers of an incident were written by the same one or two events, and a mark is longer than most values. So
//! the marks stand in a table in front, and each register points into it. This is what makes a packed incident a few
//! hundred bytes. The form is for caches only and may change with every version.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{FollowupState, IncidentState, ProposalState};
use crate::actor::AgentId;
use crate::artifact::{ArtifactName, ArtifactVersion};
use crate::id::{EventId, IncidentId};
use crate::incident::Claim;
use crate::kind::Kind;
use crate::lww::{Lww, Mark};
use crate::severity::Severity;
use crate::signature::Signature;
use crate::status::Stage;
use crate::text::{Env, Name, Prose, ServiceName, Short, Title};
use crate::time::Timestamp;

/// A register whose mark is a place in the table.
type Pointed<T> = Option<(u16, T)>;

/// The marks of a state, each once.
#[derive(Default)]
struct Marks(Vec<Mark>);

impl Marks {
    /// `register` with its mark as a place in the table; `None` when the table is full.
    fn point<'a, T>(&mut self, register: &'a Lww<T>) -> Option<Pointed<&'a T>> {
        let (Some(mark), Some(value)) = (register.mark(), register.get()) else {
            return Some(None);
        };
        let known = self.0.iter().position(|known| *known == mark);
        let place = known.unwrap_or_else(|| {
            self.0.push(mark);
            self.0.len() - 1
        });
        Some(Some((u16::try_from(place).ok()?, value)))
    }

    /// The same for every register of a map.
    fn point_all<'a, K, T>(
        &mut self,
        registers: &'a BTreeMap<K, Lww<T>>,
    ) -> Option<Vec<(&'a K, Pointed<&'a T>)>> {
        registers
            .iter()
            .map(|(key, register)| Some((key, self.point(register)?)))
            .collect()
    }

    /// The register that `pointed` stands for; `None` when it points beyond the table.
    fn follow<T>(&self, pointed: Pointed<T>) -> Option<Lww<T>> {
        let mut register = Lww::default();
        if let Some((place, value)) = pointed {
            register.set(*self.0.get(usize::from(place))?, value);
        }
        Some(register)
    }

    /// The same for every register of a map.
    fn follow_all<K: Ord, T>(&self, pointed: Vec<(K, Pointed<T>)>) -> Option<BTreeMap<K, Lww<T>>> {
        pointed
            .into_iter()
            .map(|(key, pointed)| Some((key, self.follow(pointed)?)))
            .collect()
    }
}

/// Writes the two packed forms of a state and the ways to and from them, all from one list of its fields.
macro_rules! packed {
    (
        registers { $($register:ident: $value:ty,)* }
        maps { $($map:ident: $key:ty => $entry:ty,)* }
        as_they_are { $($plain:ident: $type:ty,)* }
    ) => {
        #[derive(Serialize)]
        struct PackedRef<'a> {
            marks: Vec<Mark>,
            $($register: Pointed<&'a $value>,)*
            $($map: Vec<(&'a $key, Pointed<&'a $entry>)>,)*
            $($plain: &'a $type,)*
        }

        #[derive(Deserialize)]
        struct Packed {
            marks: Vec<Mark>,
            $($register: Pointed<$value>,)*
            $($map: Vec<($key, Pointed<$entry>)>,)*
            $($plain: $type,)*
        }

        impl<'a> PackedRef<'a> {
            fn of(state: &'a IncidentState) -> Option<Self> {
                let IncidentState { $($register,)* $($map,)* $($plain,)* } = state;
                let mut marks = Marks::default();
                $(let $register = marks.point($register)?;)*
                $(let $map = marks.point_all($map)?;)*
                Some(Self { marks: marks.0, $($register,)* $($map,)* $($plain,)* })
            }
        }

        impl Packed {
            fn open(self) -> Option<IncidentState> {
                let Self { marks, $($register,)* $($map,)* $($plain,)* } = self;
                let marks = Marks(marks);
                Some(IncidentState {
                    $($register: marks.follow($register)?,)*
                    $($map: marks.follow_all($map)?,)*
                    $($plain,)*
                })
            }
        }
    };
}

packed! {
    registers {
        created_at: Timestamp,
        created_by: AgentId,
        service: ServiceName,
        affects: Vec<ServiceName>,
        env: Env,
        severity: Severity,
        stage: Stage,
        title: Title,
        summary: Option<Prose>,
        kind: Kind,
        signature: Signature,
        group_key: Short,
        drill: bool,
        started_at: Timestamp,
        detected_at: Option<Timestamp>,
        acknowledged_at: Option<Timestamp>,
        mitigated_at: Option<Timestamp>,
        resolved_at: Option<Timestamp>,
        closed_at: Option<Timestamp>,
        resolution_summary: Option<Prose>,
        root_cause: Option<Prose>,
        merged_into: Option<IncidentId>,
        canceled: bool,
        claim: Option<Claim>,
    }
    maps {
        labels: Name => Option<Short>,
        roles: Name => Option<Short>,
    }
    as_they_are {
        followups: BTreeMap<EventId, FollowupState>,
        artifacts: BTreeMap<ArtifactName, BTreeMap<Mark, ArtifactVersion>>,
        proposals: BTreeMap<EventId, ProposalState>,
        redacted: BTreeSet<EventId>,
        revision: u32,
        events: u32,
        last_seq: u32,
        last_state: Option<Mark>,
        updated_at: Option<Timestamp>,
        last_activity_at: Option<Timestamp>,
    }
}

impl Serialize for IncidentState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let packed = PackedRef::of(self);
        let packed = packed.ok_or_else(|| serde::ser::Error::custom("too many marks"))?;
        packed.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for IncidentState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let packed = Packed::deserialize(deserializer)?;
        packed
            .open()
            .ok_or_else(|| D::Error::custom("a register points beyond the marks"))
    }
}
