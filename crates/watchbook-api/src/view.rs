//! The public shapes of the nouns. Conversions name every field, so that a new one in `core` must be decided on here.

mod artifact;
mod audit;
mod event;
mod followup;
mod identity;
mod incident;
mod proposal;
mod summary;

pub use artifact::{ArtifactVersionView, ArtifactView};
pub use audit::AuditView;
pub use event::EventView;
pub use followup::FollowupView;
pub use identity::IdentityView;
pub use incident::{ClaimView, IncidentView};
pub use proposal::ProposalView;
pub use summary::{
    FollowupCounts, OldestView, OpenIncidents, OverdueView, SeverityCount, StaleView, SummaryView,
    limit as summary_limit,
};

/// One field of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldSpec {
    /// Its name.
    pub name: &'static str,
    /// What it means, with the line breaks of the source.
    pub doc: &'static str,
}

/// A public shape. Made by [`view!`].
pub(crate) trait View {
    /// Its fields, in order.
    const FIELDS: &'static [FieldSpec];
}

/// Declares a public shape: `name: Type`, `name as "wire name": Type`, or `name?: Option<Type>` for a field that is
/// left out instead of being null.
macro_rules! view {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident {
            $($(#[doc = $field_doc:literal])+ $field:ident $(as $wire:literal)? $(? $omit:tt)? : $type:ty,)*
        }
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $($(#[doc = $field_doc])+ pub $field: $type,)*
        }

        $(const _: () = assert!(
            $crate::untrusted::is_decided($crate::view::view!(@name $field $($wire)?)),
            "say in untrusted.rs whether this field holds text from outside"
        );)*

        impl $crate::view::View for $name {
            const FIELDS: &'static [$crate::view::FieldSpec] = &[$($crate::view::FieldSpec {
                name: $crate::view::view!(@name $field $($wire)?),
                doc: concat!($($field_doc, "\n"),+),
            },)*];
        }

        impl $crate::json::Json for $name {
            fn to_json(&self) -> serde_json::Value {
                let Self { $($field,)* } = self;
                let mut members = serde_json::Map::new();
                $(
                    let value = $crate::json::Json::to_json($field);
                    if !($crate::view::view!(@omit $($omit)?) && value.is_null()) {
                        members.insert($crate::view::view!(@name $field $($wire)?).to_owned(), value);
                    }
                )*
                serde_json::Value::Object(members)
            }
        }
    )+};
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $wire:literal) => { $wire };
    (@omit) => { false };
    (@omit $omit:tt) => { true };
}
pub(crate) use view;
