//! `Idempotency-Key`: the same call again gives the same answer, byte for byte.
//!
//! Neighbours: `Cx::decide` asks when its commit finds the record. Guarantee (I10): the record is
//! committed with the effect, or neither is.

use axum::http::{HeaderMap, Method};
use domain::ids::sha256_hex;
use domain::limits::IDEMPOTENCY_KEY_CHARS;
use domain::rejection::{Code, Rejection};
use store::idempotency::SavedAnswer;

use crate::http::answer::Answer;

/// The name of a call that may be repeated.
#[derive(Clone, Debug)]
pub struct Repeatable {
    /// SHA-256 of method, path and key.
    pub hash: String,
    body_hash: String,
}

/// The call's name, if it has a key.
///
/// # Errors
/// 400 for a key that is empty, too long, or not visible ASCII.
pub fn named(
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<Repeatable>, Rejection> {
    let Some(key) = headers.get("idempotency-key").filter(|_| method == Method::POST) else {
        return Ok(None);
    };
    let visible = |key: &&str| {
        (1..=IDEMPOTENCY_KEY_CHARS).contains(&key.len())
            && key.bytes().all(|b| b.is_ascii_graphic())
    };
    let Some(key) = key.to_str().ok().filter(visible) else {
        let detail = "Idempotency-Key has 1 to 255 visible ASCII characters.";
        return Err(Rejection::at("Idempotency-Key", Code::ValidationFailed, detail));
    };
    let hash = sha256_hex(format!("{method} {path} {key}").as_bytes());
    Ok(Some(Repeatable { hash, body_hash: sha256_hex(body) }))
}

impl Repeatable {
    /// The name of a part of the call, counted from 0.
    #[must_use]
    pub fn part(&self, number: usize) -> Self {
        let hash = sha256_hex(format!("{} {number}", self.hash).as_bytes());
        Self { hash, body_hash: self.body_hash.clone() }
    }

    /// The answer that was given, for the same body.
    ///
    /// # Errors
    /// 422 for another body.
    pub fn replay(&self, saved: SavedAnswer) -> Result<Answer, Rejection> {
        if saved.body_hash != self.body_hash {
            return Err(Rejection::of(Code::IdempotencyKeyReused));
        }
        Ok(Answer {
            status: saved.status,
            body: saved.body,
            location: saved.location,
            etag: saved.etag,
            once: None,
            replayed: true,
            ..Answer::deleted()
        })
    }

    /// The record of an answer.
    pub fn record(&self, answer: &Answer) -> SavedAnswer {
        SavedAnswer {
            hash: self.hash.clone(),
            body_hash: self.body_hash.clone(),
            status: answer.status,
            body: answer.kept_body(),
            location: answer.location.clone(),
            etag: answer.etag.clone(),
            expires: 0,
            ttl: 0,
        }
    }
}
