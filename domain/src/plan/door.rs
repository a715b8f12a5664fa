//! A method's callback secrets: how many live, how they are changed, and the door that they open.
//!
//! Neighbours: `functions/callbacks` verifies with the door's, the dispatcher signs with the
//! method's. Guarantee: a secret that a provider may still use is not ended before its date, unless
//! somebody says so.

use serde::{Deserialize, Serialize};

use crate::decision::Decision;
use crate::ids::Id;
use crate::limits::{SECRET_OVERLAP, SECRET_OVERLAP_DEFAULT};
use crate::plan::method::{CallbackId, Method, between};
use crate::rejection::{Code, Faults, Rejection};
use crate::rev::Rev;
use crate::stamp::Stamp;
use crate::time::{Period, Time};

/// A secret, sealed with a master key (AEAD, base64). Only the edge can open it. It begins with
/// `k<number>.`, the number of that key; what does not is sealed with key 1.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl Sealed {
    /// The number of the first master key.
    pub const FIRST_KEY: u32 = 1;

    /// Takes what the master key of this number has sealed.
    pub fn new(master_key: u32, text: String) -> Self {
        if master_key == Self::FIRST_KEY {
            return Self(text);
        }
        Self(format!("k{master_key}.{text}"))
    }

    /// The number of the master key that opens it.
    pub fn master_key(&self) -> u32 {
        self.parts().0
    }

    /// What that key has sealed.
    pub fn text(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (u32, &str) {
        let parts = self.0.strip_prefix('k').and_then(|rest| rest.split_once('.'));
        let numbered = parts.and_then(|(number, text)| Some((number.parse().ok()?, text)));
        numbered.unwrap_or((Self::FIRST_KEY, &self.0))
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// Body of `POST /v1/methods/{id}/rotate-secret`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct RotateInput {
    /// How long the older secret lives on, PT0S to P7D; default P1D. PT0S ends it at once.
    pub overlap: Option<Period>,
}

/// The directory row of a method: whose it is and how its callbacks are verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Door {
    /// The method.
    pub method: Id,
    /// The tenant.
    pub tenant: Id,
    /// The callback secrets, newest first.
    pub secrets: Vec<Sealed>,
    /// When the older one dies.
    #[serde(default)]
    pub old_secret_expires: Option<Time>,
    /// How long a request waits for the next callback.
    pub callback_timeout: Period,
    /// Whether a callback's body must name its request.
    #[serde(default)]
    pub callback_id: CallbackId,
    /// When it closes, once the method is deleted.
    pub expires: Option<Time>,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev,
}

impl Door {
    /// The callback secrets that live, newest first.
    pub fn live_secrets(&self, now: Time) -> &[Sealed] {
        live(&self.secrets, self.old_secret_expires, now)
    }
}

/// The older secret counts until its date.
fn live(secrets: &[Sealed], old_expires: Option<Time>, now: Time) -> &[Sealed] {
    let both = old_expires.is_some_and(|at| at > now);
    &secrets[..secrets.len().min(if both { 2 } else { 1 })]
}

impl Method {
    /// Takes a new callback secret; the one before lives on for the overlap.
    ///
    /// # Errors
    /// `IN_USE` while two live, unless the overlap is zero; a fault of the overlap.
    pub fn rotate(
        &self,
        input: &RotateInput,
        secret: Sealed,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let overlap = input.overlap.unwrap_or(SECRET_OVERLAP_DEFAULT);
        let mut faults = Faults::default();
        between(&mut faults, "/overlap", overlap, SECRET_OVERLAP);
        faults.finish()?;
        let at_once = overlap.millis() == 0;
        if let Some(expires) = self.info.old_secret_expires
            && self.live_secrets(stamp.now).len() > 1
            && !at_once
        {
            let detail = format!(
                "The older secret lives until {expires}: a third one would end it early. Wait, or \
                 end it with an overlap of PT0S."
            );
            return Err(Rejection::new(Code::InUse, detail));
        }
        let mut next = self.clone();
        next.secrets.insert(0, secret);
        next.secrets.truncate(if at_once { 1 } else { 2 });
        next.info.old_secret_expires = (!at_once).then(|| stamp.now.after(overlap));
        let next = next.changed(stamp);
        Ok((next.clone(), Decision::default().save(next)))
    }

    /// The callback secrets that live, newest first.
    pub fn live_secrets(&self, now: Time) -> &[Sealed] {
        live(&self.secrets, self.info.old_secret_expires, now)
    }

    /// The facts that let a callback of this method in.
    pub fn door(&self, tenant: Id) -> Door {
        Door {
            method: self.info.id,
            tenant,
            secrets: self.secrets.clone(),
            old_secret_expires: self.info.old_secret_expires,
            callback_timeout: self.info.callback_timeout,
            callback_id: self.info.callback_id,
            expires: None,
            rev: Rev::default(),
        }
    }
}
