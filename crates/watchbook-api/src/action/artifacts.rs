//! The files of incidents.

use watchbook_core::artifact::ArtifactError;
use watchbook_core::{ArtifactName, Digest, IncidentId, Op};

use crate::fault::{At, Faults};
use crate::param::{ArtifactBytes, ArtifactText, params};
use crate::problem::Problem;

params! {
    /// Attaches a file: `.json`, `.md` or `.txt`, UTF-8, at most 2 MiB; `.json` must parse. The same name again is a
    /// new version, and the old bytes stay reachable by their digest. Give either `content` or `content_base64`.
    pub IncidentAttachArtifact {
        /// The incident.
        incident_id: IncidentId,
        /// Its name: 1 to 120 of A-Z a-z 0-9 . _ - without a leading dot.
        name: ArtifactName,
        /// Its content as text.
        content: Option<ArtifactText>,
        /// Its content in base 64.
        content_base64: Option<ArtifactBytes>,
    }
    check IncidentAttachArtifact::check;

    /// Reads a file of an incident: its newest version, or the one with the digest that is given.
    pub IncidentGetArtifact {
        /// The incident.
        incident_id: IncidentId,
        /// Its name.
        name: ArtifactName,
        /// The SHA-256 of an older version, as `versions` lists them.
        sha256: Option<Digest>,
    }
}

impl IncidentAttachArtifact {
    /// The bytes, in whichever way they were given.
    fn given(&self) -> Option<&[u8]> {
        match (&self.content, &self.content_base64) {
            (Some(text), None) => Some(text.as_bytes()),
            (None, Some(bytes)) => Some(bytes.as_bytes()),
            (None, None) | (Some(_), Some(_)) => None,
        }
    }

    fn check(&self, at: &At<'_>, faults: &mut Faults) {
        let place = at.member(if self.content_base64.is_some() {
            "content_base64"
        } else {
            "content"
        });
        let Some(bytes) = self.given() else {
            return faults.add(&place, "give either content or content_base64");
        };
        match self.name.check(bytes) {
            Ok(()) => {}
            Err(error @ ArtifactError::TooLarge { .. }) => {
                faults.add_too_large(&place, error.to_string());
            }
            Err(error) => faults.add(&place, error.to_string()),
        }
    }

    /// The operation that does it, and the bytes to store with it.
    ///
    /// # Errors
    /// When the bytes are missing, given twice, or may not be stored under this name. What
    /// [`decode()`](crate::decode()) let through may.
    pub fn into_op(self) -> Result<(Op, Vec<u8>), Problem> {
        let mut faults = Faults::default();
        self.check(&At::ROOT, &mut faults);
        if faults.count() > 0 {
            return Err(faults.into());
        }
        let Self {
            incident_id: _,
            name,
            content,
            content_base64,
        } = self;
        let bytes = content
            .map(ArtifactText::into_bytes)
            .or(content_base64.map(ArtifactBytes::into_bytes))
            .unwrap_or_default();
        let op = Op::Attach {
            name,
            sha256: Digest::of(&bytes),
            bytes: bytes.len() as u64,
        };
        Ok((op, bytes))
    }
}
