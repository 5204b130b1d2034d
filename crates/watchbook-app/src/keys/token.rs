//! The key as its owner sees it: `wb_<id>_<secret>`, shown once.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use watchbook_core::text::Name;
use watchbook_core::{Digest, Entropy};
use watchbook_store::Pepper;

const PREFIX: &str = "wb_";
/// Hex digits of the public id: 40 bits, so that thousands of keys of one store do not meet.
const ID_DIGITS: usize = 10;
/// Hex digits of the secret: 256 bits of randomness.
const SECRET_DIGITS: usize = 64;

/// A key as its owner sees it: `wb_<10 hex>_<64 hex>`.
///
/// The first part is public and names the key in lists, logs and audit. `Debug` shows no more than that.
#[derive(Clone)]
pub struct Token {
    id: Name,
    text: String,
}

impl Token {
    /// A new key.
    pub(crate) fn generate(entropy: &dyn Entropy) -> Self {
        let id = random_hex::<{ ID_DIGITS / 2 }>(entropy);
        let secret = random_hex::<{ SECRET_DIGITS / 2 }>(entropy);
        #[expect(
            clippy::expect_used,
            reason = "ten hex digits are a name by the rules of `Name`"
        )]
        let id = Name::new(id).expect("hex digits are a name");
        Self {
            text: format!("{PREFIX}{id}_{secret}"),
            id,
        }
    }

    /// Reads what a caller shows; `None` if it cannot be a key of ours.
    pub(crate) fn parse(shown: &str) -> Option<Self> {
        let text = shown.trim();
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let is_hex = |part: &str, digits: usize| {
            let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            part.len() == digits && part.bytes().all(lower)
        };
        (is_hex(id, ID_DIGITS) && is_hex(secret, SECRET_DIGITS)).then_some(())?;
        Some(Self {
            id: Name::new(id).ok()?,
            text: text.to_owned(),
        })
    }

    /// The public id.
    pub const fn id(&self) -> &Name {
        &self.id
    }

    /// The whole key. Show it to its owner, once, and keep it nowhere.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What the store keeps of it: HMAC-SHA-256 (RFC 2104) of the whole key under the store's pepper.
    pub(crate) fn hash(&self, pepper: &Pepper) -> Digest {
        #[expect(
            clippy::expect_used,
            reason = "HMAC takes a secret of every length (RFC 2104, section 2)"
        )]
        let mut mac = Hmac::<Sha256>::new_from_slice(&pepper.0).expect("any length is a key");
        mac.update(self.text.as_bytes());
        Digest::from_bytes(mac.finalize().into_bytes().into())
    }
}

/// Two hex digits for each of so many random bytes.
fn random_hex<const BYTES: usize>(entropy: &dyn Entropy) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut bytes = [0; BYTES];
    entropy.fill(&mut bytes);
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from(HEX[usize::from(digit)]))
        .collect()
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({PREFIX}{}_..)", self.id)
    }
}

#[cfg(test)]
mod tests;
