//! `Idempotency-Key`: the same call again gives the same answer, byte for byte.
//!
//! Neighbours: `Cx::decide` asks when its commit finds the record. Guarantee (I10): the record is
//! committed with the effect, or neither is.

use axum::http::request::Parts;
use domain::ids::sha256_hex;
use domain::limits::IDEMPOTENCY_KEY_CHARS;
use domain::rejection::{Code, Rejection};
use store::idempotency::SavedAnswer;

use crate::http::answer::Answer;
use crate::http::auth::Caller;

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
pub fn named(parts: &Parts, body: &[u8]) -> Result<Option<Repeatable>, Rejection> {
    let Parts { method, uri, headers, .. } = parts;
    let Some(key) = headers.get("idempotency-key") else {
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
    let hash = sha256_hex(format!("{method} {} {key}", uri.path()).as_bytes());
    // What is asked for in the query is part of what the call says.
    let body_hash = match uri.query() {
        None => sha256_hex(body),
        Some(query) => sha256_hex(&[query.as_bytes(), b"\n", body].concat()),
    };
    Ok(Some(Repeatable { hash, body_hash }))
}

impl Repeatable {
    /// The name among those who see the same: what is replayed was shown to one of them.
    #[must_use]
    pub fn seen_by(self, caller: &Caller) -> Self {
        match (caller.key.bound(), caller.role.sees_people()) {
            (None, true) => self,
            (bound, people) => {
                let owner = bound.map(|bound| bound.id().to_string()).unwrap_or_default();
                self.part(&format!("{owner} {people}"))
            }
        }
    }

    /// The name of a part of the call.
    #[must_use]
    pub fn part(&self, name: &str) -> Self {
        let hash = sha256_hex(format!("{} {name}", self.hash).as_bytes());
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
