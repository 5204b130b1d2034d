//! The form of keys, and what is kept of them.

use watchbook_store::Pepper;
use watchbook_store::system::SeededEntropy;

use super::Token;

#[test]
fn a_key_is_read_back_and_never_shown_whole() {
    let token = Token::generate(&SeededEntropy::new(1));
    let read = Token::parse(&format!(" {} ", token.reveal())).unwrap();
    assert_eq!((read.id(), read.reveal()), (token.id(), token.reveal()));
    let secret = token.reveal().rsplit('_').next().unwrap();
    assert_eq!((token.reveal().len(), secret.len()), (78, 64));
    assert_eq!(format!("{token:?}"), format!("Token(wb_{}_..)", token.id()));
}

#[test]
fn the_hash_depends_on_every_part_and_on_the_pepper() {
    let token = Token::generate(&SeededEntropy::new(1));
    let other = Token::generate(&SeededEntropy::new(2));
    let (salt, pepper) = (Pepper([1; 32]), Pepper([2; 32]));
    assert_eq!(token.hash(&salt), token.hash(&salt));
    assert_ne!(token.hash(&salt), token.hash(&pepper));
    assert_ne!(token.hash(&salt), other.hash(&salt));
}

/// HMAC-SHA-256 of a known key under a known pepper, computed with `openssl dgst -sha256 -mac HMAC`.
#[test]
fn the_hash_is_the_one_that_others_compute() {
    let text = format!("wb_0123456789_{}", "ab".repeat(32));
    let hash = Token::parse(&text).unwrap().hash(&Pepper([7; 32]));
    assert_eq!(
        hash.to_string(),
        "b6f578b72c604e995084d908be94bcf9ad13f479a57cf58abd099ac097b61918"
    );
}

#[test]
fn what_cannot_be_a_key_is_none() {
    let token = Token::generate(&SeededEntropy::new(1));
    let text = token.reveal();
    for wrong in [
        "",
        "wb_",
        "wb__",
        &text[1..],
        &text[..77],
        &format!("{text}0"),
        &text.to_uppercase(),
        &text.replace('_', "-"),
        &format!("wb_{}", "é".repeat(38)),
    ] {
        assert!(Token::parse(wrong).is_none(), "{wrong}");
    }
}
