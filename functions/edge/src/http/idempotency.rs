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
    /// The caller sees people's data, and so may the answer have them.
    people: bool,
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
    Ok(Some(Repeatable { hash, body_hash, people: true }))
}

impl Repeatable {
    /// The call of this caller. The vendor's keys share their names, those of a customer or partner
    /// theirs.
    #[must_use]
    pub fn by(self, caller: &Caller) -> Self {
        let people = caller.role.sees_people();
        let owner = caller.key.bound().map(|bound| bound.id().to_string());
        let named = owner.map(|owner| self.part(&owner));
        Self { people, ..named.unwrap_or(self) }
    }

    /// The name of a part of the call.
    #[must_use]
    pub fn part(&self, name: &str) -> Self {
        let hash = sha256_hex(format!("{} {name}", self.hash).as_bytes());
        Self { hash, ..self.clone() }
    }

    /// The answer that was given, for the same body.
    ///
    /// # Errors
    /// 422 for another body; where the answer may have people's data, which the caller may not see.
    pub fn replay(&self, saved: SavedAnswer) -> Result<Answer, Rejection> {
        if saved.people && !self.people {
            let detail = "It was done by this Idempotency-Key, for a caller who may see customers.";
            return Err(Rejection::new(Code::IdempotencyKeyReused, detail));
        }
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
            people: self.people,
            status: answer.status,
            body: answer.kept_body(),
            location: answer.location.clone(),
            etag: answer.etag.clone(),
            expires: 0,
            ttl: 0,
        }
    }
}
