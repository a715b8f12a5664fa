//! The secrets by which a key is known: its own, the one before a rotation, those of sessions.
//!
//! Neighbours: `keys` has the key; `store` finds it by the hash of any of them. Guarantee: a secret
//! is answered once, and kept as a hash.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::access::keys::{ApiKey, KeyInfo};
use crate::decision::Decision;
use crate::ids::{Entropy, Id, Purpose, sha256_hex};
use crate::limits::{SECRET_OVERLAP, SECRET_OVERLAP_DEFAULT, SESSION_KEPT};
use crate::plan::door::RotateInput;
use crate::plan::method::between;
use crate::rejection::{Code, Faults, Rejection};
use crate::rev::Rev;
use crate::stamp::Stamp;
use crate::time::Time;

/// The start of a key's secret, by which one that leaked is recognised.
pub const KEY: &str = "pvk_";

/// The start of a session's secret.
pub const SESSION: &str = "pvs_";

/// A new secret of this start: 256 random bits.
pub fn new_secret(start: &str, entropy: &Entropy) -> String {
    format!("{start}{}", HEXLOWER.encode(&entropy.bytes(Purpose::ApiKey)))
}

/// What is kept of a secret in the clear: its first 8 characters, 16 of its 256 bits.
pub fn opening(secret: &str) -> String {
    secret.chars().take(8).collect()
}

/// The secret of a key before its rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldSecret {
    /// SHA-256 of it.
    pub hash: String,
    /// Good until then.
    pub expires: Time,
}

/// A secret that opens the door in place of a key's own: the row under its hash leads to the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StandIn {
    /// SHA-256 of it.
    pub hash: String,
    /// SHA-256 of the secret that it stands for.
    pub stands_for: String,
    /// The session that it is of; none: it is the secret before a rotation.
    pub session: Option<SessionInfo>,
    /// Good until then.
    pub expires: Time,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev<Self>,
}

/// A session as answers show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub struct SessionInfo {
    /// Its id.
    pub id: Id,
    /// The key that it acts for, and ends with.
    pub key_id: Id,
    /// When it was begun.
    pub created_date: Time,
    /// Good until then.
    pub expires: Time,
}

impl StandIn {
    /// Begins a session of a key, which was sent by the secret of this hash; it ends with either.
    pub fn begin(
        key: &KeyInfo,
        known: &str,
        secret: &str,
        stamp: &Stamp,
    ) -> (SessionInfo, Decision) {
        let end = stamp.now.after(SESSION_KEPT);
        let session = SessionInfo {
            id: stamp.id(0),
            key_id: key.id,
            created_date: stamp.now,
            expires: key.expires.map_or(end, |expires| expires.min(end)),
        };
        let row = Self {
            hash: sha256_hex(secret.as_bytes()),
            stands_for: known.to_owned(),
            expires: session.expires,
            session: Some(session.clone()),
            rev: Rev::default(),
        };
        (session, Decision::default().save(row))
    }

    /// Its session's id; of the secret before a rotation none.
    pub(crate) fn known_by(&self) -> String {
        self.session.as_ref().map(|session| session.id.to_string()).unwrap_or_default()
    }

    /// Whether it leads to this key at `now`. The key knows which secret before its own is good.
    pub fn leads_to(&self, key: &ApiKey, now: Time) -> bool {
        let older = key.old_secret.as_ref();
        let is_older = older.is_some_and(|older| older.hash == self.hash && older.expires > now);
        if self.session.is_some() { self.expires > now } else { is_older }
    }
}

impl ApiKey {
    /// Takes a new secret; the one before lives on for the overlap, and with it the sessions that
    /// were begun with it.
    ///
    /// # Errors
    /// `IN_USE` while two live, unless the overlap is zero; `ILLEGAL_TRANSITION` for a revoked key;
    /// a fault of the overlap.
    pub fn rotate(
        &self,
        input: &RotateInput,
        secret: &str,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        self.not_revoked()?;
        let overlap = input.overlap.unwrap_or(SECRET_OVERLAP_DEFAULT);
        let mut faults = Faults::default();
        between(&mut faults, "/overlap", overlap, SECRET_OVERLAP);
        faults.finish()?;
        let at_once = overlap.millis() == 0;
        let older = self.old_secret.as_ref();
        if let Some(older) = older.filter(|older| older.expires > stamp.now && !at_once) {
            let detail = format!(
                "The older secret lives until {}: a third one would end it early. Wait, or end it \
                 with an overlap of PT0S.",
                older.expires
            );
            return Err(Rejection::new(Code::InUse, detail));
        }
        let expires = stamp.now.after(overlap);
        let mut next = self.clone();
        next.hash = sha256_hex(secret.as_bytes());
        next.info.prefix = Some(opening(secret));
        next.info.old_secret_expires = (!at_once).then_some(expires);
        next.old_secret = (!at_once).then(|| OldSecret { hash: self.hash.clone(), expires });
        next.info.version += 1;
        next.info.meta.touch(stamp);
        // A row of its own: there is none under the new hash.
        next.rev = Rev::read(0, self.clone());
        let decision = Decision::default().save(next.clone());
        let decision = if at_once {
            decision.delete(self.clone())
        } else {
            decision.save(StandIn {
                hash: self.hash.clone(),
                stands_for: next.hash.clone(),
                session: None,
                expires,
                rev: Rev::of(self.rev.number()),
            })
        };
        Ok((next, decision))
    }
}
