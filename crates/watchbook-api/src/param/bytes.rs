//! The bytes of an artifact, as text or in base 64.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value, json};
use watchbook_core::artifact::{ArtifactError, MAX_BYTES};

use super::{Audited, Param, Shape, mismatch};
use crate::fault::{At, Faults};
use crate::json::Json;

/// Base 64 as RFC 4648 has it; padding is written, and may be left out when reading.
const STANDARD: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The content of an artifact, as it is. At most 2 MiB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactText(String);

/// The content of an artifact, from base 64 (RFC 4648, section 4; line breaks are passed over). At most 2 MiB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactBytes(Vec<u8>);

impl ArtifactText {
    /// Takes a text over. Whether it may be stored is decided by name and content together.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl ArtifactBytes {
    /// Takes bytes over. Whether they may be stored is decided by name and content together.
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl Json for ArtifactText {
    fn to_json(&self) -> Value {
        self.0.as_str().into()
    }
}

impl Json for ArtifactBytes {
    fn to_json(&self) -> Value {
        STANDARD.encode(&self.0).into()
    }
}

fn too_large(bytes: usize, at: &At<'_>, faults: &mut Faults) {
    faults.add_too_large(at, ArtifactError::TooLarge { bytes }.to_string());
}

impl Param for ArtifactText {
    const SHAPE: Shape = Shape::Text;
    const AUDITED: Audited = Audited::File;

    fn schema() -> Value {
        json!({ "type": "string", "maxLength": MAX_BYTES, "examples": ["# Timeline"] })
    }

    fn read(value: &Value, at: &At<'_>, faults: &mut Faults) -> Option<Self> {
        match value {
            Value::String(text) if text.len() > MAX_BYTES => {
                too_large(text.len(), at, faults);
                None
            }
            Value::String(text) => Some(Self(text.clone())),
            other => mismatch("a text", other, at, faults),
        }
    }
}

impl Param for ArtifactBytes {
    const SHAPE: Shape = Shape::Text;
    const AUDITED: Audited = Audited::File;

    fn schema() -> Value {
        json!({ "type": "string", "contentEncoding": "base64", "examples": ["eyJhIjoxfQ=="] })
    }

    fn read(value: &Value, at: &At<'_>, faults: &mut Faults) -> Option<Self> {
        let Value::String(text) = value else {
            return mismatch("a text in base 64", value, at, faults);
        };
        let digits: Vec<u8> = text
            .bytes()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        match STANDARD.decode(digits) {
            Ok(bytes) if bytes.len() > MAX_BYTES => {
                too_large(bytes.len(), at, faults);
                None
            }
            Ok(bytes) => Some(Self(bytes)),
            Err(_) => {
                faults.add(at, "is not base 64 (RFC 4648, section 4)");
                None
            }
        }
    }
}
